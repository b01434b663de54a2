//! Signatures: what holds, and every way in which somebody could have made one seem to hold.

use crate::kit::{certificate, check, check_with, key, signed};
use chancery_crypto::algorithm::Algorithm;
use chancery_crypto::digest;
use chancery_xmldsig::algorithms::{EXCLUSIVE, INCLUSIVE, RSA_SHA256, SHA256};
use chancery_xmldsig::beside::Untrusted;
use chancery_xmldsig::verify::{Sha1, VerifyError};

/// The octets that are digested in [`signed`].
const OCTETS: &str = r#"<a:Assertion xmlns:a="urn:a" ID="_one"><a:Issuer>idp</a:Issuer><a:Subject>user</a:Subject></a:Assertion>"#;

#[test]
fn what_was_signed_verifies_and_answers_exactly_the_octets_that_were_digested() {
    let verified = check(&signed("idp")).unwrap().unwrap();
    assert_eq!((verified.octets.as_str(), verified.key, verified.weak), (OCTETS, 0, false));
}

#[test]
fn one_of_several_trusted_keys_is_enough_and_is_named() {
    let keys = [key(1).public().clone(), key(0).public().clone()];
    assert_eq!(check_with(&signed("idp"), &keys, Sha1::Refused).unwrap().unwrap().key, 1);
}

#[test]
fn another_key_and_no_key_at_all_are_not_trusted() {
    let message = signed("idp");
    let other = [key(1).public().clone()];
    assert_eq!(check_with(&message, &other, Sha1::Refused), Err(untrusted(1)));
    assert_eq!(check_with(&message, &[], Sha1::Refused), Err(untrusted(0)));
}

/// Nobody of so many has signed what the first key has.
fn untrusted(known: usize) -> VerifyError {
    VerifyError::Untrusted(Untrusted { known, sent: vec![certificate(0)] })
}

#[test]
fn whoever_is_not_trusted_is_named_by_the_certificates_that_were_sent_and_no_more() {
    let said = |message: &str| {
        check_with(message, &[key(1).public().clone()], Sha1::Refused).unwrap_err().to_string()
    };
    let why = "the signature was made by none of the 1 certificates that are configured; ";
    let one = |number: usize| {
        let certificate = certificate(number);
        let (short, long) = (certificate.sha1(), certificate.sha256());
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
        format!("SHA-1 {}, SHA-256 {}", hex(&short), hex(&long))
    };
    let message = signed("idp");
    assert_eq!(said(&message), format!("{why}sent with it: {}", one(0)));
    let own = format!("<ds:X509Certificate>{}</ds:X509Certificate>", certificate(0).base64_der());
    assert!(message.contains(&own));
    let other = own.replace(&certificate(0).base64_der(), &certificate(1).base64_der());
    // What cannot be read is left out; of many, some.
    let several =
        message.replace(&own, &format!("<ds:X509Certificate>AAAA</ds:X509Certificate>{own}{other}"));
    assert_eq!(said(&several), format!("{why}sent with it: {}; {}", one(0), one(1)));
    let many = message.replace(&own, &own.repeat(100));
    assert_eq!(said(&many), format!("{why}sent with it: {0}; {0}; {0}; and 5 more", one(0)));
    assert_eq!(said(&message.replace(&own, "")), format!("{why}no certificate was sent with it"));
    // The key of the certificate that was sent is nobody's because of that.
    let trusted = check_with(&message.replace(&own, &other), &[key(1).public().clone()], Sha1::Refused);
    assert!(matches!(trusted, Err(VerifyError::Untrusted(_))));
}

#[test]
fn an_element_without_a_signature_of_its_own_has_none() {
    let bare = r#"<p:Response xmlns:p="urn:p"><a:Assertion xmlns:a="urn:a" ID="_one"/></p:Response>"#;
    assert_eq!(check(bare), Ok(None));
}

#[test]
fn text_that_was_changed_after_it_was_signed_does_not_match_the_digest() {
    let message = signed("idp").replace("user", "root");
    assert_eq!(check(&message), Err(VerifyError::Digest));
}

#[test]
fn a_comment_in_signed_text_neither_breaks_the_signature_nor_cuts_the_text() {
    let message = signed("admin@x.example.evil").replace("admin@x.example", "admin@x.example<!-- -->");
    let verified = check(&message).unwrap().unwrap();
    assert!(verified.octets.contains("<a:Issuer>admin@x.example.evil</a:Issuer>"));
}

#[test]
fn a_processing_instruction_in_signed_text_is_refused_before_anything_is_read() {
    let message = signed("idp").replace("user", "us<?x?>er");
    assert!(check(&message).unwrap_err().to_string().contains("processing instruction"));
}

#[test]
fn the_attributes_of_the_element_are_signed_too() {
    let message = signed("idp").replacen(r#"ID="_one""#, r#"ID="_one" Extra="1""#, 1);
    assert_eq!(check(&message), Err(VerifyError::Digest));
}

/// Replaces something in the signature, which from then on must not count.
fn with(from: &str, to: &str) -> Result<(), VerifyError> {
    let message = signed("idp");
    assert!(message.contains(from), "the message holds no {from}");
    check(&message.replacen(from, to, 1)).map(drop)
}

fn refusal(from: &str, to: &str) -> String {
    with(from, to).unwrap_err().to_string()
}

#[test]
fn only_the_algorithms_of_the_profile_are_accepted() {
    for other in [
        "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
        "",
    ] {
        assert!(refusal(RSA_SHA256, other).starts_with("the signature method"), "{other}");
    }
    for other in [
        "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
        "http://www.w3.org/2006/12/xml-c14n11",
    ] {
        let quoted = format!("CanonicalizationMethod Algorithm=\"{EXCLUSIVE}\"");
        let to = format!("CanonicalizationMethod Algorithm=\"{other}\"");
        assert!(refusal(&quoted, &to).starts_with("the canonical form"), "{other}");
    }
}

#[test]
fn sha1_is_refused_unless_somebody_allows_it_for_this_partner() {
    let sha1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1";
    assert_eq!(with(RSA_SHA256, sha1), Err(VerifyError::Weak));
    // Allowed, it is another algorithm than the one that signed.
    let message = signed("idp").replacen(RSA_SHA256, sha1, 1);
    let keys = [key(0).public().clone()];
    assert_eq!(check_with(&message, &keys, Sha1::Allowed), Err(untrusted(1)));
}

#[test]
fn a_digest_of_sha1_counts_only_where_it_is_allowed() {
    use base64::Engine as _;
    let digest = base64::engine::general_purpose::STANDARD.encode(digest::sha1(OCTETS.as_bytes()));
    let reference = reference("#_one", &usual(), &digest);
    let message = forged(&signed_info(&reference.replace(SHA256, "http://www.w3.org/2000/09/xmldsig#sha1")));
    let keys = [key(0).public().clone()];
    assert_eq!(check_with(&message, &keys, Sha1::Refused), Err(VerifyError::Weak));
    for allowed in [Sha1::Digests, Sha1::Allowed] {
        let verified = check_with(&message, &keys, allowed).unwrap().unwrap();
        assert_eq!((verified.octets.as_str(), verified.weak), (OCTETS, true));
    }
    // A signature of SHA-1 is more than a digest.
    let weaker = signed("idp").replacen(RSA_SHA256, "http://www.w3.org/2000/09/xmldsig#rsa-sha1", 1);
    assert_eq!(check_with(&weaker, &keys, Sha1::Digests), Err(VerifyError::Weak));
}

#[test]
fn what_stands_in_the_signed_part_of_the_signature_is_signed() {
    // The algorithms of the profile are accepted, so these get as far as the signature and fail there.
    assert_eq!(with(SHA256, "http://www.w3.org/2001/04/xmlenc#sha512"), Err(untrusted(1)));
    assert_eq!(with("URI=\"#_one\"", "URI=\"#_around\""), Err(untrusted(1)));
}

/// Makes a signature by hand: over a `SignedInfo` that says what a test wants.
fn forged(signed_info: &str) -> String {
    use base64::Engine as _;
    let signature = key(0).sign(Algorithm::Rs256, signed_info.as_bytes()).unwrap();
    let value = base64::engine::general_purpose::STANDARD.encode(signature);
    format!(
        r#"<p:Response xmlns:p="urn:p" ID="_around"><a:Assertion xmlns:a="urn:a" ID="_one"><a:Issuer>idp</a:Issuer><ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#">{signed_info}<ds:SignatureValue>{value}</ds:SignatureValue></ds:Signature><a:Subject>user</a:Subject></a:Assertion></p:Response>"#
    )
}

/// A `SignedInfo` in canonical form, around this reference.
fn signed_info(references: &str) -> String {
    format!(
        r#"<ds:SignedInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"></ds:CanonicalizationMethod><ds:SignatureMethod Algorithm="{RSA_SHA256}"></ds:SignatureMethod>{references}</ds:SignedInfo>"#
    )
}

/// A reference with these transforms and this digest.
fn reference(uri: &str, transforms: &str, digest: &str) -> String {
    format!(
        r#"<ds:Reference URI="{uri}"><ds:Transforms>{transforms}</ds:Transforms><ds:DigestMethod Algorithm="{SHA256}"></ds:DigestMethod><ds:DigestValue>{digest}</ds:DigestValue></ds:Reference>"#
    )
}

fn transform(uri: &str) -> String {
    format!(r#"<ds:Transform Algorithm="{uri}"></ds:Transform>"#)
}

const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

fn usual() -> String {
    transform(ENVELOPED) + &transform(EXCLUSIVE)
}

fn right_digest() -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(digest::sha256(OCTETS.as_bytes()))
}

#[test]
fn a_signature_made_by_hand_in_the_profile_counts() {
    let message = forged(&signed_info(&reference("#_one", &usual(), &right_digest())));
    assert_eq!(check(&message).unwrap().unwrap().octets, OCTETS);
}

#[test]
fn a_reference_that_points_elsewhere_is_refused_though_it_is_signed() {
    for uri in ["", "#_around", "_one", "#xpointer(id('_one'))", "https://evil.example/a.xml#_one", "#_ONE"] {
        let message = forged(&signed_info(&reference(uri, &usual(), &right_digest())));
        assert_eq!(check(&message), Err(VerifyError::Reference(uri.to_owned())), "{uri}");
    }
    let without = reference("#_one", &usual(), &right_digest()).replace(" URI=\"#_one\"", "");
    assert_eq!(check(&forged(&signed_info(&without))), Err(VerifyError::Reference(String::new())));
}

#[test]
fn two_references_or_none_are_refused() {
    let one = reference("#_one", &usual(), &right_digest());
    for references in ["", &[one.as_str(), &one].concat()] {
        let error = check(&forged(&signed_info(references))).unwrap_err().to_string();
        assert!(error.starts_with("expected exactly one element Reference"), "{error}");
    }
}

#[test]
fn other_transforms_than_the_two_in_their_order_are_refused() {
    let xpath = "http://www.w3.org/TR/1999/REC-xpath-19991116";
    let xslt = "http://www.w3.org/TR/1999/REC-xslt-19991116";
    let base64 = "http://www.w3.org/2000/09/xmldsig#base64";
    for transforms in [
        vec![],
        vec![ENVELOPED],
        vec![EXCLUSIVE],
        vec![EXCLUSIVE, ENVELOPED],
        vec![ENVELOPED, ENVELOPED],
        vec![ENVELOPED, EXCLUSIVE, EXCLUSIVE],
        vec![ENVELOPED, xpath],
        vec![ENVELOPED, xslt],
        vec![base64, EXCLUSIVE],
    ] {
        let list: String = transforms.iter().copied().map(transform).collect();
        let message = forged(&signed_info(&reference("#_one", &list, &right_digest())));
        assert!(check(&message).is_err(), "{transforms:?}");
    }
}

#[test]
fn inclusive_form_is_no_transform_of_what_is_signed() {
    let list = transform(ENVELOPED) + &transform(INCLUSIVE);
    let message = forged(&signed_info(&reference("#_one", &list, &right_digest())));
    let uri = INCLUSIVE.to_owned();
    assert_eq!(check(&message), Err(VerifyError::Algorithm { what: "canonical form", uri }));
}

#[test]
fn a_signed_info_that_would_cost_much_is_refused_before_it_is_made_canonical() {
    // In canonical form each of the elements declares the long namespace.
    let many = ["<long:a/>".repeat(20_000), "</ds:SignedInfo>".to_owned()].concat();
    let message = signed("idp").replacen("</ds:SignedInfo>", &many, 1);
    let around = format!("<p:Response xmlns:long=\"{}\" ", "x".repeat(500_000));
    let error = check(&message.replacen("<p:Response ", &around, 1)).unwrap_err();
    assert_eq!(error, VerifyError::Unexpected("a SignedInfo of more than 32 elements".to_owned()));
}

#[test]
fn a_digest_with_a_comment_in_it_is_read_as_it_was_signed() {
    // The comment is not signed: canonical form leaves it out, and what is read is what was signed.
    let wrong = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let message = forged(&signed_info(&reference("#_one", &usual(), &right_digest())));
    let message = message.replace(&right_digest(), &format!("<!--{wrong}-->{}", right_digest()));
    assert_eq!(check(&message).unwrap().unwrap().octets, OCTETS);
    let message = forged(&signed_info(&reference("#_one", &usual(), wrong)));
    let message = message.replace(wrong, &format!("<!--{}-->{wrong}", right_digest()));
    assert_eq!(check(&message), Err(VerifyError::Digest));
}

#[test]
fn empty_values_and_such_that_are_no_base64_are_refused() {
    let message = forged(&signed_info(&reference("#_one", &usual(), "")));
    assert_eq!(check(&message), Err(VerifyError::Base64("DigestValue")));
    let message = forged(&signed_info(&reference("#_one", &usual(), "not base64!")));
    assert_eq!(check(&message), Err(VerifyError::Base64("DigestValue")));
    let start = signed("idp");
    let (before, rest) = start.split_once("<ds:SignatureValue>").unwrap();
    let (_, after) = rest.split_once("</ds:SignatureValue>").unwrap();
    for value in ["", "  ", "AA", "****"] {
        let message = format!("{before}<ds:SignatureValue>{value}</ds:SignatureValue>{after}");
        assert_eq!(check(&message), Err(VerifyError::Base64("SignatureValue")), "{value:?}");
    }
}

#[test]
fn several_signed_infos_values_or_signatures_are_refused() {
    let message = signed("idp");
    let (start, end) = (message.find("<ds:SignedInfo").unwrap(), message.find("<ds:SignatureValue").unwrap());
    let info = &message[start..end];
    for doubled in [
        message.replacen(info, &[info, info].concat(), 1),
        // A second one, wrapped in an object or in another element.
        message.replacen(info, &[info, "<ds:Object>", info, "</ds:Object>"].concat(), 1),
        message.replacen(info, &["<x>", info, "</x>"].concat(), 1),
        message.replacen(
            "<ds:SignatureValue>",
            "<ds:SignatureValue>AAAA</ds:SignatureValue><ds:SignatureValue>",
            1,
        ),
    ] {
        assert!(check(&doubled).is_err(), "{doubled}");
    }
    let (start, end) = (message.find("<ds:Signature ").unwrap(), message.find("</ds:Signature>").unwrap());
    let signature = &message[start..end + "</ds:Signature>".len()];
    let doubled = message.replacen(signature, &[signature, signature].concat(), 1);
    assert!(check(&doubled).unwrap_err().to_string().starts_with("expected exactly one element Signature"));
}

#[test]
fn an_id_that_occurs_twice_is_nobodys_under_whatever_name_it_goes() {
    for twin in
        [r#"ID="_one""#, r#"Id="_one""#, r#"id="_one""#, r#"xml:id="_one""#, r#"x:ID="_one" xmlns:x="urn:x""#]
    {
        let message = signed("idp").replacen("</p:Response>", &format!("<twin {twin}/></p:Response>"), 1);
        assert_eq!(check(&message), Err(VerifyError::Ambiguous("_one".to_owned())), "{twin}");
    }
}

#[test]
fn a_signature_that_stands_anywhere_but_directly_in_the_element_is_not_its_own() {
    let message = signed("idp");
    let (start, end) = (message.find("<ds:Signature ").unwrap(), message.find("</ds:Signature>").unwrap());
    let signature = &message[start..end + "</ds:Signature>".len()];
    let without = message.replacen(signature, "", 1);
    for moved in [
        without.replacen("</p:Response>", &[signature, "</p:Response>"].concat(), 1),
        without.replacen("user", &["user", signature].concat(), 1),
        message.replacen(signature, &["<wrap>", signature, "</wrap>"].concat(), 1),
    ] {
        assert_eq!(check(&moved), Ok(None), "{moved}");
    }
}

#[test]
fn a_namespace_that_is_declared_anew_around_the_element_does_not_change_what_was_signed() {
    // The canonical form declares what the element uses itself, and nothing that it does not.
    let message = signed("idp").replacen(
        "<p:Response ",
        "<p:Response xmlns:evil=\"urn:evil\" xmlns=\"urn:default\" ",
        1,
    );
    assert_eq!(check(&message).unwrap().unwrap().octets, OCTETS);
    // But another meaning of the same prefix is another element.
    let message =
        signed("idp").replacen("<a:Assertion xmlns:a=\"urn:a\"", "<a:Assertion xmlns:a=\"urn:b\"", 1);
    assert_eq!(check(&message), Err(VerifyError::Digest));
}
