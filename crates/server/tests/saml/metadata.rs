//! What partners load before they begin.

use http::Method;
use serde_json::json;

use super::{application, attribute, certificate, made, verified};
use crate::kit::TestServer;

/// The certificates of a document, in their order.
fn certificates(xml: &str) -> Vec<String> {
    let texts = xml.split("<ds:X509Certificate>").skip(1);
    texts.map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
}

/// The certificates of the tenant's keys in these places, as metadata writes them.
async fn of_ring(server: &TestServer, places: &[&str]) -> Vec<String> {
    let keys = server.api_get("/keys/signing").await.expect(200);
    let keys = keys.as_array().unwrap();
    let of = |place: &&str| {
        let key = keys.iter().find(|key| key[*place] == true).unwrap();
        let pem = key["cert"].as_str().unwrap().to_owned();
        pem.lines().filter(|line| !line.starts_with("-----")).collect::<String>()
    };
    places.iter().map(of).collect()
}

#[tokio::test]
async fn metadata_names_the_endpoints_and_the_certificates_of_now_and_next() {
    let server = TestServer::start().await;
    let client_id = application(&server, json!({})).await;
    let answer = server.get(&format!("/samlp/metadata/{client_id}")).await;
    answer.expect_ok();
    assert_eq!(answer.header("content-type"), Some("application/xml; charset=utf-8"));
    let xml = answer.text();
    let [current, next] = of_ring(&server, &["current", "next"]).await.try_into().unwrap();
    let id = attribute(&xml, "EntityDescriptor", "ID").unwrap();
    let key = |certificate: &str| {
        format!(
            r#"<md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"#
        )
    };
    let service = |name: &str, binding: &str, path: &str| {
        format!(
            r#"<md:{name} Binding="urn:oasis:names:tc:SAML:2.0:bindings:{binding}" Location="https://tenant.example/samlp/{client_id}{path}"></md:{name}>"#
        )
    };
    let named = |label: &str, name: &str| {
        format!(
            r#"<saml:Attribute xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" FriendlyName="{label}" Name="http://schemas.xmlsoap.org/ws/2005/05/identity/claims/{name}" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri"></saml:Attribute>"#
        )
    };
    let expected = [
        format!(
            r#"<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" ID="{id}" entityID="urn:tenant.example"><md:IDPSSODescriptor WantAuthnRequestsSigned="false" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">"#
        ),
        key(&current),
        key(&next),
        service("SingleLogoutService", "HTTP-Redirect", "/logout"),
        service("SingleLogoutService", "HTTP-POST", "/logout"),
        "<md:NameIDFormat>urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress</md:NameIDFormat>"
            .to_owned(),
        "<md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>".to_owned(),
        "<md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:transient</md:NameIDFormat>".to_owned(),
        service("SingleSignOnService", "HTTP-Redirect", ""),
        service("SingleSignOnService", "HTTP-POST", ""),
        named("E-Mail Address", "emailaddress"),
        named("Given Name", "givenname"),
        named("Name", "name"),
        named("Surname", "surname"),
        named("Name ID", "nameidentifier"),
        "</md:IDPSSODescriptor></md:EntityDescriptor>".to_owned(),
    ];
    assert_eq!(xml, expected.concat());
}

#[tokio::test]
async fn whoever_loads_metadata_before_a_rotation_knows_the_key_that_signs_after_it() {
    let server = TestServer::start().await;
    let client_id = application(&server, json!({})).await;
    let path = format!("/samlp/metadata/{client_id}");
    let before = certificates(&server.get(&path).await.text());
    server.api_call(Method::POST, "/keys/signing/rotate").await.expect(201);
    let after = certificates(&server.get(&path).await.text());
    assert_eq!(before.len(), 2);
    assert_eq!(after[0], before[1]);
    assert!(!before.contains(&after[1]));
}

#[tokio::test]
async fn metadata_is_signed_where_that_is_asked_for() {
    let server = TestServer::start().await;
    let client_id =
        application(&server, json!({ "signingCert": certificate(4).to_pem(), "issuer": "urn:me" })).await;
    let xml =
        server.get(&format!("/samlp/metadata/{client_id}?signed=true&connection=a%20b%26c")).await.text();
    let octets = verified(&server, &xml, "EntityDescriptor").await;
    assert_eq!(attribute(&octets, "EntityDescriptor", "entityID").as_deref(), Some("urn:me"));
    assert_eq!(attribute(&octets, "IDPSSODescriptor", "WantAuthnRequestsSigned").as_deref(), Some("true"));
    let sign_on = attribute(&octets, "SingleSignOnService", "Location").unwrap();
    assert_eq!(sign_on, format!("https://tenant.example/samlp/{client_id}?connection=a+b%26c"));
}

#[tokio::test]
async fn there_is_no_metadata_of_applications_that_do_not_speak_saml() {
    let server = TestServer::start().await;
    let plain = made(&server, json!({}), json!({})).await;
    for client_id in ["nobody", &plain] {
        assert_eq!(server.get(&format!("/samlp/metadata/{client_id}")).await.status, 400);
    }
}
