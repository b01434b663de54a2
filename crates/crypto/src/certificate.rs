//! X.509 certificates (RFC 5280): reading them, printing them, and the self-signed ones that carry our own keys.
//!
//! Partners know a signing key by its certificate, so a certificate keeps its exact bytes. This file must never
//! decide whether a certificate is trusted: nothing here checks a chain, and dates are only reported.

mod self_signed;

use std::fmt;
use std::sync::Arc;

use der::asn1::ObjectIdentifier;
use der::{Decode, Encode, Tag, Tagged};
use jiff::Timestamp;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::name::Name;
use x509_cert::time::Time;

use crate::base64;
use crate::digest;
use crate::pem::{self, LineEnd, PemError};
use crate::rsa::{KeyError, PublicKey};
use crate::sign::SignError;

pub use self_signed::SelfSigned;

/// The PEM label of a certificate (RFC 7468 section 5).
const LABEL: &str = "CERTIFICATE";
/// `id-at-commonName`, 2.5.4.3.
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// One X.509 certificate; cloning shares it. Equality is that of the bytes.
#[derive(Clone)]
pub struct Certificate(Arc<Inner>);

struct Inner {
    der: Vec<u8>,
    spki: Vec<u8>,
    not_before: Timestamp,
    not_after: Timestamp,
    common_name: Option<String>,
    subject_dn: String,
}

/// Why there is no certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// The bytes are not an X.509 certificate in DER.
    #[error("not a DER-encoded X.509 certificate: {0}")]
    Malformed(String),
    /// The text is not one PEM block.
    #[error("expected a PEM block CERTIFICATE: {0}")]
    Pem(#[from] PemError),
    /// The PEM block holds something else; the label is given.
    #[error("expected a PEM block CERTIFICATE, not {0}")]
    UnexpectedLabel(String),
    /// The common name is empty or has more than 64 characters (RFC 5280 appendix A.1, ub-common-name).
    #[error("a common name must have 1 to 64 characters")]
    CommonName,
    /// The validity begins before 1970 or ends after 9999.
    #[error("the validity of a certificate must lie between the years 1970 and 9999")]
    Validity,
    /// The structure could not be written.
    #[error("the certificate could not be encoded: {0}")]
    Encoding(String),
    /// The key did not sign.
    #[error(transparent)]
    Sign(#[from] SignError),
}

impl Certificate {
    /// Reads a certificate in DER; nothing may follow it.
    ///
    /// # Errors
    ///
    /// [`CertificateError::Malformed`].
    pub fn from_der(der: Vec<u8>) -> Result<Self, CertificateError> {
        let malformed = |error: der::Error| CertificateError::Malformed(error.to_string());
        let parsed = x509_cert::Certificate::from_der(&der).map_err(malformed)?;
        let tbs = &parsed.tbs_certificate;
        let spki = tbs.subject_public_key_info.to_der().map_err(malformed)?;
        let inner = Inner {
            spki,
            not_before: timestamp(tbs.validity.not_before)?,
            not_after: timestamp(tbs.validity.not_after)?,
            common_name: common_name(&tbs.subject),
            subject_dn: tbs.subject.to_string(),
            der,
        };
        Ok(Self(Arc::new(inner)))
    }

    /// Reads one PEM block `CERTIFICATE`.
    ///
    /// # Errors
    ///
    /// [`CertificateError`].
    pub fn from_pem(text: &str) -> Result<Self, CertificateError> {
        let pem::Block { label, der } = pem::decode(text)?;
        if label != LABEL {
            return Err(CertificateError::UnexpectedLabel(label.to_owned()));
        }
        Self::from_der(der)
    }

    /// The exact bytes.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// PEM as Auth0 answers it: CRLF line ends and none after the `END` line.
    pub fn to_pem(&self) -> String {
        pem::encode(LABEL, self.der(), LineEnd::CrLf)
    }

    /// The DER in standard base64 on one line, as in `x5c` and `ds:X509Certificate`.
    pub fn base64_der(&self) -> String {
        base64::encode(self.der())
    }

    /// SHA-1 of the DER, for fingerprints and `x5t` only.
    pub fn sha1(&self) -> [u8; 20] {
        digest::sha1(self.der())
    }

    /// SHA-256 of the DER.
    pub fn sha256(&self) -> [u8; 32] {
        digest::sha256(self.der())
    }

    /// SHA-1 of the DER in upper-case hex with colons.
    pub fn fingerprint(&self) -> String {
        hex(&self.sha1(), ":")
    }

    /// SHA-1 of the DER in upper-case hex without colons.
    pub fn thumbprint(&self) -> String {
        hex(&self.sha1(), "")
    }

    /// Both digests of the DER as people compare them, in lower-case hex without colons: `SHA-1 …, SHA-256 …`.
    pub fn digests(&self) -> String {
        let lower = |bytes: &[u8]| hex(bytes, "").to_ascii_lowercase();
        format!("SHA-1 {}, SHA-256 {}", lower(&self.sha1()), lower(&self.sha256()))
    }

    /// The first moment of validity.
    pub fn not_before(&self) -> Timestamp {
        self.0.not_before
    }

    /// The last moment of validity.
    pub fn not_after(&self) -> Timestamp {
        self.0.not_after
    }

    /// The subject's common name, when it has one that is text; the last one when it has several, because that is
    /// the most specific.
    pub fn common_name(&self) -> Option<String> {
        self.0.common_name.clone()
    }

    /// The subject as text (RFC 4514).
    pub fn subject_dn(&self) -> String {
        self.0.subject_dn.clone()
    }

    /// The key the certificate speaks for, as DER `SubjectPublicKeyInfo`.
    pub(crate) fn spki(&self) -> &[u8] {
        &self.0.spki
    }

    /// The RSA key the certificate speaks for. For keys of either kind there is
    /// [`KeyPair::certified`](crate::key::KeyPair::certified).
    ///
    /// # Errors
    ///
    /// [`KeyError`] when it is not an RSA key we accept.
    pub fn public_key(&self) -> Result<PublicKey, KeyError> {
        PublicKey::from_spki_der(&self.0.spki)
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der() == other.der()
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({:?}, SHA-1 {})", self.0.subject_dn, self.fingerprint())
    }
}

fn timestamp(time: Time) -> Result<Timestamp, CertificateError> {
    i64::try_from(time.to_unix_duration().as_secs())
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .ok_or(CertificateError::Validity)
}

fn common_name(subject: &Name) -> Option<String> {
    subject
        .0
        .iter()
        .rev()
        .flat_map(|names| names.0.iter())
        .find(|attribute| attribute.oid == COMMON_NAME)
        .and_then(text_of)
}

fn text_of(attribute: &AttributeTypeAndValue) -> Option<String> {
    // All three are subsets of UTF-8; the old 8-, 16- and 32-bit encodings are not worth carrying.
    let utf8 = [Tag::PrintableString, Tag::Utf8String, Tag::Ia5String].contains(&attribute.value.tag());
    utf8.then(|| String::from_utf8(attribute.value.value().to_vec()).ok()).flatten()
}

fn hex(bytes: &[u8], separator: &str) -> String {
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(separator)
}
