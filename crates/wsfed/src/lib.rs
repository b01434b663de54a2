//! WS-Federation 1.2 in its passive profile, as identity provider: a browser asks for a token with a few parameters and
//! carries it to an application in a form.
//!
//! Must never read a clock, make an id, or send a token anywhere but to a callback of the application.

pub mod metadata;
pub mod request;
pub mod respond;

/// The namespace of WS-Trust, February 2005.
const TRUST: &str = "http://schemas.xmlsoap.org/ws/2005/02/trust";
/// The namespace of SAML 1.1, which kept that of 1.0.
pub const SAML11: &str = "urn:oasis:names:tc:SAML:1.0:assertion";
/// The namespace of WS-Addressing.
const ADDRESSING: &str = "http://www.w3.org/2005/08/addressing";
