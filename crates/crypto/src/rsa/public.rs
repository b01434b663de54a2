//! The public half of an RSA key pair: reading it from every form it comes in, and verifying with it.
//!
//! It must never verify with a key that has not passed [`PublicKey`]'s own rules, nor with an algorithm that is not
//! an RSA one.

use std::fmt;
use std::sync::{Arc, OnceLock};

use aws_lc_rs::signature::{self, ParsedPublicKey, RsaParameters};

use super::KeyError;
use super::encoding::Components;
use crate::algorithm::Algorithm;
use crate::certificate::Certificate;
use crate::pem;
use crate::sign::BadSignature;

/// The shortest modulus accepted, in bits.
const MIN_BITS: usize = 2048;
/// The longest modulus accepted, in bits.
const MAX_BITS: usize = 8192;
/// The smallest exponent accepted (F4).
const MIN_EXPONENT: [u8; 3] = [1, 0, 1];

/// An RSA public key, parsed once; cloning shares it. Equality is that of modulus and exponent.
#[derive(Clone)]
pub struct PublicKey(Arc<Inner>);

struct Inner {
    modulus: Box<[u8]>,
    exponent: Box<[u8]>,
    spki: Box<[u8]>,
    rs256: ParsedPublicKey,
    // The library ties a parsed key to one algorithm. Nearly everything is RS256; the others are parsed on first use.
    rs384: OnceLock<ParsedPublicKey>,
    rs512: OnceLock<ParsedPublicKey>,
    ps256: OnceLock<ParsedPublicKey>,
    ps384: OnceLock<ParsedPublicKey>,
    sha1: OnceLock<ParsedPublicKey>,
}

impl PublicKey {
    /// Reads a DER `SubjectPublicKeyInfo` (RFC 5280 section 4.1.2.7) holding an rsaEncryption key.
    ///
    /// # Errors
    ///
    /// [`KeyError`] when it is not one, or breaks the rules for sizes and exponents.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, KeyError> {
        Self::of_components(&Components::from_spki(der)?)
    }

    /// From modulus and exponent, big endian, as in the members `n` and `e` of a JWK (RFC 7518 section 6.3.1).
    ///
    /// # Errors
    ///
    /// [`KeyError`] when they break the rules for sizes and exponents.
    pub fn from_components(n: &[u8], e: &[u8]) -> Result<Self, KeyError> {
        Self::of_components(&Components::new(n, e)?)
    }

    /// Reads one PEM block `PUBLIC KEY`, `RSA PUBLIC KEY` or `CERTIFICATE`. A certificate is taken for its key only:
    /// neither its dates nor its signature are looked at.
    ///
    /// # Errors
    ///
    /// [`KeyError`]; a private key is refused by name, so that who pasted it learns what happened.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let pem::Block { label, der } = pem::decode(text).map_err(|error| {
            // An encrypted or otherwise odd private key must be called one even if its armour does not parse.
            if text.contains("PRIVATE KEY-----") { KeyError::Private } else { KeyError::Pem(error) }
        })?;
        match label {
            "PUBLIC KEY" => Self::from_spki_der(&der),
            "RSA PUBLIC KEY" => Self::from_pkcs1(&der),
            "CERTIFICATE" => Certificate::from_der(der)?.public_key(),
            label if label.ends_with("PRIVATE KEY") => Err(KeyError::Private),
            label => Err(KeyError::UnexpectedLabel(label.to_owned())),
        }
    }

    /// Reads a PKCS#1 `RSAPublicKey` in DER.
    pub(crate) fn from_pkcs1(der: &[u8]) -> Result<Self, KeyError> {
        Self::of_components(&Components::from_pkcs1(der)?)
    }

    fn of_components(components: &Components<'_>) -> Result<Self, KeyError> {
        let modulus = components.modulus.as_bytes();
        let exponent = components.exponent.as_bytes();
        judge(modulus, exponent)?;
        let spki = components.to_spki()?;
        let rs256 = ParsedPublicKey::new(&signature::RSA_PKCS1_2048_8192_SHA256, &spki)
            .map_err(|_| KeyError::Rejected)?;
        Ok(Self(Arc::new(Inner {
            modulus: modulus.into(),
            exponent: exponent.into(),
            spki: spki.into(),
            rs256,
            rs384: OnceLock::new(),
            rs512: OnceLock::new(),
            ps256: OnceLock::new(),
            ps384: OnceLock::new(),
            sha1: OnceLock::new(),
        })))
    }

    /// The modulus, big endian, without leading zeros.
    pub fn modulus(&self) -> &[u8] {
        &self.0.modulus
    }

    /// The public exponent, big endian, without leading zeros.
    pub fn exponent(&self) -> &[u8] {
        &self.0.exponent
    }

    /// The key as DER `SubjectPublicKeyInfo`.
    pub fn to_spki_der(&self) -> Vec<u8> {
        self.0.spki.to_vec()
    }

    /// Verifies a signature over a whole message. PSS salts must be as long as the digest (RFC 7518 section 3.5).
    ///
    /// # Errors
    ///
    /// [`BadSignature`], also for an algorithm that no RSA key can verify.
    pub fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        let inner = &*self.0;
        let key = match algorithm {
            Algorithm::Es256 | Algorithm::Es384 | Algorithm::Hs256 => return Err(BadSignature),
            Algorithm::Rs256 => &inner.rs256,
            Algorithm::Rs384 => inner.parsed(&inner.rs384, &signature::RSA_PKCS1_2048_8192_SHA384)?,
            Algorithm::Rs512 => inner.parsed(&inner.rs512, &signature::RSA_PKCS1_2048_8192_SHA512)?,
            Algorithm::Ps256 => inner.parsed(&inner.ps256, &signature::RSA_PSS_2048_8192_SHA256)?,
            Algorithm::Ps384 => inner.parsed(&inner.ps384, &signature::RSA_PSS_2048_8192_SHA384)?,
        };
        key.verify_sig(message, signature).map_err(|_| BadSignature)
    }

    /// Verifies RSASSA-PKCS1-v1_5 with SHA-1, for partners for whom somebody has allowed it by name. Apart from
    /// [`PublicKey::verify`], so that no name in a message leads here.
    ///
    /// # Errors
    ///
    /// [`BadSignature`].
    pub fn verify_sha1(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        let inner = &*self.0;
        let key = inner.parsed(&inner.sha1, &signature::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY)?;
        key.verify_sig(message, signature).map_err(|_| BadSignature)
    }
}

impl Inner {
    fn parsed<'a>(
        &self,
        cell: &'a OnceLock<ParsedPublicKey>,
        parameters: &'static RsaParameters,
    ) -> Result<&'a ParsedPublicKey, BadSignature> {
        if let Some(key) = cell.get() {
            return Ok(key);
        }
        // The same bytes were parsed for RS256 already, so this fails only if memory runs out.
        let key = ParsedPublicKey::new(parameters, &self.spki).map_err(|_| BadSignature)?;
        Ok(cell.get_or_init(|| key))
    }
}

/// The rules every key passes, before the library sees it.
fn judge(modulus: &[u8], exponent: &[u8]) -> Result<(), KeyError> {
    let bits = match modulus {
        [] => 0,
        [first, rest @ ..] => rest.len() * 8 + (8 - first.leading_zeros() as usize),
    };
    if bits < MIN_BITS {
        return Err(KeyError::TooShort(bits));
    }
    if bits > MAX_BITS {
        return Err(KeyError::TooLong(bits));
    }
    if exponent.last().is_none_or(|last| last % 2 == 0) {
        return Err(KeyError::EvenExponent);
    }
    // Without leading zeros a longer number is a larger one.
    if exponent.len() < MIN_EXPONENT.len()
        || (exponent.len() == MIN_EXPONENT.len() && exponent < &MIN_EXPONENT)
    {
        return Err(KeyError::SmallExponent);
    }
    Ok(())
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.modulus() == other.modulus() && self.exponent() == other.exponent()
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A public key is no secret, but 256 bytes of it would drown a log line.
        write!(f, "PublicKey({} bits)", self.modulus().len() * 8)
    }
}
