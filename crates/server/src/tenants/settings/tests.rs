//! What a patch of the settings does, as sentences.

use serde_json::{Map, Value, json};

use super::{SHAPE, apply, default_audience, view};
use crate::management::shape::When;

fn members(value: Value) -> Map<String, Value> {
    let Value::Object(members) = value else { panic!("{value} is no object") };
    members
}

fn patched(settings: Value, patch: Value) -> Value {
    let mut settings = members(settings);
    let patch = members(patch);
    SHAPE.check(&patch, When::Update).unwrap();
    apply(&mut settings, patch).unwrap();
    Value::Object(settings)
}

fn refusal(patch: Value) -> String {
    SHAPE.check(&members(patch), When::Update).unwrap_err().to_string()
}

#[test]
fn a_new_tenant_shows_its_defaults_and_its_name() {
    let view = view("main", &Map::new());
    assert_eq!(view["friendly_name"], "main");
    assert_eq!(view["session_lifetime"], 168);
    assert_eq!(view["enabled_locales"], json!(["en", "de", "es", "ja"]));
    assert_eq!(view["flags"]["remove_alg_from_jwks"], false);
    assert!(!view.contains_key("error_page"));
    assert!(!view.contains_key("session_lifetime_in_minutes"));
}

#[test]
fn what_is_set_is_shown_over_the_defaults() {
    let set = members(json!({ "friendly_name": "Acme", "flags": { "remove_alg_from_jwks": true } }));
    let view = view("main", &set);
    assert_eq!(view["friendly_name"], "Acme");
    assert_eq!(view["flags"]["remove_alg_from_jwks"], true);
    assert_eq!(view["flags"]["disable_impersonation"], true);
}

#[test]
fn what_is_shown_can_be_sent_back() {
    let shown = view("main", &members(json!({ "error_page": { "url": "" }, "picture_url": "" })));
    SHAPE.check(&shown, When::Update).unwrap();
}

#[test]
fn only_what_was_set_is_stored() {
    assert_eq!(patched(json!({}), json!({ "support_url": "" })), json!({ "support_url": "" }));
}

#[test]
fn null_clears_and_members_are_replaced_whole() {
    let before = json!({ "friendly_name": "Acme", "error_page": { "html": "x", "show_log_link": true } });
    let after = patched(before, json!({ "friendly_name": null, "error_page": { "html": "y" } }));
    assert_eq!(after, json!({ "error_page": { "html": "y" } }));
}

#[test]
fn each_flag_stands_for_itself() {
    let before = json!({ "flags": { "enable_sso": true, "remove_alg_from_jwks": true } });
    let after = patched(before, json!({ "flags": { "remove_alg_from_jwks": false } }));
    assert_eq!(after, json!({ "flags": { "enable_sso": true, "remove_alg_from_jwks": false } }));
    assert_eq!(patched(after, json!({ "flags": null })), json!({}));
}

#[test]
fn minutes_become_hours() {
    assert_eq!(
        patched(json!({}), json!({ "session_lifetime_in_minutes": 90 })),
        json!({ "session_lifetime": 1.5 })
    );
    assert_eq!(
        patched(json!({}), json!({ "idle_session_lifetime_in_minutes": 120 })),
        json!({ "idle_session_lifetime": 2 })
    );
    assert_eq!(
        patched(json!({ "session_lifetime": 2 }), json!({ "session_lifetime_in_minutes": null })),
        json!({})
    );
}

#[test]
fn hours_and_minutes_at_once_are_refused() {
    let patch = members(json!({ "session_lifetime": 1, "session_lifetime_in_minutes": 60 }));
    assert!(apply(&mut Map::new(), patch).is_err());
}

#[test]
fn the_default_audience_is_looked_up_unless_it_is_empty() {
    assert_eq!(default_audience(&members(json!({ "default_audience": "https://a" }))), Some("https://a"));
    assert_eq!(default_audience(&members(json!({ "default_audience": "" }))), None);
    assert_eq!(default_audience(&members(json!({ "default_audience": null }))), None);
}

#[test]
fn what_is_no_url_no_address_or_no_language_is_refused() {
    for patch in [
        json!({ "picture_url": "logo.png" }),
        json!({ "picture_url": "https://" }),
        json!({ "support_email": "nobody" }),
        json!({ "support_url": "https://a b" }),
        json!({ "default_redirection_uri": "http://example.com/" }),
        json!({ "allowed_logout_urls": ["/logout"] }),
        json!({ "acr_values_supported": ["a b"] }),
        json!({ "country_codes": { "list": ["de"] } }),
    ] {
        assert!(refusal(patch.clone()).contains("format"), "{patch}");
    }
    assert!(refusal(json!({ "enabled_locales": ["xx"] })).contains("No enum match"));
    assert!(refusal(json!({ "enabled_locales": [] })).contains("too short"));
}

#[test]
fn unknown_fields_and_an_empty_body_are_refused() {
    assert!(refusal(json!({ "session_livetime": 1 })).contains("Additional properties"));
    assert!(refusal(json!({ "flags": { "enable_all": true } })).contains("Additional properties"));
    assert!(refusal(json!({ "sandbox_versions_available": [] })).contains("Additional properties"));
    assert!(refusal(json!({})).contains("Too few"));
}

#[test]
fn placeholders_in_logout_urls_are_kept() {
    let urls =
        json!(["https://{organization_name}.example.com/out", "https://*.example.com", "com.acme:/out"]);
    let after = patched(json!({}), json!({ "allowed_logout_urls": urls }));
    assert_eq!(after["allowed_logout_urls"].as_array().unwrap().len(), 3);
}
