//! Where a sign-in, a session and an application meet at their edges: what ends together, and who may be where.

use http::Method;
use serde_json::json;

use super::{
    Browser, CALLBACK, CONNECTION, EMAIL, PASSWORD, answered, application, authorize, exchange, mails,
    parameter, signed_in, token, user,
};
use crate::kit::{Call, TestServer, engines};

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

#[tokio::test]
async fn a_code_or_a_device_of_a_session_that_has_ended_gets_nothing() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let grants = json!({ "grant_types": ["authorization_code", "refresh_token", DEVICE] });
        let shop = application(&server, grants).await;
        user(&server).await;
        let mut browser = Browser::default();
        let back = signed_in(&server, &mut browser, &shop, &[]).await;
        let code = parameter(&back, "code");
        let proof = [("client_id", shop.id.clone()), ("client_secret", shop.secret.clone())];
        let pairs: Vec<_> = proof.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let asked =
            server.send(Call::new(Method::POST, "/oauth/device/code").form(&pairs).build()).await.expect(200);
        let page = browser.get(&server, "/activate").await;
        let typed = [("user_code", asked["user_code"].as_str().unwrap())];
        let page = browser.submit(&server, &page, &typed).await;
        browser.submit(&server, &page, &[("action", "accept")]).await.expect_ok();
        browser.get(&server, "/v2/logout").await.expect_ok();
        let invalid = |text: &str| (403, json!({ "error": "invalid_grant", "error_description": text }));
        for _ in 0..2 {
            assert_eq!(exchange(&server, &shop, &code).await.both(), invalid("Invalid authorization code"));
        }
        let device = asked["device_code"].as_str().unwrap();
        let form = [
            ("grant_type", DEVICE),
            ("client_id", &shop.id),
            ("client_secret", &shop.secret),
            ("device_code", device),
        ];
        assert_eq!(token(&server, &form).await.both(), invalid("Invalid or expired device code."));
    }
}

#[tokio::test]
async fn whoever_does_not_want_to_log_out_stays_logged_in() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let bye = "https://app.example/bye";
        let shop = application(&server, json!({ "allowed_logout_urls": [bye] })).await;
        user(&server).await;
        let mut browser = Browser::default();
        signed_in(&server, &mut browser, &shop, &[]).await;
        let away = format!("/oidc/logout?client_id={}&post_logout_redirect_uri={bye}", shop.id);
        let page = browser.get(&server, &away).await;
        let back = browser.submit(&server, &page, &[("action", "deny")]).await;
        assert_eq!(back.header("location"), Some(bye));
        let page = browser.get(&server, "/oidc/logout").await;
        let kept = browser.submit(&server, &page, &[("action", "deny")]).await;
        assert!(kept.text().contains("You are still logged in"), "{}", kept.text());
        let silent = browser.get(&server, &authorize(&shop, &[("prompt", "none")])).await;
        assert!(answered(&silent).iter().any(|(name, _)| name == "code"));
    }
}

#[tokio::test]
async fn a_session_counts_at_the_applications_of_its_connection_alone() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let ours = application(&server, json!({ "name": "Ours" })).await;
        let theirs = application(&server, json!({ "name": "Theirs" })).await;
        let other = json!({ "name": "others", "strategy": "auth0", "enabled_clients": [ours.id] });
        server.api_send(Method::POST, "/connections", &other).await.expect(201);
        let body = json!({ "connection": "others", "email": EMAIL, "password": PASSWORD });
        server.api_send(Method::POST, "/users", &body).await.expect(201);
        let mut browser = Browser::default();
        signed_in(&server, &mut browser, &ours, &[]).await;
        let silently = async |browser: &mut Browser, app, more: &[(&str, &str)]| {
            let all = [&[("prompt", "none")], more].concat();
            let answer = browser.get(&server, &authorize(app, &all)).await;
            answered(&answer).into_iter().find(|(name, _)| name == "code" || name == "error").unwrap()
        };
        assert_eq!(silently(&mut browser, &ours, &[]).await.0, "code");
        assert_eq!(silently(&mut browser, &ours, &[("connection", "others")]).await.0, "code");
        let refused = ("error".to_owned(), "login_required".to_owned());
        assert_eq!(silently(&mut browser, &ours, &[("connection", CONNECTION)]).await, refused);
        assert_eq!(silently(&mut browser, &theirs, &[]).await, refused);
    }
}

#[tokio::test]
async fn a_sign_up_by_an_application_is_mailed_to_and_throttled_like_one_on_a_page() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = application(&server, json!({})).await;
        let few = json!({ "stage": { "pre-user-registration": { "max_attempts": 2, "rate": 1_728_000 } } });
        server.api_send(Method::PATCH, "/attack-protection/suspicious-ip-throttling", &few).await.expect(200);
        let sign_up = async |email: &str| {
            let body = json!({
                "client_id": shop.id, "connection": CONNECTION, "email": email, "password": PASSWORD,
            });
            server.send(Call::new(Method::POST, "/dbconnections/signup").json(&body).build()).await
        };
        sign_up(EMAIL).await.expect(200);
        let sent: Vec<_> = mails(&server).await.into_iter().map(|mail| (mail.template, mail.to)).collect();
        assert_eq!(sent, [("verify_email".to_owned(), EMAIL.to_owned())]);
        let flags = json!({ "flags": { "enable_public_signup_user_exists_error": true } });
        server.api_send(Method::PATCH, "/tenants/settings", &flags).await.expect(200);
        assert_eq!(sign_up(EMAIL).await.expect(400)["code"], "user_exists");
        assert_eq!(sign_up("b@x.example").await.expect(429)["code"], "too_many_requests");
        let found = server.api_get("/users-by-email?email=b@x.example").await.expect(200);
        assert_eq!(found, json!([]));
    }
}

#[tokio::test]
async fn a_device_of_somebody_else_says_what_it_asks_for() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let tv = json!({
            "name": "TV", "app_type": "native", "is_first_party": false, "grant_types": [DEVICE],
        });
        let tv = application(&server, tv).await;
        let user_id = user(&server).await;
        let pairs =
            [("client_id".to_owned(), tv.id.clone()), ("scope".to_owned(), "openid email".to_owned())];
        let asked =
            server.send(Call::new(Method::POST, "/oauth/device/code").form(&pairs).build()).await.expect(200);
        let mut browser = Browser::default();
        let page = browser.get(&server, "/activate").await;
        let typed = [("user_code", asked["user_code"].as_str().unwrap())];
        let page = browser.submit(&server, &page, &typed).await;
        let page = browser.submit(&server, &page, &[("username", EMAIL)]).await;
        let page = browser.submit(&server, &page, &[("password", PASSWORD)]).await;
        assert!(page.text().contains("This will allow TV to:"), "{}", page.text());
        browser.submit(&server, &page, &[("action", "accept")]).await.expect_ok();
        let query = format!("/grants?user_id={}", user_id.replace('|', "%7C"));
        let grants = server.api_get(&query).await.expect(200);
        assert_eq!(grants[0]["scope"], json!(["email", "openid"]), "{grants}");
    }
}

#[tokio::test]
async fn the_first_language_that_there_is_counts() {
    let server = TestServer::start().await;
    let shop = application(&server, json!({})).await;
    let page = Browser::default().visit(&server, &authorize(&shop, &[("ui_locales", "fr de")])).await;
    assert!(page.text().contains("<html lang=\"de\""), "{}", page.text());
}

#[tokio::test]
async fn the_user_information_is_no_api_at_any_grant() {
    let server = TestServer::start().await;
    let realm = "http://auth0.com/oauth/grant-type/password-realm";
    let shop = application(&server, json!({ "grant_types": [realm, "refresh_token"] })).await;
    user(&server).await;
    let audience = format!("{}userinfo", crate::kit::ISSUER);
    let form = [
        ("grant_type", realm),
        ("client_id", &shop.id),
        ("client_secret", &shop.secret),
        ("realm", CONNECTION),
        ("username", EMAIL),
        ("password", PASSWORD),
        ("scope", "openid offline_access"),
        ("audience", &audience),
    ];
    let tokens = token(&server, &form).await.expect(200);
    let again = [
        ("grant_type", "refresh_token"),
        ("client_id", &shop.id),
        ("client_secret", &shop.secret),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
        ("audience", &audience),
    ];
    token(&server, &again).await.expect(200);
}

#[tokio::test]
async fn a_pushed_request_is_refused_with_the_code_that_the_browser_would_bring() {
    let server = TestServer::start().await;
    let shop = application(&server, json!({})).await;
    let form = [
        ("client_id", shop.id.as_str()),
        ("client_secret", &shop.secret),
        ("redirect_uri", CALLBACK),
        ("response_type", "foo"),
    ];
    let pairs: Vec<_> = form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let refused = server.send(Call::new(Method::POST, "/oauth/par").form(&pairs).build()).await.expect(400);
    assert_eq!(refused["error"], "unsupported_response_type");
}

#[tokio::test]
async fn an_address_that_asks_for_many_new_passwords_is_throttled() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = application(&server, json!({})).await;
        user(&server).await;
        let few = json!({ "stage": { "pre-login": { "max_attempts": 2, "rate": 864_000 } } });
        server.api_send(Method::PATCH, "/attack-protection/suspicious-ip-throttling", &few).await.expect(200);
        let before = mails(&server).await.len();
        let body = json!({ "client_id": shop.id, "connection": CONNECTION, "email": EMAIL });
        let mut said = Vec::new();
        for _ in 0..3 {
            let call = Call::new(Method::POST, "/dbconnections/change_password").json(&body);
            said.push(server.send(call.build()).await.status.as_u16());
        }
        assert_eq!((said, mails(&server).await.len() - before), (vec![200, 200, 429], 2));
        let mut browser = Browser::default();
        let page = browser.visit(&server, &authorize(&shop, &[])).await;
        let state = &super::form(&page).hidden.iter().find(|(name, _)| name == "state").unwrap().1.clone();
        let page = browser.get(&server, &format!("/u/reset-password/request?state={state}")).await;
        assert_eq!(browser.submit(&server, &page, &[("email", EMAIL)]).await.status, 429);
    }
}

#[tokio::test]
async fn a_connection_that_the_application_cannot_use_is_refused_to_the_application() {
    let mut server = TestServer::start().await;
    let shop = application(&server, json!({})).await;
    let refused = Browser::default().get(&server, &authorize(&shop, &[("connection", "nope")])).await;
    assert_eq!(parameter(&refused, "error"), "invalid_request");
    assert_eq!(parameter(&refused, "error_description"), "the connection was not found");
    let body = json!({ "name": "other", "strategy": "auth0", "enabled_clients": [] });
    server.api_send(Method::POST, "/connections", &body).await.expect(201);
    for (name, why) in [("other", "disabled"), ("Chancery-Administrators", "not found")] {
        let refused = Browser::default().get(&server, &authorize(&shop, &[("connection", name)])).await;
        assert_eq!(parameter(&refused, "error_description"), format!("the connection was {why}"));
    }
    let expected =
        ["\"nope\" was not found", "\"other\" was disabled", "\"Chancery-Administrators\" was not found"];
    let expected = expected.map(|what| format!("the connection {what}"));
    assert_eq!(crate::saml::all_logged(&mut server, "f").await, expected);
}

#[tokio::test]
async fn a_connection_that_goes_while_somebody_signs_in_is_named_on_the_page() {
    let server = TestServer::start().await;
    let shop = application(&server, json!({})).await;
    let body = json!({ "name": "staff", "strategy": "auth0", "enabled_clients": [shop.id] });
    let made = server.api_send(Method::POST, "/connections", &body).await.expect(201);
    let path = format!("/connections/{}/clients", made["id"].as_str().unwrap());
    let mut browser = Browser::default();
    let begun = browser.get(&server, &authorize(&shop, &[("connection", "staff")])).await;
    let page = begun.header("location").unwrap().to_owned();
    browser.get(&server, &page).await.expect_ok();
    let body = json!([{ "client_id": shop.id, "status": false }]);
    server.api_send(Method::PATCH, &path, &body).await;
    let gone = browser.get(&server, &page).await;
    assert_eq!(gone.status, 400);
    let text = gone.text().replace("&#34;", "\"").replace("&quot;", "\"");
    assert!(text.contains("Nobody can sign in to the application by the connection \"staff\"."), "{text}");
}

#[tokio::test]
async fn what_is_no_longer_allowed_gets_no_more_tokens() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let partner =
            json!({ "is_first_party": false, "grant_types": ["authorization_code", "refresh_token"] });
        let (partner, shop) = (application(&server, partner).await, application(&server, json!({})).await);
        let user_id = user(&server).await;
        let mut browser = Browser::default();
        let kept = parameter(&signed_in(&server, &mut browser, &shop, &[]).await, "code");
        let kept = exchange(&server, &shop, &kept).await.expect(200);
        let page = browser.visit(&server, &authorize(&partner, &[])).await;
        let back = browser.submit(&server, &page, &[("action", "accept")]).await;
        let tokens = exchange(&server, &partner, &parameter(&back, "code")).await.expect(200);
        let refresh = async |of: &super::Application, tokens: &serde_json::Value| {
            let form = [
                ("grant_type", "refresh_token"),
                ("client_id", &*of.id),
                ("client_secret", &*of.secret),
                ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
            ];
            token(&server, &form).await
        };
        let tokens = {
            let again = refresh(&partner, &tokens).await.expect(200);
            if again["refresh_token"].is_string() { again } else { tokens }
        };
        let query = format!("/grants?user_id={}", user_id.replace('|', "%7C"));
        let grants = server.api_get(&query).await.expect(200);
        let path = format!("/grants/{}", grants[0]["id"].as_str().unwrap());
        server.api_call(Method::DELETE, &path).await.expect(204);
        assert_eq!(refresh(&partner, &tokens).await.expect(403)["error"], "invalid_grant");
        refresh(&shop, &kept).await.expect(200);
    }
}

#[tokio::test]
async fn a_browser_is_told_on_a_page_what_was_wrong_with_its_request() {
    let server = TestServer::start().await;
    let shop = application(&server, json!({})).await;
    let twice = format!("{}&scope=openid", authorize(&shop, &[]));
    for path in [twice.as_str(), "/u/login?state=a&state=b"] {
        let answer = Browser::default().get(&server, path).await;
        assert_eq!(answer.status, 400);
        assert!(answer.text().contains("is there more than once"), "{}", answer.text());
        assert!(answer.text().contains("<html"), "{}", answer.text());
    }
}

#[tokio::test]
async fn a_program_that_only_looks_whether_a_link_is_there_does_not_use_it_up() {
    let server = TestServer::start().await;
    let id = user(&server).await;
    let asked = json!({ "user_id": id });
    let ticket = server.api_send(Method::POST, "/tickets/email-verification", &asked).await.expect(201);
    let url = ticket["ticket"].as_str().unwrap();
    let path = &url[url.find("/u/").unwrap()..];
    let verified = async || {
        let path = format!("/users/{}", id.replace('|', "%7C"));
        server.api_get(&path).await.expect(200)["email_verified"].clone()
    };
    let before = verified().await;
    assert_eq!(server.send(Call::new(Method::HEAD, path).build()).await.status, 200);
    assert_eq!((verified().await, before), (json!(false), json!(false)));
    assert_eq!(Browser::default().get(&server, path).await.status, 200);
    assert_eq!(verified().await, json!(true));
}

#[tokio::test]
async fn nobody_signs_in_for_an_api_that_is_not_there() {
    let server = TestServer::start().await;
    let shop = application(&server, json!({})).await;
    let back = Browser::default().get(&server, &authorize(&shop, &[("audience", "urn:none")])).await;
    assert_eq!(parameter(&back, "error"), "access_denied");
    assert_eq!(parameter(&back, "error_description"), "Service not found: urn:none");
}
