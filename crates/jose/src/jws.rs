//! JWS in compact form (RFC 7515 section 3.1): reading, verifying, signing.
//!
//! A parsed token answers only what may be believed before verification: its algorithm, the id of the key it claims,
//! its type. It must never expose `jku`, `x5u`, `x5c` or `jwk`, because obeying them lets a token choose its own
//! key. Verification names the allowed algorithms and the kind of key, so a public key cannot be taken for a shared
//! secret.

use std::fmt;

use chancery_crypto::algorithm::{Algorithm, KeyKind};
use chancery_crypto::hmac::HmacKey;
use chancery_crypto::sign::{Sign, SignError};
use chancery_crypto::{ecdsa, key, rsa};
use serde_json::{Map, Value};

use crate::base64url;
use crate::json::{self, JsonError};

/// The longest key id accepted, in bytes.
const MAX_KID: usize = 128;
/// Bytes of a signature for which room is kept when assembling: that of an RSA-2048 key.
const USUAL_SIGNATURE: usize = 256;

/// Why a token is refused. No variant repeats what the token says, beyond member names of a malformed header.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// Longer than the caller allows; the limit in bytes is given.
    #[error("the token is longer than {0} bytes")]
    TooLong(usize),
    /// Not `header.payload.signature` with a header and a signature.
    #[error("the token must have three parts, of which the first and the last are not empty")]
    NotThreeParts,
    /// A part, which is named, is not base64url without padding.
    #[error("the {0} of the token is not base64url without padding")]
    NotBase64Url(&'static str),
    /// The header is not strict JSON.
    #[error("the header of the token cannot be read: {0}")]
    Header(JsonError),
    /// The header is JSON, but not an object.
    #[error("the header of the token must be a JSON object")]
    HeaderNotObject,
    /// `alg` is missing, not a string, `none`, or not an algorithm we know.
    #[error("the token does not name a known signature algorithm")]
    UnknownAlgorithm,
    /// The header has `crit` (RFC 7515 section 4.1.11); no extension is understood here.
    #[error("the token has a critical header")]
    CriticalHeader,
    /// The header has a member, which is named, that would change how the token is read.
    #[error("the token has the header member {0}, which is not supported")]
    UnsupportedHeader(&'static str),
    /// A header member, which is named, is not a string.
    #[error("the header member {0} must be a string")]
    HeaderType(&'static str),
    /// `kid` is longer than 128 bytes.
    #[error("the key id of the token is longer than 128 bytes")]
    KidTooLong,
    /// The algorithm is known, but not allowed here.
    #[error("the token is signed with {0}, which is not allowed here")]
    AlgorithmNotAllowed(Algorithm),
    /// The key is of another kind than the algorithm needs.
    #[error("the token is signed with {0}, which does not belong to this kind of key")]
    KeyMismatch(Algorithm),
    /// The signature is not the key's.
    #[error("the signature of the token does not verify")]
    BadSignature,
}

/// A token in compact form that has been read but not verified.
#[derive(Clone)]
pub struct Compact<'a> {
    signing_input: &'a str,
    algorithm: Algorithm,
    kid: Option<String>,
    typ: Option<String>,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

/// The key a token is verified with; the kind of key decides which algorithms can match.
#[derive(Clone, Copy, Debug)]
pub enum VerifyingKey<'k> {
    /// For RS256, RS384, RS512, PS256 and PS384.
    Rsa(&'k rsa::PublicKey),
    /// For ES256 or ES384, as the curve of the key says.
    Ec(&'k ecdsa::PublicKey),
    /// For HS256.
    Hmac(&'k HmacKey),
}

impl<'k> From<&'k key::PublicKey> for VerifyingKey<'k> {
    fn from(key: &'k key::PublicKey) -> Self {
        match key {
            key::PublicKey::Rsa(key) => Self::Rsa(key),
            key::PublicKey::Ec(key) => Self::Ec(key),
        }
    }
}

impl<'a> Compact<'a> {
    /// Reads a token of at most `max_len` bytes.
    ///
    /// # Errors
    ///
    /// [`JwsError`] for anything that is not a compact JWS with an acceptable header. Nothing is verified here.
    pub fn parse(token: &'a str, max_len: usize) -> Result<Self, JwsError> {
        if token.len() > max_len {
            return Err(JwsError::TooLong(max_len));
        }
        let (signing_input, signature) = token.rsplit_once('.').ok_or(JwsError::NotThreeParts)?;
        let (header, payload) = signing_input.split_once('.').ok_or(JwsError::NotThreeParts)?;
        // An empty payload is a JWS like any other; an empty header or signature is not.
        if header.is_empty() || signature.is_empty() || payload.contains('.') {
            return Err(JwsError::NotThreeParts);
        }
        let header = base64url::decode(header).map_err(|_| JwsError::NotBase64Url("header"))?;
        let payload = base64url::decode(payload).map_err(|_| JwsError::NotBase64Url("payload"))?;
        let signature = base64url::decode(signature).map_err(|_| JwsError::NotBase64Url("signature"))?;
        let Value::Object(mut header) = json::parse(&header).map_err(JwsError::Header)? else {
            return Err(JwsError::HeaderNotObject);
        };
        refuse_what_changes_the_meaning(&header)?;
        let algorithm = algorithm_of(&header)?;
        let kid = string_of(&mut header, "kid")?;
        if kid.as_ref().is_some_and(|kid| kid.len() > MAX_KID) {
            return Err(JwsError::KidTooLong);
        }
        let typ = string_of(&mut header, "typ")?;
        string_of(&mut header, "cty")?;
        Ok(Self { signing_input, algorithm, kid, typ, payload, signature })
    }

    /// The algorithm the token says it is signed with.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The id of the key the token says it is signed with; untrusted text of at most 128 bytes.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The type the token says it is, for example `at+jwt` (RFC 7515 section 4.1.9).
    pub fn typ(&self) -> Option<&str> {
        self.typ.as_deref()
    }

    /// The decoded payload; untrusted until [`Compact::verify`] has succeeded.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// What the signature is over: the first two parts as they stand in the token.
    pub fn signing_input(&self) -> &'a str {
        self.signing_input
    }

    /// The decoded signature.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// Verifies the signature with a key, for a caller that accepts only the `allowed` algorithms.
    ///
    /// # Errors
    ///
    /// [`JwsError::AlgorithmNotAllowed`], [`JwsError::KeyMismatch`] or [`JwsError::BadSignature`].
    pub fn verify(&self, allowed: &[Algorithm], key: VerifyingKey<'_>) -> Result<(), JwsError> {
        if !allowed.contains(&self.algorithm) {
            return Err(JwsError::AlgorithmNotAllowed(self.algorithm));
        }
        let message = self.signing_input.as_bytes();
        let verified = match (key, self.algorithm.kind()) {
            (VerifyingKey::Rsa(key), KeyKind::Rsa) => {
                key.verify(self.algorithm, message, &self.signature).is_ok()
            }
            (VerifyingKey::Ec(key), KeyKind::Ec(curve)) if key.curve() == curve => {
                key.verify(message, &self.signature).is_ok()
            }
            (VerifyingKey::Hmac(key), KeyKind::Secret) => key.verify(message, &self.signature),
            (VerifyingKey::Rsa(_) | VerifyingKey::Ec(_) | VerifyingKey::Hmac(_), _) => {
                return Err(JwsError::KeyMismatch(self.algorithm));
            }
        };
        if verified { Ok(()) } else { Err(JwsError::BadSignature) }
    }
}

impl fmt::Debug for Compact<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A token in a log is a credential in a log, so neither payload nor signature is printed.
        let Self { signing_input: _, algorithm, kid, typ, payload: _, signature: _ } = self;
        f.debug_struct("Compact")
            .field("algorithm", algorithm)
            .field("kid", kid)
            .field("typ", typ)
            .finish_non_exhaustive()
    }
}

fn refuse_what_changes_the_meaning(header: &Map<String, Value>) -> Result<(), JwsError> {
    if header.contains_key("crit") {
        return Err(JwsError::CriticalHeader);
    }
    // b64 without crit is already wrong (RFC 7797 section 6); zip and enc belong to encrypted tokens.
    match ["b64", "zip", "enc"].into_iter().find(|name| header.contains_key(*name)) {
        Some(name) => Err(JwsError::UnsupportedHeader(name)),
        None => Ok(()),
    }
}

fn algorithm_of(header: &Map<String, Value>) -> Result<Algorithm, JwsError> {
    header
        .get("alg")
        .and_then(Value::as_str)
        .and_then(|name| name.parse().ok())
        .ok_or(JwsError::UnknownAlgorithm)
}

fn string_of(header: &mut Map<String, Value>, name: &'static str) -> Result<Option<String>, JwsError> {
    match header.get_mut(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(std::mem::take(text))),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Err(JwsError::HeaderType(name))
        }
    }
}

/// Signs a payload. The header must be a JSON object whose `alg` is the signer's.
///
/// # Errors
///
/// [`SignError`] when the signer does not sign.
pub fn sign(header_json: &str, payload_json: &[u8], signer: &dyn Sign) -> Result<String, SignError> {
    let input = signing_input(header_json, payload_json);
    let signature = signer.sign(input.as_bytes())?;
    Ok(assemble(input, &signature))
}

/// The text to sign, for a caller that signs elsewhere; it has room for the signature that [`assemble`] adds.
pub fn signing_input(header_json: &str, payload_json: &[u8]) -> String {
    let length = base64url::encoded_len(header_json.len())
        + base64url::encoded_len(payload_json.len())
        + base64url::encoded_len(USUAL_SIGNATURE)
        + 2;
    let mut out = String::with_capacity(length);
    base64url::encode_into(header_json.as_bytes(), &mut out);
    out.push('.');
    base64url::encode_into(payload_json, &mut out);
    out
}

/// Puts the signature behind what was signed.
#[must_use]
pub fn assemble(mut signing_input: String, signature: &[u8]) -> String {
    signing_input.push('.');
    base64url::encode_into(signature, &mut signing_input);
    signing_input
}
