//! JOSE for Chancery: base64url, strict JSON, JWS in compact form, JWT claims, JWK.
//!
//! It turns untrusted text into typed values and typed values into signed text. It knows no tenants, no key rings
//! and no policies: which algorithms, issuers and audiences are right is said by its callers. It must never read a
//! clock, never fetch a key that a token points to, and never hand out anything a token says about its own key.

pub mod base64url;
pub mod json;
pub mod jwk;
pub mod jws;
pub mod jwt;
