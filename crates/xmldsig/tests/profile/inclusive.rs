//! Inclusive canonical form, which only a `SignedInfo` may have.

use crate::kit::{certificate, check, check_with, key, signed};
use chancery_xmldsig::algorithms::{EXCLUSIVE, INCLUSIVE};
use chancery_xmldsig::beside::Untrusted;
use chancery_xmldsig::canonical::inclusive;
use chancery_xmldsig::tree::Tree;
use chancery_xmldsig::verify::{Sha1, VerifyError};

/// Signed by xmlsec 1.2.37 with the first key; namespaces are declared around the signature, anew in it, and undone.
const FOREIGN: &str = include_str!("inclusive.xml");

/// Nobody of one key has signed it, and no certificate came with it.
fn untrusted() -> VerifyError {
    VerifyError::Untrusted(Untrusted { known: 1, sent: Vec::new() })
}

fn changed(from: &str, to: &str) -> VerifyError {
    assert!(FOREIGN.contains(from), "the message holds no {from}");
    check(&FOREIGN.replacen(from, to, 1)).unwrap_err()
}

#[test]
fn a_signed_info_in_inclusive_form_verifies_and_what_it_signs_is_exclusive() {
    let verified = check(FOREIGN).unwrap().unwrap();
    let expected = "<a:Assertion xmlns:a=\"urn:a\" ID=\"_one\">\n    <a:Issuer>idp</a:Issuer>\n    \n    \
                    <a:Subject>user</a:Subject>\n  </a:Assertion>";
    assert_eq!((verified.octets.as_str(), verified.key, verified.weak), (expected, 0, false));
    let other = [key(1).public().clone()];
    assert_eq!(check_with(FOREIGN, &other, Sha1::Refused), Err(untrusted()));
}

#[test]
fn what_was_changed_after_it_was_signed_in_inclusive_form_does_not_count() {
    assert_eq!(changed("user", "root"), VerifyError::Digest);
    assert_eq!(changed("idp", "evil"), VerifyError::Digest);
    assert_eq!(changed("GKsf", "GKsg"), untrusted());
    // Namespaces that nothing uses are signed in this form, wherever they are declared.
    assert_eq!(changed("xmlns:q=\"urn:q\"", ""), untrusted());
    assert_eq!(changed("xmlns:q", "xmlns:e=\"urn:e\" xmlns:q"), untrusted());
    assert_eq!(changed("xmlns:c=\"urn:c\"", ""), untrusted());
    assert_eq!(changed("xmlns:z=\"urn:other\"", ""), untrusted());
    // Comments are not.
    assert!(check(&FOREIGN.replace("nobody", "somebody")).is_ok());
}

#[test]
fn inclusive_form_says_itself_once_and_has_no_list_of_prefixes() {
    let open = format!("<CanonicalizationMethod Algorithm=\"{INCLUSIVE}\"");
    for inside in [
        format!("<e:InclusiveNamespaces xmlns:e=\"{EXCLUSIVE}\" PrefixList=\"a\"/>"),
        format!("<e:InclusiveNamespaces xmlns:e=\"{INCLUSIVE}\" PrefixList=\"a\"/>"),
    ] {
        let error = changed(&format!("{open}/>"), &format!("{open}>{inside}</CanonicalizationMethod>"));
        assert_eq!(error, VerifyError::Unexpected("an element InclusiveNamespaces".to_owned()), "{inside}");
    }
    for other in ["#WithComments", "#", " "] {
        let error = changed(&open, &open.replace(INCLUSIVE, &format!("{INCLUSIVE}{other}")));
        assert!(error.to_string().starts_with("the canonical form"), "{error}");
    }
}

#[test]
fn one_form_is_not_taken_for_the_other() {
    assert_eq!(changed(INCLUSIVE, EXCLUSIVE), untrusted());
    let message = signed("idp").replacen(EXCLUSIVE, INCLUSIVE, 1);
    let sent = vec![certificate(0)];
    assert_eq!(check(&message), Err(VerifyError::Untrusted(Untrusted { known: 1, sent })));
}

#[test]
fn what_stands_around_is_declared_at_the_top_and_attributes_of_xml_are_not_taken_over() {
    let document = r#"<r xmlns="urn:r" xmlns:b="urn:b" xmlns:a="urn:a" xml:lang="de"><a:s xml:space="default"><t/><u xmlns=""><v xmlns:b="urn:c"/></u></a:s></r>"#;
    let tree = Tree::parse(document).unwrap();
    assert_eq!(
        inclusive(tree.root().first_element_child().unwrap()),
        r#"<a:s xmlns="urn:r" xmlns:a="urn:a" xmlns:b="urn:b" xml:space="default"><t></t><u xmlns=""><v xmlns:b="urn:c"></v></u></a:s>"#
    );
}
