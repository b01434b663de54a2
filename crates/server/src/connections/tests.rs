//! What options mean.

use serde_json::{Value, json};

use super::options::{Attribute, Options, Signup};

fn options(value: &Value) -> Options {
    Options::of(value.as_object())
}

const REQUIRED: Attribute = Attribute { identifier: true, signup: Signup::Required };
const ABSENT: Attribute = Attribute { identifier: false, signup: Signup::Inactive };

#[test]
fn people_sign_in_with_addresses_unless_told_otherwise() {
    let usual = options(&json!({}));
    assert_eq!((usual.email(), usual.username(), usual.phone_number()), (REQUIRED, ABSENT, ABSENT));
    let both = options(&json!({ "requires_username": true }));
    assert_eq!((both.email(), both.username(), both.phone_number()), (REQUIRED, REQUIRED, ABSENT));
    let attributes = options(&json!({ "attributes": {
        "email": { "signup": { "status": "optional" } },
        "phone_number": { "identifier": { "active": true } },
        "username": { "identifier": { "active": true }, "signup": { "status": "inactive" } },
    } }));
    assert_eq!(attributes.email(), Attribute { identifier: false, signup: Signup::Optional });
    assert_eq!(attributes.phone_number(), REQUIRED);
    assert_eq!(attributes.username(), Attribute { identifier: true, signup: Signup::Inactive });
}

#[test]
fn what_was_never_set_has_its_default() {
    let usual = options(&json!({}));
    assert!(usual.password_enabled() && usual.brute_force_protection());
    assert!(!usual.signup_disabled() && !usual.password_change_disabled() && !usual.password_is_optional());
    assert!(!usual.email_is_shared());
    assert_eq!((usual.username_lengths(), usual.username_may_be()), ((1, 15), (true, true)));
    let other = options(&json!({
        "disable_signup": true, "disable_self_service_change_password": true, "brute_force_protection": false,
        "authentication_methods": { "password": { "enabled": false, "api_behavior": "optional" } },
        "validation": { "username": { "min": 2, "max": 40 } },
    }));
    assert!(!other.password_enabled() && !other.brute_force_protection());
    assert!(other.signup_disabled() && other.password_change_disabled() && other.password_is_optional());
    assert_eq!(other.username_lengths(), (2, 40));
}
