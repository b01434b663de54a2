//! How the refresh tokens of a client live: rotation, leeway, lifetimes, and what else they may be used for.
//!
//! Must never extend a maximum lifetime: it is fixed when the token is issued, only idle time is renewed.

use jiff::Timestamp;

use crate::scope::Scopes;
use crate::user_access::after;

/// The `refresh_token` setting of a client, typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshPolicy {
    /// Whether each exchange replaces the token.
    pub rotating: bool,
    /// Seconds for which the token before the last rotation still works.
    pub leeway: i64,
    /// Seconds that a family lives at most; none is for ever.
    pub lifetime: Option<i64>,
    /// Seconds that it lives without being used; none is for ever.
    pub idle_lifetime: Option<i64>,
    /// Other APIs that the token may be used for.
    pub policies: Vec<AudiencePolicy>,
}

/// An API that a refresh token may be exchanged for beside the one that it was issued for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudiencePolicy {
    /// The API.
    pub audience: String,
    /// What may be asked for there.
    pub scopes: Scopes,
}

/// Until when a family is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// Without being used.
    pub idle_expires_at: Option<Timestamp>,
    /// At all.
    pub expires_at: Option<Timestamp>,
}

impl Lifetimes {
    /// Whether one of the two has passed.
    pub fn over(&self, now: Timestamp) -> bool {
        [self.idle_expires_at, self.expires_at].into_iter().flatten().any(|end| end <= now)
    }
}

/// What presenting a token of a known family means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presented {
    /// The token that is good now.
    Current,
    /// The one before it, still within the leeway: a retry, or the loser of a race.
    WithinLeeway,
    /// One that was replaced longer ago: somebody has stolen a token. The whole family must go.
    Reused,
}

impl RefreshPolicy {
    /// The lifetimes of a family that is issued now.
    pub fn at_issue(&self, now: Timestamp) -> Lifetimes {
        let expires_at = self.lifetime.map(|seconds| after(now, seconds));
        Lifetimes { idle_expires_at: self.idle(now, expires_at), expires_at }
    }

    /// The lifetimes after an exchange: idle time begins anew, the maximum stays.
    pub fn after_exchange(&self, expires_at: Option<Timestamp>, now: Timestamp) -> Lifetimes {
        Lifetimes { idle_expires_at: self.idle(now, expires_at), expires_at }
    }

    fn idle(&self, now: Timestamp, expires_at: Option<Timestamp>) -> Option<Timestamp> {
        let idle = self.idle_lifetime.map(|seconds| after(now, seconds))?;
        Some(expires_at.map_or(idle, |end| idle.min(end)))
    }

    /// What it means that a token `generations` older than the current one comes; `rotated_at` is when the
    /// current one replaced its predecessor.
    pub fn judge(&self, generations: i64, rotated_at: Option<Timestamp>, now: Timestamp) -> Presented {
        match (generations, rotated_at) {
            (0, _) => Presented::Current,
            (1, Some(rotated_at)) if self.leeway > 0 && now < after(rotated_at, self.leeway) => {
                Presented::WithinLeeway
            }
            _ => Presented::Reused,
        }
    }

    /// What may be asked for at another API, if anything.
    pub fn scopes_at(&self, audience: &str) -> Option<&Scopes> {
        self.policies.iter().find(|policy| policy.audience == audience).map(|policy| &policy.scopes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn policy() -> RefreshPolicy {
        RefreshPolicy {
            rotating: true,
            leeway: 10,
            lifetime: Some(1000),
            idle_lifetime: Some(300),
            policies: Vec::new(),
        }
    }

    #[test]
    fn idle_time_is_renewed_and_never_passes_the_maximum() {
        let issued = policy().at_issue(at(0));
        assert_eq!(issued, Lifetimes { idle_expires_at: Some(at(300)), expires_at: Some(at(1000)) });
        let later = policy().after_exchange(issued.expires_at, at(900));
        assert_eq!(later, Lifetimes { idle_expires_at: Some(at(1000)), expires_at: Some(at(1000)) });
        assert!(later.over(at(1000)));
        assert!(!later.over(at(999)));
        assert!(issued.over(at(300)));
    }

    #[test]
    fn tokens_without_limits_never_end() {
        let endless = RefreshPolicy { lifetime: None, idle_lifetime: None, ..policy() };
        assert!(!endless.at_issue(at(0)).over(Timestamp::MAX));
    }

    #[test]
    fn only_the_token_just_before_the_current_one_is_forgiven_and_only_for_a_while() {
        for (generations, rotated_at, now, expected) in [
            (0, Some(at(0)), at(500), Presented::Current),
            (1, Some(at(0)), at(9), Presented::WithinLeeway),
            (1, Some(at(0)), at(10), Presented::Reused),
            (2, Some(at(0)), at(1), Presented::Reused),
            (1, None, at(0), Presented::Reused),
            (-1, Some(at(0)), at(1), Presented::Reused),
        ] {
            assert_eq!(policy().judge(generations, rotated_at, now), expected, "{generations} {now}");
        }
        let strict = RefreshPolicy { leeway: 0, ..policy() };
        assert_eq!(strict.judge(1, Some(at(0)), at(0)), Presented::Reused);
    }
}
