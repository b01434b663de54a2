//! `/api/v2/resource-servers`

use std::collections::BTreeSet;

use chancery::management::scopes::ALL;
use chancery::tenants::{self, NewTenant};
use chancery_crypto::pem::{self, LineEnd};
use http::Method;
use jiff::SignedDuration;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::logs::{entry_of, reads_of_secrets, writes};
use crate::kit::{Answer, Call, MANAGEMENT, TestServer, engines, error, key};

const PATH: &str = "/resource-servers";
/// A second tenant, where a test needs one.
pub(crate) const OTHER: &str = "other.example";

/// A refusal with 400.
pub(super) fn bad(code: &str, message: &str) -> (u16, Value) {
    (400, error(400, "Bad Request", Some(code), message))
}

/// The refusal of a body that does not fit its shape.
pub(super) fn misfit(reason: &str, property: &str) -> (u16, Value) {
    let place = if property.is_empty() { String::new() } else { format!(" on property {property}") };
    bad("invalid_body", &format!("Payload validation error: '{reason}'{place}."))
}

/// The refusal of a path that holds no id.
pub(super) fn no_id() -> (u16, Value) {
    bad("invalid_uri", "Path validation error: 'String is not an id' on property id.")
}

/// Insists that each operation is closed to a token with every other scope, and open to one with any of its own.
pub(super) async fn needs_scopes(server: &TestServer, operations: &[(Method, &str, &[&str])]) {
    for (method, path, scopes) in operations {
        let call = async |granted: &[&str]| {
            let token = server.token(granted).await;
            server.send(Call::new(method.clone(), &format!("/api/v2{path}")).bearer(&token).build()).await
        };
        let others: Vec<_> = ALL.iter().copied().filter(|scope| !scopes.contains(scope)).collect();
        assert_eq!(others.len() + scopes.len(), ALL.len(), "{scopes:?} are scopes");
        let message = format!("Insufficient scope, expected any of: {}", scopes.join(","));
        let expected = (403, error(403, "Forbidden", Some("insufficient_scope"), &message));
        assert_eq!(call(&others).await.both(), expected, "{method} {path}");
        for scope in *scopes {
            let status = call(&[scope]).await.status.as_u16();
            assert!(![401, 403].contains(&status), "{method} {path} with {scope}: {status}");
        }
    }
}

/// Makes a second tenant, and answers a token for its Management API.
pub(crate) async fn other_tenant(server: &TestServer) -> String {
    let new = NewTenant { name: "other".parse().unwrap(), domain: OTHER.parse().unwrap(), scheme: "https" };
    let made = tenants::create(&server.app, new).await.unwrap();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", made.tenant.management_client_id.as_str()),
        ("client_secret", made.client_secret.as_str()),
        ("audience", "https://other.example/api/v2/"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let answer = server.send(Call::to(OTHER, Method::POST, "/oauth/token").form(&form).build()).await;
    answer.expect(200)["access_token"].as_str().unwrap().to_owned()
}

/// Calls the Management API of the second tenant.
pub(crate) async fn at_other(
    server: &TestServer,
    token: &str,
    (method, path): (Method, &str),
    body: Option<&Value>,
) -> Answer {
    let call = Call::to(OTHER, method, &format!("/api/v2{path}")).bearer(token);
    server.send(if let Some(body) = body { call.json(body) } else { call }.build()).await
}

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
        "skip_consent_for_verifiable_first_party_clients": false,
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

fn ids(list: &Value) -> Vec<Value> {
    list.as_array().unwrap().iter().map(|api| api["id"].clone()).collect()
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
            "skip_consent_for_verifiable_first_party_clients": false,
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
        let thumbprint = chancery_jose::jwk::thumbprint(key(6).public());
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
async fn the_list_pages_by_number_oldest_first_with_and_without_totals() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let mut all =
            vec![server.api_get(&format!("{PATH}/{}", MANAGEMENT.replace('/', "%2F"))).await.expect(200)];
        for number in 0..5 {
            server.clock.advance(SignedDuration::from_secs(1));
            all.push(made(&server, json!({ "identifier": format!("urn:{number}") })).await);
        }
        assert_eq!(listed(&server, "").await, json!(all));
        let mut walked = Vec::new();
        for page in 0..4 {
            let bare = listed(&server, &format!("per_page=2&page={page}")).await;
            walked.extend(bare.as_array().unwrap().clone());
            let counted = listed(&server, &format!("per_page=2&page={page}&include_totals=true")).await;
            let length = bare.as_array().unwrap().len();
            assert_eq!(length, if page < 3 { 2 } else { 0 });
            assert_eq!(
                counted,
                json!({ "start": page * 2, "limit": 2, "total": 6, "resource_servers": bare })
            );
        }
        assert_eq!(walked, all);
        let none = json!({ "start": 0, "limit": 0, "total": 6, "resource_servers": [] });
        assert_eq!(listed(&server, "per_page=0&include_totals=true").await, none);
        assert_eq!(listed(&server, "page=1000000&per_page=100&include_totals=false").await, json!([]));
    }
}

#[tokio::test]
async fn a_page_has_fifty_apis_where_nothing_is_said_and_a_hundred_at_most() {
    let server = TestServer::start().await;
    for number in 0..100 {
        made(&server, json!({ "identifier": format!("urn:{number}") })).await;
    }
    assert_eq!(listed(&server, "").await.as_array().unwrap().len(), 50);
    let hundred = listed(&server, "per_page=100").await;
    assert_eq!(hundred.as_array().unwrap().len(), 100);
    let rest = listed(&server, "per_page=100&page=1").await;
    let distinct: BTreeSet<_> =
        ids(&hundred).into_iter().chain(ids(&rest)).map(|id| id.to_string()).collect();
    assert_eq!(distinct.len(), 101, "made in one instant, and still each is there once");
}

#[tokio::test]
async fn the_list_knows_no_checkpoints_and_ignores_them() {
    let server = TestServer::start().await;
    server.clock.advance(SignedDuration::from_secs(1));
    let api = made(&server, json!({ "identifier": "urn:a" })).await;
    let list = listed(&server, "take=1&from=forged").await;
    assert_eq!((list.as_array().unwrap().len(), &list[1]), (2, &api));
}

#[tokio::test]
async fn identifiers_narrow_the_list() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let mut made_apis = Vec::new();
        for name in ["c", "a", "b"] {
            server.clock.advance(SignedDuration::from_secs(1));
            made_apis.push(made(&server, json!({ "identifier": format!("urn:{name}") })).await);
        }
        let [c, a, b] = made_apis.as_slice() else { unreachable!() };
        let ask = async |query: &str| listed(&server, query).await;
        assert_eq!(ask("identifiers=urn:a").await, json!([a]));
        assert_eq!(ask("identifiers=urn:a&identifiers=urn:c&identifiers=urn:no").await, json!([c, a]));
        assert_eq!(ask("identifiers=urn:b&identifiers=urn:b").await, json!([b]));
        assert_eq!(ask("identifiers=URN:A").await, json!([]));
        let by_id = format!("identifiers={}", a["id"].as_str().unwrap());
        assert_eq!(ask(&by_id).await, json!([]), "an id is no identifier");
        assert_eq!(
            ask(
                "identifiers=urn:a&identifiers=urn:b&identifiers=urn:c&per_page=2&page=1&include_totals=true"
            )
            .await,
            json!({ "start": 2, "limit": 2, "total": 3, "resource_servers": [b] })
        );
        let many = "identifiers=urn:a&".repeat(100);
        assert_eq!(ask(&many).await, json!([a]));
        let refused = |reason: &str| {
            let message = format!("Query validation error: '{reason}' on property identifiers.");
            bad("invalid_query_string", &message)
        };
        for (query, reason) in [
            (format!("{many}identifiers=urn:a"), "At most 100 identifiers can be asked for at once"),
            ("identifiers=".to_owned(), "Each of them needs at least one character, and none NUL"),
            ("identifiers=a%00".to_owned(), "String contains the character NUL"),
        ] {
            assert_eq!(server.api_get(&format!("{PATH}?{query}")).await.both(), refused(reason));
        }
    }
}

#[tokio::test]
async fn fields_choose_what_is_shown() {
    let server = TestServer::start().await;
    let api = made(&server, json!({ "identifier": "urn:a", "name": "a" })).await;
    let two = json!({ "identifier": "urn:a", "name": "a" });
    let mut others = api.clone();
    for name in ["identifier", "name"] {
        others.as_object_mut().unwrap().shift_remove(name);
    }
    for (query, expected) in [
        ("fields=identifier,name", &two),
        ("fields=name,identifier&include_fields=true", &two),
        ("fields=identifier,name&include_fields=false", &others),
        ("include_fields=false", &api),
        ("include_fields=true", &api),
        ("fields=", &api),
        ("fields=client_id", &json!({})),
    ] {
        let one = server.api_get(&format!("{}?{query}", path_of(&api))).await.both();
        assert_eq!(one, (200, expected.clone()), "{query}");
        let list = listed(&server, &format!("identifiers=urn:a&{query}")).await;
        assert_eq!(list, json!([expected]), "{query}");
    }
    let counted = listed(&server, "identifiers=urn:a&fields=name&include_totals=true").await;
    let expected = json!({ "start": 0, "limit": 50, "total": 1, "resource_servers": [{ "name": "a" }] });
    assert_eq!(counted, expected);
}

#[tokio::test]
async fn queries_that_make_no_sense_are_refused() {
    let server = TestServer::start().await;
    let api = made(&server, json!({ "identifier": "urn:a" })).await;
    for (query, reason, property) in [
        ("page=-1", "Value -1 is less than minimum 0", "page"),
        ("page=1000001", "Value 1000001 is greater than maximum 1000000", "page"),
        ("page=x", "Expected type integer but found: x", "page"),
        ("per_page=101", "Value 101 is greater than maximum 100", "per_page"),
        ("per_page=1.5", "Expected type integer but found: 1.5", "per_page"),
        ("include_totals=yes", "Expected type boolean but found: yes", "include_totals"),
        ("per_page=1&per_page=2", "The parameter is there more than once", "per_page"),
        ("fields=name,nonsense", "Unknown field: nonsense", "fields"),
        ("fields=name&include_fields=0", "Expected type boolean but found: 0", "include_fields"),
        ("fields=sealed_secret", "Unknown field: sealed_secret", "fields"),
    ] {
        let message = format!("Query validation error: '{reason}' on property {property}.");
        let expected = bad("invalid_query_string", &message);
        assert_eq!(server.api_get(&format!("{PATH}?{query}")).await.both(), expected, "{query}");
        if property.ends_with("fields") {
            let one = format!("{}?{query}", path_of(&api));
            assert_eq!(server.api_get(&one).await.both(), expected, "{query}");
        }
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
            let path = format!("{PATH}/{id}");
            assert_eq!(server.api_get(&path).await.both(), no_id(), "{id}");
            let patch = json!({ "name": "n" });
            assert_eq!(server.api_send(Method::PATCH, &path, &patch).await.both(), no_id(), "{id}");
            assert_eq!(server.api_call(Method::DELETE, &path).await.both(), no_id(), "{id}");
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
    let private = pem::encode("PRIVATE KEY", include_bytes!("../kit/keys/1.der"), LineEnd::Lf);
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

#[tokio::test]
async fn a_signing_secret_is_made_shown_and_hidden_with_hs256() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let api = made(&server, json!({ "identifier": "urn:a", "signing_alg": "HS256" })).await;
        let secret = api["signing_secret"].as_str().unwrap();
        assert_eq!(secret.len(), 48);
        let mut expected = plain(&api["id"], "urn:a");
        expected["signing_alg"] = json!("HS256");
        expected["signing_secret"] = json!(secret);
        assert_eq!(api, expected);
        assert_eq!(server.api_get(&path_of(&api)).await.both(), (200, api.clone()));
        assert_eq!(listed(&server, "identifiers=urn:a").await, json!([api]));

        let hidden = patched(&server, &api, json!({ "signing_alg": "RS256" })).await.expect(200);
        assert_eq!(hidden, plain(&api["id"], "urn:a"));
        assert_eq!(server.api_get(&path_of(&api)).await.both(), (200, hidden));
        let shown = patched(&server, &api, json!({ "signing_alg": "HS256" })).await.expect(200);
        assert_eq!(shown, api, "the secret was kept");

        let own = "my own secret, long enough";
        let changed = patched(&server, &api, json!({ "signing_secret": own })).await.expect(200);
        assert_eq!(changed["signing_secret"], own);
        let fresh = patched(&server, &api, json!({ "signing_secret": null })).await.expect(200);
        let fresh = fresh["signing_secret"].as_str().unwrap();
        assert_eq!(fresh.len(), 48);
        assert!(fresh != secret && fresh != own);
    }
}

#[tokio::test]
async fn a_secret_that_came_with_another_algorithm_is_kept_for_hs256() {
    let server = TestServer::start().await;
    let own = "my own secret, long enough";
    let api = made(&server, json!({ "identifier": "urn:a", "signing_secret": own })).await;
    assert_eq!(api, plain(&api["id"], "urn:a"));
    let shown = patched(&server, &api, json!({ "signing_alg": "HS256" })).await.expect(200);
    assert_eq!(shown["signing_secret"], own);
}

#[tokio::test]
async fn a_signing_secret_is_shown_to_its_maker_and_to_readers_alone() {
    let server = TestServer::start().await;
    let body = json!({ "identifier": "urn:a", "signing_alg": "HS256" });
    let api =
        with_scope(&server, "create:resource_servers", (Method::POST, PATH), Some(body)).await.expect(201);
    assert_eq!(api["signing_secret"].as_str().unwrap().len(), 48);
    let patch = json!({ "signing_secret": "my own secret, long enough" });
    let path = path_of(&api);
    let updated = with_scope(&server, "update:resource_servers", (Method::PATCH, &path), Some(patch)).await;
    let mut hidden = api.clone();
    hidden.as_object_mut().unwrap().shift_remove("signing_secret");
    assert_eq!(updated.both(), (200, hidden));
    let read = with_scope(&server, "read:resource_servers", (Method::GET, &path), None).await.expect(200);
    assert_eq!(read["signing_secret"], "my own secret, long enough");
}

#[tokio::test]
async fn a_refused_signing_secret_is_not_repeated() {
    let server = TestServer::start().await;
    for secret in
        [json!("hunter2"), json!(["hunter2-hunter2-hunter2"]), json!("hunter2-hunter2-hunter2\u{0}")]
    {
        let body = json!({ "identifier": "urn:a", "signing_secret": secret });
        let answer = server.api_send(Method::POST, PATH, &body).await;
        assert_eq!(answer.expect(400)["errorCode"], "invalid_body");
        assert!(!answer.text().contains("hunter2"), "{}", answer.text());
    }
}

#[tokio::test]
async fn each_answer_with_a_signing_secret_leaves_an_entry_and_no_other_does() {
    for on in engines() {
        let mut server = TestServer::on(on).await;
        let api = made(&server, json!({ "identifier": "urn:a", "signing_alg": "HS256" })).await;
        made(&server, json!({ "identifier": "urn:b" })).await;
        let path = path_of(&api);
        for read in [
            format!("{path}?fields=name"),
            format!("{path}?fields=signing_secret&include_fields=false"),
            format!("{PATH}?identifiers=urn:b"),
            format!("{PATH}?per_page=0"),
            format!("{PATH}?fields=identifier"),
        ] {
            server.api_get(&read).await.expect(200);
        }
        server.api_get(&path).await.expect(200);
        server.api_get(PATH).await.expect(200);
        let token = server.token(&["read:logs"]).await;
        server.flush_log().await;
        let entries = reads_of_secrets(&server, &token).await;
        assert_eq!(
            entries,
            [
                entry_of(&server, &entries[0], ("mgmt_api_read", "Get an API"), ("get", &path, 200)),
                entry_of(&server, &entries[1], ("mgmt_api_read", "List the APIs"), ("get", PATH, 200)),
            ]
        );
    }
}

#[tokio::test]
async fn each_write_stands_in_the_log_once_without_a_secret() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let own = "my own secret, long enough";
        let body = json!({ "identifier": "urn:a", "signing_alg": "HS256", "signing_secret": own });
        let api = made(&server, body.clone()).await;
        let path = path_of(&api);
        patched(&server, &api, json!({ "signing_secret": format!("{own}!") })).await.expect(200);
        server.api_call(Method::DELETE, "/resource-servers/urn%3Aa").await.expect(204);

        // None of these changes anything.
        server.api_call(Method::DELETE, &path).await.expect(204);
        patched(&server, &api, json!({ "name": "n" })).await.expect(404);
        server.api_send(Method::POST, PATH, &json!({ "identifier": MANAGEMENT })).await.expect(409);
        server.api_send(Method::POST, PATH, &json!({})).await.expect(400);

        let entries = writes(&server).await;
        let expected = [
            ("Create an API", ("post", PATH, 201)),
            ("Update an API", ("patch", path.as_str(), 200)),
            ("Delete an API", ("delete", "/resource-servers/urn%3Aa", 204)),
        ];
        assert_eq!(entries.len(), expected.len());
        for (entry, (description, request)) in entries.iter().zip(expected) {
            assert_eq!(*entry, entry_of(&server, entry, ("sapi", description), request));
        }
        assert!(!json!(entries).to_string().contains(own));
    }
}

#[tokio::test]
async fn a_signing_secret_is_sealed_in_the_database() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let own = "my own secret, long enough";
        made(&server, json!({ "identifier": "urn:a", "signing_alg": "HS256", "signing_secret": own })).await;
        let sql = "SELECT signing_secret, document FROM resource_servers WHERE identifier = 'urn:a'";
        let row = server.app.db.query_opt(sql, &[]).await.unwrap().unwrap();
        assert_eq!(row.text("document").unwrap(), r#"{"signing_alg":"HS256"}"#);
        let sealed = row.opt_bytes("signing_secret").unwrap().unwrap();
        assert!(!sealed.windows(own.len()).any(|window| window == own.as_bytes()));
    }
}
