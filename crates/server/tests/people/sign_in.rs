//! Signing up, in, silently, with consent, and what must not get through.

use chancery::refresh_tokens::MOST_PER_USER_AND_CLIENT;
use chancery_crypto::digest;
use chancery_jose::base64url;
use http::Method;
use jiff::SignedDuration;
use serde_json::json;

use super::{
    Application, Browser, CALLBACK, EMAIL, PASSWORD, answered, application, authorize, exchange, form,
    mailed, parameter, refresh, signed_in, user,
};
use crate::kit::{Answer, ISSUER, START, TestServer, claims, engines, token_header};

#[tokio::test]
async fn a_user_signs_in_and_the_application_gets_tokens_for_the_code() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = application(&server, json!({})).await;
        let user_id = user(&server).await;
        let mut browser = Browser::default();
        let back = signed_in(&server, &mut browser, &shop, &[]).await;
        assert_eq!(back.status, 303);
        assert_eq!(parameter(&back, "state"), "s & t");
        let tokens = exchange(&server, &shop, &parameter(&back, "code")).await.expect(200);
        let id_token = claims(tokens["id_token"].as_str().unwrap());
        let sid = id_token["sid"].clone();
        assert_eq!(
            id_token,
            json!({
                "iss": ISSUER, "aud": shop.id, "sub": user_id, "iat": START, "exp": START + 36000,
                "nonce": "n-1", "sid": sid, "email": EMAIL, "email_verified": false, "name": EMAIL,
                "nickname": "ada", "updated_at": id_token["updated_at"],
            })
        );
        assert_eq!(tokens["scope"], "openid profile email offline_access");
        assert_eq!(tokens["token_type"], "Bearer");
        assert_eq!(tokens["expires_in"], 86400);
        assert!(tokens["refresh_token"].is_string() && tokens["access_token"].is_string());
        assert_eq!(tokens.as_object().unwrap().len(), 6);
        let user = server.api_get(&format!("/users/{user_id}")).await.expect(200);
        assert_eq!((&user["logins_count"], user["last_ip"].is_string()), (&json!(1), true));
        let sessions = server.api_get(&format!("/users/{user_id}/sessions")).await.expect(200);
        assert_eq!(sessions["sessions"][0]["id"], sid);
        assert_eq!(sessions["sessions"][0]["clients"], json!([{ "client_id": shop.id }]));
    }
}

#[tokio::test]
async fn a_code_works_once_and_its_second_use_takes_back_what_the_first_one_gave() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = application(&server, json!({})).await;
        user(&server).await;
        let back = signed_in(&server, &mut Browser::default(), &shop, &[]).await;
        let code = parameter(&back, "code");
        let tokens = exchange(&server, &shop, &code).await.expect(200);
        let invalid = json!({ "error": "invalid_grant", "error_description": "Invalid authorization code" });
        assert_eq!(exchange(&server, &shop, &code).await.both(), (403, invalid));
        let gone = refresh(&server, &shop, tokens["refresh_token"].as_str().unwrap()).await.expect(403);
        assert_eq!(gone["error"], "invalid_grant");
    }
}

#[tokio::test]
async fn a_code_is_lost_when_it_is_shown_with_the_wrong_verifier_or_too_late_or_by_another() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = application(&server, json!({})).await;
        let other = application(&server, json!({ "name": "Other" })).await;
        user(&server).await;
        let mut browser = Browser::default();
        let back = signed_in(&server, &mut browser, &shop, &[]).await;
        let code = parameter(&back, "code");
        assert_eq!(exchange(&server, &other, &code).await.status, 403);
        assert_eq!(exchange(&server, &shop, &code).await.status, 403, "whoever showed it knows it");
        let silent = browser.get(&server, &authorize(&shop, &[])).await;
        let code = parameter(&silent, "code");
        server.clock.advance(SignedDuration::from_secs(61));
        assert_eq!(exchange(&server, &shop, &code).await.status, 403);
    }
}

#[tokio::test]
async fn refresh_tokens_rotate_and_the_reuse_of_an_old_one_ends_the_family() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let rotating = json!({
            "refresh_token": { "rotation_type": "rotating", "expiration_type": "expiring", "leeway": 10 },
        });
        let shop = application(&server, rotating).await;
        user(&server).await;
        let back = signed_in(&server, &mut Browser::default(), &shop, &[]).await;
        let first = exchange(&server, &shop, &parameter(&back, "code")).await.expect(200);
        let first = first["refresh_token"].as_str().unwrap().to_owned();
        let (one, two) = tokio::join!(refresh(&server, &shop, &first), refresh(&server, &shop, &first));
        let (one, two) = (one.expect(200), two.expect(200));
        assert_eq!(one["refresh_token"], two["refresh_token"], "within the leeway both get the same");
        assert_ne!(one["refresh_token"], first.as_str());
        let second = one["refresh_token"].as_str().unwrap().to_owned();
        server.clock.advance(SignedDuration::from_secs(11));
        assert_eq!(refresh(&server, &shop, &first).await.status, 403, "reuse after the leeway");
        assert_eq!(refresh(&server, &shop, &second).await.status, 403, "and the whole family is gone");
    }
}

#[tokio::test]
async fn of_more_than_two_hundred_refresh_tokens_at_an_application_the_oldest_are_gone() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let (shop, other) = (application(&server, json!({})).await, application(&server, json!({})).await);
        user(&server).await;
        let mut browser = Browser::default();
        let mut token_at = async |application: &Application| {
            let back = signed_in_again(&server, &mut browser, application).await;
            let tokens = exchange(&server, application, &parameter(&back, "code")).await.expect(200);
            server.clock.advance(SignedDuration::from_secs(1));
            tokens["refresh_token"].as_str().unwrap().to_owned()
        };
        let elsewhere = token_at(&other).await;
        let mut tokens = Vec::new();
        for _ in 0..MOST_PER_USER_AND_CLIENT + 2 {
            tokens.push(token_at(&shop).await);
        }
        for gone in &tokens[..2] {
            assert_eq!(refresh(&server, &shop, gone).await.status, 403, "{on:?}");
        }
        refresh(&server, &shop, &tokens[2]).await.expect(200);
        refresh(&server, &shop, &tokens[201]).await.expect(200);
        refresh(&server, &other, &elsewhere).await.expect(200);
    }
}

/// Signs in, with the page where there is no session yet.
async fn signed_in_again(server: &TestServer, browser: &mut Browser, application: &Application) -> Answer {
    let silent = browser.get(server, &authorize(application, &[("prompt", "none")])).await;
    if answered(&silent).iter().any(|(name, _)| name == "code") {
        return silent;
    }
    signed_in(server, browser, application, &[]).await
}

#[tokio::test]
async fn a_second_request_is_answered_silently_and_a_first_one_is_not() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = application(&server, json!({})).await;
        user(&server).await;
        let mut browser = Browser::default();
        let refused = browser.get(&server, &authorize(&shop, &[("prompt", "none")])).await;
        assert_eq!(parameter(&refused, "error"), "login_required");
        signed_in(&server, &mut browser, &shop, &[]).await;
        let silent = browser.get(&server, &authorize(&shop, &[("prompt", "none")])).await;
        assert_eq!(silent.status, 302);
        exchange(&server, &shop, &parameter(&silent, "code")).await.expect(200);
        let again = browser.visit(&server, &authorize(&shop, &[("prompt", "login")])).await;
        assert!(again.text().contains("<form"), "prompt=login shows the page");
        server.clock.advance(SignedDuration::from_secs(120));
        let old = browser.get(&server, &authorize(&shop, &[("prompt", "none"), ("max_age", "60")])).await;
        assert_eq!(parameter(&old, "error"), "login_required");
    }
}

#[tokio::test]
async fn tokens_through_the_browser_carry_their_digests_and_go_where_the_mode_says() {
    let server = TestServer::start().await;
    let shop = application(&server, json!({})).await;
    user(&server).await;
    let mut browser = Browser::default();
    let hybrid =
        [("response_type", "code id_token token"), ("code_challenge", ""), ("code_challenge_method", "")];
    let back = signed_in(&server, &mut browser, &shop, &hybrid).await;
    assert!(back.header("location").unwrap().starts_with(&format!("{CALLBACK}#")));
    let id_token = claims(&parameter(&back, "id_token"));
    let half = |text: &str| base64url::encode(&digest::sha256(text.as_bytes())[..16]);
    assert_eq!(id_token["at_hash"], half(&parameter(&back, "access_token")));
    assert_eq!(id_token["c_hash"], half(&parameter(&back, "code")));
    let posted = browser.get(&server, &authorize(&shop, &[("response_mode", "form_post")])).await;
    let form = form(&posted);
    assert_eq!(form.action, CALLBACK);
    assert!(form.hidden.iter().any(|(name, _)| name == "code"));
    let framed = [("response_mode", "web_message"), ("prompt", "none")];
    let message = browser.get(&server, &authorize(&shop, &framed)).await;
    message.expect_ok();
    let policy = message.header("content-security-policy").unwrap();
    assert!(policy.contains("frame-ancestors https://app.example"), "{policy}");
    assert!(message.text().contains("authorization_response"));
}

#[tokio::test]
async fn id_tokens_are_signed_as_the_application_chose() {
    let server = TestServer::start().await;
    let shop = application(&server, json!({ "jwt_configuration": { "alg": "HS256" } })).await;
    user(&server).await;
    let back = signed_in(&server, &mut Browser::default(), &shop, &[]).await;
    let tokens = exchange(&server, &shop, &parameter(&back, "code")).await.expect(200);
    let header = token_header(tokens["id_token"].as_str().unwrap());
    assert_eq!(header, json!({ "alg": "HS256", "typ": "JWT" }));
}

#[tokio::test]
async fn an_unknown_account_and_a_wrong_password_look_the_same() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = application(&server, json!({})).await;
        user(&server).await;
        let mut pages = Vec::new();
        for (email, password) in [(EMAIL, "wrong"), ("nobody@x.example", "wrong")] {
            let mut browser = Browser::default();
            let page = browser.visit(&server, &authorize(&shop, &[])).await;
            let page = browser.submit(&server, &page, &[("username", email)]).await;
            page.expect_ok();
            let refused = browser.submit(&server, &page, &[("password", password)]).await;
            assert_eq!(refused.status, 400);
            assert!(!browser.cookies.contains_key("__Host-chancery"), "nobody is signed in");
            let secrets: Vec<String> = form(&refused).hidden.into_iter().map(|(_, value)| value).collect();
            let nonce = refused.header("content-security-policy").unwrap();
            let nonce =
                nonce.split("nonce-").nth(1).unwrap_or_default().split('\'').next().unwrap().to_owned();
            let html = secrets.iter().fold(refused.text(), |html, secret| html.replace(secret, "…"));
            pages.push(html.replace(email, "…").replace(&nonce, "…"));
        }
        assert_eq!(pages[0], pages[1]);
    }
}

#[tokio::test]
async fn forms_of_another_browser_or_without_their_proof_change_nothing() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = application(&server, json!({})).await;
        user(&server).await;
        let (mut victim, mut attacker) = (Browser::default(), Browser::default());
        let page = attacker.visit(&server, &authorize(&shop, &[])).await;
        let lured = victim.get(&server, &form(&page).action).await;
        assert_eq!(lured.status, 400, "a login of another browser is over here");
        let page = victim.visit(&server, &authorize(&shop, &[])).await;
        let mut forged = form(&page);
        forged.hidden.retain(|(name, _)| name != "csrf");
        let refused = victim.post(&server, &forged, &[("username", EMAIL)]).await;
        assert_eq!(refused.status, 400);
        assert!(refused.header("location").is_none());
    }
}

#[tokio::test]
async fn a_session_value_that_was_planted_is_worth_nothing_after_the_login() {
    let server = TestServer::start().await;
    let shop = application(&server, json!({})).await;
    user(&server).await;
    let mut browser = Browser::default();
    signed_in(&server, &mut browser, &shop, &[]).await;
    let planted = browser.cookies["__Host-chancery"].clone();
    let page = browser.visit(&server, &authorize(&shop, &[("prompt", "login")])).await;
    let page = browser.submit(&server, &page, &[("username", EMAIL)]).await;
    browser.submit(&server, &page, &[("password", PASSWORD)]).await;
    assert_ne!(browser.cookies["__Host-chancery"], planted);
    let mut thief = Browser::default();
    thief.cookies.insert("__Host-chancery".to_owned(), planted);
    let refused = thief.get(&server, &authorize(&shop, &[("prompt", "none")])).await;
    assert_eq!(parameter(&refused, "error"), "login_required");
}

#[tokio::test]
async fn an_application_of_somebody_else_asks_once_for_consent() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let theirs = application(&server, json!({ "is_first_party": false })).await;
        user(&server).await;
        let mut browser = Browser::default();
        let page = signed_in(&server, &mut browser, &theirs, &[]).await;
        page.expect_ok();
        let denied = browser.submit(&server, &page, &[("action", "deny")]).await;
        assert_eq!(parameter(&denied, "error"), "access_denied");
        let silent = browser.get(&server, &authorize(&theirs, &[("prompt", "none")])).await;
        assert_eq!(parameter(&silent, "error"), "consent_required");
        let page = browser.visit(&server, &authorize(&theirs, &[])).await;
        let allowed = browser.submit(&server, &page, &[("action", "accept")]).await;
        exchange(&server, &theirs, &parameter(&allowed, "code")).await.expect(200);
        let silent = browser.get(&server, &authorize(&theirs, &[("prompt", "none")])).await;
        assert!(answered(&silent).iter().any(|(name, _)| name == "code"));
    }
}

#[tokio::test]
async fn somebody_signs_up_proves_the_address_and_sets_a_new_password() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = application(&server, json!({})).await;
        let mut browser = Browser::default();
        let page = browser.visit(&server, &authorize(&shop, &[("screen_hint", "signup")])).await;
        page.expect_ok();
        let weak = browser.submit(&server, &page, &[("email", EMAIL), ("password", "short")]).await;
        assert_eq!(weak.status, 400);
        let rules = weak.text();
        let missed = "<li class=\"missed\"><span class=\"unseen\">Not fulfilled:&#32;</span>at least 8 characters</li>";
        assert!(rules.contains(missed), "{rules}");
        let back = browser.submit(&server, &page, &[("email", EMAIL), ("password", PASSWORD)]).await;
        let tokens = exchange(&server, &shop, &parameter(&back, "code")).await.expect(200);
        assert_eq!(claims(tokens["id_token"].as_str().unwrap())["email_verified"], false);

        let link = mailed(&server).await;
        let page = browser.get(&server, &link).await;
        page.expect_ok();
        let again = browser.get(&server, &link).await;
        assert_eq!(again.status, 400, "a link counts once");
        let found = server.api_get(&format!("/users-by-email?email={EMAIL}")).await.expect(200);
        assert_eq!(found[0]["email_verified"], true);

        server.clock.advance(SignedDuration::from_secs(1));
        let mut other = Browser::default();
        let taken = other.visit(&server, &authorize(&shop, &[("screen_hint", "signup")])).await;
        let taken = other.submit(&server, &taken, &[("email", EMAIL), ("password", PASSWORD)]).await;
        assert_eq!(taken.status, 400);

        let page = other.visit(&server, &authorize(&shop, &[])).await;
        let state = &form(&page).hidden.iter().find(|(name, _)| name == "state").unwrap().1.clone();
        let page = other.get(&server, &format!("/u/reset-password/request?state={state}")).await;
        other.submit(&server, &page, &[("email", EMAIL)]).await.expect_ok();
        let link = mailed(&server).await;
        let page = other.get(&server, &link).await;
        let fields = [("password", "Another-Horse-8"), ("password_repeat", "Another-Horse-8")];
        other.submit(&server, &page, &fields).await.expect_ok();
        let refused = refresh(&server, &shop, tokens["refresh_token"].as_str().unwrap()).await;
        assert_eq!(refused.status, 403, "no refresh token survives a new password");
        let silent = browser.get(&server, &authorize(&shop, &[("prompt", "none")])).await;
        assert_eq!(parameter(&silent, "error"), "login_required", "nor does a session");
    }
}

#[tokio::test]
async fn a_redirect_uri_that_is_not_the_applications_own_is_never_followed() {
    let server = TestServer::start().await;
    let shop = application(&server, json!({})).await;
    for uri in [
        "https://evil.example/callback",
        "https://app.example/callback/../x",
        "https://app.example@evil.example/callback",
        "https://app.example.evil.example/callback",
        "http://app.example/callback",
        "javascript:alert(1)",
    ] {
        let answer = server.get(&authorize(&shop, &[("redirect_uri", uri)])).await;
        assert_eq!(answer.status, 400, "{uri}");
        assert!(answer.header("location").is_none(), "{uri}");
    }
    let unknown = server.get("/authorize?client_id=nobody&response_type=code").await;
    assert_eq!(unknown.status, 400);
    assert!(unknown.header("location").is_none());
    let both = server
        .send(crate::kit::Call::new(Method::GET, &format!("{}&state=2", authorize(&shop, &[]))).build());
    assert_eq!(both.await.status, 400, "a parameter twice");
}

#[tokio::test]
async fn a_tenant_has_an_error_page_of_its_own_and_a_place_to_begin_anew() {
    let server = TestServer::start().await;
    let settings = json!({
        "error_page": { "url": "https://tenant-errors.example/oops?from=login" },
        "default_redirection_uri": "https://app.example/login",
    });
    server.api_send(Method::PATCH, "/tenants/settings", &settings).await.expect(200);
    let refused =
        server.get("/authorize?client_id=nobody&response_type=code&connection=x&ui_locales=de").await;
    let to = refused.header("location").unwrap();
    let told =
        to.strip_prefix("https://tenant-errors.example/oops?from=login&client_id=nobody&connection=x&");
    assert!(told.is_some_and(|told| told.starts_with("lang=de&error=")), "{to}");
    assert!(to.contains("&error_description=") && to.contains("&tracking="), "{to}");
    let over = server.get("/u/login?state=over").await;
    assert_eq!((over.status.as_u16(), over.header("location")), (302, Some("https://app.example/login")));
}

#[tokio::test]
async fn an_account_is_found_in_whichever_connection_of_the_application_has_it() {
    let server = TestServer::start().await;
    let shop = application(&server, json!({})).await;
    let other = json!({ "name": "others", "strategy": "auth0", "enabled_clients": [shop.id] });
    server.api_send(Method::POST, "/connections", &other).await.expect(201);
    let body = json!({ "connection": "others", "email": EMAIL, "password": PASSWORD });
    server.api_send(Method::POST, "/users", &body).await.expect(201);
    let back = signed_in(&server, &mut Browser::default(), &shop, &[]).await;
    exchange(&server, &shop, &parameter(&back, "code")).await.expect(200);
    let elsewhere = [("connection", super::CONNECTION)];
    let refused = signed_in(&server, &mut Browser::default(), &shop, &elsewhere).await;
    assert_eq!(refused.status, 400, "the connection that was asked for counts alone");
}

#[tokio::test]
async fn an_account_is_blocked_after_too_many_wrong_passwords_and_freed_by_a_mail() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = application(&server, json!({})).await;
        user(&server).await;
        server.clock.advance(SignedDuration::from_secs(1));
        let mut browser = Browser::default();
        let page = browser.visit(&server, &authorize(&shop, &[])).await;
        let page = browser.submit(&server, &page, &[("username", EMAIL)]).await;
        for _ in 0..10 {
            browser.submit(&server, &page, &[("password", "wrong")]).await;
        }
        let blocked = browser.submit(&server, &page, &[("password", PASSWORD)]).await;
        assert_eq!(blocked.status, 429, "not even the right password");
        let link = mailed(&server).await;
        browser.get(&server, &link).await.expect_ok();
        let back = browser.submit(&server, &page, &[("password", PASSWORD)]).await;
        exchange(&server, &shop, &parameter(&back, "code")).await.expect(200);
    }
}

/// Runs the statements of sign-in once: consent, signup, links in mails, a code that is used twice.
pub(crate) async fn exercise(server: &TestServer) {
    let theirs = application(server, json!({ "is_first_party": false })).await;
    let mut browser = Browser::default();
    let page = signed_in(server, &mut browser, &theirs, &[]).await;
    let back = browser.submit(server, &page, &[("action", "accept")]).await;
    let code = parameter(&back, "code");
    let tokens = exchange(server, &theirs, &code).await.expect(200);
    refresh(server, &theirs, tokens["refresh_token"].as_str().unwrap()).await.expect(200);
    exchange(server, &theirs, &code).await.expect(403);
    let mut other = Browser::default();
    server.clock.advance(SignedDuration::from_secs(1));
    let page = other.visit(server, &authorize(&theirs, &[("screen_hint", "signup")])).await;
    other.submit(server, &page, &[("email", "eve@x.example"), ("password", PASSWORD)]).await.expect_ok();
    let link = mailed(server).await;
    other.get(server, &link).await.expect_ok();
    server.clock.advance(SignedDuration::from_secs(1));
    let page = Browser::default().visit(server, &authorize(&theirs, &[])).await;
    page.expect_ok();
    let mut third = Browser::default();
    let page = third.visit(server, &authorize(&theirs, &[])).await;
    let state = form(&page).hidden.iter().find(|(name, _)| name == "state").unwrap().1.clone();
    let page = third.get(server, &format!("/u/reset-password/request?state={state}")).await;
    third.submit(server, &page, &[("email", "eve@x.example")]).await.expect_ok();
    let link = mailed(server).await;
    let page = third.get(server, &link).await;
    let fields = [("password", "Another-Horse-8"), ("password_repeat", "Another-Horse-8")];
    third.submit(server, &page, &fields).await.expect_ok();
    chancery::in_flight::sweep(&server.app).await.unwrap();
    chancery::sessions::sweep(&server.app).await.unwrap();
    let mut tx = server.app.db.begin().await.unwrap();
    chancery::refresh_tokens::sql::sweep(&mut tx, server.app.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
}
