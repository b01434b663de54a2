//! Verifying an enveloped signature (XML Signature 1.1, section 3.2), in the narrowest profile that partners use.
//!
//! The signature stands directly in the element that it signs, refers to nothing but that element by an id that occurs
//! once in the document, and is transformed in one way. What is answered are the octets that were digested: whoever
//! reads anything reads those, parsed anew. Must never look for an element by its id, take a key from the message, or
//! go on after an error.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chancery_crypto::digest;
use chancery_crypto::rsa::PublicKey;

use crate::algorithms::{DigestMethod, ENVELOPED, EXCLUSIVE, INCLUSIVE, SignatureMethod};
use crate::beside::{self, Untrusted};
use crate::tree::{Element, Node, Tree, XmlError};
use crate::{DS, canonical};

/// Whose signatures count, and of what kind.
#[derive(Debug, Clone, Copy)]
pub struct Trust<'a> {
    /// The keys, from configuration alone.
    pub keys: &'a [PublicKey],
    /// What SHA-1 may be used for.
    pub sha1: Sha1,
}

/// What SHA-1 may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sha1 {
    /// Nothing.
    Refused,
    /// The digest of the content, where the signature itself rests on another: whoever forges needs a second preimage
    /// of what the partner wrote, not a collision.
    Digests,
    /// Signatures as well, because somebody said so for this partner.
    Allowed,
}

/// An element whose signature holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The octets that were digested: all there is to read.
    pub octets: String,
    /// Which of the trusted keys signed.
    pub key: usize,
    /// Whether it rests on SHA-1.
    pub weak: bool,
}

/// Why a signature does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The document is not as it has to be.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// Something stands in the signature that the profile does not have.
    #[error("the signature has {0}, which is not accepted")]
    Unexpected(String),
    /// Another algorithm than those of the profile.
    #[error("the {what} {uri} is not accepted")]
    Algorithm {
        /// What it is for.
        what: &'static str,
        /// The URI that was sent.
        uri: String,
    },
    /// SHA-1, and nobody allowed it.
    #[error("the signature rests on SHA-1, which is not allowed here; expected SHA-256")]
    Weak,
    /// It refers to something else than the element that it stands in.
    #[error("the signature refers to {0:?}, not to the element that it stands in")]
    Reference(String),
    /// The id of the element is not its own.
    #[error("the id {0:?} occurs more than once in the document")]
    Ambiguous(String),
    /// Something is no base64.
    #[error("the element {0} is no base64")]
    Base64(&'static str),
    /// Nobody who is trusted signed this.
    #[error("{0}")]
    Untrusted(Untrusted),
    /// The content was changed after it was signed.
    #[error("the content does not match the digest that was signed")]
    Digest,
}

/// The most prefixes of a list of inclusive namespaces.
const PREFIXES: usize = 16;
/// The most elements of a `SignedInfo`, which is made canonical before anybody is known to have signed it: the profile has
/// a dozen, and each could declare every long namespace around it anew.
const ELEMENTS: usize = 32;
/// The names by which ids go, in lower case.
const IDS: [&str; 4] = ["id", "assertionid", "responseid", "requestid"];

/// Verifies the signature that stands directly in `element`, whose id is in the attribute `id`. None: it has none.
pub fn enveloped(
    tree: &Tree<'_>,
    element: Node<'_, '_>,
    id: &'static str,
    trust: Trust<'_>,
) -> Result<Option<Verified>, VerifyError> {
    let Some(signature) = element.optional(DS, "Signature")? else { return Ok(None) };
    let id = element.required(id)?;
    only_once(tree, id)?;
    let parts = Parts::of(signature)?;
    let signed_octets = parts.form.octets(parts.signed_info);
    // From here on what is read of it is what was signed.
    let signed = Tree::parse(&signed_octets)?;
    let (signature_method, reference) = signed_info(signed.root())?;
    if signature_method.is_weak() && trust.sha1 != Sha1::Allowed {
        return Err(VerifyError::Weak);
    }
    let verifies =
        |key: &PublicKey| signature_method.verify(key, signed_octets.as_bytes(), &parts.value).is_ok();
    let key = trust.keys.iter().position(verifies).ok_or_else(|| {
        // Whoever reads the reason wants to know which certificate is missing.
        VerifyError::Untrusted(Untrusted { known: trust.keys.len(), sent: beside::certificates(signature) })
    })?;
    let reference = Reference::read(reference, id)?;
    if reference.method.is_weak() && trust.sha1 == Sha1::Refused {
        return Err(VerifyError::Weak);
    }
    let inclusive: Vec<&str> = reference.inclusive.iter().map(String::as_str).collect();
    let octets = canonical::exclusive(element, Some(signature), &inclusive);
    if !digest::equal(&reference.method.digest(octets.as_bytes()), &reference.digest) {
        return Err(VerifyError::Digest);
    }
    let weak = signature_method.is_weak() || reference.method.is_weak();
    Ok(Some(Verified { octets, key, weak }))
}

/// An id that several elements claim is nobody's.
fn only_once(tree: &Tree<'_>, id: &str) -> Result<(), VerifyError> {
    let claims = |node: Node<'_, '_>| {
        node.attributes()
            .filter(|own| own.value() == id && IDS.contains(&own.name().to_ascii_lowercase().as_str()))
            .count()
    };
    match tree.document().descendants().map(claims).sum::<usize>() {
        1 => Ok(()),
        _ => Err(VerifyError::Ambiguous(id.to_owned())),
    }
}

/// The parts of a signature.
struct Parts<'a, 'text> {
    signed_info: Node<'a, 'text>,
    form: Form,
    value: Vec<u8>,
}

impl<'a, 'text> Parts<'a, 'text> {
    /// One `SignedInfo`, one value, at most one `KeyInfo`, which is not looked at, and nothing else.
    fn of(signature: Node<'a, 'text>) -> Result<Self, VerifyError> {
        only(signature, &["SignedInfo", "SignatureValue", "KeyInfo"])?;
        signature.optional(DS, "KeyInfo")?;
        let value = decoded(signature.only(DS, "SignatureValue")?, "SignatureValue")?;
        let signed_info = signature.only(DS, "SignedInfo")?;
        if signed_info.descendants().filter(Node::is_element).count() > ELEMENTS {
            return Err(VerifyError::Unexpected("a SignedInfo of more than 32 elements".to_owned()));
        }
        let form = Form::read(signed_info.only(DS, "CanonicalizationMethod")?)?;
        Ok(Self { signed_info, form, value })
    }
}

/// The canonical form of a `SignedInfo`.
enum Form {
    /// With these prefixes treated as inclusive form does.
    Exclusive(Vec<String>),
    /// What signs by the defaults of .NET does it so. What is signed has to be exclusive all the same: it is taken out of
    /// its message, and the `SignedInfo` is not.
    Inclusive,
}

impl Form {
    fn read(node: Node<'_, '_>) -> Result<Self, VerifyError> {
        if node.required("Algorithm")? != INCLUSIVE {
            return method(node).map(Self::Exclusive);
        }
        only(node, &[])?;
        Ok(Self::Inclusive)
    }

    fn octets(&self, signed_info: Node<'_, '_>) -> String {
        match self {
            Self::Exclusive(prefixes) => {
                let prefixes: Vec<&str> = prefixes.iter().map(String::as_str).collect();
                canonical::exclusive(signed_info, None, &prefixes)
            }
            Self::Inclusive => canonical::inclusive(signed_info),
        }
    }
}

/// How the signature was made, and the one thing that it refers to.
fn signed_info<'a, 'text>(
    signed_info: Node<'a, 'text>,
) -> Result<(SignatureMethod, Node<'a, 'text>), VerifyError> {
    if !signed_info.is(DS, "SignedInfo") {
        return Err(VerifyError::Unexpected("no SignedInfo".to_owned()));
    }
    only(signed_info, &["CanonicalizationMethod", "SignatureMethod", "Reference"])?;
    Form::read(signed_info.only(DS, "CanonicalizationMethod")?)?;
    let uri = signed_info.only(DS, "SignatureMethod")?;
    only(uri, &[])?;
    let uri = uri.required("Algorithm")?;
    let method = SignatureMethod::of(uri);
    let method =
        method.ok_or_else(|| VerifyError::Algorithm { what: "signature method", uri: shortened(uri) })?;
    Ok((method, signed_info.only(DS, "Reference")?))
}

/// What was digested, and how.
struct Reference {
    inclusive: Vec<String>,
    method: DigestMethod,
    digest: Vec<u8>,
}

impl Reference {
    fn read(reference: Node<'_, '_>, id: &str) -> Result<Self, VerifyError> {
        let uri = reference.attribute("URI").unwrap_or_default();
        // An empty URI means the whole document, wherever the signature stands.
        if uri.strip_prefix('#') != Some(id) {
            return Err(VerifyError::Reference(shortened(uri)));
        }
        only(reference, &["Transforms", "DigestMethod", "DigestValue"])?;
        let transforms = reference.only(DS, "Transforms")?;
        only(transforms, &["Transform"])?;
        let inclusive = match transforms.all(DS, "Transform").as_slice() {
            [first, second] if first.attribute("Algorithm") == Some(ENVELOPED) => {
                only(*first, &[])?;
                method(*second)?
            }
            _ => {
                let expected = "transforms other than enveloped-signature and then exclusive canonical form";
                return Err(VerifyError::Unexpected(expected.to_owned()));
            }
        };
        let uri = reference.only(DS, "DigestMethod")?;
        only(uri, &[])?;
        let uri = uri.required("Algorithm")?;
        let method = DigestMethod::of(uri)
            .ok_or_else(|| VerifyError::Algorithm { what: "digest method", uri: shortened(uri) })?;
        let digest = decoded(reference.only(DS, "DigestValue")?, "DigestValue")?;
        Ok(Self { inclusive, method, digest })
    }
}

/// Exclusive canonical form, and the prefixes that are inclusive in it.
fn method(node: Node<'_, '_>) -> Result<Vec<String>, VerifyError> {
    let uri = node.required("Algorithm")?;
    if uri != EXCLUSIVE {
        return Err(VerifyError::Algorithm { what: "canonical form", uri: shortened(uri) });
    }
    let mut prefixes = Vec::new();
    for child in node.children().filter(Node::is_element) {
        if !child.is(EXCLUSIVE, "InclusiveNamespaces") || !prefixes.is_empty() {
            return Err(unexpected(child));
        }
        only(child, &[])?;
        prefixes = child.required("PrefixList")?.split_ascii_whitespace().map(str::to_owned).collect();
    }
    if prefixes.len() > PREFIXES {
        return Err(VerifyError::Unexpected("a list of more than 16 inclusive prefixes".to_owned()));
    }
    Ok(prefixes)
}

/// Refuses children of other names than these, which are all of the namespace of signatures.
fn only(node: Node<'_, '_>, names: &[&str]) -> Result<(), VerifyError> {
    let known = |child: &Node<'_, '_>| names.iter().any(|name| child.is(DS, name));
    match node.children().filter(Node::is_element).find(|child| !known(child)) {
        Some(other) => Err(unexpected(other)),
        None => Ok(()),
    }
}

fn unexpected(node: Node<'_, '_>) -> VerifyError {
    VerifyError::Unexpected(format!("an element {}", shortened(node.tag_name().name())))
}

/// What base64 stands for; white space in it counts for nothing.
fn decoded(node: Node<'_, '_>, name: &'static str) -> Result<Vec<u8>, VerifyError> {
    let text: String = node.whole_text()?.split_ascii_whitespace().collect();
    match STANDARD.decode(text) {
        Ok(bytes) if !bytes.is_empty() => Ok(bytes),
        _ => Err(VerifyError::Base64(name)),
    }
}

/// What a stranger wrote, short enough for a log.
fn shortened(text: &str) -> String {
    text.chars().take(100).collect()
}
