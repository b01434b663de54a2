//! Why an answer of an identity provider is refused, in words for whoever sets the connection up: what was expected, and
//! what came.
//!
//! Must never hold more of an answer than fits into a log.

use chancery_xmldsig::beside::Untrusted;
use chancery_xmldsig::decrypt::DecryptError;
use chancery_xmldsig::tree::XmlError;
use chancery_xmldsig::verify::VerifyError;
use jiff::Timestamp;

/// Why an answer is refused. The texts are those that articles about Auth0 quote, where they have one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConsumeError {
    /// It is not as it has to be.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// It is another message, or of another version.
    #[error("expected a Response of version 2.0 with one assertion of version 2.0, found {0}")]
    Kind(String),
    /// It does not say that anybody has signed in.
    #[error("the assertion has no AuthnStatement: it does not say that anybody has signed in")]
    Statement,
    /// The identity provider says that it did not work.
    #[error("saml response does not contain an Assertion element (Status: {0})")]
    Status(String),
    /// Nothing in it is signed.
    #[error("neither the response nor the assertion are signed")]
    Unsigned,
    /// The signature does not count.
    #[error("Signature check errors: {0}")]
    Signature(String),
    /// Nobody who is trusted signed it: it is foreign, or the identity provider has a new key.
    #[error("Signature check errors: {0}")]
    Untrusted(Untrusted),
    /// It cannot be opened.
    #[error("{0}")]
    Decrypt(String),
    /// It is for somebody else.
    #[error("Audience is invalid. Configured: {expected}; the assertion is for {}", or(sent, "nobody"))]
    Audience {
        /// For whom.
        sent: String,
        /// What we call ourselves there.
        expected: String,
    },
    /// Its time is over.
    #[error("assertion has expired. It counts until {until}, and it is {now} here.")]
    Expired {
        /// When it was over.
        until: Timestamp,
        /// When it came.
        now: Timestamp,
    },
    /// Its time has not come.
    #[error("assertion is not valid yet. It counts from {from} on, and it is {now} here.")]
    Early {
        /// When it begins to count.
        from: Timestamp,
        /// When it came.
        now: Timestamp,
    },
    /// It would count for ever.
    #[error("the assertion does not say until when it counts (NotOnOrAfter)")]
    Endless,
    /// A moment cannot be read.
    #[error("{0} is no moment in UTC")]
    Moment(&'static str),
    /// It was made for another place.
    #[error("Recipient is invalid. Configured: {expected}; the assertion is for {sent}")]
    Recipient {
        /// What it says.
        sent: String,
        /// Where it came.
        expected: String,
    },
    /// It was sent to another place.
    #[error("Destination endpoint {sent} did not match {expected}")]
    Destination {
        /// What it says.
        sent: String,
        /// Where it came.
        expected: String,
    },
    /// It is signed as a whole, and does not say where it was sent.
    #[error("the response is signed, so it has to name its Destination, expected {0}")]
    NoDestination(String),
    /// It was issued by somebody else.
    #[error("the issuer is {sent:?}, expected {expected:?}")]
    Issuer {
        /// What it says.
        sent: String,
        /// Whom we know.
        expected: String,
    },
    /// It answers another request, or none.
    #[error("InResponseTo is {}, expected {}", some(sent.as_ref()), some(expected.as_ref()))]
    InResponseTo {
        /// What it says.
        sent: Option<String>,
        /// What was asked with.
        expected: Option<String>,
    },
    /// Nothing says that whoever bears it is the subject.
    #[error("the assertion has no bearer SubjectConfirmation that holds here and now")]
    Confirmation,
    /// It says something that has to be understood and is not.
    #[error("the assertion has the condition {0}, which is not understood")]
    Condition(String),
}

/// What was said, for a person.
fn some(text: Option<&String>) -> &str {
    text.map_or("none", |text| or(text, "empty"))
}

fn or<'a>(text: &'a str, otherwise: &'a str) -> &'a str {
    if text.is_empty() { otherwise } else { text }
}

impl From<VerifyError> for ConsumeError {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Xml(error) => Self::Xml(error),
            VerifyError::Untrusted(nobody) => Self::Untrusted(nobody),
            error @ (VerifyError::Unexpected(_)
            | VerifyError::Algorithm { .. }
            | VerifyError::Weak
            | VerifyError::Reference(_)
            | VerifyError::Ambiguous(_)
            | VerifyError::Base64(_)
            | VerifyError::Digest) => Self::Signature(error.to_string()),
        }
    }
}

impl From<DecryptError> for ConsumeError {
    fn from(error: DecryptError) -> Self {
        Self::Decrypt(error.to_string())
    }
}
