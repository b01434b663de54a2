//! Time: the only file of the benchmark that reads the clocks of the machine.

use std::time::{Duration, Instant};

/// Now, for durations.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time, and does so here alone")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Microseconds, for printing and dividing.
pub(crate) fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

/// Milliseconds, for printing and dividing.
pub(crate) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
