//! Judging an answer (SAML profiles, section 4.1.4.3; SAML core, sections 2 and 3).
//!
//! Either the response or its one assertion is signed by a certificate of the connection; what is judged is parsed from
//! the octets that were digested. An encrypted assertion is opened first, and has to be signed itself unless the
//! response around it is. Must never judge a part that is not signed, nor let a missing element pass for a fulfilled
//! condition.

use std::collections::BTreeMap;

use chancery_crypto::cipher::Cipher;
use chancery_crypto::rsa::{PrivateKey, PublicKey};
use chancery_xmldsig::decrypt::{self, DecryptError};
use chancery_xmldsig::tree::{Element, Node, Tree, XmlError};
use chancery_xmldsig::verify::{self, Sha1, Trust, VerifyError};
use jiff::{SignedDuration, Timestamp};

use crate::name_id::NameId;
use crate::status::Status;
use crate::{ASSERTION, BEARER, PROTOCOL, moment};

/// How far two clocks may be apart.
pub const SKEW: SignedDuration = SignedDuration::from_mins(3);
/// The longest that an assertion counts, whatever it says: its id has to be remembered for as long.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);

/// What an answer has to fit.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The keys of the identity provider.
    pub keys: &'a [PublicKey],
    /// What SHA-1 may be used for.
    pub sha1: Sha1,
    /// Our keys that encrypted assertions may be for, the current first.
    pub decryptors: &'a [PrivateKey],
    /// Where ciphers are accepted that notice no change.
    pub weak_ciphers: WeakCiphers,
    /// What the identity provider calls itself, where that is known.
    pub issuer: Option<&'a str>,
    /// What we call ourselves there.
    pub audience: &'a str,
    /// Where the answer came; what else may stand for it follows.
    pub destinations: &'a [&'a str],
    /// The request that it has to answer; none where nobody asked.
    pub in_response_to: Option<&'a str>,
    /// Now.
    pub now: Timestamp,
}

/// Where ciphers are accepted that notice no change (the CBC modes): whoever may send changed texts and learn how they
/// fail could read what is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeakCiphers {
    /// Nowhere.
    Refused,
    /// In a response whose own signature was verified before: nobody can have changed it.
    InSigned,
    /// Everywhere.
    Allowed,
}

/// What an identity provider says of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The id of the assertion: it counts once.
    pub assertion_id: String,
    /// Until when the id has to be remembered.
    pub remember_until: Timestamp,
    /// Who issued it.
    pub issuer: String,
    /// Who.
    pub name: NameId,
    /// What a logout has to call the session.
    pub session_index: Option<String>,
    /// The attributes, in the order of their names.
    pub attributes: BTreeMap<String, Vec<String>>,
    /// Which of the keys signed.
    pub key: usize,
    /// Whether it rests on SHA-1.
    pub weak: bool,
}

/// Why an answer is refused. The texts are those that articles about Auth0 quote, where they have one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConsumeError {
    /// It is not as it has to be.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// It is another message, or of another version.
    #[error("expected a Response of version 2.0 with one assertion of version 2.0")]
    Kind,
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
    #[error(
        "Signature check errors: the signature was made by none of the {0} certificates that are configured"
    )]
    Untrusted(usize),
    /// It cannot be opened.
    #[error("{0}")]
    Decrypt(String),
    /// It is for somebody else.
    #[error("Audience is invalid. Configured: {0}")]
    Audience(String),
    /// Its time is over, or has not come.
    #[error("assertion has expired.")]
    Time,
    /// A moment cannot be read.
    #[error("{0} is no moment in UTC")]
    Moment(&'static str),
    /// It was made for another place.
    #[error("Recipient is invalid. Configured: {0}")]
    Recipient(String),
    /// It was sent to another place.
    #[error("Destination endpoint {sent} did not match {expected}")]
    Destination {
        /// What it says.
        sent: String,
        /// Where it came.
        expected: String,
    },
    /// It was issued by somebody else.
    #[error("the issuer is {sent:?}, expected {expected:?}")]
    Issuer {
        /// What it says.
        sent: String,
        /// Whom we know.
        expected: String,
    },
    /// It answers another request, or none.
    #[error("InResponseTo is {sent:?}, expected {expected:?}")]
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

impl From<VerifyError> for ConsumeError {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Xml(error) => Self::Xml(error),
            VerifyError::Untrusted(known) => Self::Untrusted(known),
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

/// Octets that a trusted key has signed.
struct Signed {
    octets: String,
    key: usize,
    weak: bool,
}

/// Judges an answer.
pub fn consume(xml: &str, expected: &Expected<'_>) -> Result<Accepted, ConsumeError> {
    let tree = Tree::parse(xml)?;
    let root = tree.root();
    if !root.is(PROTOCOL, "Response") {
        return Err(ConsumeError::Kind);
    }
    let trust = Trust { keys: expected.keys, sha1: expected.sha1 };
    if let Some(verified) = verify::enveloped(&tree, root, "ID", trust)? {
        let signed = Signed { octets: verified.octets, key: verified.key, weak: verified.weak };
        let tree = Tree::parse(&signed.octets)?;
        check_response(tree.root(), expected)?;
        return within_signed(tree.root(), &signed, expected);
    }
    // The response itself is not signed. It can only make the answer worse: what counts is in the assertion.
    check_response(root, expected)?;
    let signed = match the_assertion(root)? {
        Found::Plain(assertion) => verified(&tree, assertion, trust)?,
        Found::Encrypted(around) => {
            let opened = open(around, expected, expected.weak_ciphers == WeakCiphers::Allowed)?;
            let tree = Tree::parse(&opened)?;
            verified(&tree, tree.root(), trust)?
        }
    };
    let tree = Tree::parse(&signed.octets)?;
    judge(tree.root(), &signed, expected)
}

/// The assertion of a response that is signed as a whole.
fn within_signed(
    response: Node<'_, '_>,
    signed: &Signed,
    expected: &Expected<'_>,
) -> Result<Accepted, ConsumeError> {
    match the_assertion(response)? {
        Found::Plain(assertion) => judge(assertion, signed, expected),
        Found::Encrypted(around) => {
            let opened = open(around, expected, expected.weak_ciphers != WeakCiphers::Refused)?;
            let tree = Tree::parse(&opened)?;
            judge(tree.root(), signed, expected)
        }
    }
}

fn open(
    around: Node<'_, '_>,
    expected: &Expected<'_>,
    weak: bool,
) -> Result<zeroize::Zeroizing<String>, ConsumeError> {
    let allowed = |cipher: Cipher| weak || cipher.is_authenticated();
    Ok(decrypt::element(around, expected.decryptors, allowed)?)
}

fn verified(tree: &Tree<'_>, assertion: Node<'_, '_>, trust: Trust<'_>) -> Result<Signed, ConsumeError> {
    if !assertion.is(ASSERTION, "Assertion") {
        return Err(ConsumeError::Kind);
    }
    let verified = verify::enveloped(tree, assertion, "ID", trust)?.ok_or(ConsumeError::Unsigned)?;
    Ok(Signed { octets: verified.octets, key: verified.key, weak: verified.weak })
}

/// An assertion as it stands in a response.
enum Found<'a, 'text> {
    Plain(Node<'a, 'text>),
    Encrypted(Node<'a, 'text>),
}

/// The one assertion that stands directly in a response; two are none, whatever their kind.
fn the_assertion<'a, 'text>(response: Node<'a, 'text>) -> Result<Found<'a, 'text>, ConsumeError> {
    let plain = response.all(ASSERTION, "Assertion");
    let encrypted = response.all(ASSERTION, "EncryptedAssertion");
    match (plain.as_slice(), encrypted.as_slice()) {
        ([one], []) => Ok(Found::Plain(*one)),
        ([], [one]) => Ok(Found::Encrypted(*one)),
        _ => Err(ConsumeError::Kind),
    }
}

/// What a response says of itself.
fn check_response(response: Node<'_, '_>, expected: &Expected<'_>) -> Result<(), ConsumeError> {
    if response.attribute("Version") != Some("2.0") {
        return Err(ConsumeError::Kind);
    }
    let status = Status::read(response)?;
    if !status.is_success() {
        let parts = [Some(status.code), status.detail, status.message];
        let text: Vec<String> = parts.into_iter().flatten().collect();
        return Err(ConsumeError::Status(text.join(", ").chars().take(500).collect()));
    }
    if let Some(sent) = response.attribute("Destination").filter(|sent| !sent.is_empty())
        && !expected.destinations.contains(&sent)
    {
        let here = expected.destinations.first().copied().unwrap_or_default();
        return Err(ConsumeError::Destination { sent: shortened(sent), expected: here.to_owned() });
    }
    if let Some(issuer) = response.optional(ASSERTION, "Issuer")? {
        check_issuer(&issuer.whole_text()?, expected)?;
    }
    // Where nobody asked, nothing may pretend to be asked for.
    check_answered(response.attribute("InResponseTo"), expected)
}

pub(super) fn check_issuer(sent: &str, expected: &Expected<'_>) -> Result<(), ConsumeError> {
    match expected.issuer {
        Some(known) if known != sent.trim() => {
            Err(ConsumeError::Issuer { sent: shortened(sent), expected: known.to_owned() })
        }
        _ => Ok(()),
    }
}

/// Whether a part answers what was asked. Each part that says it has to; the assertion has to say it.
pub(super) fn check_answered(sent: Option<&str>, expected: &Expected<'_>) -> Result<(), ConsumeError> {
    if sent.is_none_or(|sent| Some(sent) == expected.in_response_to) {
        return Ok(());
    }
    Err(ConsumeError::InResponseTo {
        sent: sent.map(shortened),
        expected: expected.in_response_to.map(str::to_owned),
    })
}

/// Judges an assertion whose every octet is signed.
fn judge(
    assertion: Node<'_, '_>,
    signed: &Signed,
    expected: &Expected<'_>,
) -> Result<Accepted, ConsumeError> {
    if !assertion.is(ASSERTION, "Assertion") || assertion.attribute("Version") != Some("2.0") {
        return Err(ConsumeError::Kind);
    }
    let issuer = assertion.only(ASSERTION, "Issuer")?.whole_text()?.trim().to_owned();
    check_issuer(&issuer, expected)?;
    let ends = conditions(assertion.only(ASSERTION, "Conditions")?, expected)?;
    let subject = assertion.only(ASSERTION, "Subject")?;
    let confirmed = confirmation(subject, |one| bearer(one, expected))?;
    let session_index = statements(assertion, expected)?;
    let ends = ends.map_or(confirmed, |ends| ends.max(confirmed)).min(age(assertion, expected.now)?);
    Ok(Accepted {
        assertion_id: assertion.required("ID")?.to_owned(),
        remember_until: ends.saturating_add(SKEW).unwrap_or(ends),
        issuer,
        name: NameId::read(subject.only(ASSERTION, "NameID")?)?,
        session_index,
        attributes: attributes(assertion)?,
        key: signed.key,
        weak: signed.weak,
    })
}

/// The conditions, every one of which has to be understood; answers the end, if they have one.
pub(super) fn conditions(
    conditions: Node<'_, '_>,
    expected: &Expected<'_>,
) -> Result<Option<Timestamp>, ConsumeError> {
    let ends = within(conditions, expected.now)?;
    let mut audiences = 0;
    for child in conditions.children().filter(Node::is_element) {
        if child.is(ASSERTION, "AudienceRestriction") {
            audiences += 1;
            let mut named = false;
            for audience in child.all(ASSERTION, "Audience") {
                named |= audience.whole_text()?.trim() == expected.audience;
            }
            if !named {
                return Err(ConsumeError::Audience(expected.audience.to_owned()));
            }
        } else if !child.is(ASSERTION, "OneTimeUse") && !child.is(ASSERTION, "ProxyRestriction") {
            return Err(ConsumeError::Condition(shortened(child.tag_name().name())));
        }
    }
    // An assertion for everybody was made for somebody else.
    if audiences == 0 {
        return Err(ConsumeError::Audience(expected.audience.to_owned()));
    }
    Ok(ends)
}

/// Whether now lies within the limits of an element; answers the later one.
pub fn within(node: Node<'_, '_>, now: Timestamp) -> Result<Option<Timestamp>, ConsumeError> {
    let read = |name: &'static str| {
        let text = node.attribute(name);
        text.map(|text| moment::read(text).ok_or(ConsumeError::Moment(name))).transpose()
    };
    let (begins, ends) = (read("NotBefore")?, read("NotOnOrAfter")?);
    let early = begins.is_some_and(|begins| begins.saturating_sub(SKEW).is_ok_and(|begins| now < begins));
    let late = ends.is_some_and(|ends| ends.saturating_add(SKEW).is_ok_and(|ends| now >= ends));
    if early || late { Err(ConsumeError::Time) } else { Ok(ends) }
}

/// When an assertion is too old to count, whatever else it says.
pub fn age(assertion: Node<'_, '_>, now: Timestamp) -> Result<Timestamp, ConsumeError> {
    let issued = moment::read(assertion.required("IssueInstant")?);
    let issued = issued.ok_or(ConsumeError::Moment("IssueInstant"))?;
    let ends = issued.saturating_add(LONGEST).map_err(|_| ConsumeError::Time)?;
    let early = issued.saturating_sub(SKEW).is_ok_and(|begins| now < begins);
    if early || now >= ends { Err(ConsumeError::Time) } else { Ok(ends) }
}

/// The bearer confirmation that holds here and now, as `holds` sees it. The reason of the last one that does not is told.
pub(super) fn confirmation<T>(
    subject: Node<'_, '_>,
    holds: impl Fn(Node<'_, '_>) -> Result<T, ConsumeError>,
) -> Result<T, ConsumeError> {
    let mut reason = ConsumeError::Confirmation;
    for confirmation in subject.all(ASSERTION, "SubjectConfirmation") {
        if confirmation.attribute("Method") != Some(BEARER) {
            continue;
        }
        match holds(confirmation) {
            Ok(held) => return Ok(held),
            Err(why) => reason = why,
        }
    }
    Err(reason)
}

fn bearer(confirmation: Node<'_, '_>, expected: &Expected<'_>) -> Result<Timestamp, ConsumeError> {
    let data = confirmation.only(ASSERTION, "SubjectConfirmationData")?;
    let recipient = data.required("Recipient")?;
    if !expected.destinations.contains(&recipient) {
        let here = expected.destinations.first().copied().unwrap_or_default();
        return Err(ConsumeError::Recipient(here.to_owned()));
    }
    let ends = within(data, expected.now)?.ok_or(ConsumeError::Time)?;
    let sent = data.attribute("InResponseTo");
    check_answered(sent, expected)?;
    // Whoever asked gets an answer to that, not one that was made for nobody.
    if expected.in_response_to.is_some() && sent.is_none() {
        return Err(ConsumeError::InResponseTo {
            sent: None,
            expected: expected.in_response_to.map(str::to_owned),
        });
    }
    Ok(ends)
}

/// The session, of the one statement that there has to be.
pub(super) fn statements(
    assertion: Node<'_, '_>,
    expected: &Expected<'_>,
) -> Result<Option<String>, ConsumeError> {
    let all = assertion.all(ASSERTION, "AuthnStatement");
    let Some(first) = all.first() else { return Err(ConsumeError::Kind) };
    for statement in &all {
        if let Some(text) = statement.attribute("SessionNotOnOrAfter") {
            let ends = moment::read(text).ok_or(ConsumeError::Moment("SessionNotOnOrAfter"))?;
            if ends.saturating_add(SKEW).is_ok_and(|ends| expected.now >= ends) {
                return Err(ConsumeError::Time);
            }
        }
    }
    Ok(first.attribute("SessionIndex").filter(|index| !index.is_empty()).map(str::to_owned))
}

pub(super) fn attributes(assertion: Node<'_, '_>) -> Result<BTreeMap<String, Vec<String>>, ConsumeError> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for statement in assertion.all(ASSERTION, "AttributeStatement") {
        for attribute in statement.all(ASSERTION, "Attribute") {
            let values = found.entry(attribute.required("Name")?.to_owned()).or_default();
            for value in attribute.all(ASSERTION, "AttributeValue") {
                // A value that is an element, as eduPersonTargetedID is, says nothing that we understand.
                if let Ok(text) = value.whole_text() {
                    values.push(text);
                }
            }
        }
    }
    Ok(found)
}

/// What a stranger wrote, short enough for a log.
fn shortened(text: &str) -> String {
    text.chars().take(300).collect()
}
