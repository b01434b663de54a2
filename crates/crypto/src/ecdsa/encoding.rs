//! The DER forms of an ECDSA public key (RFC 5480 section 2) and of a signature (RFC 3279 section 2.2.3).
//!
//! It must never judge whether a point is on its curve: that is judged where keys are made.

use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, UintRef};
use der::{Decode, Encode, Sequence};
use x509_cert::spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

use super::KeyError;
use crate::algorithm::Curve;

/// `id-ecPublicKey`, 1.2.840.10045.2.1.
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// `secp256r1`, 1.2.840.10045.3.1.7.
const SECP256R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
/// `secp384r1`, 1.3.132.0.34.
const SECP384R1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");

fn identifier(curve: Curve) -> ObjectIdentifier {
    match curve {
        Curve::P256 => SECP256R1,
        Curve::P384 => SECP384R1,
    }
}

/// The curve and the octets of the point; curves by name alone, never by parameters.
pub(super) fn from_spki(der: &[u8]) -> Result<(Curve, &[u8]), KeyError> {
    let spki = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| KeyError::Malformed)?;
    if spki.algorithm.oid != EC_PUBLIC_KEY {
        return Err(KeyError::NotEc);
    }
    let parameters = spki.algorithm.parameters.ok_or(KeyError::Malformed)?;
    let named: ObjectIdentifier = parameters.decode_as().map_err(|_| KeyError::Curve)?;
    let curve = Curve::ALL.into_iter().find(|curve| identifier(*curve) == named).ok_or(KeyError::Curve)?;
    Ok((curve, spki.subject_public_key.as_bytes().ok_or(KeyError::Malformed)?))
}

pub(super) fn to_spki(curve: Curve, point: &[u8]) -> Result<Vec<u8>, KeyError> {
    let oid = identifier(curve);
    SubjectPublicKeyInfoRef {
        algorithm: AlgorithmIdentifierRef { oid: EC_PUBLIC_KEY, parameters: Some(AnyRef::from(&oid)) },
        subject_public_key: BitStringRef::from_bytes(point).map_err(|_| KeyError::Encoding)?,
    }
    .to_der()
    .map_err(|_| KeyError::Encoding)
}

#[derive(Sequence)]
struct Signature<'a> {
    r: UintRef<'a>,
    s: UintRef<'a>,
}

/// The numbers of a signature as certificates hold them.
pub(crate) fn signature_to_der(signature: &[u8]) -> der::Result<Vec<u8>> {
    let (r, s) = signature.split_at(signature.len() / 2);
    Signature { r: UintRef::new(r)?, s: UintRef::new(s)? }.to_der()
}
