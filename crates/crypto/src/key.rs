//! Asymmetric keys of either kind, for those whose keys may be of both: RSA, or on an elliptic curve.
//!
//! Whoever has to have an RSA key takes one from [`crate::rsa`] and never one from here. It must never let a key sign
//! or verify with an algorithm of another kind.

use std::fmt;

use zeroize::Zeroizing;

use crate::algorithm::{Algorithm, Curve, KeyKind};
use crate::certificate::Certificate;
use crate::sign::{BadSignature, SignError};
use crate::{ecdsa, rsa};

/// A private key with its public half; cloning shares the parsed key.
#[derive(Clone)]
pub enum PrivateKey {
    /// For RS256, RS384, RS512, PS256 and PS384.
    Rsa(rsa::PrivateKey),
    /// For ES256 or ES384, as its curve says.
    Ec(ecdsa::PrivateKey),
}

/// The public half; cloning shares the parsed key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// For RS256, RS384, RS512, PS256 and PS384.
    Rsa(rsa::PublicKey),
    /// For ES256 or ES384, as its curve says.
    Ec(ecdsa::PublicKey),
}

/// Why bytes are not a usable key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// As an RSA key.
    #[error(transparent)]
    Rsa(#[from] rsa::KeyError),
    /// As a key on an elliptic curve.
    #[error(transparent)]
    Ec(#[from] ecdsa::KeyError),
}

/// The private half of a key pair, for those that work with one kind of keys or with both.
pub trait KeyPair: Clone + fmt::Debug {
    /// The public half.
    type Public: Clone + fmt::Debug;

    /// Reads an unencrypted PKCS#8 `PrivateKeyInfo` (RFC 5208 section 5) in DER.
    ///
    /// # Errors
    ///
    /// [`KeyError`] when it is not one of this kind.
    fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError>;

    /// The public half that a certificate speaks for.
    ///
    /// # Errors
    ///
    /// [`KeyError`] when it is not one of this kind.
    fn certified(certificate: &Certificate) -> Result<Self::Public, KeyError>;

    /// Whether this is its public half.
    fn belongs_to(&self, public: &Self::Public) -> bool;
}

impl KeyPair for rsa::PrivateKey {
    type Public = rsa::PublicKey;

    fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        Ok(Self::from_pkcs8(der)?)
    }

    fn certified(certificate: &Certificate) -> Result<Self::Public, KeyError> {
        Ok(certificate.public_key()?)
    }

    fn belongs_to(&self, public: &Self::Public) -> bool {
        self.public() == public
    }
}

impl KeyPair for PrivateKey {
    type Public = PublicKey;

    fn from_pkcs8(der: &[u8]) -> Result<Self, KeyError> {
        // A structure names its kind, so that no more than one of these takes it.
        let mut curves = Curve::ALL.into_iter();
        match curves.find_map(|curve| ecdsa::PrivateKey::from_pkcs8(curve, der).ok()) {
            Some(key) => Ok(Self::Ec(key)),
            None => Ok(Self::Rsa(rsa::PrivateKey::from_pkcs8(der)?)),
        }
    }

    fn certified(certificate: &Certificate) -> Result<Self::Public, KeyError> {
        PublicKey::from_spki_der(certificate.spki())
    }

    fn belongs_to(&self, public: &Self::Public) -> bool {
        self.public() == *public
    }
}

impl PrivateKey {
    /// The public half.
    pub fn public(&self) -> PublicKey {
        match self {
            Self::Rsa(key) => PublicKey::Rsa(key.public().clone()),
            Self::Ec(key) => PublicKey::Ec(key.public().clone()),
        }
    }

    /// The key as PKCS#8 DER, erased from memory when dropped.
    ///
    /// # Errors
    ///
    /// [`KeyError`] when the library fails.
    pub fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, KeyError> {
        match self {
            Self::Rsa(key) => Ok(key.to_pkcs8()?),
            Self::Ec(key) => Ok(key.to_pkcs8()?),
        }
    }

    /// Signs a message; the digest is part of the algorithm.
    ///
    /// # Errors
    ///
    /// [`SignError::WrongAlgorithm`] for an algorithm of another kind of key, [`SignError::Failed`] when the library
    /// fails.
    pub fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, SignError> {
        match self {
            Self::Rsa(key) => key.sign(algorithm, message),
            Self::Ec(key) if key.algorithm() == algorithm => key.sign(message),
            Self::Ec(_) => Err(SignError::WrongAlgorithm(algorithm)),
        }
    }
}

impl From<rsa::PrivateKey> for PrivateKey {
    fn from(key: rsa::PrivateKey) -> Self {
        Self::Rsa(key)
    }
}

impl From<ecdsa::PrivateKey> for PrivateKey {
    fn from(key: ecdsa::PrivateKey) -> Self {
        Self::Ec(key)
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(..)")
    }
}

impl PublicKey {
    /// Reads a DER `SubjectPublicKeyInfo` (RFC 5280 section 4.1.2.7).
    ///
    /// # Errors
    ///
    /// [`KeyError`] when it holds neither kind of key, or one that breaks the rules of its kind.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, KeyError> {
        match ecdsa::PublicKey::from_spki_der(der) {
            Ok(key) => Ok(Self::Ec(key)),
            Err(ecdsa::KeyError::NotEc) => Ok(Self::Rsa(rsa::PublicKey::from_spki_der(der)?)),
            Err(error) => Err(error.into()),
        }
    }

    /// The key as DER `SubjectPublicKeyInfo`.
    pub fn to_spki_der(&self) -> Vec<u8> {
        match self {
            Self::Rsa(key) => key.to_spki_der(),
            Self::Ec(key) => key.to_spki_der(),
        }
    }

    /// What kind of key it is.
    pub fn kind(&self) -> KeyKind {
        match self {
            Self::Rsa(_) => KeyKind::Rsa,
            Self::Ec(key) => KeyKind::Ec(key.curve()),
        }
    }

    /// Verifies a signature over a whole message.
    ///
    /// # Errors
    ///
    /// [`BadSignature`], also for an algorithm of another kind of key.
    pub fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        match self {
            Self::Rsa(key) => key.verify(algorithm, message, signature),
            Self::Ec(key) if key.algorithm() == algorithm => key.verify(message, signature),
            Self::Ec(_) => Err(BadSignature),
        }
    }
}

impl From<rsa::PublicKey> for PublicKey {
    fn from(key: rsa::PublicKey) -> Self {
        Self::Rsa(key)
    }
}

impl From<ecdsa::PublicKey> for PublicKey {
    fn from(key: ecdsa::PublicKey) -> Self {
        Self::Ec(key)
    }
}
