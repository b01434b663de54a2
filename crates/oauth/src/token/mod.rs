//! The token endpoint (RFC 6749 section 3.2): what every grant shares.
//!
//! A request is parsed once, into a type that cannot be half right; the client proves who it is before
//! anything is decided; a grant is one file with only its own part.

pub mod authorization_code;
pub mod client_credentials;
mod error;
pub mod refresh_token;
mod request;

#[cfg(test)]
mod tests;

pub use crate::parameters::{Parameters, ParametersError};
pub use error::Error;
pub use request::{Confidential, Grant, PASSWORD, PASSWORD_REALM, Request, credentials};
