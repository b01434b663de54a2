//! What OAuth needs to know of an application.
//!
//! Must never hold a client secret in the clear: a digest is enough to recognise it.

use std::fmt;

use chancery_crypto::algorithm::Algorithm;
use chancery_crypto::rsa::PublicKey;
use jiff::Timestamp;

/// An OAuth client.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its `client_id`.
    pub id: String,
    /// Its name, for the tenant log.
    pub name: String,
    /// How it proves who it is.
    pub authentication: Authentication,
    /// The grant types that it may use.
    pub grant_types: Vec<String>,
}

impl Client {
    /// Whether the application may use this grant type.
    pub fn may_use(&self, grant_type: &str) -> bool {
        self.grant_types.iter().any(|own| own == grant_type)
    }
}

/// How a client authenticates at the token endpoint.
#[derive(Clone)]
pub enum Authentication {
    /// A public client: it does not.
    None,
    /// With its secret, of which this is the SHA-256.
    Secret([u8; 32]),
    /// With an assertion signed by one of these keys (`private_key_jwt`).
    PrivateKeyJwt(Vec<AssertionKey>),
    /// With a method that is stored but not offered yet.
    Unsupported(&'static str),
}

impl fmt::Debug for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            // People choose secrets too, and a digest lets their guesses be tried.
            Self::Secret(_) => f.write_str("Secret(..)"),
            Self::PrivateKeyJwt(keys) => f.debug_tuple("PrivateKeyJwt").field(keys).finish(),
            Self::Unsupported(method) => f.debug_tuple("Unsupported").field(method).finish(),
        }
    }
}

/// A public key that an application registered for its assertions.
#[derive(Debug, Clone)]
pub struct AssertionKey {
    /// The key id that an assertion may name.
    pub kid: String,
    /// The only algorithm that is accepted with this key.
    pub algorithm: Algorithm,
    /// The key.
    pub key: PublicKey,
    /// From when on it is no longer accepted.
    pub expires_at: Option<Timestamp>,
}
