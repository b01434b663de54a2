//! People sign in: pages, codes, tokens and sessions, through the real router.

pub(crate) mod attacks;
pub(crate) mod backchannel;
pub(crate) mod browser;
mod edges;
mod endpoints;
mod letters;
pub(crate) mod receiver;
mod registration;
pub(crate) mod sessions;
mod sign_in;
pub(crate) mod upstream;

use chancery_crypto::digest;
use chancery_jose::base64url;
use http::Method;
use serde_json::{Value, json};

pub(crate) use browser::{Browser, Form, form};

use crate::kit::{Answer, Call, DOMAIN, ISSUER, TestServer};

pub(crate) const CALLBACK: &str = "https://app.example/callback";
pub(crate) const VERIFIER: &str = "a-verifier-that-is-long-enough-for-rfc-7636-and-then-some";
pub(crate) const EMAIL: &str = "ada@x.example";
pub(crate) const PASSWORD: &str = "Correct-Horse-9";

/// An application on a server, with its secret.
pub(crate) struct Application {
    pub(crate) id: String,
    pub(crate) secret: String,
}

/// Makes an application out of what differs from a usual web application.
pub(crate) async fn application(server: &TestServer, different: Value) -> Application {
    let mut body = json!({
        "name": "Shop",
        "app_type": "regular_web",
        "callbacks": [CALLBACK],
        "grant_types": ["authorization_code", "refresh_token", "implicit", "password"],
    });
    body.as_object_mut().unwrap().extend(different.as_object().unwrap().clone());
    let made = server.api_send(Method::POST, "/clients", &body).await.expect(201);
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    Application { id: text("client_id"), secret: text("client_secret") }
}

/// The connection that a tenant starts with.
pub(crate) const CONNECTION: &str = "Username-Password-Authentication";

/// The grant type by which an application tells a password and the connection that holds it.
pub(crate) const REALM: &str = "http://auth0.com/oauth/grant-type/password-realm";

/// Makes a user with the usual address and password.
pub(crate) async fn user(server: &TestServer) -> String {
    let body = json!({ "connection": CONNECTION, "email": EMAIL, "password": PASSWORD });
    let made = server.api_send(Method::POST, "/users", &body).await.expect(201);
    made["user_id"].as_str().unwrap().to_owned()
}

/// The path of an authorization request, with these parameters beside the usual ones.
pub(crate) fn authorize(application: &Application, more: &[(&str, &str)]) -> String {
    let challenge = base64url::encode(&digest::sha256(VERIFIER.as_bytes()));
    let usual = [
        ("client_id", application.id.as_str()),
        ("response_type", "code"),
        ("redirect_uri", CALLBACK),
        ("scope", "openid profile email offline_access"),
        ("state", "s & t"),
        ("nonce", "n-1"),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in usual.iter().filter(|(name, _)| !more.iter().any(|(own, _)| own == name)) {
        query.append_pair(name, value);
    }
    query.extend_pairs(more.iter().filter(|(_, value)| !value.is_empty()));
    format!("/authorize?{}", query.finish())
}

/// The parameters with which a browser was sent back to the application.
#[track_caller]
pub(crate) fn answered(answer: &Answer) -> Vec<(String, String)> {
    let to = answer.header("location").unwrap_or_else(|| panic!("no redirection: {}", answer.text()));
    let query = to.strip_prefix(CALLBACK).unwrap_or_else(|| panic!("elsewhere: {to}"));
    form_urlencoded::parse(&query.as_bytes()[1..]).into_owned().collect()
}

/// One of those parameters.
#[track_caller]
pub(crate) fn parameter(answer: &Answer, name: &str) -> String {
    let all = answered(answer);
    let found = all.iter().find(|(own, _)| own == name).unwrap_or_else(|| panic!("no {name}: {all:?}"));
    found.1.clone()
}

/// Exchanges a code.
pub(crate) async fn exchange(server: &TestServer, application: &Application, code: &str) -> Answer {
    token(
        server,
        &[
            ("grant_type", "authorization_code"),
            ("client_id", &application.id),
            ("client_secret", &application.secret),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ],
    )
    .await
}

/// Exchanges a refresh token.
pub(crate) async fn refresh(server: &TestServer, application: &Application, token_text: &str) -> Answer {
    token(
        server,
        &[
            ("grant_type", "refresh_token"),
            ("client_id", &application.id),
            ("client_secret", &application.secret),
            ("refresh_token", token_text),
        ],
    )
    .await
}

/// Posts a form to the token endpoint.
pub(crate) async fn token(server: &TestServer, form: &[(&str, &str)]) -> Answer {
    let pairs: Vec<_> = form.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    server.send(Call::new(Method::POST, "/oauth/token").form(&pairs).build()).await
}

/// Signs the usual user in at an application; the browser comes back with the answer.
pub(crate) async fn signed_in(
    server: &TestServer,
    browser: &mut Browser,
    application: &Application,
    more: &[(&str, &str)],
) -> Answer {
    let page = browser.visit(server, &authorize(application, more)).await;
    page.expect_ok();
    let page = browser.submit(server, &page, &[("username", EMAIL)]).await;
    page.expect_ok();
    browser.submit(server, &page, &[("password", PASSWORD)]).await
}

/// The mails of the first tenant that are kept, the oldest first.
pub(crate) async fn mails(server: &TestServer) -> Vec<chancery::mail::Mail> {
    let tenant = chancery::tenants::sql::find_by_domain(&server.app.db, DOMAIN).await.unwrap().unwrap();
    let mut stored = chancery::mail::sql::list(&server.app.db, &tenant.id).await.unwrap();
    stored.reverse();
    stored.iter().filter_map(|stored| chancery::mail::open(&server.app, stored).unwrap()).collect()
}

/// The path of the link in a mail.
pub(crate) fn link_in(mail: &chancery::mail::Mail) -> String {
    let link = mail.html.split("href=\"").nth(1).unwrap().split('"').next().unwrap();
    let path = link.strip_prefix(ISSUER.trim_end_matches('/')).unwrap_or_else(|| panic!("{link}"));
    path.trim_end_matches('#').replace("&#x2F;", "/").replace("&#47;", "/").replace("&amp;", "&")
}

/// The path of the link in the youngest mail.
pub(crate) async fn mailed(server: &TestServer) -> String {
    link_in(mails(server).await.last().unwrap())
}

/// Runs every statement of sign-in once.
pub(crate) async fn exercise(server: &TestServer) {
    // An API that is meant without being named would ask for consent.
    let none = json!({ "default_audience": "" });
    server.api_send(Method::PATCH, "/tenants/settings", &none).await.expect(200);
    sessions::exercise(server).await;
    sign_in::exercise(server).await;
    endpoints::exercise(server).await;
    backchannel::exercise(server).await;
    upstream::exercise(server).await;
}
