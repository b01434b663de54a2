//! The ring of a connection: its keys live as those of every ring do, and each of them opens what was encrypted for it.
//!
//! Partners learn a certificate by hand or from metadata and change it late. So the next key may be named to them
//! before it signs, and what they encrypt for a key is opened until that key is revoked. Must never be made from
//! application signing keys: those open nothing.

use chancery_crypto::key::KeyPair;
use chancery_crypto::rsa::PrivateKey;

use crate::ring::opened;
use crate::{BrokenRing, KeyRing, Kid, PublicHalf, SealedHalf, StoredKey};

/// The keys of one connection, or those that all connections of a tenant share. The latter decrypt, and are RSA keys;
/// those of one connection may be of either kind.
#[derive(Debug)]
pub struct ConnectionRing<K: KeyPair = PrivateKey> {
    ring: KeyRing<K>,
    next: K,
    /// In the order of the ring.
    previous: Vec<K>,
}

/// A key with its private half.
#[derive(Debug)]
pub struct Pair<'a, K: KeyPair = PrivateKey> {
    /// What everybody may see of it.
    pub public: &'a PublicHalf<K::Public>,
    /// The private half.
    pub private: &'a K,
}

impl<K: KeyPair> ConnectionRing<K> {
    /// The only door from storage. `open` unseals a private half: that of every key which is not revoked.
    pub fn restore<E: std::fmt::Display>(
        rows: Vec<StoredKey>,
        open: impl Fn(&Kid, &SealedHalf) -> Result<K, E>,
    ) -> Result<Self, BrokenRing> {
        let ring = KeyRing::restore(rows, &open)?;
        let next = opened(ring.next().public(), ring.next().sealed_half(), &open)?;
        let previous = ring.previous().iter().map(|key| opened(key.public(), key.sealed_half(), &open));
        let previous = previous.collect::<Result<_, _>>()?;
        Ok(Self { ring, next, previous })
    }

    /// The places of the keys, and what may become of them.
    pub fn life(&self) -> &KeyRing<K> {
        &self.ring
    }

    /// The key that signs.
    pub fn signing(&self) -> Pair<'_, K> {
        Pair { public: self.ring.current().public(), private: self.ring.current().private() }
    }

    /// The keys that partners are told of: the one that signs, and the one that will.
    pub fn announced(&self) -> [&PublicHalf<K::Public>; 2] {
        [self.ring.current().public(), self.ring.next().public()]
    }

    /// The keys that partners may have encrypted for: current, next, and those before, the youngest first.
    pub fn decryptors(&self) -> impl Iterator<Item = Pair<'_, K>> {
        let next = Pair { public: self.ring.next().public(), private: &self.next };
        let previous = self.ring.previous().iter().zip(&self.previous);
        let previous = previous.map(|(key, private)| Pair { public: key.public(), private });
        [self.signing(), next].into_iter().chain(previous)
    }
}
