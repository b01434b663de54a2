//! The two DER forms of an RSA public key: PKCS#1 (RFC 8017 appendix A.1.1) and SubjectPublicKeyInfo (RFC 3279
//! section 2.3.1).
//!
//! It must never judge a key: sizes and exponents are judged where keys are made.

use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, UintRef};
use der::{Decode, Encode, Sequence};
use x509_cert::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

use super::KeyError;

/// `rsaEncryption`, 1.2.840.113549.1.1.1.
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// `RSAPublicKey`: both numbers big endian without leading zeros.
#[derive(Sequence)]
pub(super) struct Components<'a> {
    pub(super) modulus: UintRef<'a>,
    pub(super) exponent: UintRef<'a>,
}

impl<'a> Components<'a> {
    /// From numbers that may have leading zeros, as some JWK writers leave them.
    pub(super) fn new(n: &'a [u8], e: &'a [u8]) -> Result<Self, KeyError> {
        let modulus = UintRef::new(n).map_err(|_| KeyError::Malformed)?;
        let exponent = UintRef::new(e).map_err(|_| KeyError::Malformed)?;
        Ok(Self { modulus, exponent })
    }

    pub(super) fn from_pkcs1(der: &'a [u8]) -> Result<Self, KeyError> {
        Self::from_der(der).map_err(|_| KeyError::Malformed)
    }

    pub(super) fn from_spki(der: &'a [u8]) -> Result<Self, KeyError> {
        let spki = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| KeyError::Malformed)?;
        // RSASSA-PSS keys (1.2.840.113549.1.1.10) carry restrictions this crate would not keep, so they are refused.
        if spki.algorithm.oid != RSA_ENCRYPTION {
            return Err(KeyError::NotRsa);
        }
        if !spki.algorithm.parameters.is_some_and(AnyRef::is_null) {
            return Err(KeyError::Malformed);
        }
        Self::from_pkcs1(spki.subject_public_key.as_bytes().ok_or(KeyError::Malformed)?)
    }

    pub(super) fn to_spki(&self) -> Result<Vec<u8>, KeyError> {
        let pkcs1 = self.to_der().map_err(|_| KeyError::Encoding)?;
        SubjectPublicKeyInfoRef {
            algorithm: AlgorithmIdentifierRef { oid: RSA_ENCRYPTION, parameters: Some(AnyRef::NULL) },
            subject_public_key: BitStringRef::from_bytes(&pkcs1).map_err(|_| KeyError::Encoding)?,
        }
        .to_der()
        .map_err(|_| KeyError::Encoding)
    }
}
