//! The system API: what may change of it, and what may not.

use chancery::management::scopes::ALL;
use chancery_crypto::pem::{self, LineEnd};
use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::{PATH, listed, patched, path_of, plain};
use crate::kit::{MANAGEMENT, TestServer, engines, key};
use crate::management::common::bad;

#[tokio::test]
async fn the_system_api_is_shown_as_what_it_is() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let list = listed(&server, "").await;
        let mut expected = plain(&list[0]["id"], MANAGEMENT);
        expected["name"] = json!("Chancery Management API");
        expected["is_system"] = json!(true);
        expected["scopes"] = ALL.iter().map(|scope| json!({ "value": scope })).collect();
        assert_eq!(list, json!([expected]));
    }
}

#[tokio::test]
async fn the_system_api_stays_usable_whatever_is_asked_of_it() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let system = listed(&server, "").await[0].clone();
        let fixed = |name: &str| format!("{name} of the system API cannot be changed. Its lifetimes can.");
        let pem = pem::encode("PUBLIC KEY", &key(6).public().to_spki_der(), LineEnd::Lf);
        let key = json!({ "alg": "RSA-OAEP-256", "pem": pem });
        let secret = "The system API has no signing secret: its tokens are signed by the tenant's key.";
        for (body, message) in [
            (json!({ "name": "Mine" }), fixed("name")),
            (json!({ "name": null }), fixed("name")),
            (json!({ "scopes": [] }), fixed("scopes")),
            (json!({ "scopes": null }), fixed("scopes")),
            (json!({ "scopes": [{ "value": "read:clients" }] }), fixed("scopes")),
            (json!({ "signing_alg": "HS256" }), fixed("signing_alg")),
            (json!({ "signing_alg": "PS256" }), fixed("signing_alg")),
            (
                json!({ "token_encryption": { "format": "compact-nested-jwe", "encryption_key": key } }),
                fixed("token_encryption"),
            ),
            (json!({ "signing_secret": "sixteen-letters!" }), secret.to_owned()),
            (json!({ "signing_secret": null }), secret.to_owned()),
            (
                json!({ "proof_of_possession": { "mechanism": "dpop", "required": true } }),
                "Proof of possession cannot be required by the system API: nobody could call it any more."
                    .to_owned(),
            ),
            (
                json!({ "subject_type_authorization": { "client": { "policy": "deny_all" } } }),
                "The system API cannot deny all applications: nobody could call it any more.".to_owned(),
            ),
            (
                json!({ "token_lifetime": 59 }),
                "Tokens of the system API need a token_lifetime of at least 60 seconds.".to_owned(),
            ),
        ] {
            let expected = bad("operation_not_supported", &message);
            assert_eq!(patched(&server, &system, body.clone()).await.both(), expected, "{body}");
        }
        let identifier = utf8_percent_encode(MANAGEMENT, NON_ALPHANUMERIC);
        for path in [path_of(&system), format!("{PATH}/{identifier}")] {
            let expected = bad("operation_not_supported", "The system API cannot be deleted.");
            assert_eq!(server.api_call(Method::DELETE, &path).await.both(), expected);
        }
        assert_eq!(listed(&server, "").await, json!([system]), "nothing changed");
    }
}

#[tokio::test]
async fn what_may_change_of_the_system_api_leaves_it_usable() {
    let server = TestServer::start().await;
    let system = listed(&server, "").await[0].clone();
    let mut same = system.as_object().unwrap().clone();
    same.retain(|name, _| !["id", "is_system", "identifier"].contains(&name.as_str()));
    assert_eq!(patched(&server, &system, Value::Object(same)).await.both(), (200, system.clone()));
    for body in [
        json!({ "token_lifetime": 60 }),
        json!({ "token_lifetime": 3600, "token_lifetime_for_web": 60 }),
        json!({ "allow_offline_access": true }),
        json!({ "token_dialect": "access_token_authz" }),
        json!({ "token_dialect": "rfc9068_profile_authz" }),
        json!({ "token_dialect": "rfc9068_profile" }),
        json!({ "enforce_policies": true }),
        json!({ "proof_of_possession": { "mechanism": "dpop", "required": false } }),
        json!({ "subject_type_authorization": { "user": { "policy": "deny_all" } } }),
        json!({ "consent_policy": "transactional-authorization-with-mfa" }),
        json!({ "authorization_details": [{ "type": "payment" }] }),
        json!({ "authorization_policy": { "policy_id": "p" } }),
    ] {
        let after = patched(&server, &system, body.clone()).await.expect(200);
        // The next call fetches a token of the changed API and uses it.
        assert_eq!(server.api_get(&path_of(&system)).await.both(), (200, after), "{body}");
    }
}
