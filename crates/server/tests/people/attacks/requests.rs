//! Authorization requests: addresses, modes, prompts, hints and signed requests that are not what they seem.

use chancery_crypto::pem::{self, LineEnd};
use chancery_jose::base64url;
use http::Method;
use serde_json::{Value, json};

use super::post_as;
use crate::kit::{self, Answer, ISSUER, START, TestServer, claims, engines};
use crate::people::{
    Application, Browser, CALLBACK, answered, application, authorize, exchange, parameter, signed_in, user,
};

/// Insists that an answer sends the browser nowhere.
#[track_caller]
fn stays(answer: &Answer, what: &str) {
    assert_eq!((answer.status.as_u16(), answer.header("location")), (400, None), "{what}");
}

const EVIL: &[&str] = &[
    "https://evil.example/callback",
    "https://app.example/callback/",
    "https://app.example/callback/more",
    "https://app.example/callbackx",
    "https://app.example/call",
    "https://app.example/Callback",
    "https://app.example/callback?x=1",
    "https://app.example/callback#x",
    "https://app.example/x/../callback",
    "https://app.example/%2e%2e/callback",
    "https://app.example/callback%2f..%2f",
    "https://app.example/callback%252f..%252f",
    "https://app.example/..;/callback",
    "https://app.example:443/callback",
    "https://app.example:8443/callback",
    "https://APP.example/callback",
    "HTTPS://app.example/callback",
    "http://app.example/callback",
    "https://evil.app.example/callback",
    "https://appxexample/callback",
    "https://app.example.evil.example/callback",
    "https://app.example@evil.example/callback",
    "https://evil@app.example/callback",
    "https://evil.example\\@app.example/callback",
    "https://evil.example\\.app.example/callback",
    "https://evil.example#@app.example/callback",
    "https://evil.example?https://app.example/callback",
    " https://app.example/callback",
    "https://app.example/callback ",
    "https://\u{430}pp.example/callback",
    "https://xn--pp-6kc.example/callback",
    "https://[::1]/callback",
    "//app.example/callback",
    "/callback",
    "javascript:alert(1)",
    "data:text/html,x",
    "com.example.app:/callback",
];

#[tokio::test]
async fn no_spelling_of_another_address_is_answered_by_any_way_that_a_request_comes() {
    let server = TestServer::start().await;
    let shop = signing(&server, false).await;
    user(&server).await;
    let mut browser = Browser::default();
    signed_in(&server, &mut browser, &shop, &[]).await;
    for evil in EVIL {
        for mode in ["query", "fragment", "form_post", "web_message"] {
            let asked =
                authorize(&shop, &[("redirect_uri", evil), ("response_mode", mode), ("prompt", "none")]);
            let answer = browser.get(&server, &asked).await;
            stays(&answer, evil);
            assert!(!answer.text().contains("authorization_response"), "{evil}");
        }
        let request = [("response_type", "code"), ("redirect_uri", evil), ("scope", "openid")];
        let refused = post_as(&server, &shop, "/oauth/par", &request).await;
        assert_eq!(refused.expect(400)["error"], "unauthorized_client", "{evil}");
        let inner = signed(&shop, &json!({ "redirect_uri": evil }));
        stays(&browser.get(&server, &authorize(&shop, &[("request", &inner)])).await, evil);
    }
    // The address may stand in the request, and has to.
    stays(&browser.get(&server, &authorize(&shop, &[("redirect_uri", "")])).await, "none");
}

#[tokio::test]
async fn an_address_that_a_browser_would_run_cannot_be_registered() {
    let server = TestServer::start().await;
    for evil in ["javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x", "vbscript:x"] {
        let body = json!({ "name": "Evil", "callbacks": [evil] });
        server.api_send(Method::POST, "/clients", &body).await.expect(400);
    }
    assert_eq!(server.api_get("/clients?is_global=false&include_totals=true").await.expect(200)["total"], 1);
}

#[tokio::test]
async fn a_message_goes_to_origins_that_are_registered_and_to_nobody_else() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = application(&server, json!({ "web_origins": ["https://spa.example"] })).await;
        user(&server).await;
        let mut browser = Browser::default();
        signed_in(&server, &mut browser, &shop, &[]).await;
        let mut ask = async |uri: &str| {
            let asked = [("response_mode", "web_message"), ("prompt", "none"), ("redirect_uri", uri)];
            browser.get(&server, &authorize(&shop, &asked)).await
        };
        for (uri, origin) in
            [("https://spa.example", "https://spa.example"), (CALLBACK, "https://app.example")]
        {
            let told = ask(uri).await;
            told.expect_ok();
            let policy = told.header("content-security-policy").unwrap();
            assert!(policy.contains(&format!("frame-ancestors {origin};")), "{policy}");
            assert!(told.text().contains("to.postMessage({"), "{}", told.text());
            assert!(told.text().contains(&format!(",\"{origin}\")")), "{}", told.text());
        }
        for evil in [
            "https://evil.example",
            "https://spa.example.evil.example",
            "http://spa.example",
            "null",
            "*",
            "https://*",
        ] {
            stays(&ask(evil).await, evil);
        }
        // Other modes would carry the answer to a path of that origin that nobody registered.
        let asked = [("response_mode", "query"), ("redirect_uri", "https://spa.example")];
        stays(&browser.get(&server, &authorize(&shop, &asked)).await, "query");
    }
}

#[tokio::test]
async fn parameters_that_make_no_sense_together_are_told_to_the_application_and_show_no_page() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = application(&server, json!({})).await;
        user(&server).await;
        let mut browser = Browser::default();
        signed_in(&server, &mut browser, &shop, &[]).await;
        let no_challenge = [("code_challenge", ""), ("code_challenge_method", "")];
        for (more, error) in [
            (&[("prompt", "none login")][..], "invalid_request"),
            (&[("prompt", "none consent")], "invalid_request"),
            (&[("prompt", "select_account none")], "invalid_request"),
            (&[("prompt", "None")], "invalid_request"),
            (&[("prompt", "none\u{a0}")], "invalid_request"),
            (&[("max_age", "-1")], "invalid_request"),
            (&[("max_age", "1e3")], "invalid_request"),
            (&[("max_age", "0x10")], "invalid_request"),
            (&[("max_age", "99999999999999999999")], "invalid_request"),
            (&[("max_age", "soon")], "invalid_request"),
            (&[("response_mode", "jwt")], "invalid_request"),
            (&[("response_mode", "query.jwt")], "invalid_request"),
            (&[("response_mode", "form_post ")], "invalid_request"),
            (&[("response_type", "none")], "unsupported_response_type"),
            (&[("response_type", "code code")], "unsupported_response_type"),
            (&[("response_type", "Code")], "unsupported_response_type"),
            (&[("response_type", "")], "invalid_request"),
            (&[("scope", "openid\"")], "invalid_scope"),
            (&[("id_token_hint", "x")], "invalid_request"),
            (&[("dpop_jkt", "x")], "invalid_request"),
            (&[("authorization_details", "[]")], "invalid_request"),
        ] {
            let refused = browser.get(&server, &authorize(&shop, more)).await;
            assert_eq!(parameter(&refused, "error"), error, "{more:?}");
            assert_eq!(parameter(&refused, "state"), "s & t", "{more:?}");
            assert!(!answered(&refused).iter().any(|(name, _)| name == "code"), "{more:?}");
        }
        // A token never goes into an address that servers write into their logs.
        for kind in ["token", "id_token", "code token", "code id_token"] {
            let more = [&no_challenge[..], &[("response_type", kind), ("response_mode", "query")]].concat();
            let refused = browser.get(&server, &authorize(&shop, &more)).await;
            let to = refused.header("location").unwrap();
            assert!(to.starts_with(&format!("{CALLBACK}#error=invalid_request&")), "{to}");
        }
        // max_age counts also where it is nothing.
        let again = browser.visit(&server, &authorize(&shop, &[("max_age", "0")])).await;
        assert!(again.text().contains("<form"), "somebody has to sign in again");
    }
}

/// An application that may sign its requests with the seventh key, and perhaps must.
async fn signing(server: &TestServer, required: bool) -> Application {
    let pem = pem::encode("PUBLIC KEY", &kit::key(6).public().to_spki_der(), LineEnd::Lf);
    let credential = json!({ "credential_type": "public_key", "pem": pem, "alg": "RS256" });
    let requests = json!({ "required": required, "credentials": [credential] });
    application(server, json!({ "signed_request_object": requests })).await
}

fn request(shop: &Application, change: &Value) -> Value {
    let mut claims = json!({
        "iss": shop.id, "aud": ISSUER, "client_id": shop.id, "exp": START + 60, "response_type": "code",
        "redirect_uri": CALLBACK, "scope": "openid", "state": "inside", "nonce": "inside",
    });
    claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    claims
}

fn signed(shop: &Application, change: &Value) -> String {
    kit::sign(&json!({ "alg": "RS256", "typ": "oauth-authz-req+jwt" }), &request(shop, change), 6)
}

#[tokio::test]
async fn a_signed_request_counts_alone_and_only_if_it_is_the_applications_own() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = signing(&server, true).await;
        user(&server).await;
        let mut browser = Browser::default();
        let good = signed(&shop, &json!({}));
        let beside =
            [("request", good.as_str()), ("scope", "openid email"), ("prompt", "none"), ("max_age", "x")];
        let refused = browser.get(&server, &authorize(&shop, &[])).await;
        assert_eq!(parameter(&refused, "error"), "invalid_request", "unsigned");
        // What stands beside it would have refused.
        let back = signed_in(&server, &mut browser, &shop, &beside).await;
        assert_eq!(parameter(&back, "state"), "inside");
        let part = |value: &Value| base64url::encode(value.to_string().as_bytes());
        let claims = request(&shop, &json!({}));
        let none = |alg: &str| format!("{}.{}.", part(&json!({ "alg": alg })), part(&claims));
        let rs256 = json!({ "alg": "RS256" });
        let (head, rest) = good.split_once('.').unwrap();
        let (_, signature) = rest.split_once('.').unwrap();
        let forged = [
            none("none"),
            none("None"),
            none("nOnE"),
            none(""),
            format!("{head}.{}.{signature}", part(&request(&shop, &json!({ "scope": "openid email" })))),
            kit::sign(&rs256, &claims, 5),
            kit::sign(&rs256, &claims, 0),
            kit::sign(&json!({ "alg": "RS256", "jwk": { "kty": "RSA" } }), &claims, 5),
            kit::sign(&json!({ "alg": "RS256", "typ": "at+jwt" }), &claims, 6),
            kit::sign(&json!({ "alg": "PS256" }), &claims, 6),
            signed(&shop, &json!({ "iss": "somebody" })),
            signed(&shop, &json!({ "aud": "https://other.example/" })),
            signed(&shop, &json!({ "aud": "https://tenant.example" })),
            signed(&shop, &json!({ "exp": START })),
            signed(&shop, &json!({ "exp": (START + 60).to_string() })),
            signed(&shop, &json!({ "nbf": START + 60 })),
            signed(&shop, &json!({ "client_id": "somebody" })),
            signed(&shop, &json!({ "sub": shop.id })),
            signed(&shop, &json!({ "request": good })),
            signed(&shop, &json!({ "request_uri": "https://evil.example/" })),
            "x".repeat(20_000),
        ];
        for (number, token) in forged.iter().enumerate() {
            let answer = browser.get(&server, &authorize(&shop, &[("request", token)])).await;
            stays(&answer, &format!("{number}: {token:.80}"));
        }
    }
}

#[tokio::test]
async fn a_request_is_fetched_from_nowhere() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = application(&server, json!({})).await;
        for uri in [
            "https://evil.example/request",
            "http://169.254.169.254/latest/meta-data/",
            "http://127.0.0.1:1/",
            "file:///etc/passwd",
            "urn:ietf:params:oauth:request_uri:",
            "urn:ietf:params:oauth:request_uri:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "urn:ietf:params:oauth:request_uri:' OR 1=1 --",
        ] {
            let answer = Browser::default().get(&server, &authorize(&shop, &[("request_uri", uri)])).await;
            stays(&answer, uri);
            let pushed = post_as(&server, &shop, "/oauth/par", &[("request_uri", uri)]).await;
            assert_eq!(pushed.expect(400)["error"], "invalid_request_uri", "{uri}");
        }
    }
}

#[tokio::test]
async fn a_hint_has_to_be_an_id_token_of_this_application_by_a_key_that_still_counts() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = application(&server, json!({ "jwt_configuration": { "alg": "RS256" } })).await;
        let other = application(&server, json!({ "name": "Other" })).await;
        let user_id = user(&server).await;
        let mut browser = Browser::default();
        let back = signed_in(&server, &mut browser, &shop, &[]).await;
        let tokens = exchange(&server, &shop, &parameter(&back, "code")).await.expect(200);
        let own = tokens["id_token"].as_str().unwrap().to_owned();
        let silent = browser.get(&server, &authorize(&other, &[])).await;
        let theirs = exchange(&server, &other, &parameter(&silent, "code")).await.expect(200);
        let kid = kit::token_header(&own)["kid"].clone();
        let content = claims(&own);
        let unsigned = |alg: &str| {
            let part = |value: Value| base64url::encode(value.to_string().as_bytes());
            format!("{}.{}.", part(json!({ "alg": alg, "kid": kid })), part(content.clone()))
        };
        let by = |change: Value, number: usize| {
            let mut claims = content.clone();
            claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            kit::sign(&json!({ "alg": "RS256", "typ": "JWT", "kid": kid }), &claims, number)
        };
        let asked = async |browser: &mut Browser, hint: &str| {
            browser.get(&server, &authorize(&shop, &[("id_token_hint", hint), ("prompt", "none")])).await
        };
        let bad = [
            theirs["id_token"].as_str().unwrap().to_owned(),
            server.token(&[]).await,
            unsigned("none"),
            by(json!({}), 3),
            by(json!({ "iss": "https://evil.example/" }), 0),
            by(json!({ "aud": [shop.id, other.id] }), 0),
            by(json!({ "aud": "nobody" }), 0),
            by(json!({ "events": {} }), 0),
            by(json!({ "scope": "openid" }), 0),
            by(json!({ "sub": "" }), 0),
        ];
        for (number, hint) in bad.iter().enumerate() {
            let refused = asked(&mut browser, hint).await;
            assert_eq!(parameter(&refused, "error"), "invalid_request", "{number}");
            let logout = format!("/oidc/logout?id_token_hint={hint}&client_id={}", shop.id);
            stays(&browser.get(&server, &logout).await, &format!("logout by hint {number}"));
            assert!(browser.cookies.contains_key("__Host-chancery"), "{number}");
        }
        // Of this application and this user it is good; the key may have been replaced, and then not revoked.
        assert!(answered(&asked(&mut browser, &own).await).iter().any(|(name, _)| name == "code"));
        let another = by(json!({ "sub": "auth0|nobody" }), 0);
        let refused = asked(&mut browser, &another).await;
        assert_eq!(parameter(&refused, "error"), "login_required", "{user_id} is signed in");
        server.api_call(Method::POST, "/keys/signing/rotate").await.expect(201);
        assert!(answered(&asked(&mut browser, &own).await).iter().any(|(name, _)| name == "code"));
        let path = format!("/keys/signing/{}/revoke", kid.as_str().unwrap());
        server.api_call(Method::PUT, &path).await.expect(200);
        assert_eq!(parameter(&asked(&mut browser, &own).await, "error"), "invalid_request");
        stays(&browser.get(&server, &format!("/oidc/logout?id_token_hint={own}")).await, "a revoked key");
        assert!(browser.cookies.contains_key("__Host-chancery"));
    }
}
