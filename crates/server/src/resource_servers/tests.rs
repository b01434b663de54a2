//! The rules of APIs, as sentences.

use chancery_crypto::hmac::HmacKey;
use chancery_keyring::RingAlgorithm;
use chancery_oauth::api::{ApiSigning, Dialect};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::api::management_domain;
use super::{ResourceServer, SHAPE, oauth_api, rules};
use crate::management::ApiError;
use crate::management::shape::When;

const PUBLIC_KEY: &str = "-----BEGIN PUBLIC KEY-----\n\
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAu1SU1LfVLPHCozMxH2Mo\n\
4lgOEePzNm0tRgeLezV6ffAt0gunVTLw7onLRnrq0/IzW7yWR7QkrmBL7jTKEn5u\n\
+qKhbwKfBstIs+bMY2Zkp18gnTxKLxoS2tFczGkPLPgizskuemMghRniWaoLcyeh\n\
kd3qqGElvW/VDL5AaWTg0nLVkjRo9z+40RQzuVaE8AkAFmxZzow3x+VJYKdjykkJ\n\
0iT9wCS0DRTXu269V264Vf/3jvredZiKRkgwlL9xNAwxXFg0x/XFw005UWVRIkdg\n\
cKWTjpBP2dPwVZ4WWC+9aGVd+Gyn1o0CLelf4rEjGoXbAAEgAqeGUxrcIlbjXfbc\n\
mwIDAQAB\n\
-----END PUBLIC KEY-----\n";

fn members(value: Value) -> Map<String, Value> {
    let Value::Object(members) = value else { panic!("{value} is no object") };
    members
}

fn api(document: Value) -> ResourceServer {
    ResourceServer {
        id: "0123456789abcdef01234567".to_owned(),
        identifier: "https://api.example.com".to_owned(),
        is_system: false,
        sealed_secret: None,
        document: members(document),
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
    }
}

/// The settings after a body, as POST and PATCH make them.
fn changed(before: Value, body: Value) -> Result<Value, ApiError> {
    let mut body = members(body);
    SHAPE.check(&body, When::Update).map_err(|error| ApiError::Body(error.to_string()))?;
    rules::prepare(&mut body)?;
    let mut document = members(before);
    rules::merge(&mut document, body.clone());
    rules::check(&document, &body)?;
    Ok(Value::Object(document))
}

fn refusal(body: Value) -> String {
    match changed(json!({}), body) {
        Err(ApiError::Body(message)) => message,
        other => panic!("{other:?} is no refusal of the body"),
    }
}

fn translated(document: Value) -> chancery_oauth::api::Api {
    oauth_api::translate(&api(document), Some(HmacKey::new(b"secret"))).unwrap()
}

#[test]
fn a_new_api_shows_its_defaults() {
    assert_eq!(
        Value::Object(api(json!({})).view(None)),
        json!({
            "id": "0123456789abcdef01234567",
            "is_system": false,
            "identifier": "https://api.example.com",
            "signing_alg": "RS256",
            "allow_offline_access": false,
            "skip_consent_for_verifiable_first_party_clients": true,
            "token_lifetime": 86400,
            "token_lifetime_for_web": 7200,
            "enforce_policies": false,
            "token_dialect": "access_token",
            "subject_type_authorization": {
                "user": { "policy": "allow_all" },
                "client": { "policy": "require_client_grant" },
            },
        })
    );
}

#[test]
fn an_api_needs_no_name_but_an_identifier() {
    assert!(SHAPE.check(&members(json!({ "identifier": "a" })), When::Create).is_ok());
    assert!(SHAPE.check(&members(json!({ "name": "a" })), When::Create).is_err());
}

#[test]
fn the_identifier_cannot_be_changed() {
    assert!(refusal(json!({ "identifier": "https://other" })).contains("Additional properties"));
}

#[test]
fn null_clears_and_absent_keeps() {
    let before = json!({ "name": "Mail", "signing_alg": "PS256" });
    assert_eq!(changed(before, json!({ "signing_alg": null })).unwrap(), json!({ "name": "Mail" }));
}

#[test]
fn closing_one_half_of_subject_type_authorization_does_not_open_the_other() {
    let before = json!({ "subject_type_authorization": { "client": { "policy": "deny_all" } } });
    let after =
        changed(before, json!({ "subject_type_authorization": { "user": { "policy": "deny_all" } } }));
    let after = api(after.unwrap()).setting("subject_type_authorization").unwrap();
    assert_eq!(after, json!({ "user": { "policy": "deny_all" }, "client": { "policy": "deny_all" } }));
}

#[test]
fn a_scope_stands_once_and_has_no_spaces() {
    let twice = json!({ "scopes": [{ "value": "read:a" }, { "value": "read:b" }, { "value": "read:a" }] });
    assert!(refusal(twice).contains("The scope read:a is there more than once"));
    for value in ["read a", "read\ta", "read\u{7f}", "", " "] {
        assert!(changed(json!({}), json!({ "scopes": [{ "value": value }] })).is_err(), "{value:?}");
    }
    assert!(
        changed(json!({}), json!({ "scopes": [{ "value": "read:a", "description": "Read it" }] })).is_ok()
    );
}

#[test]
fn a_token_for_a_browser_never_lives_longer_than_another() {
    assert!(refusal(json!({ "token_lifetime": 60, "token_lifetime_for_web": 61 })).contains("greater than"));
    assert!(refusal(json!({ "token_lifetime_for_web": 86_401 })).contains("greater than"));
    assert_eq!(api(json!({ "token_lifetime": 600 })).view(None)["token_lifetime_for_web"], 600);
    let shortened = changed(json!({ "token_lifetime_for_web": 7000 }), json!({ "token_lifetime": 3600 }));
    assert_eq!(api(shortened.unwrap()).view(None)["token_lifetime_for_web"], 3600);
}

#[test]
fn a_whole_number_is_stored_as_one_however_it_is_written() {
    assert_eq!(
        changed(json!({}), json!({ "token_lifetime": 3600.0 })).unwrap().to_string(),
        r#"{"token_lifetime":3600}"#
    );
}

#[test]
fn a_short_signing_secret_is_refused_without_repeating_it() {
    let message = refusal(json!({ "signing_secret": "fifteen-letters" }));
    assert!(message.contains("too short"));
    assert!(!message.contains("fifteen"));
}

#[test]
fn an_encryption_key_is_shown_by_its_thumbprint() {
    let key = json!({ "name": "k", "alg": "RSA-OAEP-256", "pem": PUBLIC_KEY });
    let body = json!({ "token_encryption": { "format": "compact-nested-jwe", "encryption_key": key } });
    let after = api(changed(json!({}), body).unwrap());
    let shown = &after.view(None)["token_encryption"]["encryption_key"];
    assert!(shown.get("pem").is_none());
    assert_eq!(shown["thumbprint_sha256"].as_str().unwrap().len(), 43);
    assert_eq!(after.document["token_encryption"]["encryption_key"]["pem"], PUBLIC_KEY);
}

#[test]
fn an_encryption_key_that_is_none_is_refused() {
    let key = json!({ "alg": "RSA-OAEP-256", "pem": "-----BEGIN PRIVATE KEY-----" });
    let message =
        refusal(json!({ "token_encryption": { "format": "compact-nested-jwe", "encryption_key": key } }));
    assert!(
        message.contains("private key") && message.contains("token_encryption.encryption_key.pem"),
        "{message}"
    );
}

#[test]
fn a_secret_is_shown_only_when_it_is_handed_in() {
    let api = api(json!({ "signing_alg": "HS256" }));
    assert!(!api.view(None).contains_key("signing_secret"));
    assert_eq!(api.view(Some("s"))["signing_secret"], "s");
    assert!(!format!("{api:?}").contains("HS256"));
}

#[test]
fn the_system_api_keeps_what_its_clients_rely_on() {
    let system = ResourceServer {
        is_system: true,
        ..api(json!({ "name": "Management", "scopes": [{ "value": "read:a" }], "signing_alg": "RS256" }))
    };
    for body in [
        json!({ "name": "Mine" }),
        json!({ "name": null }),
        json!({ "scopes": [] }),
        json!({ "signing_alg": "HS256" }),
        json!({ "signing_secret": "sixteen-letters-!" }),
        json!({ "token_encryption": { "format": "compact-nested-jwe" } }),
        json!({ "proof_of_possession": { "mechanism": "dpop", "required": true } }),
        json!({ "subject_type_authorization": { "client": { "policy": "deny_all" } } }),
        json!({ "token_lifetime": 0 }),
    ] {
        let refused = rules::check_system(&system, &members(body.clone()));
        assert!(matches!(refused, Err(ApiError::NotSupported(_))), "{body}");
    }
    for body in [
        json!({ "token_lifetime": 3600, "token_lifetime_for_web": 60 }),
        json!({ "name": "Management", "signing_alg": "RS256", "scopes": [{ "value": "read:a" }] }),
        json!({ "token_encryption": null, "allow_offline_access": false }),
        json!({ "subject_type_authorization": { "user": { "policy": "deny_all" } } }),
    ] {
        assert!(rules::check_system(&system, &members(body.clone())).is_ok(), "{body}");
    }
}

#[test]
fn the_management_api_of_a_domain_is_recognised() {
    assert_eq!(management_domain("https://acme.example.com/api/v2/"), Some("acme.example.com"));
    assert_eq!(management_domain("http://localhost:8080/api/v2/"), Some("localhost:8080"));
    assert_eq!(management_domain("https://acme.example.com/api/v2"), None);
    assert_eq!(management_domain("urn:acme"), None);
}

#[test]
fn oauth_sees_the_defaults() {
    let api = translated(json!({ "scopes": [{ "value": "b" }, { "value": "a" }] }));
    assert!(matches!(api.signing, ApiSigning::Ring(RingAlgorithm::Rs256)));
    assert_eq!(api.dialect, Dialect::AccessToken);
    assert_eq!(api.scopes.to_string(), "b a");
    assert_eq!(api.token_lifetime, 86_400);
    assert!(api.clients_allowed && !api.enforce_policies && api.unsupported.is_none());
}

#[test]
fn oauth_signs_with_what_the_api_says() {
    assert!(matches!(translated(json!({ "signing_alg": "HS256" })).signing, ApiSigning::Secret(_)));
    assert!(matches!(
        translated(json!({ "signing_alg": "PS256" })).signing,
        ApiSigning::Ring(RingAlgorithm::Ps256)
    ));
    assert!(oauth_api::translate(&api(json!({ "signing_alg": "HS256" })), None).is_err());
}

#[test]
fn an_api_can_deny_all_applications() {
    let denied = json!({ "subject_type_authorization": { "client": { "policy": "deny_all" } } });
    assert!(!translated(denied).clients_allowed);
}

#[test]
fn what_cannot_be_issued_yet_is_named() {
    let encrypted = json!({ "token_encryption": { "format": "compact-nested-jwe" } });
    assert_eq!(translated(encrypted).unsupported, Some("encrypted tokens"));
    for (proof, unsupported) in [
        (json!({ "mechanism": "dpop", "required": true }), true),
        (json!({ "mechanism": "dpop", "required": true, "required_for": "all_clients" }), true),
        (json!({ "mechanism": "dpop", "required": true, "required_for": "public_clients" }), false),
        (json!({ "mechanism": "mtls", "required": false }), false),
    ] {
        let api = translated(json!({ "proof_of_possession": proof }));
        assert_eq!(api.unsupported.is_some(), unsupported, "{proof}");
    }
}
