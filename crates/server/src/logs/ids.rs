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
        let mut digits = [b'0'; 30];
        let (time, rest) = digits.split_at_mut(13);
        let (count, process) = rest.split_at_mut(8);
        fill(time, millis.unsigned_abs());
        fill(count, last.1.into());
        fill(process, self.process.into());
        (String::from_utf8_lossy(&digits).into_owned(), date)
    }
}

/// Writes a number, with zeros before it. The general formatter takes ten times as long.
fn fill(digits: &mut [u8], number: u64) {
    let mut rest = number;
    for digit in digits.iter_mut().rev() {
        *digit = b"0123456789"[usize::try_from(rest % 10).unwrap_or_default()];
        rest /= 10;
    }
}
