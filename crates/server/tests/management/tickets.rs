//! `/api/v2/tickets`, and tickets as pages use them.

use chancery::logs::Entry;
use chancery::tickets::{self, Kind, Terms, Ticket};
use chancery::write::Write;
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::mail::tenant;
use crate::kit::{Call, TestServer, engines, error};

const VERIFICATION: &str = "/tickets/email-verification";
const PASSWORD: &str = "/tickets/password-change";

/// A user; answers its id.
async fn ann(server: &TestServer) -> String {
    let body = json!({
        "connection": "Username-Password-Authentication",
        "email": "ann@example.com",
        "password": "Correct-Horse-9-Battery",
    });
    let made = server.api_send(Method::POST, "/users", &body).await.expect(201);
    made["user_id"].as_str().unwrap().to_owned()
}

async fn post(server: &TestServer, path: &str, body: &Value) -> (u16, Value) {
    server.api_send(Method::POST, path, body).await.both()
}

fn text_of(answer: &(u16, Value), page: &str) -> String {
    let url = answer.1["ticket"].as_str().unwrap_or_else(|| panic!("{answer:?}"));
    let text = url.strip_prefix(&format!("https://tenant.example{page}?ticket=")).unwrap();
    text.strip_suffix('#').unwrap().to_owned()
}

async fn redeem(server: &TestServer, kind: Kind, text: &str) -> Option<Ticket> {
    let tenant = tenant(server).await;
    let mut write = Write::begin(&server.app, tenant.id()).await.unwrap();
    let found = tickets::redeem(&server.app, write.tx(), &tenant, (kind, text)).await.unwrap();
    write.commit(Entry::by_cli("Used a ticket")).await.unwrap();
    found
}

async fn is_good(server: &TestServer, kind: Kind, text: &str) -> bool {
    let tenant = tenant(server).await;
    tickets::look(&server.app, &tenant, (kind, text)).await.unwrap().is_some()
}

#[tokio::test]
async fn a_ticket_is_good_for_its_kind_once_and_ends_the_others_of_its_kind() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let user_id = ann(&server).await;
        let body = json!({ "user_id": user_id, "result_url": "https://app.example/done", "ttl_sec": 60 });
        let first = text_of(&post(&server, PASSWORD, &body).await, "/u/reset-verify");
        let second = text_of(&post(&server, PASSWORD, &body).await, "/u/reset-verify");
        let proof = text_of(
            &post(&server, VERIFICATION, &json!({ "user_id": user_id })).await,
            "/u/email-verification",
        );
        assert!(!is_good(&server, Kind::EmailVerification, &first).await, "another kind");
        assert!(!is_good(&server, Kind::PasswordChange, &first.to_lowercase()).await);
        let found = redeem(&server, Kind::PasswordChange, &first).await.unwrap();
        assert_eq!(found.user_id, user_id);
        let terms = Terms {
            email: Some("ann@example.com".to_owned()),
            result_url: Some("https://app.example/done".to_owned()),
            include_email: true,
            ..Terms::default()
        };
        assert_eq!(found.terms, terms);
        assert_eq!(redeem(&server, Kind::PasswordChange, &first).await, None, "once");
        assert_eq!(redeem(&server, Kind::PasswordChange, &second).await, None, "ended with the first");
        assert!(is_good(&server, Kind::EmailVerification, &proof).await, "another kind lives");
        server.clock.advance(SignedDuration::from_secs(432_000));
        assert_eq!(redeem(&server, Kind::EmailVerification, &proof).await, None, "after five days");
    }
}

#[tokio::test]
async fn of_two_that_use_a_ticket_at_once_one_succeeds() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let user_id = ann(&server).await;
        let text = text_of(&post(&server, PASSWORD, &json!({ "user_id": user_id })).await, "/u/reset-verify");
        let (one, other) = tokio::join!(
            redeem(&server, Kind::PasswordChange, &text),
            redeem(&server, Kind::PasswordChange, &text)
        );
        assert_eq!(u8::from(one.is_some()) + u8::from(other.is_some()), 1);
    }
}

#[tokio::test]
async fn a_ticket_is_made_by_address_and_connection_and_by_identity() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let user_id = ann(&server).await;
        let user = server.api_get(&format!("/users/{user_id}")).await.expect(200);
        let connections = server.api_get("/connections").await.expect(200);
        let connection = connections[0]["id"].as_str().unwrap();
        let by_address = json!({ "connection_id": connection, "email": "Ann@Example.com", "mark_email_as_verified": true, "includeEmailInRedirect": false });
        let text = text_of(&post(&server, PASSWORD, &by_address).await, "/u/reset-verify");
        let found = redeem(&server, Kind::PasswordChange, &text).await.unwrap();
        assert_eq!(
            (found.user_id.as_str(), found.terms.connection_id.as_deref()),
            (user_id.as_str(), Some(connection))
        );
        assert!(found.terms.mark_email_as_verified && !found.terms.include_email);
        let identity = json!({ "provider": "auth0", "user_id": user["identities"][0]["user_id"] });
        let by_identity = json!({ "user_id": user_id, "identity": identity });
        assert_eq!(post(&server, PASSWORD, &by_identity).await.0, 201);
        assert_eq!(post(&server, VERIFICATION, &by_identity).await.0, 201);
    }
}

#[tokio::test]
async fn the_host_of_a_request_is_in_no_link() {
    let server = TestServer::start().await;
    let user_id = ann(&server).await;
    let call = server.api(Method::POST, PASSWORD).await.json(&json!({ "user_id": user_id }));
    let call = call.header("x-forwarded-host", "evil.example").header("forwarded", "host=evil.example");
    text_of(&server.send(call.build()).await.both(), "/u/reset-verify");
    let call = Call::to("evil.example", Method::POST, "/api/v2/tickets/password-change");
    let call = call.bearer(&server.token(&[]).await).json(&json!({ "user_id": user_id }));
    assert_ne!(server.send(call.build()).await.status, 201);
}

#[tokio::test]
async fn a_ticket_that_makes_no_sense_is_refused_and_none_is_made() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let user_id = ann(&server).await;
        let unknown = error(404, "Not Found", Some("inexistent_user"), "The user does not exist.");
        for path in [VERIFICATION, PASSWORD] {
            assert_eq!(
                post(&server, path, &json!({ "user_id": "auth0|none" })).await,
                (404, unknown.clone())
            );
            for body in [
                json!({}),
                json!({ "user_id": user_id, "ttl_sec": -1 }),
                json!({ "user_id": user_id, "result_url": "javascript://x/%0aalert(1)" }),
                json!({ "user_id": user_id, "result_url": "/relative" }),
                json!({ "user_id": user_id, "result_url": "https://a.example/\r\nSet-Cookie: a=b" }),
                json!({ "user_id": user_id, "client_id": "nobody" }),
                json!({ "user_id": user_id, "organization_id": "org_1" }),
                json!({ "user_id": user_id, "identity": { "provider": "auth0", "user_id": "other" } }),
            ] {
                assert_eq!(post(&server, path, &body).await.0, 400, "{path} {body}");
            }
        }
        for body in [
            json!({ "user_id": user_id, "email": "ann@example.com" }),
            json!({ "email": "ann@example.com" }),
            json!({ "user_id": user_id, "connection_id": "con_0000000000000001", "email": "ann@example.com" }),
        ] {
            assert_eq!(post(&server, PASSWORD, &body).await.0, 400, "{body}");
        }
        let elsewhere = json!({ "connection_id": "con_0000000000000001", "email": "ann@example.com" });
        assert_eq!(post(&server, PASSWORD, &elsewhere).await, (404, unknown));
    }
}

/// Lets every statement of the tickets run.
pub(crate) async fn make_use_and_forget(server: &TestServer) {
    let user_id = ann(server).await;
    let text = text_of(&post(server, PASSWORD, &json!({ "user_id": user_id })).await, "/u/reset-verify");
    is_good(server, Kind::PasswordChange, &text).await;
    redeem(server, Kind::PasswordChange, &text).await.unwrap();
    let body = json!({ "user_id": user_id, "identity": { "provider": "auth0", "user_id": "other" } });
    post(server, PASSWORD, &body).await;
    let body = json!({ "connection_id": "con_0000000000000001", "email": "nobody@example.com" });
    post(server, PASSWORD, &body).await;
    tickets::forget_old(&server.app.db, server.app.clock.now()).await.unwrap();
    server.api_call(Method::DELETE, &format!("/users/{user_id}")).await.expect(204);
}
