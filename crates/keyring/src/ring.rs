//! The ring itself: its one door from storage, its transitions, its public view.
//!
//! The law: exactly one next key and exactly one current key, any number of previous and of revoked keys.
//! The struct says so; [`KeyRing::restore`] refuses rows that do not. Transitions do not change a ring in
//! memory: they answer what storage has to write, and the ring is restored from what was written.

use chancery_crypto::certificate::Certificate;
use chancery_crypto::key::KeyPair;
use chancery_crypto::rsa::{PrivateKey, PublicKey};
use jiff::Timestamp;

use crate::place::{Current, Farewell, Next, Previous, Revoked, SealedHalf};
use crate::{Kid, RingAlgorithm, Signer};

/// The signing keys of one tenant, which are RSA keys; or, of whatever kind, those of a connection.
#[derive(Debug)]
pub struct KeyRing<K: KeyPair = PrivateKey> {
    next: Key<Next, K::Public>,
    current: Key<Current<K>, K::Public>,
    previous: Vec<Key<Previous, K::Public>>,
    revoked: Vec<Key<Revoked, K::Public>>,
}

/// One key in the place `P`.
#[derive(Debug)]
pub struct Key<P, U = PublicKey> {
    public: PublicHalf<U>,
    place: P,
}

/// What everybody may see of a key.
#[derive(Debug, Clone)]
pub struct PublicHalf<U = PublicKey> {
    /// Its id.
    pub kid: Kid,
    /// Its self-signed certificate.
    pub certificate: Certificate,
    /// The key in the certificate, parsed once.
    pub key: U,
}

/// A key as storage keeps it.
#[derive(Debug, Clone)]
pub struct StoredKey {
    /// Its id.
    pub kid: Kid,
    /// Its self-signed certificate.
    pub certificate: Certificate,
    /// Its place and what that place knows.
    pub place: StoredPlace,
}

/// The place of a stored key.
#[derive(Debug, Clone)]
pub enum StoredPlace {
    /// Signs.
    Current {
        /// Its private half.
        sealed: SealedHalf,
        /// Since when it signs.
        since: Timestamp,
    },
    /// Will sign after the next rotation.
    Next {
        /// Its private half.
        sealed: SealedHalf,
    },
    /// Verifies only.
    Previous {
        /// Its private half, out of use.
        sealed: SealedHalf,
        /// Since when it signed.
        since: Timestamp,
        /// Until when it signed.
        until: Timestamp,
    },
    /// Good for nothing.
    Revoked {
        /// Since when it signed, if it ever did.
        since: Option<Timestamp>,
        /// Until when it signed.
        until: Option<Timestamp>,
        /// When it was revoked.
        at: Timestamp,
        /// The token that it was revoked with, if the key itself had signed it.
        farewell: Option<Farewell>,
    },
}

/// Rows that are no key ring.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrokenRing {
    /// No key signs.
    #[error("the key ring has no current key")]
    NoCurrent,
    /// Two keys claim to sign.
    #[error("the key ring has two current keys, {0} and {1}")]
    TwoCurrent(Kid, Kid),
    /// No key waits.
    #[error("the key ring has no next key")]
    NoNext,
    /// Two keys claim to wait.
    #[error("the key ring has two next keys, {0} and {1}")]
    TwoNext(Kid, Kid),
    /// The certificate holds no usable key.
    #[error("the certificate of key {0} cannot be read: {1}")]
    Certificate(Kid, String),
    /// The private half cannot be opened.
    #[error("the private half of key {0} cannot be opened: {1}")]
    Private(Kid, String),
    /// Private half and certificate are not a pair.
    #[error("the private half of key {0} does not belong to its certificate")]
    Mismatch(Kid),
}

/// Why a key was not revoked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RevokeError {
    /// It signs now.
    #[error(
        "The key is the current signing key and cannot be revoked. Rotate first: it is then a previous key, and a previous key can be revoked."
    )]
    StillSigning,
    /// It will sign next.
    #[error(
        "The key is the next signing key and cannot be revoked. Only a previous key can be revoked: rotate twice, then revoke it."
    )]
    NextInQueue,
    /// It was revoked before.
    #[error("The key is already revoked. Nothing is left to do.")]
    AlreadyRevoked,
    /// No such key in this ring.
    #[error("Signing key not found.")]
    Unknown,
}

/// What a rotation changes. Everything else in the ring stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotating {
    /// The current key: becomes previous, having signed until `now`.
    pub retire: Kid,
    /// The next key: becomes current, signing since `now`.
    pub promote: Kid,
    /// The moment of both.
    pub now: Timestamp,
}

/// What a revocation changes: this previous key loses its private half and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoking {
    /// The key.
    pub kid: Kid,
    /// When.
    pub now: Timestamp,
}

impl<K: KeyPair> KeyRing<K> {
    /// The only door from storage. `open` unseals a private half; it is called for the current key alone.
    pub fn restore<E: std::fmt::Display>(
        rows: Vec<StoredKey>,
        open: impl FnOnce(&Kid, &SealedHalf) -> Result<K, E>,
    ) -> Result<Self, BrokenRing> {
        let mut next: Option<Key<Next, K::Public>> = None;
        let mut current: Option<(PublicHalf<K::Public>, SealedHalf, Timestamp)> = None;
        let (mut previous, mut revoked) = (Vec::new(), Vec::new());
        for StoredKey { kid, certificate, place } in rows {
            let key = K::certified(&certificate)
                .map_err(|error| BrokenRing::Certificate(kid.clone(), error.to_string()))?;
            let public = PublicHalf { kid, certificate, key };
            match place {
                StoredPlace::Next { sealed } => {
                    if let Some(other) = &next {
                        return Err(BrokenRing::TwoNext(other.public.kid.clone(), public.kid));
                    }
                    next = Some(Key { public, place: Next { sealed } });
                }
                StoredPlace::Current { sealed, since } => {
                    if let Some((other, ..)) = &current {
                        return Err(BrokenRing::TwoCurrent(other.kid.clone(), public.kid));
                    }
                    current = Some((public, sealed, since));
                }
                StoredPlace::Previous { sealed, since, until } => {
                    previous.push(Key { public, place: Previous { sealed, since, until } });
                }
                StoredPlace::Revoked { since, until, at, farewell } => {
                    revoked.push(Key { public, place: Revoked { since, until, at, farewell } });
                }
            }
        }
        let (public, sealed, since) = current.ok_or(BrokenRing::NoCurrent)?;
        let private = opened(&public, &sealed, open)?;
        // The youngest first, in both lists: that is the order in which people look for them.
        previous.sort_by_key(|key: &Key<Previous, _>| std::cmp::Reverse(key.place.until));
        revoked.sort_by_key(|key: &Key<Revoked, _>| std::cmp::Reverse(key.place.at));
        Ok(Self {
            next: next.ok_or(BrokenRing::NoNext)?,
            current: Key { public, place: Current { private, since } },
            previous,
            revoked,
        })
    }

    /// Decides a rotation: next becomes current, current becomes previous. Storage adds a fresh next key.
    ///
    /// If the clock jumped back, the moment is that of the rotation before: no key ends before it began, and the
    /// keys stay in their order.
    pub fn rotate(&self, now: Timestamp) -> Rotating {
        let now = now.max(self.current.since());
        Rotating { retire: self.current.kid().clone(), promote: self.next.kid().clone(), now }
    }

    /// Decides a revocation. Only a previous key can be revoked.
    pub fn revoke(&self, kid: &Kid, now: Timestamp) -> Result<Revoking, RevokeError> {
        if self.current.kid() == kid {
            Err(RevokeError::StillSigning)
        } else if self.next.kid() == kid {
            Err(RevokeError::NextInQueue)
        } else if self.previous.iter().any(|key| key.kid() == kid) {
            Ok(Revoking { kid: kid.clone(), now })
        } else if self.revoked.iter().any(|key| key.kid() == kid) {
            Err(RevokeError::AlreadyRevoked)
        } else {
            Err(RevokeError::Unknown)
        }
    }

    /// The keys that anybody may learn, in the order of the JWKS: current, next, previous.
    pub fn published(&self) -> impl Iterator<Item = &PublicHalf<K::Public>> {
        [&self.current.public, &self.next.public]
            .into_iter()
            .chain(self.previous.iter().map(|key| &key.public))
    }

    /// The key that verifies a token with this `kid`: the current one or a previous one.
    ///
    /// The next key has signed nothing, so a token that names it is forged or stolen; a revoked key is dead. So
    /// is one whose certificate has expired: no token outlives the certificate, so whoever comes with a good one
    /// has got hold of an old key.
    pub fn verifier(&self, kid: &str, now: Timestamp) -> Option<&K::Public> {
        std::iter::once(&self.current.public)
            .chain(self.previous.iter().map(|key| &key.public))
            .find(|public| public.kid.as_str() == kid)
            .filter(|public| now < public.certificate.not_after())
            .map(|public| &public.key)
    }

    /// The key that verifies the one token which a just revoked key was revoked with: see [`Farewell`].
    pub fn farewell(&self, kid: &str, token_digest: &[u8; 32], now: Timestamp) -> Option<&K::Public> {
        let key = self.revoked.iter().find(|key| key.public.kid.as_str() == kid)?;
        let same = chancery_crypto::digest::equal(key.place.farewell.as_ref()?.digest(), token_digest);
        let passed = now.duration_since(key.place.at);
        // A clock that jumped back does not open the door again for longer.
        let open = !passed.is_negative() && passed < Farewell::LENGTH;
        (same && open).then_some(&key.public.key)
    }

    /// The key that waits.
    pub fn next(&self) -> &Key<Next, K::Public> {
        &self.next
    }

    /// The key that signs.
    pub fn current(&self) -> &Key<Current<K>, K::Public> {
        &self.current
    }

    /// The keys that signed and still verify, the youngest first.
    pub fn previous(&self) -> &[Key<Previous, K::Public>] {
        &self.previous
    }

    /// The dead keys, the last revoked first.
    pub fn revoked(&self) -> &[Key<Revoked, K::Public>] {
        &self.revoked
    }
}

impl KeyRing {
    /// The only maker of a [`Signer`]: it signs with the current key, which is an RSA key.
    pub fn signer(&self, algorithm: RingAlgorithm) -> Signer {
        Signer::new(&self.current.public, &self.current.place.private, algorithm)
    }
}

/// Opens a private half, which has to belong to its certificate.
pub(crate) fn opened<K: KeyPair, E: std::fmt::Display>(
    public: &PublicHalf<K::Public>,
    sealed: &SealedHalf,
    open: impl FnOnce(&Kid, &SealedHalf) -> Result<K, E>,
) -> Result<K, BrokenRing> {
    let private = open(&public.kid, sealed)
        .map_err(|error| BrokenRing::Private(public.kid.clone(), error.to_string()))?;
    if private.belongs_to(&public.key) { Ok(private) } else { Err(BrokenRing::Mismatch(public.kid.clone())) }
}

impl<P, U> Key<P, U> {
    /// Its id.
    pub fn kid(&self) -> &Kid {
        &self.public.kid
    }

    /// What everybody may see of it.
    pub fn public(&self) -> &PublicHalf<U> {
        &self.public
    }
}

impl<U> Key<Next, U> {
    /// The private half, for storage.
    pub fn sealed_half(&self) -> &SealedHalf {
        &self.place.sealed
    }
}

impl<K, U> Key<Current<K>, U> {
    /// Since when it signs.
    pub fn since(&self) -> Timestamp {
        self.place.since
    }

    /// The private half, for the ring of a connection: what it signs is not made of algorithms of JOSE alone.
    pub(crate) fn private(&self) -> &K {
        &self.place.private
    }
}

impl<U> Key<Previous, U> {
    /// Since when it signed.
    pub fn since(&self) -> Timestamp {
        self.place.since
    }

    /// Until when it signed.
    pub fn until(&self) -> Timestamp {
        self.place.until
    }

    /// The door that the ring of a connection uses, and that a staged rollover will; the bytes stay sealed here.
    pub fn sealed_half(&self) -> &SealedHalf {
        &self.place.sealed
    }
}

impl<U> Key<Revoked, U> {
    /// Since when it signed, if it ever did.
    pub fn since(&self) -> Option<Timestamp> {
        self.place.since
    }

    /// Until when it signed.
    pub fn until(&self) -> Option<Timestamp> {
        self.place.until
    }

    /// When it was revoked.
    pub fn revoked_at(&self) -> Timestamp {
        self.place.at
    }
}
