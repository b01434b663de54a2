//! Identifiers, and how metadata merges.

use serde_json::{Map, Value, json};

use super::identifiers::{email, is_phone_number, username};
use super::metadata;
use crate::connections::Options;

fn options(value: &Value) -> Options {
    Options::of(value.as_object())
}

#[test]
fn an_address_has_one_spelling() {
    for (text, stored) in [
        ("A.b+C@X.Example", Some("a.b+c@x.example")),
        ("ü@bücher.example", Some("ü@bücher.example")),
        ("o'neil@x-y.example", Some("o'neil@x-y.example")),
        ("", None),
        ("a", None),
        ("@x.example", None),
        ("a@", None),
        ("a@localhost", None),
        ("a@@x.example", None),
        ("a@x..example", None),
        ("a@-x.example", None),
        (".a@x.example", None),
        ("a..b@x.example", None),
        ("a b@x.example", None),
        ("a@x.example\r\nBcc: b@x.example", None),
        ("a@x.example\0", None),
        ("\"a\"@x.example", None),
        ("a@x.example>", None),
        ("a,b@x.example", None),
    ] {
        assert_eq!(email(text).as_deref(), stored, "{text}");
    }
    assert_eq!(email(&format!("{}@x.example", "a".repeat(65))), None);
    assert_eq!(email(&format!("a@{}.example", "b.".repeat(130))), None);
}

#[test]
fn a_username_fits_the_connection() {
    let usual = options(&json!({ "requires_username": true }));
    assert_eq!(username("Anna_1", &usual), Ok("anna_1".to_owned()));
    for text in ["", "a b", "a/b", "<a>", "a\0", &"a".repeat(16)] {
        assert!(username(text, &usual).is_err(), "{text}");
    }
    let long =
        options(&json!({ "requires_username": true, "validation": { "username": { "min": 3, "max": 20 } } }));
    assert!(username("ab", &long).is_err() && username(&"a".repeat(20), &long).is_ok());
    let strict = options(&json!({ "attributes": { "username": {
        "identifier": { "active": true }, "validation": { "max_length": 128, "allowed_types": { "email": false } },
    } } }));
    assert!(username("a@x.example", &strict).is_err() && username("+4912", &strict).is_err());
    assert!(username("a", &strict).is_ok());
}

#[test]
fn a_phone_number_has_a_plus_and_up_to_fifteen_digits() {
    for (text, is) in [
        ("+1", true),
        ("+123456789012345", true),
        ("+1234567890123456", false),
        ("1", false),
        ("+", false),
        ("+1a", false),
    ] {
        assert_eq!(is_phone_number(text), is, "{text}");
    }
}

#[test]
fn metadata_merges_at_its_first_level() {
    let map = |value: Value| -> Map<String, Value> { serde_json::from_value(value).unwrap() };
    for (before, sent, after) in [
        (json!({ "a": 1, "b": 2 }), json!({ "b": 3, "c": 4 }), json!({ "a": 1, "b": 3, "c": 4 })),
        (json!({ "a": { "x": 1 } }), json!({ "a": { "y": 2 } }), json!({ "a": { "y": 2 } })),
        (json!({ "a": 1, "b": 2 }), json!({ "a": null, "z": null }), json!({ "b": 2 })),
        (json!({ "a": 1 }), json!({}), json!({})),
    ] {
        let mut merged = map(before);
        metadata::merge(&mut merged, map(sent));
        assert_eq!(merged, map(after));
    }
}
