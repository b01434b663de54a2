//! The life of a tenant's application signing keys: next, current, previous, revoked.
//!
//! Owns the states, the transitions between them and the only way to a [`Signer`]. It decides and nothing
//! else: storage, clocks, randomness, sealing and the making of keys belong to `server`. A state that may
//! not sign has no function that could. The keys of connections have the same life in a [`ConnectionRing`]; they alone
//! may be of another kind than RSA.

mod connection;
mod kid;
mod place;
mod ring;
mod signer;

#[cfg(test)]
mod tests;

pub use connection::{ConnectionRing, Pair};
pub use kid::{Kid, KidError};
pub use place::{Current, Farewell, Next, Previous, Revoked, SealedHalf};
pub use ring::{
    BrokenRing, Key, KeyRing, PublicHalf, RevokeError, Revoking, Rotating, StoredKey, StoredPlace,
};
pub use signer::{NotForRings, RingAlgorithm, Signer};
