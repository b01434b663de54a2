//! Sessions and refresh tokens in the Management API, and how long they last.

use chancery::http::Origin;
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Browser, application, authorize, exchange, parameter, refresh, signed_in, user};
use crate::kit::{Call, DOMAIN, TestServer, claims, engines, error};

/// The answers of the Management API that every operation of sign-ins is called for once.
pub(crate) async fn exercise(server: &TestServer) {
    let rotating = json!({ "rotation_type": "rotating", "expiration_type": "expiring" });
    let shop = application(server, json!({ "refresh_token": rotating })).await;
    let user_id = user(server).await;
    let mut browser = Browser::default();
    let back = signed_in(server, &mut browser, &shop, &[]).await;
    let tokens = exchange(server, &shop, &parameter(&back, "code")).await.expect(200);
    refresh(server, &shop, tokens["refresh_token"].as_str().unwrap()).await.expect(200);
    let sessions = format!("/users/{user_id}/sessions");
    let listed = server.api_get(&format!("{sessions}?include_totals=true")).await.expect(200);
    let session = format!("/sessions/{}", listed["sessions"][0]["id"].as_str().unwrap());
    server.api_get(&session).await.expect(200);
    server.api_send(Method::PATCH, &session, &json!({ "session_metadata": { "a": 1 } })).await.expect(200);
    let of_user = format!("/users/{user_id}/refresh-tokens");
    let listed = server.api_get(&format!("{of_user}?include_totals=true")).await.expect(200);
    let token = listed["tokens"][0]["id"].as_str().unwrap().to_owned();
    server.api_get(&format!("/refresh-tokens?user_id={user_id}&client_id={}", shop.id)).await.expect(200);
    let path = format!("/refresh-tokens/{token}");
    server.api_get(&path).await.expect(200);
    server.api_send(Method::PATCH, &path, &json!({ "refresh_token_metadata": { "a": 1 } })).await.expect(200);
    server.api_call(Method::DELETE, &path).await.expect(202);
    server.api_call(Method::DELETE, &of_user).await.expect(202);
    server.api_send(Method::POST, "/refresh-tokens/revoke", &json!({ "ids": [token] })).await.expect(202);
    signed_in(server, &mut browser, &shop, &[("prompt", "login")]).await;
    for matching in [
        json!({ "user_id": user_id }),
        json!({ "client_id": shop.id }),
        json!({ "user_id": user_id, "client_id": shop.id }),
    ] {
        server.api_send(Method::POST, "/refresh-tokens/revoke", &matching).await.expect(202);
    }
    server.clock.advance(SignedDuration::from_secs(120));
    browser.get(server, &authorize(&shop, &[])).await;
    server.api_call(Method::POST, &format!("{session}/revoke")).await.expect(202);
    server.api_call(Method::DELETE, &session).await.expect(202);
    server.api_call(Method::DELETE, &sessions).await.expect(202);
}

#[tokio::test]
async fn a_session_that_is_revoked_takes_its_refresh_tokens_with_it_and_a_deleted_one_leaves_them() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = application(&server, json!({})).await;
        let user_id = user(&server).await;
        for (method, ending, survives) in [(Method::DELETE, "", true), (Method::POST, "/revoke", false)] {
            let mut browser = Browser::default();
            let back = signed_in(&server, &mut browser, &shop, &[]).await;
            let tokens = exchange(&server, &shop, &parameter(&back, "code")).await.expect(200);
            let listed = server.api_get(&format!("/users/{user_id}/sessions")).await.expect(200);
            let id = listed["sessions"][0]["id"].as_str().unwrap();
            server.api_call(method, &format!("/sessions/{id}{ending}")).await.expect(202);
            let silent = browser.get(&server, &authorize(&shop, &[("prompt", "none")])).await;
            assert_eq!(parameter(&silent, "error"), "login_required");
            let status = refresh(&server, &shop, tokens["refresh_token"].as_str().unwrap()).await.status;
            assert_eq!(status == 200, survives);
            let gone = (404, error(404, "Not Found", None, "The session does not exist."));
            assert_eq!(server.api_get(&format!("/sessions/{id}")).await.both(), gone);
        }
    }
}

#[tokio::test]
async fn what_is_remembered_of_a_user_never_outlives_a_change() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = application(&server, json!({})).await;
        let user_id = user(&server).await;
        let path = format!("/users/{user_id}");
        let mut browser = Browser::default();
        let back = signed_in(&server, &mut browser, &shop, &[]).await;
        let tokens = exchange(&server, &shop, &parameter(&back, "code")).await.expect(200);
        let access = tokens["access_token"].as_str().unwrap();
        let silent = authorize(&shop, &[("prompt", "none")]);
        // What each part of the server says of the user's name: user information, a code for a session, a refresh token.
        let mut names = async || {
            let told = server.send(Call::get("/userinfo").bearer(access).build()).await.expect(200);
            let code = parameter(&browser.get(&server, &silent).await, "code");
            let exchanged = exchange(&server, &shop, &code).await.expect(200);
            let refreshed =
                refresh(&server, &shop, exchanged["refresh_token"].as_str().unwrap()).await.expect(200);
            let of = |tokens: &Value| claims(tokens["id_token"].as_str().unwrap())["name"].clone();
            [told["name"].clone(), of(&exchanged), of(&refreshed)]
        };
        for name in ["Ann", "Anna", "Anne"] {
            server.api_send(Method::PATCH, &path, &json!({ "name": name })).await.expect(200);
            assert_eq!(names().await, [name; 3].map(Value::from));
            assert_eq!(names().await, [name; 3].map(Value::from), "again, and then from memory");
        }
        let sibling = server.sibling().await;
        sibling.api_send(Method::PATCH, &path, &json!({ "name": "Annie" })).await.expect(200);
        assert_eq!(names().await, ["Annie"; 3].map(Value::from), "another part of the server changed it");
        server.api_send(Method::PATCH, &path, &json!({ "blocked": true })).await.expect(200);
        let refused = browser.get(&server, &silent).await;
        assert_eq!(parameter(&refused, "error"), "login_required");
        assert_eq!(server.send(Call::get("/userinfo").bearer(access).build()).await.status, 401);
        server.api_call(Method::DELETE, &path).await.expect(204);
        let refused = browser.get(&server, &silent).await;
        assert_eq!(parameter(&refused, "error"), "login_required");
        assert_eq!(server.send(Call::get("/userinfo").bearer(access).build()).await.status, 401);
    }
}

#[tokio::test]
async fn what_is_written_into_a_session_while_it_is_used_stays() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = application(&server, json!({})).await;
        let user_id = user(&server).await;
        let mut browser = Browser::default();
        signed_in(&server, &mut browser, &shop, &[]).await;
        let app = &server.app;
        let tenant = app.tenants.find(app, DOMAIN).await.unwrap().unwrap();
        let cookie = &browser.cookies["__Host-chancery"];
        let read = chancery::sessions::current(app, &tenant, cookie).await.unwrap().unwrap();
        let session = format!("/sessions/{}", read.id);
        let metadata = json!({ "session_metadata": { "desk": 4 } });
        server.api_send(Method::PATCH, &session, &metadata).await.expect(200);
        server.clock.advance(SignedDuration::from_secs(120));
        let from_browser = Origin::of(app, &Call::get("/authorize").build());
        chancery::sessions::touch(app, &tenant, &read, &from_browser).await.unwrap();
        let used = server.api_get(&session).await.expect(200);
        assert_eq!(used["user_id"], user_id);
        assert_ne!(used["updated_at"], used["created_at"], "{on:?}: its use was noted");
        assert_eq!(used["session_metadata"], metadata["session_metadata"], "{on:?}");
    }
}

#[tokio::test]
async fn a_session_ends_when_it_is_idle_for_too_long_and_in_any_case_after_its_lifetime() {
    let server = TestServer::start().await;
    let hours = json!({ "session_lifetime": 3, "idle_session_lifetime": 1 });
    server.api_send(Method::PATCH, "/tenants/settings", &hours).await.expect(200);
    let shop = application(&server, json!({})).await;
    user(&server).await;
    let mut browser = Browser::default();
    signed_in(&server, &mut browser, &shop, &[]).await;
    let mut silent = async |minutes: i64| {
        server.clock.advance(SignedDuration::from_mins(minutes));
        let answer = browser.get(&server, &authorize(&shop, &[("prompt", "none")])).await;
        super::answered(&answer).iter().any(|(name, _)| name == "code")
    };
    for _ in 0..3 {
        assert!(silent(50).await, "each use prolongs it");
    }
    assert!(!silent(40).await, "but not beyond its lifetime");
    signed_in(&server, &mut Browser::default(), &shop, &[]).await;
}

#[tokio::test]
async fn a_login_is_in_the_log_with_its_application_and_connection() {
    let server = TestServer::start().await;
    let shop = application(&server, json!({})).await;
    let user_id = user(&server).await;
    signed_in(&server, &mut Browser::default(), &shop, &[]).await;
    let listed: Value = server.api_get("/logs?q=type:s").await.expect(200);
    let entry = &listed[0];
    for (name, expected) in [
        ("type", "s"),
        ("client_id", shop.id.as_str()),
        ("client_name", "Shop"),
        ("user_id", user_id.as_str()),
        ("user_name", super::EMAIL),
        ("connection", "Username-Password-Authentication"),
        ("strategy", "auth0"),
    ] {
        assert_eq!(entry[name], expected, "{name}");
    }
}
