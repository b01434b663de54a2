//! The only production implementation of [`Sign`]: the current key of a ring with one algorithm.
//!
//! Must never be made from anything but [`KeyRing::signer`](crate::KeyRing::signer).

use std::str::FromStr;

use chancery_crypto::algorithm::Algorithm;
use chancery_crypto::rsa::PrivateKey;
use chancery_crypto::sign::{Sign, SignError};
use jiff::Timestamp;

use crate::{Kid, PublicHalf};

/// What application signing keys sign with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RingAlgorithm {
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
}

/// An algorithm that application signing keys do not sign with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("application signing keys sign with RS256, RS512 or PS256")]
pub struct NotForRings;

impl From<RingAlgorithm> for Algorithm {
    fn from(algorithm: RingAlgorithm) -> Self {
        match algorithm {
            RingAlgorithm::Ps256 => Self::Ps256,
            RingAlgorithm::Rs256 => Self::Rs256,
            RingAlgorithm::Rs512 => Self::Rs512,
        }
    }
}

impl FromStr for RingAlgorithm {
    type Err = NotForRings;

    /// Reads the exact, case-sensitive JOSE name.
    fn from_str(name: &str) -> Result<Self, NotForRings> {
        let mut all = [Self::Ps256, Self::Rs256, Self::Rs512].into_iter();
        all.find(|own| Algorithm::from(*own).name() == name).ok_or(NotForRings)
    }
}

/// Signs with a tenant's current key. Cheap to clone, so that it can travel to the signing pool.
#[derive(Clone, Debug)]
pub struct Signer {
    kid: Kid,
    key: PrivateKey,
    algorithm: RingAlgorithm,
    not_after: Timestamp,
}

impl Signer {
    pub(crate) fn new(public: &PublicHalf, key: &PrivateKey, algorithm: RingAlgorithm) -> Self {
        let not_after = public.certificate.not_after();
        Self { kid: public.kid.clone(), key: key.clone(), algorithm, not_after }
    }

    /// The id of the key, for the header of what it signs.
    pub fn kid(&self) -> &Kid {
        &self.kid
    }

    /// The end of the certificate: nothing signed may outlive it.
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }
}

impl Sign for Signer {
    fn algorithm(&self) -> Algorithm {
        self.algorithm.into()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        self.key.sign(self.algorithm.into(), message)
    }
}
