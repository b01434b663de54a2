//! The token bucket that limits what is asked of a tenant: its Management API, its registrations.
//!
//! Works on the clock of the house, so that tests can stand still, and on settings that may change between
//! two requests. Must never block: a request is admitted or refused at once.

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use crate::tenants::Policy;

#[cfg(test)]
mod tests;

/// A bucket that refills steadily. Empty settings mean no limit.
#[derive(Debug, Default)]
pub struct Bucket(Mutex<Option<Level>>);

#[derive(Debug, Clone, Copy)]
struct Level {
    /// Thousandths of a request that are available: at one request a second, one every millisecond.
    available: i64,
    at: Timestamp,
}

/// What a request was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admission {
    /// Whether it may go on.
    pub admitted: bool,
    /// Requests that may come at once (`x-ratelimit-limit`).
    pub limit: i64,
    /// Requests left (`x-ratelimit-remaining`).
    pub remaining: i64,
    /// When the bucket is full again, in UNIX seconds (`x-ratelimit-reset`).
    pub reset: i64,
}

const REQUEST: i64 = 1000;

impl Bucket {
    /// Takes one request out. `None` where the tenant has no limit.
    pub fn admit(&self, policy: &Policy, now: Timestamp) -> Option<Admission> {
        let rate = i64::from(policy.requests_per_second);
        (rate > 0).then(|| self.admit_at((rate, i64::from(policy.request_burst)), now))
    }

    /// Takes one request out of a bucket that refills at `rate` a second, of which there is at least one, up to `limit`.
    pub fn admit_at(&self, (rate, limit): (i64, i64), now: Timestamp) -> Admission {
        let full = limit * REQUEST;
        let mut level = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Level { available, at } = level.unwrap_or(Level { available: full, at: now });
        // A clock that jumped back refills nothing.
        let passed = now.as_millisecond().saturating_sub(at.as_millisecond()).max(0);
        let refilled = available.saturating_add(passed.saturating_mul(rate)).min(full);
        let admitted = refilled >= REQUEST;
        let left = if admitted { refilled - REQUEST } else { refilled };
        *level = Some(Level { available: left, at: now });
        let wait_millis = (full - left).div_euclid(rate) + i64::from((full - left) % rate > 0);
        Admission {
            admitted,
            limit,
            remaining: left / REQUEST,
            reset: now.as_second() + wait_millis.div_euclid(1000) + i64::from(wait_millis % 1000 > 0),
        }
    }
}
