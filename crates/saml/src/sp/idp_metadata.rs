//! What an identity provider publishes of itself (SAML metadata, sections 2.3 and 2.4).
//!
//! Where it comes from makes it believable: an administrator pasted it, or it was fetched over TLS from an address that
//! one named. Must never be read out of a message.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chancery_crypto::certificate::Certificate;
use chancery_xmldsig::DS;
use chancery_xmldsig::tree::{Element, Node, Tree, XmlError};
use jiff::Timestamp;

use crate::{HTTP_POST, HTTP_REDIRECT, METADATA, PROTOCOL, moment};

/// The most certificates of one identity provider.
const MOST_CERTIFICATES: usize = 20;

/// An identity provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdpMetadata {
    /// What it calls itself.
    pub entity_id: String,
    /// Where requests go by redirection.
    pub sign_in_redirect: Option<String>,
    /// Where requests go by form.
    pub sign_in_post: Option<String>,
    /// Where logouts go by redirection.
    pub sign_out_redirect: Option<SignOut>,
    /// Where logouts go by form.
    pub sign_out_post: Option<SignOut>,
    /// The certificates of the keys that it signs with, in its order: several during a rollover.
    pub certificates: Vec<Certificate>,
    /// Whether it wants requests to be signed.
    pub wants_signed_requests: bool,
    /// Until when all of this counts.
    pub valid_until: Option<Timestamp>,
}

/// Where messages about logouts go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignOut {
    /// The requests, and the answers too where nothing else is said.
    pub location: String,
    /// The answers (`ResponseLocation`; SAML metadata, section 2.2.2).
    pub responses: Option<String>,
}

/// Why metadata cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// It is not as it has to be.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// It is something else, or describes somebody else.
    #[error(
        "expected the metadata of one SAML 2.0 identity provider (an EntityDescriptor with an IDPSSODescriptor), found {0}"
    )]
    Kind(usize),
    /// Its time is over.
    #[error("the metadata counted until {0}")]
    Expired(Timestamp),
    /// A moment cannot be read.
    #[error("validUntil is no moment in UTC")]
    Moment,
    /// A certificate cannot be read.
    #[error("a certificate of the metadata cannot be used: {0}")]
    Certificate(String),
    /// There is nothing to verify signatures with.
    #[error("the metadata has no certificate that signs")]
    NoCertificate,
    /// There is nowhere to send requests.
    #[error("the metadata has no SingleSignOnService by HTTP-Redirect or HTTP-POST")]
    NoEndpoint,
}

impl IdpMetadata {
    /// Reads a document that describes exactly one identity provider.
    pub fn read(xml: &str, now: Timestamp) -> Result<Self, MetadataError> {
        let tree = Tree::parse(xml)?;
        let speaks = |role: &Node<'_, '_>| {
            let protocols = role.attribute("protocolSupportEnumeration").unwrap_or_default();
            role.is(METADATA, "IDPSSODescriptor")
                && protocols.split_ascii_whitespace().any(|own| own == PROTOCOL)
        };
        let Role { entity_id, role, valid_until } = the_role(&tree, now, speaks)?;
        let certificates = certificates(role)?;
        if certificates.is_empty() {
            return Err(MetadataError::NoCertificate);
        }
        let sign_in = |binding| location(endpoint(role, "SingleSignOnService", binding)?, "Location");
        let sign_out = |binding| {
            let place = endpoint(role, "SingleLogoutService", binding)?;
            Some(SignOut {
                location: location(place, "Location")?,
                responses: location(place, "ResponseLocation"),
            })
        };
        let read = Self {
            entity_id,
            sign_in_redirect: sign_in(HTTP_REDIRECT),
            sign_in_post: sign_in(HTTP_POST),
            sign_out_redirect: sign_out(HTTP_REDIRECT),
            sign_out_post: sign_out(HTTP_POST),
            certificates,
            wants_signed_requests: matches!(role.attribute("WantAuthnRequestsSigned"), Some("true" | "1")),
            valid_until,
        };
        if read.sign_in_redirect.is_none() && read.sign_in_post.is_none() {
            return Err(MetadataError::NoEndpoint);
        }
        Ok(read)
    }
}

/// Somebody as they stand in a document.
#[derive(Debug)]
pub struct Role<'a, 'text> {
    /// What they call themselves.
    pub entity_id: String,
    /// What they do.
    pub role: Node<'a, 'text>,
    /// Until when all of this counts.
    pub valid_until: Option<Timestamp>,
}

/// The one descriptor of a document that is wanted; nothing around it may be over.
pub fn the_role<'a, 'text>(
    tree: &'a Tree<'text>,
    now: Timestamp,
    is_wanted: impl Fn(&Node<'a, 'text>) -> bool,
) -> Result<Role<'a, 'text>, MetadataError> {
    let mut found = Vec::new();
    descriptors(tree.root(), &mut Vec::new(), (&is_wanted, &mut found));
    let [around] = found.as_slice() else { return Err(MetadataError::Kind(found.len())) };
    let [.., entity, role] = around.as_slice() else { return Err(MetadataError::Kind(0)) };
    let mut valid_until: Option<Timestamp> = None;
    for node in around {
        if let Some(text) = node.attribute("validUntil") {
            let ends = moment::read(text).ok_or(MetadataError::Moment)?;
            if now >= ends {
                return Err(MetadataError::Expired(ends));
            }
            valid_until = Some(valid_until.map_or(ends, |known| known.min(ends)));
        }
    }
    Ok(Role { entity_id: entity.required("entityID")?.to_owned(), role: *role, valid_until })
}

/// The descriptors of a document that are wanted, each with its entity and the groups that it stands in.
fn descriptors<'a, 'text>(
    node: Node<'a, 'text>,
    above: &mut Vec<Node<'a, 'text>>,
    (is_wanted, found): (&impl Fn(&Node<'a, 'text>) -> bool, &mut Vec<Vec<Node<'a, 'text>>>),
) {
    above.push(node);
    if node.is(METADATA, "EntitiesDescriptor") {
        for child in node.children() {
            descriptors(child, above, (is_wanted, found));
        }
    } else if node.is(METADATA, "EntityDescriptor") {
        found.extend(node.children().filter(is_wanted).map(|role| [above.as_slice(), &[role]].concat()));
    }
    above.pop();
}

/// The certificates of the keys that sign: those for signing, and those that say nothing of their use. Keys that are
/// for encryption alone count for nothing here.
pub fn certificates(role: Node<'_, '_>) -> Result<Vec<Certificate>, MetadataError> {
    let mut certificates: Vec<Certificate> = Vec::new();
    for descriptor in role.all(METADATA, "KeyDescriptor") {
        if !matches!(descriptor.attribute("use"), None | Some("" | "signing")) {
            continue;
        }
        for info in descriptor.all(DS, "KeyInfo") {
            for data in info.all(DS, "X509Data") {
                // The first is that of the key; what follows it would be its chain.
                let Some(first) = data.all(DS, "X509Certificate").into_iter().next() else { continue };
                let certificate = certificate(&first.whole_text()?)?;
                if !certificates.contains(&certificate) {
                    certificates.push(certificate);
                }
            }
        }
    }
    if certificates.len() > MOST_CERTIFICATES {
        return Err(MetadataError::Certificate(format!(
            "there are {}, at most {MOST_CERTIFICATES} are taken",
            certificates.len()
        )));
    }
    Ok(certificates)
}

fn certificate(text: &str) -> Result<Certificate, MetadataError> {
    let refused = |why: String| MetadataError::Certificate(why);
    let text: String = text.split_ascii_whitespace().collect();
    let der = STANDARD.decode(text).map_err(|_| refused("it is no base64".to_owned()))?;
    let certificate = Certificate::from_der(der).map_err(|error| refused(error.to_string()))?;
    certificate.public_key().map_err(|error| refused(error.to_string()))?;
    Ok(certificate)
}

/// The first place of a service with this binding.
fn endpoint<'a, 'text>(role: Node<'a, 'text>, service: &str, binding: &str) -> Option<Node<'a, 'text>> {
    let mut places = role.all(METADATA, service).into_iter();
    places.find(|place| place.attribute("Binding") == Some(binding) && place.attribute("Location").is_some())
}

fn location(endpoint: Node<'_, '_>, name: &str) -> Option<String> {
    let place = endpoint.attribute(name).map(str::trim)?;
    (place.starts_with("https://") || place.starts_with("http://")).then(|| place.to_owned())
}
