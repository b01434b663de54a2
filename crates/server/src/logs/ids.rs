//! Ids of log entries: digits that sort by time.
//!
//! Must never repeat, also across processes on one database: the random tail is drawn once a process.

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

/// Hands out ids: 13 digits of milliseconds, 8 of a counter within them, 9 of this process.
#[derive(Debug)]
pub struct LogIds {
    process: u32,
    last: Mutex<(i64, u32)>,
}

impl LogIds {
    /// A source of ids for one process.
    pub fn new(random: [u8; 4]) -> Self {
        Self { process: u32::from_be_bytes(random) % 1_000_000_000, last: Mutex::new((0, 0)) }
    }

    /// The next id and the time that it names. Both grow even if the clock jumps back, so that a search by date,
    /// which goes by ids, finds what the entries say.
    pub fn next(&self, now: Timestamp) -> (String, Timestamp) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let millis = now.as_millisecond().max(last.0);
        *last = if millis == last.0 { (millis, last.1 + 1) } else { (millis, 0) };
        let date = Timestamp::from_millisecond(millis).unwrap_or(now);
        (format!("{:013}{:08}{:09}", last.0, last.1, self.process), date)
    }
}
