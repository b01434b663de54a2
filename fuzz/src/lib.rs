//! What the fuzz targets share: fixed keys, and the few messages that were ever signed or encrypted with them.
//!
//! Whatever a target accepts has to be one of these: nobody can make another without the keys. Must never sign anything
//! that is not in the list.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use chancery_crypto::algorithm::Algorithm;
use chancery_crypto::certificate::{Certificate, SelfSigned};
use chancery_crypto::cipher::Cipher;
use chancery_crypto::rsa::{PrivateKey, PublicKey};
use chancery_saml::idp::claims::{Attribute, Content};
use chancery_saml::idp::respond::{Envelope, Subject, prepare};
use chancery_saml::idp::{Encryption, Party};
use chancery_saml::name_id::{NameId, PERSISTENT};
use chancery_saml::sp::consume::{Accepted, Expected, WeakCiphers};
use chancery_xmldsig::sign::Halves;
use chancery_xmldsig::sign::Unsigned;
use chancery_xmldsig::verify::Sha1;
use jiff::Timestamp;

/// Where answers come.
pub const ACS: &str = "https://us.example/login/callback?connection=partner";
/// What we call ourselves.
pub const US: &str = "urn:auth0:us:partner";
/// What the identity provider calls itself.
pub const IDP: &str = "urn:idp";
/// The request that answers answer.
pub const ASKED: &str = "_asked";
/// What is encrypted for us beside assertions.
pub const SECRET: &str = r#"<s:a xmlns:s="urn:s">secret</s:a>"#;

/// The keys whose signatures count.
pub static TRUSTED: LazyLock<[PublicKey; 1]> = LazyLock::new(|| [key(0).public().clone()]);
/// The keys that open what is encrypted.
pub static OURS: LazyLock<[PrivateKey; 1]> = LazyLock::new(|| [key(1)]);

fn key(number: usize) -> PrivateKey {
    let keys: [&[u8]; 2] = [
        include_bytes!("../../crates/server/tests/kit/keys/1.der"),
        include_bytes!("../../crates/server/tests/kit/keys/2.der"),
    ];
    PrivateKey::from_pkcs8(keys[number]).expect("the keys are whole")
}

/// The certificate of a key.
pub fn certificate(number: usize) -> Certificate {
    let request = SelfSigned { common_name: "idp.example", serial: [1; 8], not_before: now(), days: 3650 };
    Certificate::self_signed(request, &key(number)).expect("a certificate")
}

/// The moment at which everything happens.
pub fn now() -> Timestamp {
    "2026-11-26T18:00:00Z".parse().expect("a moment")
}

fn sign(message: &str) -> Vec<u8> {
    key(0).sign(Algorithm::Rs256, message.as_bytes()).expect("a signature")
}

/// Elements that were signed, in canonical form and without their signatures.
pub fn elements() -> [Halves; 2] {
    let halves = |head: &str, tail: &str| Halves { head: head.to_owned(), tail: tail.to_owned() };
    [
        halves(
            r#"<a:Assertion xmlns:a="urn:a" ID="_one"><a:Issuer>idp</a:Issuer>"#,
            "<a:Subject>user</a:Subject></a:Assertion>",
        ),
        halves(
            r#"<a:Assertion xmlns:a="urn:a" xmlns:xs="urn:xs" ID="_two" z="&quot;&#xA;"><a:Issuer>&lt;idp&gt;</a:Issuer>"#,
            r#"<a:Value xmlns:xsi="urn:xsi" xsi:type="xs:string">user</a:Value></a:Assertion>"#,
        ),
    ]
}

/// Messages with these elements in them.
pub fn messages() -> Vec<String> {
    let around = |(element, (id, inclusive)): (Halves, (&str, &str))| {
        let unsigned = Unsigned::new(element, id, inclusive, Algorithm::Rs256).expect("RS256 is known");
        let signed = unsigned.finish(&sign(unsigned.message()), &certificate(0));
        format!(r#"<p:Response xmlns:p="urn:p" ID="_around">{signed}</p:Response>"#)
    };
    elements().into_iter().zip([("_one", ""), ("_two", "xs")]).map(around).collect()
}

fn party() -> Party {
    Party {
        callbacks: vec![ACS.to_owned()],
        lifetime: 300,
        name_id_format: PERSISTENT.to_owned(),
        ..Party::default()
    }
}

fn answer(party: &Party) -> String {
    let envelope = Envelope {
        id: "_response".to_owned(),
        issuer: IDP.to_owned(),
        destination: ACS.to_owned(),
        in_response_to: Some(ASKED.to_owned()),
        now: now(),
    };
    let subject = Subject {
        assertion_id: "_assertion".to_owned(),
        session_index: "_session".to_owned(),
        name: NameId { value: "ada".to_owned(), format: Some(party.name_id_format.clone()) },
        attributes: vec![Attribute {
            name: "mail".to_owned(),
            values: vec![Content::Text("ada@x.example".to_owned())],
        }],
        authenticated_at: now(),
        audience: US.to_owned(),
        recipient: ACS.to_owned(),
    };
    let prepared = prepare(party, &envelope, &subject, [7; 48]).expect("an answer");
    let signature = sign(prepared.message());
    prepared.finish(&signature, &certificate(0)).expect("a signed answer")
}

/// Answers that count: the assertion signed or the response, in the open or encrypted.
pub fn answers() -> Vec<String> {
    let encryption = Encryption { certificate: certificate(1), cipher: Cipher::Aes256Gcm };
    let mut answers = Vec::new();
    for encryption in [None, Some(encryption)] {
        for sign_response in [false, true] {
            answers.push(answer(&Party { sign_response, encryption: encryption.clone(), ..party() }));
        }
    }
    answers
}

/// What answers have to fit.
pub fn expected() -> Expected<'static> {
    Expected {
        keys: &*TRUSTED,
        sha1: Sha1::Refused,
        decryptors: &*OURS,
        weak_ciphers: WeakCiphers::Refused,
        issuer: Some(IDP),
        audience: US,
        destinations: &[ACS],
        in_response_to: Some(ASKED),
        now: now(),
    }
}

/// What each of the answers says.
pub fn ada() -> Accepted {
    Accepted {
        assertion_id: "_assertion".to_owned(),
        remember_until: "2026-11-26T18:08:00Z".parse().expect("a moment"),
        issuer: IDP.to_owned(),
        name: NameId { value: "ada".to_owned(), format: Some(PERSISTENT.to_owned()) },
        session_index: Some("_session".to_owned()),
        attributes: BTreeMap::from([("mail".to_owned(), vec!["ada@x.example".to_owned()])]),
        key: 0,
        weak: false,
    }
}
