//! Logouts: open redirects, and sessions that others end.

use http::Method;
use serde_json::json;

use super::set;
use crate::kit::{Call, TestServer, engines};
use crate::people::{Browser, application, authorize, exchange, form, parameter, signed_in, user};

const BYE: &str = "https://app.example/bye";

const EVIL: &[&str] = &[
    "https://evil.example/",
    "https://evil.example/bye",
    "https://evil.example?https://app.example/bye",
    "https://evil.example#https://app.example/bye",
    "https://evil.example/https://app.example/bye",
    "https://app.example.evil.example/bye",
    "https://app.example@evil.example/bye",
    "https://app.example:x@evil.example/bye",
    "https://app.example\\@evil.example/bye",
    "https://evil.example\\.app.example/bye",
    "https://app.example/bye/../evil",
    "https://app.example/bye%2f..%2f",
    "https://app.example/byebye",
    "https://app.example:444/bye",
    "http://app.example/bye",
    "//evil.example/bye",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/bye",
    "?x",
    "javascript:alert(1)//https://app.example/bye",
    "data:text/html,x",
    " https://app.example/bye",
];

fn query(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

#[tokio::test]
async fn no_logout_leads_to_an_address_that_nobody_registered_for_it() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = application(&server, json!({ "allowed_logout_urls": [BYE] })).await;
        let other = application(&server, json!({ "name": "Other" })).await;
        user(&server).await;
        let mut browser = Browser::default();
        let back = signed_in(&server, &mut browser, &shop, &[]).await;
        let tokens = exchange(&server, &shop, &parameter(&back, "code")).await.expect(200);
        let hint = tokens["id_token"].as_str().unwrap();
        let mut ways = Vec::new();
        for evil in EVIL {
            ways.push(("/v2/logout", query(&[("client_id", &shop.id), ("returnTo", evil)])));
            ways.push(("/v2/logout", query(&[("returnTo", evil)])));
            ways.push((
                "/oidc/logout",
                query(&[("id_token_hint", hint), ("post_logout_redirect_uri", evil)]),
            ));
            ways.push((
                "/oidc/logout",
                query(&[("client_id", &shop.id), ("post_logout_redirect_uri", evil)]),
            ));
        }
        // The address of one application is none of another, and needs to say whose it is.
        ways.push(("/v2/logout", query(&[("client_id", &other.id), ("returnTo", BYE)])));
        ways.push(("/v2/logout", query(&[("returnTo", BYE)])));
        ways.push(("/v2/logout", query(&[("client_id", "nobody"), ("returnTo", BYE)])));
        ways.push(("/oidc/logout", query(&[("client_id", &other.id), ("post_logout_redirect_uri", BYE)])));
        ways.push(("/oidc/logout", query(&[("post_logout_redirect_uri", BYE)])));
        let mixed =
            [("client_id", other.id.as_str()), ("id_token_hint", hint), ("post_logout_redirect_uri", BYE)];
        ways.push(("/oidc/logout", query(&mixed)));
        let twice =
            [("client_id", shop.id.as_str()), ("returnTo", BYE), ("returnTo", "https://evil.example/")];
        ways.push(("/v2/logout", query(&twice)));
        for (path, query) in &ways {
            let refused = browser.get(&server, &format!("{path}?{query}")).await;
            assert_eq!((refused.status.as_u16(), refused.header("location")), (400, None), "{path} {query}");
            let cookies: Vec<_> =
                browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let call = Call::new(Method::POST, path)
                .header("cookie", &cookies.join("; "))
                .raw("application/x-www-form-urlencoded", query.clone());
            let refused = server.send(call.build()).await;
            assert_eq!(
                (refused.status.as_u16(), refused.header("location")),
                (400, None),
                "POST {path} {query}"
            );
        }
        let silent = browser.get(&server, &authorize(&shop, &[("prompt", "none")])).await;
        assert!(!parameter(&silent, "code").is_empty(), "nobody was signed out");
    }
}

#[tokio::test]
async fn a_session_is_ended_by_its_own_application_or_after_a_question() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let rs256 = json!({ "jwt_configuration": { "alg": "RS256" }, "allowed_logout_urls": [BYE] });
        let shop = application(&server, rs256).await;
        user(&server).await;
        let mut earlier = Browser::default();
        let back = signed_in(&server, &mut earlier, &shop, &[]).await;
        let tokens = exchange(&server, &shop, &parameter(&back, "code")).await.expect(200);
        let hint = tokens["id_token"].as_str().unwrap();
        let mut browser = Browser::default();
        signed_in(&server, &mut browser, &shop, &[]).await;
        // A hint of another session of the same user proves nothing about this one.
        for path in [
            "/oidc/logout".to_owned(),
            format!("/oidc/logout?id_token_hint={hint}"),
            format!("/oidc/logout?client_id={}&logout_hint=guessed", shop.id),
        ] {
            let page = browser.get(&server, &path).await;
            page.expect_ok();
            assert!(page.text().contains("value=\"accept\""), "{path} asks");
            assert!(browser.cookies.contains_key("__Host-chancery"), "{path}");
        }
        let page = browser.get(&server, "/oidc/logout").await;
        browser.post(&server, &form(&page), &[("action", "accept")]).await.expect_ok();
        let silent = browser.get(&server, &authorize(&shop, &[("prompt", "none")])).await;
        assert_eq!(parameter(&silent, "error"), "login_required");
        // A tenant may want no question.
        set(&server, json!({ "sessions": { "oidc_logout_prompt_enabled": false } })).await;
        earlier.get(&server, "/oidc/logout").await.expect_ok();
        assert!(!earlier.cookies.contains_key("__Host-chancery"));
    }
}

#[tokio::test]
async fn whoever_says_no_to_a_logout_stays_signed_in() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = application(&server, json!({})).await;
        user(&server).await;
        let mut browser = Browser::default();
        signed_in(&server, &mut browser, &shop, &[]).await;
        let page = browser.get(&server, "/oidc/logout").await;
        for (what, fields) in [("no", &[("action", "deny")][..]), ("something else", &[("action", "x")])] {
            let answer = browser.post(&server, &form(&page), fields).await;
            let silent = browser.get(&server, &authorize(&shop, &[("prompt", "none")])).await;
            assert!(!parameter(&silent, "code").is_empty(), "{what}: {}", answer.text());
        }
    }
}
