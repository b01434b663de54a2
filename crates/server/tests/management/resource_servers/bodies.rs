//! Bodies of APIs that do not fit, and those at the very limits.

use chancery_crypto::pem::{self, LineEnd};
use http::Method;
use serde_json::{Value, json};

use super::{PATH, listed, made, patched};
use crate::kit::{TestServer, engines};
use crate::management::common::misfit;

/// Members that fit neither a new API nor a change, with what is said of them.
fn misfits() -> Vec<(Value, String, &'static str)> {
    let algorithms = "HS256, RS256, RS512, PS256";
    let key = |pem: &str| json!({ "alg": "RSA-OAEP-256", "pem": pem });
    let encrypted =
        |key: Value| json!({ "token_encryption": { "format": "compact-nested-jwe", "encryption_key": key } });
    let name = "Object didn't pass validation for format name (at least one character, none of < and >): ";
    let scope = "Object didn't pass validation for format scope (no spaces, no control characters): ";
    vec![
        (json!({ "colour": "red" }), "Additional properties not allowed: colour".to_owned(), ""),
        (json!({ "id": "x" }), "Additional properties not allowed: id".to_owned(), ""),
        (json!({ "is_system": true }), "Additional properties not allowed: is_system".to_owned(), ""),
        (json!({ "client_id": "x" }), "Additional properties not allowed: client_id".to_owned(), ""),
        (json!({ "name": 1 }), "Expected type string but found type integer".to_owned(), "name"),
        (json!({ "name": "" }), name.to_owned(), "name"),
        (json!({ "name": "<b>" }), format!("{name}<b>"), "name"),
        (
            json!({ "name": "n".repeat(201) }),
            "String is too long (201 chars), maximum 200".to_owned(),
            "name",
        ),
        (json!({ "name": "a\u{0}" }), "String contains the character NUL".to_owned(), "name"),
        (json!({ "scopes": "read:a" }), "Expected type array but found type string".to_owned(), "scopes"),
        (json!({ "scopes": ["a"] }), "Expected type object but found type string".to_owned(), "scopes.0"),
        (json!({ "scopes": [{}] }), "Missing required property: value".to_owned(), "scopes.0"),
        (json!({ "scopes": [{ "value": "a b" }] }), format!("{scope}a b"), "scopes.0.value"),
        (
            json!({ "scopes": [{ "value": "" }] }),
            "String is too short (0 chars), minimum 1".to_owned(),
            "scopes.0.value",
        ),
        (
            json!({ "scopes": [{ "value": "s".repeat(281) }] }),
            "String is too long (281 chars), maximum 280".to_owned(),
            "scopes.0.value",
        ),
        (
            json!({ "scopes": [{ "value": "a", "description": "d".repeat(501) }] }),
            "String is too long (501 chars), maximum 500".to_owned(),
            "scopes.0.description",
        ),
        (
            json!({ "scopes": [{ "value": "a" }, { "value": "b" }, { "value": "a" }] }),
            "The scope a is there more than once".to_owned(),
            "scopes",
        ),
        (
            json!({ "signing_alg": "ES256" }),
            format!("No enum match for: ES256, expected one of: {algorithms}"),
            "signing_alg",
        ),
        (
            json!({ "signing_alg": "none" }),
            format!("No enum match for: none, expected one of: {algorithms}"),
            "signing_alg",
        ),
        (
            json!({ "signing_secret": "fifteen-letters" }),
            "String is too short (15 chars), minimum 16".to_owned(),
            "signing_secret",
        ),
        (json!({ "token_lifetime": -1 }), "Value -1 is less than minimum 0".to_owned(), "token_lifetime"),
        (
            json!({ "token_lifetime": 2_592_001 }),
            "Value 2592001 is greater than maximum 2592000".to_owned(),
            "token_lifetime",
        ),
        (
            json!({ "token_lifetime": 1.5 }),
            "Expected type integer but found type number".to_owned(),
            "token_lifetime",
        ),
        (
            json!({ "token_lifetime": "60" }),
            "Expected type integer but found type string".to_owned(),
            "token_lifetime",
        ),
        (
            json!({ "enforce_policies": "true" }),
            "Expected type boolean but found type string".to_owned(),
            "enforce_policies",
        ),
        (
            json!({ "token_dialect": "opaque" }),
            "No enum match for: opaque, expected one of: access_token, access_token_authz, rfc9068_profile, rfc9068_profile_authz".to_owned(),
            "token_dialect",
        ),
        (
            json!({ "proof_of_possession": { "mechanism": "dpop" } }),
            "Missing required property: required".to_owned(),
            "proof_of_possession",
        ),
        (
            json!({ "subject_type_authorization": { "client": { "policy": "allow_all" } } }),
            "No enum match for: allow_all, expected one of: deny_all, require_client_grant".to_owned(),
            "subject_type_authorization.client.policy",
        ),
        (
            json!({ "subject_type_authorization": { "robot": {} } }),
            "Additional properties not allowed: robot".to_owned(),
            "subject_type_authorization",
        ),
        (
            json!({ "token_encryption": { "format": "compact-nested-jwe" } }),
            "Missing required property: encryption_key".to_owned(),
            "token_encryption",
        ),
        (
            encrypted(json!({ "alg": "RSA1_5", "pem": "x" })),
            "No enum match for: RSA1_5, expected one of: RSA-OAEP-256, RSA-OAEP-384, RSA-OAEP-512".to_owned(),
            "token_encryption.encryption_key.alg",
        ),
        (
            encrypted(key(&"p".repeat(4097))),
            "String is too long (4097 chars), maximum 4096".to_owned(),
            "token_encryption.encryption_key.pem",
        ),
        (
            json!({ "authorization_policy": { "policy_id": "" } }),
            "String is too short (0 chars), minimum 1".to_owned(),
            "authorization_policy.policy_id",
        ),
    ]
}

#[tokio::test]
async fn bodies_that_do_not_fit_are_refused_and_change_nothing() {
    let server = TestServer::start().await;
    let api = made(&server, json!({ "identifier": "urn:a", "name": "a" })).await;
    for (members, reason, property) in misfits() {
        let expected = misfit(&reason, property);
        assert_eq!(patched(&server, &api, members.clone()).await.both(), expected, "{members}");
        let mut body = json!({ "identifier": "urn:b" });
        body.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        assert_eq!(server.api_send(Method::POST, PATH, &body).await.both(), expected, "{members}");
    }
    for (body, reason, property) in [
        (json!({}), "Missing required property: identifier", ""),
        (json!({ "name": "a" }), "Missing required property: identifier", ""),
        (json!({ "identifier": null }), "Expected type string but found type null", "identifier"),
        (json!({ "identifier": "" }), "String is too short (0 chars), minimum 1", "identifier"),
        (
            json!({ "identifier": "i".repeat(601) }),
            "String is too long (601 chars), maximum 600",
            "identifier",
        ),
        (json!({ "identifier": "a\u{0}" }), "String contains the character NUL", "identifier"),
        (json!({ "identifier": "a", "name": null }), "Expected type string but found type null", "name"),
    ] {
        assert_eq!(
            server.api_send(Method::POST, PATH, &body).await.both(),
            misfit(reason, property),
            "{body}"
        );
    }
    for body in
        [json!({ "identifier": "urn:c" }), json!({ "identifier": "urn:a" }), json!({ "identifier": null })]
    {
        let expected = misfit("Additional properties not allowed: identifier", "");
        assert_eq!(patched(&server, &api, body).await.both(), expected);
    }
    assert_eq!(listed(&server, "identifiers=urn:a").await, json!([api]));
    assert_eq!(listed(&server, "include_totals=true").await["total"], 2);
}

#[tokio::test]
async fn an_encryption_key_that_is_no_public_rsa_key_is_refused() {
    let server = TestServer::start().await;
    let private = pem::encode("PRIVATE KEY", include_bytes!("../../kit/keys/1.der"), LineEnd::Lf);
    for pem in ["x", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", &private] {
        let key = json!({ "alg": "RSA-OAEP-256", "pem": pem });
        let body = json!({ "identifier": "urn:a", "token_encryption": { "format": "compact-nested-jwe", "encryption_key": key } });
        let answer = server.api_send(Method::POST, PATH, &body).await;
        let error = answer.expect(400);
        assert_eq!(error["errorCode"], "invalid_body");
        let message = error["message"].as_str().unwrap();
        assert!(message.ends_with("' on property token_encryption.encryption_key.pem."), "{message}");
        assert!(!answer.text().contains("MII"), "no key is repeated");
    }
    assert_eq!(listed(&server, "include_totals=true").await["total"], 1);
}

#[tokio::test]
async fn values_at_their_very_limits_are_accepted() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let body = json!({
            "identifier": "漢".repeat(600),
            "name": "🗝".repeat(200),
            "scopes": [{ "value": "ü".repeat(280), "description": "d".repeat(500) }],
            "signing_alg": "HS256",
            "signing_secret": "sixteen-letters!",
            "token_lifetime": 2_592_000,
            "token_lifetime_for_web": 2_592_000,
        });
        let api = made(&server, body.clone()).await;
        for (name, value) in body.as_object().unwrap() {
            assert_eq!(api[name], *value, "{name}");
        }
        let zero = patched(&server, &api, json!({ "token_lifetime": 0 })).await.expect(200);
        assert_eq!((&zero["token_lifetime"], &zero["token_lifetime_for_web"]), (&json!(0), &json!(0)));
    }
}
