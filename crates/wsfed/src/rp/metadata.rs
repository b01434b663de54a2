//! What a service that issues tokens publishes of itself (WS-Federation 1.2, section 3).
//!
//! Where it comes from makes it believable: an administrator pasted it, or it was fetched over TLS from an address that
//! one named. Must never be read out of a message.

use chancery_crypto::certificate::Certificate;
use chancery_saml::METADATA;
use chancery_saml::sp::idp_metadata::{MetadataError, Role, certificates, the_role};
use chancery_xmldsig::tree::{Element, Node, Tree, XmlError};
use jiff::Timestamp;

use crate::{ADDRESSING, FEDERATION};

const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// A service that issues tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StsMetadata {
    /// What it calls itself.
    pub entity_id: String,
    /// Where browsers are sent.
    pub endpoint: String,
    /// The certificates of the keys that it signs with, in its order: several during a rollover.
    pub certificates: Vec<Certificate>,
    /// Until when all of this counts.
    pub valid_until: Option<Timestamp>,
}

/// Why metadata cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StsMetadataError {
    /// For a reason that the metadata of SAML shares.
    #[error(transparent)]
    Shared(MetadataError),
    /// It is something else, or describes somebody else.
    #[error(
        "expected the federation metadata of one service (an EntityDescriptor with a RoleDescriptor of type \
         SecurityTokenServiceType), found {0}"
    )]
    Kind(usize),
    /// There is nowhere to send browsers.
    #[error("the metadata has no PassiveRequestorEndpoint with an address")]
    NoEndpoint,
}

impl From<MetadataError> for StsMetadataError {
    fn from(error: MetadataError) -> Self {
        if let MetadataError::Kind(found) = error { Self::Kind(found) } else { Self::Shared(error) }
    }
}

impl From<XmlError> for StsMetadataError {
    fn from(error: XmlError) -> Self {
        Self::Shared(error.into())
    }
}

impl StsMetadata {
    /// Reads a document that describes exactly one service.
    pub fn read(xml: &str, now: Timestamp) -> Result<Self, StsMetadataError> {
        let tree = Tree::parse(xml)?;
        let Role { entity_id, role, valid_until } = the_role(&tree, now, issues_tokens)?;
        let certificates = certificates(role)?;
        if certificates.is_empty() {
            return Err(MetadataError::NoCertificate.into());
        }
        Ok(Self { entity_id, endpoint: endpoint(role)?, certificates, valid_until })
    }
}

/// Whether a descriptor is of a service that issues tokens: its type says so, by whatever prefix.
fn issues_tokens(role: &Node<'_, '_>) -> bool {
    let kind = role.attribute((INSTANCE, "type")).filter(|_| role.is(METADATA, "RoleDescriptor"));
    let Some((prefix, name)) = kind.map(|kind| kind.trim().split_once(':').unwrap_or(("", kind.trim())))
    else {
        return false;
    };
    let namespace = role.lookup_namespace_uri(Some(prefix).filter(|prefix| !prefix.is_empty()));
    name == "SecurityTokenServiceType" && namespace == Some(FEDERATION)
}

/// The first address for browsers.
fn endpoint(role: Node<'_, '_>) -> Result<String, StsMetadataError> {
    for endpoint in role.all(FEDERATION, "PassiveRequestorEndpoint") {
        for reference in endpoint.all(ADDRESSING, "EndpointReference") {
            let address = reference.only(ADDRESSING, "Address")?.whole_text()?;
            let address = address.trim();
            if address.starts_with("https://") || address.starts_with("http://") {
                return Ok(address.to_owned());
            }
        }
    }
    Err(StsMetadataError::NoEndpoint)
}
