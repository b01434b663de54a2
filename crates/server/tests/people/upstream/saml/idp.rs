//! A SAML identity provider that the tests run themselves: what it says can be bent, and its metadata is served on a port
//! of this machine.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chancery_crypto::algorithm::Algorithm;
use chancery_crypto::digest::{sha1, sha256};
use chancery_saml::HTTP_POST;
use chancery_saml::idp::claims::{Attribute, Content, claim};
use chancery_saml::idp::respond::{Envelope, Subject, prepare};
use chancery_saml::idp::{Encryption, Party};
use chancery_saml::name_id::NameId;
use chancery_xmldsig::tree::Tree;
use chancery_xmldsig::verify::{self, Sha1, Trust};
use jiff::{SignedDuration, Timestamp};
use tokio::net::TcpListener;

use crate::kit::{START, key};
use crate::saml::certificate;

/// What it calls itself.
pub(crate) const IDP: &str = "urn:idp";
/// Where requests go.
pub(crate) const SSO: &str = "https://idp.example/sso";
/// Where logouts go.
pub(crate) const SLO: &str = "https://idp.example/slo";
/// Where answers go.
pub(crate) const ACS: &str = "https://tenant.example/login/callback?connection=corp";
/// What we call ourselves there.
pub(crate) const US: &str = "urn:auth0:main:corp";

/// What the provider says; every part can be bent.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    /// The request that it answers.
    pub(crate) asked: Option<String>,
    pub(crate) name: String,
    pub(crate) issuer: String,
    pub(crate) audience: String,
    pub(crate) recipient: String,
    pub(crate) destination: String,
    pub(crate) assertion_id: String,
    /// Seconds after the beginning of the test.
    pub(crate) at: i64,
    /// Which of the fixed keys signs.
    pub(crate) signer: usize,
    /// Whether the response is signed instead of the assertion.
    pub(crate) sign_response: bool,
    pub(crate) encryption: Option<Encryption>,
    pub(crate) attributes: BTreeMap<String, Vec<String>>,
}

impl Said {
    /// The usual answer to a request.
    pub(crate) fn to(asked: &str) -> Self {
        let one = |text: &str| vec![text.to_owned()];
        let attributes = [
            (claim("emailaddress"), one("ada@corp.example")),
            (claim("name"), one("Ada Lovelace")),
            (claim("surname"), one("Lovelace")),
            ("http://schemas.xmlsoap.org/claims/Group".to_owned(), vec!["a".to_owned(), "b".to_owned()]),
            ("department".to_owned(), one("Engines")),
        ];
        Self {
            asked: Some(asked.to_owned()),
            name: "ada".to_owned(),
            issuer: IDP.to_owned(),
            audience: US.to_owned(),
            recipient: ACS.to_owned(),
            destination: ACS.to_owned(),
            assertion_id: "_assertion".to_owned(),
            at: 0,
            signer: 4,
            sign_response: false,
            encryption: None,
            attributes: attributes.into_iter().collect(),
        }
    }

    /// What nobody asked for.
    pub(crate) fn unasked() -> Self {
        Self { asked: None, ..Self::to("") }
    }

    /// The response, signed.
    pub(crate) fn xml(&self) -> String {
        let now = Timestamp::from_second(START).unwrap().saturating_add(SignedDuration::from_secs(self.at));
        let party = Party {
            callbacks: vec![ACS.to_owned()],
            lifetime: 300,
            sign_response: self.sign_response,
            name_id_format: chancery_saml::name_id::PERSISTENT.to_owned(),
            encryption: self.encryption.clone(),
            ..Party::default()
        };
        let envelope = Envelope {
            id: format!("_response-{}", self.assertion_id),
            issuer: self.issuer.clone(),
            destination: self.destination.clone(),
            in_response_to: self.asked.clone(),
            now: now.unwrap(),
        };
        let attributes = self.attributes.iter().map(|(name, values)| Attribute {
            name: name.clone(),
            values: values.iter().map(|one| Content::Text(one.clone())).collect(),
        });
        let subject = Subject {
            assertion_id: self.assertion_id.clone(),
            session_index: "_there".to_owned(),
            name: NameId { value: self.name.clone(), format: Some(party.name_id_format.clone()) },
            attributes: attributes.collect(),
            authenticated_at: envelope.now,
            audience: self.audience.clone(),
            recipient: self.recipient.clone(),
        };
        let prepared = prepare(&party, &envelope, &subject, [7; 48]).unwrap();
        let signature = key(self.signer).sign(Algorithm::Rs256, prepared.message().as_bytes()).unwrap();
        prepared.finish(&signature, &certificate(self.signer)).unwrap()
    }
}

impl Said {
    /// The response, whose signature digests with SHA-1.
    pub(crate) fn with_sha1(&self) -> String {
        let xml = self.xml();
        let between = |from: &str, to: &str| {
            let start = xml.find(from).unwrap();
            xml[start..start + xml[start..].find(to).unwrap() + to.len()].to_owned()
        };
        let tree = Tree::parse(&xml).unwrap();
        let assertion = tree.root().children().find(|one| one.tag_name().name() == "Assertion").unwrap();
        let keys = [key(self.signer).public().clone()];
        let trust = Trust { keys: &keys, sha1: Sha1::Refused };
        let octets = verify::enveloped(&tree, assertion, "ID", trust).unwrap().unwrap().octets;
        let info = between("<ds:SignedInfo", "</ds:SignedInfo>");
        let digest = |bytes: &[u8]| format!("<ds:DigestValue>{}</ds:DigestValue>", STANDARD.encode(bytes));
        let weaker = info
            .replace("http://www.w3.org/2001/04/xmlenc#sha256", "http://www.w3.org/2000/09/xmldsig#sha1")
            .replace(&digest(&sha256(octets.as_bytes())), &digest(&sha1(octets.as_bytes())));
        assert_ne!(info, weaker);
        let signature = key(self.signer).sign(Algorithm::Rs256, weaker.as_bytes()).unwrap();
        let value = format!("<ds:SignatureValue>{}</ds:SignatureValue>", STANDARD.encode(signature));
        xml.replace(&between("<ds:SignatureValue>", "</ds:SignatureValue>"), &value).replace(&info, &weaker)
    }
}

/// The metadata of the provider, with the certificates of these keys.
pub(crate) fn metadata(signers: &[usize]) -> String {
    let mut keys = String::new();
    for number in signers {
        keys.push_str(r#"<KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>"#);
        keys.push_str(&certificate(*number).base64_der());
        keys.push_str("</ds:X509Certificate></ds:X509Data></ds:KeyInfo></KeyDescriptor>");
    }
    let redirect = HTTP_POST.replace("HTTP-POST", "HTTP-Redirect");
    format!(
        r#"<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="{IDP}"><IDPSSODescriptor WantAuthnRequestsSigned="true" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">{keys}<SingleLogoutService Binding="{redirect}" Location="{SLO}"/><SingleSignOnService Binding="{redirect}" Location="{SSO}"/></IDPSSODescriptor></EntityDescriptor>"#
    )
}

/// A place that serves metadata.
#[derive(Clone)]
pub(crate) struct Published {
    pub(crate) url: String,
    shared: Arc<Mutex<(String, usize)>>,
}

impl Published {
    pub(crate) async fn start(signers: &[usize]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/metadata", listener.local_addr().unwrap());
        let shared = Arc::new(Mutex::new((metadata(signers), 0)));
        let answer = async |State(shared): State<Arc<Mutex<(String, usize)>>>| {
            let mut shared = shared.lock().unwrap();
            shared.1 += 1;
            shared.0.clone()
        };
        let router = Router::new().route("/metadata", get(answer)).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, shared }
    }

    /// Publishes something else from now on.
    pub(crate) fn says(&self, text: String) {
        self.shared.lock().unwrap().0 = text;
    }

    /// How often it was asked.
    pub(crate) fn asked(&self) -> usize {
        self.shared.lock().unwrap().1
    }
}
