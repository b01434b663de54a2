//! Signing secrets of APIs: who sees them, and what the log and the database hold of them.

use http::Method;
use serde_json::json;

use super::{PATH, listed, made, patched, path_of, plain, with_scope};
use crate::kit::{MANAGEMENT, TestServer, engines};
use crate::management::logs::{entry_of, reads_of_secrets, writes};

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
