//! The session ends on both sides: the identity provider asks for it, or is asked.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chancery::logout_deliveries::sender::deliver_due;
use chancery_crypto::algorithm::Algorithm;
use chancery_saml::binding::Direction;
use chancery_xmldsig::sign::{Halves, Unsigned};
use chancery_xmldsig::tree::Tree;
use http::Method;
use jiff::SignedDuration;
use serde_json::json;

use super::{SLO, World, idp, redirected};
use crate::kit::{Answer, On, engines, key};
use crate::people::receiver::Receiver;
use crate::people::{Browser, Form};
use crate::saml::{NOW, all_logged, attribute, certificate, posted, redirected as asking, text};

const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";
const REQUESTER: &str = "urn:oasis:names:tc:SAML:2.0:status:Requester";

/// A request of the identity provider for a logout.
fn request(name: &str, more: &str, inside: &str) -> String {
    format!(
        r#"<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_out" Version="2.0" IssueInstant="{NOW}"{more}><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">urn:idp</saml:Issuer><saml:NameID xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">{name}</saml:NameID>{inside}</samlp:LogoutRequest>"#
    )
}

fn index(name: &str) -> String {
    format!("<samlp:SessionIndex>{name}</samlp:SessionIndex>")
}

async fn asked(world: &World, browser: &mut Browser, xml: &str, signer: Option<usize>) -> Answer {
    let path = asking("/logout", Direction::Request, (xml, Some("their state")), signer);
    browser.get(&world.server, &path).await
}

#[tokio::test]
async fn the_identity_provider_ends_the_session_and_is_answered() {
    for on in engines() {
        let world = World::on(on).await;
        for inside in [index("_there"), String::new()] {
            let mut browser = Browser::default();
            let id = format!("_{}", inside.len());
            world.sign_in(&mut browser, |said| said.assertion_id = id).await;
            assert!(world.is_signed_in(&browser).await);
            let answer = asked(&world, &mut browser, &request("ada", "", &inside), Some(4)).await;
            assert!(!world.is_signed_in(&browser).await);
            let received = redirected(&answer, SLO);
            let own = world.own_certificate().await.public_key().unwrap();
            let verified = received.detached.as_ref().unwrap();
            assert_eq!(verified.verify(&[own], chancery_xmldsig::verify::Sha1::Refused), Ok((0, false)));
            assert_eq!(received.relay_state.as_deref(), Some("their state"));
            let xml = received.xml;
            assert_eq!(attribute(&xml, "LogoutResponse", "InResponseTo").as_deref(), Some("_out"));
            assert_eq!(attribute(&xml, "StatusCode", "Value").as_deref(), Some(SUCCESS));
            assert_eq!(text(&xml, "Issuer"), super::US);
            // It is over already, which is what was asked for.
            let again = asked(&world, &mut browser, &request("ada", "", &inside), Some(4)).await;
            let xml = redirected(&again, SLO).xml;
            assert_eq!(attribute(&xml, "StatusCode", "Value").as_deref(), Some(SUCCESS));
        }
    }
}

#[tokio::test]
async fn a_logout_that_does_not_prove_whom_it_means_ends_nothing() {
    let mut world = World::on(On::Sqlite).await;
    let mut browser = Browser::default();
    world.sign_in(&mut browser, |_| {}).await;
    let good = request("ada", "", &index("_there"));
    let elsewhere = " Destination=\"https://other.example/logout\"";
    let cases = [
        (good.clone(), None, "the message is not signed"),
        (good.clone(), Some(5), "Signature check errors: the signature was made by none of the 1"),
        (
            request("eve", "", &index("_there")),
            Some(4),
            "the LogoutRequest names another user or another session",
        ),
        (
            request("ada", "", &index("_other")),
            Some(4),
            "the LogoutRequest names another user or another session",
        ),
        (request("ada", elsewhere, ""), Some(4), "the Destination of the LogoutRequest is https://other"),
        (
            good.replace("urn:idp", "urn:other"),
            Some(4),
            "the issuer of the LogoutRequest is \"urn:other\", expected",
        ),
        (
            request("ada", " NotOnOrAfter=\"2027-01-15T07:57:00.000Z\"", ""),
            Some(4),
            "the request is not of this time",
        ),
        (
            request("ada", " Destination=\"\"", ""),
            Some(4),
            "the LogoutRequest is signed, so it has to name its Destination, expected https://tenant.example/logout",
        ),
        ("<x/>".to_owned(), Some(4), "expected a LogoutRequest"),
    ];
    for (xml, signer, reason) in &cases {
        let answer = asked(&world, &mut browser, xml, *signer).await;
        if reason.starts_with("the LogoutRequest names another") {
            // Its sender is known, and waits for an answer.
            let response = redirected(&answer, SLO).xml;
            assert_eq!(attribute(&response, "StatusCode", "Value").as_deref(), Some(REQUESTER), "{response}");
        } else {
            assert_eq!(answer.status, 400, "{xml}");
        }
        assert!(world.is_signed_in(&browser).await, "{xml}");
    }
    world.server.clock.advance(SignedDuration::from_mins(9));
    assert_eq!(asked(&world, &mut browser, &good, Some(4)).await.status, 400, "an old one");
    assert_eq!(browser.get(&world.server, "/logout").await.status, 400);
    world.server.flush_log().await;
    let reader = world.server.sibling().await;
    let entries = reader.api_get("/logs?q=type:flo&sort=date:1&per_page=100").await.expect(200);
    let entries = entries.as_array().unwrap();
    assert_eq!(entries.len(), cases.len() + 2);
    for ((_, _, expected), entry) in cases.iter().zip(entries) {
        let reason = entry["description"].as_str().unwrap();
        assert!(reason.starts_with(expected), "{reason}, expected {expected}");
    }
}

#[tokio::test]
async fn a_federated_logout_reaches_the_identity_provider_and_comes_back() {
    for on in engines() {
        let world = World::on(on).await;
        let mut browser = Browser::default();
        world.sign_in(&mut browser, |_| {}).await;
        let away = browser.get(&world.server, "/v2/logout?federated").await;
        assert!(!world.is_signed_in(&browser).await);
        let received = redirected(&away, SLO);
        assert!(received.detached.is_some());
        assert_eq!(text(&received.xml, "NameID"), "ada");
        assert_eq!(text(&received.xml, "SessionIndex"), "_there");
        let id = attribute(&received.xml, "LogoutRequest", "ID").unwrap();
        let answer = |in_response_to: &str| {
            format!(
                r#"<samlp:LogoutResponse xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_done" Version="2.0" IssueInstant="{NOW}" InResponseTo="{in_response_to}"><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">urn:idp</saml:Issuer><samlp:Status><samlp:StatusCode Value="{SUCCESS}"/></samlp:Status></samlp:LogoutResponse>"#
            )
        };
        let state = received.relay_state.unwrap();
        let back =
            |xml: &str, state: &str| asking("/logout", Direction::Response, (xml, Some(state)), Some(4));
        let wrong = browser.get(&world.server, &back(&answer("_other"), &state)).await;
        assert_eq!(wrong.status, 400);
        let stranger = Browser::default().get(&world.server, &back(&answer(&id), &state)).await;
        assert_eq!(stranger.status, 400);
        let page = browser.get(&world.server, &back(&answer(&id), &state)).await;
        page.expect_ok();
        assert_eq!(browser.get(&world.server, &back(&answer(&id), &state)).await.status, 400, "once");
    }
}

#[tokio::test]
async fn logouts_travel_and_are_answered_as_the_metadata_says() {
    let redirect = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
    let post = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
    let done = "https://idp.example/done";
    let by_form = format!("<SingleLogoutService Binding=\"{post}\" ResponseLocation=\"{done}\"");
    let metadata =
        idp::metadata(&[4]).replace(&format!("<SingleLogoutService Binding=\"{redirect}\""), &by_form);
    let world = World::with(On::Sqlite, json!({ "metadataXml": metadata })).await;
    let mut browser = Browser::default();
    world.sign_in(&mut browser, |_| {}).await;
    let answer = asked(&world, &mut browser, &request("ada", "", ""), Some(4)).await;
    let (value, _) = posted(&answer, done, "SAMLResponse");
    let xml = String::from_utf8(STANDARD.decode(value).unwrap()).unwrap();
    assert_eq!(attribute(&xml, "LogoutResponse", "Destination").as_deref(), Some(done));
    world.sign_in(&mut browser, |said| said.assertion_id = "_second".to_owned()).await;
    let away = browser.get(&world.server, "/v2/logout?federated").await;
    let (value, _) = posted(&away, SLO, "SAMLRequest");
    let xml = String::from_utf8(STANDARD.decode(value).unwrap()).unwrap();
    assert_eq!(attribute(&xml, "LogoutRequest", "Destination").as_deref(), Some(SLO));
    let connection = world.server.api_get(&format!("/connections/{}", world.corp)).await.expect(200);
    assert_eq!(connection["options"]["signOutBinding"], post);
    // Where nothing listens to forms, none are sent, whatever was chosen.
    let both = json!({ "metadataXml": idp::metadata(&[4]), "protocolBinding": post });
    let world = World::with(On::Sqlite, both).await;
    let connection = world.server.api_get(&format!("/connections/{}", world.corp)).await.expect(200);
    let options = &connection["options"];
    assert_eq!((&options["protocolBinding"], &options["signOutBinding"]), (&json!(redirect), &json!(null)));
}

#[tokio::test]
async fn a_logout_stays_with_us_where_nobody_wants_it_to_go_further() {
    for (options, path) in
        [(json!({}), "/v2/logout"), (json!({ "disableSignout": true }), "/v2/logout?federated")]
    {
        let world = World::with(On::Sqlite, options).await;
        let mut browser = Browser::default();
        world.sign_in(&mut browser, |_| {}).await;
        browser.get(&world.server, path).await.expect_ok();
        assert!(!world.is_signed_in(&browser).await);
    }
}

#[tokio::test]
async fn applications_hear_who_began_the_logout() {
    for on in engines() {
        let receiver = Receiver::new().await;
        let mut setting = receiver.setting();
        setting["backchannel_logout_initiators"] =
            json!({ "mode": "custom", "selected_initiators": ["idp-logout"] });
        let world = World::on(on).await;
        let path = format!("/clients/{}", world.shop.id);
        world.server.api_send(Method::PATCH, &path, &json!({ "oidc_logout": setting })).await.expect(200);
        let mut browser = Browser::default();
        let back = world.sign_in(&mut browser, |_| {}).await;
        world.user(&back).await;
        asked(&world, &mut browser, &request("ada", "", ""), Some(4)).await;
        deliver_due(&world.server.app).await.unwrap();
        let path = "/logs?q=type:oidc_backchannel_logout_succeeded";
        let entries = world.server.api_get(path).await.expect(200);
        assert_eq!(entries[0]["details"]["initiator"], "idp-logout", "{entries}");
    }
}

/// A message with its signature inside, as a form carries it.
fn signed(xml: &str, signer: usize) -> String {
    let end = xml.find("</saml:Issuer>").unwrap() + "</saml:Issuer>".len();
    let tree = Tree::parse(xml).unwrap();
    let canonical = chancery_xmldsig::canonical::exclusive(tree.root(), None, &[]);
    let end = end + canonical.len() - xml.len();
    let (head, tail) = canonical.split_at(end);
    let halves = Halves { head: head.to_owned(), tail: tail.to_owned() };
    let unsigned = Unsigned::new(halves, "_out", "", Algorithm::Rs256).unwrap();
    let signature = key(signer).sign(Algorithm::Rs256, unsigned.message().as_bytes()).unwrap();
    STANDARD.encode(unsigned.finish(&signature, &certificate(signer)))
}

#[tokio::test]
async fn a_logout_may_come_by_form_and_is_answered_so_where_the_connection_says_it() {
    let post = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
    let mut world = World::with(On::Sqlite, json!({ "protocolBinding": post })).await;
    let mut browser = Browser::default();
    let form = Form { action: "/logout".to_owned(), hidden: Vec::new() };
    let xml = request("ada", "", "");
    let unsigned = browser.post(&world.server, &form, &[("SAMLRequest", &STANDARD.encode(&xml))]).await;
    assert_eq!(unsigned.status, 400);
    let silent = browser.post(&world.server, &form, &[("SAMLRequest", &signed(&xml, 4))]).await;
    assert_eq!(silent.status, 400);
    let xml = request("ada", " Destination=\"https://tenant.example/logout\"", "");
    let answer = browser.post(&world.server, &form, &[("SAMLRequest", &signed(&xml, 4))]).await;
    let (value, _) = posted(&answer, SLO, "SAMLResponse");
    let answer = String::from_utf8(STANDARD.decode(value).unwrap()).unwrap();
    assert_eq!(attribute(&answer, "StatusCode", "Value").as_deref(), Some(SUCCESS));
    assert!(answer.contains("<ds:Signature "), "{answer}");
    let why = "the LogoutRequest is signed, so it has to name its Destination, expected https://tenant.example/logout";
    assert_eq!(all_logged(&mut world.server, "flo").await, ["the message is not signed", why]);
}
