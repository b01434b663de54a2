//! Texts of strangers on our pages, and addresses that browsers would run.

use http::Method;
use serde_json::{Value, json};

use crate::kit::{Answer, Call, TestServer, engines};
use crate::people::{
    Browser, CALLBACK, EMAIL, answered, application, authorize, form, parameter, signed_in, user,
};

/// Ends attributes, elements, scripts and comments, where it can.
const EVIL: &str =
    "\"'></title></script><script>alert(1)</script><img src=x onerror=alert(1)>-->${7*7}{{7*7}}";

/// Insists that a page shows the text as a text.
#[track_caller]
fn harmless(answer: &Answer, what: &str) {
    let html = answer.text();
    assert!(!html.contains("<script>alert") && !html.contains("<img src=x"), "{what}: {html}");
    let policy = answer.header("content-security-policy").unwrap_or_else(|| panic!("{what}: no policy"));
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{what}: {policy}");
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[tokio::test]
async fn what_a_stranger_sends_is_text_on_every_page_that_repeats_it() {
    let server = TestServer::start().await;
    let shop = application(&server, json!({})).await;
    user(&server).await;
    let mut browser = Browser::default();
    let evil = encoded(EVIL);
    for path in [
        format!("/authorize?client_id={evil}"),
        format!("/authorize?client_id={}&response_type=code&redirect_uri={evil}", shop.id),
        format!("/authorize?{evil}={evil}&client_id={evil}"),
        format!("/authorize?client_id={}&request={evil}", shop.id),
        format!("/authorize?client_id={}&request_uri={evil}", shop.id),
        format!("/v2/logout?client_id={evil}&returnTo={evil}"),
        format!("/v2/logout?returnTo={evil}"),
        format!("/oidc/logout?id_token_hint={evil}&client_id={}", shop.id),
        format!("/oidc/logout?post_logout_redirect_uri={evil}&client_id={}", shop.id),
        format!("/u/login?state={evil}"),
        format!("/u/{evil}"),
        format!("/u/reset-verify?ticket={evil}"),
        format!("/u/email-verification?ticket={evil}"),
        format!("/activate?user_code={evil}"),
        authorize(&shop, &[("login_hint", EVIL), ("ui_locales", EVIL)]),
        authorize(&shop, &[("login_hint", EVIL), ("screen_hint", "signup")]),
    ] {
        harmless(&browser.visit(&server, &path).await, &path);
    }
    let page = browser.visit(&server, &authorize(&shop, &[])).await;
    let both = form(&page).action.replace("/u/login/identifier", "/u/login");
    let page = browser.get(&server, &both).await;
    harmless(&browser.submit(&server, &page, &[("username", EVIL), ("password", EVIL)]).await, "login");
    let signup = browser.get(&server, &both.replace("/u/login", "/u/signup")).await;
    harmless(&browser.submit(&server, &signup, &[("email", EVIL), ("password", EVIL)]).await, "signup");
    let reset = browser.get(&server, &both.replace("/u/login", "/u/reset-password/request")).await;
    harmless(&browser.submit(&server, &reset, &[("email", EVIL)]).await, "reset");
    let device = browser.get(&server, "/activate").await;
    harmless(&browser.submit(&server, &device, &[("user_code", EVIL)]).await, "device");
}

#[tokio::test]
async fn a_state_comes_back_as_it_went_and_as_nothing_else_in_every_mode() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = application(&server, json!({})).await;
        user(&server).await;
        let mut browser = Browser::default();
        signed_in(&server, &mut browser, &shop, &[]).await;
        let line = format!("{EVIL}\u{2028}&iss=https://evil.example/&code=evil#x");
        for more in [&[][..], &[("scope", "\"")]] {
            let asked = |mode: &'static str| {
                authorize(&shop, &[&[("response_mode", mode), ("state", line.as_str())], more].concat())
            };
            let back = browser.get(&server, &asked("query")).await;
            assert_eq!(parameter(&back, "state"), line);
            assert!(answered(&back).iter().all(|(name, value)| name != "code" || value != "evil"));
            let posted = browser.get(&server, &asked("form_post")).await;
            harmless(&posted, "form_post");
            assert_eq!(form(&posted).action, CALLBACK);
            assert_eq!(posted.text().matches("name=\"state\"").count(), 1);
            let told = browser.get(&server, &asked("web_message")).await;
            let html = told.text();
            assert_eq!(html.matches("<script").count(), 1, "{html}");
            assert_eq!(html.matches("</script").count(), 1, "{html}");
            assert!(!html.contains('\u{2028}') && html.contains("\\u003cscript>"), "{html}");
        }
    }
}

/// An error names what was wrong in our own words; of what was sent it repeats a little, as a parameter.
#[tokio::test]
async fn an_error_says_nothing_that_a_stranger_wrote_into_the_request() {
    let server = TestServer::start().await;
    let shop = application(&server, json!({})).await;
    let mut browser = Browser::default();
    for name in ["scope", "prompt", "max_age", "connection", "code_challenge_method", "id_token_hint"] {
        let answer = browser.get(&server, &authorize(&shop, &[(name, "\"Call 555-0100 to unlock\"")])).await;
        let told = parameter(&answer, "error_description");
        assert!(!told.contains("555"), "{name}: {told}");
    }
    let long = "x".repeat(1500);
    let answer = browser.get(&server, &authorize(&shop, &[("response_type", &long)])).await;
    assert!(parameter(&answer, "error_description").len() < 150);
    let answer = Call::new(Method::POST, "/oauth/token").form(&[
        ("grant_type".to_owned(), EVIL.to_owned()),
        ("client_id".to_owned(), shop.id.clone()),
        ("client_secret".to_owned(), shop.secret.clone()),
    ]);
    let answer = server.send(answer.build()).await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    answer.expect(400);
}

#[tokio::test]
async fn no_address_that_a_browser_would_run_is_stored_where_a_page_or_a_mail_leads() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = application(&server, json!({})).await;
        let user_id = user(&server).await;
        let (client, person) = (format!("/clients/{}", shop.id), format!("/users/{user_id}"));
        for evil in [
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            " javascript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
        ] {
            let template = json!({
                "template": "reset_email", "body": "{{ url }}", "from": "a@x.example", "subject": "x",
                "syntax": "liquid", "enabled": true, "resultUrl": evil,
            });
            let ticket = json!({ "user_id": user_id, "result_url": evil });
            let patches: [(Method, &str, Value); 14] = [
                (Method::PATCH, "/branding", json!({ "logo_url": evil })),
                (Method::PATCH, "/branding", json!({ "favicon_url": evil })),
                (Method::PATCH, "/branding", json!({ "font": { "url": evil } })),
                (Method::PATCH, "/tenants/settings", json!({ "picture_url": evil })),
                (Method::PATCH, "/tenants/settings", json!({ "default_redirection_uri": evil })),
                (Method::PATCH, "/tenants/settings", json!({ "allowed_logout_urls": [evil] })),
                (Method::PATCH, &client, json!({ "logo_uri": evil })),
                (Method::PATCH, &client, json!({ "initiate_login_uri": evil })),
                (Method::PATCH, &client, json!({ "callbacks": [evil] })),
                (Method::PATCH, &client, json!({ "allowed_logout_urls": [evil] })),
                (Method::PATCH, &person, json!({ "picture": evil })),
                (Method::POST, "/tickets/password-change", ticket.clone()),
                (Method::POST, "/tickets/email-verification", ticket),
                (Method::POST, "/email-templates", template),
            ];
            for (method, path, body) in patches {
                let answer = server.api_send(method, path, &body).await;
                assert_eq!(answer.status, 400, "{path} {body}: {}", answer.text());
            }
        }
        assert_eq!(server.api_get("/branding").await.expect(200), json!({}));
        assert_eq!(server.api_get(&client).await.expect(200)["callbacks"], json!([CALLBACK]));
        assert_eq!(server.api_get(&person).await.expect(200)["email"], EMAIL);
    }
}
