//! A service that issues tokens, run by the tests themselves: what it says can be bent.

use chancery_crypto::algorithm::Algorithm;
use chancery_saml::idp::Encryption;
use chancery_saml::idp::claims::{Attribute, Content, claim};
use chancery_wsfed::metadata::{INCLUSIVE, Metadata};
use chancery_wsfed::respond::{LIFETIME, Token, prepare};
use chancery_xmldsig::sign::Unsigned;
use jiff::{SignedDuration, Timestamp};

use crate::kit::{START, key};
use crate::saml::certificate;

/// What it calls itself.
pub(crate) const STS: &str = "http://adfs.example/adfs/services/trust";
/// Where requests go.
pub(crate) const LS: &str = "https://adfs.example/adfs/ls/";
/// Where tokens come.
pub(crate) const REPLY: &str = "https://tenant.example/login/callback";
/// What we call ourselves there.
pub(crate) const US: &str = "urn:auth0:main:corp";

/// What the service says; every part can be bent.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) id: String,
    pub(crate) issuer: String,
    pub(crate) realm: String,
    pub(crate) name: String,
    /// Hours after the beginning of the test.
    pub(crate) at: i64,
    /// Which of the fixed keys signs.
    pub(crate) signer: usize,
    pub(crate) encryption: Option<Encryption>,
}

impl Said {
    /// The usual token, with an id of its own.
    pub(crate) fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            issuer: STS.to_owned(),
            realm: US.to_owned(),
            name: "ada".to_owned(),
            at: 0,
            signer: 4,
            encryption: None,
        }
    }

    /// The value of `wresult`.
    pub(crate) fn xml(&self) -> String {
        let now = Timestamp::from_second(START).unwrap().saturating_add(SignedDuration::from_hours(self.at));
        let now = now.unwrap();
        let attributes: Vec<Attribute> = [
            (claim("emailaddress"), vec!["ada@corp.example"]),
            (claim("name"), vec!["Ada Lovelace"]),
            (claim("surname"), vec!["Lovelace"]),
            ("http://schemas.xmlsoap.org/claims/Group".to_owned(), vec!["a", "b"]),
        ]
        .into_iter()
        .map(|(name, values)| Attribute {
            name,
            values: values.into_iter().map(|one| Content::Text(one.to_owned())).collect(),
        })
        .collect();
        let token = Token {
            id: &self.id,
            issuer: &self.issuer,
            realm: &self.realm,
            audience: &self.realm,
            reply: REPLY,
            context: None,
            name: &self.name,
            name_format: None,
            attributes: &attributes,
            authenticated_at: now,
            by_password: true,
            session_index: "_there",
            now,
            lifetime: SignedDuration::from_secs(LIFETIME),
        };
        let prepared = prepare(&token, self.encryption.clone(), [7; 48]).unwrap();
        let signature = key(self.signer).sign(Algorithm::Rs256, prepared.message().as_bytes()).unwrap();
        prepared.finish(&signature, &certificate(self.signer)).unwrap()
    }
}

/// The metadata of the service, with the certificates of these keys.
pub(crate) fn metadata(signers: &[usize]) -> String {
    let certificates: Vec<_> = signers.iter().map(|number| certificate(*number)).collect();
    let certificates: Vec<_> = certificates.iter().collect();
    let halves = Metadata { id: "_m", entity_id: STS, certificates: &certificates, endpoint: LS }.write();
    let unsigned = Unsigned::new(halves, "_m", INCLUSIVE, Algorithm::Rs256).unwrap();
    let signature = key(signers[0]).sign(Algorithm::Rs256, unsigned.message().as_bytes()).unwrap();
    unsigned.finish(&signature, certificates[0])
}
