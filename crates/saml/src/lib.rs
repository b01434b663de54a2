//! SAML 2.0 as Chancery speaks it: as identity provider towards applications (`idp`), as service provider towards
//! upstream identity providers (`sp`), and what both share.
//!
//! Request in, decision or message out. Must never read a clock, make an id, keep anything, or read a byte of a message
//! that is not covered by the signature that was asked for.

pub mod binding;
pub mod idp;
pub mod logout;
pub mod moment;
pub mod name_id;
pub mod sp;
pub mod status;

/// The namespace of assertions.
pub const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
/// The namespace of the protocol.
pub const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
/// The namespace of metadata.
pub const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
/// The binding by redirection.
pub const HTTP_REDIRECT: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect";
/// The binding by form.
pub const HTTP_POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
/// The confirmation of whoever bears an assertion.
pub const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
/// The prefixes that an assertion declares for its values, where these have types.
pub const TYPED: &str = "xs xsi";
