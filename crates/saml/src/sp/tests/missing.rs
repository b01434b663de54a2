//! What an answer has to say, and what is said of one that does not.

use super::{END, Parts, US, ada, good, judge, parts, resigned};
use crate::sp::consume::ConsumeError;

/// Takes an element with all that it holds away.
fn without(xml: &str, name: &str) -> String {
    let from = xml.find(&format!("<saml:{name}")).unwrap();
    let end = format!("</saml:{name}>");
    let to = xml.find(&end).unwrap() + end.len();
    [&xml[..from], &xml[to..]].concat()
}

#[test]
fn what_an_assertion_has_to_say_may_not_be_missing_though_it_is_signed() {
    assert_eq!(judge(&resigned(|xml| xml)), Ok(ada()));
    for (name, error) in [
        ("Conditions", "Conditions"),
        ("AudienceRestriction", "Audience is invalid"),
        ("Subject", "Subject"),
        ("NameID", "NameID"),
        ("SubjectConfirmation", "bearer SubjectConfirmation"),
        ("SubjectConfirmationData", "SubjectConfirmationData"),
        ("AuthnStatement", "the assertion has no AuthnStatement"),
        ("Issuer", "Issuer"),
    ] {
        let refused = judge(&resigned(|xml| without(&xml, name))).unwrap_err().to_string();
        assert!(refused.contains(error), "{name}: {refused}");
    }
    for (from, to, error) in [
        (
            "Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\"",
            "Method=\"urn:oasis:names:tc:SAML:2.0:cm:holder-of-key\"",
            "bearer",
        ),
        (" Recipient=\"https://us.example/login/callback?connection=partner\"", "", "no attribute Recipient"),
        (
            "InResponseTo=\"_asked\" NotOnOrAfter=\"2026-11-26T18:05:00.000Z\" Recipient",
            "InResponseTo=\"_asked\" Recipient",
            "until when it counts",
        ),
        ("InResponseTo=\"_asked\" NotOnOrAfter", "NotOnOrAfter", "InResponseTo"),
        (
            "<saml:AudienceRestriction>",
            "<saml:Condition></saml:Condition><saml:AudienceRestriction>",
            "is not understood",
        ),
        ("NotBefore=\"2026-11-26T17:59:00.000Z\"", "NotBefore=\"yesterday\"", "no moment"),
    ] {
        let refused = judge(&resigned(|xml| xml.replacen(from, to, 1))).unwrap_err().to_string();
        assert!(refused.contains(error), "{to}: {refused}");
    }
    // Two restrictions both have to name us.
    let both = "<saml:AudienceRestriction><saml:Audience>urn:other</saml:Audience></saml:AudienceRestriction><saml:AudienceRestriction>";
    let refused = judge(&resigned(|xml| xml.replacen("<saml:AudienceRestriction>", both, 1)));
    let expected = ConsumeError::Audience { sent: "urn:other".to_owned(), expected: US.to_owned() };
    assert_eq!(refused, Err(expected));
}

#[test]
fn what_is_no_answer_is_told_by_what_it_is_instead() {
    let xml = good();
    let Parts { before, assertion, .. } = parts();
    let version = " Version=\"2.0\"";
    for (wrong, found) in [
        (xml.replace("samlp:Response", "samlp:LogoutResponse"), "an element LogoutResponse of the namespace"),
        (xml.replacen(version, " Version=\"1.1\"", 1), "a Response of version \"1.1\""),
        (xml.replacen(version, "", 1), "a Response without a Version"),
        (xml.replace(&assertion, ""), "no assertion"),
        (resigned(|tail| tail.replace(version, " Version=\"1.0\"")), "an Assertion of version \"1.0\""),
        (resigned(|tail| tail.replace(version, "")), "an Assertion without a Version"),
        ([&before, END].concat(), "no assertion"),
    ] {
        let expected =
            format!("expected a Response of version 2.0 with one assertion of version 2.0, found {found}");
        let refused = judge(&wrong).unwrap_err().to_string();
        assert!(refused.starts_with(&expected), "{refused}");
    }
}
