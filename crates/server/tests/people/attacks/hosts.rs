//! Hosts that a request claims: what they must not get into mails, tokens, cookies and answers.

use chancery::http::serve::Peer;
use http::Method;
use jiff::SignedDuration;
use serde_json::json;

use super::post_as;
use crate::kit::{Call, DOMAIN, ISSUER, TestServer, claims, engines};
use crate::management::common::{OTHER, other_tenant};
use crate::people::{
    Browser, EMAIL, application, authorize, exchange, form, link_in, mails, parameter, signed_in, user,
};

/// What strangers write into their requests.
const LIES: &[(&str, &str)] = &[
    ("x-forwarded-host", "evil.example"),
    ("x-forwarded-proto", "http"),
    ("x-forwarded-server", "evil.example"),
    ("x-forwarded-port", "666"),
    ("x-forwarded-prefix", "/evil"),
    ("x-original-host", "evil.example"),
    ("x-original-url", "/evil"),
    ("x-rewrite-url", "/evil"),
    ("x-host", "evil.example"),
    ("forwarded", "for=10.0.0.1;host=evil.example;proto=http"),
    ("origin", "https://evil.example"),
    ("referer", "https://evil.example/"),
];

fn lying(call: Call) -> Call {
    LIES.iter().fold(call, |call, (name, value)| call.header(name, value))
}

#[tokio::test]
async fn mails_name_the_registered_domain_whatever_the_request_claims() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = application(&server, json!({})).await;
        user(&server).await;
        server.clock.advance(SignedDuration::from_secs(1));
        let mut browser = Browser::default();
        let page = browser.visit(&server, &authorize(&shop, &[])).await;
        let state = form(&page).hidden.iter().find(|(name, _)| name == "state").unwrap().1.clone();
        let page = browser.get(&server, &format!("/u/reset-password/request?state={state}")).await;
        let sent = form(&page);
        let cookies: Vec<_> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let pairs = [&sent.hidden[..], &[("email".to_owned(), EMAIL.to_owned())]].concat();
        let before = mails(&server).await.len();
        for host in [DOMAIN, "TENANT.Example"] {
            let call =
                lying(Call::to(host, Method::POST, &sent.action)).header("cookie", &cookies.join("; "));
            server.send(call.form(&pairs).build()).await.expect_ok();
            let asked =
                json!({ "client_id": shop.id, "connection": crate::people::CONNECTION, "email": EMAIL });
            let call = lying(Call::to(host, Method::POST, "/dbconnections/change_password"));
            server.send(call.json(&asked).build()).await.expect_ok();
        }
        let all = mails(&server).await;
        assert_eq!(all.len() - before, 4);
        for mail in &all[before..] {
            assert!(link_in(mail).starts_with("/u/reset-verify?ticket="));
            let written = format!("{} {} {}", mail.html, mail.from, mail.subject).to_lowercase();
            assert!(
                !written.contains("evil") && !written.contains("http:") && !written.contains("666"),
                "{written}"
            );
        }
    }
}

#[tokio::test]
async fn tokens_cookies_and_answers_name_the_registered_domain_whatever_the_request_claims() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let device = "urn:ietf:params:oauth:grant-type:device_code";
        let shop =
            application(&server, json!({ "grant_types": ["authorization_code", device, "password"] })).await;
        user(&server).await;
        let back = signed_in(&server, &mut Browser::default(), &shop, &[]).await;
        let pairs = [
            ("grant_type", "authorization_code"),
            ("client_id", &shop.id),
            ("client_secret", &shop.secret),
            ("code", &parameter(&back, "code")),
            ("redirect_uri", crate::people::CALLBACK),
            ("code_verifier", crate::people::VERIFIER),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let call = lying(Call::new(Method::POST, "/oauth/token")).form(&pairs);
        let tokens = server.send(call.build()).await.expect(200);
        assert_eq!(claims(tokens["id_token"].as_str().unwrap())["iss"], ISSUER);
        let code = post_as(&server, &shop, "/oauth/device/code", &[]).await.expect(200);
        assert_eq!(code["verification_uri"], "https://tenant.example/activate");
        let page = server.send(lying(Call::get(&authorize(&shop, &[]))).build()).await;
        assert!(page.header("location").unwrap().starts_with("/u/login"));
        for cookie in page.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            assert!(cookie.starts_with("__Host-") && cookie.contains("; Secure"), "{cookie}");
            assert!(!cookie.to_lowercase().contains("domain="), "{cookie}");
        }
        for path in ["/activate", "/.well-known/openid-configuration", "/v2/logout"] {
            let answer = server.send(lying(Call::get(path)).build()).await;
            assert!(
                !answer.text().contains("evil") && !format!("{:?}", answer.headers).contains("evil"),
                "{path}"
            );
        }
    }
}

#[tokio::test]
async fn a_proxy_that_is_trusted_reaches_registered_domains_alone() {
    let server = TestServer::start().await;
    let shop = application(&server, json!({})).await;
    other_tenant(&server).await;
    let through = async |name: &str, value: &str| {
        let mut request =
            Call::to("internal", Method::GET, &authorize(&shop, &[])).header(name, value).build();
        request.extensions_mut().insert(Peer("10.1.2.3:4444".parse().unwrap()));
        server.send(request).await
    };
    for evil in
        ["evil.example", "tenant.example.evil.example", "tenant.example:1", "tenant.example@evil.example"]
    {
        assert_eq!(through("x-forwarded-host", evil).await.status, 404, "{evil}");
        assert_eq!(through("forwarded", &format!("host=\"{evil}\"")).await.status, 404, "{evil}");
    }
    // The client wrote the left one, the proxy the right one.
    assert_eq!(through("x-forwarded-host", "tenant.example, evil.example").await.status, 404);
    assert_eq!(through("x-forwarded-host", "evil.example, tenant.example").await.status, 302);
    assert_eq!(
        through("x-forwarded-host", OTHER).await.status,
        400,
        "another tenant has no such application"
    );
}

/// A host may stand in the request line and in a header; both are shown to different parsers.
#[tokio::test]
async fn a_request_that_names_two_hosts_is_one_for_the_tenant_of_its_address_or_for_none() {
    let server = TestServer::start().await;
    other_tenant(&server).await;
    let path = "/.well-known/openid-configuration";
    for (uri, host, issuer) in [
        (format!("https://{DOMAIN}{path}"), OTHER, Some(ISSUER)),
        (format!("https://{OTHER}{path}"), DOMAIN, Some("https://other.example/")),
        (format!("https://evil.example{path}"), DOMAIN, None),
    ] {
        let answer = server.send(Call::to(host, Method::GET, &uri).build()).await;
        match issuer {
            Some(issuer) => assert_eq!(answer.expect(200)["issuer"], issuer),
            None => assert_eq!(answer.status, 404, "{uri}"),
        }
    }
}

#[tokio::test]
async fn an_exchange_answers_by_the_domain_that_is_called_and_not_by_the_one_in_a_header() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = application(&server, json!({})).await;
        user(&server).await;
        other_tenant(&server).await;
        let back = signed_in(&server, &mut Browser::default(), &shop, &[]).await;
        let call = Call::to(OTHER, Method::GET, &authorize(&shop, &[])).header("x-forwarded-host", DOMAIN);
        assert_eq!(server.send(call.build()).await.status, 400, "the application is of another tenant");
        exchange(&server, &shop, &parameter(&back, "code")).await.expect(200);
    }
}
