//! The public half of an ECDSA key pair: reading it, and verifying with it.
//!
//! It must never verify with a point that is not on its curve, nor a signature that has another form than two numbers
//! of equal width.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, EcdsaVerificationAlgorithm, ParsedPublicKey,
};

use super::KeyError;
use super::encoding::{from_spki, to_spki};
use crate::algorithm::{Algorithm, Curve};
use crate::sign::BadSignature;

/// What a point begins with that has both coordinates (SEC 1 section 2.3.3).
const UNCOMPRESSED: u8 = 4;

/// An ECDSA public key, parsed once; cloning shares it. Equality is that of curve and point.
#[derive(Clone)]
pub struct PublicKey(Arc<Inner>);

struct Inner {
    curve: Curve,
    /// Uncompressed.
    point: Box<[u8]>,
    spki: Box<[u8]>,
    parsed: ParsedPublicKey,
}

fn verifying(curve: Curve) -> &'static EcdsaVerificationAlgorithm {
    match curve {
        Curve::P256 => &ECDSA_P256_SHA256_FIXED,
        Curve::P384 => &ECDSA_P384_SHA384_FIXED,
    }
}

impl PublicKey {
    /// Reads a DER `SubjectPublicKeyInfo` (RFC 5480 section 2) with an uncompressed point on a named curve.
    ///
    /// # Errors
    ///
    /// [`KeyError`] when it is not one.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, KeyError> {
        let (curve, point) = from_spki(der)?;
        Self::from_point(curve, point)
    }

    /// From the coordinates, big endian and each exactly as wide as the curve wants it, as in the members `x` and `y`
    /// of a JWK (RFC 7518 section 6.2.1).
    ///
    /// # Errors
    ///
    /// [`KeyError::Point`] for another width, or a point that is not on the curve.
    pub fn from_coordinates(curve: Curve, x: &[u8], y: &[u8]) -> Result<Self, KeyError> {
        if x.len() != curve.width() || y.len() != curve.width() {
            return Err(KeyError::Point(curve));
        }
        Self::from_point(curve, &[&[UNCOMPRESSED], x, y].concat())
    }

    /// From an uncompressed point.
    pub(super) fn from_point(curve: Curve, point: &[u8]) -> Result<Self, KeyError> {
        if point.len() != 1 + 2 * curve.width() || point.first() != Some(&UNCOMPRESSED) {
            return Err(KeyError::Point(curve));
        }
        // The library looks whether the point is on the curve.
        let parsed = ParsedPublicKey::new(verifying(curve), point).map_err(|_| KeyError::Point(curve))?;
        let spki = to_spki(curve, point)?.into();
        Ok(Self(Arc::new(Inner { curve, point: point.into(), spki, parsed })))
    }

    /// Its curve.
    pub fn curve(&self) -> Curve {
        self.0.curve
    }

    /// The algorithm of its signatures.
    pub fn algorithm(&self) -> Algorithm {
        self.0.curve.algorithm()
    }

    /// The coordinate x, as wide as the curve wants it.
    pub fn x(&self) -> &[u8] {
        &self.0.point[1..=self.0.curve.width()]
    }

    /// The coordinate y, as wide as the curve wants it.
    pub fn y(&self) -> &[u8] {
        &self.0.point[1 + self.0.curve.width()..]
    }

    /// The key as DER `SubjectPublicKeyInfo`.
    pub fn to_spki_der(&self) -> Vec<u8> {
        self.0.spki.to_vec()
    }

    /// Verifies a signature over a whole message: r and s one after the other, each as wide as a coordinate.
    ///
    /// # Errors
    ///
    /// [`BadSignature`].
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        // RFC 7518 section 3.4: any other length is invalid.
        if signature.len() != 2 * self.0.curve.width() {
            return Err(BadSignature);
        }
        self.0.parsed.verify_sig(message, signature).map_err(|_| BadSignature)
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.curve() == other.curve() && self.0.point == other.0.point
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.curve())
    }
}
