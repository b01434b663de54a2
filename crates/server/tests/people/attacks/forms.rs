//! Forms that others send in a user's name, and cookies that others planted.

use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::post_as;
use crate::kit::{Call, DOMAIN, TestServer, engines};
use crate::people::{
    Application, Browser, CALLBACK, EMAIL, Form, PASSWORD, answered, application, authorize, form, mailed,
    mails, parameter, signed_in, user,
};

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const NEW: &str = "new@x.example";

/// A form as a browser shows it, and what would be typed into it.
struct Shown {
    name: &'static str,
    browser: Browser,
    form: Form,
    fields: Vec<(&'static str, &'static str)>,
}

fn state_of(form: &Form) -> String {
    form.hidden.iter().find(|(name, _)| name == "state").unwrap().1.clone()
}

/// Every form that there is, each in a browser of its own.
async fn forms(server: &TestServer, shop: &Application, theirs: &Application) -> Vec<Shown> {
    let mut all = Vec::new();
    let mut show = |name, browser: Browser, form: Form, fields: &[(&'static str, &'static str)]| {
        all.push(Shown { name, browser, form, fields: fields.to_vec() });
    };
    for (name, path, fields) in [
        ("identifier", "/u/login/identifier", &[("username", EMAIL)][..]),
        ("both", "/u/login", &[("username", EMAIL), ("password", PASSWORD)]),
        ("signup", "/u/signup", &[("email", NEW), ("password", PASSWORD)]),
        ("reset request", "/u/reset-password/request", &[("email", EMAIL)]),
    ] {
        let mut browser = Browser::default();
        let begun = form(&browser.visit(server, &authorize(shop, &[])).await);
        let page = browser.get(server, &format!("{path}?state={}", state_of(&begun))).await;
        show(name, browser, form(&page), fields);
    }
    let mut browser = Browser::default();
    let page = browser.visit(server, &authorize(shop, &[])).await;
    let page = browser.submit(server, &page, &[("username", EMAIL)]).await;
    show("password", browser, form(&page), &[("password", PASSWORD)]);
    let mut browser = Browser::default();
    let page = signed_in(server, &mut browser, theirs, &[]).await;
    show("consent", browser.clone(), form(&page), &[("action", "accept")]);
    let code = post_as(server, shop, "/oauth/device/code", &[("scope", "openid")]).await.expect(200);
    let code: &'static str = code["user_code"].as_str().unwrap().to_owned().leak();
    let page = browser.get(server, "/activate").await;
    show("device code", browser.clone(), form(&page), &[("user_code", code)]);
    let page = browser.submit(server, &page, &[("user_code", code)]).await;
    show("device", browser.clone(), form(&page), &[("action", "accept")]);
    // Last, as it ends the session of the others.
    let page = browser.get(server, "/oidc/logout").await;
    show("logout", browser, form(&page), &[("action", "accept")]);
    let mut browser = Browser::default();
    server.clock.advance(SignedDuration::from_secs(1));
    let page = browser.visit(server, &authorize(shop, &[])).await;
    let state = state_of(&form(&page));
    let page = browser.get(server, &format!("/u/reset-password/request?state={state}")).await;
    browser.submit(server, &page, &[("email", EMAIL)]).await.expect_ok();
    let page = browser.get(server, &mailed(server).await).await;
    let fields = [("password", "Another-Horse-8"), ("password_repeat", "Another-Horse-8")];
    show("new password", browser, form(&page), &fields);
    all
}

/// What the forms could change.
async fn state(server: &TestServer, user_id: &str) -> Value {
    let get = async |path: &str| server.api_get(path).await.expect(200);
    json!({
        "users": get("/users?include_totals=true").await,
        "sessions": get(&format!("/users/{user_id}/sessions")).await,
        "grants": get("/grants").await,
        "mails": mails(server).await.len(),
    })
}

#[tokio::test]
async fn a_form_without_its_proof_is_refused_and_changes_nothing_whichever_it_is() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let grants = json!({ "grant_types": ["authorization_code", "refresh_token", DEVICE] });
        let shop = application(&server, grants).await;
        let theirs = application(&server, json!({ "is_first_party": false })).await;
        let user_id = user(&server).await;
        let all = forms(&server, &shop, &theirs).await;
        let others = forms(&server, &shop, &theirs).await;
        assert_eq!(all.len(), 10, "every page with a form");
        let before = state(&server, &user_id).await;
        for (number, shown) in all.iter().enumerate() {
            let proof = |of: &Form| of.hidden.iter().find(|(name, _)| name == "csrf").unwrap().1.clone();
            let mut browser = shown.browser.clone();
            let path = if shown.name == "device code" { "/oidc/logout" } else { "/activate" };
            let another = form(&browser.get(&server, path).await);
            assert_ne!(proof(&another), proof(&shown.form));
            let attempts = [
                ("none", None, true),
                ("empty", Some(String::new()), true),
                ("invented", Some("A".repeat(43)), true),
                ("of another browser", Some(proof(&others[number].form)), true),
                ("without the browser's cookie", Some(proof(&shown.form)), false),
                ("of another form", Some(proof(&another)), true),
            ];
            for (what, csrf, with_cookie) in attempts {
                let mut browser = shown.browser.clone();
                if !with_cookie {
                    browser.cookies.remove("__Host-chancery_browser");
                }
                let mut sent = shown.form.clone();
                sent.hidden.retain(|(name, _)| name != "csrf");
                sent.hidden.extend(csrf.map(|csrf| ("csrf".to_owned(), csrf)));
                let answer = browser.post(&server, &sent, &shown.fields).await;
                let seen = (answer.status.as_u16(), answer.header("location"));
                assert!(
                    seen == (400, None) || (shown.name == "consent" && asks(&answer.text())),
                    "{}: {what}: {seen:?}",
                    shown.name
                );
                assert_eq!(
                    browser.cookies.get("__Host-chancery"),
                    shown.browser.cookies.get("__Host-chancery"),
                    "{}: {what}",
                    shown.name
                );
            }
        }
        assert_eq!(state(&server, &user_id).await, before);
        // Nothing else was wrong with them.
        for mut shown in all {
            let answer = shown.browser.post(&server, &shown.form, &shown.fields).await;
            assert!([200, 303].contains(&answer.status.as_u16()), "{}: {}", shown.name, answer.text());
        }
    }
}

/// Whether a page asks the question of consent once more.
fn asks(html: &str) -> bool {
    html.contains("value=\"accept\"")
}

#[tokio::test]
async fn a_form_that_is_none_is_not_read() {
    let server = TestServer::start().await;
    let shop = application(&server, json!({})).await;
    user(&server).await;
    let mut browser = Browser::default();
    let page = browser.visit(&server, &authorize(&shop, &[])).await;
    let form = form(&page);
    let cookies =
        browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
    for kind in ["text/plain", "application/json", "multipart/form-data; boundary=x", ""] {
        let call = Call::to(DOMAIN, Method::POST, &form.action)
            .header("cookie", &cookies)
            .raw(kind, format!("csrf={}&username={EMAIL}", form.hidden[1].1));
        assert_eq!(server.send(call.build()).await.status, 415, "{kind}");
    }
}

#[tokio::test]
async fn a_consent_is_of_the_user_who_was_asked() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let theirs = application(&server, json!({ "is_first_party": false })).await;
        user(&server).await;
        let body = json!({ "connection": crate::people::CONNECTION, "email": NEW, "password": PASSWORD });
        server.api_send(Method::POST, "/users", &body).await.expect(201);
        let mut browser = Browser::default();
        let asked = form(&signed_in(&server, &mut browser, &theirs, &[]).await);
        // In another tab of the browser somebody else signs in for the same request.
        let page = browser.get(&server, &format!("/u/login?state={}", state_of(&asked))).await;
        browser.submit(&server, &page, &[("username", NEW), ("password", PASSWORD)]).await.expect_ok();
        let answer = browser.post(&server, &asked, &[("action", "accept")]).await;
        assert!(answer.header("location").is_none() && asks(&answer.text()), "{}", answer.text());
        assert_eq!(server.api_get("/grants").await.expect(200), json!([]));
    }
}

#[tokio::test]
async fn a_value_that_was_planted_in_a_browser_is_not_adopted_by_a_login_or_a_signup() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = application(&server, json!({})).await;
        user(&server).await;
        let mallory =
            json!({ "connection": crate::people::CONNECTION, "email": "m@x.example", "password": PASSWORD });
        server.api_send(Method::POST, "/users", &mallory).await.expect(201);
        let mut attacker = Browser::default();
        let page = attacker.visit(&server, &authorize(&shop, &[])).await;
        let page = attacker.submit(&server, &page, &[("username", "m@x.example")]).await;
        attacker.submit(&server, &page, &[("password", PASSWORD)]).await;
        let own = attacker.cookies["__Host-chancery"].clone();
        for (number, planted) in [own, "A".repeat(43), "x".to_owned()].into_iter().enumerate() {
            for signup in [false, true] {
                let mut victim = Browser::default();
                victim.cookies.insert("__Host-chancery".to_owned(), planted.clone());
                let back = if signup {
                    let asked = authorize(&shop, &[("screen_hint", "signup")]);
                    let page = victim.visit(&server, &asked).await;
                    let email = format!("victim{number}@x.example");
                    victim.submit(&server, &page, &[("email", &email), ("password", PASSWORD)]).await
                } else {
                    signed_in(&server, &mut victim, &shop, &[("prompt", "login")]).await
                };
                assert!(answered(&back).iter().any(|(name, _)| name == "code"));
                let value = &victim.cookies["__Host-chancery"];
                assert!(*value != planted && value.len() == 43);
                let mut thief = Browser::default();
                thief.cookies.insert("__Host-chancery".to_owned(), planted.clone());
                let refused = thief.get(&server, &authorize(&shop, &[("prompt", "none")])).await;
                assert_eq!(parameter(&refused, "error"), "login_required", "{number} {signup}");
            }
        }
    }
}

#[tokio::test]
async fn after_a_form_the_browser_goes_on_with_get_so_that_it_sends_nothing_twice() {
    let server = TestServer::start().await;
    let shop = application(&server, json!({})).await;
    user(&server).await;
    let mut browser = Browser::default();
    let page = browser.visit(&server, &authorize(&shop, &[])).await;
    let first = browser.post(&server, &form(&page), &[("username", EMAIL)]).await;
    assert_eq!(first.status, 303);
    let page = browser.visit(&server, first.header("location").unwrap()).await;
    let back = browser.post(&server, &form(&page), &[("password", PASSWORD)]).await;
    assert_eq!(back.status, 303, "neither 302, nor 307, which would carry the password to the application");
    assert!(back.header("location").unwrap().starts_with(CALLBACK));
    // The form once more is no second answer.
    let again = browser.post(&server, &form(&page), &[("password", PASSWORD)]).await;
    assert_eq!((again.status.as_u16(), again.header("location")), (400, None));
}
