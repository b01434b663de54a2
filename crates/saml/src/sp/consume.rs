//! Judging an answer (SAML profiles, section 4.1.4.3; SAML core, sections 2 and 3).
//!
//! Either the response or its one assertion is signed by a certificate of the connection; what is judged is parsed from
//! the octets that were digested. An encrypted assertion is opened first, and has to be signed itself unless the
//! response around it is. Must never judge a part that is not signed, nor let a missing element pass for a fulfilled
//! condition.

use std::collections::BTreeMap;

use chancery_crypto::cipher::Cipher;
use chancery_crypto::rsa::{PrivateKey, PublicKey};
use chancery_xmldsig::decrypt;
use chancery_xmldsig::tree::{Element, Node, Tree};
use chancery_xmldsig::verify::{self, Sha1, Trust};
use jiff::{SignedDuration, Timestamp};

pub use super::error::ConsumeError;
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
    /// Everywhere, those that were named.
    Named {
        /// AES-128 in CBC.
        aes128: bool,
        /// AES-256 in CBC.
        aes256: bool,
    },
}

impl WeakCiphers {
    /// Whether something may be opened that was encrypted so; `signed` says that a signature around it was verified.
    pub fn admit(self, cipher: Cipher, signed: bool) -> bool {
        match (cipher, self) {
            (Cipher::Aes128Gcm | Cipher::Aes192Gcm | Cipher::Aes256Gcm, _) => true,
            (_, Self::Refused) => false,
            (_, Self::InSigned) => signed,
            (Cipher::Aes128Cbc, Self::Named { aes128, .. }) => aes128,
            (Cipher::Aes256Cbc, Self::Named { aes256, .. }) => aes256,
        }
    }
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
        return Err(other(root));
    }
    let trust = Trust { keys: expected.keys, sha1: expected.sha1 };
    if let Some(verified) = verify::enveloped(&tree, root, "ID", trust)? {
        let signed = Signed { octets: verified.octets, key: verified.key, weak: verified.weak };
        let tree = Tree::parse(&signed.octets)?;
        check_response(tree.root(), (expected, true))?;
        return within_signed(tree.root(), &signed, expected);
    }
    // The response itself is not signed. It can only make the answer worse: what counts is in the assertion.
    check_response(root, (expected, false))?;
    let signed = match the_assertion(root)? {
        Found::Plain(assertion) => verified(&tree, assertion, trust)?,
        Found::Encrypted(around) => {
            let opened = open(around, expected, false)?;
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
            let opened = open(around, expected, true)?;
            let tree = Tree::parse(&opened)?;
            judge(tree.root(), signed, expected)
        }
    }
}

fn open(
    around: Node<'_, '_>,
    expected: &Expected<'_>,
    signed: bool,
) -> Result<zeroize::Zeroizing<String>, ConsumeError> {
    let allowed = |cipher: Cipher| expected.weak_ciphers.admit(cipher, signed);
    Ok(decrypt::element(around, expected.decryptors, allowed)?)
}

fn verified(tree: &Tree<'_>, assertion: Node<'_, '_>, trust: Trust<'_>) -> Result<Signed, ConsumeError> {
    if !assertion.is(ASSERTION, "Assertion") {
        return Err(other(assertion));
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
        ([], []) => Err(ConsumeError::Kind("no assertion".to_owned())),
        (plain, encrypted) => {
            let (all, encrypted) = (plain.len() + encrypted.len(), encrypted.len());
            Err(ConsumeError::Kind(format!("{all} assertions, {encrypted} of them encrypted")))
        }
    }
}

/// Refuses what is no assertion of SAML 2.0.
pub(super) fn check_assertion(node: Node<'_, '_>) -> Result<(), ConsumeError> {
    if !node.is(ASSERTION, "Assertion") {
        return Err(other(node));
    }
    check_version(node)
}

/// The error for an element that is another one than it has to be.
fn other(node: Node<'_, '_>) -> ConsumeError {
    let (name, namespace) = (node.tag_name().name(), node.tag_name().namespace().unwrap_or_default());
    ConsumeError::Kind(shortened(&format!("an element {name} of the namespace {namespace:?}")))
}

/// Refuses any other version than 2.0.
fn check_version(node: Node<'_, '_>) -> Result<(), ConsumeError> {
    let name = node.tag_name().name();
    let article = if name == "Assertion" { "an" } else { "a" };
    match node.attribute("Version") {
        Some("2.0") => Ok(()),
        Some(version) => {
            Err(ConsumeError::Kind(shortened(&format!("{article} {name} of version {version:?}"))))
        }
        None => Err(ConsumeError::Kind(shortened(&format!("{article} {name} without a Version")))),
    }
}

/// What a response says of itself, which is `signed` or is not.
fn check_response(
    response: Node<'_, '_>,
    (expected, signed): (&Expected<'_>, bool),
) -> Result<(), ConsumeError> {
    check_version(response)?;
    let status = Status::read(response)?;
    if !status.is_success() {
        let parts = [Some(status.code), status.detail, status.message];
        let text: Vec<String> = parts.into_iter().flatten().collect();
        return Err(ConsumeError::Status(text.join(", ").chars().take(500).collect()));
    }
    check_destination(response.attribute("Destination").filter(|sent| !sent.is_empty()), (expected, signed))?;
    if let Some(issuer) = response.optional(ASSERTION, "Issuer")? {
        check_issuer(&issuer.whole_text()?, expected)?;
    }
    // Where nobody asked, nothing may pretend to be asked for.
    check_answered(response.attribute("InResponseTo"), expected)
}

/// Whether a response was sent here. One that is signed has to say so, or it could have been made for somebody else (SAML
/// bindings, section 3.5.5.2).
fn check_destination(
    sent: Option<&str>,
    (expected, signed): (&Expected<'_>, bool),
) -> Result<(), ConsumeError> {
    let here = expected.destinations.first().copied().unwrap_or_default().to_owned();
    match sent {
        Some(sent) if !expected.destinations.contains(&sent) => {
            Err(ConsumeError::Destination { sent: shortened(sent), expected: here })
        }
        None if signed => Err(ConsumeError::NoDestination(here)),
        Some(_) | None => Ok(()),
    }
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
    check_assertion(assertion)?;
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
            check_audience(&child.all(ASSERTION, "Audience"), expected.audience)?;
        } else if !child.is(ASSERTION, "OneTimeUse") && !child.is(ASSERTION, "ProxyRestriction") {
            return Err(ConsumeError::Condition(shortened(child.tag_name().name())));
        }
    }
    // An assertion for everybody was made for somebody else.
    if audiences == 0 {
        check_audience(&[], expected.audience)?;
    }
    Ok(ends)
}

/// Whether one of these elements names us.
pub fn check_audience(audiences: &[Node<'_, '_>], us: &str) -> Result<(), ConsumeError> {
    let sent = audiences.iter().map(Element::whole_text).collect::<Result<Vec<_>, _>>()?;
    if sent.iter().any(|one| one.trim() == us) {
        return Ok(());
    }
    Err(ConsumeError::Audience { sent: shortened(&sent.join(", ")), expected: us.to_owned() })
}

/// Whether now lies within the limits of an element; answers the later one.
pub fn within(node: Node<'_, '_>, now: Timestamp) -> Result<Option<Timestamp>, ConsumeError> {
    let read = |name: &'static str| {
        let text = node.attribute(name);
        text.map(|text| moment::read(text).ok_or(ConsumeError::Moment(name))).transpose()
    };
    let (begins, ends) = (read("NotBefore")?, read("NotOnOrAfter")?);
    if let Some(begins) = begins {
        check_begun(begins, now)?;
    }
    if let Some(ends) = ends {
        check_not_over(ends, now)?;
    }
    Ok(ends)
}

fn check_begun(from: Timestamp, now: Timestamp) -> Result<(), ConsumeError> {
    let early = from.saturating_sub(SKEW).is_ok_and(|begins| now < begins);
    if early { Err(ConsumeError::Early { from, now }) } else { Ok(()) }
}

fn check_not_over(until: Timestamp, now: Timestamp) -> Result<(), ConsumeError> {
    let late = until.saturating_add(SKEW).is_ok_and(|ends| now >= ends);
    if late { Err(ConsumeError::Expired { until, now }) } else { Ok(()) }
}

/// When an assertion is too old to count, whatever else it says.
pub fn age(assertion: Node<'_, '_>, now: Timestamp) -> Result<Timestamp, ConsumeError> {
    let issued = moment::read(assertion.required("IssueInstant")?);
    let issued = issued.ok_or(ConsumeError::Moment("IssueInstant"))?;
    check_begun(issued, now)?;
    let until = issued.saturating_add(LONGEST).unwrap_or(issued);
    if now >= until { Err(ConsumeError::Expired { until, now }) } else { Ok(until) }
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
        return Err(elsewhere(recipient, expected));
    }
    let ends = within(data, expected.now)?.ok_or(ConsumeError::Endless)?;
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

/// The error for an assertion that was made for another place.
pub(super) fn elsewhere(recipient: &str, expected: &Expected<'_>) -> ConsumeError {
    let here = expected.destinations.first().copied().unwrap_or_default();
    ConsumeError::Recipient { sent: shortened(recipient), expected: here.to_owned() }
}

/// The session, of the one statement that there has to be.
pub(super) fn statements(
    assertion: Node<'_, '_>,
    expected: &Expected<'_>,
) -> Result<Option<String>, ConsumeError> {
    let all = assertion.all(ASSERTION, "AuthnStatement");
    let Some(first) = all.first() else { return Err(ConsumeError::Statement) };
    for statement in &all {
        if let Some(text) = statement.attribute("SessionNotOnOrAfter") {
            let ends = moment::read(text).ok_or(ConsumeError::Moment("SessionNotOnOrAfter"))?;
            check_not_over(ends, expected.now)?;
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
