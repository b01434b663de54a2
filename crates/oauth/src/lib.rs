//! OAuth 2.0 as pure decisions: a request and what is known in, a decision or a precise error out.
//!
//! Owns the rules of the token endpoint, client authentication, access tokens and the discovery document.
//! Deliberately absent: storage, HTTP, clocks, randomness, and our aggregates — `server` translates those
//! into the small types of this crate.

pub mod access_token;
pub mod api;
pub mod client;
pub mod client_auth;
pub mod discovery;
pub mod scope;
pub mod token;
