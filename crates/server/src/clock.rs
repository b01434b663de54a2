//! Time: the only file that reads the clocks of the machine.
//!
//! Everything else takes `now` as an argument or asks `App::clock`, so that tests can stand still.

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// A source of the time of day.
pub trait Clock: Send + Sync {
    /// Now, to the millisecond: that is what the database and the wire can hold.
    fn now(&self) -> Timestamp;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the time")]
    fn now(&self) -> Timestamp {
        truncate(Timestamp::now())
    }
}

/// Cuts off what is finer than a millisecond.
pub fn truncate(moment: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(moment.as_millisecond()).unwrap_or(moment)
}

/// The moment that a column of milliseconds names.
pub fn from_millis(millis: i64) -> Result<Timestamp, crate::db::DbError> {
    Timestamp::from_millisecond(millis)
        .map_err(|_| crate::db::DbError::Other(format!("{millis} is no time in milliseconds")))
}

/// A moment as the wire shows it: ISO 8601, UTC, milliseconds.
pub fn wire(moment: Timestamp) -> String {
    format!("{moment:.3}")
}

/// A span of time for people: `23 hours 55 minutes`, `1 minute`, `40 seconds`. Minutes are rounded up.
pub fn in_words(seconds: i64) -> String {
    let some = |count: i64, unit: &str| format!("{count} {unit}{}", if count == 1 { "" } else { "s" });
    if seconds < 60 {
        return some(seconds, "second");
    }
    let minutes = seconds.saturating_add(59) / 60;
    match (minutes / 60, minutes % 60) {
        (0, minutes) => some(minutes, "minute"),
        (hours, 0) => some(hours, "hour"),
        (hours, minutes) => format!("{} {}", some(hours, "hour"), some(minutes, "minute")),
    }
}

/// Measures how long something took, for metrics alone: nothing may be decided by it.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[expect(clippy::disallowed_methods, reason = "durations for metrics decide nothing")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// What has passed since the start.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn spans_are_said_in_words() {
        let said = [0, 1, 59, 60, 61, 3600, 3601, 86_100, 86_400, 90_061].map(in_words);
        let expected = [
            "0 seconds",
            "1 second",
            "59 seconds",
            "1 minute",
            "2 minutes",
            "1 hour",
            "1 hour 1 minute",
            "23 hours 55 minutes",
            "24 hours",
            "25 hours 2 minutes",
        ];
        assert_eq!(said, expected);
    }
}
