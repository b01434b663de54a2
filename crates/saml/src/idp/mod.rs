//! The identity provider: an application asks who is signed in, and gets an assertion.
//!
//! [`authn_request`] reads, [`admit`] decides whether the request counts and where its answer goes, [`claims`] turns a
//! profile into attributes, [`respond`] writes the answer, [`metadata`] tells partners what they need.

pub mod admit;
pub mod authn_request;
pub mod claims;
pub mod metadata;
mod party;
pub mod respond;

pub use party::{Encryption, Logout, Party, SignatureTrust, TrustError};

#[cfg(test)]
mod tests;
