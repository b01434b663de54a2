//! The signature algorithms Chancery knows, by their JOSE names (RFC 7518 section 3.1).
//!
//! A closed list is what makes `none`, and every algorithm nobody thought of, impossible to express. It must never
//! grow a catch-all variant.

use std::fmt;
use std::str::FromStr;

/// A signature algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// ECDSA on the curve P-256 with SHA-256.
    Es256,
    /// ECDSA on the curve P-384 with SHA-384.
    Es384,
    /// HMAC with SHA-256: the signer and the verifier share one secret.
    Hs256,
    /// RSASSA-PSS with SHA-256 and a salt of 32 bytes.
    Ps256,
    /// RSASSA-PSS with SHA-384 and a salt of 48 bytes.
    Ps384,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
}

/// The kind of key that an algorithm needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// A shared secret.
    Secret,
    /// An RSA key pair.
    Rsa,
    /// A key pair on this curve.
    Ec(Curve),
}

/// An elliptic curve (RFC 7518 section 6.2.1.1). Each belongs to one algorithm (section 3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Curve {
    /// For ES256.
    P256,
    /// For ES384.
    P384,
}

impl Curve {
    /// Every curve.
    pub const ALL: [Self; 2] = [Self::P256, Self::P384];

    /// The JOSE name, as in the member `crv` of a JWK.
    pub fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
        }
    }

    /// The algorithm that its keys are for.
    pub fn algorithm(self) -> Algorithm {
        match self {
            Self::P256 => Algorithm::Es256,
            Self::P384 => Algorithm::Es384,
        }
    }

    /// The bytes of a coordinate, and of each half of a signature.
    pub fn width(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
        }
    }

    /// The curve of this exact name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|curve| curve.name() == name)
    }
}

impl fmt::Display for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text is not the name of a known algorithm.
///
/// It does not repeat the text, which may come from an attacker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown signature algorithm (known are ES256, ES384, HS256, PS256, PS384, RS256, RS384, RS512)")]
pub struct UnknownAlgorithm;

impl Algorithm {
    /// The JOSE name, as in the `alg` header (RFC 7518 section 3.1).
    pub fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Hs256 => "HS256",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
        }
    }

    /// The kind of key it needs.
    pub fn kind(self) -> KeyKind {
        match self {
            Self::Es256 => KeyKind::Ec(Curve::P256),
            Self::Es384 => KeyKind::Ec(Curve::P384),
            Self::Hs256 => KeyKind::Secret,
            Self::Ps256 | Self::Ps384 | Self::Rs256 | Self::Rs384 | Self::Rs512 => KeyKind::Rsa,
        }
    }

    /// Whether the key that verifies can also sign.
    pub fn is_symmetric(self) -> bool {
        self.kind() == KeyKind::Secret
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    /// Reads the exact, case-sensitive JOSE name.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "ES256" => Ok(Self::Es256),
            "ES384" => Ok(Self::Es384),
            "HS256" => Ok(Self::Hs256),
            "PS256" => Ok(Self::Ps256),
            "PS384" => Ok(Self::Ps384),
            "RS256" => Ok(Self::Rs256),
            "RS384" => Ok(Self::Rs384),
            "RS512" => Ok(Self::Rs512),
            _ => Err(UnknownAlgorithm),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_as_its_algorithm() {
        for algorithm in [
            Algorithm::Es256,
            Algorithm::Es384,
            Algorithm::Hs256,
            Algorithm::Ps256,
            Algorithm::Ps384,
            Algorithm::Rs256,
            Algorithm::Rs384,
            Algorithm::Rs512,
        ] {
            assert_eq!(algorithm.name().parse(), Ok(algorithm));
            assert_eq!(algorithm.to_string(), algorithm.name());
        }
    }

    #[test]
    fn none_and_names_in_another_case_are_unknown() {
        for name in [
            "", "none", "None", "nOnE", "rs256", "Rs256", "RS256 ", " RS256", "es256", "ES256K", "ES512",
            "EdDSA", "PS512",
        ] {
            assert_eq!(name.parse::<Algorithm>(), Err(UnknownAlgorithm), "{name}");
        }
    }

    #[test]
    fn only_hs256_is_symmetric() {
        assert!(Algorithm::Hs256.is_symmetric());
        assert!(!Algorithm::Rs256.is_symmetric());
        assert!(!Algorithm::Ps256.is_symmetric());
        assert!(!Algorithm::Es256.is_symmetric());
    }

    #[test]
    fn a_curve_belongs_to_one_algorithm() {
        for curve in Curve::ALL {
            assert_eq!(curve.algorithm().kind(), KeyKind::Ec(curve));
            assert_eq!(Curve::named(curve.name()), Some(curve));
        }
        for name in ["", "p-256", "P256", "P-521", "secp256k1"] {
            assert_eq!(Curve::named(name), None, "{name}");
        }
    }
}
