//! ES256 (RFC 7518 section 3.4) with the private keys that others issue: Apple hands them to those who sign in there.
//!
//! It must never make or publish a key: only what was issued elsewhere is signed with. No token of ours is, so the
//! closed list of [`crate::algorithm`] does not know it.

use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};

use crate::pem;
use crate::sign::SignError;

/// A private key on the curve P-256.
pub struct P256Key(EcdsaKeyPair);

/// The text is not such a key. Nothing of the text is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected one PEM block PRIVATE KEY with a PKCS#8 key on the curve P-256")]
pub struct NotP256;

impl P256Key {
    /// Reads a PEM block `PRIVATE KEY` with an unencrypted PKCS#8 structure.
    ///
    /// # Errors
    ///
    /// [`NotP256`] for anything else.
    pub fn from_pem(text: &str) -> Result<Self, NotP256> {
        let block = pem::decode(text).map_err(|_| NotP256)?;
        if block.label != "PRIVATE KEY" {
            return Err(NotP256);
        }
        Self::from_pkcs8(&block.der)
    }

    /// Reads an unencrypted PKCS#8 structure in DER.
    ///
    /// # Errors
    ///
    /// [`NotP256`] for anything else.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, NotP256> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der);
        pair.map(Self).map_err(|_| NotP256)
    }

    /// Signs a message: 64 bytes, r and s one after the other.
    ///
    /// # Errors
    ///
    /// [`SignError::Failed`] when the library fails.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        // The library draws the number that each signature needs, as it does for salts.
        let signature = self.0.sign(&SystemRandom::new(), message).map_err(|_| SignError::Failed)?;
        Ok(signature.as_ref().to_vec())
    }
}

impl fmt::Debug for P256Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("P256Key")
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, KeyPair, UnparsedPublicKey};

    use super::*;
    use crate::pem::LineEnd;

    #[test]
    fn a_signature_of_64_bytes_verifies_and_no_other_key_is_taken() {
        let pkcs8 =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        let text = pem::encode("PRIVATE KEY", pkcs8.as_ref(), LineEnd::Lf);
        let key = P256Key::from_pem(&text).unwrap();
        let signature = key.sign(b"message").unwrap();
        assert_eq!(signature.len(), 64);
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.0.public_key().as_ref());
        assert!(public.verify(b"message", &signature).is_ok());
        assert!(public.verify(b"massage", &signature).is_err());
        assert_eq!(format!("{key:?}"), "P256Key");
        for other in ["", "PRIVATE KEY", &text.replace("PRIVATE", "EC PRIVATE"), &text[..text.len() - 40]] {
            assert!(P256Key::from_pem(other).is_err());
        }
        let rsa = crate::rsa::PrivateKey::generate().unwrap().to_pkcs8().unwrap();
        assert!(P256Key::from_pkcs8(&rsa).is_err());
    }
}
