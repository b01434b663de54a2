//! The identity provider sends somebody whom nobody asked for.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::refusals::stranger;
use super::{Said, World};
use crate::kit::{On, engines};
use crate::people::Browser;
use crate::saml::{ACS, made, response};
use http::Method;

/// Lets the provider send people to this application.
async fn allow(world: &World, settings: Value) {
    let path = format!("/connections/{}", world.corp);
    let mut options = world.server.api_get(&path).await.expect(200)["options"].clone();
    options["idpinitiated"] = settings;
    world.server.api_send(Method::PATCH, &path, &json!({ "options": options })).await.expect(200);
}

async fn arrives(world: &World, browser: &mut Browser, said: &Said) -> crate::kit::Answer {
    let value = STANDARD.encode(said.xml());
    world.back(browser, &[("SAMLResponse", &value), ("RelayState", "https://evil.example/")]).await
}

#[tokio::test]
async fn somebody_who_comes_unasked_is_signed_in_to_the_application_that_the_connection_names() {
    for on in engines() {
        let world = World::on(on).await;
        let settings = json!({
            "enabled": true, "client_id": world.shop.id, "client_protocol": "oidc",
            "client_authorizequery": "client_id=other&scope=openid&redirect_uri=https://app.example/callback",
        });
        allow(&world, settings).await;
        let mut browser = Browser::default();
        let back = arrives(&world, &mut browser, &Said::unasked()).await;
        assert_eq!(back.status, 303, "{}", back.text());
        let to = back.header("location").unwrap().to_owned();
        let expected = format!(
            "/authorize?scope=openid&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback&client_id={}&connection=corp&response_type=code",
            world.shop.id
        );
        assert_eq!(to, expected);
        let answer = browser.get(&world.server, &to).await;
        assert!(answer.header("location").unwrap().starts_with("https://app.example/callback?code="));
        // Once.
        assert_eq!(arrives(&world, &mut Browser::default(), &Said::unasked()).await.status, 400);
    }
}

#[tokio::test]
async fn the_application_may_speak_saml_itself() {
    let world = World::on(On::Sqlite).await;
    let client_id = made(&world.server, json!({ "samlp": {} }), json!({})).await;
    let settings = json!({ "enabled": true, "client_id": client_id, "client_protocol": "samlp" });
    allow(&world, settings).await;
    let mut browser = Browser::default();
    let back = arrives(&world, &mut browser, &Said::unasked()).await;
    let to = back.header("location").unwrap().to_owned();
    assert_eq!(to, format!("/samlp/{client_id}?connection=corp&RelayState=https%3A%2F%2Fevil.example%2F"));
    let (xml, _) = response(&browser.get(&world.server, &to).await);
    assert!(xml.contains("samlp|corp|ada") && xml.contains(ACS), "{xml}");
}

#[tokio::test]
async fn nobody_comes_unasked_where_that_is_not_wanted() {
    let mut world = World::on(On::Sqlite).await;
    let default = "Default App for IdP-Initiated is not configured. Make sure to configure that from connection settings.";
    let cases = [
        (Value::Null, default),
        (json!({ "enabled": false, "client_id": world.shop.id }), default),
        (json!({ "enabled": true }), default),
        (
            json!({ "enabled": true, "client_id": "nobody" }),
            "the application of idpinitiated.client_id does not exist",
        ),
    ];
    for (settings, _) in &cases {
        if !settings.is_null() {
            allow(&world, settings.clone()).await;
        }
        let mut browser = Browser::default();
        assert_eq!(arrives(&world, &mut browser, &Said::unasked()).await.status, 400);
        assert!(!world.is_signed_in(&browser).await);
    }
    allow(&world, json!({ "enabled": true, "client_id": world.shop.id })).await;
    // What says that somebody asked is for that somebody; and an answer stays what it is where it is allowed.
    for bend in [
        (|said| said.asked = Some("_asked".to_owned())) as fn(&mut Said),
        |said| said.signer = 5,
        |said| said.audience = "urn:other".to_owned(),
    ] {
        let mut said = Said::unasked();
        bend(&mut said);
        assert_eq!(arrives(&world, &mut Browser::default(), &said).await.status, 400);
    }
    world.server.flush_log().await;
    let reader = world.server.sibling().await;
    let entries = reader.api_get("/logs?q=type:f&sort=date:1&per_page=100").await.expect(200);
    let reasons: Vec<_> =
        entries.as_array().unwrap().iter().map(|own| own["description"].as_str().unwrap()).collect();
    let foreign = stranger(5);
    let mut expected: Vec<&str> = cases.iter().map(|(_, reason)| *reason).collect();
    expected.extend([
        "InResponseTo is _asked, expected none",
        foreign.as_str(),
        "Audience is invalid. Configured: urn:auth0:main:corp; the assertion is for urn:other",
    ]);
    assert_eq!(reasons, expected);
}

#[tokio::test]
async fn an_application_that_may_not_use_the_connection_is_not_entered_by_it() {
    let world = World::on(On::Sqlite).await;
    allow(&world, json!({ "enabled": true, "client_id": world.shop.id })).await;
    let path = format!("/connections/{}/clients", world.corp);
    let body = json!([{ "client_id": world.shop.id, "status": false }]);
    world.server.api_send(Method::PATCH, &path, &body).await;
    assert_eq!(arrives(&world, &mut Browser::default(), &Said::unasked()).await.status, 400);
}
