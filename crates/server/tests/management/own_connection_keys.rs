//! `/api/v2/connections/{id}/keys`: what a connection to an OpenID provider proves itself with.

use chancery::connection_keys::own;
use chancery::connections::{self, Connection};
use chancery_crypto::certificate::Certificate;
use chancery_crypto::key::{self, KeyPair as _};
use http::Method;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::connection_keys::tenant;
use crate::kit::{Call, START, TestServer, engines, error};

const ID: &str = "con_0123456789abcdef";
const PATH: &str = "/connections/con_0123456789abcdef/keys";
const ROTATE: &str = "/connections/con_0123456789abcdef/keys/rotate";
const KEY_SET: &str = "/.well-known/connections/con_0123456789abcdef/jwks.json";

/// A connection of some strategy, as it is stored.
async fn connection(server: &TestServer, strategy: &str) -> Connection {
    // Younger than the database that every tenant starts with.
    let now = Timestamp::from_second(START + 1).unwrap();
    let connection = Connection {
        id: ID.to_owned(),
        name: "my-oidc".to_owned(),
        strategy: strategy.to_owned(),
        secrets: None,
        document: Map::new(),
        created_at: now,
        updated_at: now,
    };
    let tenant = tenant(server).await;
    let mut tx = server.app.db.begin().await.unwrap();
    connections::sql::insert(&mut tx, tenant.id(), &connection).await.unwrap();
    tx.commit().await.unwrap();
    connection
}

async fn create(server: &TestServer, body: &Value) -> Value {
    server.api_send(Method::POST, PATH, body).await.expect(201)
}

async fn keys(server: &TestServer) -> Value {
    server.api_get(PATH).await.expect(200)
}

/// Where each key is, in the order of the list.
fn places(list: &Value) -> Vec<&'static str> {
    let place = |key: &Value| ["current", "previous", "next"].into_iter().find(|name| key[*name] == true);
    list.as_array().unwrap().iter().map(|key| place(key).unwrap()).collect()
}

/// Makes a connection with keys and runs every statement of its ring; answers its id.
pub(crate) async fn exercise(server: &TestServer) -> &'static str {
    connection(server, "oidc").await;
    create(server, &json!({})).await;
    server.api_call(Method::POST, ROTATE).await.expect(201);
    ID
}

#[tokio::test]
async fn the_keys_of_a_connection_are_made_on_demand_as_current_and_next() {
    for on in engines() {
        for strategy in ["oidc", "okta"] {
            let server = TestServer::on(on).await;
            connection(&server, strategy).await;
            assert_eq!(keys(&server).await, json!([]));
            // The forge hands out the fixed keys in turn: the first two are the application's.
            let made = server.api_call(Method::POST, PATH).await.expect(201);
            assert_eq!(made, keys(&server).await);
            assert_eq!(places(&made), ["current", "next"]);
            let members: Vec<_> = made[0].as_object().unwrap().keys().collect();
            let expected = [
                "kid",
                "algorithm",
                "key_use",
                "subject_dn",
                "cert",
                "pkcs",
                "fingerprint",
                "thumbprint",
                "current",
                "current_since",
            ];
            assert_eq!(members, expected, "what is false is left out");
            assert_eq!(made[0]["current_since"], "2027-01-15T08:00:00.000Z");
            assert_eq!(made[1].get("current_since"), None);
            for (key, number) in made.as_array().unwrap().iter().zip([2, 3]) {
                assert_eq!(key["algorithm"], "RS256");
                assert_eq!(key["key_use"], "signing");
                assert_eq!(key["subject_dn"], "CN=my-oidc");
                let certificate = Certificate::from_pem(key["cert"].as_str().unwrap()).unwrap();
                let public = certificate.public_key().unwrap();
                assert_eq!(public.to_spki_der(), crate::kit::key(number).public().to_spki_der());
                assert_eq!(key["kid"], chancery_jose::jwk::thumbprint(&public.into()));
                let days = certificate.not_after().duration_since(certificate.not_before()).as_hours() / 24;
                assert_eq!(days, 365);
                assert!(key["pkcs"].as_str().unwrap().starts_with("-----BEGIN PKCS7-----\r\n"));
            }
        }
    }
}

#[tokio::test]
async fn keys_on_curves_are_made_certified_listed_and_published_as_those_of_rsa_are() {
    for on in engines() {
        for (alg, crv, width) in [("ES256", "P-256", 43), ("ES384", "P-384", 64)] {
            let server = TestServer::on(on).await;
            connection(&server, "oidc").await;
            let made = create(&server, &json!({ "signing_alg": alg })).await;
            assert_eq!(made, keys(&server).await);
            assert_eq!(places(&made), ["current", "next"]);
            let set = server.get(KEY_SET).await.expect(200);
            let by_name = server.get("/oauth/connection/my-oidc/.well-known/jwks.json").await;
            assert_eq!(by_name.expect(200), set);
            for (listed, jwk) in made.as_array().unwrap().iter().zip(set["keys"].as_array().unwrap()) {
                assert_eq!((&listed["algorithm"], &listed["key_use"]), (&json!(alg), &json!("signing")));
                assert_eq!(listed["subject_dn"], "CN=my-oidc");
                let certificate = Certificate::from_pem(listed["cert"].as_str().unwrap()).unwrap();
                let public = key::PrivateKey::certified(&certificate).unwrap();
                assert_eq!(listed["kid"], chancery_jose::jwk::thumbprint(&public));
                assert!(listed["pkcs"].as_str().unwrap().starts_with("-----BEGIN PKCS7-----\r\n"));
                let mut members: Vec<_> = jwk.as_object().unwrap().keys().map(String::as_str).collect();
                members.sort_unstable();
                assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x", "x5c", "x5t", "y"]);
                for (name, value) in [("kty", "EC"), ("use", "sig"), ("crv", crv), ("alg", alg)] {
                    assert_eq!(jwk[name], value, "{name}");
                }
                assert_eq!(jwk["kid"], listed["kid"]);
                assert_eq!(jwk["x5c"][0], certificate.base64_der());
                for coordinate in ["x", "y"] {
                    assert_eq!(jwk[coordinate].as_str().unwrap().len(), width, "{coordinate}");
                }
            }
            assert_ne!(made[0]["kid"], made[1]["kid"]);
            // Sealed, as every private half: no PKCS#8 of a curve stands in the database.
            let rows = server.app.db.query("SELECT private FROM connection_keys", &[]).await.unwrap();
            assert!(rows.len() >= 2);
            for row in rows {
                let sealed = row.bytes("private").unwrap();
                let identifier = [0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
                assert!(!sealed.windows(identifier.len()).any(|part| part == identifier));
            }
        }
    }
}

#[tokio::test]
async fn a_ring_changes_to_another_kind_of_key_with_overlap_and_back() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let connection = connection(&server, "okta").await;
        let tenant = tenant(&server).await;
        create(&server, &json!({})).await;
        let kinds = async || {
            let set = server.get(KEY_SET).await.expect(200);
            let keys = set["keys"].as_array().unwrap().clone();
            keys.iter().map(|key| key["kty"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        for (wish, listed, published) in [
            ("ES256", ["RS256", "RS256", "ES256"], ["RSA", "EC"]),
            ("ES384", ["ES256", "RS256", "ES384"], ["EC", "EC"]),
            ("PS256", ["ES384", "ES256", "PS256"], ["EC", "RSA"]),
            ("RS512", ["PS256", "ES384", "RS512"], ["RSA", "RSA"]),
        ] {
            server.clock.advance(SignedDuration::from_hours(1));
            let body = json!({ "signing_alg": wish });
            let next = server.api_send(Method::POST, ROTATE, &body).await.expect(201);
            let list = keys(&server).await;
            assert_eq!(places(&list), ["current", "previous", "next"]);
            assert_eq!(next, list[2]);
            let algorithms: Vec<_> = list.as_array().unwrap().iter().map(|key| &key["algorithm"]).collect();
            assert_eq!(algorithms, listed);
            assert_eq!(kinds().await, published);
            // A process that has just started signs with the same key.
            for server in [&server, &server.sibling().await] {
                let key = own::assertion_key(&server.app, tenant.id(), &connection).await.unwrap().unwrap();
                assert_eq!(
                    (key.kid.as_str(), key.algorithm.name()),
                    (list[0]["kid"].as_str().unwrap(), listed[0])
                );
                let signature = key.private.sign(key.algorithm, b"assertion").unwrap();
                let public = key::PrivateKey::certified(&key.certificate).unwrap();
                assert_eq!(public.verify(key.algorithm, b"assertion", &signature), Ok(()));
            }
        }
    }
}

#[tokio::test]
async fn without_a_wish_keys_are_for_what_the_connection_is_registered_with() {
    let server = TestServer::start().await;
    let options = json!({ "client_id": "c", "discovery_url": "https://idp.example/" });
    for (registered, wish, expected) in [
        (Value::Null, json!({}), "RS256"),
        (json!("ES384"), json!({}), "ES384"),
        (json!("PS256"), Value::Null, "PS256"),
        (json!("ES384"), json!({ "signing_alg": "RS256" }), "RS256"),
    ] {
        let mut options = options.clone();
        options["token_endpoint_auth_signing_alg"] = registered;
        let body = json!({ "name": "corp", "strategy": "oidc", "options": options });
        let made = server.api_send(Method::POST, "/connections", &body).await.expect(201);
        let path = format!("/connections/{}", made["id"].as_str().unwrap());
        let keys = server.api_send(Method::POST, &format!("{path}/keys"), &wish).await.expect(201);
        assert_eq!((&keys[0]["algorithm"], &keys[1]["algorithm"]), (&json!(expected), &json!(expected)));
        server.api_call(Method::DELETE, &path).await.expect(202);
    }
}

#[tokio::test]
async fn keys_that_exist_are_not_made_again() {
    for on in engines() {
        let server = TestServer::on(on).await;
        connection(&server, "oidc").await;
        let made = create(&server, &json!({ "signing_alg": "PS384" })).await;
        assert_eq!(made[1]["algorithm"], "PS384");
        let message = "Keys have already been created for this connection. Rotate them instead.";
        let conflict = error(409, "Conflict", None, message);
        assert_eq!(server.api_call(Method::POST, PATH).await.both(), (409, conflict));
        assert_eq!(keys(&server).await, made);
    }
}

#[tokio::test]
async fn two_that_make_the_keys_of_a_connection_at_once_make_one_ring() {
    for on in engines() {
        let server = TestServer::on(on).await;
        connection(&server, "oidc").await;
        let sibling = server.sibling().await;
        let (one, other) =
            tokio::join!(server.api_call(Method::POST, PATH), sibling.api_call(Method::POST, PATH));
        let mut statuses = [one.status.as_u16(), other.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409]);
        assert_eq!(places(&keys(&server).await), ["current", "next"]);
    }
}

#[tokio::test]
async fn rotating_lists_current_previous_and_next_and_keeps_one_previous_key() {
    for on in engines() {
        let server = TestServer::on(on).await;
        connection(&server, "oidc").await;
        let before = create(&server, &json!({})).await;
        server.clock.advance(SignedDuration::from_hours(1));
        let next = server.api_send(Method::POST, ROTATE, &Value::Null).await.expect(201);
        let after = keys(&server).await;
        assert_eq!(places(&after), ["current", "previous", "next"]);
        assert_eq!(next, after[2]);
        assert_eq!((&after[0]["kid"], &after[1]["kid"]), (&before[1]["kid"], &before[0]["kid"]));
        assert_eq!(after[0]["current_since"], "2027-01-15T09:00:00.000Z");
        // A new key may be for another algorithm; the others stay what they are.
        let wish = json!({ "signing_alg": "RS512" });
        server.api_send(Method::POST, ROTATE, &wish).await.expect(201);
        let last = keys(&server).await;
        assert_eq!(places(&last), ["current", "previous", "next"]);
        assert_eq!(last[1]["kid"], after[0]["kid"], "the key before is forgotten");
        let algorithms = |list: &Value| {
            list.as_array().unwrap().iter().map(|key| key["algorithm"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(algorithms(&last), ["RS256", "RS256", "RS512"]);
        let next = server.api_call(Method::POST, ROTATE).await.expect(201);
        assert_eq!(next["algorithm"], "RS512");
    }
}

#[tokio::test]
async fn keys_are_refused_where_a_connection_has_none_and_nothing_is_made() {
    let server = TestServer::start().await;
    let unknown = error(404, "Not Found", Some("inexistent_connection"), "The connection does not exist");
    for (method, path) in [(Method::GET, PATH), (Method::POST, PATH), (Method::POST, ROTATE)] {
        assert_eq!(server.api_call(method, path).await.both(), (404, unknown.clone()));
    }
    connection(&server, "auth0").await;
    let message = "Keys are not available for this connection: its strategy is auth0. Connections of the strategies oidc and okta have keys.";
    let refused = error(400, "Bad Request", Some("operation_not_supported"), message);
    for (method, path) in [(Method::GET, PATH), (Method::POST, PATH), (Method::POST, ROTATE)] {
        assert_eq!(server.api_call(method, path).await.both(), (400, refused.clone()));
    }
    let other = TestServer::start().await;
    connection(&other, "oidc").await;
    let message = "The connection has no keys yet. Create them with POST /api/v2/connections/{id}/keys.";
    let refused = error(400, "Bad Request", Some("operation_not_supported"), message);
    assert_eq!(other.api_call(Method::POST, ROTATE).await.both(), (400, refused));
    for (wish, begins) in [
        (json!({ "signing_alg": "ES512" }), "Payload validation error"),
        (json!({ "signing_alg": "es256" }), "Payload validation error"),
        (json!({ "signing_alg": "HS256" }), "Payload validation error"),
        (json!({ "alg": "RS256" }), "Payload validation error"),
        (json!([]), "Payload validation error"),
    ] {
        for path in [PATH, ROTATE] {
            let answer = other.api_send(Method::POST, path, &wish).await;
            let body = answer.expect(400);
            assert_eq!(body["errorCode"], "invalid_body");
            assert!(body["message"].as_str().unwrap().starts_with(begins), "{wish}: {body}");
        }
    }
    assert_eq!(keys(&other).await, json!([]));
}

#[tokio::test]
async fn providers_read_current_and_next_key_at_two_addresses() {
    for on in engines() {
        let server = TestServer::on(on).await;
        server.get(KEY_SET).await.expect(404);
        connection(&server, "oidc").await;
        server.get(KEY_SET).await.expect(404);
        create(&server, &json!({ "signing_alg": "PS256" })).await;
        server.api_call(Method::POST, ROTATE).await.expect(201);
        let listed = keys(&server).await;
        let answer = server.get(KEY_SET).await;
        let set = answer.expect(200);
        let kids: Vec<_> = set["keys"].as_array().unwrap().iter().map(|key| key["kid"].clone()).collect();
        assert_eq!(kids, [listed[0]["kid"].clone(), listed[2]["kid"].clone()]);
        assert_eq!(set["keys"][0]["alg"], "PS256");
        assert_eq!(answer.header("content-type"), Some("application/json; charset=utf-8"));
        assert!(answer.header("cache-control").unwrap().starts_with("public, max-age="));
        let by_name = server.get("/oauth/connection/my-oidc/.well-known/jwks.json").await;
        assert_eq!(by_name.expect(200), set);
        let etag = answer.header("etag").unwrap();
        let again = server.send(Call::get(KEY_SET).header("if-none-match", etag).build()).await;
        assert_eq!(again.status, 304);
        for path in [
            "/.well-known/connections/con_00Administrators/jwks.json",
            "/oauth/connection/Chancery-Administrators/.well-known/jwks.json",
            "/oauth/connection/Username-Password-Authentication/.well-known/jwks.json",
            "/oauth/connection/%FF/.well-known/jwks.json",
        ] {
            let status = server.get(path).await.status.as_u16();
            assert!([400, 404].contains(&status), "{path}: {status}");
        }
    }
}

#[tokio::test]
async fn a_connection_signs_its_assertions_with_the_current_key() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let connection = connection(&server, "okta").await;
        let tenant = tenant(&server).await;
        let key = async || own::assertion_key(&server.app, tenant.id(), &connection).await.unwrap();
        assert!(key().await.is_none());
        create(&server, &json!({ "signing_alg": "RS384" })).await;
        for _ in 0..2 {
            let key = key().await.unwrap();
            let listed = keys(&server).await;
            assert_eq!(
                (key.kid.as_str(), key.algorithm.name()),
                (listed[0]["kid"].as_str().unwrap(), "RS384")
            );
            let signature = key.private.sign(key.algorithm, b"assertion").unwrap();
            let certificate = Certificate::from_pem(listed[0]["cert"].as_str().unwrap()).unwrap();
            assert_eq!(certificate, key.certificate);
            let public = certificate.public_key().unwrap();
            assert_eq!(public.verify(key.algorithm, b"assertion", &signature), Ok(()));
            server.api_call(Method::POST, ROTATE).await.expect(201);
        }
    }
}

#[tokio::test]
async fn keys_die_with_their_connection_and_are_apart_from_those_of_the_tenant() {
    for on in engines() {
        let server = TestServer::on(on).await;
        connection(&server, "oidc").await;
        let shared = server.api_get("/keys/connection").await.expect(200);
        create(&server, &json!({})).await;
        server.api_call(Method::POST, ROTATE).await.expect(201);
        assert_eq!(server.api_get("/keys/connection").await.expect(200), shared);
        let sealed = server.api_get("/keys/sealed").await.expect(200);
        assert_eq!(sealed["sealed"][1], json!({ "kind": "connection_keys", "count": 5, "more": false }));
        server.api_call(Method::DELETE, "/connections/con_0123456789abcdef").await.expect(202);
        for sql in ["SELECT kid FROM connection_keys", "SELECT next_kid AS kid FROM connection_key_rings"] {
            let left = server.app.db.query(sql, &[]).await.unwrap();
            let all = shared.as_array().unwrap();
            for row in left {
                let kid = row.text("kid").unwrap();
                assert!(all.iter().any(|key| key["kid"] == kid), "{kid} on {on:?}");
            }
        }
        server.get(KEY_SET).await.expect(404);
        server.api_call(Method::GET, PATH).await.expect(404);
    }
}

#[tokio::test]
async fn keys_of_connections_need_scopes_of_their_own_and_changes_stand_in_the_log() {
    let server = TestServer::start().await;
    connection(&server, "oidc").await;
    for (method, path, scope, expected) in [
        (Method::GET, PATH, "read:connections", "any of: read:connections_keys"),
        (Method::POST, PATH, "update:connections_keys", "any of: create:connections_keys"),
        (
            Method::POST,
            ROTATE,
            "create:connections_keys",
            "all of: create:connections_keys,update:connections_keys",
        ),
    ] {
        let token = server.token(&[scope]).await;
        let call = Call::new(method, &format!("/api/v2{path}")).bearer(&token).build();
        let message = format!("Insufficient scope, expected {expected}");
        let refused = error(403, "Forbidden", Some("insufficient_scope"), &message);
        assert_eq!(server.send(call).await.both(), (403, refused));
    }
    create(&server, &json!({})).await;
    server.api_call(Method::POST, ROTATE).await.expect(201);
    let log = server.api_get("/logs?sort=date:1").await.expect(200);
    let described =
        |text: &str| log.as_array().unwrap().iter().filter(|entry| entry["description"] == text).count();
    assert_eq!(described("Create the keys of a connection"), 1);
    assert_eq!(described("Rotate the keys of a connection"), 1);
}
