//! The only production implementation of [`Sign`]: the current key of a ring with one algorithm.
//!
//! Must never be made from anything but [`KeyRing::signer`](crate::KeyRing::signer).

use chancery_crypto::algorithm::Algorithm;
use chancery_crypto::rsa::PrivateKey;
use chancery_crypto::sign::{Sign, SignError};
use jiff::Timestamp;

use crate::{Kid, PublicHalf};

/// Signs with a tenant's current key. Cheap to clone, so that it can travel to the signing pool.
#[derive(Clone, Debug)]
pub struct Signer {
    kid: Kid,
    key: PrivateKey,
    algorithm: Algorithm,
    not_after: Timestamp,
}

/// An algorithm that ring keys do not sign with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("application signing keys sign with RS256, RS512 or PS256, not with {}", .0.name())]
pub struct SignerError(pub Algorithm);

impl Signer {
    pub(crate) fn new(
        public: &PublicHalf,
        key: &PrivateKey,
        algorithm: Algorithm,
    ) -> Result<Self, SignerError> {
        match algorithm {
            Algorithm::Rs256 | Algorithm::Rs512 | Algorithm::Ps256 => Ok(Self {
                kid: public.kid.clone(),
                key: key.clone(),
                algorithm,
                not_after: public.certificate.not_after(),
            }),
            Algorithm::Hs256 | Algorithm::Rs384 | Algorithm::Ps384 => Err(SignerError(algorithm)),
        }
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
        self.algorithm
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        self.key.sign(self.algorithm, message)
    }
}
