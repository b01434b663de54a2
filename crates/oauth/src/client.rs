//! What OAuth needs to know of an application.
//!
//! Must never hold a client secret in the clear: a digest is enough to recognise it.

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
#[derive(Debug, Clone)]
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
