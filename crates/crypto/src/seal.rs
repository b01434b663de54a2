//! Sealing of secrets at rest: AES-256-GCM under a key derived from the master key.
//!
//! A sealed value is bound to the place it was sealed for (tenant, kind, id), so a row copied to another tenant does
//! not open. Sealed form: `version (u32, big endian) || nonce (12) || ciphertext || tag (16)`. The version names the
//! master key, so that the master key can be replaced without resealing everything at once. Values that only have to
//! be recognised again, such as a session's cookie, are not sealed but digested under another derived key. This file
//! must never draw a nonce itself, print key material, or open anything whose label is not given by the caller.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::hmac::HmacKey;

/// Separates the sealing key from any other key ever derived from a master key (RFC 5869 section 3.2).
const INFO: &[u8] = b"chancery/seal/aes-256-gcm/v1";
/// The same for the key of digests.
const DIGEST_INFO: &[u8] = b"chancery/digest/hmac-sha-256/v1";
/// What a key file begins with.
const KEY_FILE_PREFIX: &str = "chancery-master-key:v1:";
/// Bytes of the version in front of a sealed value.
const VERSION_LEN: usize = 4;

/// The 32 secret bytes from which sealing keys are derived; erased from memory when dropped.
pub struct MasterKey(Zeroizing<[u8; 32]>);

/// Why the text of a key file is not a master key. No variant repeats the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MasterKeyError {
    /// The text does not begin with `chancery-master-key:v1:`.
    #[error("a master key file must begin with \"chancery-master-key:v1:\"")]
    Prefix,
    /// The text has more than one line, or white space around the key.
    #[error("a master key file must be one line without white space")]
    WhiteSpace,
    /// What follows the prefix is not base64url without padding.
    #[error("the master key is not base64url without padding")]
    NotBase64Url,
    /// The decoded key has the wrong number of bytes.
    #[error("the master key must be 32 bytes long, this one has {0}")]
    Length(usize),
}

impl MasterKey {
    /// Takes 32 bytes, which must have come from a cryptographic random number generator.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The line of a key file, without a line end: `chancery-master-key:v1:<base64url of 32 bytes>`.
    pub fn to_text(&self) -> Zeroizing<String> {
        // Room for everything beforehand, so that no half-written copy of the key is left behind by growing.
        let mut text = Zeroizing::new(String::with_capacity(KEY_FILE_PREFIX.len() + 48));
        text.push_str(KEY_FILE_PREFIX);
        URL_SAFE_NO_PAD.encode_string(self.0.as_slice(), &mut text);
        text
    }

    /// Reads the line of a key file; one line end after it is allowed.
    ///
    /// # Errors
    ///
    /// [`MasterKeyError`] says what is wrong without repeating the text.
    pub fn from_text(text: &str) -> Result<Self, MasterKeyError> {
        let line = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
        let key = line.strip_prefix(KEY_FILE_PREFIX).ok_or(MasterKeyError::Prefix)?;
        if key.contains(char::is_whitespace) {
            return Err(MasterKeyError::WhiteSpace);
        }
        let decoded = Zeroizing::new(URL_SAFE_NO_PAD.decode(key).map_err(|_| MasterKeyError::NotBase64Url)?);
        let mut bytes = Zeroizing::new([0; 32]);
        if decoded.len() != bytes.len() {
            return Err(MasterKeyError::Length(decoded.len()));
        }
        bytes.copy_from_slice(&decoded);
        Ok(Self(bytes))
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

/// The place a sealed value belongs to; it opens only under the same three words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label<'a> {
    /// The tenant that owns the value.
    pub tenant: &'a str,
    /// What the value is, for example `signing-key`.
    pub kind: &'a str,
    /// Which one of its kind, for example the key id.
    pub id: &'a str,
}

/// The value could not be sealed: it is larger than AES-GCM allows, or the machine has a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the secret could not be sealed")]
pub struct SealError;

/// Why a sealed value does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// It is shorter than any sealed value.
    #[error("the sealed value is truncated")]
    Truncated,
    /// It was sealed under a master key that was not given.
    #[error("the sealed value needs master key version {0}, which is not loaded")]
    UnknownVersion(u32),
    /// Another key, another label, or changed bytes: which one cannot be told.
    #[error("the sealed value does not open: wrong master key, wrong place, or altered bytes")]
    Refused,
}

/// Seals under one master key and opens under that one and older ones.
pub struct Sealer {
    version: u32,
    key: LessSafeKey,
    older: Vec<(u32, LessSafeKey)>,
    digests: HmacKey,
}

impl Sealer {
    /// Seals under `master`, which is known by `version`.
    pub fn new(master: &MasterKey, version: u32) -> Self {
        let digests = HmacKey::new(derive(master, DIGEST_INFO).as_slice());
        Self { version, key: sealing_key(master), older: Vec::new(), digests }
    }

    /// The version of the master key that seals.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The digest by which a value that somebody presents is recognised, without the value being stored: `id` of the
    /// label is the value, `kind` what it is. Whoever reads the database alone can neither present nor guess it.
    pub fn digest(&self, label: Label<'_>) -> [u8; 32] {
        self.digests.sign(&associated_data(self.version, label))
    }

    /// Also opens what was sealed under an older master key. For a version given twice the first key counts.
    #[must_use]
    pub fn with_older(mut self, master: &MasterKey, version: u32) -> Self {
        self.older.push((version, sealing_key(master)));
        self
    }

    /// Seals a secret for one place.
    ///
    /// The nonce must be fresh random bytes for every call: two values sealed with the same nonce give both away.
    ///
    /// # Errors
    ///
    /// [`SealError`] for a secret larger than AES-GCM allows (64 GiB).
    pub fn seal(&self, label: Label<'_>, nonce: [u8; NONCE_LEN], plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut sealed = Vec::with_capacity(VERSION_LEN + NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(&self.version.to_be_bytes());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let aad = Aad::from(associated_data(self.version, label));
        let (_, in_out) = sealed.split_at_mut(VERSION_LEN + NONCE_LEN);
        let tag = self
            .key
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), aad, in_out)
            .map_err(|_| SealError)?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// Opens what [`Sealer::seal`] made for the same place.
    ///
    /// # Errors
    ///
    /// [`OpenError`]; it never says which byte was wrong.
    pub fn open(&self, label: Label<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let (version, rest) = sealed.split_first_chunk::<VERSION_LEN>().ok_or(OpenError::Truncated)?;
        let (nonce, body) = rest.split_first_chunk::<NONCE_LEN>().ok_or(OpenError::Truncated)?;
        if body.len() < AES_256_GCM.tag_len() {
            return Err(OpenError::Truncated);
        }
        let version = u32::from_be_bytes(*version);
        let key = self.key_of(version).ok_or(OpenError::UnknownVersion(version))?;
        let mut buffer = Zeroizing::new(body.to_vec());
        let aad = Aad::from(associated_data(version, label));
        let length = key
            .open_in_place(Nonce::assume_unique_for_key(*nonce), aad, &mut buffer)
            .map_err(|_| OpenError::Refused)?
            .len();
        buffer.truncate(length);
        Ok(buffer)
    }

    fn key_of(&self, version: u32) -> Option<&LessSafeKey> {
        if version == self.version {
            return Some(&self.key);
        }
        self.older.iter().find(|(older, _)| *older == version).map(|(_, key)| key)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealer(version {}, ..)", self.version)
    }
}

fn sealing_key(master: &MasterKey) -> LessSafeKey {
    match UnboundKey::new(&AES_256_GCM, derive(master, INFO).as_slice()) {
        Ok(key) => LessSafeKey::new(key),
        Err(_) => unreachable!("AES-256 takes 32 bytes"),
    }
}

/// Derives 32 bytes for one purpose (RFC 5869).
fn derive(master: &MasterKey, info: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut bytes = Zeroizing::new([0; 32]);
    let secret = Salt::none(HKDF_SHA256).extract(master.0.as_slice());
    // The algorithm only says how many bytes are wanted. Expanding fails beyond 255 digests; this is one.
    match secret.expand(&[info], &AES_256_GCM).and_then(|okm| okm.fill(bytes.as_mut_slice())) {
        Ok(()) => bytes,
        Err(_) => unreachable!("HKDF-SHA-256 gives 32 bytes"),
    }
}

/// Every part with its length before it, so that no two labels ever give the same bytes.
fn associated_data(version: u32, label: Label<'_>) -> Vec<u8> {
    let Label { tenant, kind, id } = label;
    let version = version.to_be_bytes();
    let parts = [version.as_slice(), tenant.as_bytes(), kind.as_bytes(), id.as_bytes()];
    let mut out = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
    for part in parts {
        out.extend_from_slice(&(part.len() as u64).to_be_bytes());
        out.extend_from_slice(part);
    }
    out
}

#[cfg(test)]
#[path = "seal_tests.rs"]
mod tests;
