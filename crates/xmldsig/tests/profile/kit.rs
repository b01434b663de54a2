//! Fixed keys and their certificates, for tests.

use chancery_crypto::algorithm::Algorithm;
use chancery_crypto::certificate::{Certificate, SelfSigned};
use chancery_crypto::rsa::{PrivateKey, PublicKey};
use chancery_crypto::sign::{Sign, SignError};
use chancery_xmldsig::sign::{Halves, Unsigned};
use chancery_xmldsig::tree::Tree;
use chancery_xmldsig::verify::{self, Sha1, Trust, Verified, VerifyError};

/// Signs with RS256, unless a test wants otherwise.
pub(crate) struct Signer(pub(crate) PrivateKey, pub(crate) Algorithm);

impl Sign for Signer {
    fn algorithm(&self) -> Algorithm {
        self.1
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        self.0.sign(self.1, message)
    }
}

/// One of two fixed keys.
pub(crate) fn key(number: usize) -> PrivateKey {
    let keys: [&[u8]; 2] = [
        include_bytes!("../../../server/tests/kit/keys/1.der"),
        include_bytes!("../../../server/tests/kit/keys/2.der"),
    ];
    PrivateKey::from_pkcs8(keys[number]).unwrap()
}

/// The certificate of one of them.
pub(crate) fn certificate(number: usize) -> Certificate {
    let not_before = "2026-01-01T00:00:00Z".parse().unwrap();
    let serial = [u8::try_from(number).unwrap() + 1; 8];
    let request = SelfSigned { common_name: "partner.example", serial, not_before, days: 3650 };
    Certificate::self_signed(request, &key(number)).unwrap()
}

/// A message with an assertion in it, the assertion signed with the first key.
pub(crate) fn signed(text: &str) -> String {
    let head = format!(r#"<a:Assertion xmlns:a="urn:a" ID="_one"><a:Issuer>{text}</a:Issuer>"#);
    let halves = Halves { head, tail: "<a:Subject>user</a:Subject></a:Assertion>".to_owned() };
    let unsigned = Unsigned::new(halves, "_one", "", Algorithm::Rs256).unwrap();
    let assertion = unsigned.sign(&Signer(key(0), Algorithm::Rs256), &certificate(0)).unwrap();
    format!(r#"<p:Response xmlns:p="urn:p" ID="_around">{assertion}</p:Response>"#)
}

/// Verifies the first assertion that stands directly in the message, with the first key.
pub(crate) fn check(message: &str) -> Result<Option<Verified>, VerifyError> {
    check_with(message, &[key(0).public().clone()], Sha1::Refused)
}

/// Like [`check`], with other keys.
pub(crate) fn check_with(
    message: &str,
    keys: &[PublicKey],
    sha1: Sha1,
) -> Result<Option<Verified>, VerifyError> {
    let tree = Tree::parse(message)?;
    let assertion = tree.root().children().find(|child| child.tag_name().name() == "Assertion").unwrap();
    verify::enveloped(&tree, assertion, "ID", Trust { keys, sha1 })
}
