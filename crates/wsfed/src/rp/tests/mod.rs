//! Tokens that count, and every way in which one was ever made to seem to.

mod documents;
mod statements;

use std::collections::BTreeMap;

use chancery_crypto::algorithm::Algorithm;
use chancery_crypto::certificate::{Certificate, SelfSigned};
use chancery_crypto::cipher::Cipher;
use chancery_crypto::rsa::{PrivateKey, PublicKey};
use chancery_saml::idp::claims::{Attribute, Content};
use chancery_saml::idp::{Encryption, Party};
use chancery_saml::name_id::NameId;
use chancery_saml::sp::consume::{ConsumeError, WeakCiphers};
use chancery_saml::sp::token::Token;
use chancery_xmldsig::beside::Untrusted;
use chancery_xmldsig::encrypt;
use chancery_xmldsig::verify::Sha1;
use jiff::{SignedDuration, Timestamp};

use super::consume::{Accepted, Expected, TokenError, consume};
use super::trust::{Thumbprint, Trusted};
use crate::respond::{self, LIFETIME, prepare, prepare_saml2};

const NAMED: WeakCiphers = WeakCiphers::Named { aes128: false, aes256: true };
const REPLY: &str = "https://us.example/login/callback";
const US: &str = "urn:auth0:us:corp";
const STS: &str = "http://adfs.example/adfs/services/trust";
const NOW: &str = "2026-11-26T18:00:00Z";
const MAIL: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress";

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
    let request = SelfSigned { common_name: "sts.example", serial: [1; 8], not_before: now(), days: 365 };
    Certificate::self_signed(request, &key(number)).unwrap()
}

fn encryption(cipher: Cipher) -> Encryption {
    Encryption { certificate: certificate(2), cipher }
}

/// The two kinds of token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Old,
    New,
}

const BOTH: [Kind; 2] = [Kind::Old, Kind::New];

/// An answer as a service gives it, signed by one of the keys.
fn answer(kind: Kind, encryption: Option<Encryption>, signer: usize) -> String {
    let attributes =
        [Attribute { name: MAIL.to_owned(), values: vec![Content::Text("ada@x.example".to_owned())] }];
    let token = respond::Token {
        id: "_token",
        issuer: STS,
        realm: US,
        audience: US,
        reply: REPLY,
        context: Some("state"),
        name: "ada",
        name_format: None,
        attributes: &attributes,
        authenticated_at: now(),
        by_password: true,
        session_index: "_session",
        now: now(),
        lifetime: SignedDuration::from_secs(LIFETIME),
    };
    let prepared = match kind {
        Kind::Old => prepare(&token, encryption, [7; 48]).unwrap(),
        Kind::New => prepare_saml2(&token, &party(encryption), [7; 48]).unwrap(),
    };
    let signature = key(signer).sign(Algorithm::Rs256, prepared.message().as_bytes()).unwrap();
    prepared.finish(&signature, &certificate(signer)).unwrap()
}

fn party(encryption: Option<Encryption>) -> Party {
    Party {
        callbacks: vec![REPLY.to_owned()],
        lifetime: 28_800,
        name_id_format: chancery_saml::name_id::PERSISTENT.to_owned(),
        encryption,
        ..Party::default()
    }
}

fn good(kind: Kind) -> String {
    answer(kind, None, 0)
}

/// What a token has to fit, with these keys.
fn expected<'a>(keys: &'a [PublicKey], decryptors: &'a [PrivateKey]) -> Expected<'a> {
    Expected {
        trusted: Trusted::Keys(keys),
        sha1: Sha1::Refused,
        decryptors,
        weak_ciphers: WeakCiphers::InSigned,
        issuer: Some(STS),
        realm: US,
        destinations: &[REPLY],
        now: now(),
    }
}

/// Judges an answer, with whatever differs.
fn judge_with(xml: &str, differs: impl FnOnce(&mut Expected<'_>)) -> Result<Accepted, TokenError> {
    let (keys, decryptors) = ([key(0).public().clone()], [key(2)]);
    let mut expected = expected(&keys, &decryptors);
    differs(&mut expected);
    consume(xml, &expected)
}

fn judge(xml: &str) -> Result<Accepted, TokenError> {
    judge_with(xml, |_| ())
}

fn judged(error: ConsumeError) -> Result<Accepted, TokenError> {
    Err(TokenError::Judged(error))
}

/// Nobody of so many has signed what came with these certificates.
fn untrusted(known: usize, sent: &[usize]) -> ConsumeError {
    let sent = sent.iter().map(|number| certificate(*number)).collect();
    ConsumeError::Untrusted(Untrusted { known, sent })
}

fn ada(kind: Kind) -> Accepted {
    let format = (kind == Kind::New).then(|| chancery_saml::name_id::PERSISTENT.to_owned());
    let token = Token {
        assertion_id: "_token".to_owned(),
        remember_until: "2026-11-27T02:03:00Z".parse().unwrap(),
        issuer: STS.to_owned(),
        name: Some(NameId { value: "ada".to_owned(), format }),
        attributes: BTreeMap::from([(MAIL.to_owned(), vec!["ada@x.example".to_owned()])]),
    };
    Accepted { token, weak: false }
}

#[test]
fn a_signed_token_says_who_somebody_is() {
    for kind in BOTH {
        let xml = good(kind);
        assert_eq!(judge(&xml), Ok(ada(kind)), "{kind:?}");
        // The same in the words of WS-Trust 1.3, where answers stand in collections.
        let newer = xml.replace(crate::TRUST, crate::TRUST13);
        let collection = |inside: &str| {
            let uri = crate::TRUST13;
            format!(
                r#"<c:RequestSecurityTokenResponseCollection xmlns:c="{uri}">{inside}</c:RequestSecurityTokenResponseCollection>"#
            )
        };
        assert_eq!(judge(&newer), Ok(ada(kind)));
        assert_eq!(judge(&collection(&newer)), Ok(ada(kind)));
        for several in [String::new(), [newer.as_str(), &newer].concat()] {
            assert!(matches!(judge(&collection(&several)), Err(TokenError::Kind(_))));
        }
    }
}

#[test]
fn an_encrypted_token_is_opened_and_judged_like_any_other() {
    for kind in BOTH {
        let xml = answer(kind, Some(encryption(Cipher::Aes128Gcm)), 0);
        assert!(!xml.contains("ada@x.example"));
        assert_eq!(judge(&xml), Ok(ada(kind)));
        // As SAML 2.0 has it, in an element of its own.
        let wrapped = xml
            .replace(
                "<xenc:EncryptedData",
                "<e:EncryptedAssertion xmlns:e=\"urn:oasis:names:tc:SAML:2.0:assertion\"><xenc:EncryptedData",
            )
            .replace("</xenc:EncryptedData>", "</xenc:EncryptedData></e:EncryptedAssertion>");
        assert_eq!(judge(&wrapped), Ok(ada(kind)));
        for (differs, why) in [
            (answer(kind, Some(encryption(Cipher::Aes128Gcm)), 1), "by none of the 1 certificates"),
            (
                xml.replacen("</t:RequestedSecurityToken>", "<x/></t:RequestedSecurityToken>", 1),
                "found 2 of them",
            ),
        ] {
            let refused = judge(&differs).unwrap_err().to_string();
            assert!(refused.contains(why), "{refused}");
        }
        let closed = judge_with(&xml, |expected| expected.decryptors = &[]).unwrap_err();
        assert!(closed.to_string().contains("cannot be opened"), "{closed}");
        let weak = answer(kind, Some(encryption(Cipher::Aes256Cbc)), 0);
        assert!(matches!(judge(&weak), Err(TokenError::Judged(ConsumeError::Decrypt(_)))));
        assert_eq!(judge_with(&weak, |expected| expected.weak_ciphers = NAMED), Ok(ada(kind)));
    }
    // Encrypted for us, and signed by nobody.
    let Parts { before, unsigned, after, .. } = parts(Kind::Old);
    let data = encrypt::element(&unsigned, &certificate(2), Cipher::Aes128Gcm, &[9; 48]).unwrap();
    assert_eq!(judge(&[before.as_str(), &data, &after].concat()), Err(TokenError::Unsigned));
}

#[test]
fn two_certificates_of_a_service_both_count_and_a_foreign_one_does_not() {
    for kind in BOTH {
        let two = [key(1).public().clone(), key(0).public().clone()];
        assert_eq!(consume(&good(kind), &expected(&two, &[])), Ok(ada(kind)));
        let foreign = judge(&answer(kind, None, 1)).unwrap_err();
        let nobody = Untrusted { known: 1, sent: vec![certificate(1)] };
        assert_eq!(foreign.untrusted(), Some(&nobody));
        assert_eq!(foreign, TokenError::Judged(ConsumeError::Untrusted(nobody)));
        let none = judge_with(&good(kind), |expected| expected.trusted = Trusted::Keys(&[]));
        assert_eq!(none, judged(untrusted(0, &[0])));
    }
}

#[test]
fn a_certificate_beside_the_signature_counts_where_its_thumbprint_is_known_and_nowhere_else() {
    let known =
        [Thumbprint::read(&certificate(1).thumbprint()), Thumbprint::read(&certificate(0).thumbprint())];
    let known = known.map(Option::unwrap);
    for kind in BOTH {
        let pinned = |xml: &str, known: &[Thumbprint]| {
            judge_with(xml, |expected| {
                // Lives as long as the test does.
                expected.trusted = Trusted::Thumbprints(Box::leak(known.to_vec().into_boxed_slice()));
            })
        };
        assert_eq!(pinned(&good(kind), &known), Ok(ada(kind)));
        let foreign = Err(TokenError::Thumbprint {
            configured: certificate(1).thumbprint().to_ascii_lowercase(),
            calculated: certificate(0).digests(),
        });
        assert_eq!(pinned(&good(kind), &known[..1]), foreign);
        // The certificate that is known beside the signature of another key.
        let borrowed =
            answer(kind, None, 2).replace(&certificate(2).base64_der(), &certificate(0).base64_der());
        assert_eq!(pinned(&borrowed, &known), judged(untrusted(1, &[0])));
        // Both beside it: the one that is pinned is the one that has to have signed.
        let own = format!("<ds:X509Certificate>{}</ds:X509Certificate>", certificate(2).base64_der());
        let both = answer(kind, None, 2).replace(
            &own,
            &format!("{own}<ds:X509Certificate>{}</ds:X509Certificate>", certificate(0).base64_der()),
        );
        assert_eq!(pinned(&both, &known), judged(untrusted(1, &[2, 0])));
        assert!(matches!(pinned(&good(kind), &[]), Err(TokenError::Thumbprint { .. })));
        let bare = good(kind).replace(&certificate(0).base64_der(), "AAAA");
        assert!(
            matches!(pinned(&bare, &known), Err(TokenError::Thumbprint { calculated, .. }) if calculated.is_empty())
        );
    }
}

/// The parts of an answer.
struct Parts {
    before: String,
    assertion: String,
    signature: String,
    unsigned: String,
    after: String,
}

fn parts(kind: Kind) -> Parts {
    let xml = good(kind);
    let end = "</saml:Assertion>";
    let start = xml.find("<saml:Assertion").unwrap();
    let over = xml.find(end).unwrap() + end.len();
    let assertion = xml[start..over].to_owned();
    let from = assertion.find("<ds:Signature ").unwrap();
    let to = assertion.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
    Parts {
        before: xml[..start].to_owned(),
        signature: assertion[from..to].to_owned(),
        unsigned: [&assertion[..from], &assertion[to..]].concat(),
        after: xml[over..].to_owned(),
        assertion,
    }
}

/// What an attacker makes of a part: another name, and another id.
fn evil(part: &str) -> String {
    part.replace(">ada<", ">root<").replace("_token", "_evil")
}

#[test]
fn a_token_that_is_wrapped_in_any_of_the_known_ways_is_never_the_one_that_is_read() {
    for kind in BOTH {
        let Parts { before, assertion, signature, unsigned, after } = parts(kind);
        let bare_evil = evil(&unsigned);
        let same_id = unsigned.replace(">ada<", ">root<");
        let ending = |assertion: &str, inner: &str| {
            let end = assertion.rfind("</saml:Assertion>").unwrap();
            [&assertion[..end], inner, &assertion[end..]].concat()
        };
        let beginning = |assertion: &str, inner: &str| {
            let at = assertion.find('>').unwrap() + 1;
            [&assertion[..at], inner, &assertion[at..]].concat()
        };
        let holding =
            |inner: &str| signature.replacen("</ds:Signature>", &[inner, "</ds:Signature>"].concat(), 1);
        let object = ["<ds:Object>", unsigned.as_str(), "</ds:Object>"].concat();
        let advice = |inner: &str| format!("<saml:Advice>{inner}</saml:Advice>");
        let second = |inner: &str| {
            after.replacen(
                "</t:RequestedSecurityToken>",
                &[
                    "</t:RequestedSecurityToken><t:RequestedSecurityToken>",
                    inner,
                    "</t:RequestedSecurityToken>",
                ]
                .concat(),
                1,
            )
        };
        let other = |inner: &str| {
            let uri = crate::TRUST13;
            format!(
                r#"</t:RequestedSecurityToken><o:RequestedSecurityToken xmlns:o="{uri}">{inner}</o:RequestedSecurityToken>"#
            )
        };
        for (name, attack) in [
            ("XSW3", [before.as_str(), &bare_evil, &assertion, &after].concat()),
            ("XSW3 after", [before.as_str(), &assertion, &bare_evil, &after].concat()),
            ("XSW4", [before.as_str(), &ending(&bare_evil, &assertion), &after].concat()),
            ("XSW4 first", [before.as_str(), &beginning(&bare_evil, &assertion), &after].concat()),
            ("XSW4 advice", [before.as_str(), &beginning(&bare_evil, &advice(&assertion)), &after].concat()),
            ("XSW5", [before.as_str(), &ending(&bare_evil, &signature), &unsigned, &after].concat()),
            (
                "XSW5 advice",
                [before.as_str(), &beginning(&ending(&bare_evil, &signature), &advice(&unsigned)), &after]
                    .concat(),
            ),
            ("XSW6", [before.as_str(), &ending(&bare_evil, &holding(&unsigned)), &after].concat()),
            (
                "XSW7",
                [&before, &assertion, &after].map(String::as_str).concat().replace(
                    "<t:RequestedSecurityToken>",
                    &format!("<x>{same_id}</x><t:RequestedSecurityToken>"),
                ),
            ),
            ("XSW8", [before.as_str(), &ending(&bare_evil, &holding(&object)), &after].concat()),
            (
                "XSW9",
                [before.as_str(), &ending(&bare_evil, &[signature.as_str(), &signature].concat()), &after]
                    .concat(),
            ),
            ("same id", [before.as_str(), &same_id, &assertion, &after].concat()),
            (
                "same id inside",
                [before.as_str(), &ending(&assertion.replace(">ada<", ">root<"), &unsigned), &after].concat(),
            ),
            ("changed", [before.as_str(), &assertion.replace(">ada<", ">root<"), &after].concat()),
            ("detached", [before.as_str(), &bare_evil, &signature, &after].concat()),
            ("signature kept", [before.as_str(), &ending(&bare_evil, &signature), &after].concat()),
            ("unsigned", [before.as_str(), &bare_evil, &after].concat()),
            ("none", [before.as_str(), &after].concat()),
            ("two", [before.as_str(), &assertion, &assertion, &after].concat()),
            ("second place", [before.as_str(), &assertion, &second(&bare_evil)].concat()),
            ("first place", [before.as_str(), &bare_evil, &second(&assertion)].concat()),
            (
                "other words",
                [
                    before.as_str(),
                    &assertion,
                    &after.replacen("</t:RequestedSecurityToken>", &other(&bare_evil), 1),
                ]
                .concat(),
            ),
            (
                "id of others",
                [
                    before.as_str(),
                    &assertion.replacen("<saml:Conditions", "<saml:Conditions xml:id=\"_token\"", 1),
                    &after,
                ]
                .concat(),
            ),
        ] {
            let outcome = judge(&attack);
            assert!(outcome.is_err(), "{kind:?} {name}: {outcome:?}");
        }
        assert!(judge(&[before.as_str(), &assertion, &after].concat()).is_ok());
    }
}

#[test]
fn comments_in_a_name_do_not_cut_it_and_elements_in_it_are_refused() {
    for kind in BOTH {
        let xml = good(kind);
        assert_eq!(judge(&xml.replace(">ada<", ">a<!-- -->da<")), Ok(ada(kind)));
        for inside in [">a<x/>da<", ">a<![CDATA[d]]>b<", ">a<?x?>da<", ">ada&#x200b;<", ">Ada<", ">ada <"] {
            assert!(judge(&xml.replace(">ada<", inside)).is_err(), "{inside}");
        }
    }
}

#[test]
fn documents_that_hold_no_token_are_refused() {
    for kind in BOTH {
        let xml = good(kind);
        for wrong in [
            format!("<!DOCTYPE x [<!ENTITY e \"_token\">]>{xml}"),
            xml.replacen("\"_token\"", "\"&e;\"", 1),
            format!("<?xml-stylesheet href=\"x\"?>{xml}"),
            xml.replace(crate::TRUST, "urn:other"),
            xml.replace("RequestSecurityTokenResponse", "RequestSecurityToken"),
            xml.replace("t:RequestedSecurityToken", "t:RequestedProofToken"),
            xml.replace("saml:Assertion", "saml:Other"),
            xml.replace(":assertion\"", ":protocol\""),
            parts(kind).assertion,
            format!("{}x", "<a>".repeat(100_000)),
            " ".repeat(2 * 1024 * 1024),
            String::new(),
        ] {
            assert!(judge(&wrong).is_err(), "{}", &wrong[..wrong.len().min(300)]);
        }
    }
}

#[test]
fn a_token_for_another_party_or_of_another_is_refused() {
    for kind in BOTH {
        let xml = good(kind);
        let audience = judge_with(&xml, |expected| expected.realm = "urn:auth0:us:other");
        assert_eq!(
            audience,
            judged(ConsumeError::Audience { sent: US.to_owned(), expected: "urn:auth0:us:other".to_owned() })
        );
        let issuer = judge_with(&xml, |expected| expected.issuer = Some("urn:other"));
        let error = ConsumeError::Issuer { sent: STS.to_owned(), expected: "urn:other".to_owned() };
        assert_eq!(issuer, judged(error));
        assert_eq!(judge_with(&xml, |expected| expected.issuer = None), Ok(ada(kind)));
    }
    // A token of SAML 2.0 need not say where it goes, but if it does it has to go there.
    let elsewhere = judge_with(&good(Kind::New), |expected| expected.destinations = &["https://x.example/"]);
    assert_eq!(
        elsewhere,
        judged(ConsumeError::Recipient { sent: REPLY.to_owned(), expected: "https://x.example/".to_owned() })
    );
}

#[test]
fn a_token_of_another_time_is_refused() {
    for kind in BOTH {
        let xml = good(kind);
        let at = |moment: &str| judge_with(&xml, |expected| expected.now = moment.parse().unwrap());
        for moment in ["2026-11-26T17:57:01Z", "2026-11-27T02:02:59Z"] {
            assert_eq!(at(moment), Ok(ada(kind)), "{moment}");
        }
        let (early, late) = ("2026-11-26T17:55:59Z", ["2026-11-27T02:03:00Z", "2026-11-28T18:00:00Z"]);
        assert!(matches!(at(early), Err(TokenError::Judged(ConsumeError::Early { .. }))));
        for moment in late {
            assert!(matches!(at(moment), Err(TokenError::Judged(ConsumeError::Expired { .. }))), "{moment}");
        }
    }
}
