//! `/api/v2/grants`

use std::collections::BTreeSet;

use chancery::logs::Entry;
use chancery::user_grants::{Between, granted, record};
use chancery::write::Write;
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::common::{at_other, bad, needs_scopes, other_tenant};
use super::logs::writes;
use super::users::{path_of, person, tenant_of};
use crate::kit::{TestServer, engines};

async fn allow(server: &TestServer, (user, client, audience): (&str, &str, &str), scopes: &[&str]) {
    let mut write = Write::begin(&server.app, &tenant_of(server).await).await.unwrap();
    let tenant = tenant_of(server).await;
    let between = Between { user_id: user, client_id: client, audience };
    let scopes = scopes.iter().map(|scope| (*scope).to_owned());
    record(&server.app, write.tx(), &tenant, between, scopes).await.unwrap();
    write.commit(Entry::by_cli("A consent")).await.unwrap();
}

async fn allowed(
    server: &TestServer,
    (user_id, client_id, audience): (&str, &str, &str),
) -> BTreeSet<String> {
    let tenant = tenant_of(server).await;
    granted(&server.app.db, &tenant, Between { user_id, client_id, audience }).await.unwrap()
}

fn set(scopes: &[&str]) -> BTreeSet<String> {
    scopes.iter().map(|scope| (*scope).to_owned()).collect()
}

async fn listed(server: &TestServer, query: &str) -> Value {
    server.api_get(&format!("/grants{query}")).await.expect(200)
}

/// A user and its id.
async fn somebody(server: &TestServer, email: &str) -> (Value, String) {
    let user = person(server, email).await;
    let id = user["user_id"].as_str().unwrap().to_owned();
    (user, id)
}

#[tokio::test]
async fn allowing_more_adds_to_the_one_consent_of_user_application_and_api() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let (_, ann) = somebody(&server, "ann@x.example").await;
        let client = server.client_id.clone();
        let place = (ann.as_str(), client.as_str(), "urn:api");
        assert!(allowed(&server, place).await.is_empty());
        allow(&server, place, &["b"]).await;
        allow(&server, place, &["a", "b"]).await;
        assert_eq!(allowed(&server, place).await, set(&["a", "b"]));
        for other in [("auth0|x", &*client, "urn:api"), (&*ann, "x", "urn:api"), (&*ann, &*client, "urn:b\0")]
        {
            assert!(allowed(&server, other).await.is_empty());
        }
        let list = listed(&server, "").await;
        let id = list[0]["id"].as_str().unwrap();
        assert_eq!(id.len(), 24);
        let grant = json!({ "id": id, "clientID": client, "user_id": ann, "audience": "urn:api", "scope": ["a", "b"] });
        assert_eq!(list, json!([grant]));
        server.api_call(Method::DELETE, &format!("/grants/{id}")).await.expect(204);
        assert!(allowed(&server, place).await.is_empty());
        let before = writes(&server).await;
        server.api_call(Method::DELETE, &format!("/grants/{id}")).await.expect(204);
        assert_eq!(writes(&server).await, before, "nothing was deleted twice");
    }
}

#[tokio::test]
async fn consents_are_listed_by_user_application_and_api_and_go_with_the_user() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let (user, ann) = somebody(&server, "ann@x.example").await;
        let (_, bob) = somebody(&server, "bob@x.example").await;
        let client = server.client_id.clone();
        for (user, audience) in [(&ann, "urn:a"), (&ann, "urn:b"), (&bob, "urn:a")] {
            allow(&server, (user, &client, audience), &["x"]).await;
            server.clock.advance(SignedDuration::from_secs(1));
        }
        let all = listed(&server, "").await;
        let of_ann = ann.replace('|', "%7C");
        for (query, expected) in [
            (format!("user_id={of_ann}"), vec![0, 1]),
            ("audience=urn:a".to_owned(), vec![0, 2]),
            (format!("user_id={of_ann}&audience=urn:b&client_id={client}"), vec![1]),
            ("client_id=other".to_owned(), vec![]),
        ] {
            let expected: Vec<_> = expected.into_iter().map(|index: usize| all[index].clone()).collect();
            let found = listed(&server, &format!("?include_totals=true&{query}")).await;
            assert_eq!(
                (&found["grants"], &found["total"]),
                (&json!(expected), &json!(expected.len())),
                "{query}"
            );
        }
        let page = listed(&server, "?per_page=1&page=1").await;
        assert_eq!(page, json!([all[1]]));
        let bob_only = json!([all[2]]);
        server.api_call(Method::DELETE, &format!("/grants?user_id={of_ann}")).await.expect(204);
        assert_eq!(listed(&server, "").await, bob_only);
        let refused = "Query validation error: 'Missing required property: user_id' on property user_id.";
        let answer = server.api_call(Method::DELETE, "/grants").await;
        assert_eq!(answer.both(), bad("invalid_query_string", refused));
        assert_eq!(listed(&server, "").await, bob_only);
        allow(&server, (&ann, &client, "urn:a"), &["x"]).await;
        server.api_call(Method::DELETE, &path_of(&user)).await.expect(204);
        assert_eq!(listed(&server, "").await, bob_only);
    }
}

#[tokio::test]
async fn consents_of_another_tenant_are_out_of_reach() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let (_, ann) = somebody(&server, "ann@x.example").await;
        allow(&server, (&ann, &server.client_id, "urn:a"), &["x"]).await;
        let before = listed(&server, "").await;
        let token = other_tenant(&server).await;
        assert_eq!(at_other(&server, &token, (Method::GET, "/grants"), None).await.expect(200), json!([]));
        let by_user = format!("/grants?user_id={}", ann.replace('|', "%7C"));
        for path in [format!("/grants/{}", before[0]["id"].as_str().unwrap()), by_user] {
            at_other(&server, &token, (Method::DELETE, &path), None).await.expect(204);
        }
        assert_eq!(listed(&server, "").await, before);
    }
}

#[tokio::test]
async fn each_operation_on_consents_needs_a_scope() {
    let server = TestServer::start().await;
    needs_scopes(
        &server,
        &[
            (Method::GET, "/grants", &["read:grants"]),
            (Method::DELETE, "/grants?user_id=x", &["delete:grants"]),
            (Method::DELETE, "/grants/x", &["delete:grants"]),
        ],
    )
    .await;
}

/// Runs every statement of this slice.
pub(crate) async fn exercise(server: &TestServer) {
    let (_, user) = somebody(server, "consents@x.example").await;
    let place = (user.as_str(), &*server.client_id, "urn:a");
    allow(server, place, &["x"]).await;
    allowed(server, place).await;
    listed(server, "?include_totals=true").await;
    server.api_call(Method::DELETE, "/grants/x").await.expect(204);
    server.api_call(Method::DELETE, "/grants?user_id=x").await.expect(204);
}
