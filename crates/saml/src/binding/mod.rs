//! How messages travel through the browser (SAML bindings): by redirection and by form.
//!
//! Must never accept a parameter twice: two readers would disagree on which one counts.

pub mod post;
pub mod redirect;

use chancery_crypto::rsa::{BadSignature, PublicKey};
use chancery_xmldsig::algorithms::SignatureMethod;
use chancery_xmldsig::tree::XmlError;
use chancery_xmldsig::verify::Sha1;

/// The longest message, in characters of base64.
const LONGEST: usize = 1_400_000;
/// The longest `RelayState`, in bytes. The specification says 80, which nobody keeps to.
pub const LONGEST_RELAY_STATE: usize = 8192;

/// Whether a message asks or answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// `SAMLRequest`.
    Request,
    /// `SAMLResponse`.
    Response,
}

impl Direction {
    /// The name of the parameter.
    pub fn parameter(self) -> &'static str {
        match self {
            Self::Request => "SAMLRequest",
            Self::Response => "SAMLResponse",
        }
    }
}

/// A message as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Whether it asks or answers.
    pub direction: Direction,
    /// The message.
    pub xml: String,
    /// What has to come back unchanged.
    pub relay_state: Option<String>,
    /// The signature beside the message, as redirections have it.
    pub detached: Option<Detached>,
}

/// A signature over the octets of a query (SAML bindings, section 3.4.4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detached {
    octets: String,
    algorithm: String,
    signature: Vec<u8>,
}

impl Detached {
    /// Verifies it with the first of the keys that does; answers which, and whether it rests on SHA-1.
    pub fn verify(&self, keys: &[PublicKey], sha1: Sha1) -> Result<(usize, bool), BindingError> {
        let method =
            SignatureMethod::of(&self.algorithm).filter(|method| sha1 == Sha1::Allowed || !method.is_weak());
        let method =
            method.ok_or_else(|| BindingError::Algorithm(self.algorithm.chars().take(100).collect()))?;
        let verifies = |key: &PublicKey| -> Result<(), BadSignature> {
            method.verify(key, self.octets.as_bytes(), &self.signature)
        };
        let found = keys.iter().position(|key| verifies(key).is_ok());
        found.map(|key| (key, method.is_weak())).ok_or(BindingError::Untrusted(keys.len()))
    }
}

/// Why a message is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BindingError {
    /// There is none, or two.
    #[error("expected one parameter SAMLRequest or SAMLResponse")]
    Missing,
    /// A parameter came twice.
    #[error("the parameter {0} was sent more than once")]
    Twice(&'static str),
    /// It is no base64.
    #[error("the parameter {0} is no base64")]
    Base64(&'static str),
    /// It is no DEFLATE, or more than a message may be.
    #[error("the message cannot be inflated to at most 1 MiB")]
    Inflate,
    /// It is neither XML nor DEFLATE.
    #[error("the message is no XML in UTF-8, and cannot be inflated to at most 1 MiB either")]
    Text,
    /// It is larger than a message may be.
    #[error("the parameter {0} is too long")]
    TooLong(&'static str),
    /// Half a signature.
    #[error("a signed redirection has both SigAlg and Signature")]
    HalfSigned,
    /// Another encoding than DEFLATE.
    #[error("the parameter SAMLEncoding names an unknown encoding")]
    Encoding,
    /// It is no text.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// Another algorithm than those that are accepted.
    #[error("the signature method {0} is not accepted")]
    Algorithm(String),
    /// Nobody who is trusted signed this.
    #[error("the signature was made by none of the {0} certificates that are configured")]
    Untrusted(usize),
}
