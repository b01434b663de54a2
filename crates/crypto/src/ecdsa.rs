//! ECDSA keys (RFC 7518 section 3.4): parsed once, then used many times.
//!
//! A key lies on one curve and therefore has one algorithm. Signatures are the two numbers of equal width one after the
//! other; the DER form exists for certificates alone. It must never print private material, nor accept a point that is
//! not on its curve.

mod encoding;
mod private;
mod public;

pub use private::PrivateKey;
pub use public::PublicKey;

use crate::algorithm::Curve;

pub(crate) use encoding::signature_to_der;

/// Why bytes are not a usable ECDSA key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The bytes are not the DER structure that was expected.
    #[error("not a DER-encoded key on the curve P-256 or P-384 in the expected form")]
    Malformed,
    /// The key is of another kind (not id-ecPublicKey).
    #[error("the key is not a key on an elliptic curve")]
    NotEc,
    /// The curve is one that is not known here.
    #[error("the key is on another curve than P-256 or P-384")]
    Curve,
    /// The coordinates have another length than those of the curve, or are no point on it.
    #[error("the coordinates are no point on the curve {0}")]
    Point(Curve),
    /// A private key on this curve was expected.
    #[error("expected one PEM block PRIVATE KEY with a PKCS#8 key on the curve {0}")]
    Private(Curve),
    /// A new key could not be made.
    #[error("the cryptographic library could not generate an ECDSA key")]
    Generation,
    /// The key could not be written as DER.
    #[error("the cryptographic library could not encode the ECDSA key")]
    Encoding,
}
