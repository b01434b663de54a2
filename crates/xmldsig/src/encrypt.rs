//! Encrypting an element for the holder of a certificate (XML Encryption 1.1): a fresh key for the content, that key
//! under RSA-OAEP.
//!
//! Must never wrap with PKCS#1 v1.5.

use chancery_crypto::base64;
use chancery_crypto::certificate::Certificate;
use chancery_crypto::cipher::{Cipher, CipherError};

use crate::sign::key_info;
use crate::write::Writer;
use crate::{DS, XENC};

/// RSA-OAEP with MGF1 and SHA-1, which every partner knows: neither needs collisions to be hard.
pub const OAEP_MGF1P: &str = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";

/// The cipher that a URI names.
pub fn cipher(uri: &str) -> Option<Cipher> {
    match uri {
        "http://www.w3.org/2009/xmlenc11#aes128-gcm" => Some(Cipher::Aes128Gcm),
        "http://www.w3.org/2009/xmlenc11#aes192-gcm" => Some(Cipher::Aes192Gcm),
        "http://www.w3.org/2009/xmlenc11#aes256-gcm" => Some(Cipher::Aes256Gcm),
        "http://www.w3.org/2001/04/xmlenc#aes128-cbc" => Some(Cipher::Aes128Cbc),
        "http://www.w3.org/2001/04/xmlenc#aes256-cbc" => Some(Cipher::Aes256Cbc),
        _ => None,
    }
}

/// The URI of a cipher.
pub fn uri(cipher: Cipher) -> &'static str {
    match cipher {
        Cipher::Aes128Gcm => "http://www.w3.org/2009/xmlenc11#aes128-gcm",
        Cipher::Aes192Gcm => "http://www.w3.org/2009/xmlenc11#aes192-gcm",
        Cipher::Aes256Gcm => "http://www.w3.org/2009/xmlenc11#aes256-gcm",
        Cipher::Aes128Cbc => "http://www.w3.org/2001/04/xmlenc#aes128-cbc",
        Cipher::Aes256Cbc => "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
    }
}

/// An `EncryptedData` that holds `element`. `fresh` are random bytes that were never used before: the key of the
/// content and its nonce are taken from them.
pub fn element(
    element: &str,
    recipient: &Certificate,
    cipher: Cipher,
    fresh: &[u8; 48],
) -> Result<String, CipherError> {
    let (key, nonce) = fresh.split_at(32);
    let key = &key[..cipher.key_length()];
    let content = cipher.encrypt(key, &nonce[..cipher.nonce_length()], element.as_bytes())?;
    let public = recipient.public_key().map_err(|_| CipherError)?;
    let wrapped = public.encrypt_oaep(key)?;
    let mut out = Writer::new();
    out.open(
        "xenc:EncryptedData",
        &[("xmlns:xenc", XENC), ("Type", "http://www.w3.org/2001/04/xmlenc#Element")],
    )
    .empty("xenc:EncryptionMethod", &[("Algorithm", uri(cipher))])
    .open("ds:KeyInfo", &[("xmlns:ds", DS)])
    .open("xenc:EncryptedKey", &[])
    .open("xenc:EncryptionMethod", &[("Algorithm", OAEP_MGF1P)])
    .empty("ds:DigestMethod", &[("Algorithm", "http://www.w3.org/2000/09/xmldsig#sha1")])
    .close("xenc:EncryptionMethod")
    .written(&key_info(recipient))
    .open("xenc:CipherData", &[])
    .leaf("xenc:CipherValue", &[], &base64::encode(wrapped))
    .close("xenc:CipherData")
    .close("xenc:EncryptedKey")
    .close("ds:KeyInfo")
    .open("xenc:CipherData", &[])
    .leaf("xenc:CipherValue", &[], &base64::encode(content))
    .close("xenc:CipherData")
    .close("xenc:EncryptedData");
    Ok(out.finish())
}
