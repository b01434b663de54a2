//! The algorithms of the profile, by their URIs. A closed list: what is not here is refused.
//!
//! Must never grow a keyed digest: a verifier that accepts one can be given its own public key as the secret.

use chancery_crypto::algorithm::Algorithm;
use chancery_crypto::digest;
use chancery_crypto::rsa::{BadSignature, PublicKey};

/// Exclusive canonical form without comments, the only one for what is signed.
pub const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
/// Inclusive canonical form without comments, accepted for the `SignedInfo` alone.
pub const INCLUSIVE: &str = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
/// The transform that leaves the signature itself out.
pub const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
/// RSA with SHA-256, what is signed with here.
pub const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
/// SHA-256, what is digested with here.
pub const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";

/// How a signature was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureMethod {
    /// RSASSA-PKCS1-v1_5 with SHA-1: only where somebody allows it.
    RsaSha1,
    /// With a digest that still holds.
    Rsa(Algorithm),
}

impl SignatureMethod {
    /// The method that a URI names.
    pub fn of(uri: &str) -> Option<Self> {
        match uri {
            "http://www.w3.org/2000/09/xmldsig#rsa-sha1" => Some(Self::RsaSha1),
            RSA_SHA256 => Some(Self::Rsa(Algorithm::Rs256)),
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384" => Some(Self::Rsa(Algorithm::Rs384)),
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512" => Some(Self::Rsa(Algorithm::Rs512)),
            _ => None,
        }
    }

    /// The URI of what signs with this algorithm, if the profile has it.
    pub fn uri(algorithm: Algorithm) -> Option<&'static str> {
        match algorithm {
            Algorithm::Rs256 => Some(RSA_SHA256),
            Algorithm::Rs384 => Some("http://www.w3.org/2001/04/xmldsig-more#rsa-sha384"),
            Algorithm::Rs512 => Some("http://www.w3.org/2001/04/xmldsig-more#rsa-sha512"),
            Algorithm::Es256 | Algorithm::Es384 | Algorithm::Hs256 | Algorithm::Ps256 | Algorithm::Ps384 => {
                None
            }
        }
    }

    /// Whether it rests on SHA-1.
    pub fn is_weak(self) -> bool {
        self == Self::RsaSha1
    }

    /// Verifies a signature.
    pub fn verify(self, key: &PublicKey, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        match self {
            Self::RsaSha1 => key.verify_sha1(message, signature),
            Self::Rsa(algorithm) => key.verify(algorithm, message, signature),
        }
    }
}

/// How octets are digested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DigestMethod {
    /// Only where somebody allows it.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl DigestMethod {
    /// The method that a URI names.
    pub fn of(uri: &str) -> Option<Self> {
        match uri {
            "http://www.w3.org/2000/09/xmldsig#sha1" => Some(Self::Sha1),
            SHA256 => Some(Self::Sha256),
            "http://www.w3.org/2001/04/xmldsig-more#sha384" => Some(Self::Sha384),
            "http://www.w3.org/2001/04/xmlenc#sha512" => Some(Self::Sha512),
            _ => None,
        }
    }

    /// Whether it is SHA-1.
    pub fn is_weak(self) -> bool {
        self == Self::Sha1
    }

    /// The digest.
    pub fn digest(self, octets: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => digest::sha1(octets).to_vec(),
            Self::Sha256 => digest::sha256(octets).to_vec(),
            Self::Sha384 => digest::sha384(octets).to_vec(),
            Self::Sha512 => digest::sha512(octets).to_vec(),
        }
    }
}
