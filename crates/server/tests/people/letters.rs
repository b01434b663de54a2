//! Where the links of mails lead in the end: as the template of the mail says it, in Liquid.

use http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Browser, CONNECTION, PASSWORD, application, mailed};
use crate::kit::{Call, TestServer, engines};

/// A template whose links lead there in the end.
async fn leads_to(server: &TestServer, template: &str, result_url: &str) {
    let whole = json!({
        "template": template, "body": "<a href=\"{{ url }}\">Go on</a>", "from": "shop@x.example", "subject": "Go on",
        "syntax": "liquid", "enabled": true, "resultUrl": result_url,
    });
    let made = server.api_send(Method::POST, "/email-templates", &whole).await;
    if made.status == 409 {
        let path = format!("/email-templates/{template}");
        server.api_send(Method::PATCH, &path, &json!({ "resultUrl": result_url })).await.expect(200);
    } else {
        made.expect(200);
    }
}

async fn call(server: &TestServer, path: &str, body: &Value) {
    let answer = server.send(Call::new(Method::POST, path).json(body).build()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// Templates of an address, and what they become for the user `ada{number}@x.example` of the application Shop.
const CASES: [(&str, Option<&str>); 6] = [
    ("https://shop.example/done", Some("https://shop.example/done")),
    (
        "https://shop.example/{{ application.name | downcase }}?who={{ user.email | url_encode }}",
        Some("https://shop.example/shop?who=ada1%40x.example"),
    ),
    ("{{ application.callback_domain }}/welcome#top", Some("https://app.example/welcome#top")),
    (
        "https://shop.example/{% if user.email_verified %}old{% else %}new{% endif %}",
        Some("https://shop.example/new"),
    ),
    // What is no address of the web in the end leads nowhere.
    ("{{ user.email }}", None),
    ("{{ of.nobody }}", None),
];

#[tokio::test]
async fn the_link_of_a_mail_leads_where_the_template_of_the_mail_says() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = application(&server, json!({})).await;
        for (number, (template, expected)) in CASES.iter().enumerate() {
            server.clock.advance(SignedDuration::from_secs(1));
            leads_to(&server, "verify_email", template).await;
            let email = format!("ada{number}@x.example");
            let account = json!({ "client_id": shop.id, "connection": CONNECTION, "email": email, "password": PASSWORD });
            call(&server, "/dbconnections/signup", &account).await;
            let answer = Browser::default().get(&server, &mailed(&server).await).await;
            let Some(expected) = expected else {
                assert_eq!((answer.status.as_u16(), answer.header("location")), (200, None), "{template}");
                continue;
            };
            let (place, fragment) = expected.split_at(expected.find('#').unwrap_or(expected.len()));
            let joint = if place.contains('?') { '&' } else { '?' };
            let told = format!("email=ada{number}%40x.example&success=true&code=success");
            let to = format!("{place}{joint}{told}{fragment}");
            assert_eq!(answer.header("location"), Some(to.as_str()), "{template}");
        }
    }
}

#[tokio::test]
async fn whoever_has_set_a_new_password_goes_on_where_the_template_of_the_mail_says() {
    let server = TestServer::start().await;
    let shop = application(&server, json!({})).await;
    for (number, (template, expected)) in CASES.iter().enumerate() {
        leads_to(&server, "reset_email", template).await;
        let email = format!("ada{number}@x.example");
        let body = json!({ "connection": CONNECTION, "email": email, "password": PASSWORD });
        server.api_send(Method::POST, "/users", &body).await.expect(201);
        server.clock.advance(SignedDuration::from_secs(1));
        let ask = json!({ "client_id": shop.id, "connection": CONNECTION, "email": email });
        call(&server, "/dbconnections/change_password", &ask).await;
        let mut browser = Browser::default();
        let page = browser.get(&server, &mailed(&server).await).await;
        let new = "Another-Horse-9";
        let done = browser.submit(&server, &page, &[("password", new), ("password_repeat", new)]).await;
        done.expect_ok();
        let link = expected.map(|to| {
            let (place, fragment) = to.split_at(to.find('#').unwrap_or(to.len()));
            let joint = if place.contains('?') { '&' } else { '?' };
            let to = format!("{place}{joint}email=ada{number}%40x.example{fragment}");
            format!("href=\"{}\"", to.replace('&', "&#38;"))
        });
        match link {
            Some(link) => assert!(done.text().contains(&link), "no {link}: {}", done.text()),
            None => assert!(!done.text().contains("ada4@x.example\""), "{}", done.text()),
        }
    }
}
