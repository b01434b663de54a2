//! Answers that must not be believed: each leaves the exact reason in the log, a plain page, and nobody signed in. What
//! they are in detail is tried out beside the judge itself (`chancery-saml`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chancery_crypto::cipher::Cipher;
use chancery_saml::idp::Encryption;
use serde_json::json;

use super::{Said, World};
use crate::kit::{On, engines};
use crate::people::{Browser, authorize};
use crate::saml::{attribute, certificate};

/// What the log says of the failed logins, the newest first.
async fn reasons(world: &mut World) -> Vec<String> {
    world.server.flush_log().await;
    let reader = world.server.sibling().await;
    let entries = reader.api_get("/logs?q=type:f&sort=date:-1&per_page=100").await.expect(200);
    let all = entries.as_array().unwrap().iter();
    all.map(|entry| entry["description"].as_str().unwrap().to_owned()).collect()
}

type Bend = Box<dyn Fn(&mut Said)>;

#[tokio::test]
async fn answers_that_do_not_prove_who_somebody_is_sign_nobody_in() {
    let encryption = |number, cipher| Some(Encryption { certificate: certificate(number), cipher });
    let (foreign, ours) = (stranger(5), stranger(0));
    let cases: Vec<(&str, Bend)> = vec![
        (
            "Audience is invalid. Configured: urn:auth0:main:corp; the assertion is for urn:auth0:main:other",
            Box::new(|said| said.audience = "urn:auth0:main:other".to_owned()),
        ),
        (
            "Recipient is invalid. Configured: https://tenant.example/login/callback?connection=corp; the assertion is for https://tenant.example/login/callback?connection=b",
            Box::new(|said| said.recipient = "https://tenant.example/login/callback?connection=b".to_owned()),
        ),
        (
            "Destination endpoint https://evil.example/ did not match https://tenant.example/login/callback?connection=corp",
            Box::new(|said| said.destination = "https://evil.example/".to_owned()),
        ),
        (
            "the response is signed, so it has to name its Destination, expected https://tenant.example/login/callback?connection=corp",
            Box::new(|said| (said.destination, said.sign_response) = (String::new(), true)),
        ),
        (
            "the issuer is \"urn:other\", expected \"urn:idp\"",
            Box::new(|said| said.issuer = "urn:other".to_owned()),
        ),
        ("assertion has expired. It counts until ", Box::new(|said| said.at = -481)),
        ("assertion is not valid yet. It counts from ", Box::new(|said| said.at = 241)),
        (&foreign, Box::new(|said| said.signer = 5)),
        // Our own application signing key is nobody's identity provider.
        (&ours, Box::new(|said| said.signer = 0)),
        ("InResponseTo is _other, expected", Box::new(|said| said.asked = Some("_other".to_owned()))),
        ("InResponseTo is none, expected", Box::new(|said| said.asked = None)),
        (
            "the encrypted content cannot be opened with the keys of this connection",
            Box::new(move |said| said.encryption = encryption(6, Cipher::Aes128Gcm)),
        ),
        (
            "the encryption method http://www.w3.org/2001/04/xmlenc#aes256-cbc is not accepted",
            Box::new(move |said| said.encryption = encryption(6, Cipher::Aes256Cbc)),
        ),
    ];
    let mut world = World::on(On::Sqlite).await;
    for (expected, bend) in &cases {
        let mut browser = Browser::default();
        let page = world.sign_in(&mut browser, bend).await;
        assert_eq!(page.status, 400, "{expected}");
        assert!(!page.text().contains("configured"), "the page tells little: {}", page.text());
        assert!(!world.is_signed_in(&browser).await, "{expected}");
    }
    let mut reasons = reasons(&mut world).await;
    reasons.reverse();
    assert_eq!(reasons.len(), cases.len());
    for ((expected, _), reason) in cases.iter().zip(&reasons) {
        assert!(reason.starts_with(expected), "{reason}, expected {expected}");
    }
}

/// The reason where the certificate of this key was sent, and that of the fourth is known.
pub(super) fn stranger(sent: usize) -> String {
    format!(
        "Signature check errors: the signature was made by none of the 1 certificates that are configured; sent \
         with it: {}. Configured: {}",
        certificate(sent).digests(),
        certificate(4).digests()
    )
}

#[tokio::test]
async fn a_signature_of_nobody_who_is_known_is_told_with_what_was_sent_and_what_is_configured() {
    let mut world = World::on(On::Sqlite).await;
    let why =
        "Signature check errors: the signature was made by none of the 1 certificates that are configured; ";
    let known = format!("Configured: {}", certificate(4).digests());
    let foreign = certificate(5).base64_der();
    let beside = format!("<ds:X509Certificate>{foreign}</ds:X509Certificate>");
    let borrowed = "What was sent is configured, but another key has signed";
    let cases = [
        (foreign.as_str(), foreign.clone(), stranger(5)),
        (&beside, String::new(), format!("{why}no certificate was sent with it. {known}")),
        (&foreign, "AAAA".to_owned(), format!("{why}no certificate was sent with it. {known}")),
        (
            &foreign,
            certificate(4).base64_der(),
            format!("{why}sent with it: {}. {known}. {borrowed}", certificate(4).digests()),
        ),
    ];
    for (from, to, _) in &cases {
        let mut browser = Browser::default();
        let (request, state) = world.begin(&mut browser).await;
        let said = Said { signer: 5, ..Said::to(&attribute(&request, "AuthnRequest", "ID").unwrap()) };
        let xml = said.xml();
        assert!(xml.contains(from));
        let value = STANDARD.encode(xml.replace(from, to));
        let page = world.back(&mut browser, &[("SAMLResponse", &value), ("RelayState", &state)]).await;
        assert_eq!(page.status, 400);
        assert!(!page.text().contains("SHA-1"), "the page tells little: {}", page.text());
        assert!(!world.is_signed_in(&browser).await);
    }
    let expected: Vec<_> = cases.into_iter().rev().map(|(_, _, expected)| expected).collect();
    assert_eq!(reasons(&mut world).await, expected);
}

#[tokio::test]
async fn an_answer_counts_once_in_the_browser_that_asked() {
    for on in engines() {
        let mut world = World::on(on).await;
        let mut browser = Browser::default();
        let (request, state) = world.begin(&mut browser).await;
        let said = Said::to(&attribute(&request, "AuthnRequest", "ID").unwrap());
        let mut stranger = Browser::default();
        world.begin(&mut stranger).await;
        assert_eq!(world.says(&mut stranger, &said, &state).await.status, 400, "another browser");
        assert_eq!(world.says(&mut browser, &said, &state).await.status, 303);
        // Again, with the same text and in a login of its own.
        assert_eq!(world.says(&mut browser, &said, &state).await.status, 400);
        let (request, state) = world.begin(&mut stranger).await;
        let again = Said::to(&attribute(&request, "AuthnRequest", "ID").unwrap());
        assert_eq!(again.assertion_id, said.assertion_id);
        assert_eq!(world.says(&mut stranger, &again, &state).await.status, 400);
        assert!(!world.is_signed_in(&stranger).await);
        assert_eq!(reasons(&mut world).await[0], "SAMLResponse should be unique");
    }
}

#[tokio::test]
async fn an_answer_that_is_not_one_is_refused() {
    let mut world = World::on(On::Sqlite).await;
    let mut browser = Browser::default();
    let cases = [
        ("expected one parameter SAMLRequest or SAMLResponse", vec![]),
        ("the parameter SAMLResponse is no base64", vec![("SAMLResponse", "%")]),
        ("the document is no well-formed XML", vec![("SAMLResponse", "PHg+")]),
        ("expected a Response of version 2.0", vec![("SAMLResponse", "PHgvPg==")]),
        (
            "expected one parameter SAMLRequest or SAMLResponse",
            vec![("SAMLResponse", "PHgvPg=="), ("SAMLRequest", "PHgvPg==")],
        ),
        (
            "the document has a document type declaration, which is never accepted",
            vec![("SAMLResponse", "PCFET0NUWVBFIHg+PHgvPg==")],
        ),
    ];
    for (expected, fields) in &cases {
        let (_, state) = world.begin(&mut browser).await;
        let mut fields = fields.clone();
        fields.push(("RelayState", state.as_str()));
        assert_eq!(world.back(&mut browser, &fields).await.status, 400, "{expected}");
    }
    let mut reasons = reasons(&mut world).await;
    reasons.reverse();
    assert_eq!(reasons.len(), cases.len());
    for ((expected, _), reason) in cases.iter().zip(&reasons) {
        assert!(reason.starts_with(expected), "{reason}, expected {expected}");
    }
}

#[tokio::test]
async fn an_answer_may_not_come_twice_by_redirection_or_to_another_connection() {
    let mut world = World::on(On::Sqlite).await;
    let mut browser = Browser::default();
    let (request, state) = world.begin(&mut browser).await;
    let said = Said::to(&attribute(&request, "AuthnRequest", "ID").unwrap());
    let value = STANDARD.encode(said.xml());
    // Two readers would disagree on which counts; the login goes on.
    let twice = [("SAMLResponse", value.as_str()), ("SAMLResponse", &value), ("RelayState", &state)];
    assert_eq!(world.back(&mut browser, &twice).await.status, 400);
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("connection", "corp"), ("SAMLResponse", &value), ("RelayState", &state)])
        .finish();
    assert_eq!(browser.get(&world.server, &format!("/login/callback?{query}")).await.status, 400);
    let (request, state) = world.begin(&mut browser).await;
    let said = Said::to(&attribute(&request, "AuthnRequest", "ID").unwrap());
    let other = crate::people::Form {
        action: "/login/callback?connection=Username-Password-Authentication".to_owned(),
        hidden: Vec::new(),
    };
    let fields = [("SAMLResponse", STANDARD.encode(said.xml())), ("RelayState", state)];
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(browser.post(&world.server, &other, &fields).await.status, 400);
    assert!(!world.is_signed_in(&browser).await);
    let reasons = reasons(&mut world).await;
    assert_eq!(reasons[0], "the answer came to the address of another connection");
    assert_eq!(reasons[1], "an answer of SAML came by another way than a form");
}

#[tokio::test]
async fn sha1_counts_only_where_a_connection_says_so_and_is_noticed() {
    for (options, status) in [(json!({}), 400), (json!({ "digestAlgorithm": "sha1" }), 303)] {
        let mut world = World::with(On::Sqlite, options).await;
        let mut browser = Browser::default();
        let (request, state) = world.begin(&mut browser).await;
        let said = Said::to(&attribute(&request, "AuthnRequest", "ID").unwrap());
        let value = STANDARD.encode(said.with_sha1());
        let back = world.back(&mut browser, &[("SAMLResponse", &value), ("RelayState", &state)]).await;
        assert_eq!(back.status, status);
        if status == 400 {
            let reason = &reasons(&mut world).await[0];
            assert!(reason.starts_with("Signature check errors: the signature rests on SHA-1"), "{reason}");
        } else {
            let warning = crate::saml::logged(&mut world.server, "w").await;
            assert_eq!(warning, "The identity provider signs with SHA-1, which its connection allows");
        }
    }
}

#[tokio::test]
async fn a_connection_that_is_not_set_up_says_what_is_missing() {
    let expected = [
        (
            "signInEndpoint",
            "the connection has no signInEndpoint; set it, or give the metadata of the identity provider",
        ),
        (
            "signingCert",
            "the connection has no signingCert; set it, or give the metadata of the identity provider",
        ),
    ];
    for (missing, reason) in expected {
        let mut world = World::with(On::Sqlite, json!({ missing: null })).await;
        let path = authorize(&world.shop, &[("connection", "corp")]);
        assert_eq!(Browser::default().get(&world.server, &path).await.status, 400);
        assert_eq!(reasons(&mut world).await, [reason]);
    }
}
