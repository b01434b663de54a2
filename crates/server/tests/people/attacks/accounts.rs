//! Whether an account exists: told by no text, no status, no block and no work that is done for it alone.

use std::sync::Arc;
use std::time::Duration;

use chancery::db::Row;
use chancery::passwords::Password;
use http::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::kit::{Answer, Call, TestServer, engines};
use crate::people::{
    Application, Browser, CONNECTION, EMAIL, PASSWORD, application, authorize, form, mails, token, user,
};

const NOBODY: &str = "bob@x.example";
const REALM: &str = "http://auth0.com/oauth/grant-type/password-realm";

async fn shop(server: &TestServer) -> Application {
    let settings = json!({ "default_directory": CONNECTION });
    server.api_send(Method::PATCH, "/tenants/settings", &settings).await.expect(200);
    let grants = json!({ "grant_types": ["authorization_code", "refresh_token", "password", REALM] });
    let shop = application(server, grants).await;
    user(server).await;
    shop
}

/// An answer without what differs between any two: proofs, states, nonces, ids of requests, and the address itself.
fn told(answer: &Answer, email: &str) -> (u16, String) {
    let html = answer.text().replace(email, "…");
    let mut secrets = Vec::new();
    if html.contains("<form") {
        secrets.extend(form(answer).hidden.into_iter().map(|(_, value)| value));
    }
    let policy = answer.header("content-security-policy").unwrap_or_default();
    secrets.extend(policy.split("nonce-").skip(1).map(|rest| rest.split('\'').next().unwrap().to_owned()));
    secrets.retain(|secret| !secret.is_empty());
    let html = secrets.iter().fold(html, |html, secret| html.replace(secret.as_str(), "…"));
    (answer.status.as_u16(), html)
}

/// A page of a login that has just begun.
async fn page(server: &TestServer, shop: &Application, path: &str) -> (Browser, Answer) {
    let mut browser = Browser::default();
    let begun = browser.visit(server, &authorize(shop, &[])).await;
    let state = form(&begun).hidden.into_iter().find(|(name, _)| name == "state").unwrap().1;
    let page = browser.get(server, &format!("{path}?state={state}")).await;
    (browser, page)
}

/// Tries a password by an application.
async fn by_grant(
    server: &TestServer,
    shop: &Application,
    (email, password): (&str, &str),
    realm: bool,
) -> Answer {
    let mut sent = vec![
        ("grant_type", if realm { REALM } else { "password" }),
        ("client_id", shop.id.as_str()),
        ("client_secret", shop.secret.as_str()),
        ("username", email),
        ("password", password),
    ];
    sent.extend(realm.then_some(("realm", CONNECTION)));
    token(server, &sent).await
}

async fn by_endpoint(server: &TestServer, shop: &Application, path: &str, more: &Value) -> Answer {
    let mut body = json!({ "client_id": shop.id, "connection": CONNECTION });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    server.send(Call::new(Method::POST, path).json(&body).build()).await
}

#[tokio::test]
async fn every_way_to_try_a_password_answers_for_nobody_as_for_somebody_up_to_the_block() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = shop(&server).await;
        let mut all = Vec::new();
        for email in [EMAIL, NOBODY] {
            let mut seen = Vec::new();
            let (mut browser, both) = page(&server, &shop, "/u/login").await;
            for _ in 0..4 {
                let answer =
                    browser.post(&server, &form(&both), &[("username", email), ("password", "wrong")]).await;
                seen.push(told(&answer, email));
            }
            for realm in [false, true, false, true, false, true, false, true] {
                seen.push(told(&by_grant(&server, &shop, (email, "wrong"), realm).await, email));
            }
            // A password that none can be.
            for bad in ["x".repeat(2000), String::new()] {
                let answer =
                    browser.post(&server, &form(&both), &[("username", email), ("password", &bad)]).await;
                seen.push(told(&answer, email));
            }
            all.push(seen);
        }
        assert_eq!(all[0], all[1]);
        let statuses: Vec<u16> = all[0].iter().map(|(status, _)| *status).collect();
        assert_eq!(statuses[..10], [400, 400, 400, 400, 403, 403, 403, 403, 403, 429], "{statuses:?}");
        assert_eq!(by_grant(&server, &shop, (EMAIL, PASSWORD), true).await.status, 429, "blocked indeed");
    }
}

#[tokio::test]
async fn asking_for_a_new_password_says_and_writes_as_much_for_nobody_as_for_somebody() {
    for on in engines() {
        let mut server = TestServer::on(on).await;
        let shop = shop(&server).await;
        let (mut browser, asked) = page(&server, &shop, "/u/reset-password/request").await;
        // From here on the log takes nothing that could be written later.
        server.flush_log().await;
        let before = mails(&server).await.len();
        let mut all = Vec::new();
        for email in [EMAIL, NOBODY] {
            let started = Instant::now();
            let by_page = browser.post(&server, &form(&asked), &[("email", email)]).await;
            let path = "/dbconnections/change_password";
            let by_endpoint = by_endpoint(&server, &shop, path, &json!({ "email": email })).await;
            assert!(started.elapsed() >= Duration::from_millis(200), "each takes longer than writing a mail");
            all.push([told(&by_page, email), told(&by_endpoint, email)]);
        }
        assert_eq!(all[0], all[1]);
        assert_eq!((all[0][0].0, all[0][1].0), (200, 200));
        assert_eq!(mails(&server).await.len() - before, 2, "to the one who exists");
        let rows = server.app.db.query("SELECT type FROM logs ORDER BY log_id", &[]).await.unwrap();
        let kinds: Vec<String> = rows.iter().map(|row: &Row| row.text("type").unwrap()).collect();
        assert_eq!(kinds[kinds.len() - 4..], ["scpr", "scpr", "fcpr", "fcpr"], "each in a commit of its own");
    }
}

#[tokio::test]
async fn signing_up_with_a_taken_address_says_no_more_than_that_it_did_not_work() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = shop(&server).await;
        let before = mails(&server).await.len();
        let (mut browser, page) = page(&server, &shop, "/u/signup").await;
        let refused = browser.post(&server, &form(&page), &[("email", EMAIL), ("password", PASSWORD)]).await;
        assert_eq!(refused.status, 400);
        let said =
            "We could not create an account with these details. If you already have an account, log in or";
        assert!(refused.text().contains(said), "{}", refused.text());
        let account = json!({ "email": EMAIL, "password": PASSWORD });
        let answer = by_endpoint(&server, &shop, "/dbconnections/signup", &account).await;
        let expected = json!({
            "name": "BadRequestError", "code": "invalid_signup", "description": "Invalid sign up", "statusCode": 400,
        });
        assert_eq!(answer.both(), (400, expected));
        assert_eq!(mails(&server).await.len(), before);
        let users = server.api_get("/users?include_totals=true").await.expect(200);
        assert_eq!(users["total"], 1);
    }
}

/// Keeps every thread that hashes at work, and the queue before them full, until the tasks are dropped; whoever needs a
/// hash is then turned away.
pub(super) async fn flood(server: &TestServer) -> JoinSet<()> {
    let dear = format!("$argon2id$v=19$m=131072,t=10,p=1$c2FsdHNhbHRzYWx0c2FsdA${}", "A".repeat(43));
    let mut waiting = JoinSet::new();
    let add = |waiting: &mut JoinSet<()>, count| {
        for _ in 0..count {
            let (app, dear) = (Arc::clone(&server.app), dear.clone());
            waiting.spawn(async move {
                let _ = app.passwords.verify(&Password::new("x").unwrap(), &dear).await;
            });
        }
    };
    // The threads take some out of the queue, which others fill again.
    for _ in 0..3 {
        add(&mut waiting, 300);
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    let (app, dear) = (Arc::clone(&server.app), dear.clone());
    waiting.spawn(async move {
        let mut more = JoinSet::new();
        loop {
            let (app, dear) = (Arc::clone(&app), dear.clone());
            more.spawn(async move {
                let _ = app.passwords.verify(&Password::new("x").unwrap(), &dear).await;
            });
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    waiting
}

#[tokio::test]
async fn a_password_of_nobody_costs_a_hash_like_one_of_somebody_everywhere() {
    let server = TestServer::start().await;
    let shop = shop(&server).await;
    let (mut browser, both) = page(&server, &shop, "/u/login").await;
    let (mut other, signup) = page(&server, &shop, "/u/signup").await;
    let flood = flood(&server).await;
    for email in [EMAIL, NOBODY] {
        let fields = [("username", email), ("password", "wrong")];
        assert_eq!(browser.post(&server, &form(&both), &fields).await.status, 503, "login of {email}");
        let fields = [("email", email), ("password", PASSWORD)];
        assert_eq!(other.post(&server, &form(&signup), &fields).await.status, 503, "signup of {email}");
        let account = json!({ "email": email, "password": PASSWORD });
        let answer = by_endpoint(&server, &shop, "/dbconnections/signup", &account).await;
        assert_eq!(answer.status, 503, "signup of {email}");
        for realm in [false, true] {
            let answer = by_grant(&server, &shop, (email, "wrong"), realm).await;
            assert_eq!(answer.status, 503, "grant of {email}");
        }
    }
    drop(flood);
}

#[tokio::test]
async fn a_stranger_cannot_try_on_by_claiming_to_come_from_elsewhere() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = shop(&server).await;
        let pairs = [
            ("grant_type", REALM),
            ("client_id", &shop.id),
            ("client_secret", &shop.secret),
            ("realm", CONNECTION),
            ("username", EMAIL),
            ("password", "wrong"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut last = 0;
        for number in 0..11 {
            let ip = format!("203.0.113.{number}");
            let call = Call::new(Method::POST, "/oauth/token").form(&pairs);
            let call = call
                .header("x-forwarded-for", &ip)
                .header("forwarded", &format!("for={ip}"))
                .header("x-real-ip", &ip)
                .header("auth0-forwarded-for", &ip);
            last = server.send(call.build()).await.status.as_u16();
        }
        assert_eq!(last, 429);
    }
}

#[tokio::test]
async fn accounts_made_by_an_application_count_for_their_address_as_those_of_the_page() {
    for on in engines() {
        let server = TestServer::on(on).await;
        let shop = shop(&server).await;
        let few = json!({ "stage": { "pre-user-registration": { "max_attempts": 2, "rate": 600_000 } } });
        let settings = "/attack-protection/suspicious-ip-throttling";
        server.api_send(Method::PATCH, settings, &few).await.expect(200);
        let mut said = Vec::new();
        for number in 0..3 {
            let account = json!({ "email": format!("{number}@x.example"), "password": PASSWORD });
            said.push(by_endpoint(&server, &shop, "/dbconnections/signup", &account).await);
        }
        let statuses: Vec<u16> = said.iter().map(|answer| answer.status.as_u16()).collect();
        assert_eq!(statuses, [200, 200, 429]);
        assert_eq!(said[2].json()["code"], "too_many_requests");
        let (mut browser, page) = page(&server, &shop, "/u/signup").await;
        let fields = [("email", "4@x.example"), ("password", PASSWORD)];
        assert_eq!(browser.post(&server, &form(&page), &fields).await.status, 429);
        assert_eq!(server.api_get("/users?include_totals=true").await.expect(200)["total"], 3);
    }
}
