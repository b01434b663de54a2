//! RSA keys: parsed once, then used many times.
//!
//! The size and exponent rules live here, so that a key which exists in memory is a key that may be used: 2048 to
//! 8192 bits, odd exponent of at least 65537. It must never print private material, and never accept a key that
//! breaks those rules.

mod encoding;
mod oaep;
mod private;
mod public;

pub use oaep::OaepDigest;
pub use private::PrivateKey;
pub use public::PublicKey;

use crate::certificate::CertificateError;
use crate::pem::PemError;
pub use crate::sign::BadSignature;

/// Why bytes are not a usable RSA key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The bytes are not the DER structure that was expected.
    #[error("not a DER-encoded RSA key in the expected form")]
    Malformed,
    /// The key is of another kind than RSA (rsaEncryption).
    #[error("the key is not an RSA key")]
    NotRsa,
    /// The modulus is too short to be safe.
    #[error("an RSA key must have at least 2048 bits, this one has {0}")]
    TooShort(usize),
    /// The modulus is so long that verifying with it would cost too much.
    #[error("an RSA key may have at most 8192 bits, this one has {0}")]
    TooLong(usize),
    /// The exponent is even.
    #[error("the public exponent of an RSA key must be odd")]
    EvenExponent,
    /// The exponent is 1, 3, 17 or the like.
    #[error("the public exponent of an RSA key must be at least 65537")]
    SmallExponent,
    /// The numbers do not make an RSA key.
    #[error("the cryptographic library does not accept the RSA key")]
    Rejected,
    /// A private key was given where only a public one belongs.
    #[error(
        "this is a private key; expected a PEM block PUBLIC KEY, RSA PUBLIC KEY or CERTIFICATE. \
         Treat the private key as disclosed"
    )]
    Private,
    /// The PEM block holds something else; the label is given.
    #[error("expected a PEM block PUBLIC KEY, RSA PUBLIC KEY or CERTIFICATE, not {0}")]
    UnexpectedLabel(String),
    /// The text is not one PEM block.
    #[error("expected a PEM block PUBLIC KEY, RSA PUBLIC KEY or CERTIFICATE: {0}")]
    Pem(#[from] PemError),
    /// The certificate around the key cannot be read.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// A new key could not be made.
    #[error("the cryptographic library could not generate an RSA key")]
    Generation,
    /// The key could not be written as DER.
    #[error("the cryptographic library could not encode the RSA key")]
    Encoding,
}
