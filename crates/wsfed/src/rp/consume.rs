//! Judging what a browser brings back (`wresult`): a `RequestSecurityTokenResponse` with one token.
//!
//! Nobody signs the response, so nothing of it counts but the place of the token. The token is an assertion of SAML 1.1
//! or 2.0, signed itself, also where it is encrypted. Must never judge a part that is not signed, nor choose among
//! several tokens.

use chancery_crypto::cipher::Cipher;
use chancery_crypto::rsa::PrivateKey;
use chancery_saml::ASSERTION;
use chancery_saml::sp::consume::{self, ConsumeError, WeakCiphers};
use chancery_saml::sp::token::{self, Token};
use chancery_xmldsig::XENC;
use chancery_xmldsig::beside::Untrusted;
use chancery_xmldsig::decrypt::{self, DecryptError};
use chancery_xmldsig::tree::{Element, Node, Tree, XmlError};
use chancery_xmldsig::verify::{self, Sha1, Trust, VerifyError};
use jiff::Timestamp;
use zeroize::Zeroizing;

use super::saml11;
use super::trust::Trusted;
use crate::{SAML11, TRUST, TRUST13};

/// What a token has to fit.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// Whose tokens count.
    pub trusted: Trusted<'a>,
    /// What SHA-1 may be used for.
    pub sha1: Sha1,
    /// Our keys that tokens may be encrypted for, the current first.
    pub decryptors: &'a [PrivateKey],
    /// Which ciphers are accepted that notice no change: nothing around a token is ever signed.
    pub weak_ciphers: WeakCiphers,
    /// What the service calls itself, where that is known.
    pub issuer: Option<&'a str>,
    /// What we call ourselves there.
    pub realm: &'a str,
    /// Where tokens come; what else may stand for it follows.
    pub destinations: &'a [&'a str],
    /// Now.
    pub now: Timestamp,
}

/// A token that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// What it says.
    pub token: Token,
    /// Whether it rests on SHA-1.
    pub weak: bool,
}

/// Why an answer is refused. The texts are those that articles about Auth0 quote, where they have one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The token is not what it has to be, for a reason that answers of SAML share.
    #[error(transparent)]
    Judged(ConsumeError),
    /// It is something else.
    #[error("expected a RequestSecurityTokenResponse with one token, {0}")]
    Kind(String),
    /// The token is something else.
    #[error("expected a signed assertion of SAML 1.1 or 2.0 as token, found {0}")]
    Token(String),
    /// The token is not signed.
    #[error("the token is not signed")]
    Unsigned,
    /// The certificate is none of those that are known.
    #[error("Invalid thumbprint (configured: {configured}. calculated: {calculated})")]
    Thumbprint {
        /// Those that are known.
        configured: String,
        /// Those that came.
        calculated: String,
    },
    /// Two statements speak of two people.
    #[error("the statements of the assertion have different subjects")]
    Subjects,
    /// Nothing is stated of anybody.
    #[error("the assertion states nothing of anybody")]
    Nothing,
    /// Something is stated that has to be understood and is not.
    #[error("the assertion has an element {0}, which is not understood")]
    Statement(String),
}

impl From<ConsumeError> for TokenError {
    fn from(error: ConsumeError) -> Self {
        if let ConsumeError::Kind(found) = error { Self::Token(found) } else { Self::Judged(error) }
    }
}

impl From<XmlError> for TokenError {
    fn from(error: XmlError) -> Self {
        Self::Judged(error.into())
    }
}

impl From<VerifyError> for TokenError {
    fn from(error: VerifyError) -> Self {
        Self::Judged(error.into())
    }
}

impl From<DecryptError> for TokenError {
    fn from(error: DecryptError) -> Self {
        Self::Judged(error.into())
    }
}

impl TokenError {
    /// What was sent along, where nobody who is trusted has signed: the service may have a new key.
    pub fn untrusted(&self) -> Option<&Untrusted> {
        if let Self::Judged(ConsumeError::Untrusted(nobody)) = self { Some(nobody) } else { None }
    }
}

/// Judges an answer.
pub fn consume(xml: &str, expected: &Expected<'_>) -> Result<Accepted, TokenError> {
    let tree = Tree::parse(xml)?;
    let requested = requested(response(tree.root())?)?;
    let elements: Vec<_> = requested.children().filter(Node::is_element).collect();
    let [token] = elements.as_slice() else {
        return Err(TokenError::Kind(format!("found {} of them", elements.len())));
    };
    let around = if token.is(XENC, "EncryptedData") {
        requested
    } else if token.is(ASSERTION, "EncryptedAssertion") {
        *token
    } else {
        return signed(&tree, *token, expected);
    };
    let opened = open(around, expected)?;
    let tree = Tree::parse(&opened)?;
    signed(&tree, tree.root(), expected)
}

/// The response, which may stand alone in a collection.
fn response<'a, 'text>(root: Node<'a, 'text>) -> Result<Node<'a, 'text>, TokenError> {
    let is_response =
        |node: &Node<'_, '_>| [TRUST, TRUST13].iter().any(|own| node.is(own, "RequestSecurityTokenResponse"));
    if is_response(&root) {
        return Ok(root);
    }
    if !root.is(TRUST13, "RequestSecurityTokenResponseCollection") {
        return Err(TokenError::Kind(format!("found {}", shortened(root.tag_name().name()))));
    }
    let elements: Vec<_> = root.children().filter(Node::is_element).collect();
    match elements.as_slice() {
        [one] if is_response(one) => Ok(*one),
        several => Err(TokenError::Kind(format!("found a collection of {}", several.len()))),
    }
}

/// What was requested; the same in another namespace is one too many.
fn requested<'a, 'text>(response: Node<'a, 'text>) -> Result<Node<'a, 'text>, TokenError> {
    const NAME: &str = "RequestedSecurityToken";
    let named = |node: &Node<'_, '_>| node.is_element() && node.tag_name().name() == NAME;
    let found: Vec<_> = response.children().filter(named).collect();
    match found.as_slice() {
        [one] if one.tag_name().namespace() == response.tag_name().namespace() => Ok(*one),
        several => Err(TokenError::Kind(format!("found {} elements {NAME}", several.len()))),
    }
}

fn open(around: Node<'_, '_>, expected: &Expected<'_>) -> Result<Zeroizing<String>, TokenError> {
    let allowed = |cipher: Cipher| expected.weak_ciphers.admit(cipher, false);
    Ok(decrypt::element(around, expected.decryptors, allowed)?)
}

/// Verifies the signature of a token, and judges the octets that it covers.
fn signed(tree: &Tree<'_>, token: Node<'_, '_>, expected: &Expected<'_>) -> Result<Accepted, TokenError> {
    let is_old = token.is(SAML11, "Assertion");
    if !is_old && !token.is(ASSERTION, "Assertion") {
        return Err(TokenError::Token(format!("an element {}", shortened(token.tag_name().name()))));
    }
    if token.optional(chancery_xmldsig::DS, "Signature")?.is_none() {
        return Err(TokenError::Unsigned);
    }
    let keys = expected.trusted.keys(token)?;
    let trust = Trust { keys: &keys, sha1: expected.sha1 };
    let id = if is_old { "AssertionID" } else { "ID" };
    let verified = verify::enveloped(tree, token, id, trust)?.ok_or(TokenError::Unsigned)?;
    let token = if is_old {
        saml11::judge(&verified.octets, expected)?
    } else {
        token::judge(&verified.octets, &of_saml2(expected))?
    };
    Ok(Accepted { token, weak: verified.weak })
}

/// The same in the words of SAML 2.0. Its keys are not asked for any more, and nobody asked with an id.
fn of_saml2<'a>(expected: &Expected<'a>) -> consume::Expected<'a> {
    consume::Expected {
        keys: &[],
        sha1: expected.sha1,
        decryptors: &[],
        weak_ciphers: WeakCiphers::Refused,
        issuer: expected.issuer,
        audience: expected.realm,
        destinations: expected.destinations,
        in_response_to: None,
        now: expected.now,
    }
}

/// What a stranger wrote, short enough for a log.
pub(super) fn shortened(text: &str) -> String {
    text.chars().take(300).collect()
}
