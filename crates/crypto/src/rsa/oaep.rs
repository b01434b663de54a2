//! RSA-OAEP (RFC 8017 section 7.1): keys of contents, wrapped for a partner and unwrapped from one.
//!
//! Must never offer PKCS#1 v1.5, whose every answer is an oracle.

use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, OaepPublicEncryptingKey,
    PrivateDecryptingKey, PublicEncryptingKey,
};

use super::{PrivateKey, PublicKey};
use crate::cipher::CipherError;

/// The digest of OAEP and of its mask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OaepDigest {
    /// SHA-1, which is safe here.
    Sha1,
    /// SHA-256.
    Sha256,
}

impl PublicKey {
    /// Wraps a key for the holder of the private half, with SHA-1 and MGF1 (`rsa-oaep-mgf1p`).
    ///
    /// # Errors
    ///
    /// [`CipherError`] when the text is too long for the key.
    pub fn encrypt_oaep(&self, plain: &[u8]) -> Result<Vec<u8>, CipherError> {
        let key = PublicEncryptingKey::from_der(&self.to_spki_der()).map_err(|_| CipherError)?;
        let key = OaepPublicEncryptingKey::new(key).map_err(|_| CipherError)?;
        let mut out = vec![0; key.ciphertext_size()];
        let wrapped = key.encrypt(&OAEP_SHA1_MGF1SHA1, plain, &mut out, None).map_err(|_| CipherError)?;
        Ok(wrapped.to_vec())
    }
}

impl PrivateKey {
    /// Unwraps a key.
    ///
    /// # Errors
    ///
    /// [`CipherError`], whatever was wrong.
    pub fn decrypt_oaep(&self, digest: OaepDigest, wrapped: &[u8]) -> Result<Vec<u8>, CipherError> {
        let der = self.to_pkcs8().map_err(|_| CipherError)?;
        let key = PrivateDecryptingKey::from_pkcs8(&der).map_err(|_| CipherError)?;
        let key = OaepPrivateDecryptingKey::new(key).map_err(|_| CipherError)?;
        let algorithm = match digest {
            OaepDigest::Sha1 => &OAEP_SHA1_MGF1SHA1,
            OaepDigest::Sha256 => &OAEP_SHA256_MGF1SHA256,
        };
        let mut out = vec![0; key.min_output_size()];
        let plain = key.decrypt(algorithm, wrapped, &mut out, None).map_err(|_| CipherError)?;
        Ok(plain.to_vec())
    }
}
