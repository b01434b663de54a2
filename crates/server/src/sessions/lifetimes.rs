//! How long sessions last: the tenant's settings in hours, as times.
//!
//! Pure. Must never let a session outlive the absolute lifetime, however often it is used.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

/// The lifetimes of new sessions of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// Whether cookies survive the end of the browser.
    pub persistent: bool,
    absolute: SignedDuration,
    idle: SignedDuration,
}

impl Lifetimes {
    /// What the settings of a tenant say.
    pub fn of(settings: &Map<String, Value>) -> Self {
        let mode = settings.get("session_cookie").and_then(|cookie| cookie.get("mode"));
        let persistent = mode.and_then(Value::as_str) != Some("non-persistent");
        let hours = |name: &str, default: f64| {
            let hours = settings.get(name).and_then(Value::as_f64).unwrap_or(default);
            SignedDuration::try_from_secs_f64(hours * 3600.0).unwrap_or(SignedDuration::MAX)
        };
        if persistent {
            Self {
                persistent,
                absolute: hours("session_lifetime", 168.0),
                idle: hours("idle_session_lifetime", 72.0),
            }
        } else {
            Self {
                persistent,
                absolute: hours("ephemeral_session_lifetime", 72.0),
                idle: hours("idle_ephemeral_session_lifetime", 24.0),
            }
        }
    }

    /// When a session that begins now ends in any case.
    pub fn end(self, now: Timestamp) -> Timestamp {
        now.saturating_add(self.absolute).unwrap_or(Timestamp::MAX)
    }

    /// When a session that is used now ends if it is not used again.
    pub fn idle_end(self, now: Timestamp) -> Timestamp {
        now.saturating_add(self.idle.min(self.absolute)).unwrap_or(Timestamp::MAX)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(settings: &Value) -> Lifetimes {
        Lifetimes::of(settings.as_object().unwrap())
    }

    #[test]
    fn a_tenant_that_chose_nothing_has_a_week_and_three_days() {
        let lifetimes = of(&json!({}));
        assert!(lifetimes.persistent);
        assert_eq!(lifetimes.end(Timestamp::UNIX_EPOCH).as_second(), 168 * 3600);
        assert_eq!(lifetimes.idle_end(Timestamp::UNIX_EPOCH).as_second(), 72 * 3600);
    }

    #[test]
    fn sessions_of_cookies_that_end_with_the_browser_have_lifetimes_of_their_own() {
        let lifetimes = of(&json!({ "session_cookie": { "mode": "non-persistent" } }));
        assert!(!lifetimes.persistent);
        assert_eq!(lifetimes.end(Timestamp::UNIX_EPOCH).as_second(), 72 * 3600);
        assert_eq!(lifetimes.idle_end(Timestamp::UNIX_EPOCH).as_second(), 24 * 3600);
    }

    #[test]
    fn parts_of_an_hour_count_and_idle_never_exceeds_absolute() {
        let lifetimes = of(&json!({ "session_lifetime": 0.5, "idle_session_lifetime": 72 }));
        assert_eq!(lifetimes.idle_end(Timestamp::UNIX_EPOCH).as_second(), 1800);
    }
}
