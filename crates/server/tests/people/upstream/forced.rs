//! Applications that want their user to sign in again: the provider of each kind is told, whatever the application speaks.

use chancery_saml::binding::Direction;
use http::Method;
use serde_json::{Value, json};

use super::super::{Browser, application, authorize};
use super::provider::Provider;
use super::saml::idp::SSO;
use super::saml::sent;
use super::wsfed::service::LS;
use crate::kit::{Answer, TestServer, engines};
use crate::saml::{attribute, authn_request, certificate, made, redirected};

/// A request that an administrator has written, with no place for what an application wants.
const TEMPLATE: &str = r#"<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" @@AssertServiceURLAndDestination@@ ID="@@ID@@" IssueInstant="@@IssueInstant@@" Version="2.0"><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">@@Issuer@@</saml:Issuer></samlp:AuthnRequest>"#;

/// What a parameter of the redirection to this place says.
#[track_caller]
fn told(away: &Answer, place: &str, name: &str) -> Option<String> {
    let location = away.header("location").unwrap_or_else(|| panic!("no redirection: {}", away.text()));
    let query =
        location.strip_prefix(&format!("{place}?")).unwrap_or_else(|| panic!("elsewhere: {location}"));
    let mut found = form_urlencoded::parse(query.as_bytes()).filter(|(own, _)| own == name);
    let value = found.next().map(|(_, value)| value.into_owned());
    assert_eq!(found.next(), None, "{name} is there twice");
    value
}

#[tokio::test]
async fn whoever_has_to_sign_in_again_is_not_spared_by_the_session_of_a_provider() {
    for on in engines() {
        let server = TestServer::on_with(on, Some(true)).await;
        let provider = Provider::start().await;
        let shop = application(&server, json!({})).await;
        let payroll = made(&server, json!({ "samlp": {} }), json!({})).await;
        let archive = made(&server, json!({ "wsfed": {} }), json!({})).await;
        let saml = |more: Value| {
            let mut options = json!({ "signInEndpoint": SSO, "signingCert": certificate(4).to_pem() });
            options.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            options
        };
        let always = TEMPLATE.replace(" ID=", " ForceAuthn=\"false\" ID=");
        let consent = json!({ "upstream_params": { "prompt": { "value": "consent" } } });
        let service = json!({ "signInEndpoint": LS, "signingCert": certificate(4).to_pem() });
        for (name, strategy, options) in [
            ("plain", "samlp", saml(json!({}))),
            ("template", "samlp", saml(json!({ "requestTemplate": TEMPLATE }))),
            ("never", "samlp", saml(json!({ "requestTemplate": always }))),
            ("openid", "oidc", Value::Object(provider.options(&consent))),
            ("service", "adfs", service),
        ] {
            let enabled = [&shop.id, &payroll, &archive];
            let body = json!({
                "name": name, "strategy": strategy, "options": options, "enabled_clients": enabled,
            });
            server.api_send(Method::POST, "/connections", &body).await.expect(201);
        }
        let by_oauth = |connection: &str, parameters: &[(&str, &str)]| {
            authorize(&shop, &[&[("connection", connection)], parameters].concat())
        };
        let by_saml = |connection: &str, force: &str| {
            let request = authn_request(force, "");
            let path = format!("/samlp/{payroll}");
            redirected(&path, Direction::Request, (&request, None), None) + "&connection=" + connection
        };
        let by_wsfed = |connection: &str, more: &str| {
            format!("/wsfed/{archive}?wa=wsignin1.0&whr=urn:{connection}{more}")
        };
        let ways = |connection: &str| {
            [
                (true, by_oauth(connection, &[("prompt", "login")])),
                (true, by_oauth(connection, &[("max_age", "0")])),
                (true, by_saml(connection, "ForceAuthn=\"true\"")),
                (true, by_wsfed(connection, "&wfresh=0")),
                (false, by_oauth(connection, &[])),
                (false, by_oauth(connection, &[("max_age", "60")])),
                (false, by_saml(connection, "")),
                (false, by_wsfed(connection, "")),
                (false, by_wsfed(connection, "&wfresh=10")),
            ]
        };
        let away = async |path: &str| Browser::default().get(&server, path).await;
        for (connection, otherwise) in [("plain", None), ("template", None), ("never", Some("false"))] {
            for (forced, path) in ways(connection) {
                let (request, _) = sent(&away(&path).await, SSO);
                let expected = if forced { Some("true") } else { otherwise };
                let said = attribute(&request, "AuthnRequest", "ForceAuthn");
                assert_eq!(said.as_deref(), expected, "{connection}: {path}");
            }
        }
        for (forced, path) in ways("openid") {
            let said = told(&away(&path).await, &format!("{}/authorize", provider.issuer), "prompt");
            assert_eq!(said.as_deref(), Some(if forced { "login" } else { "consent" }), "{path}");
        }
        for (forced, path) in ways("service") {
            let said = told(&away(&path).await, LS, "wfresh");
            assert_eq!(said.as_deref(), forced.then_some("0"), "{path}");
        }
    }
}
