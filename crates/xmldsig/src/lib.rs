//! XML as far as signed messages need it: one strict reader, one writer, canonical form, signatures and encryption (XML
//! Signature 1.1, Exclusive XML Canonicalization 1.0, Canonical XML 1.0, XML Encryption 1.1).
//!
//! A narrow profile on purpose: enveloped signatures over one element, found by its id, exclusive canonical form
//! (inclusive for the `SignedInfo` alone), RSA. What was verified is what is read: [`verify::enveloped`] answers the octets
//! that were digested, and those are parsed anew. Must never trust a key that a message brings along, resolve an address,
//! or know what SAML is.

pub mod algorithms;
pub mod beside;
pub mod canonical;
pub mod decrypt;
pub mod encrypt;
mod limits;
pub mod sign;
pub mod tree;
pub mod verify;
pub mod write;

/// The namespace of XML Signature.
pub const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
/// The namespace of XML Encryption.
pub const XENC: &str = "http://www.w3.org/2001/04/xmlenc#";
/// The namespace of XML Encryption 1.1.
pub const XENC11: &str = "http://www.w3.org/2009/xmlenc11#";
