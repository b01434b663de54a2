//! `/api/v2/resource-servers`

mod bodies;
mod lists;
mod secrets;
mod system;

use chancery_crypto::pem::{self, LineEnd};
use http::Method;
use jiff::SignedDuration;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::common::{at_other, is_no_id, misfit, needs_scopes, other_tenant};
use crate::kit::{Answer, Call, MANAGEMENT, TestServer, engines, error, key};

const PATH: &str = "/resource-servers";

/// Makes an API.
pub(super) async fn made(server: &TestServer, body: Value) -> Value {
    server.api_send(Method::POST, PATH, &body).await.expect(201)
}

/// The path of a made API.
fn path_of(api: &Value) -> String {
    format!("{PATH}/{}", api["id"].as_str().unwrap())
}

async fn patched(server: &TestServer, api: &Value, body: Value) -> Answer {
    server.api_send(Method::PATCH, &path_of(api), &body).await
}

async fn listed(server: &TestServer, query: &str) -> Value {
    server.api_get(&format!("{PATH}?{query}")).await.expect(200)
}

/// A call with one scope.
async fn with_scope(
    server: &TestServer,
    scope: &str,
    (method, path): (Method, &str),
    body: Option<Value>,
) -> Answer {
    let token = server.token(&[scope]).await;
    let call = Call::new(method, &format!("/api/v2{path}")).bearer(&token);
    server.send(if let Some(body) = body { call.json(&body) } else { call }.build()).await
}

/// What an API shows of which nothing was set.
fn plain(id: &Value, identifier: &str) -> Value {
    json!({
        "id": id,
        "is_system": false,
        "identifier": identifier,
        "signing_alg": "RS256",
        "allow_offline_access": false,
        "skip_consent_for_verifiable_first_party_clients": true,
        "token_lifetime": 86_400,
        "token_lifetime_for_web": 7_200,
        "enforce_policies": false,
        "token_dialect": "access_token",
        "subject_type_authorization": {
            "user": { "policy": "allow_all" },
            "client": { "policy": "require_client_grant" },
        },
    })
}

fn unknown() -> (u16, Value) {
    let code = Some("inexistent_resource_server");
    (404, error(404, "Not Found", code, "The resource server does not exist"))
}

fn taken() -> (u16, Value) {
    (409, error(409, "Conflict", None, "There is already an API with this identifier."))
}

#[tokio::test]
async fn a_new_api_is_answered_whole_with_its_defaults() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let answer = server.api_send(Method::POST, PATH, &json!({ "identifier": "urn:plain" })).await.both();
        let id = answer.1["id"].clone();
        assert_eq!(answer, (201, plain(&id, "urn:plain")));
        let digits = id.as_str().unwrap();
        assert!(digits.len() == 24 && digits.bytes().all(|byte| b"0123456789abcdef".contains(&byte)), "{id}");
        for path in [path_of(&answer.1), format!("{PATH}/urn%3Aplain"), format!("{PATH}/urn:plain")] {
            assert_eq!(server.api_get(&path).await.both(), (200, answer.1.clone()), "{path}");
        }
        assert_eq!(listed(&server, "identifiers=urn:plain").await, json!([answer.1]));
    }
}

#[tokio::test]
async fn every_setting_is_stored_and_shown() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let pem = pem::encode("PUBLIC KEY", &key(6).public().to_spki_der(), LineEnd::Lf);
        let encryption = json!({ "name": "k", "alg": "RSA-OAEP-384", "kid": "one" });
        let mut body = json!({
            "name": "Mail & post: \"ü\" 漢字 🗝",
            "identifier": "https://mail.example/?a=b#c",
            "scopes": [{ "value": "read:mail", "description": "Read it" }, { "value": "send:mail" }],
            "signing_alg": "PS256",
            "allow_offline_access": true,
            "allow_online_access": true,
            "allow_online_access_with_ephemeral_sessions": true,
            "skip_consent_for_verifiable_first_party_clients": true,
            "token_lifetime": 600,
            "token_lifetime_for_web": 300,
            "enforce_policies": true,
            "token_dialect": "rfc9068_profile_authz",
            "token_encryption": { "format": "compact-nested-jwe", "encryption_key": encryption },
            "consent_policy": "transactional-authorization-with-mfa",
            "authorization_details": [{ "type": "payment" }],
            "proof_of_possession": { "mechanism": "dpop", "required": true, "required_for": "public_clients" },
            "subject_type_authorization": {
                "user": { "policy": "require_client_grant" },
                "client": { "policy": "deny_all" },
            },
            "authorization_policy": { "policy_id": "p1" },
        });
        let mut expected = body.clone();
        body["token_encryption"]["encryption_key"]["pem"] = json!(pem);
        server.clock.advance(SignedDuration::from_secs(1));
        let api = made(&server, body).await;
        let thumbprint = chancery_jose::jwk::thumbprint(&key(6).public().clone().into());
        expected["token_encryption"]["encryption_key"]["thumbprint_sha256"] = json!(thumbprint);
        expected["id"] = api["id"].clone();
        expected["is_system"] = json!(false);
        assert_eq!(api, expected);
        assert_eq!(server.api_get(&path_of(&api)).await.both(), (200, expected.clone()));
        assert_eq!(listed(&server, "page=0&per_page=2").await[1], expected);
    }
}

#[tokio::test]
async fn an_api_is_found_changed_and_deleted_under_its_identifier_too() {
    for on in engines() {
        let server = TestServer::on(on).await;
        for identifier in [
            "https://api.example/a b/?x=1&y=%41#z",
            "a/../b",
            "ü 漢字",
            "100%",
            "'; DROP TABLE x--",
            &"i".repeat(600),
        ] {
            let api = made(&server, json!({ "identifier": identifier })).await;
            let path = format!("{PATH}/{}", utf8_percent_encode(identifier, NON_ALPHANUMERIC));
            assert_eq!(server.api_get(&path).await.both(), (200, api.clone()), "{identifier}");
            let mut after = api.clone();
            after["name"] = json!("n");
            let patch = json!({ "name": "n" });
            assert_eq!(server.api_send(Method::PATCH, &path, &patch).await.both(), (200, after));
            assert_eq!(server.api_call(Method::DELETE, &path).await.status, 204);
            assert_eq!(server.api_get(&path_of(&api)).await.both(), unknown(), "{identifier}");
        }
    }
}

#[tokio::test]
async fn an_identifier_that_looks_like_the_id_of_another_api_hides_nothing() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let first = made(&server, json!({ "identifier": "urn:first" })).await;
        let double = made(&server, json!({ "identifier": first["id"] })).await;
        let path = path_of(&first);
        assert_eq!(server.api_get(&path).await.both(), (200, first.clone()));
        let changed = patched(&server, &first, json!({ "name": "first" })).await.expect(200);
        assert_eq!((&changed["identifier"], &changed["name"]), (&json!("urn:first"), &json!("first")));
        assert_eq!(server.api_call(Method::DELETE, &path).await.status, 204);
        assert_eq!(server.api_get(&path).await.both(), (200, double));
    }
}

#[tokio::test]
async fn a_patch_keeps_what_is_absent_clears_what_is_null_and_sets_the_rest() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let api = made(
            &server,
            json!({ "identifier": "urn:a", "name": "a", "signing_alg": "PS256", "token_lifetime": 600, "scopes": [{ "value": "s" }],
                "proof_of_possession": { "mechanism": "mtls", "required": false } }),
        )
        .await;
        let mut expected = api.clone();
        expected["name"] = json!("b");
        expected["scopes"] = json!([{ "value": "t", "description": "T" }]);
        let values = json!({ "name": "b", "scopes": [{ "value": "t", "description": "T" }] });
        assert_eq!(patched(&server, &api, values).await.both(), (200, expected.clone()));
        assert_eq!(server.api_get(&path_of(&api)).await.both(), (200, expected.clone()));
        assert_eq!(patched(&server, &api, json!({})).await.both(), (200, expected));
        let nulls = json!({ "name": null, "signing_alg": null, "token_lifetime": null, "scopes": null,
            "proof_of_possession": null, "token_encryption": null, "consent_policy": null });
        let cleared = plain(&api["id"], "urn:a");
        assert_eq!(patched(&server, &api, nulls).await.both(), (200, cleared.clone()));
        assert_eq!(server.api_get(&path_of(&api)).await.both(), (200, cleared));
    }
}

#[tokio::test]
async fn closing_an_api_to_one_kind_of_subject_leaves_the_other_as_it_was() {
    let server = TestServer::start().await;
    let api = made(&server, json!({ "identifier": "urn:a" })).await;
    let close = |who: &str| json!({ "subject_type_authorization": { who: { "policy": "deny_all" } } });
    let user = patched(&server, &api, close("user")).await.expect(200);
    let expected =
        json!({ "user": { "policy": "deny_all" }, "client": { "policy": "require_client_grant" } });
    assert_eq!(user["subject_type_authorization"], expected);
    let both = patched(&server, &api, close("client")).await.expect(200);
    let expected = json!({ "user": { "policy": "deny_all" }, "client": { "policy": "deny_all" } });
    assert_eq!(both["subject_type_authorization"], expected);
    let cleared = patched(&server, &api, json!({ "subject_type_authorization": null })).await.expect(200);
    assert_eq!(cleared, plain(&api["id"], "urn:a"));
}

#[tokio::test]
async fn a_token_for_a_browser_never_lives_longer_than_another() {
    let server = TestServer::start().await;
    let api = made(&server, json!({ "identifier": "urn:a", "token_lifetime_for_web": 7000 })).await;
    let shorter = patched(&server, &api, json!({ "token_lifetime": 3600.0 })).await;
    let text = shorter.text();
    assert!(text.contains("\"token_lifetime\":3600,\"token_lifetime_for_web\":3600,"), "{text}");
    let longer = json!({ "token_lifetime_for_web": 3601 });
    let expected =
        misfit("The value 3601 is greater than token_lifetime, which is 3600", "token_lifetime_for_web");
    assert_eq!(patched(&server, &api, longer).await.both(), expected);
    let body = json!({ "identifier": "urn:b", "token_lifetime": 5, "token_lifetime_for_web": 6 });
    let expected = misfit("The value 6 is greater than token_lifetime, which is 5", "token_lifetime_for_web");
    assert_eq!(server.api_send(Method::POST, PATH, &body).await.both(), expected);
}

#[tokio::test]
async fn an_identifier_belongs_to_one_api_until_that_is_deleted() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let first = made(&server, json!({ "identifier": "urn:a", "name": "first" })).await;
        let again = json!({ "identifier": "urn:a", "name": "second" });
        assert_eq!(server.api_send(Method::POST, PATH, &again).await.both(), taken());
        let system = json!({ "identifier": MANAGEMENT });
        assert_eq!(server.api_send(Method::POST, PATH, &system).await.both(), taken());
        assert_eq!(listed(&server, "include_totals=true").await["total"], 2);
        assert_eq!(listed(&server, "identifiers=urn:a").await, json!([first]));
        assert_eq!(server.api_call(Method::DELETE, &path_of(&first)).await.status, 204);
        let second = made(&server, again).await;
        assert_ne!(second["id"], first["id"]);
        made(&server, json!({ "identifier": "URN:A" })).await;
    }
}

#[tokio::test]
async fn of_many_who_want_one_identifier_at_once_one_gets_it() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let sibling = server.sibling().await;
        assert_eq!(listed(&server, "").await, listed(&sibling, "").await);
        let body = json!({ "identifier": "urn:a" });
        let (a, b, c, d) = tokio::join!(
            server.api_send(Method::POST, PATH, &body),
            sibling.api_send(Method::POST, PATH, &body),
            server.api_send(Method::POST, PATH, &body),
            sibling.api_send(Method::POST, PATH, &body),
        );
        let mut statuses = [a, b, c, d].map(|answer| answer.status.as_u16());
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409, 409, 409]);
    }
}

#[tokio::test]
async fn parallel_patches_lose_nothing() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let sibling = server.sibling().await;
        let api = made(&server, json!({ "identifier": "urn:a" })).await;
        let (a, b, c, d) = tokio::join!(
            patched(&server, &api, json!({ "name": "n" })),
            patched(&sibling, &api, json!({ "token_lifetime": 9000 })),
            patched(&server, &api, json!({ "enforce_policies": true })),
            patched(&sibling, &api, json!({ "signing_alg": "RS512" })),
        );
        assert_eq!([a, b, c, d].map(|answer| answer.status.as_u16()), [200; 4]);
        let mut expected = plain(&api["id"], "urn:a");
        expected["name"] = json!("n");
        expected["token_lifetime"] = json!(9000);
        expected["enforce_policies"] = json!(true);
        expected["signing_alg"] = json!("RS512");
        assert_eq!(server.api_get(&path_of(&api)).await.both(), (200, expected));
    }
}

#[tokio::test]
async fn the_management_api_of_another_tenant_cannot_be_impersonated() {
    for on in engines() {
        let server = TestServer::on(on).await;
        other_tenant(&server).await;
        for identifier in ["https://other.example/api/v2/", "http://other.example/api/v2/"] {
            let body = json!({ "identifier": identifier });
            assert_eq!(server.api_send(Method::POST, PATH, &body).await.both(), taken(), "{identifier}");
        }
        made(&server, json!({ "identifier": "https://other.example/api/v2" })).await;
        made(&server, json!({ "identifier": "https://nobody.example/api/v2/" })).await;
    }
}

#[tokio::test]
async fn another_tenant_neither_sees_nor_touches_an_api() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let token = other_tenant(&server).await;
        let api = made(&server, json!({ "identifier": "urn:a" })).await;
        let path = path_of(&api);
        for path in [path.as_str(), "/resource-servers/urn:a"] {
            assert_eq!(at_other(&server, &token, (Method::GET, path), None).await.both(), unknown());
            let patch = json!({ "name": "mine" });
            let answer = at_other(&server, &token, (Method::PATCH, path), Some(&patch)).await;
            assert_eq!(answer.both(), unknown());
            assert_eq!(at_other(&server, &token, (Method::DELETE, path), None).await.status, 204);
        }
        let list =
            at_other(&server, &token, (Method::GET, "/resource-servers?include_totals=true"), None).await;
        assert_eq!(list.expect(200)["total"], 1, "its own system API alone");
        let own =
            at_other(&server, &token, (Method::POST, PATH), Some(&json!({ "identifier": "urn:a" }))).await;
        own.expect(201);
        assert_eq!(server.api_get(&path).await.both(), (200, api));
    }
}

#[tokio::test]
async fn an_unknown_api_is_404_and_deleting_it_is_done_already() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let api = made(&server, json!({ "identifier": "urn:a" })).await;
        assert_eq!(server.api_call(Method::DELETE, &path_of(&api)).await.status, 204);
        for id in [
            api["id"].as_str().unwrap(),
            "urn:a",
            "0123456789abcdef01234567",
            "..%2F..%2Fetc%2Fpasswd",
            "'%20OR%201=1--",
            &"x".repeat(3000),
        ] {
            let path = format!("{PATH}/{id}");
            assert_eq!(server.api_get(&path).await.both(), unknown(), "{id}");
            let patch = json!({ "name": "n" });
            assert_eq!(server.api_send(Method::PATCH, &path, &patch).await.both(), unknown(), "{id}");
            let gone = server.api_call(Method::DELETE, &path).await;
            assert_eq!((gone.status.as_u16(), gone.text().as_str()), (204, ""), "{id}");
        }
        assert_eq!(listed(&server, "include_totals=true").await["total"], 1);
    }
}

#[tokio::test]
async fn what_can_be_no_id_is_refused() {
    for on in engines() {
        let server = TestServer::on(on).await;
        for id in ["%00", "a%00b", "%ff", "%c3%28", "%0a", "a%7f"] {
            is_no_id(&server, &format!("{PATH}/{id}"), &json!({ "name": "n" })).await;
        }
    }
}

#[tokio::test]
async fn every_operation_needs_its_scope() {
    let server = TestServer::start().await;
    needs_scopes(
        &server,
        &[
            (Method::GET, "/resource-servers", &["read:resource_servers"]),
            (Method::POST, "/resource-servers", &["create:resource_servers"]),
            (Method::GET, "/resource-servers/x", &["read:resource_servers"]),
            (Method::PATCH, "/resource-servers/x", &["update:resource_servers"]),
            (Method::DELETE, "/resource-servers/x", &["delete:resource_servers"]),
        ],
    )
    .await;
}
