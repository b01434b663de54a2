//! Assertions that only the partner can read.

use chancery_crypto::cipher::Cipher;
use chancery_xmldsig::decrypt;
use chancery_xmldsig::tree::Tree;
use serde_json::{Value, json};

use super::{
    application, asking, attribute, certificate, made, response, sign_in, stored_before, text, verified,
};
use crate::kit::{TestServer, key};
use crate::people::{Browser, user};

/// Signs in and answers the response.
async fn signed_in(server: &TestServer, client_id: &str) -> String {
    let mut browser = Browser::default();
    let page = browser.visit(server, &asking(client_id)).await;
    response(&sign_in(server, &mut browser, &page).await).0
}

/// The assertion in a response, opened with the key of the partner.
fn opened(xml: &str) -> String {
    assert!(!xml.contains("<saml:Assertion") && !xml.contains("ada@x.example"), "{xml}");
    let tree = Tree::parse(xml).unwrap();
    let around = tree.root().children().find(|node| node.tag_name().name() == "EncryptedAssertion").unwrap();
    decrypt::element(around, &[key(4)], |_: Cipher| true).unwrap().to_string()
}

#[tokio::test]
async fn an_assertion_is_signed_and_then_encrypted_for_the_certificate_of_the_partner() {
    let server = TestServer::start().await;
    user(&server).await;
    for (algorithm, uri) in [
        (Value::Null, "http://www.w3.org/2009/xmlenc11#aes256-gcm"),
        (json!("aes128-gcm"), "http://www.w3.org/2009/xmlenc11#aes128-gcm"),
        (json!("http://www.w3.org/2001/04/xmlenc#aes256-cbc"), "http://www.w3.org/2001/04/xmlenc#aes256-cbc"),
    ] {
        let mut add_on = json!({ "encryptionCert": certificate(4).to_pem() });
        if algorithm != Value::Null {
            add_on["encryptionAlgorithm"] = algorithm;
        }
        let client_id = application(&server, add_on).await;
        let xml = signed_in(&server, &client_id).await;
        assert_eq!(attribute(&xml, "EncryptionMethod", "Algorithm").as_deref(), Some(uri));
        let assertion = opened(&xml);
        let octets = verified(&server, &assertion, "Assertion").await;
        assert_eq!(text(&octets, "Audience"), "urn:sp");
    }
}

#[tokio::test]
async fn a_signed_response_may_hold_an_encrypted_assertion() {
    let server = TestServer::start().await;
    user(&server).await;
    let more = json!({ "encryption_key": { "cert": certificate(4).to_pem(), "pub": "unused", "subject": "/CN=sp" } });
    let client_id = made(&server, json!({ "samlp": { "signResponse": true } }), more).await;
    let xml = signed_in(&server, &client_id).await;
    let octets = verified(&server, &xml, "Response").await;
    assert_eq!(text(&opened(&octets), "Audience"), "urn:sp");
}

#[tokio::test]
async fn settings_that_cannot_be_used_send_no_assertion_in_the_clear() {
    let server = TestServer::start().await;
    user(&server).await;
    for add_on in [
        json!({ "encryptionCert": "nonsense" }),
        json!({ "encryptionCert": certificate(4).to_pem(), "encryptionAlgorithm": "rot13" }),
    ] {
        let client_id = application(&server, json!({})).await;
        stored_before(&server, &client_id, json!({ "samlp": add_on })).await;
        let answer = server.get(&asking(&client_id)).await;
        assert_eq!(answer.status, 400);
        assert!(answer.text().contains("encryptionCert") || answer.text().contains("encryptionAlgorithm"));
    }
}
