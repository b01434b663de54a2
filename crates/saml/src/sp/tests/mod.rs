//! Answers that count, and every way in which one was ever made to seem to.

mod documents;
mod missing;

use std::collections::BTreeMap;

use chancery_crypto::algorithm::Algorithm;
use chancery_crypto::certificate::{Certificate, SelfSigned};
use chancery_crypto::cipher::Cipher;
use chancery_crypto::rsa::{PrivateKey, PublicKey};
use chancery_xmldsig::beside::Untrusted;
use chancery_xmldsig::encrypt;
use chancery_xmldsig::verify::Sha1;
use jiff::Timestamp;

use crate::idp::claims::{Attribute, Content};
use crate::idp::respond::{Envelope, Subject, prepare};
use crate::idp::{Encryption, Party};
use crate::name_id::NameId;
use crate::sp::consume::{Accepted, ConsumeError, Expected, WeakCiphers, consume};

const ACS: &str = "https://us.example/login/callback?connection=partner";
const US: &str = "urn:auth0:us:partner";
const IDP: &str = "urn:idp";
const NOW: &str = "2026-11-26T18:00:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn key(number: usize) -> PrivateKey {
    let keys: [&[u8]; 3] = [
        include_bytes!("../../../../server/tests/kit/keys/1.der"),
        include_bytes!("../../../../server/tests/kit/keys/2.der"),
        include_bytes!("../../../../server/tests/kit/keys/3.der"),
    ];
    PrivateKey::from_pkcs8(keys[number]).unwrap()
}

fn certificate(number: usize) -> Certificate {
    let request = SelfSigned { common_name: "idp.example", serial: [1; 8], not_before: now(), days: 365 };
    Certificate::self_signed(request, &key(number)).unwrap()
}

/// What the identity provider is set to.
fn party() -> Party {
    Party {
        callbacks: vec![ACS.to_owned()],
        lifetime: 300,
        name_id_format: crate::name_id::PERSISTENT.to_owned(),
        ..Party::default()
    }
}

/// An answer as an identity provider gives it, signed by one of the keys.
fn answer(party: &Party, asked: Option<&str>, signer: usize) -> String {
    let envelope = Envelope {
        id: "_response".to_owned(),
        issuer: IDP.to_owned(),
        destination: ACS.to_owned(),
        in_response_to: asked.map(str::to_owned),
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
    let prepared = prepare(party, &envelope, &subject, [7; 48]).unwrap();
    let signature = key(signer).sign(Algorithm::Rs256, prepared.message().as_bytes()).unwrap();
    prepared.finish(&signature, &certificate(signer)).unwrap()
}

fn good() -> String {
    answer(&party(), Some("_asked"), 0)
}

fn signed_response() -> String {
    answer(&Party { sign_response: true, ..party() }, Some("_asked"), 0)
}

/// Judges an answer to `_asked`, with whatever differs.
fn judge_with(xml: &str, differs: impl FnOnce(&mut Expected<'_>)) -> Result<Accepted, ConsumeError> {
    let (keys, decryptors) = ([key(0).public().clone()], [key(2)]);
    let mut expected = expected(&keys, &decryptors);
    differs(&mut expected);
    consume(xml, &expected)
}

/// What an answer to `_asked` has to fit, with these keys.
fn expected<'a>(keys: &'a [PublicKey], decryptors: &'a [PrivateKey]) -> Expected<'a> {
    Expected {
        keys,
        sha1: Sha1::Refused,
        decryptors,
        weak_ciphers: WeakCiphers::Refused,
        issuer: Some(IDP),
        audience: US,
        destinations: &[ACS],
        in_response_to: Some("_asked"),
        now: now(),
    }
}

fn judge(xml: &str) -> Result<Accepted, ConsumeError> {
    judge_with(xml, |_| ())
}

fn ada() -> Accepted {
    Accepted {
        assertion_id: "_assertion".to_owned(),
        remember_until: "2026-11-26T18:08:00Z".parse().unwrap(),
        issuer: IDP.to_owned(),
        name: NameId { value: "ada".to_owned(), format: Some(crate::name_id::PERSISTENT.to_owned()) },
        session_index: Some("_session".to_owned()),
        attributes: BTreeMap::from([("mail".to_owned(), vec!["ada@x.example".to_owned()])]),
        key: 0,
        weak: false,
    }
}

#[test]
fn a_signed_assertion_and_a_signed_response_say_who_somebody_is() {
    assert_eq!(judge(&good()), Ok(ada()));
    assert_eq!(judge(&signed_response()), Ok(ada()));
}

#[test]
fn an_encrypted_assertion_is_opened_and_judged_like_any_other() {
    let encryption = Encryption { certificate: certificate(2), cipher: Cipher::Aes128Gcm };
    for sign_response in [false, true] {
        let party = Party { encryption: Some(encryption.clone()), sign_response, ..party() };
        let xml = answer(&party, Some("_asked"), 0);
        assert_eq!(judge(&xml), Ok(ada()));
        let closed = judge_with(&xml, |expected| expected.decryptors = &[]).unwrap_err();
        assert!(closed.to_string().contains("cannot be opened"), "{closed}");
    }
    let weak = Party { encryption: Some(Encryption { cipher: Cipher::Aes256Cbc, ..encryption }), ..party() };
    let xml = answer(&weak, Some("_asked"), 0);
    assert!(matches!(judge(&xml), Err(ConsumeError::Decrypt(_))));
    // The one that was named, and no other.
    let named = |aes128: bool, aes256: bool| {
        judge_with(&xml, |expected| expected.weak_ciphers = WeakCiphers::Named { aes128, aes256 })
    };
    assert_eq!(named(false, true), Ok(ada()));
    assert!(matches!(named(true, false), Err(ConsumeError::Decrypt(_))));
    // Who signed the response around it has seen to it that nobody changed anything.
    let in_signed = |xml: &str| judge_with(xml, |expected| expected.weak_ciphers = WeakCiphers::InSigned);
    assert!(matches!(in_signed(&xml), Err(ConsumeError::Decrypt(_))));
    let xml = answer(&Party { sign_response: true, ..weak }, Some("_asked"), 0);
    assert_eq!(in_signed(&xml), Ok(ada()));
    assert!(matches!(judge(&xml), Err(ConsumeError::Decrypt(_))));
}

#[test]
fn two_certificates_of_a_provider_both_count_and_a_foreign_one_does_not() {
    let two = [key(1).public().clone(), key(0).public().clone()];
    assert_eq!(consume(&good(), &expected(&two, &[])), Ok(Accepted { key: 1, ..ada() }));
    for xml in [
        answer(&party(), Some("_asked"), 1),
        answer(&Party { sign_response: true, ..party() }, Some("_asked"), 1),
    ] {
        let expected = format!(
            "Signature check errors: the signature was made by none of the 1 certificates that are configured; \
             sent with it: {}",
            certificate(1).digests()
        );
        assert_eq!(judge(&xml).unwrap_err().to_string(), expected);
    }
    let none = judge_with(&good(), |expected| expected.keys = &[]).unwrap_err();
    assert_eq!(none, ConsumeError::Untrusted(Untrusted { known: 0, sent: vec![certificate(0)] }));
}

/// The parts of an answer whose assertion is signed.
struct Parts {
    before: String,
    assertion: String,
    signature: String,
    unsigned: String,
}

fn parts() -> Parts {
    let xml = good();
    let start = xml.find("<saml:Assertion").unwrap();
    let assertion = xml[start..].strip_suffix("</samlp:Response>").unwrap().to_owned();
    let from = assertion.find("<ds:Signature ").unwrap();
    let to = assertion.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
    Parts {
        before: xml[..start].to_owned(),
        signature: assertion[from..to].to_owned(),
        unsigned: [&assertion[..from], &assertion[to..]].concat(),
        assertion,
    }
}

/// What an attacker makes of a part: another name, and another id.
fn evil(part: &str) -> String {
    part.replace(">ada<", ">root<").replace("_assertion", "_evil")
}

const END: &str = "</samlp:Response>";

#[test]
fn an_assertion_that_is_wrapped_in_any_of_the_known_ways_is_never_the_one_that_is_read() {
    let Parts { before, assertion, signature, unsigned } = parts();
    let bare_evil = evil(&unsigned);
    let with = |assertion: &str, inner: &str| {
        assertion.replacen("</saml:Issuer>", &["</saml:Issuer>", inner].concat(), 1)
    };
    let ending = |assertion: &str, inner: &str| {
        let end = assertion.rfind("</saml:Assertion>").unwrap();
        [&assertion[..end], inner, &assertion[end..]].concat()
    };
    let holding =
        |inner: &str| signature.replacen("</ds:Signature>", &[inner, "</ds:Signature>"].concat(), 1);
    let object = ["<ds:Object>", unsigned.as_str(), "</ds:Object>"].concat();
    let extensions = |inner: &str| format!("<samlp:Extensions>{inner}</samlp:Extensions>");
    for (name, attack) in [
        // The evil one before the original, and after it.
        ("XSW3", [&before, &bare_evil, &assertion, END].concat()),
        ("XSW3 after", [&before, &assertion, &bare_evil, END].concat()),
        // The original within the evil one.
        ("XSW4", [&before, &ending(&bare_evil, &assertion), END].concat()),
        ("XSW4 first", [&before, &with(&bare_evil, &assertion), END].concat()),
        // The signature in the evil one, the original beside it or inside the signature.
        ("XSW5", [&before, &with(&bare_evil, &signature), &unsigned, END].concat()),
        ("XSW6", [&before, &with(&bare_evil, &holding(&unsigned)), END].concat()),
        ("XSW7", [&before, &extensions(&unsigned.replace(">ada<", ">root<")), &assertion, END].concat()),
        ("XSW7 evil", [&before, &extensions(&assertion), &bare_evil, END].concat()),
        ("XSW8", [&before, &with(&bare_evil, &holding(&object)), END].concat()),
        ("XSW9", [&before, &with(&bare_evil, &[signature.as_str(), &signature].concat()), END].concat()),
        // The same id on both.
        ("same id", [&before, &unsigned.replace(">ada<", ">root<"), &assertion, END].concat()),
        (
            "same id inside",
            [&before, &ending(&assertion.replace(">ada<", ">root<"), &unsigned), END].concat(),
        ),
        // The signature alone, detached from what it signs.
        ("detached", [&before, &bare_evil, &signature, END].concat()),
        ("unsigned", [&before, &bare_evil, END].concat()),
        ("none", [before.as_str(), END].concat()),
    ] {
        let outcome = judge(&attack);
        assert!(outcome.is_err(), "{name}: {outcome:?}");
    }
}

#[test]
fn a_response_that_is_wrapped_is_never_the_one_that_is_read() {
    let xml = signed_response();
    let from = xml.find("<ds:Signature ").unwrap();
    let to = xml.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
    let signature = &xml[from..to];
    let unsigned = [&xml[..from], &xml[to..]].concat();
    let forged = unsigned.replace(">ada<", ">root<").replace("_response", "_evil");
    let start = forged.find("<samlp:Status>").unwrap();
    let inside = signature.replacen("</ds:Signature>", &[&unsigned, "</ds:Signature>"].concat(), 1);
    for (name, attack) in [
        ("XSW1", [&forged[..start], &inside, &forged[start..]].concat()),
        ("XSW2", [&forged[..start], &unsigned, signature, &forged[start..]].concat()),
        ("copied", [&forged[..start], signature, &forged[start..]].concat()),
        ("changed", xml.replace(">ada<", ">root<")),
        ("around", forged.replace(END, &[xml.as_str(), END].concat())),
        // The signature of the response on the assertion, and the other way round.
        ("moved", unsigned.replacen("<saml:Subject>", &[signature, "<saml:Subject>"].concat(), 1)),
    ] {
        let outcome = judge(&attack);
        assert!(outcome.is_err(), "{name}: {outcome:?}");
    }
}

#[test]
fn an_assertion_cannot_be_slipped_into_a_response_beside_the_signed_one() {
    let Parts { before, assertion, unsigned, .. } = parts();
    let data = encrypt::element(&evil(&unsigned), &certificate(2), Cipher::Aes128Gcm, &[9; 48]).unwrap();
    let encrypted = format!(
        r#"<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">{data}</saml:EncryptedAssertion>"#
    );
    let several = |text: &str| Err(ConsumeError::Kind(text.to_owned()));
    let mixed = judge(&[&before, &assertion, &encrypted, END].concat());
    assert_eq!(mixed, several("2 assertions, 1 of them encrypted"));
    // Encrypted for us, and signed by nobody.
    assert_eq!(judge(&[&before, &encrypted, END].concat()), Err(ConsumeError::Unsigned));
    let plain = judge(&[&before, &assertion, &assertion, END].concat());
    assert_eq!(plain, several("2 assertions, 0 of them encrypted"));
}

#[test]
fn comments_in_a_name_do_not_cut_it_and_elements_in_it_are_refused() {
    let xml = good();
    assert_eq!(judge(&xml.replace(">ada<", ">a<!-- -->da<")), Ok(ada()));
    for inside in [">a<x/>da<", ">a<![CDATA[d]]>b<", ">a<?x?>da<", ">ada&#x200b;<", ">Ada<", ">ada <"] {
        assert!(judge(&xml.replace(">ada<", inside)).is_err(), "{inside}");
    }
}

#[test]
fn documents_that_are_not_xml_alone_are_refused() {
    let xml = good();
    for wrong in [
        format!("<!DOCTYPE x [<!ENTITY e \"_assertion\">]>{xml}"),
        xml.replacen("ID=\"_assertion\"", "ID=\"&e;\"", 1),
        format!("<?xml-stylesheet href=\"x\"?>{xml}"),
        xml.replace("urn:oasis:names:tc:SAML:2.0:protocol", "urn:other"),
        xml.replace("samlp:Response", "samlp:ArtifactResponse"),
        xml.replacen("Version=\"2.0\"", "Version=\"1.1\"", 1),
        String::new(),
    ] {
        assert!(judge(&wrong).is_err(), "{wrong}");
    }
}

#[test]
fn an_answer_for_another_place_or_another_party_is_refused() {
    for xml in [good(), signed_response()] {
        let audience = judge_with(&xml, |expected| expected.audience = "urn:auth0:us:other");
        let expected =
            ConsumeError::Audience { sent: US.to_owned(), expected: "urn:auth0:us:other".to_owned() };
        assert_eq!(audience, Err(expected));
        let elsewhere = "https://us.example/login/callback?connection=other";
        let destination = judge_with(&xml, |expected| {
            expected.destinations = &["https://us.example/login/callback?connection=other"];
        });
        let expected = ConsumeError::Destination { sent: ACS.to_owned(), expected: elsewhere.to_owned() };
        assert_eq!(destination, Err(expected));
        let issuer = judge_with(&xml, |expected| expected.issuer = Some("urn:other"));
        let expected = ConsumeError::Issuer { sent: IDP.to_owned(), expected: "urn:other".to_owned() };
        assert_eq!(issuer, Err(expected));
        assert_eq!(judge_with(&xml, |expected| expected.issuer = None), Ok(ada()));
    }
    // The Destination is in the part that nobody signed; the Recipient is in the assertion.
    let moved = good().replacen(&format!("Destination=\"{ACS}\""), "Destination=\"https://x.example/\"", 1);
    let x = judge_with(&moved, |expected| expected.destinations = &["https://x.example/"]);
    let expected =
        ConsumeError::Recipient { sent: ACS.to_owned(), expected: "https://x.example/".to_owned() };
    assert_eq!(x, Err(expected));
}

#[test]
fn an_answer_counts_for_the_request_that_it_answers_and_no_other() {
    for xml in [good(), signed_response()] {
        let other = judge_with(&xml, |expected| expected.in_response_to = Some("_other"));
        assert!(matches!(other, Err(ConsumeError::InResponseTo { .. })));
        let unasked = judge_with(&xml, |expected| expected.in_response_to = None);
        assert!(matches!(unasked, Err(ConsumeError::InResponseTo { .. })));
    }
    for party in [party(), Party { sign_response: true, ..party() }] {
        let unsolicited = answer(&party, None, 0);
        assert_eq!(judge_with(&unsolicited, |expected| expected.in_response_to = None), Ok(ada()));
        assert!(matches!(judge(&unsolicited), Err(ConsumeError::InResponseTo { sent: None, .. })));
        // The part that nobody signed cannot turn it into an answer.
        let pretended = unsolicited.replacen(" IssueInstant", " InResponseTo=\"_asked\" IssueInstant", 1);
        assert!(judge(&pretended).is_err());
    }
}

#[test]
fn an_answer_of_another_time_is_refused() {
    let xml = good();
    let at = |moment: &str| judge_with(&xml, |expected| expected.now = moment.parse().unwrap());
    for moment in ["2026-11-26T17:57:01Z", "2026-11-26T18:07:59Z"] {
        assert_eq!(at(moment), Ok(ada()), "{moment}");
    }
    for moment in ["2026-11-26T17:55:59Z", "2025-11-26T18:00:00Z"] {
        assert!(matches!(at(moment), Err(ConsumeError::Early { .. })), "{moment}");
    }
    for moment in ["2026-11-26T18:08:00Z", "2026-11-27T18:00:00Z"] {
        assert!(matches!(at(moment), Err(ConsumeError::Expired { .. })), "{moment}");
    }
    assert_eq!(
        at("2026-11-26T18:08:00Z").unwrap_err().to_string(),
        "assertion has expired. It counts until 2026-11-26T18:05:00Z, and it is 2026-11-26T18:08:00Z here."
    );
    // However long it says that it counts, a day is the most.
    let long = answer(&Party { lifetime: 31_536_000, ..party() }, Some("_asked"), 0);
    let later = |moment: &str| judge_with(&long, |expected| expected.now = moment.parse().unwrap());
    assert!(later("2026-11-27T17:59:59Z").is_ok());
    assert!(matches!(later("2026-11-27T18:00:00Z"), Err(ConsumeError::Expired { .. })));
}

#[test]
fn an_answer_that_says_that_it_did_not_work_is_told_with_its_reason() {
    let failed = good().replacen("status:Success", "status:Responder", 1);
    let expected = "urn:oasis:names:tc:SAML:2.0:status:Responder".to_owned();
    assert_eq!(judge(&failed), Err(ConsumeError::Status(expected)));
}

/// An assertion in a signed response, changed before it is signed.
fn resigned(change: impl Fn(String) -> String) -> String {
    resigned_with(|head| head, change)
}

/// The same, with what stands before the signature changed too.
fn resigned_with(before: impl Fn(String) -> String, change: impl Fn(String) -> String) -> String {
    let xml = signed_response();
    let from = xml.find("<ds:Signature ").unwrap();
    let to = xml.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
    let (head, tail) = (before(xml[..from].to_owned()), change(xml[to..].to_owned()));
    let halves = chancery_xmldsig::sign::Halves { head, tail };
    let unsigned =
        chancery_xmldsig::sign::Unsigned::new(halves, "_response", crate::TYPED, Algorithm::Rs256).unwrap();
    let signature = key(0).sign(Algorithm::Rs256, unsigned.message().as_bytes()).unwrap();
    unsigned.finish(&signature, &certificate(0))
}

#[test]
fn a_response_that_is_signed_says_where_it_goes_and_one_that_is_not_need_not() {
    let here = format!(" Destination=\"{ACS}\"");
    for silent in ["", " Destination=\"\""] {
        let without = |xml: String| {
            assert!(xml.contains(&here));
            xml.replacen(&here, silent, 1)
        };
        let refused = judge(&resigned_with(without, |xml| xml)).unwrap_err();
        assert_eq!(refused, ConsumeError::NoDestination(ACS.to_owned()));
        let expected = format!("the response is signed, so it has to name its Destination, expected {ACS}");
        assert_eq!(refused.to_string(), expected);
        assert_eq!(judge(&without(good())), Ok(ada()));
    }
}
