//! The rules of attack protection that need no database.

use serde_json::json;

use super::settings::{BRUTE_FORCE, Bucket, Limits, THROTTLING, merge, network as allowed, view};
use super::{counted, network};

#[test]
fn an_identifier_counts_without_case_and_never_grows_without_end() {
    assert_eq!(counted(" Ann@Example.COM\0 "), "ann@example.com");
    assert_eq!(counted(&"x".repeat(1_000_000)).len(), 320);
}

#[test]
fn an_ipv6_site_counts_as_one_address() {
    assert_eq!(network("2001:db8:1:2:3::4".parse().unwrap()), "2001:db8:1:2::");
    assert_eq!(network("::ffff:192.0.2.1".parse().unwrap()), "192.0.2.1");
}

#[test]
fn a_bucket_fills_at_its_rate_and_not_beyond_its_size() {
    let limits = Limits { max_attempts: 2, rate: 10_000 };
    let at = |available| Bucket { available, updated_at: 0 };
    assert_eq!(limits.wait(at(0), 0), Some(10));
    assert_eq!(limits.wait(at(500), 0), Some(5));
    assert_eq!(limits.wait(at(0), 9_999), Some(1));
    assert_eq!(limits.wait(at(0), 10_000), None);
    assert_eq!(limits.wait(at(2000), i64::MAX), None);
    // A clock that went back gives nothing and takes nothing.
    assert_eq!(limits.wait(at(0), -5), Some(10));
}

#[test]
fn settings_that_were_not_set_are_those_that_a_tenant_starts_with() {
    let mut set = json!({ "max_attempts": 5 }).as_object().cloned().unwrap();
    assert_eq!(view(BRUTE_FORCE, Some(&set))["max_attempts"], 5);
    assert_eq!(view(BRUTE_FORCE, Some(&set))["mode"], "count_per_identifier_and_ip");
    set = json!({ "stage": { "pre-login": { "rate": 40_000 } } }).as_object().cloned().unwrap();
    let more = json!({ "stage": { "pre-login": { "max_attempts": 7 } } });
    merge(&mut set, more.as_object().cloned().unwrap());
    let view = view(THROTTLING, Some(&set));
    assert_eq!(view["stage"]["pre-login"], json!({ "rate": 40_000, "max_attempts": 7 }));
    assert_eq!(view["stage"]["pre-user-registration"]["max_attempts"], 50);
}

#[test]
fn an_allowlist_takes_addresses_and_networks() {
    for good in ["192.0.2.1", "192.0.2.0/24", "2001:db8::1", "2001:db8::/32"] {
        assert!(allowed(good).is_some(), "{good}");
    }
    for bad in ["", "192.0.2", "192.0.2.0/33", "example.com", "*"] {
        assert!(allowed(bad).is_none(), "{bad}");
    }
}
