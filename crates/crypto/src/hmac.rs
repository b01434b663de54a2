//! HMAC with SHA-256 (RFC 2104), for tokens signed with a shared secret (HS256).
//!
//! The secret must never be printed and never be handed out again.

use std::fmt;

use aws_lc_rs::hmac;

use crate::algorithm::Algorithm;
use crate::digest;
use crate::sign::{Sign, SignError};

/// A secret prepared for HMAC-SHA-256.
#[derive(Clone)]
pub struct HmacKey(hmac::Key);

impl HmacKey {
    /// Prepares a secret of any length; the caller decides how short is too short.
    pub fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, secret))
    }

    /// The tag of a message.
    pub fn sign(&self, message: &[u8]) -> [u8; 32] {
        digest::array(hmac::sign(&self.0, message).as_ref())
    }

    /// Whether the tag is the message's, compared in constant time; a shortened tag is not.
    pub fn verify(&self, message: &[u8], tag: &[u8]) -> bool {
        hmac::verify(&self.0, message, tag).is_ok()
    }
}

impl fmt::Debug for HmacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HmacKey(..)")
    }
}

impl Sign for HmacKey {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Hs256
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        Ok(self.sign(message).to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_is_that_of_rfc_4231_test_case_2() {
        let tag = HmacKey::new(b"Jefe").sign(b"what do ya want for nothing?");
        assert_eq!(tag[..4], [0x5b, 0xdc, 0xc1, 0x46]);
        assert_eq!(tag[28..], [0x64, 0xec, 0x38, 0x43]);
    }

    #[test]
    fn a_changed_or_shortened_tag_is_refused() {
        let key = HmacKey::new(b"secret");
        let mut tag = key.sign(b"message");
        assert!(key.verify(b"message", &tag));
        assert!(!key.verify(b"message", &tag[..31]));
        assert!(!key.verify(b"message", b""));
        assert!(!key.verify(b"massage", &tag));
        tag[31] ^= 1;
        assert!(!key.verify(b"message", &tag));
    }

    #[test]
    fn debug_does_not_print_the_secret() {
        assert_eq!(format!("{:?}", HmacKey::new(b"secret")), "HmacKey(..)");
    }

    #[test]
    fn as_a_signer_it_signs_with_hs256() {
        let key = HmacKey::new(b"secret");
        let signer: &dyn Sign = &key;
        assert_eq!(signer.algorithm(), Algorithm::Hs256);
        assert!(key.verify(b"message", &signer.sign(b"message").unwrap()));
    }
}
