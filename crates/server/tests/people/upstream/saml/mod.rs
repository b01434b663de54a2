//! People sign in at a SAML identity provider.

pub(crate) mod idp;
mod logout;
mod metadata;
mod refusals;
mod trial;
mod unasked;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chancery_crypto::certificate::Certificate;
use chancery_crypto::cipher::Cipher;
use chancery_saml::binding::{Direction, Received, redirect};
use chancery_saml::idp::{Encryption, SignatureTrust};
use chancery_xmldsig::verify::Sha1;
use http::Method;
use serde_json::{Value, json};

use super::super::{Application, Browser, answered, application, authorize, exchange, parameter};
use crate::kit::{Answer, Call, DOMAIN, On, TestServer, claims, engines};
use crate::people::Form;
use crate::saml::{attribute, certificate, posted, text};
use idp::{IDP, SLO, SSO, Said, US};

/// A tenant whose people sign in by the SAML connection `corp`.
pub(crate) struct World {
    pub(crate) server: TestServer,
    pub(crate) shop: Application,
    /// The id of the connection.
    pub(crate) corp: String,
}

impl World {
    pub(crate) async fn on(on: On) -> Self {
        Self::with(on, json!({})).await
    }

    /// With options that differ from the usual ones; null takes one away.
    pub(crate) async fn with(on: On, different: Value) -> Self {
        let server = TestServer::on_with(on, Some(true)).await;
        let shop = application(&server, json!({})).await;
        let mut options = json!({
            "signInEndpoint": SSO, "signOutEndpoint": SLO, "signSAMLRequest": true,
            "signingCert": STANDARD.encode(certificate(4).to_pem()), "idp_entity_id": IDP,
        });
        for (name, value) in different.as_object().unwrap() {
            if value.is_null() {
                options.as_object_mut().unwrap().remove(name);
            } else {
                options[name] = value.clone();
            }
        }
        let body = json!({ "name": "corp", "strategy": "samlp", "options": options });
        let corp = super::connection(&server, &shop, body).await;
        Self { server, shop, corp }
    }

    /// Begins a login; answers the request that the browser carries, and its `RelayState`.
    pub(crate) async fn begin(&self, browser: &mut Browser) -> (String, String) {
        let away = browser.get(&self.server, &authorize(&self.shop, &[("connection", "corp")])).await;
        sent(&away, SSO)
    }

    /// The provider's page sends the browser back.
    pub(crate) async fn back(&self, browser: &mut Browser, fields: &[(&str, &str)]) -> Answer {
        let callback = Form { action: "/login/callback?connection=corp".to_owned(), hidden: Vec::new() };
        browser.post(&self.server, &callback, fields).await
    }

    /// The answer to a login that has begun, as this says it.
    pub(crate) async fn says(&self, browser: &mut Browser, said: &Said, state: &str) -> Answer {
        self.back(browser, &[("SAMLResponse", &STANDARD.encode(said.xml())), ("RelayState", state)]).await
    }

    /// The whole way; answers what the browser gets in the end.
    pub(crate) async fn sign_in(&self, browser: &mut Browser, bend: impl FnOnce(&mut Said)) -> Answer {
        let (request, state) = self.begin(browser).await;
        let mut said = Said::to(&attribute(&request, "AuthnRequest", "ID").unwrap());
        bend(&mut said);
        self.says(browser, &said, &state).await
    }

    /// The user whom this answer signs in.
    pub(crate) async fn user(&self, back: &Answer) -> Value {
        let tokens = exchange(&self.server, &self.shop, &parameter(back, "code")).await.expect(200);
        let sub = claims(tokens["id_token"].as_str().unwrap())["sub"].as_str().unwrap().to_owned();
        self.server.api_get(&format!("/users/{}", sub.replace('|', "%7C"))).await.expect(200)
    }

    /// Whether the browser is signed in.
    pub(crate) async fn is_signed_in(&self, browser: &Browser) -> bool {
        let silent = authorize(&self.shop, &[("prompt", "none")]);
        let answer = browser.clone().get(&self.server, &silent).await;
        answered(&answer).iter().any(|(name, _)| name == "code")
    }

    /// The certificate with which we sign towards identity providers.
    pub(crate) async fn own_certificate(&self) -> Certificate {
        let call = Call::to(DOMAIN, Method::GET, "/cer?cert=connection");
        Certificate::from_der(self.server.send(call.build()).await.bytes).unwrap()
    }
}

/// The message in a redirection to this address, and its `RelayState`.
#[track_caller]
pub(crate) fn sent(answer: &Answer, to: &str) -> (String, String) {
    let received = redirected(answer, to);
    (received.xml, received.relay_state.unwrap_or_default())
}

#[track_caller]
fn redirected(answer: &Answer, to: &str) -> Received {
    let location = answer.header("location").unwrap_or_else(|| panic!("no redirection: {}", answer.text()));
    let query = location.strip_prefix(&format!("{to}?")).unwrap_or_else(|| panic!("elsewhere: {location}"));
    redirect::decode(query).unwrap()
}

#[tokio::test]
async fn somebody_signs_in_at_a_saml_provider_and_is_a_user_from_then_on() {
    for on in engines() {
        let world = World::on(on).await;
        let mut browser = Browser::default();
        let away = browser.get(&world.server, &authorize(&world.shop, &[("connection", "corp")])).await;
        let received = redirected(&away, SSO);
        // Signed beside the message, with the connection key and no other.
        let own = world.own_certificate().await.public_key().unwrap();
        assert_eq!(received.detached.as_ref().unwrap().verify(&[own], Sha1::Refused), Ok((0, false)));
        let id = attribute(&received.xml, "AuthnRequest", "ID").unwrap();
        let expected = format!(
            r#"<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" AssertionConsumerServiceURL="https://tenant.example/login/callback?connection=corp" Destination="{SSO}" ID="{id}" IssueInstant="2027-01-15T08:00:00.000Z" ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Version="2.0"><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">{US}</saml:Issuer></samlp:AuthnRequest>"#
        );
        assert_eq!(received.xml, expected);
        let state = received.relay_state.unwrap();
        let back = world.says(&mut browser, &Said::to(&id), &state).await;
        let user = world.user(&back).await;
        for (name, value) in [
            ("user_id", json!("samlp|corp|ada")),
            ("email", json!("ada@corp.example")),
            ("email_verified", json!(false)),
            ("name", json!("Ada Lovelace")),
            ("given_name", json!("Ada Lovelace")),
            ("family_name", json!("Lovelace")),
            ("groups", json!(["a", "b"])),
            ("department", json!("Engines")),
        ] {
            assert_eq!(user[name], value, "{name}: {user}");
        }
        // The second time it is the same user.
        let again =
            world.sign_in(&mut Browser::default(), |said| said.assertion_id = "_second".to_owned()).await;
        assert_eq!(world.user(&again).await["logins_count"], 2);
    }
}

#[tokio::test]
async fn requests_travel_as_the_connection_says() {
    let post = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
    let trust = async |world: &World| SignatureTrust {
        keys: vec![world.own_certificate().await.public_key().unwrap()],
        sha1: Sha1::Refused,
    };
    let begun = async |world: &World| {
        Browser::default().get(&world.server, &authorize(&world.shop, &[("connection", "corp")])).await
    };
    // By form, signed inside.
    let world = World::with(On::Sqlite, json!({ "protocolBinding": post })).await;
    let (value, rest) = posted(&begun(&world).await, SSO, "SAMLRequest");
    assert_eq!(rest.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["RelayState"]);
    let xml = String::from_utf8(STANDARD.decode(value).unwrap()).unwrap();
    let received = Received { direction: Direction::Request, xml, relay_state: None, detached: None };
    assert!(trust(&world).await.signed_octets(&received).unwrap().is_some());
    // By redirection, signed inside and as it is; the options add nothing that the binding says.
    let more = json!({ "SAMLRequest": { "value": "evil" }, "RelayState": { "value": "evil" }, "own": { "value": "1" } });
    let world = World::with(On::Sqlite, json!({ "deflate": false, "upstream_params": more })).await;
    let answer = begun(&world).await;
    let (place, query) = answer.header("location").unwrap().split_once('?').unwrap();
    assert_eq!(place, SSO);
    let sent: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    let names: Vec<_> = sent.iter().map(|(name, _)| name.as_ref()).collect();
    assert_eq!(names, ["own", "SAMLRequest", "RelayState"]);
    let xml = String::from_utf8(STANDARD.decode(sent[1].1.as_bytes()).unwrap()).unwrap();
    let received = Received { direction: Direction::Request, xml, relay_state: None, detached: None };
    assert!(trust(&world).await.signed_octets(&received).unwrap().is_some());
    // Unsigned.
    for (options, by_form) in [
        (json!({ "signSAMLRequest": false }), false),
        (json!({ "signSAMLRequest": null, "protocolBinding": post }), true),
    ] {
        let world = World::with(On::Sqlite, options).await;
        let answer = begun(&world).await;
        let xml = if by_form {
            String::from_utf8(STANDARD.decode(posted(&answer, SSO, "SAMLRequest").0).unwrap()).unwrap()
        } else {
            let received = redirected(&answer, SSO);
            assert!(received.detached.is_none());
            received.xml
        };
        assert!(!xml.contains("Signature"), "{xml}");
    }
}

#[tokio::test]
async fn a_connection_may_bring_its_own_keys_names_and_request() {
    let own = key_pair(6);
    let template = r#"<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="@@ID@@" @@AssertServiceURLAndDestination@@ Version="2.0" ProviderName="@@ProviderName@@" IssueInstant="@@IssueInstant@@"><saml:Issuer xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">@@Issuer@@</saml:Issuer><samlp:Extensions>@@LoginHint@@ @@Connection.signOutEndpoint@@ @@Connection.signing_key@@</samlp:Extensions></samlp:AuthnRequest>"#;
    let options = json!({
        "signing_key": own, "decryptionKey": key_pair(7), "entityId": "urn:ours", "requestTemplate": template,
        "fieldsMap": { "nickname": "department" }, "user_id_attribute": "department",
    });
    let world = World::with(On::Sqlite, options).await;
    let mut browser = Browser::default();
    let path = authorize(&world.shop, &[("connection", "corp"), ("login_hint", "ada@corp.example")]);
    let received = redirected(&browser.get(&world.server, &path).await, SSO);
    let key = certificate(6).public_key().unwrap();
    assert_eq!(received.detached.as_ref().unwrap().verify(&[key], Sha1::Refused), Ok((0, false)));
    assert_eq!(text(&received.xml, "Issuer"), "urn:ours");
    assert_eq!(text(&received.xml, "Extensions"), format!("ada@corp.example {SLO} "));
    assert_eq!(attribute(&received.xml, "AuthnRequest", "ProviderName").as_deref(), Some("main"));
    let id = attribute(&received.xml, "AuthnRequest", "ID").unwrap();
    let said = Said {
        audience: "urn:ours".to_owned(),
        encryption: Some(Encryption { certificate: certificate(7), cipher: Cipher::Aes256Gcm }),
        ..Said::to(&id)
    };
    let back = world.says(&mut browser, &said, &received.relay_state.unwrap()).await;
    let user = world.user(&back).await;
    assert_eq!((&user["user_id"], &user["nickname"]), (&json!("samlp|corp|Engines"), &json!("Engines")));
}

/// A key pair as administrators paste it.
fn key_pair(number: usize) -> Value {
    use chancery_crypto::pem::{LineEnd, encode};
    let pem = encode("PRIVATE KEY", &crate::kit::key(number).to_pkcs8().unwrap(), LineEnd::Lf);
    json!({ "key": pem, "cert": certificate(number).to_pem() })
}

#[tokio::test]
async fn what_was_encrypted_for_a_connection_key_opens_through_a_rotation() {
    for on in engines() {
        let world = World::on(on).await;
        let before = world.own_certificate().await;
        let encrypted = |certificate: &Certificate, cipher: Cipher| {
            Some(Encryption { certificate: certificate.clone(), cipher })
        };
        let sign_in = async |id: &str, encryption: Option<Encryption>| {
            let bend = |said: &mut Said| {
                said.assertion_id = id.to_owned();
                said.encryption = encryption;
            };
            let answer = world.sign_in(&mut Browser::default(), bend).await;
            assert_eq!(answer.status, 303, "{id}: {}", answer.text());
        };
        sign_in("_1", encrypted(&before, Cipher::Aes128Gcm)).await;
        world.server.api_send(Method::POST, "/keys/connection/rotate", &json!({})).await;
        let after = world.own_certificate().await;
        assert_ne!(before, after);
        sign_in("_2", encrypted(&before, Cipher::Aes256Gcm)).await;
        sign_in("_3", encrypted(&after, Cipher::Aes256Gcm)).await;
    }
}

#[tokio::test]
async fn messages_are_written_to_the_log_where_the_connection_is_looked_into() {
    let mut world = World::with(On::Sqlite, json!({ "debug": true })).await;
    world.sign_in(&mut Browser::default(), |_| {}).await;
    world.server.flush_log().await;
    let reader = world.server.sibling().await;
    let entries = reader.api_get("/logs?q=type:w&sort=date:1").await.expect(200);
    let kinds: Vec<_> = entries.as_array().unwrap().iter().map(|own| own["description"].clone()).collect();
    assert_eq!(kinds, ["A request of SAML", "An answer of SAML"]);
    assert!(entries[0]["details"]["SAMLRequest"].as_str().unwrap().starts_with("<samlp:AuthnRequest"));
    assert!(entries[1]["details"]["SAMLResponse"].as_str().unwrap().contains("ada@corp.example"));
    assert_eq!(entries[1]["connection"], "corp");
}

/// Runs every statement of SAML connections.
pub(crate) async fn exercise(server: &TestServer) {
    let shop = application(server, json!({})).await;
    let options =
        json!({ "signInEndpoint": SSO, "signingCert": certificate(4).to_pem(), "idp_entity_id": IDP });
    let body = json!({ "name": "exercise-saml", "strategy": "samlp", "options": options });
    super::connection(server, &shop, body).await;
    let mut browser = Browser::default();
    let away = browser.get(server, &authorize(&shop, &[("connection", "exercise-saml")])).await;
    let (request, state) = sent(&away, SSO);
    let callback = "https://tenant.example/login/callback?connection=exercise-saml";
    let said = Said {
        audience: "urn:auth0:main:exercise-saml".to_owned(),
        recipient: callback.to_owned(),
        destination: callback.to_owned(),
        ..Said::to(&attribute(&request, "AuthnRequest", "ID").unwrap())
    };
    let action = "/login/callback?connection=exercise-saml".to_owned();
    let form = Form { action, hidden: Vec::new() };
    let fields = [("SAMLResponse", STANDARD.encode(said.xml())), ("RelayState", state)];
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(browser.post(server, &form, &fields).await.status, 303);
    sent(&browser.get(server, "/v2/logout?federated").await, SSO);
}
