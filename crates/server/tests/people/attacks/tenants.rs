//! What one tenant gave out, shown to another: codes, tokens, cookies, links, forms.

use http::Method;
use jiff::SignedDuration;
use serde_json::json;

use super::{application_there, post, post_as, set};
use crate::kit::{Call, DOMAIN, TestServer, engines};
use crate::management::common::{OTHER, at_other, other_tenant};
use crate::people::{
    Application, Browser, CALLBACK, EMAIL, VERIFIER, application, authorize, exchange, form, mailed,
    parameter, refresh, signed_in, user,
};

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// An application at each of two tenants, and a user of the first.
async fn both(server: &TestServer) -> (Application, Application) {
    let grants = ["authorization_code", "refresh_token", DEVICE];
    let ours = application(server, json!({ "grant_types": grants })).await;
    user(server).await;
    let token = other_tenant(server).await;
    let theirs = application_there(server, &token, &grants).await;
    let settings = json!({ "pushed_authorization_requests_supported": true });
    set(server, settings.clone()).await;
    at_other(server, &token, (Method::PATCH, "/tenants/settings"), Some(&settings)).await.expect(200);
    (ours, theirs)
}

/// A form to the second tenant, as its application.
async fn there(server: &TestServer, app: &Application, path: &str, more: &[(&str, &str)]) -> (u16, String) {
    let proof = [("client_id", app.id.as_str()), ("client_secret", &app.secret)];
    let answer = post(server, OTHER, path, &[&proof, more].concat()).await;
    (answer.status.as_u16(), answer.text())
}

#[tokio::test]
async fn a_code_and_a_refresh_token_are_unknown_to_another_tenant_and_stay_good_at_their_own() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let (ours, theirs) = both(&server).await;
        let back = signed_in(&server, &mut Browser::default(), &ours, &[]).await;
        let code = parameter(&back, "code");
        let grant = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let (status, text) = there(&server, &theirs, "/oauth/token", &grant).await;
        assert!(status == 403 && text.contains("invalid_grant"), "{text}");
        // Had it been found, showing it would have used it up.
        let tokens = exchange(&server, &ours, &code).await.expect(200);
        let token = tokens["refresh_token"].as_str().unwrap();
        let grant = [("grant_type", "refresh_token"), ("refresh_token", token)];
        let (status, text) = there(&server, &theirs, "/oauth/token", &grant).await;
        assert!(status == 403 && text.contains("invalid_grant"), "{text}");
        assert_eq!(there(&server, &theirs, "/oauth/revoke", &[("token", token)]).await.0, 200);
        refresh(&server, &ours, token).await.expect(200);
        // Nor is an application known there.
        let (status, _) = there(&server, &ours, "/oauth/token", &grant).await;
        assert_eq!(status, 401);
    }
}

#[tokio::test]
async fn an_access_token_of_another_tenant_opens_nothing() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let (ours, _) = both(&server).await;
        let api = json!({ "identifier": "urn:api", "skip_consent_for_verifiable_first_party_clients": true });
        server.api_send(Method::POST, "/resource-servers", &api).await.expect(201);
        for more in [&[][..], &[("audience", "urn:api")]] {
            let back = signed_in(&server, &mut Browser::default(), &ours, more).await;
            let tokens = exchange(&server, &ours, &parameter(&back, "code")).await.expect(200);
            let access = tokens["access_token"].as_str().unwrap();
            let ask = async |host: &str| {
                server.send(Call::to(host, Method::GET, "/userinfo").bearer(access).build()).await.status
            };
            assert_eq!(ask(DOMAIN).await, 200);
            assert_eq!(ask(OTHER).await, 401, "{more:?}");
        }
    }
}

#[tokio::test]
async fn a_device_and_its_code_are_unknown_to_another_tenant() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let (ours, theirs) = both(&server).await;
        let code = post_as(&server, &ours, "/oauth/device/code", &[("scope", "openid")]).await.expect(200);
        let (device, typed) = (code["device_code"].as_str().unwrap(), code["user_code"].as_str().unwrap());
        let poll = [("grant_type", DEVICE), ("device_code", device)];
        let (status, text) = there(&server, &theirs, "/oauth/token", &poll).await;
        assert!(status == 403 && text.contains("invalid_grant"), "{text}");
        let mut browser = Browser { host: OTHER, ..Browser::default() };
        let page = browser.get(&server, "/activate").await;
        assert_eq!(browser.post(&server, &form(&page), &[("user_code", typed)]).await.status, 400);
        // It waits on, and was not asked for by anybody.
        let pending = post_as(&server, &ours, "/oauth/token", &poll).await.expect(403);
        assert_eq!(pending["error"], "authorization_pending");
    }
}

#[tokio::test]
async fn a_pushed_request_is_unknown_to_another_tenant_and_not_used_up_there() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let (ours, theirs) = both(&server).await;
        let request = [("response_type", "code"), ("redirect_uri", CALLBACK), ("scope", "openid")];
        let pushed = post_as(&server, &ours, "/oauth/par", &request).await.expect(201);
        let uri = pushed["request_uri"].as_str().unwrap().replace(':', "%3A");
        for client in [&theirs, &ours] {
            let mut browser = Browser { host: OTHER, ..Browser::default() };
            let path = format!("/authorize?client_id={}&request_uri={uri}", client.id);
            let refused = browser.get(&server, &path).await;
            assert_eq!((refused.status.as_u16(), refused.header("location")), (400, None));
        }
        let path = format!("/authorize?client_id={}&request_uri={uri}", ours.id);
        assert!(Browser::default().visit(&server, &path).await.text().contains("<form"));
    }
}

#[tokio::test]
async fn a_session_a_login_and_a_form_of_another_tenant_count_for_nothing() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let (ours, theirs) = both(&server).await;
        let mut browser = Browser::default();
        signed_in(&server, &mut browser, &ours, &[]).await;
        let page = browser.visit(&server, &authorize(&ours, &[("prompt", "login")])).await;
        let device = browser.get(&server, "/activate").await;
        // The same cookies, sent to another tenant by whoever controls the browser.
        let mut carried = Browser { host: OTHER, ..browser.clone() };
        let silent = carried.get(&server, &authorize(&theirs, &[("prompt", "none")])).await;
        assert_eq!(parameter(&silent, "error"), "login_required");
        let login = form(&page);
        for path in [&login.action, "/u/signup", "/u/consent", "/u/reset-password/request"] {
            let state = &login.hidden.iter().find(|(name, _)| name == "state").unwrap().1;
            let path = format!("{}?state={state}", path.split('?').next().unwrap());
            assert_eq!(carried.get(&server, &path).await.status, 400, "{path}");
        }
        assert_eq!(carried.post(&server, &login, &[("username", EMAIL)]).await.status, 400);
        let stale = carried.post(&server, &form(&device), &[("user_code", "BBBB-BBBB")]).await;
        let own = carried.get(&server, "/activate").await;
        let wrong = carried.post(&server, &form(&own), &[("user_code", "BBBB-BBBB")]).await;
        assert_ne!(problem(&stale.text()), problem(&wrong.text()), "the code was not even looked for");
        let silent = browser.get(&server, &authorize(&ours, &[("prompt", "none")])).await;
        assert!(!parameter(&silent, "code").is_empty(), "the session goes on at its own tenant");
    }
}

/// What a page says is wrong.
fn problem(html: &str) -> Option<&str> {
    html.split_once("role=\"alert\"").map(|(_, rest)| rest.split_once("</").unwrap().0)
}

#[tokio::test]
async fn a_link_of_a_mail_works_at_its_own_tenant_alone() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let (ours, _) = both(&server).await;
        let user_id =
            server.api_get(&format!("/users-by-email?email={EMAIL}")).await.expect(200)[0]["user_id"].clone();
        let body = json!({ "user_id": user_id });
        let mut links = Vec::new();
        for kind in ["email-verification", "password-change"] {
            let made = server.api_send(Method::POST, &format!("/tickets/{kind}"), &body).await.expect(201);
            let url = made["ticket"].as_str().unwrap().trim_end_matches('#').to_owned();
            links.push(url.strip_prefix("https://tenant.example").unwrap().to_owned());
        }
        server.clock.advance(SignedDuration::from_secs(1));
        let mut browser = Browser::default();
        let page = browser.visit(&server, &authorize(&ours, &[])).await;
        let page = browser.submit(&server, &page, &[("username", EMAIL)]).await;
        for _ in 0..10 {
            browser.submit(&server, &page, &[("password", "wrong")]).await;
        }
        links.push(mailed(&server).await);
        for link in &links {
            let refused = Browser { host: OTHER, ..Browser::default() }.get(&server, link).await;
            assert_eq!(refused.status, 400, "{link}");
        }
        for link in &links {
            Browser::default().get(&server, link).await.expect_ok();
        }
    }
}

#[tokio::test]
async fn an_id_token_of_another_tenant_is_no_hint() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let (ours, theirs) = both(&server).await;
        let back = signed_in(&server, &mut Browser::default(), &ours, &[]).await;
        let tokens = exchange(&server, &ours, &parameter(&back, "code")).await.expect(200);
        let hint = tokens["id_token"].as_str().unwrap();
        let mut browser = Browser { host: OTHER, ..Browser::default() };
        let refused = browser.get(&server, &authorize(&theirs, &[("id_token_hint", hint)])).await;
        assert_eq!(parameter(&refused, "error"), "invalid_request");
        for more in ["", &format!("&client_id={}", theirs.id)] {
            let refused = browser.get(&server, &format!("/oidc/logout?id_token_hint={hint}{more}")).await;
            assert_eq!((refused.status.as_u16(), refused.header("location")), (400, None), "{more}");
        }
    }
}
