//! What a token says, and leaves out, though it is signed.

use std::collections::BTreeMap;

use chancery_crypto::algorithm::Algorithm;
use chancery_saml::sp::consume::ConsumeError;
use chancery_xmldsig::sign::{Halves, Unsigned};

use super::{BOTH, Kind, MAIL, Parts, ada, certificate, judge, judged, key, parts};
use crate::rp::consume::TokenError;

/// The answer with an assertion that was changed before it was signed.
fn resigned(kind: Kind, change: impl Fn(String) -> String) -> String {
    let Parts { before, unsigned, after, .. } = parts(kind);
    let end = "</saml:Assertion>";
    let changed = change(unsigned);
    let (head, tail) = match kind {
        Kind::Old => (changed.strip_suffix(end).unwrap().to_owned(), end.to_owned()),
        Kind::New => {
            let at =
                changed.find("</saml:Issuer>").map_or_else(|| changed.find('>').unwrap() + 1, |at| at + 14);
            (changed[..at].to_owned(), changed[at..].to_owned())
        }
    };
    let inclusive = if kind == Kind::New { chancery_saml::TYPED } else { "" };
    let unsigned = Unsigned::new(Halves { head, tail }, "_token", inclusive, Algorithm::Rs256).unwrap();
    let signature = key(0).sign(Algorithm::Rs256, unsigned.message().as_bytes()).unwrap();
    [before, unsigned.finish(&signature, &certificate(0)), after].concat()
}

/// Takes every element of this name away, with all that it holds.
fn without(xml: &str, name: &str) -> String {
    let end = format!("</saml:{name}>");
    let mut left = xml.to_owned();
    while let Some(from) =
        left.find(&format!("<saml:{name}>")).or_else(|| left.find(&format!("<saml:{name} ")))
    {
        let to = from + left[from..].find(&end).unwrap() + end.len();
        left = [&left[..from], &left[to..]].concat();
    }
    assert_ne!(left, xml, "{name}");
    left
}

#[test]
fn what_a_token_has_to_say_may_not_be_missing_though_it_is_signed() {
    for kind in BOTH {
        assert_eq!(judge(&resigned(kind, |xml| xml)), Ok(ada(kind)));
    }
    let cases = [
        (Kind::Old, "Conditions", "Conditions"),
        (Kind::Old, "AudienceRestrictionCondition", "Audience is invalid"),
        (Kind::Old, "Audience", "Audience is invalid"),
        (Kind::Old, "Subject", "Subject"),
        (Kind::Old, "ConfirmationMethod", "bearer SubjectConfirmation"),
        (Kind::New, "Conditions", "Conditions"),
        (Kind::New, "AudienceRestriction", "Audience is invalid"),
        (Kind::New, "Subject", "Subject"),
        (Kind::New, "SubjectConfirmation", "bearer SubjectConfirmation"),
        (Kind::New, "AuthnStatement", "the assertion has no AuthnStatement"),
        (Kind::New, "Issuer", "Issuer"),
    ];
    for (kind, name, why) in cases {
        let refused = judge(&resigned(kind, |xml| without(&xml, name))).unwrap_err().to_string();
        assert!(refused.contains(why), "{name}: {refused}");
    }
    let nothing =
        resigned(Kind::Old, |xml| without(&without(&xml, "AttributeStatement"), "AuthenticationStatement"));
    assert_eq!(judge(&nothing), Err(TokenError::Nothing));
}

#[test]
fn what_a_token_need_not_say_may_be_missing() {
    let nameless = |kind| {
        let mut ada = ada(kind);
        ada.token.name = None;
        ada
    };
    assert_eq!(judge(&resigned(Kind::Old, |xml| without(&xml, "NameIdentifier"))), Ok(nameless(Kind::Old)));
    assert_eq!(judge(&resigned(Kind::New, |xml| without(&xml, "NameID"))), Ok(nameless(Kind::New)));
    // Who states attributes has asked who it is.
    let silent = resigned(Kind::Old, |xml| without(&xml, "AuthenticationStatement"));
    assert_eq!(judge(&silent), Ok(ada(Kind::Old)));
    // A confirmation without limits of its own has those of the conditions.
    let short = resigned(Kind::New, |xml| without(&xml, "SubjectConfirmationData"));
    assert_eq!(judge(&short), Ok(ada(Kind::New)));
}

#[test]
fn a_subject_of_saml_1_1_need_not_be_confirmed_but_not_otherwise_than_by_bearing() {
    let bare = |xml: String| without(&xml, "SubjectConfirmation");
    assert_eq!(judge(&resigned(Kind::Old, bare)), Ok(ada(Kind::Old)));
    let method = "<saml:ConfirmationMethod>urn:oasis:names:tc:SAML:1.0:cm:bearer</saml:ConfirmationMethod>";
    let other = method.replace("bearer", "sender-vouches");
    let with = |methods: &str| judge(&resigned(Kind::Old, |xml| xml.replace(method, methods)));
    assert_eq!(with(&[&other, method].concat()), Ok(ada(Kind::Old)));
    for methods in ["", &other, &other.repeat(2)] {
        assert_eq!(with(methods), judged(ConsumeError::Confirmation), "{methods}");
    }
    // That one statement leaves it out does not confirm the other.
    let (start, end) = ("<saml:SubjectConfirmation>", "</saml:SubjectConfirmation>");
    let whole = [start, method, end].concat();
    let mixed = |xml: String| xml.replacen(&whole, "", 1).replace(method, &other);
    assert_eq!(judge(&resigned(Kind::Old, mixed)), judged(ConsumeError::Confirmation));
    let two = |xml: String| xml.replace(&whole, &whole.repeat(2));
    assert!(judge(&resigned(Kind::Old, two)).unwrap_err().to_string().contains("SubjectConfirmation"));
}

#[test]
fn what_a_token_says_otherwise_is_refused_though_it_is_signed() {
    let advised = "<saml:Advice></saml:Advice><saml:AttributeStatement>";
    assert_eq!(
        judge(&resigned(Kind::Old, |xml| xml.replacen("<saml:AttributeStatement>", advised, 1))),
        Ok(ada(Kind::Old))
    );
    let ends = " NotOnOrAfter=\"2026-11-27T02:00:00.000Z\"";
    for (kind, from, to, why) in [
        // Two people in one token, whichever of them comes first.
        (Kind::Old, ">ada<", ">root<", "different subjects"),
        (Kind::Old, "<saml:NameIdentifier>", "<saml:NameIdentifier Format=\"urn:x\">", "different subjects"),
        (Kind::Old, "cm:bearer", "cm:holder-of-key", "bearer"),
        (Kind::Old, "MajorVersion=\"1\"", "MajorVersion=\"2\"", "another version"),
        (Kind::Old, "MinorVersion=\"1\"", "MinorVersion=\"0\"", "another version"),
        (Kind::Old, ends, "", "until when it counts"),
        (Kind::Old, "T17:59:00.000Z", "T17:59:00.000+01:00", "no moment"),
        (Kind::Old, "IssueInstant=\"2026-11-26", "IssueInstant=\"2026-11-25", "expired"),
        (
            Kind::Old,
            "<saml:AudienceRestrictionCondition>",
            "<saml:Condition></saml:Condition><saml:AudienceRestrictionCondition>",
            "not understood",
        ),
        (
            Kind::Old,
            "<saml:AudienceRestrictionCondition>",
            "<saml:AudienceRestrictionCondition><saml:Audience>urn:other</saml:Audience></saml:AudienceRestrictionCondition><saml:AudienceRestrictionCondition>",
            "Audience",
        ),
        (
            Kind::Old,
            "<saml:AttributeStatement>",
            "<saml:AuthorizationDecisionStatement></saml:AuthorizationDecisionStatement><saml:AttributeStatement>",
            "AuthorizationDecisionStatement",
        ),
        (
            Kind::New,
            "<saml:SubjectConfirmationData ",
            "<saml:SubjectConfirmationData InResponseTo=\"_other\" ",
            "InResponseTo",
        ),
        (Kind::New, "Version=\"2.0\"", "Version=\"1.1\"", "found an Assertion of version \"1.1\""),
    ] {
        let refused = judge(&resigned(kind, |xml| {
            let changed = xml.replacen(from, to, 1);
            assert_ne!(changed, xml, "{from}");
            changed
        }));
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains(why), "{to}: {refused}");
    }
    // Without an end, neither here nor there.
    let endless = judge(&resigned(Kind::New, |xml| xml.replace(ends, "")));
    assert_eq!(endless, judged(ConsumeError::Endless));
}

#[test]
fn attributes_are_named_as_claims_and_several_values_stay_together() {
    let named = |xml: String| {
        let more = "<saml:Attribute AttributeName=\"Group\" AttributeNamespace=\"http://schemas.xmlsoap.org/claims\"><saml:AttributeValue>a</saml:AttributeValue><saml:AttributeValue>b</saml:AttributeValue><saml:AttributeValue><x></x></saml:AttributeValue></saml:Attribute><saml:Attribute AttributeName=\"bare\" AttributeNamespace=\"\"><saml:AttributeValue>c</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>";
        xml.replacen("</saml:AttributeStatement>", more, 1)
    };
    let read = judge(&resigned(Kind::Old, named)).unwrap().token.attributes;
    let values = |values: &[&str]| values.iter().map(|&one| one.to_owned()).collect::<Vec<_>>();
    let expected = BTreeMap::from([
        ("bare".to_owned(), values(&["c"])),
        ("http://schemas.xmlsoap.org/claims/Group".to_owned(), values(&["a", "b"])),
        (MAIL.to_owned(), values(&["ada@x.example"])),
    ]);
    assert_eq!(read, expected);
}
