//! The private half of an ECDSA key pair.
//!
//! It leaves this file only as PKCS#8 on its way to being sealed; it must never be printed.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    KeyPair as _,
};
use der::Decode;
use der::asn1::AnyRef;
use zeroize::Zeroizing;

use super::{KeyError, PublicKey};
use crate::algorithm::{Algorithm, Curve};
use crate::pem;
use crate::sign::SignError;

/// An ECDSA key pair; cloning shares the parsed key.
#[derive(Clone)]
pub struct PrivateKey(Arc<Inner>);

struct Inner {
    pair: EcdsaKeyPair,
    public: PublicKey,
}

fn signing(curve: Curve) -> &'static EcdsaSigningAlgorithm {
    match curve {
        Curve::P256 => &ECDSA_P256_SHA256_FIXED_SIGNING,
        Curve::P384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
    }
}

impl PrivateKey {
    /// Makes a new key, which takes well below a millisecond.
    ///
    /// # Errors
    ///
    /// [`KeyError::Generation`].
    pub fn generate(curve: Curve) -> Result<Self, KeyError> {
        Self::of_pair(curve, EcdsaKeyPair::generate(signing(curve)).map_err(|_| KeyError::Generation)?)
    }

    /// Reads an unencrypted PKCS#8 `PrivateKeyInfo` (RFC 5208 section 5) in DER with a key on this curve.
    ///
    /// # Errors
    ///
    /// [`KeyError::Private`] for anything else.
    pub fn from_pkcs8(curve: Curve, der: &[u8]) -> Result<Self, KeyError> {
        // The library would overlook bytes after the structure.
        AnyRef::from_der(der).map_err(|_| KeyError::Private(curve))?;
        let pair = EcdsaKeyPair::from_pkcs8(signing(curve), der).map_err(|_| KeyError::Private(curve))?;
        Self::of_pair(curve, pair)
    }

    /// Reads one PEM block `PRIVATE KEY`, unencrypted, with a key on this curve.
    ///
    /// # Errors
    ///
    /// [`KeyError::Private`] for anything else; nothing of the text is repeated.
    pub fn from_pem(curve: Curve, text: &str) -> Result<Self, KeyError> {
        let pem::Block { label, der } = pem::decode(text).map_err(|_| KeyError::Private(curve))?;
        let der = Zeroizing::new(der);
        if label != "PRIVATE KEY" {
            return Err(KeyError::Private(curve));
        }
        Self::from_pkcs8(curve, &der)
    }

    /// The key as PKCS#8 DER, erased from memory when dropped.
    ///
    /// # Errors
    ///
    /// [`KeyError::Encoding`].
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let der = self.0.pair.to_pkcs8v1().map_err(|_| KeyError::Encoding)?;
        Ok(Zeroizing::new(der.as_ref().to_vec()))
    }

    /// The public half.
    pub fn public(&self) -> &PublicKey {
        &self.0.public
    }

    /// The algorithm of its signatures.
    pub fn algorithm(&self) -> Algorithm {
        self.public().algorithm()
    }

    /// Signs a message: r and s one after the other, each as wide as a coordinate.
    ///
    /// # Errors
    ///
    /// [`SignError::Failed`] when the library fails.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        // aws-lc-rs ignores the generator and draws the number of each signature itself.
        let signature = self.0.pair.sign(&SystemRandom::new(), message).map_err(|_| SignError::Failed)?;
        Ok(signature.as_ref().to_vec())
    }

    fn of_pair(curve: Curve, pair: EcdsaKeyPair) -> Result<Self, KeyError> {
        let public = PublicKey::from_point(curve, pair.public_key().as_ref())?;
        Ok(Self(Arc::new(Inner { pair, public })))
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(..)")
    }
}
