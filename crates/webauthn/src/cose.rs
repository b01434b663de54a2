//! Public keys of credentials: COSE_Key (RFC 9052 section 7, RFC 9053 section 7, RFC 8230 section 4) in the strict form
//! of Web Authentication Level 3 sections 5.8.5 and 6.5.1, and verifying with them.
//!
//! The list of algorithms is closed. It must never verify with a key that is not wholly understood, nor let a signature
//! say how it is to be verified.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ED25519, ParsedPublicKey, VerificationAlgorithm};
use chancery_crypto::{algorithm, rsa};

use crate::cbor::{self, CborError, Key, Map, Value};

/// The longest RSA modulus, in bits.
const MAX_RSA_BITS: usize = 4096;

/// Labels of a COSE_Key; the negative ones mean something else for each type of key.
const KTY: i128 = 1;
const ALG: i128 = 3;
const CRV: i128 = -1;
const X: i128 = -2;
const Y: i128 = -3;
const N: i128 = -1;
const E: i128 = -2;

/// Types of keys and curves, by their numbers.
const OKP: i128 = 1;
const EC2: i128 = 2;
const RSA: i128 = 3;
const P256: i128 = 1;
const CURVE_ED25519: i128 = 6;

/// A signature algorithm that passkeys may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// EdDSA on Ed25519.
    EdDsa,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
}

impl Algorithm {
    /// All of them, the most wanted first.
    pub const ALL: [Self; 3] = [Self::Es256, Self::EdDsa, Self::Rs256];

    /// The number in the IANA registry "COSE Algorithms".
    pub fn identifier(self) -> i32 {
        match self {
            Self::Es256 => -7,
            Self::EdDsa => -8,
            Self::Rs256 => -257,
        }
    }

    fn of_identifier(number: i128) -> Option<Self> {
        Self::ALL.into_iter().find(|one| i128::from(one.identifier()) == number)
    }
}

/// Why bytes are no public key that a passkey may have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not CBOR.
    #[error("the COSE key cannot be read: {0}")]
    Cbor(#[from] CborError),
    /// CBOR, but no map.
    #[error("a COSE key must be a map")]
    NotMap,
    /// A member is missing or has another value.
    #[error("the member {label} of the COSE key must be {expected}")]
    Member {
        /// The label of the member.
        label: i128,
        /// What it has to be.
        expected: &'static str,
    },
    /// The algorithm is none of those that were offered.
    #[error("expected a key for the algorithm -7, -8 or -257, found {0}")]
    Algorithm(i128),
    /// There are members that such a key must not have.
    #[error("expected a COSE key with {expected} members, found {found}")]
    Members {
        /// How many there are.
        found: usize,
        /// How many there have to be.
        expected: usize,
    },
    /// The coordinates are no point that a public key may be.
    #[error("the coordinates of the COSE key are no usable point of its curve")]
    Point,
    /// The RSA key breaks the rules for all RSA keys.
    #[error("the RSA key is refused: {0}")]
    Rsa(#[from] rsa::KeyError),
    /// The RSA key is longer than a passkey's may be.
    #[error("an RSA key of a passkey may have at most 4096 bits, this one has {0}")]
    RsaTooLong(usize),
}

/// A public key that may verify.
pub(crate) struct PublicKey {
    pub(crate) algorithm: Algorithm,
    verifier: Verifier,
}

enum Verifier {
    Curve(ParsedPublicKey),
    Rsa(rsa::PublicKey),
}

impl PublicKey {
    /// Reads a COSE_Key and nothing after it.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, KeyError> {
        let Value::Map(members) = cbor::read(bytes)? else { return Err(KeyError::NotMap) };
        let Some(Value::Int(number)) = members.get(&Key::Int(ALG)) else {
            return Err(KeyError::Member { label: ALG, expected: "the number of an algorithm" });
        };
        let algorithm = Algorithm::of_identifier(*number).ok_or(KeyError::Algorithm(*number))?;
        let verifier = match algorithm {
            Algorithm::Es256 => Verifier::Curve(p256(&members)?),
            Algorithm::EdDsa => Verifier::Curve(ed25519(&members)?),
            Algorithm::Rs256 => Verifier::Rsa(rsa(&members)?),
        };
        Ok(Self { algorithm, verifier })
    }

    /// Whether the signature is this key's over the whole message, in the form of Web Authentication Level 3 section
    /// 6.5.5: DER for ECDSA, 64 bytes for Ed25519.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.verifier {
            Verifier::Curve(key) => key.verify_sig(message, signature).is_ok(),
            Verifier::Rsa(key) => key.verify(algorithm::Algorithm::Rs256, message, signature).is_ok(),
        }
    }
}

fn p256(members: &Map<'_>) -> Result<ParsedPublicKey, KeyError> {
    number(members, KTY, (EC2, "2 (EC2)"))?;
    number(members, CRV, (P256, "1 (P-256)"))?;
    // The compressed form, with a boolean for y, is not allowed here.
    let (x, y) = (coordinate(members, X)?, coordinate(members, Y)?);
    count(members, 5)?;
    parse(&ECDSA_P256_SHA256_ASN1, &[&[4], x, y].concat())
}

fn ed25519(members: &Map<'_>) -> Result<ParsedPublicKey, KeyError> {
    number(members, KTY, (OKP, "1 (OKP)"))?;
    number(members, CRV, (CURVE_ED25519, "6 (Ed25519)"))?;
    let point = coordinate(members, X)?;
    count(members, 4)?;
    // The library does not look whether the point is on the curve before it verifies; beside it, nothing ever verifies,
    // so that such a key is as useless as one whose private half is lost.
    if is_weak(point) {
        return Err(KeyError::Point);
    }
    parse(&ED25519, point)
}

fn rsa(members: &Map<'_>) -> Result<rsa::PublicKey, KeyError> {
    number(members, KTY, (RSA, "3 (RSA)"))?;
    let (n, e) = (magnitude(members, N)?, magnitude(members, E)?);
    count(members, 4)?;
    let bits = n.len() * 8 - n.first().map_or(0, |first| first.leading_zeros() as usize);
    if bits > MAX_RSA_BITS {
        return Err(KeyError::RsaTooLong(bits));
    }
    Ok(rsa::PublicKey::from_components(n, e)?)
}

fn parse(algorithm: &'static dyn VerificationAlgorithm, bytes: &[u8]) -> Result<ParsedPublicKey, KeyError> {
    ParsedPublicKey::new(algorithm, bytes).map_err(|_| KeyError::Point)
}

/// A member that has to be one number.
fn number(members: &Map<'_>, label: i128, (wanted, expected): (i128, &'static str)) -> Result<(), KeyError> {
    match members.get(&Key::Int(label)) {
        Some(Value::Int(found)) if *found == wanted => Ok(()),
        _ => Err(KeyError::Member { label, expected }),
    }
}

/// A member that is a coordinate of a curve whose coordinates have 32 bytes.
fn coordinate<'b>(members: &Map<'b>, label: i128) -> Result<&'b [u8], KeyError> {
    match members.get(&Key::Int(label)) {
        Some(Value::Bytes(bytes)) if bytes.len() == 32 => Ok(bytes),
        _ => Err(KeyError::Member { label, expected: "a byte string of 32 bytes" }),
    }
}

/// A member that is a large number, which RFC 8230 section 4 wants as short as possible.
fn magnitude<'b>(members: &Map<'b>, label: i128) -> Result<&'b [u8], KeyError> {
    match members.get(&Key::Int(label)) {
        Some(Value::Bytes(bytes)) if bytes.first().is_some_and(|first| *first != 0) => Ok(bytes),
        _ => Err(KeyError::Member { label, expected: "a byte string without leading zeros" }),
    }
}

/// Members beyond those that are needed must not be there (section 6.5.1).
fn count(members: &Map<'_>, expected: usize) -> Result<(), KeyError> {
    match members.len() {
        found if found == expected => Ok(()),
        found => Err(KeyError::Members { found, expected }),
    }
}

/// Whether a point of Ed25519 is one of those of small order, for which anybody can make signatures (RFC 8032 section
/// 5.1, RFC 7748 section 7), or written in a second way (a y that is not below the prime). The library takes both.
fn is_weak(point: &[u8]) -> bool {
    /// The y of the points of order 8, little endian.
    const ORDER_8: [[u8; 32]; 2] = [
        [
            0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
            0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
        ],
        [
            0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
            0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
        ],
    ];
    let mut y = [0; 32];
    y.copy_from_slice(point);
    // The highest bit is the sign of x.
    y[31] &= 0x7f;
    // 0 has order 4, 1 is the neutral element; p - 1 has order 2, and what follows is no number below p.
    let tiny = y[0] <= 1 && y[1..].iter().all(|byte| *byte == 0);
    let huge = y[0] >= 0xec && y[31] == 0x7f && y[1..31].iter().all(|byte| *byte == 0xff);
    tiny || huge || ORDER_8.contains(&y)
}
