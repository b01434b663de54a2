//! The published keys of another provider (RFC 7517).
//!
//! Must never take a shared secret or a private key from there, nor choose between two keys of one id and kind.

use chancery_crypto::algorithm::{Algorithm, Curve};
use chancery_crypto::key::PublicKey;
use chancery_crypto::{ecdsa, rsa};
use chancery_jose::{base64url, json};
use serde_json::{Map, Value};

/// Keys of a provider at most.
const MOST: usize = 100;

/// The keys that a provider signs with: RSA keys, and keys on the curves P-256 and P-384.
#[derive(Debug, Clone, Default)]
pub struct Keys(Vec<Published>);

#[derive(Debug, Clone)]
struct Published {
    kid: Option<String>,
    alg: Option<String>,
    key: PublicKey,
}

/// Why there are no keys, or why none of them fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// The document is none.
    #[error("the keys of the provider cannot be read")]
    Unreadable,
    /// More keys than anybody has.
    #[error("the provider publishes more than 100 keys")]
    TooMany,
    /// No key has the id that the token names.
    #[error("the provider publishes no key with the id that the token names")]
    Unknown,
    /// Several keys could be meant.
    #[error("the token does not say which of several keys signed it")]
    Ambiguous,
    /// The key is published for another algorithm.
    #[error("the key is published for another algorithm than the token's")]
    Algorithm,
}

impl Keys {
    /// Reads a key set. Keys of other kinds, for encryption, or broken ones are passed over.
    pub fn parse(document: &[u8]) -> Result<Self, KeysError> {
        let Ok(Value::Object(set)) = json::parse(document) else { return Err(KeysError::Unreadable) };
        let list = set.get("keys").and_then(Value::as_array).ok_or(KeysError::Unreadable)?;
        if list.len() > MOST {
            return Err(KeysError::TooMany);
        }
        Ok(Self(list.iter().filter_map(Value::as_object).filter_map(published).collect()))
    }

    /// The key that a token names, which has to be for its algorithm. Of keys with one id, those of another kind do not
    /// count (RFC 7517 section 4.5); without an id, neither do they.
    pub fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Result<&PublicKey, KeysError> {
        let is_named = |own: &&Published| kid.is_none_or(|kid| own.kid.as_deref() == Some(kid));
        let named = || self.0.iter().filter(is_named);
        let mut found = named().filter(|own| own.key.kind() == algorithm.kind());
        match (found.next(), found.next()) {
            (None, _) if kid.is_some() && named().next().is_some() => Err(KeysError::Algorithm),
            (None, _) => Err(KeysError::Unknown),
            (Some(_), Some(_)) => Err(KeysError::Ambiguous),
            (Some(one), None) if one.alg.as_deref().is_none_or(|alg| alg == algorithm.name()) => Ok(&one.key),
            (Some(_), None) => Err(KeysError::Algorithm),
        }
    }
}

fn published(members: &Map<String, Value>) -> Option<Published> {
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    let is_private = ["d", "p", "q", "k"].iter().any(|name| members.contains_key(*name));
    if is_private || text("use").is_some_and(|purpose| purpose != "sig") {
        return None;
    }
    let number = |name| base64url::decode(text(name)?).ok();
    let key = match text("kty")? {
        "RSA" => rsa::PublicKey::from_components(&number("n")?, &number("e")?).ok()?.into(),
        "EC" => {
            let curve = Curve::named(text("crv")?)?;
            ecdsa::PublicKey::from_coordinates(curve, &number("x")?, &number("y")?).ok()?.into()
        }
        _ => return None,
    };
    Some(Published { kid: text("kid").map(str::to_owned), alg: text("alg").map(str::to_owned), key })
}
