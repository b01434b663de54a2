//! Making an enveloped signature.
//!
//! In two steps, because the key signs elsewhere: [`Unsigned`] digests and says what has to be signed, and
//! [`Unsigned::finish`] puts the signature where it belongs. Must never sign with SHA-1.

use chancery_crypto::algorithm::Algorithm;
use chancery_crypto::base64;
use chancery_crypto::certificate::Certificate;
use chancery_crypto::digest;
use chancery_crypto::sign::{Sign, SignError};

use crate::DS;
use crate::algorithms::{ENVELOPED, EXCLUSIVE, SHA256, SignatureMethod};
use crate::write::Writer;

/// An element that is to be signed, in two halves; the signature goes between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Halves {
    /// From the start tag to where the signature stands.
    pub head: String,
    /// The rest.
    pub tail: String,
}

/// An element whose signature is missing still.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsigned {
    halves: Halves,
    signed_info: String,
}

impl Unsigned {
    /// Digests an element in canonical form that has this id. `inclusive` are the prefixes that occur in values alone.
    pub fn new(halves: Halves, id: &str, inclusive: &str, algorithm: Algorithm) -> Result<Self, SignError> {
        let method = SignatureMethod::uri(algorithm).ok_or(SignError::WrongAlgorithm(algorithm))?;
        let digest = digest::sha256_of([halves.head.as_bytes(), halves.tail.as_bytes()]);
        let mut out = Writer::new();
        out.open("ds:SignedInfo", &[("xmlns:ds", DS)])
            .empty("ds:CanonicalizationMethod", &[("Algorithm", EXCLUSIVE)])
            .empty("ds:SignatureMethod", &[("Algorithm", method)])
            .open("ds:Reference", &[("URI", &["#", id].concat())])
            .open("ds:Transforms", &[])
            .empty("ds:Transform", &[("Algorithm", ENVELOPED)])
            .open("ds:Transform", &[("Algorithm", EXCLUSIVE)]);
        if !inclusive.is_empty() {
            out.empty("ec:InclusiveNamespaces", &[("xmlns:ec", EXCLUSIVE), ("PrefixList", inclusive)]);
        }
        out.close("ds:Transform")
            .close("ds:Transforms")
            .empty("ds:DigestMethod", &[("Algorithm", SHA256)])
            .leaf("ds:DigestValue", &[], &base64::encode(digest))
            .close("ds:Reference")
            .close("ds:SignedInfo");
        Ok(Self { halves, signed_info: out.finish() })
    }

    /// What has to be signed.
    pub fn message(&self) -> &str {
        &self.signed_info
    }

    /// The whole element, signed.
    pub fn finish(&self, signature: &[u8], certificate: &Certificate) -> String {
        let mut out = Writer::new();
        out.written(&self.halves.head)
            .open("ds:Signature", &[("xmlns:ds", DS)])
            .written(&self.signed_info)
            .leaf("ds:SignatureValue", &[], &base64::encode(signature))
            .written(&key_info(certificate))
            .close("ds:Signature")
            .written(&self.halves.tail);
        out.finish()
    }

    /// Both steps at once.
    pub fn sign(&self, signer: &dyn Sign, certificate: &Certificate) -> Result<String, SignError> {
        Ok(self.finish(&signer.sign(self.signed_info.as_bytes())?, certificate))
    }
}

/// The certificate as signatures carry it; the prefix `ds` has to be declared around it.
pub fn key_info(certificate: &Certificate) -> String {
    key_info_with(certificate, &[])
}

/// The certificate as metadata carries it, where nothing around it declares the prefix `ds`.
pub fn key_info_alone(certificate: &Certificate) -> String {
    key_info_with(certificate, &[("xmlns:ds", DS)])
}

fn key_info_with(certificate: &Certificate, declared: &[(&str, &str)]) -> String {
    let mut out = Writer::new();
    out.open("ds:KeyInfo", declared)
        .open("ds:X509Data", &[])
        .leaf("ds:X509Certificate", &[], &certificate.base64_der())
        .close("ds:X509Data")
        .close("ds:KeyInfo");
    out.finish()
}
