//! Requests that are too large, say something twice, or hold what no text holds: each is told what is wrong, quickly,
//! and no database sees it.

use http::Method;
use http::StatusCode;
use serde_json::{Value, json};

use super::accounts::flood;
use crate::kit::{Answer, Call, TestServer, engines};
use crate::people::{
    Application, Browser, CALLBACK, CONNECTION, EMAIL, PASSWORD, VERIFIER, application, authorize, form,
    link_in, mails, user,
};

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";
const FORM: &str = "application/x-www-form-urlencoded";

type Pairs = Vec<(&'static str, String)>;

/// Every endpoint that takes a form, with what makes a request of it that is whole.
fn endpoints(shop: &Application) -> Vec<(Method, &'static str, Pairs)> {
    let own = |more: &[(&'static str, &str)]| -> Pairs {
        let proof = [("client_id", shop.id.as_str()), ("client_secret", shop.secret.as_str())];
        proof.iter().chain(more).map(|(name, value)| (*name, (*value).to_owned())).collect()
    };
    let request =
        [("response_type", "code"), ("redirect_uri", CALLBACK), ("scope", "openid"), ("state", "s")];
    let asked = [("client_id", shop.id.as_str())].into_iter().chain(request);
    let asked: Pairs = asked.map(|(name, value)| (name, value.to_owned())).collect();
    let account = [("connection", CONNECTION), ("email", "new@x.example"), ("password", PASSWORD)];
    let code = [
        ("grant_type", "authorization_code"),
        ("code", "x"),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    let by_password = [
        ("grant_type", "password"),
        ("username", EMAIL),
        ("password", PASSWORD),
        ("scope", "openid"),
        ("audience", "x"),
    ];
    let logout = [("client_id", shop.id.as_str()), ("returnTo", CALLBACK)];
    let logout: Pairs = logout.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
    let end = [("client_id", shop.id.as_str()), ("post_logout_redirect_uri", CALLBACK), ("state", "s")];
    let end: Pairs = end.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
    vec![
        (Method::POST, "/oauth/token", own(&code)),
        (Method::POST, "/oauth/token", own(&by_password)),
        (Method::POST, "/oauth/token", own(&[("grant_type", "refresh_token"), ("refresh_token", "x")])),
        (Method::POST, "/oauth/token", own(&[("grant_type", DEVICE), ("device_code", "x")])),
        (Method::POST, "/oauth/revoke", own(&[("token", "x"), ("token_type_hint", "refresh_token")])),
        (Method::POST, "/oauth/par", own(&request)),
        (Method::POST, "/oauth/device/code", own(&[("scope", "openid"), ("audience", "x")])),
        (Method::POST, "/dbconnections/signup", own(&account)),
        (Method::POST, "/dbconnections/change_password", own(&account[..2])),
        (Method::GET, "/authorize", asked.clone()),
        (Method::POST, "/authorize", asked),
        (Method::GET, "/v2/logout", logout.clone()),
        (Method::POST, "/v2/logout", logout),
        (Method::GET, "/oidc/logout", end.clone()),
        (Method::POST, "/oidc/logout", end),
        (Method::GET, "/userinfo", vec![("access_token", "x".to_owned())]),
        (Method::POST, "/userinfo", vec![("access_token", "x".to_owned())]),
        (Method::GET, "/activate", vec![("user_code", "BBBB-BBBB".to_owned())]),
        (Method::GET, "/u/login", vec![("state", "x".to_owned())]),
        (Method::GET, "/u/reset-verify", vec![("ticket", "x".to_owned())]),
    ]
}

/// Sends what is encoded already, where the method puts it.
async fn send(server: &TestServer, method: &Method, path: &str, encoded: &str) -> Answer {
    let call = if *method == Method::GET {
        Call::get(&format!("{path}?{encoded}"))
    } else {
        Call::new(method.clone(), path).raw(FORM, encoded.to_owned())
    };
    server.send(call.build()).await
}

fn encoded(pairs: &Pairs) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

async fn ready(server: &TestServer) -> Application {
    let settings = json!({
        "default_directory": CONNECTION, "pushed_authorization_requests_supported": true,
        "flags": { "enable_dynamic_client_registration": true },
    });
    server.api_send(Method::PATCH, "/tenants/settings", &settings).await.expect(200);
    let grants = ["authorization_code", "refresh_token", "password", DEVICE];
    let shop = application(server, json!({ "grant_types": grants, "allowed_logout_urls": [CALLBACK] })).await;
    user(server).await;
    shop
}

async fn users(server: &TestServer) -> Value {
    server.api_get("/users?include_totals=true").await.expect(200)
}

#[tokio::test]
async fn a_parameter_that_is_there_twice_is_refused_at_every_endpoint() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = ready(&server).await;
        let before = users(&server).await;
        for (method, path, pairs) in endpoints(&shop) {
            let whole = encoded(&pairs);
            for (name, value) in &pairs {
                for again in [value.as_str(), "other", ""] {
                    let both = format!("{whole}&{}", encoded(&vec![(name, again.to_owned())]));
                    let refused = send(&server, &method, path, &both).await;
                    assert_eq!(refused.status, 400, "{method} {path} {name}: {}", refused.text());
                    assert_eq!(refused.header("location"), None, "{method} {path} {name}");
                }
            }
        }
        assert_eq!(users(&server).await, before);
    }
}

#[tokio::test]
async fn what_is_no_text_is_refused_at_every_endpoint_before_a_database_sees_it() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = ready(&server).await;
        let before = users(&server).await;
        for (method, path, pairs) in endpoints(&shop) {
            for number in 0..pairs.len() {
                for bad in ["%00", "a%00b", "%ff", "%c3%28", "%ed%a0%80", "a%0d%0ab", "%1b%5b2J", "%7f"] {
                    let others: Pairs = pairs
                        .iter()
                        .enumerate()
                        .filter(|(own, _)| *own != number)
                        .map(|(_, pair)| pair.clone())
                        .collect();
                    let name = pairs[number].0;
                    let sent = format!("{}&{name}={bad}", encoded(&others));
                    let refused = send(&server, &method, path, &sent).await;
                    assert_eq!(refused.status, 400, "{method} {path} {name}={bad}: {}", refused.text());
                    assert_eq!(refused.header("location"), None, "{method} {path} {name}={bad}");
                }
            }
            if method == Method::POST {
                let raw = Call::new(Method::POST, path).raw(FORM, b"client_id=\xff\xfe&a=b".to_vec());
                assert_eq!(server.send(raw.build()).await.status, 400, "{path}");
            }
        }
        assert_eq!(users(&server).await, before);
    }
}

#[tokio::test]
async fn json_that_is_ambiguous_or_no_text_is_refused_too() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = ready(&server).await;
        let before = users(&server).await;
        let whole = json!({
            "client_id": shop.id, "connection": CONNECTION, "email": "new@x.example", "password": PASSWORD,
            "username": "newton", "name": "New", "nickname": "n", "given_name": "N", "family_name": "N",
            "picture": "https://a.example/p.png", "phone_number": "+4912345678", "user_metadata": { "a": "b" },
        });
        let names: Vec<&String> = whole.as_object().unwrap().keys().collect();
        let send = async |path: &str, body: String| {
            server.send(Call::new(Method::POST, path).raw("application/json", body).build()).await
        };
        for path in ["/dbconnections/signup", "/dbconnections/change_password"] {
            for name in &names {
                let used =
                    path.ends_with("signup") || ["client_id", "connection", "email"].contains(&name.as_str());
                for bad in
                    [json!("a\0b"), json!(["a"]), json!({ "a": "b\0" }), json!(1), json!("x".repeat(5000))]
                {
                    let mut body = whole.clone();
                    body[name.as_str()] = bad.clone();
                    let refused = send(path, body.to_string()).await;
                    let short = bad.to_string().chars().take(20).collect::<String>();
                    // What is not asked for is not looked at.
                    let expected = if used { 400 } else { 200 };
                    assert_eq!(refused.status, expected, "{path} {name} {short}: {}", refused.text());
                    assert!(!refused.text().contains("busy"), "{path} {name} {short}: {}", refused.text());
                }
                let twice = whole.to_string().replacen('{', &format!("{{\"{name}\":\"x\","), 1);
                assert_eq!(send(path, twice).await.status, 400, "{path} {name} twice");
            }
            for broken in
                ["", "{", "[]", "null", "\"a\"", "{\"client_id\":\"\\ud800\"}", "{}{}", "\u{feff}{}"]
            {
                assert_eq!(send(path, broken.to_owned()).await.status, 400, "{path} {broken}");
            }
            let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
            assert_eq!(send(path, deep).await.status, 400, "{path}");
        }
        for name in ["grant_type", "client_id", "client_secret", "code"] {
            let mut body = json!({ "grant_type": "authorization_code", "client_id": shop.id, "client_secret": shop.secret, "code": "x" });
            let twice = body.to_string().replacen('{', &format!("{{\"{name}\":\"x\","), 1);
            assert_eq!(send("/oauth/token", twice).await.status, 400, "{name} twice");
            body[name] = json!("a\0b");
            assert_eq!(send("/oauth/token", body.to_string()).await.status, 400, "{name}");
        }
        assert_eq!(users(&server).await, before);
        assert_eq!(server.api_get("/users?q=email:%22new@x.example%22").await.expect(200), json!([]));
    }
}

#[tokio::test]
async fn a_client_that_is_named_with_nul_in_a_registration_is_none() {
    for on in engines() {
        let server = TestServer::on(on).await;
        ready(&server).await;
        let before = server.api_get("/clients?include_totals=true").await.expect(200)["total"].clone();
        for body in [
            json!({ "client_name": "a\0b", "redirect_uris": [CALLBACK] }),
            json!({ "redirect_uris": ["https://app.example/\0"] }),
            json!({ "client_name": "x".repeat(100_000), "redirect_uris": [CALLBACK] }),
            json!({ "client_name": "<script>alert(1)</script>", "redirect_uris": [CALLBACK] }),
        ] {
            let call = Call::new(Method::POST, "/oidc/register").json(&body);
            assert_eq!(server.send(call.build()).await.status, 400);
        }
        assert_eq!(server.api_get("/clients?include_totals=true").await.expect(200)["total"], before);
    }
}

#[tokio::test]
async fn two_authorizations_in_one_request_are_refused() {
    let server = TestServer::start().await;
    let token = server.token(&[]).await;
    for path in ["/userinfo", "/oauth/token", "/api/v2/clients"] {
        let method = if path == "/oauth/token" { Method::POST } else { Method::GET };
        let call = Call::new(method, path).bearer(&token).bearer(&token).raw(FORM, "client_id=a");
        let status = server.send(call.build()).await.status;
        assert!([StatusCode::BAD_REQUEST, StatusCode::UNAUTHORIZED].contains(&status), "{path}: {status}");
    }
    let both = Call::new(Method::POST, "/userinfo").bearer(&token).raw(FORM, format!("access_token={token}"));
    assert_eq!(server.send(both.build()).await.status, 400, "in the header and in the form");
}

/// While nobody can be hashed for, whoever is refused at once is refused without a hash.
#[tokio::test]
async fn passwords_that_none_can_be_are_refused_without_a_hash_everywhere() {
    let server = TestServer::start().await;
    let shop = ready(&server).await;
    let before = users(&server).await;
    let mut browser = Browser::default();
    let begun = browser.visit(&server, &authorize(&shop, &[])).await;
    let state = form(&begun).hidden.into_iter().find(|(name, _)| name == "state").unwrap().1;
    let mut pages = Vec::new();
    for (path, fields) in
        [("/u/login", &[("username", EMAIL)][..]), ("/u/signup", &[("email", "new@x.example")])]
    {
        let page = browser.get(&server, &format!("{path}?state={state}")).await;
        pages.push((form(&page), fields.to_vec()));
    }
    let page = browser.get(&server, &format!("/u/reset-password/request?state={state}")).await;
    server.clock.advance(jiff::SignedDuration::from_secs(1));
    browser.submit(&server, &page, &[("email", EMAIL)]).await.expect_ok();
    let link = link_in(mails(&server).await.last().unwrap());
    let reset = form(&browser.get(&server, &link).await);
    // Where the browser stands after a password that was refused.
    assert_eq!(form(&browser.get(&server, &reset.action).await).action, reset.action);
    let token = server.token(&[]).await;
    let path = format!("/api/v2/users/{}", before["users"][0]["user_id"].as_str().unwrap());
    let flood = flood(&server).await;
    for length in [257, 60_000, 1_000_000] {
        let long = "Aa1-".repeat(length / 4 + 1);
        for (form, fields) in &pages {
            let fields = [&fields[..], &[("password", long.as_str())]].concat();
            let refused = browser.post(&server, form, &fields).await;
            assert_eq!(refused.status, 400, "{} {length}", form.action);
        }
        let fields = [("password", long.as_str()), ("password_repeat", long.as_str())];
        assert_eq!(browser.post(&server, &reset, &fields).await.status, 400, "reset {length}");
        let pairs: Vec<_> = [
            ("grant_type", "password"),
            ("client_id", &shop.id),
            ("client_secret", &shop.secret),
            ("username", EMAIL),
            ("password", &long),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        let status = server.token_request(&pairs).await.status;
        assert!([400, 403].contains(&status.as_u16()), "grant {length}: {status}");
        let account = json!({ "client_id": shop.id, "connection": CONNECTION, "email": "new@x.example", "password": long });
        let call = Call::new(Method::POST, "/dbconnections/signup").json(&account);
        assert_eq!(server.send(call.build()).await.status, 400, "signup {length}");
        let body = json!({ "connection": CONNECTION, "email": "new@x.example", "password": long });
        let call = Call::new(Method::POST, "/api/v2/users").bearer(&token).json(&body);
        let status = server.send(call.build()).await.status.as_u16();
        assert!([400, 413].contains(&status), "users {length}: {status}");
        let call = Call::new(Method::PATCH, &path).bearer(&token).json(&json!({ "password": long }));
        let status = server.send(call.build()).await.status.as_u16();
        assert!([400, 413].contains(&status), "user {length}: {status}");
    }
    drop(flood);
    assert_eq!(users(&server).await, before);
}

#[tokio::test]
async fn what_is_longer_than_anything_meant_is_refused_at_every_endpoint() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = ready(&server).await;
        let before = users(&server).await;
        for (method, path, pairs) in endpoints(&shop) {
            for number in 0..pairs.len() {
                let mut sent = pairs.clone();
                sent[number].1 = "x".repeat(if method == Method::GET { 50_000 } else { 200_000 });
                let refused = send(&server, &method, path, &encoded(&sent)).await;
                let name = sent[number].0;
                let status = refused.status.as_u16();
                // A token or a code of that length is none; a page shows nothing of it.
                let fine = if path == "/activate" { vec![200] } else { vec![400, 401] };
                assert!(fine.contains(&status), "{method} {path} {name}: {status}");
                assert_eq!(refused.header("location"), None, "{method} {path} {name}");
            }
        }
        let mut browser = Browser::default();
        let page = browser.visit(&server, &authorize(&shop, &[])).await;
        for length in [2_000, 60_000] {
            let long = format!("{}@x.example", "a".repeat(length));
            let asked = browser.submit(&server, &page, &[("username", &long)]).await;
            assert!([200, 400].contains(&asked.status.as_u16()), "{}", asked.status);
            if asked.status == 200 {
                assert_eq!(browser.submit(&server, &asked, &[("password", "x")]).await.status, 400);
            }
        }
        assert_eq!(users(&server).await, before);
    }
}
