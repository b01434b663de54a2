//! `/api/v2/keys/encryption` and `/api/v2/keys/sealed`

use chancery::db::{Engine, Value as Bound};
use http::Method;
use serde_json::{Value, json};

use super::common::{at_other, bad, needs_scopes, other_tenant};
use crate::kit::{TestServer, engines, error};

/// By what id the first tenant calls the master key.
async fn kid(server: &TestServer) -> String {
    let list = server.api_get("/keys/encryption").await.expect(200);
    list[0]["kid"].as_str().unwrap().to_owned()
}

fn key(kid: &str, since: &str) -> Value {
    json!({
        "kid": kid, "type": "environment-root-key", "state": "active", "created_at": since, "updated_at": since,
        "parent_kid": null, "public_key": null,
    })
}

/// Marks the installation as `bootstrap` does, at a moment of its own.
async fn installed(server: &TestServer) {
    let mut tx = server.app.db.begin().await.unwrap();
    let sql = "INSERT INTO installation (id, seal_check, created_at) VALUES (1, $1, 1750000000000)";
    tx.execute(sql, &[Bound::Bytes(vec![0])]).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn there_is_one_key_and_each_tenant_calls_it_by_an_id_of_its_own() {
    for on in engines() {
        let server = TestServer::on(on).await;
        // Without a mark of the installation it is as old as the tenant.
        let kid = kid(&server).await;
        let young = key(&kid, "2027-01-15T08:00:00.000Z");
        assert_eq!(server.api_get("/keys/encryption").await.expect(200), json!([young]));
        installed(&server).await;
        let key = key(&kid, "2025-06-15T15:06:40.000Z");
        for (query, expected) in [
            ("", json!([key])),
            ("?include_totals=true", json!({ "start": 0, "limit": 50, "total": 1, "keys": [key] })),
            ("?page=1&per_page=10", json!([])),
            (
                "?page=1&per_page=10&include_totals=true",
                json!({ "start": 10, "limit": 10, "total": 1, "keys": [] }),
            ),
            ("?per_page=0", json!([])),
        ] {
            let path = format!("/keys/encryption{query}");
            assert_eq!(server.api_get(&path).await.expect(200), expected, "{query}");
        }
        let one = format!("/keys/encryption/{kid}");
        assert_eq!(server.api_get(&one).await.expect(200), key);
        assert_eq!(server.sibling().await.api_get(&one).await.expect(200), key);
        let token = other_tenant(&server).await;
        at_other(&server, &token, (Method::GET, &one), None).await.expect(404);
        let mut other = at_other(&server, &token, (Method::GET, "/keys/encryption"), None).await.expect(200);
        assert_ne!(other[0]["kid"], kid);
        other[0]["kid"] = json!(kid);
        assert_eq!(other, json!([key]));
    }
}

#[tokio::test]
async fn a_key_that_is_not_there_is_not_found() {
    let server = TestServer::start().await;
    let unknown = "/keys/encryption/6f0d4c0e-8f5a-4a0c-9a9e-4b1f1a1d0c11";
    let missing = error(404, "Not Found", None, "Encryption key not found.");
    assert_eq!(server.api_get(unknown).await.both(), (404, missing));
    let refused =
        bad("invalid_uri", "Path validation error: 'String does not match format uuid' on property kid.");
    assert_eq!(server.api_get("/keys/encryption/x").await.both(), refused);
    // What changes keys is not served.
    server.api_call(Method::POST, "/keys/encryption/rekey").await.expect(405);
    server.api_call(Method::POST, "/keys/encryption").await.expect(405);
    server.api_call(Method::DELETE, unknown).await.expect(405);
}

/// The kinds with how much there is of each.
fn kinds(answer: &Value) -> Vec<(&str, i64)> {
    let sealed = answer["sealed"].as_array().unwrap().iter();
    sealed.map(|kind| (kind["kind"].as_str().unwrap(), kind["count"].as_i64().unwrap())).collect()
}

#[tokio::test]
async fn everything_that_is_sealed_is_counted_by_its_kind() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let kind = |kind: &str, count: i64| json!({ "kind": kind, "count": count, "more": false });
        let expected = json!({
            "key": {
                "kid": kid(&server).await, "version": 1, "algorithm": "AES-256-GCM", "created_at": "2027-01-15T08:00:00.000Z",
            },
            "sealed": [
                kind("signing_keys", 2),
                kind("connection_keys", 0),
                kind("client_secrets", 1),
                kind("client_addons", 0),
                kind("api_signing_secrets", 0),
                kind("connection_options", 0),
                kind("email_provider_credentials", 0),
                kind("mails", 0),
            ],
        });
        assert_eq!(server.api_get("/keys/sealed").await.expect(200), expected);

        server.get("/pem?cert=connection").await.expect_ok();
        server.api_call(Method::POST, "/keys/signing/rotate").await.expect(201);
        let (post, smtp) =
            (Method::POST, json!({ "smtp_host": "mail.example", "smtp_user": "u", "smtp_pass": "p" }));
        for (path, body) in [
            ("/clients", json!({ "name": "x", "addons": { "samlp": {} } })),
            ("/resource-servers", json!({ "identifier": "urn:hs", "signing_alg": "HS256" })),
            (
                "/connections",
                json!({ "name": "c", "strategy": "auth0", "options": { "configuration": { "a": "b" } } }),
            ),
            ("/emails/provider", json!({ "name": "smtp", "credentials": smtp })),
        ] {
            server.api_send(post.clone(), path, &body).await.expect(201);
        }
        let user = json!({ "connection": "c", "email": "ada@x.example", "password": "Correct-Horse-9" });
        server.api_send(post, "/users", &user).await.expect(201);
        let answer = server.api_get("/keys/sealed").await.expect(200);
        let expected = [
            ("signing_keys", 3),
            ("connection_keys", 2),
            ("client_secrets", 2),
            ("client_addons", 1),
            ("api_signing_secrets", 1),
            ("connection_options", 1),
            ("email_provider_credentials", 1),
            ("mails", 1),
        ];
        assert_eq!(kinds(&answer), expected);
        let token = other_tenant(&server).await;
        let other = at_other(&server, &token, (Method::GET, "/keys/sealed"), None).await.expect(200);
        let counts: Vec<_> = kinds(&other).into_iter().map(|(_, count)| count).collect();
        assert_eq!(counts, [2, 0, 1, 0, 0, 0, 0, 0]);

        // A revoked key has nothing left that could be sealed.
        let keys = server.api_get("/keys/signing").await.expect(200);
        let previous = keys[2]["kid"].as_str().unwrap();
        server.api_call(Method::PUT, &format!("/keys/signing/{previous}/revoke")).await.expect(200);
        assert_eq!(kinds(&server.api_get("/keys/sealed").await.expect(200))[0], ("signing_keys", 2));
    }
}

#[tokio::test]
async fn what_only_few_have_is_counted_without_reading_the_others() {
    let server = TestServer::start().await;
    assert_eq!(server.app.db.engine(), Engine::Sqlite);
    server.api_get("/keys/sealed").await.expect(200);
    server.api_get("/keys/ring").await.expect(200);
    for (piece, index) in [
        ("addons IS NOT NULL LIMIT", "clients_with_addons"),
        ("AND addons IS NOT NULL AND NOT is_global", "clients_with_addons"),
        ("signing_secret IS NOT NULL LIMIT", "resource_servers_with_secret"),
        ("FROM connections WHERE tenant_id = $1 AND secrets IS NOT NULL", "connections_with_secrets"),
        ("state <> 'sent' LIMIT", "mails_with_message"),
    ] {
        let executed = server.app.db.executed();
        let sql =
            executed.iter().find(|sql| sql.contains(piece)).unwrap_or_else(|| panic!("{piece} did not run"));
        let explained: &'static str = Box::leak(format!("EXPLAIN QUERY PLAN {sql}").into_boxed_str());
        let values: &[Bound] = &["ten_x".into(), Bound::Int(1)];
        let values = &values[..if sql.contains("$2") { 2 } else { 1 }];
        let rows = server.app.db.query(explained, values).await.unwrap();
        let plan: Vec<_> = rows.iter().map(|row| row.text("detail").unwrap()).collect();
        assert!(plan.join("\n").contains(index), "{index}: {plan:?}");
    }
}

#[tokio::test]
async fn each_operation_on_encryption_keys_needs_a_scope() {
    let server = TestServer::start().await;
    let scopes: &[&str] = &["read:encryption_keys"];
    let one = format!("/keys/encryption/{}", kid(&server).await);
    let paths = ["/keys/encryption", &one, "/keys/sealed"];
    needs_scopes(&server, &paths.map(|path| (Method::GET, path, scopes))).await;
}

/// Runs every statement of this slice.
pub(crate) async fn exercise(server: &TestServer) {
    for path in ["/keys/encryption", "/keys/sealed"] {
        server.api_get(path).await.expect(200);
    }
}
