//! The private half of an RSA key pair.
//!
//! It leaves this file only as PKCS#8 on its way to being sealed; it must never be printed.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{self, KeyPair as _, RsaEncoding};
use der::Decode;
use der::asn1::AnyRef;
use zeroize::Zeroizing;

use super::{KeyError, PublicKey};
use crate::algorithm::Algorithm;
use crate::pem;
use crate::sign::SignError;

/// An RSA key pair; cloning shares the parsed key.
#[derive(Clone)]
pub struct PrivateKey(Arc<Inner>);

struct Inner {
    pair: KeyPair,
    public: PublicKey,
}

impl PrivateKey {
    /// Makes a new key of 2048 bits with exponent 65537. This takes tens of milliseconds or more of one core.
    ///
    /// # Errors
    ///
    /// [`KeyError::Generation`].
    pub fn generate() -> Result<Self, KeyError> {
        Self::of_pair(KeyPair::generate(KeySize::Rsa2048).map_err(|_| KeyError::Generation)?)
    }

    /// Reads an unencrypted PKCS#8 `PrivateKeyInfo` (RFC 5208 section 5) in DER.
    ///
    /// # Errors
    ///
    /// [`KeyError`] when it is not such a structure, not RSA, or breaks the rules for sizes and exponents.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        // The library would overlook bytes after the structure.
        AnyRef::from_der(der).map_err(|_| KeyError::Malformed)?;
        Self::of_pair(KeyPair::from_pkcs8(der).map_err(|_| KeyError::Rejected)?)
    }

    /// Reads one PEM block, unencrypted: `PRIVATE KEY` (PKCS#8) or `RSA PRIVATE KEY` (PKCS#1).
    ///
    /// # Errors
    ///
    /// [`KeyError`]; nothing of the text is repeated.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let pem::Block { label, der } = pem::decode(text).map_err(|_| KeyError::Malformed)?;
        let der = Zeroizing::new(der);
        match label {
            "PRIVATE KEY" => Self::from_pkcs8(&der),
            "RSA PRIVATE KEY" => {
                AnyRef::from_der(&der).map_err(|_| KeyError::Malformed)?;
                Self::of_pair(KeyPair::from_der(&der).map_err(|_| KeyError::Rejected)?)
            }
            _ => Err(KeyError::Malformed),
        }
    }

    /// The key as PKCS#8 DER, erased from memory when dropped.
    ///
    /// # Errors
    ///
    /// [`KeyError::Encoding`].
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        let der: Pkcs8V1Der<'_> = self.0.pair.as_der().map_err(|_| KeyError::Encoding)?;
        Ok(Zeroizing::new(der.as_ref().to_vec()))
    }

    /// The public half.
    pub fn public(&self) -> &PublicKey {
        &self.0.public
    }

    /// Signs a message; the digest is part of the algorithm. PSS salts are as long as the digest (RFC 7518
    /// section 3.5).
    ///
    /// # Errors
    ///
    /// [`SignError::WrongAlgorithm`] for an algorithm of another kind of key, [`SignError::Failed`] when the library
    /// fails.
    pub fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let encoding: &'static dyn RsaEncoding = match algorithm {
            Algorithm::Es256 | Algorithm::Es384 | Algorithm::Hs256 => {
                return Err(SignError::WrongAlgorithm(algorithm));
            }
            Algorithm::Ps256 => &signature::RSA_PSS_SHA256,
            Algorithm::Ps384 => &signature::RSA_PSS_SHA384,
            Algorithm::Rs256 => &signature::RSA_PKCS1_SHA256,
            Algorithm::Rs384 => &signature::RSA_PKCS1_SHA384,
            Algorithm::Rs512 => &signature::RSA_PKCS1_SHA512,
        };
        let mut out = vec![0; self.0.pair.public_modulus_len()];
        // aws-lc-rs ignores the generator and uses its own for salts and blinding.
        self.0.pair.sign(encoding, &SystemRandom::new(), message, &mut out).map_err(|_| SignError::Failed)?;
        Ok(out)
    }

    fn of_pair(pair: KeyPair) -> Result<Self, KeyError> {
        let public = PublicKey::from_pkcs1(pair.public_key().as_ref())?;
        Ok(Self(Arc::new(Inner { pair, public })))
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(..)")
    }
}
