//! The ciphers of XML Encryption 1.1: AES in GCM, and in CBC for partners that know nothing better.
//!
//! What is sealed for ourselves is in `seal`. Must never tell why something was not opened.

use aws_lc_rs::aead::{
    AES_128_GCM, AES_192_GCM, AES_256_GCM, Aad, Algorithm, LessSafeKey, Nonce, UnboundKey,
};
use aws_lc_rs::cipher::{
    AES_128, AES_256, DecryptingKey, DecryptionContext, EncryptionContext, PaddedBlockEncryptingKey,
    UnboundCipherKey,
};

/// Bytes of a block of AES.
const BLOCK: usize = 16;

/// A cipher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cipher {
    /// AES-128 in GCM.
    Aes128Gcm,
    /// AES-192 in GCM.
    Aes192Gcm,
    /// AES-256 in GCM.
    Aes256Gcm,
    /// AES-128 in CBC: nothing notices a change of the content.
    Aes128Cbc,
    /// AES-256 in CBC: nothing notices a change of the content.
    Aes256Cbc,
}

/// It did not work; why is nobody's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cipher failed")]
pub struct CipherError;

impl Cipher {
    /// Bytes of a key.
    pub fn key_length(self) -> usize {
        match self {
            Self::Aes128Gcm | Self::Aes128Cbc => 16,
            Self::Aes192Gcm => 24,
            Self::Aes256Gcm | Self::Aes256Cbc => 32,
        }
    }

    /// Bytes of a nonce or an initialisation vector.
    pub fn nonce_length(self) -> usize {
        if self.is_authenticated() { 12 } else { BLOCK }
    }

    /// Whether a change of the content is noticed.
    pub fn is_authenticated(self) -> bool {
        self.gcm().is_some()
    }

    fn gcm(self) -> Option<&'static Algorithm> {
        match self {
            Self::Aes128Gcm => Some(&AES_128_GCM),
            Self::Aes192Gcm => Some(&AES_192_GCM),
            Self::Aes256Gcm => Some(&AES_256_GCM),
            Self::Aes128Cbc | Self::Aes256Cbc => None,
        }
    }

    fn block_key(self, key: &[u8]) -> Result<UnboundCipherKey, CipherError> {
        let algorithm = if self.key_length() == 16 { &AES_128 } else { &AES_256 };
        UnboundCipherKey::new(algorithm, key).map_err(|_| CipherError)
    }

    /// Encrypts; the nonce, which must be used once only with this key, goes in front.
    ///
    /// # Errors
    ///
    /// [`CipherError`] when key or nonce have the wrong length.
    pub fn encrypt(self, key: &[u8], nonce: &[u8], plain: &[u8]) -> Result<Vec<u8>, CipherError> {
        let mut content = plain.to_vec();
        if let Some(algorithm) = self.gcm() {
            let key = LessSafeKey::new(UnboundKey::new(algorithm, key).map_err(|_| CipherError)?);
            let used = Nonce::try_assume_unique_for_key(nonce).map_err(|_| CipherError)?;
            key.seal_in_place_append_tag(used, Aad::empty(), &mut content).map_err(|_| CipherError)?;
        } else {
            let key = PaddedBlockEncryptingKey::cbc_pkcs7(self.block_key(key)?).map_err(|_| CipherError)?;
            let vector: [u8; BLOCK] = nonce.try_into().map_err(|_| CipherError)?;
            key.less_safe_encrypt(&mut content, EncryptionContext::Iv128(vector.into()))
                .map_err(|_| CipherError)?;
        }
        Ok([nonce, &content].concat())
    }

    /// Decrypts what [`Cipher::encrypt`], or a partner, made.
    ///
    /// # Errors
    ///
    /// [`CipherError`].
    pub fn decrypt(self, key: &[u8], content: &[u8]) -> Result<Vec<u8>, CipherError> {
        let (nonce, content) = content.split_at_checked(self.nonce_length()).ok_or(CipherError)?;
        let Some(algorithm) = self.gcm() else { return self.decrypt_cbc(key, nonce, content) };
        let key = LessSafeKey::new(UnboundKey::new(algorithm, key).map_err(|_| CipherError)?);
        let used = Nonce::try_assume_unique_for_key(nonce).map_err(|_| CipherError)?;
        let mut content = content.to_vec();
        let plain = key.open_in_place(used, Aad::empty(), &mut content).map_err(|_| CipherError)?;
        let length = plain.len();
        content.truncate(length);
        Ok(content)
    }

    /// CBC by hand, because the padding of XML Encryption (section 5.2) is not that of the library: its last byte
    /// says how long it is, the others are arbitrary.
    fn decrypt_cbc(self, key: &[u8], vector: &[u8], content: &[u8]) -> Result<Vec<u8>, CipherError> {
        if key.len() != self.key_length() || content.is_empty() || !content.len().is_multiple_of(BLOCK) {
            return Err(CipherError);
        }
        let key = DecryptingKey::ecb(self.block_key(key)?).map_err(|_| CipherError)?;
        let mut plain = content.to_vec();
        key.decrypt(&mut plain, DecryptionContext::None).map_err(|_| CipherError)?;
        for (byte, before) in plain.iter_mut().zip(vector.iter().chain(content)) {
            *byte ^= before;
        }
        let padding = plain.last().map_or(0, |last| usize::from(*last));
        if padding == 0 || padding > BLOCK {
            return Err(CipherError);
        }
        plain.truncate(plain.len() - padding);
        Ok(plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Cipher; 5] =
        [Cipher::Aes128Gcm, Cipher::Aes192Gcm, Cipher::Aes256Gcm, Cipher::Aes128Cbc, Cipher::Aes256Cbc];

    #[test]
    fn what_was_encrypted_is_decrypted_with_the_same_key_alone() {
        for cipher in ALL {
            let (key, nonce) = (&[7; 32][..cipher.key_length()], &[9; 16][..cipher.nonce_length()]);
            for plain in [b"".as_slice(), b"sixteen bytes ok", b"a little more than one block"] {
                let content = cipher.encrypt(key, nonce, plain).unwrap();
                assert_eq!(cipher.decrypt(key, &content).unwrap(), plain, "{cipher:?}");
                let other = &[8; 32][..cipher.key_length()];
                assert_ne!(cipher.decrypt(other, &content).ok().as_deref(), Some(plain), "{cipher:?}");
            }
        }
    }

    #[test]
    fn a_changed_or_shortened_content_is_not_opened() {
        for cipher in [Cipher::Aes128Gcm, Cipher::Aes192Gcm, Cipher::Aes256Gcm] {
            let (key, nonce) = (&[7; 32][..cipher.key_length()], &[9; 12]);
            let content = cipher.encrypt(key, nonce, b"text").unwrap();
            for at in 0..content.len() {
                let mut changed = content.clone();
                changed[at] ^= 1;
                assert_eq!(cipher.decrypt(key, &changed), Err(CipherError));
            }
            for length in 0..content.len() {
                assert_eq!(cipher.decrypt(key, &content[..length]), Err(CipherError));
            }
        }
    }

    #[test]
    fn cbc_takes_any_padding_whose_length_is_right_and_no_other() {
        let (key, vector) = ([7; 16], [9; 16]);
        let encrypt = |last: u8| {
            // The last block as a partner pads it: arbitrary bytes, then the length.
            let mut block = *b"text and noise!!";
            block[15] = last;
            let whole = Cipher::Aes128Cbc.encrypt(&key, &vector, &block).unwrap();
            whole[..32].to_vec()
        };
        assert_eq!(Cipher::Aes128Cbc.decrypt(&key, &encrypt(12)).unwrap(), b"text");
        assert_eq!(Cipher::Aes128Cbc.decrypt(&key, &encrypt(16)).unwrap(), b"");
        for wrong in [0, 17, 255] {
            assert_eq!(Cipher::Aes128Cbc.decrypt(&key, &encrypt(wrong)), Err(CipherError));
        }
        assert_eq!(Cipher::Aes128Cbc.decrypt(&key, &[0; 31]), Err(CipherError));
        assert_eq!(Cipher::Aes128Cbc.decrypt(&key, &[0; 16]), Err(CipherError));
    }
}
