//! WS-Federation 1.2 in its passive profile: a browser asks for a token with a few parameters and carries it on in a form.
//! As identity provider towards applications ([`request`], [`respond`], [`metadata`], [`trust_information`]), and as
//! relying party towards others ([`rp`]).
//!
//! Must never read a clock, make an id, send a token anywhere but to a callback of the application, or read a byte of
//! another's token that no trusted key has signed.

pub mod metadata;
pub mod request;
pub mod respond;
pub mod rp;
pub mod trust_information;

/// The namespace of WS-Trust, February 2005.
const TRUST: &str = "http://schemas.xmlsoap.org/ws/2005/02/trust";
/// The namespace of WS-Trust 1.3.
const TRUST13: &str = "http://docs.oasis-open.org/ws-sx/ws-trust/200512";
/// The namespace of the metadata of federations.
const FEDERATION: &str = "http://docs.oasis-open.org/wsfed/federation/200706";
/// The namespace of SAML 1.1, which kept that of 1.0.
pub const SAML11: &str = "urn:oasis:names:tc:SAML:1.0:assertion";
/// The namespace of WS-Addressing.
const ADDRESSING: &str = "http://www.w3.org/2005/08/addressing";
