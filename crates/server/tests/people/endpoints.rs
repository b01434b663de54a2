//! What applications call beside the token endpoint: user information, revocation, logout, pushed requests, devices,
//! accounts.

use chancery::clock::Clock;
use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{
    Application, Browser, CALLBACK, CONNECTION, EMAIL, PASSWORD, REALM, answered, application, authorize,
    exchange, form, parameter, refresh, signed_in, token, user,
};
use crate::kit::{Answer, Call, TestServer, engines};

async fn tokens(server: &TestServer, shop: &Application, more: &[(&str, &str)]) -> Value {
    let back = signed_in(server, &mut Browser::default(), shop, more).await;
    exchange(server, shop, &parameter(&back, "code")).await.expect(200)
}

async fn userinfo(server: &TestServer, token: &str) -> Answer {
    server.send(Call::get("/userinfo").bearer(token).build()).await
}

#[tokio::test]
async fn userinfo_shows_what_the_scopes_of_an_opaque_or_a_signed_token_ask_for() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = application(&server, json!({})).await;
        let user_id = user(&server).await;
        let api = json!({ "identifier": "urn:api", "skip_consent_for_verifiable_first_party_clients": true });
        server.api_send(Method::POST, "/resource-servers", &api).await.expect(201);
        let opaque = tokens(&server, &shop, &[("scope", "openid email")]).await;
        let signed = tokens(&server, &shop, &[("scope", "openid email"), ("audience", "urn:api")]).await;
        let expected = json!({ "sub": user_id, "email": EMAIL, "email_verified": false });
        for tokens in [&opaque, &signed] {
            let access = tokens["access_token"].as_str().unwrap();
            assert_eq!(userinfo(&server, access).await.expect(200), expected);
            let in_query = server.get(&format!("/userinfo?access_token={access}")).await;
            assert_eq!(in_query.expect(200), expected);
        }
        let none = server.get("/userinfo").await;
        assert_eq!(
            (none.status.as_u16(), none.header("www-authenticate")),
            (401, Some("Bearer realm=\"Users\""))
        );
        let management = server.token(&[]).await;
        assert_eq!(userinfo(&server, &management).await.status, 401, "a token for another audience");
        assert_eq!(userinfo(&server, "nonsense").await.status, 401);
        let id_token = opaque["id_token"].as_str().unwrap();
        assert_eq!(userinfo(&server, id_token).await.status, 401, "an ID token is no access token");
        let access = opaque["access_token"].as_str().unwrap();
        let twice = Call::get(&format!("/userinfo?access_token={access}")).bearer(access).build();
        assert_eq!(server.send(twice).await.status, 400);
        let path = format!("/users/{user_id}");
        server.api_send(Method::PATCH, &path, &json!({ "blocked": true })).await.expect(200);
        assert_eq!(userinfo(&server, access).await.status, 401, "a blocked user");
    }
}

#[tokio::test]
async fn an_application_gives_back_its_own_refresh_tokens_and_no_others() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = application(&server, json!({})).await;
        let other = application(&server, json!({ "name": "Other" })).await;
        user(&server).await;
        let tokens = tokens(&server, &shop, &[]).await;
        let text = tokens["refresh_token"].as_str().unwrap();
        let revoke = async |by: &Application, secret: &str, text: &str| {
            let form = [("client_id", by.id.as_str()), ("client_secret", secret), ("token", text)];
            let pairs: Vec<_> =
                form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            server.send(Call::new(Method::POST, "/oauth/revoke").form(&pairs).build()).await.status.as_u16()
        };
        assert_eq!(revoke(&other, &other.secret, text).await, 200);
        assert_eq!(revoke(&shop, "wrong", text).await, 401);
        assert_eq!(revoke(&shop, &shop.secret, "unknown").await, 200);
        refresh(&server, &shop, text).await.expect(200);
        assert_eq!(revoke(&shop, &shop.secret, text).await, 200);
        refresh(&server, &shop, text).await.expect(403);
    }
}

#[tokio::test]
async fn a_logout_ends_the_session_and_leads_only_to_registered_addresses() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = application(&server, json!({ "allowed_logout_urls": ["https://app.example/bye"] })).await;
        user(&server).await;
        let mut browser = Browser::default();
        signed_in(&server, &mut browser, &shop, &[]).await;
        for evil in ["https://evil.example/", "//evil.example", "https://app.example/bye/../x"] {
            let query = form_urlencoded::Serializer::new(String::new())
                .append_pair("client_id", &shop.id)
                .append_pair("returnTo", evil)
                .finish();
            let refused = browser.get(&server, &format!("/v2/logout?{query}")).await;
            assert_eq!((refused.status.as_u16(), refused.header("location")), (400, None), "{evil}");
        }
        assert!(browser.cookies.contains_key("__Host-chancery"));
        let path = format!("/v2/logout?client_id={}&returnTo=https%3A%2F%2Fapp.example%2Fbye", shop.id);
        let away = browser.get(&server, &path).await;
        assert_eq!((away.status.as_u16(), away.header("location")), (302, Some("https://app.example/bye")));
        assert!(!browser.cookies.contains_key("__Host-chancery"));
        let silent = browser.get(&server, &authorize(&shop, &[("prompt", "none")])).await;
        assert_eq!(parameter(&silent, "error"), "login_required");
    }
}

#[tokio::test]
async fn a_logout_that_nothing_proves_asks_first_and_an_id_token_proves_it() {
    let server = TestServer::start().await;
    let shop = application(&server, json!({ "allowed_logout_urls": ["https://app.example/bye"] })).await;
    user(&server).await;
    let mut browser = Browser::default();
    let back = signed_in(&server, &mut browser, &shop, &[]).await;
    let tokens = exchange(&server, &shop, &parameter(&back, "code")).await.expect(200);
    let to = "post_logout_redirect_uri=https%3A%2F%2Fapp.example%2Fbye";
    let page = browser.get(&server, &format!("/oidc/logout?client_id={}&{to}", shop.id)).await;
    page.expect_ok();
    let mut forged = form(&page);
    for (name, value) in &mut forged.hidden {
        if name == "then" {
            *value = "https://evil.example/".to_owned();
        }
    }
    let refused = browser.post(&server, &forged, &[("action", "accept")]).await;
    assert_eq!(refused.header("location"), None, "the address is part of the proof");
    assert!(browser.cookies.contains_key("__Host-chancery"));
    let hint = tokens["id_token"].as_str().unwrap();
    let away = browser.get(&server, &format!("/oidc/logout?id_token_hint={hint}&{to}&state=x")).await;
    assert_eq!(away.header("location"), Some("https://app.example/bye?state=x"));
    assert!(!browser.cookies.contains_key("__Host-chancery"));
}

async fn allow_pushed_requests(server: &TestServer, allowed: bool) {
    let settings = json!({ "pushed_authorization_requests_supported": allowed });
    server.api_send(Method::PATCH, "/tenants/settings", &settings).await.expect(200);
}

#[tokio::test]
async fn a_pushed_request_works_once_and_for_its_client_alone() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = application(&server, json!({})).await;
        let other = application(&server, json!({ "name": "Other" })).await;
        user(&server).await;
        let mut browser = Browser::default();
        signed_in(&server, &mut browser, &shop, &[]).await;
        let form = [
            ("client_id", shop.id.as_str()),
            ("client_secret", &shop.secret),
            ("response_type", "code"),
            ("redirect_uri", CALLBACK),
            ("scope", "openid"),
            ("state", "pushed"),
        ];
        let pairs: Vec<_> =
            form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let push = async || server.send(Call::new(Method::POST, "/oauth/par").form(&pairs).build()).await;
        allow_pushed_requests(&server, false).await;
        assert_eq!(push().await.expect(404)["error"], "endpoint_disabled", "the tenant says so");
        allow_pushed_requests(&server, true).await;
        let pushed = push().await.expect(201);
        let uri = pushed["request_uri"].as_str().unwrap().to_owned();
        let path = |client: &str| {
            let query = form_urlencoded::Serializer::new(String::new())
                .append_pair("client_id", client)
                .append_pair("request_uri", &uri)
                .finish();
            format!("/authorize?{query}")
        };
        assert_eq!(browser.get(&server, &path(&other.id)).await.status, 400);
        let answer = browser.get(&server, &path(&shop.id)).await;
        assert_eq!(parameter(&answer, "state"), "pushed");
        assert_eq!(browser.get(&server, &path(&shop.id)).await.status, 400, "it was used");
        let wrong: Vec<_> = pairs
            .iter()
            .map(|(name, value)| {
                (
                    name.clone(),
                    if name == "redirect_uri" { "https://evil.example/".to_owned() } else { value.clone() },
                )
            })
            .collect();
        server.send(Call::new(Method::POST, "/oauth/par").form(&wrong).build()).await.expect(400);
    }
}

#[tokio::test]
async fn a_device_gets_tokens_once_its_user_has_said_yes() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let grant = "urn:ietf:params:oauth:grant-type:device_code";
        let tv = json!({ "name": "TV", "app_type": "native", "grant_types": [grant, "refresh_token"] });
        let tv = application(&server, tv).await;
        let user_id = user(&server).await;
        let pairs = vec![
            ("client_id".to_owned(), tv.id.clone()),
            ("scope".to_owned(), "openid offline_access".to_owned()),
        ];
        let code =
            server.send(Call::new(Method::POST, "/oauth/device/code").form(&pairs).build()).await.expect(200);
        let (device, user_code) =
            (code["device_code"].as_str().unwrap(), code["user_code"].as_str().unwrap());
        let poll = async || {
            token(&server, &[("grant_type", grant), ("client_id", &tv.id), ("device_code", device)]).await
        };
        assert_eq!(poll().await.expect(403)["error"], "authorization_pending");
        assert_eq!(poll().await.expect(429)["error"], "slow_down");
        let mut browser = Browser::default();
        let page = browser.get(&server, "/activate").await;
        let wrong = browser.submit(&server, &page, &[("user_code", "BBBB-BBBB")]).await;
        assert_eq!(wrong.status, 400);
        // Nobody is signed in yet: that comes first, then the question.
        let typed = user_code.to_lowercase().replace('-', " ");
        let page = browser.submit(&server, &page, &[("user_code", &typed)]).await;
        let page = browser.submit(&server, &page, &[("username", EMAIL)]).await;
        let signed_in_at = server.clock.now().as_second();
        let page = browser.submit(&server, &page, &[("password", PASSWORD)]).await;
        assert!(page.text().contains(user_code), "the page shows what is to be compared: {page:?}");
        assert_eq!(poll().await.expect(429)["error"], "slow_down", "signing in is no yes");
        browser.submit(&server, &page, &[("action", "accept")]).await.expect_ok();
        server.clock.advance(SignedDuration::from_secs(5));
        let tokens = poll().await.expect(200);
        let claims = crate::kit::claims(tokens["id_token"].as_str().unwrap());
        assert_eq!(claims["sub"], user_id.as_str());
        assert_eq!(claims["auth_time"], signed_in_at);
        assert!(tokens["refresh_token"].is_string());
        assert_eq!(poll().await.status, 403, "tokens are issued once");
    }
}

#[tokio::test]
async fn an_address_that_guesses_codes_of_devices_is_throttled() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let few = json!({ "stage": { "pre-login": { "max_attempts": 2, "rate": 600_000 } } });
        let settings = "/attack-protection/suspicious-ip-throttling";
        server.api_send(Method::PATCH, settings, &few).await.expect(200);
        let grant = "urn:ietf:params:oauth:grant-type:device_code";
        let tv = json!({ "name": "TV", "app_type": "native", "grant_types": [grant] });
        let tv = application(&server, tv).await;
        let asked = Call::new(Method::POST, "/oauth/device/code").form(&[("client_id".to_owned(), tv.id)]);
        let code = server.send(asked.build()).await.expect(200);
        let mut browser = Browser::default();
        let page = browser.get(&server, "/activate").await;
        let mut said = Vec::new();
        for typed in ["BBBB-BBBB", "CCCC-CCCC", code["user_code"].as_str().unwrap()] {
            said.push(browser.submit(&server, &page, &[("user_code", typed)]).await.status.as_u16());
        }
        assert_eq!(said, [400, 400, 429], "also the right one, as guessing must not pay");
        server.clock.advance(SignedDuration::from_mins(10));
        let right =
            browser.submit(&server, &page, &[("user_code", code["user_code"].as_str().unwrap())]).await;
        right.expect_ok();
    }
}

#[tokio::test]
async fn an_application_signs_users_up_and_promises_a_new_password_to_all_alike() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = application(&server, json!({})).await;
        let call = async |path: &str, body: Value| {
            let mut all = json!({ "client_id": shop.id, "connection": "Username-Password-Authentication" });
            all.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
            server.send(Call::new(Method::POST, path).json(&all).build()).await
        };
        let account = json!({ "email": EMAIL, "password": PASSWORD });
        let made = call("/dbconnections/signup", account.clone()).await.expect(200);
        assert_eq!((&made["email"], &made["email_verified"]), (&json!(EMAIL), &json!(false)));
        assert_eq!(call("/dbconnections/signup", account).await.expect(400)["code"], "invalid_signup");
        let weak = json!({ "email": "b@x.example", "password": "short" });
        assert_eq!(call("/dbconnections/signup", weak).await.expect(400)["name"], "PasswordStrengthError");
        let mut answers = Vec::new();
        for email in [EMAIL, "nobody@x.example"] {
            let answer = call("/dbconnections/change_password", json!({ "email": email })).await;
            answers.push((answer.status.as_u16(), answer.text()));
        }
        assert_eq!(answers[0], answers[1]);
        assert_eq!(answers[0].0, 200);
        let back = signed_in(&server, &mut Browser::default(), &shop, &[]).await;
        assert!(answered(&back).iter().any(|(name, _)| name == "code"));
    }
}

#[tokio::test]
async fn an_application_that_is_told_the_password_gets_tokens_for_it() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let realm = REALM;
        let shop = application(&server, json!({ "grant_types": [realm, "refresh_token"] })).await;
        user(&server).await;
        let ask = async |password: &str| {
            token(
                &server,
                &[
                    ("grant_type", realm),
                    ("client_id", &shop.id),
                    ("client_secret", &shop.secret),
                    ("realm", "Username-Password-Authentication"),
                    ("username", EMAIL),
                    ("password", password),
                    ("scope", "openid offline_access"),
                ],
            )
            .await
        };
        let tokens = ask(PASSWORD).await.expect(200);
        assert!(tokens["id_token"].is_string() && tokens["refresh_token"].is_string());
        let wrong = json!({ "error": "invalid_grant", "error_description": "Wrong email or password." });
        assert_eq!(ask("wrong").await.both(), (403, wrong));
    }
}

#[tokio::test]
async fn the_log_names_whose_password_was_tried_in_vain() {
    for on in engines() {
        let mut server = TestServer::on(on).await;
        let realm = REALM;
        let shop = application(&server, json!({ "grant_types": [realm, "password"] })).await;
        let user_id = user(&server).await;
        let default = json!({ "default_directory": CONNECTION });
        server.api_send(Method::PATCH, "/tenants/settings", &default).await.expect(200);
        let long = format!("{}@x.example", "a".repeat(300));
        let cases = [
            (realm, EMAIL, "fp"),
            ("password", EMAIL, "fp"),
            (realm, "nobody@x.example", "fu"),
            ("password", "nobody@x.example", "fu"),
            (realm, &long, "fu"),
        ];
        for (grant, username, _) in cases {
            let form = [
                ("grant_type", grant),
                ("client_id", &shop.id),
                ("client_secret", &shop.secret),
                ("realm", CONNECTION),
                ("username", username),
                ("password", "wr0ng"),
            ];
            let refused = token(&server, &form).await;
            assert_eq!(refused.status, 403, "{username}: {}", refused.text());
        }
        server.flush_log().await;
        let reader = server.sibling().await;
        let entries = reader.api_get("/logs?q=type:(fp%20OR%20fu)&sort=date:1").await.expect(200);
        let entries = entries.as_array().unwrap();
        assert_eq!(entries.len(), cases.len());
        for ((_, username, kind), entry) in cases.iter().zip(entries) {
            let told = |name: &str| entry[name].clone();
            assert_eq!(told("type"), *kind);
            assert_eq!(told("description"), "Wrong email or password.");
            let shown: String = username.chars().take(200).collect();
            assert_eq!(told("user_name"), json!(shown), "{entry}");
            let whom = if *kind == "fp" { json!(user_id) } else { Value::Null };
            assert_eq!(told("user_id"), whom, "{entry}");
            assert_eq!((told("client_id"), told("client_name")), (json!(shop.id), json!("Shop")));
            assert_eq!((told("connection"), told("strategy")), (json!(CONNECTION), json!("auth0")));
            assert!(!entry.to_string().contains("wr0ng"), "no password is in the log: {entry}");
        }
    }
}

/// Runs the statements of pushed requests and devices once.
pub(crate) async fn exercise(server: &TestServer) {
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    let shop = application(server, json!({ "grant_types": ["authorization_code", grant] })).await;
    let mut browser = Browser::default();
    signed_in(server, &mut browser, &shop, &[]).await;
    let proof = [("client_id", shop.id.as_str()), ("client_secret", shop.secret.as_str())];
    let post = async |path: &str, more: &[(&str, &str)]| {
        let pairs: Vec<_> =
            proof.iter().chain(more).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        server.send(Call::new(Method::POST, path).form(&pairs).build()).await.json()
    };
    let request = [("response_type", "code"), ("redirect_uri", CALLBACK), ("scope", "openid")];
    let pushed = post("/oauth/par", &request).await;
    let uri = pushed["request_uri"].as_str().unwrap().replace(':', "%3A");
    browser.get(server, &format!("/authorize?client_id={}&request_uri={uri}", shop.id)).await;
    for action in ["accept", "deny"] {
        let code = post("/oauth/device/code", &[("scope", "openid")]).await;
        let device = code["device_code"].as_str().unwrap();
        let page = browser.get(server, "/activate").await;
        let page = browser.submit(server, &page, &[("user_code", code["user_code"].as_str().unwrap())]).await;
        browser.submit(server, &page, &[("action", action)]).await.expect_ok();
        post("/oauth/token", &[("grant_type", grant), ("device_code", device)]).await;
    }
    // An API that only applications with a grant for users may ask for.
    let api = json!({
        "identifier": "urn:closed",
        "subject_type_authorization": { "user": { "policy": "require_client_grant" } },
    });
    server.api_send(Method::POST, "/resource-servers", &api).await.expect(201);
    let refused = browser.get(server, &authorize(&shop, &[("audience", "urn:closed")])).await;
    assert_eq!(parameter(&refused, "error"), "access_denied");
}

#[tokio::test]
async fn only_a_backend_that_is_trusted_and_proves_itself_tells_where_its_users_are() {
    let realm = REALM;
    for on in engines() {
        let server = TestServer::on(on).await;
        let user_id = user(&server).await;
        let trusted = json!({ "grant_types": [realm], "is_token_endpoint_ip_header_trusted": true });
        let mut public = trusted.clone();
        public["token_endpoint_auth_method"] = "none".into();
        for (what, setting, told, believed) in [
            ("trusted", &trusted, "198.51.100.7", true),
            ("trusted, IPv6", &trusted, "2001:db8::7", true),
            ("no address", &trusted, "198.51.100.7, 198.51.100.8", false),
            ("public", &public, "198.51.100.7", false),
            ("not trusted", &json!({ "grant_types": [realm] }), "198.51.100.7", false),
        ] {
            let shop = application(&server, setting.clone()).await;
            let mut form = vec![
                ("grant_type", realm),
                ("realm", CONNECTION),
                ("client_id", &shop.id),
                ("username", EMAIL),
                ("password", PASSWORD),
            ];
            if what != "public" {
                form.push(("client_secret", &shop.secret));
            }
            let pairs: Vec<_> =
                form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let call = Call::new(Method::POST, "/oauth/token").header("auth0-forwarded-for", told);
            server.send(call.form(&pairs).build()).await.expect(200);
            let shown = server.api_get(&format!("/users/{user_id}")).await.expect(200);
            assert_eq!(shown["last_ip"] == told, believed, "{on:?}: {what}: {}", shown["last_ip"]);
        }
    }
}

#[tokio::test]
async fn pages_of_other_origins_may_call_the_endpoints_without_cookies() {
    let server = TestServer::start().await;
    for path in ["/oauth/token", "/userinfo", "/oauth/revoke", "/dbconnections/signup"] {
        let asked = Call::new(Method::OPTIONS, path)
            .header("origin", "https://app.example")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "auth0-client,content-type");
        let preflight = server.send(asked.build()).await;
        assert_eq!(preflight.status, 204, "{path}");
        assert_eq!(preflight.header("access-control-allow-origin"), Some("*"));
        assert_eq!(preflight.header("access-control-allow-credentials"), None);
        let headers = preflight.header("access-control-allow-headers").unwrap();
        assert!(headers.contains("auth0-client") && headers.contains("authorization"), "{headers}");
        let refused = server.send(Call::new(Method::POST, path).build()).await;
        assert_eq!(
            refused.header("access-control-allow-origin"),
            Some("*"),
            "errors can be read too: {path}"
        );
    }
    for path in ["/.well-known/jwks.json", "/.well-known/openid-configuration"] {
        let asked = Call::new(Method::OPTIONS, path)
            .header("origin", "https://app.example")
            .header("access-control-request-method", "GET")
            .header("access-control-request-headers", "auth0-client");
        let preflight = server.send(asked.build()).await;
        assert_eq!(preflight.status, 204, "{path}");
        assert_eq!(preflight.header("access-control-allow-origin"), Some("*"), "{path}");
        assert!(preflight.header("access-control-allow-headers").unwrap().contains("auth0-client"), "{path}");
        assert_eq!(server.get(path).await.header("access-control-allow-origin"), Some("*"), "{path}");
    }
}
