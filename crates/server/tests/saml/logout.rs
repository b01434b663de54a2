//! Signing out: from one application, and from all of them after it.

use chancery_saml::binding::{Direction, redirect};
use jiff::SignedDuration;
use serde_json::json;

use super::{
    NOW, SLO, SP, all_logged, application, asking, attribute, certificate, logged, posted, redirected,
    redirected_as_it_is, response, sign_in, text,
};
use crate::kit::{Answer, TestServer, engines};
use crate::people::{Browser, user};
use base64::Engine as _;

const OTHER_SLO: &str = "https://other.example/slo";
const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";

/// A request for a logout.
fn logout_request(name: &str, indexes: &str) -> String {
    format!(
        r#"<samlp:LogoutRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_out" Version="2.0" IssueInstant="{NOW}"><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">{SP}</saml:Issuer><saml:NameID xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">{name}</saml:NameID>{indexes}</samlp:LogoutRequest>"#
    )
}

fn index(name: &str) -> String {
    format!("<samlp:SessionIndex>{name}</samlp:SessionIndex>")
}

/// What an application knows of a session: the name of the user, and that of the session.
struct Known {
    name: String,
    index: String,
}

async fn signed_in(server: &TestServer, browser: &mut Browser, client_id: &str) -> Known {
    let first = browser.visit(server, &asking(client_id)).await;
    let answer =
        if first.text().contains("SAMLResponse") { first } else { sign_in(server, browser, &first).await };
    let (xml, _) = response(&answer);
    Known { name: text(&xml, "NameID"), index: attribute(&xml, "AuthnStatement", "SessionIndex").unwrap() }
}

/// The message in a redirection to this address, and its `RelayState`.
#[track_caller]
fn sent(answer: &Answer, to: &str) -> (String, Option<String>) {
    let location = answer.header("location").unwrap_or_else(|| panic!("no redirection: {}", answer.text()));
    let query = location.strip_prefix(&format!("{to}?")).unwrap_or_else(|| panic!("elsewhere: {location}"));
    let received = redirect::decode(query).unwrap();
    assert!(received.detached.is_some());
    (received.xml, received.relay_state)
}

async fn is_signed_in(server: &TestServer, browser: &Browser, client_id: &str) -> bool {
    browser.clone().visit(server, &asking(client_id)).await.text().contains("SAMLResponse")
}

#[tokio::test]
async fn a_signed_request_ends_the_session_and_is_answered_in_the_same_way() {
    for on in engines() {
        let server = TestServer::on(on).await;
        user(&server).await;
        let client_id = application(&server, json!({ "signingCert": certificate(4).to_pem() })).await;
        let other = application(&server, json!({ "logout": {} })).await;
        let path = format!("/samlp/{client_id}/logout");
        let mut browser = Browser::default();
        let page = browser.visit(&server, &asking(&other)).await;
        sign_in(&server, &mut browser, &page).await.expect_ok();
        let signed = super::authn_request("", "");
        let ask = redirected(&format!("/samlp/{client_id}"), Direction::Request, (&signed, None), Some(4));
        let (xml, _) = response(&browser.visit(&server, &ask).await);
        let known = (text(&xml, "NameID"), attribute(&xml, "AuthnStatement", "SessionIndex").unwrap());
        let request = logout_request(&known.0, &index(&known.1));
        let out = redirected(&path, Direction::Request, (&request, Some("bye")), Some(4));
        let (answer, relay_state) = sent(&browser.get(&server, &out).await, SLO);
        assert_eq!(relay_state.as_deref(), Some("bye"));
        assert_eq!(attribute(&answer, "LogoutResponse", "InResponseTo").as_deref(), Some("_out"));
        assert_eq!(attribute(&answer, "LogoutResponse", "Destination").as_deref(), Some(SLO));
        assert_eq!(attribute(&answer, "StatusCode", "Value").as_deref(), Some(SUCCESS));
        assert!(!is_signed_in(&server, &browser, &other).await);
    }
}

#[tokio::test]
async fn a_request_by_form_is_answered_by_form() {
    let server = TestServer::start().await;
    user(&server).await;
    let client_id = application(&server, json!({})).await;
    let mut browser = Browser::default();
    let known = signed_in(&server, &mut browser, &client_id).await;
    let request = logout_request(&known.name, &index(&known.index));
    let form = crate::people::Form {
        action: format!("/samlp/{client_id}/logout"),
        hidden: vec![
            ("SAMLRequest".to_owned(), base64::engine::general_purpose::STANDARD.encode(request)),
            ("RelayState".to_owned(), "bye".to_owned()),
        ],
    };
    let answer = browser.post(&server, &form, &[]).await;
    let (value, rest) = posted(&answer, SLO, "SAMLResponse");
    let xml = String::from_utf8(base64::engine::general_purpose::STANDARD.decode(value).unwrap()).unwrap();
    super::verified(&server, &xml, "LogoutResponse").await;
    assert_eq!(rest, [("RelayState".to_owned(), "bye".to_owned())]);
    assert!(!is_signed_in(&server, &browser, &client_id).await);
}

#[tokio::test]
async fn an_unsigned_request_counts_only_if_it_names_the_session() {
    let mut server = TestServer::start().await;
    user(&server).await;
    let client_id = application(&server, json!({})).await;
    let path = format!("/samlp/{client_id}/logout");
    let mut browser = Browser::default();
    let known = signed_in(&server, &mut browser, &client_id).await;
    for request in [
        logout_request(&known.name, ""),
        logout_request(&known.name, &index("_guessed")),
        logout_request("auth0|somebody", &index(&known.index)),
        logout_request(&known.name, &index(&known.index)).replace(SP, "urn:other"),
    ] {
        let out = redirected(&path, Direction::Request, (&request, None), None);
        let answer = browser.get(&server, &out).await;
        assert_eq!(answer.status, 400, "{request}");
        assert!(answer.text().contains("Invalid Session Participant"));
        assert!(is_signed_in(&server, &browser, &client_id).await);
    }
    let request = logout_request(&known.name, &index(&known.index));
    let out = redirected(&path, Direction::Request, (&request, None), None);
    sent(&browser.get(&server, &out).await, SLO);
    assert!(logged(&mut server, "flo").await.starts_with("Invalid Session Participant"));
}

#[tokio::test]
async fn requests_that_are_unsigned_foreign_late_or_for_another_place_end_nothing() {
    let server = TestServer::start().await;
    user(&server).await;
    let client_id = application(&server, json!({ "signingCert": certificate(4).to_pem() })).await;
    let other = application(&server, json!({})).await;
    let path = format!("/samlp/{client_id}/logout");
    let mut browser = Browser::default();
    let known = signed_in(&server, &mut browser, &other).await;
    let request = logout_request(&known.name, &index(&known.index));
    let elsewhere =
        request.replace(" Version", " Destination=\"https://tenant.example/samlp/x/logout\" Version");
    let over = request.replace(" Version", " NotOnOrAfter=\"2027-01-15T07:56:00Z\" Version");
    for (request, signer, why) in [
        (&request, None, "SAMLRequest message MUST be signed"),
        (&request, Some(5), "Signature check errors"),
        (&elsewhere, Some(4), "the Destination of the LogoutRequest"),
        (&over, Some(4), "is not of this time"),
        // A session of another application is none of this one.
        (&request, Some(4), "Invalid Session Participant"),
    ] {
        let out = redirected(&path, Direction::Request, (request, None), signer);
        let answer = browser.get(&server, &out).await;
        assert_eq!(answer.status, 400);
        assert!(answer.text().contains(why), "no {why}: {}", answer.text());
    }
    server.clock.advance(SignedDuration::from_mins(9));
    let out = redirected(&path, Direction::Request, (&request, None), Some(4));
    assert!(browser.get(&server, &out).await.text().contains("is not of this time"));
    assert!(is_signed_in(&server, &browser, &other).await);
}

#[tokio::test]
async fn signed_messages_of_a_logout_have_to_say_where_they_go() {
    for on in engines() {
        let mut server = TestServer::on(on).await;
        user(&server).await;
        let signed = json!({ "signingCert": certificate(4).to_pem() });
        let client_id = application(&server, signed).await;
        let path = format!("/samlp/{client_id}/logout");
        let mut browser = Browser::default();
        let request = super::authn_request("", "");
        let ask = redirected(&format!("/samlp/{client_id}"), Direction::Request, (&request, None), Some(4));
        let page = browser.visit(&server, &ask).await;
        let (xml, _) = response(&sign_in(&server, &mut browser, &page).await);
        let known = (text(&xml, "NameID"), attribute(&xml, "AuthnStatement", "SessionIndex").unwrap());
        let request = logout_request(&known.0, &index(&known.1));
        let silent = request.replace(" Version", " Destination=\"\" Version");
        let why = format!(
            "the LogoutRequest is signed, so it has to name its Destination, expected \
             https://tenant.example{path}"
        );
        for request in [&request, &silent] {
            let out = redirected_as_it_is(&path, Direction::Request, (request, None), Some(4));
            assert_eq!(browser.get(&server, &out).await.status, 400);
        }
        assert!(browser.visit(&server, &ask).await.text().contains("SAMLResponse"), "still signed in");
        // The tenant asks, and the answer is as silent.
        let (asked, state) = sent(&browser.get(&server, "/v2/logout").await, SLO);
        let id = attribute(&asked, "LogoutRequest", "ID").unwrap();
        let confirmed = format!(
            r#"<samlp:LogoutResponse xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_done" Version="2.0" IssueInstant="{NOW}" InResponseTo="{id}"><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">{SP}</saml:Issuer><samlp:Status><samlp:StatusCode Value="{SUCCESS}"/></samlp:Status></samlp:LogoutResponse>"#
        );
        let message = (confirmed.as_str(), state.as_deref());
        let back = redirected_as_it_is(&path, Direction::Response, message, Some(4));
        assert_eq!(browser.get(&server, &back).await.status, 400);
        // One that says so goes on with the same logout.
        let back = redirected(&path, Direction::Response, message, Some(4));
        browser.get(&server, &back).await.expect_ok();
        let answered = why.replace("LogoutRequest", "LogoutResponse");
        assert_eq!(all_logged(&mut server, "flo").await, [why.clone(), why, answered]);
    }
}

#[tokio::test]
async fn a_logout_goes_from_application_to_application_and_then_back() {
    for on in engines() {
        let server = TestServer::on(on).await;
        user(&server).await;
        let first = application(&server, json!({})).await;
        let slo = json!({ "logout": { "callback": OTHER_SLO, "slo_enabled": true } });
        let second = application(&server, slo).await;
        let silent =
            application(&server, json!({ "logout": { "callback": "https://silent.example/" } })).await;
        let mut browser = Browser::default();
        let known = signed_in(&server, &mut browser, &first).await;
        let theirs = signed_in(&server, &mut browser, &second).await;
        signed_in(&server, &mut browser, &silent).await;
        let request = logout_request(&known.name, &index(&known.index));
        let out =
            redirected(&format!("/samlp/{first}/logout"), Direction::Request, (&request, Some("bye")), None);
        let (asked, state) = sent(&browser.get(&server, &out).await, OTHER_SLO);
        assert_eq!(text(&asked, "SessionIndex"), theirs.index);
        assert_eq!(text(&asked, "NameID"), theirs.name);
        assert_eq!(text(&asked, "Issuer"), "urn:tenant.example");
        assert!(!is_signed_in(&server, &browser, &first).await);

        let id = attribute(&asked, "LogoutRequest", "ID").unwrap();
        let answer = |status: &str, to: &str| {
            format!(
                r#"<samlp:LogoutResponse xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_done" Version="2.0" IssueInstant="{NOW}" InResponseTo="{to}"><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">urn:second</saml:Issuer><samlp:Status><samlp:StatusCode Value="{status}"/></samlp:Status></samlp:LogoutResponse>"#
            )
        };
        let back = format!("/samlp/{second}/logout");
        let respond =
            |xml: &str, state: &str| redirected(&back, Direction::Response, (xml, Some(state)), None);
        let state = state.unwrap();
        for (xml, state) in [
            (answer(SUCCESS, "_other"), state.as_str()),
            (answer(SUCCESS, &id), "forged"),
            (answer(SUCCESS, &id), ""),
        ] {
            assert_eq!(browser.get(&server, &respond(&xml, state)).await.status, 400);
        }
        // Another browser cannot go on with it.
        assert_eq!(
            Browser::default().get(&server, &respond(&answer(SUCCESS, &id), &state)).await.status,
            400
        );
        let done = browser.get(&server, &respond(&answer(SUCCESS, &id), &state)).await;
        let (finished, relay_state) = sent(&done, SLO);
        assert_eq!(relay_state.as_deref(), Some("bye"));
        assert_eq!(attribute(&finished, "StatusCode", "Value").as_deref(), Some(SUCCESS));
        // What was answered once is not answered again.
        assert_eq!(browser.get(&server, &respond(&answer(SUCCESS, &id), &state)).await.status, 400);
    }
}

#[tokio::test]
async fn an_application_that_does_not_confirm_makes_the_logout_a_partial_one() {
    let server = TestServer::start().await;
    user(&server).await;
    let first = application(&server, json!({})).await;
    let second =
        application(&server, json!({ "logout": { "callback": OTHER_SLO, "slo_enabled": true } })).await;
    let mut browser = Browser::default();
    let known = signed_in(&server, &mut browser, &first).await;
    signed_in(&server, &mut browser, &second).await;
    let request = logout_request(&known.name, &index(&known.index));
    let out = redirected(&format!("/samlp/{first}/logout"), Direction::Request, (&request, None), None);
    let (asked, state) = sent(&browser.get(&server, &out).await, OTHER_SLO);
    let id = attribute(&asked, "LogoutRequest", "ID").unwrap();
    let refusal = format!(
        r#"<samlp:LogoutResponse xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_done" Version="2.0" IssueInstant="{NOW}" InResponseTo="{id}"><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">urn:second</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Requester"/></samlp:Status></samlp:LogoutResponse>"#
    );
    let path = redirected(
        &format!("/samlp/{second}/logout"),
        Direction::Response,
        (&refusal, state.as_deref()),
        None,
    );
    let (finished, _) = sent(&browser.get(&server, &path).await, SLO);
    assert!(finished.contains("urn:oasis:names:tc:SAML:2.0:status:PartialLogout"));
}

#[tokio::test]
async fn the_logout_of_the_tenant_tells_the_applications_that_speak_saml() {
    let server = TestServer::start().await;
    user(&server).await;
    let client_id = application(&server, json!({})).await;
    let mut browser = Browser::default();
    signed_in(&server, &mut browser, &client_id).await;
    let (asked, state) = sent(&browser.get(&server, "/v2/logout").await, SLO);
    assert!(asked.contains("LogoutRequest"));
    let id = attribute(&asked, "LogoutRequest", "ID").unwrap();
    let confirmed = format!(
        r#"<samlp:LogoutResponse xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_done" Version="2.0" IssueInstant="{NOW}" InResponseTo="{id}"><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">{SP}</saml:Issuer><samlp:Status><samlp:StatusCode Value="{SUCCESS}"/></samlp:Status></samlp:LogoutResponse>"#
    );
    let path = redirected(
        &format!("/samlp/{client_id}/logout"),
        Direction::Response,
        (&confirmed, state.as_deref()),
        None,
    );
    browser.get(&server, &path).await.expect_ok();
}

#[tokio::test]
async fn whoever_is_signed_out_already_hears_that_it_worked() {
    let server = TestServer::start().await;
    let client_id = application(&server, json!({})).await;
    let request = logout_request("auth0|x", &index("_x"));
    let path = redirected(&format!("/samlp/{client_id}/logout"), Direction::Request, (&request, None), None);
    let (answer, _) = sent(&Browser::default().get(&server, &path).await, SLO);
    assert_eq!(attribute(&answer, "StatusCode", "Value").as_deref(), Some(SUCCESS));
}
