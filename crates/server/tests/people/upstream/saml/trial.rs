//! An administrator tries a connection out.

use chancery::federation::trial;
use serde_json::json;

use super::refusals::stranger;
use super::{Said, World, sent};
use crate::kit::{On, engines};
use crate::people::Browser;
use crate::saml::attribute;

const BACK: &str = "/dashboard/connections/enterprise/try";

/// Begins a trial, and answers as this says; the outcome.
async fn tried(world: &World, bend: impl FnOnce(&mut Said)) -> trial::Outcome {
    let app = &world.server.app;
    let tenant = app.tenants.find(app, crate::kit::DOMAIN).await.unwrap().unwrap();
    let text = trial::offer(app, tenant.id(), &world.corp, BACK).await.unwrap();
    let mut browser = Browser::default();
    let away = browser.get(&world.server, &format!("/u/login/try?state={text}")).await;
    let (request, state) = sent(&away, super::SSO);
    assert_eq!(browser.get(&world.server, &format!("/u/login/try?state={text}")).await.status, 400, "once");
    let mut said = Said::to(&attribute(&request, "AuthnRequest", "ID").unwrap());
    bend(&mut said);
    let back = world.says(&mut browser, &said, &state).await;
    assert!(!world.is_signed_in(&browser).await);
    let to = back.header("location").unwrap().to_owned();
    let text = to.strip_prefix(&format!("{BACK}?outcome=")).unwrap();
    let outcome = trial::outcome(app, tenant.id(), text).await.unwrap().unwrap();
    assert_eq!(outcome.connection_id, world.corp);
    outcome
}

#[tokio::test]
async fn a_trial_shows_what_was_said_and_makes_nobody() {
    for on in engines() {
        let world = World::on(on).await;
        let shown = tried(&world, |_| {}).await.result.unwrap();
        assert_eq!(shown.user_id, "samlp|corp|ada");
        assert_eq!(shown.members["email"], "ada@corp.example");
        assert_eq!(shown.said["issuer"], "urn:idp");
        assert_eq!(shown.said["attributes"]["department"], json!(["Engines"]));
        let users = world.server.api_get("/users").await.expect(200);
        assert_eq!(users, json!([]));
    }
}

#[tokio::test]
async fn a_trial_that_fails_says_which_check_and_what_it_expected() {
    let world = World::on(On::Sqlite).await;
    let reason = tried(&world, |said| said.audience = "urn:other".to_owned()).await.result.unwrap_err();
    assert_eq!(reason.place, "The answer of the identity provider was not accepted");
    assert_eq!(
        reason.why,
        "Audience is invalid. Configured: urn:auth0:main:corp; the assertion is for urn:other"
    );
    let reason = tried(&world, |said| said.signer = 5).await.result.unwrap_err();
    assert_eq!(reason.why, stranger(5));
}
