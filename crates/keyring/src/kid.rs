//! Key ids: what a key is called in token headers, in the JWKS and in the Management API.
//!
//! Must never be derived from anything secret; ours are random, those of migrated tenants are kept as they are.

use std::fmt;

/// The id of a signing key (RFC 7517 section 4.5), at most 64 characters of the base64url alphabet.
///
/// New keys get [`Kid::LENGTH`] random characters, as Auth0 tenants do.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kid(Box<str>);

/// A text that cannot be a key id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a key id is 1 to 64 characters of A-Z, a-z, 0-9, '-' and '_'")]
pub struct KidError;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

impl Kid {
    /// Characters in the id of a key made by us.
    pub const LENGTH: usize = 21;

    /// Names a new key from random bytes. Each byte gives one of 64 characters, so there is no bias.
    pub fn from_random(random: [u8; Self::LENGTH]) -> Self {
        Self(random.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 63)])).collect())
    }

    /// The id as it stands on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for Kid {
    type Err = KidError;

    fn from_str(text: &str) -> Result<Self, KidError> {
        let fits = (1..=64).contains(&text.len()) && text.bytes().all(|byte| ALPHABET.contains(&byte));
        if fits { Ok(Self(text.into())) } else { Err(KidError) }
    }
}

impl fmt::Display for Kid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Kid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kid({})", self.0)
    }
}
