//! Reading an `AuthnRequest` (SAML core, section 3.4.1).
//!
//! Must never keep an element that it has not understood for an allowance: what is asked for and not known is refused
//! by [`super::admit`].

use chancery_xmldsig::tree::{Element, Tree, XmlError};
use jiff::Timestamp;

use crate::name_id::NameId;
use crate::{ASSERTION, PROTOCOL, moment};

/// A request to sign somebody in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthnRequest {
    /// Its id, which the answer repeats.
    pub id: String,
    /// When it was made.
    pub issued_at: Timestamp,
    /// Where it was sent.
    pub destination: Option<String>,
    /// Who asks.
    pub issuer: Option<String>,
    /// Where the answer is to go.
    pub acs_url: Option<String>,
    /// Where the answer is to go, as a number in metadata that we do not have.
    pub acs_index: Option<String>,
    /// How the answer is to travel.
    pub protocol_binding: Option<String>,
    /// Whether a session does not spare the login.
    pub force_authn: bool,
    /// Whether no page may be shown.
    pub is_passive: bool,
    /// The format of the name that is wanted.
    pub name_id_format: Option<String>,
    /// Who is probably to be signed in.
    pub subject: Option<NameId>,
}

/// Why a request cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It is not as it has to be.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// It is another message, or of another version.
    #[error("expected an AuthnRequest of version 2.0")]
    Kind,
    /// A moment cannot be read.
    #[error("IssueInstant is no moment in UTC")]
    Moment,
    /// A flag is neither true nor false.
    #[error("the attribute {0} is neither true nor false")]
    Flag(&'static str),
}

impl AuthnRequest {
    /// Reads one whose signature was verified, or is not asked for.
    pub fn read(xml: &str) -> Result<Self, ReadError> {
        let tree = Tree::parse(xml)?;
        let root = tree.root();
        if !root.is(PROTOCOL, "AuthnRequest") || root.attribute("Version") != Some("2.0") {
            return Err(ReadError::Kind);
        }
        let owned = |name: &str| root.attribute(name).map(str::to_owned);
        let issuer = root.optional(ASSERTION, "Issuer")?.map(|node| node.whole_text()).transpose()?;
        let policy = root.optional(PROTOCOL, "NameIDPolicy")?;
        let subject = root.optional(ASSERTION, "Subject")?;
        let subject = subject.map(|node| node.optional(ASSERTION, "NameID")).transpose()?.flatten();
        Ok(Self {
            id: root.required("ID")?.to_owned(),
            issued_at: moment::read(root.required("IssueInstant")?).ok_or(ReadError::Moment)?,
            destination: owned("Destination").filter(|to| !to.is_empty()),
            issuer: issuer.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()),
            acs_url: owned("AssertionConsumerServiceURL"),
            acs_index: owned("AssertionConsumerServiceIndex"),
            protocol_binding: owned("ProtocolBinding"),
            force_authn: flag(root.attribute("ForceAuthn"), "ForceAuthn")?,
            is_passive: flag(root.attribute("IsPassive"), "IsPassive")?,
            name_id_format: policy.and_then(|node| node.attribute("Format")).map(str::to_owned),
            subject: subject.map(NameId::read).transpose()?,
        })
    }
}

/// `xs:boolean`, absent is false.
fn flag(text: Option<&str>, name: &'static str) -> Result<bool, ReadError> {
    match text.map(str::trim) {
        None | Some("false" | "0") => Ok(false),
        Some("true" | "1") => Ok(true),
        Some(_) => Err(ReadError::Flag(name)),
    }
}
