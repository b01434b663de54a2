//! The certificate a tenant's own key carries: self-signed, shaped as Auth0 shapes its own.
//!
//! It must never draw a serial number or read a clock: both come in.

use core::time::Duration;

use der::asn1::ObjectIdentifier;
use der::asn1::{Any, BitString, GeneralizedTime, OctetString, SetOfVec, UtcTime};
use der::oid::AssociatedOid;
use der::{DateTime, Decode, Encode, Tag};
use jiff::Timestamp;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::certificate::{TbsCertificate, Version};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage, KeyUsages, SubjectKeyIdentifier};
use x509_cert::name::{Name, RdnSequence, RelativeDistinguishedName};
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::time::{Time, Validity};

use super::{COMMON_NAME, Certificate, CertificateError};
use crate::algorithm::{Algorithm, Curve};
use crate::digest;
use crate::ecdsa::signature_to_der;
use crate::key::PrivateKey;

/// `sha256WithRSAEncryption`, 1.2.840.113549.1.1.11.
const SHA256_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
/// `ecdsa-with-SHA256`, 1.2.840.10045.4.3.2.
const ECDSA_WITH_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
/// `ecdsa-with-SHA384`, 1.2.840.10045.4.3.3.
const ECDSA_WITH_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
/// The longest common name (RFC 5280 appendix A.1, ub-common-name), in characters.
const MAX_COMMON_NAME: usize = 64;
/// The last year written as UTCTime (RFC 5280 section 4.1.2.5).
const LAST_UTC_YEAR: u16 = 2049;
const SECONDS_OF_A_DAY: i64 = 86_400;

/// What a self-signed certificate says.
#[derive(Clone, Copy, Debug)]
pub struct SelfSigned<'a> {
    /// Common name of subject and issuer, 1 to 64 characters.
    pub common_name: &'a str,
    /// Random bytes for the serial number; they are made positive and non-zero here.
    pub serial: [u8; 8],
    /// The first moment of validity; fractions of a second are dropped.
    pub not_before: Timestamp,
    /// How many days of 86400 seconds the certificate is valid.
    pub days: u32,
}

impl Certificate {
    /// Makes the certificate of a key, signed by that key: X.509 v3, sha256WithRSAEncryption or else ECDSA with the
    /// digest of the curve, CA:TRUE, subject key identifier, key usage digitalSignature and keyCertSign.
    ///
    /// # Errors
    ///
    /// [`CertificateError`] for a common name or a validity that X.509 cannot express, or when signing fails.
    pub fn self_signed<K>(request: SelfSigned<'_>, key: &K) -> Result<Self, CertificateError>
    where
        K: Clone + Into<PrivateKey>,
    {
        let SelfSigned { common_name, serial, not_before, days } = request;
        let name = name_of(common_name)?;
        let validity = validity_of(not_before, days)?;
        let der = encode(name, validity, serial, &key.clone().into())?;
        // Reading it back proves it well-formed and fills what the accessors answer.
        Self::from_der(der)
    }
}

fn encode(
    name: Name,
    validity: Validity,
    serial: [u8; 8],
    key: &PrivateKey,
) -> Result<Vec<u8>, CertificateError> {
    let algorithm = signature_algorithm(key);
    let spki = SubjectPublicKeyInfoOwned::from_der(&key.public().to_spki_der()).map_err(encoding)?;
    let tbs = TbsCertificate {
        version: Version::V3,
        serial_number: SerialNumber::new(&positive(serial)).map_err(encoding)?,
        signature: algorithm.clone(),
        issuer: name.clone(),
        validity,
        subject: name,
        extensions: Some(extensions(&spki)?),
        subject_public_key_info: spki,
        issuer_unique_id: None,
        subject_unique_id: None,
    };
    let signature = sign(key, &tbs.to_der().map_err(encoding)?)?;
    x509_cert::Certificate {
        tbs_certificate: tbs,
        signature_algorithm: algorithm,
        signature: BitString::from_bytes(&signature).map_err(encoding)?,
    }
    .to_der()
    .map_err(encoding)
}

fn signature_algorithm(key: &PrivateKey) -> AlgorithmIdentifierOwned {
    // ECDSA has no parameters, not even null (RFC 5758 section 3.2).
    let (oid, parameters) = match key {
        PrivateKey::Rsa(_) => (SHA256_WITH_RSA, Some(Any::null())),
        PrivateKey::Ec(key) => match key.public().curve() {
            Curve::P256 => (ECDSA_WITH_SHA256, None),
            Curve::P384 => (ECDSA_WITH_SHA384, None),
        },
    };
    AlgorithmIdentifierOwned { oid, parameters }
}

fn sign(key: &PrivateKey, tbs: &[u8]) -> Result<Vec<u8>, CertificateError> {
    match key {
        PrivateKey::Rsa(key) => Ok(key.sign(Algorithm::Rs256, tbs)?),
        PrivateKey::Ec(key) => signature_to_der(&key.sign(tbs)?).map_err(encoding),
    }
}

fn extensions(spki: &SubjectPublicKeyInfoOwned) -> Result<Vec<Extension>, CertificateError> {
    // RFC 5280 section 4.2.1.2 method (1): SHA-1 of the key's bits.
    let key_id = digest::sha1(spki.subject_public_key.raw_bytes());
    let key_id = SubjectKeyIdentifier(OctetString::new(key_id).map_err(encoding)?);
    let usage = KeyUsage(KeyUsages::DigitalSignature | KeyUsages::KeyCertSign);
    Ok(vec![
        extension(true, &BasicConstraints { ca: true, path_len_constraint: None })?,
        extension(false, &key_id)?,
        extension(true, &usage)?,
    ])
}

fn extension<T: AssociatedOid + Encode>(critical: bool, value: &T) -> Result<Extension, CertificateError> {
    let extn_value = OctetString::new(value.to_der().map_err(encoding)?).map_err(encoding)?;
    Ok(Extension { extn_id: T::OID, critical, extn_value })
}

fn name_of(common_name: &str) -> Result<Name, CertificateError> {
    let length = common_name.chars().count();
    if length == 0 || length > MAX_COMMON_NAME {
        return Err(CertificateError::CommonName);
    }
    let tag = if common_name.bytes().all(is_printable) { Tag::PrintableString } else { Tag::Utf8String };
    let value = Any::new(tag, common_name.as_bytes()).map_err(encoding)?;
    let names =
        SetOfVec::try_from(vec![AttributeTypeAndValue { oid: COMMON_NAME, value }]).map_err(encoding)?;
    Ok(RdnSequence(vec![RelativeDistinguishedName(names)]))
}

/// The characters of PrintableString (X.680 section 41.4).
fn is_printable(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&byte)
}

fn validity_of(not_before: Timestamp, days: u32) -> Result<Validity, CertificateError> {
    let start = not_before.as_second();
    let end = start + i64::from(days) * SECONDS_OF_A_DAY;
    Ok(Validity { not_before: time_of(start)?, not_after: time_of(end)? })
}

fn time_of(unix_seconds: i64) -> Result<Time, CertificateError> {
    let seconds = u64::try_from(unix_seconds).map_err(|_| CertificateError::Validity)?;
    let date =
        DateTime::from_unix_duration(Duration::from_secs(seconds)).map_err(|_| CertificateError::Validity)?;
    if date.year() <= LAST_UTC_YEAR {
        UtcTime::from_date_time(date).map(Time::UtcTime).map_err(|_| CertificateError::Validity)
    } else {
        Ok(Time::GeneralTime(GeneralizedTime::from_date_time(date)))
    }
}

/// A serial number must be positive (RFC 5280 section 4.1.2.2). The top bit is cleared for the sign and the next one
/// set, so that the number is never zero and always takes eight bytes.
fn positive(mut serial: [u8; 8]) -> [u8; 8] {
    serial[0] = (serial[0] & 0x7f) | 0x40;
    serial
}

fn encoding(error: der::Error) -> CertificateError {
    CertificateError::Encoding(error.to_string())
}
