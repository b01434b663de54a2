//! Links of mails and tickets: whose password, address or block they are about, and when they are worth nothing any more.

use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::super::{Application, Browser, CONNECTION, PASSWORD, REALM, application, link_in, mails, token};
use crate::kit::{Call, ISSUER, TestServer, engines};

const NEW: &str = "Another-Horse-8";

async fn shop(server: &TestServer) -> Application {
    application(server, json!({ "grant_types": [REALM] })).await
}

/// Makes a user; answers the id.
async fn person(server: &TestServer, email: &str) -> String {
    let body = json!({ "connection": CONNECTION, "email": email, "password": PASSWORD });
    let made = server.api_send(Method::POST, "/users", &body).await.expect(201);
    made["user_id"].as_str().unwrap().to_owned()
}

/// Makes a user of two identities, `one@` and `two@x.example`; answers the id and that of the second identity.
async fn linked(server: &TestServer) -> (String, String) {
    let (user_id, second) = (person(server, "one@x.example").await, person(server, "two@x.example").await);
    let link = json!({ "provider": "auth0", "user_id": second });
    server.api_send(Method::POST, &format!("/users/{user_id}/identities"), &link).await.expect(201);
    (user_id, second.trim_start_matches("auth0|").to_owned())
}

/// The status of a login with a password.
async fn login(server: &TestServer, shop: &Application, (email, password): (&str, &str)) -> u16 {
    let form = [
        ("grant_type", REALM),
        ("realm", CONNECTION),
        ("client_id", &shop.id),
        ("client_secret", &shop.secret),
        ("username", email),
        ("password", password),
    ];
    token(server, &form).await.status.as_u16()
}

/// Asks for a mail with a link to a new password; answers to whom it went and the path of the link.
async fn forgot(server: &TestServer, shop: &Application, email: &str) -> (String, String) {
    server.clock.advance(SignedDuration::from_secs(1));
    let ask = json!({ "client_id": shop.id, "connection": CONNECTION, "email": email });
    let path = "/dbconnections/change_password";
    assert_eq!(server.send(Call::new(Method::POST, path).json(&ask).build()).await.status, 200);
    let mails = mails(server).await;
    let mail = mails.last().unwrap();
    (mail.to.clone(), link_in(mail))
}

/// A ticket of the Management API; answers the path of its link.
async fn ticket(server: &TestServer, kind: &str, body: &Value) -> String {
    let made = server.api_send(Method::POST, &format!("/tickets/{kind}"), body).await.expect(201);
    let link = made["ticket"].as_str().unwrap();
    link.strip_prefix(ISSUER.trim_end_matches('/')).unwrap().trim_end_matches('#').to_owned()
}

/// Sets a password by a link.
async fn follow(server: &TestServer, link: &str, password: &str) -> String {
    let mut browser = Browser::default();
    let page = browser.get(server, link).await;
    page.expect_ok();
    let done = browser.submit(server, &page, &[("password", password), ("password_repeat", password)]).await;
    done.expect_ok();
    done.text().clone()
}

#[tokio::test]
async fn a_link_to_a_new_password_is_worth_nothing_once_the_address_or_the_password_is_another() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = shop(&server).await;
        let user_id = person(&server, "old@x.example").await;
        let path = format!("/users/{user_id}");
        let (_, mailed) = forgot(&server, &shop, "old@x.example").await;
        let made = ticket(&server, "password-change", &json!({ "user_id": user_id })).await;
        let address = json!({ "email": "new@x.example", "email_verified": true });
        server.api_send(Method::PATCH, &path, &address).await.expect(200);
        for link in [&mailed, &made] {
            assert_eq!(Browser::default().get(&server, link).await.status, 400, "{on:?}: the former address");
        }

        let (to, mailed) = forgot(&server, &shop, "new@x.example").await;
        assert_eq!(to, "new@x.example");
        server.api_send(Method::PATCH, &path, &json!({ "password": NEW })).await.expect(200);
        assert_eq!(Browser::default().get(&server, &mailed).await.status, 400, "{on:?}: the former password");
        assert_eq!(login(&server, &shop, ("new@x.example", NEW)).await, 200);
    }
}

#[tokio::test]
async fn a_new_password_is_that_of_the_identity_whose_address_was_named() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = shop(&server).await;
        let (user_id, second) = linked(&server).await;
        let found = server.api_get("/connections?name=Username-Password-Authentication").await.expect(200);
        let connection = found[0]["id"].as_str().unwrap();
        let identity = json!({ "provider": "auth0", "user_id": second });
        let (to, mailed) = forgot(&server, &shop, "two@x.example").await;
        assert_eq!(to, "two@x.example", "{on:?}");
        let named = [
            json!({ "user_id": user_id, "identity": identity }),
            json!({ "connection_id": connection, "email": "Two@x.example" }),
        ];
        follow(&server, &mailed, NEW).await;
        assert_eq!(login(&server, &shop, ("two@x.example", NEW)).await, 200, "{on:?}");
        for (number, wanted) in named.iter().enumerate() {
            let password = format!("{NEW}{number}");
            follow(&server, &ticket(&server, "password-change", wanted).await, &password).await;
            assert_eq!(login(&server, &shop, ("two@x.example", &password)).await, 200, "{on:?} {wanted}");
        }
        assert_eq!(login(&server, &shop, ("one@x.example", PASSWORD)).await, 200, "{on:?}");
        let user = server.api_get(&format!("/users/{user_id}")).await.expect(200);
        assert_eq!(user["email_verified"], false, "the first address was not proved by mail to the second");
        assert_eq!(user["identities"][1]["profileData"]["email_verified"], true, "{user}");
    }
}

#[tokio::test]
async fn an_address_is_proved_for_the_identity_that_has_it() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let (user_id, second) = linked(&server).await;
        let verified = async || {
            let user = server.api_get(&format!("/users/{user_id}")).await.expect(200);
            let linked = &user["identities"][1]["profileData"]["email_verified"];
            (user["email_verified"] == true, *linked == true)
        };
        assert_eq!(verified().await, (false, false));
        let identity = json!({ "provider": "auth0", "user_id": second });
        let wanted = json!({ "user_id": user_id, "identity": identity });
        let link = ticket(&server, "email-verification", &wanted).await;
        Browser::default().get(&server, &link).await.expect_ok();
        assert_eq!(verified().await, (false, true), "{on:?}");
        let link = ticket(&server, "email-verification", &json!({ "user_id": user_id })).await;
        Browser::default().get(&server, &link).await.expect_ok();
        assert_eq!(verified().await, (true, true), "{on:?}");
    }
}

#[tokio::test]
async fn the_blocks_of_every_identity_are_shown_and_lifted_with_the_user() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = shop(&server).await;
        let (user_id, _) = linked(&server).await;
        for _ in 0..10 {
            assert_ne!(login(&server, &shop, ("two@x.example", "wrong")).await, 200);
        }
        assert_eq!(login(&server, &shop, ("two@x.example", PASSWORD)).await, 429, "{on:?}");
        let path = format!("/user-blocks/{user_id}");
        let shown = server.api_get(&path).await.expect(200);
        assert_eq!(shown["blocked_for"][0]["identifier"], "two@x.example", "{on:?}");
        assert_eq!(server.api_call(Method::DELETE, &path).await.status, 204);
        assert_eq!(login(&server, &shop, ("two@x.example", PASSWORD)).await, 200, "{on:?}");
    }
}

#[tokio::test]
async fn the_last_page_leads_on_with_the_address_where_that_was_asked_for() {
    let server = TestServer::start().await;
    let user_id = person(&server, "a@x.example").await;
    for (include, expected) in
        [(true, "https://x.example/r?a=1&#38;email=a%40x.example"), (false, "https://x.example/r?a=1")]
    {
        let wanted = json!({
            "user_id": user_id, "result_url": "https://x.example/r?a=1", "includeEmailInRedirect": include,
        });
        let link = ticket(&server, "password-change", &wanted).await;
        let last = follow(&server, &link, &format!("{NEW}{include}")).await;
        assert!(last.contains(&format!("href=\"{expected}\"")), "{last}");
    }
}
