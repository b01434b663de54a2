//! The door through which everything above signs: one object-safe trait.
//!
//! Tokens and XML documents are signed by crates that lie below the keyring, so they take a `&dyn Sign` and never
//! see a key or a ring. An implementation must never sign with another algorithm than the one it names.

use crate::algorithm::Algorithm;

/// Something that signs with one key and one algorithm.
pub trait Sign: Send + Sync {
    /// The algorithm of every signature this makes.
    fn algorithm(&self) -> Algorithm;

    /// Signs the message; the digest is part of the algorithm, so the message is given whole.
    ///
    /// # Errors
    ///
    /// [`SignError`] when the key cannot make such a signature.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError>;
}

/// The signature is not this key's, or is not a signature at all; which one is nobody's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not verify")]
pub struct BadSignature;

/// Why there is no signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The key is of another kind than the algorithm needs.
    #[error("this key cannot sign with {}", .0.name())]
    WrongAlgorithm(Algorithm),
    /// The cryptographic library refused.
    #[error("the cryptographic library could not sign")]
    Failed,
}
