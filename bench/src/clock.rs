//! Time: the only file of the benchmark that reads the clocks of the machine.

use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;

use crate::Outcome;

/// Now, for durations.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time, and does so here alone")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Now, for messages that say when they were made.
#[expect(clippy::disallowed_methods, reason = "messages that are sent now have to say so")]
pub(crate) fn today() -> Outcome<Timestamp> {
    Ok(Timestamp::try_from(SystemTime::now())?)
}

/// Microseconds, for printing and dividing.
pub(crate) fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

/// Milliseconds, for printing and dividing.
pub(crate) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
