//! Settings that do not fit.

use http::Method;
use serde_json::json;

use super::{becomes, patched, settings, untouched, with};
use crate::kit::{TestServer, engines};
use crate::management::common::{at_other, bad, misfit, other_tenant};

#[tokio::test]
async fn the_default_audience_has_to_be_an_api_of_this_tenant() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let token = other_tenant(&server).await;
        let body = json!({ "identifier": "urn:theirs" });
        at_other(&server, &token, (Method::POST, "/resource-servers"), Some(&body)).await.expect(201);
        let body = json!({ "identifier": "urn:ours" });
        let api = server.api_send(Method::POST, "/resource-servers", &body).await.expect(201);
        let id = api["id"].as_str().unwrap();
        let ours = with(&json!({ "default_audience": "urn:ours" }));
        becomes(&server, json!({ "default_audience": "urn:ours" }), &ours).await;
        for audience in ["urn:nothing", "urn:theirs", "URN:OURS", id, " "] {
            let message = format!(
                "default_audience has to be the identifier of an API, and there is none with the identifier {audience}."
            );
            let body = json!({ "default_audience": audience, "friendly_name": "changed" });
            assert_eq!(patched(&server, body).await, bad("invalid_body", &message));
            assert_eq!(settings(&server).await, (200, ours.clone()), "nothing changed");
        }
        becomes(&server, json!({ "friendly_name": "main" }), &ours).await;
        let none = with(&json!({ "default_audience": "" }));
        becomes(&server, json!({ "default_audience": "" }), &none).await;
        becomes(&server, json!({ "default_audience": null }), &untouched("main")).await;
    }
}

#[tokio::test]
async fn bodies_that_do_not_fit_are_refused_and_change_nothing() {
    let server = TestServer::start().await;
    let format =
        |name: &str, value: &str| format!("Object didn't pass validation for format {name}: {value}");
    let uri = "absolute-uri-or-empty";
    for (body, reason, property) in [
        (json!({}), "Too few properties defined (0), minimum 1".to_owned(), ""),
        (json!({ "colour": 1 }), "Additional properties not allowed: colour".to_owned(), ""),
        (json!({ "log_days": 1 }), "Additional properties not allowed: log_days".to_owned(), ""),
        (
            json!({ "sandbox_versions_available": [] }),
            "Additional properties not allowed: sandbox_versions_available".to_owned(),
            "",
        ),
        (json!({ "flags": { "all": true } }), "Additional properties not allowed: all".to_owned(), "flags"),
        (
            json!({ "flags": { "enable_sso": null } }),
            "Expected type boolean but found type null".to_owned(),
            "flags.enable_sso",
        ),
        (
            json!({ "flags": { "enable_sso": "true" } }),
            "Expected type boolean but found type string".to_owned(),
            "flags.enable_sso",
        ),
        (json!({ "flags": true }), "Expected type object but found type boolean".to_owned(), "flags"),
        (
            json!({ "friendly_name": 1 }),
            "Expected type string but found type integer".to_owned(),
            "friendly_name",
        ),
        (
            json!({ "friendly_name": "a\u{0}" }),
            "String contains the character NUL".to_owned(),
            "friendly_name",
        ),
        (
            json!({ "friendly_name": "n".repeat(100_001) }),
            "String is too long (100001 chars), maximum 100000".to_owned(),
            "friendly_name",
        ),
        (
            json!({ "default_audience": 1 }),
            "Expected type string but found type integer".to_owned(),
            "default_audience",
        ),
        (json!({ "picture_url": "logo.png" }), format(uri, "logo.png"), "picture_url"),
        (json!({ "support_email": "nobody" }), format("email-or-empty", "nobody"), "support_email"),
        (
            json!({ "default_redirection_uri": "http://a.example/" }),
            format("absolute-https-uri-or-empty", "http://a.example/"),
            "default_redirection_uri",
        ),
        (
            json!({ "default_redirection_uri": "https://a.example/#x" }),
            format("absolute-https-uri-or-empty", "https://a.example/#x"),
            "default_redirection_uri",
        ),
        (json!({ "error_page": { "url": "x\ny" } }), format(uri, "x\ny"), "error_page.url"),
        (
            json!({ "allowed_logout_urls": ["/out"] }),
            format("url-with-placeholders", "/out"),
            "allowed_logout_urls.0",
        ),
        (
            json!({ "allowed_logout_urls": "https://a.example" }),
            "Expected type array but found type string".to_owned(),
            "allowed_logout_urls",
        ),
        (json!({ "enabled_locales": [] }), "Array is too short (0), minimum 1".to_owned(), "enabled_locales"),
        (json!({ "session_lifetime": 0 }), "Value 0 is less than minimum 1".to_owned(), "session_lifetime"),
        (
            json!({ "session_lifetime": 1.5 }),
            "Expected type integer but found type number".to_owned(),
            "session_lifetime",
        ),
        (
            json!({ "idle_session_lifetime_in_minutes": -1 }),
            "Value -1 is less than minimum 1".to_owned(),
            "idle_session_lifetime_in_minutes",
        ),
        (
            json!({ "ephemeral_session_lifetime": 2_147_483_648_i64 }),
            "Value 2147483648 is greater than maximum 2147483647".to_owned(),
            "ephemeral_session_lifetime",
        ),
        (
            json!({ "sandbox_version": "123456789" }),
            "String is too long (9 chars), maximum 8".to_owned(),
            "sandbox_version",
        ),
        (json!({ "session_cookie": {} }), "Missing required property: mode".to_owned(), "session_cookie"),
        (
            json!({ "session_cookie": { "mode": "forever" } }),
            "No enum match for: forever, expected one of: persistent, non-persistent".to_owned(),
            "session_cookie.mode",
        ),
        (
            json!({ "device_flow": { "mask": "*".repeat(21) } }),
            "String is too long (21 chars), maximum 20".to_owned(),
            "device_flow.mask",
        ),
        (
            json!({ "device_flow": { "mask": "**-***" } }),
            "Object didn't pass validation for format mask-with-at-least-six-asterisks: **-***".to_owned(),
            "device_flow.mask",
        ),
        (
            json!({ "default_token_quota": {} }),
            "Too few properties defined (0), minimum 1".to_owned(),
            "default_token_quota",
        ),
        (
            json!({ "default_token_quota": { "clients": { "client_credentials": { "per_day": 0 } } } }),
            "Value 0 is less than minimum 1".to_owned(),
            "default_token_quota.clients.client_credentials.per_day",
        ),
        (
            json!({ "country_codes": { "list": ["de"] } }),
            format("country code (two upper-case letters)", "de"),
            "country_codes.list.0",
        ),
    ] {
        assert_eq!(patched(&server, body.clone()).await, misfit(&reason, property), "{body:.100}");
    }
    let (status, refused) =
        patched(&server, json!({ "friendly_name": "x", "enabled_locales": ["en", "xx"] })).await;
    assert_eq!((status, &refused["errorCode"]), (400, &json!("invalid_body")));
    let message = refused["message"].as_str().unwrap();
    assert!(message.contains("No enum match for: xx") && message.contains("enabled_locales.1"), "{message}");
    assert_eq!(settings(&server).await, (200, untouched("main")));
}
