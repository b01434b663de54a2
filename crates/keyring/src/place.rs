//! The four places of a key in the ring, each with exactly the data that its state knows.
//!
//! Must never grow a status flag: what a key may do follows from the type of its place alone.

use std::fmt;

use chancery_crypto::rsa::PrivateKey;
use jiff::Timestamp;

/// A private half as storage keeps it: sealed under the master key, opaque here.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedHalf(Vec<u8>);

impl SealedHalf {
    /// Wraps what the seal produced.
    pub fn new(sealed: Vec<u8>) -> Self {
        Self(sealed)
    }

    /// The sealed bytes, for storage.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SealedHalf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealedHalf({} bytes)", self.0.len())
    }
}

/// Published so that relying parties can learn it; signs after the next rotation, not before.
#[derive(Debug)]
pub struct Next {
    pub(crate) sealed: SealedHalf,
}

/// The one key that signs.
#[derive(Debug)]
pub struct Current {
    pub(crate) private: PrivateKey,
    pub(crate) since: Timestamp,
}

/// Signed once, is still published, and verifies until it is revoked.
///
/// Its sealed private half is kept for a staged rollover or a rollback: [`Key::<Previous>::sealed_half`] is
/// the only door to it and nothing opens it yet.
///
/// [`Key::<Previous>::sealed_half`]: crate::Key::sealed_half
#[derive(Debug)]
pub struct Previous {
    pub(crate) sealed: SealedHalf,
    pub(crate) since: Timestamp,
    pub(crate) until: Timestamp,
}

/// Never usable again; its private half no longer exists anywhere.
#[derive(Debug)]
pub struct Revoked {
    pub(crate) since: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
    pub(crate) at: Timestamp,
}
