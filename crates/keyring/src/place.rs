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
pub struct Current<K = PrivateKey> {
    pub(crate) private: K,
    pub(crate) since: Timestamp,
}

/// Signed once, is still published, and verifies until it is revoked.
///
/// Its sealed private half is kept for a staged rollover or a rollback: [`Key::<Previous>::sealed_half`] is
/// the only door to it. A [`ConnectionRing`](crate::ConnectionRing) alone opens it, to decrypt.
///
/// [`Key::<Previous>::sealed_half`]: crate::Key::sealed_half
#[derive(Debug)]
pub struct Previous {
    pub(crate) sealed: SealedHalf,
    pub(crate) since: Timestamp,
    pub(crate) until: Timestamp,
}

/// Never usable again; its private half no longer exists anywhere. See [`Farewell`] for its last minute.
#[derive(Debug)]
pub struct Revoked {
    pub(crate) since: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
    pub(crate) at: Timestamp,
    pub(crate) farewell: Option<Farewell>,
}

/// The one token that outlives its key for a moment: the one that the key was revoked with.
///
/// A tool that rotates and revokes has its own token signed by the key that it revokes, and has to be able to
/// finish its work with it. Every other token of the key is refused at once.
#[derive(Clone, PartialEq, Eq)]
pub struct Farewell([u8; 32]);

impl Farewell {
    /// How long, after the revocation.
    pub const LENGTH: jiff::SignedDuration = jiff::SignedDuration::from_secs(60);

    /// From the SHA-256 of the token.
    pub fn new(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// The SHA-256 of the token.
    pub fn digest(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Farewell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Farewell")
    }
}
