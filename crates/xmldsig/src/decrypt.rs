//! Opening what was encrypted for us (XML Encryption 1.1).
//!
//! Whatever fails, the answer is the same: an attacker who may send many messages learns nothing from the difference.
//! Must never unwrap with PKCS#1 v1.5, whose every answer is an oracle.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chancery_crypto::cipher::Cipher;
use chancery_crypto::rsa::{OaepDigest, PrivateKey};
use zeroize::Zeroizing;

use crate::encrypt::{OAEP_MGF1P, cipher};
use crate::tree::{Element, Node, XmlError, utf8};
use crate::{DS, XENC, XENC11};

/// Why something is not opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecryptError {
    /// It is not as it has to be, as everybody can see without a key.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// Another algorithm than those that are allowed, as everybody can see.
    #[error("the {what} {uri} is not accepted")]
    Algorithm {
        /// What it is for.
        what: &'static str,
        /// The URI that was sent.
        uri: String,
    },
    /// No key opens it, or what is inside was changed.
    #[error("the encrypted content cannot be opened with the keys of this connection")]
    Closed,
}

/// Opens the one `EncryptedData` in `around`, whose key stands in it or beside it, with the first of the keys that
/// does. `allowed` says which ciphers may be used.
pub fn element(
    around: Node<'_, '_>,
    keys: &[PrivateKey],
    allowed: impl Fn(Cipher) -> bool,
) -> Result<Zeroizing<String>, DecryptError> {
    let data = around.only(XENC, "EncryptedData")?;
    let uri = data.only(XENC, "EncryptionMethod")?.required("Algorithm")?;
    let refused = |what, uri: &str| DecryptError::Algorithm { what, uri: uri.chars().take(100).collect() };
    let cipher = cipher(uri).filter(|cipher| allowed(*cipher));
    let cipher = cipher.ok_or_else(|| refused("encryption method", uri))?;
    let within = data.optional(DS, "KeyInfo")?;
    let within = within.map(|info| info.optional(XENC, "EncryptedKey")).transpose()?.flatten();
    // A key in two places is one that a reader and another could disagree on.
    let places = (within, around.optional(XENC, "EncryptedKey")?);
    let ((Some(key), None) | (None, Some(key))) = places else { return Err(DecryptError::Closed) };
    let method = key.only(XENC, "EncryptionMethod")?;
    let digest = oaep(method)?
        .ok_or_else(|| refused("key transport", method.attribute("Algorithm").unwrap_or_default()))?;
    let (wrapped, content) = (value(key)?, value(data)?);
    keys.iter()
        .find_map(|private| {
            let key = Zeroizing::new(private.decrypt_oaep(digest, &wrapped).ok()?);
            cipher.decrypt(&key, &content).ok()
        })
        .and_then(|plain| utf8(plain).ok())
        .map(Zeroizing::new)
        .ok_or(DecryptError::Closed)
}

/// The digest of RSA-OAEP; none if it is another transport, or another mask.
fn oaep(method: Node<'_, '_>) -> Result<Option<OaepDigest>, XmlError> {
    let digest = method.optional(DS, "DigestMethod")?;
    let digest = digest.map(|digest| digest.required("Algorithm")).transpose()?;
    let mask = method.optional(XENC11, "MGF")?.map(|mask| mask.required("Algorithm")).transpose()?;
    if method.optional(XENC, "OAEPparams")?.is_some() {
        return Ok(None);
    }
    let sha1 = matches!(digest, None | Some("http://www.w3.org/2000/09/xmldsig#sha1"));
    let sha256 = digest == Some("http://www.w3.org/2001/04/xmlenc#sha256");
    let mask_sha1 = matches!(mask, None | Some("http://www.w3.org/2009/xmlenc11#mgf1sha1"));
    let mask_sha256 = mask == Some("http://www.w3.org/2009/xmlenc11#mgf1sha256");
    Ok(match method.required("Algorithm")? {
        OAEP_MGF1P if sha1 && mask.is_none() => Some(OaepDigest::Sha1),
        "http://www.w3.org/2009/xmlenc11#rsa-oaep" if sha1 && mask_sha1 => Some(OaepDigest::Sha1),
        "http://www.w3.org/2009/xmlenc11#rsa-oaep" if sha256 && mask_sha256 => Some(OaepDigest::Sha256),
        _ => None,
    })
}

fn value(node: Node<'_, '_>) -> Result<Vec<u8>, DecryptError> {
    let text = node.only(XENC, "CipherData")?.only(XENC, "CipherValue")?.whole_text()?;
    let text: String = text.split_ascii_whitespace().collect();
    STANDARD.decode(text).map_err(|_| DecryptError::Closed)
}
