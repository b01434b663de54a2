//! An assertion that comes without a response of SAML around it, as WS-Federation carries it.
//!
//! Nobody asked with an id, and the browser brings it to the one address of the realm: so it need not say whom it answers
//! nor where it goes, yet what it says of that has to be true. All else is judged as in an answer of SAML. Must never be
//! given octets that no trusted key has signed.

use std::collections::BTreeMap;

use chancery_xmldsig::tree::{Element, Node, Tree};
use jiff::Timestamp;

use super::consume::{self, ConsumeError, Expected, SKEW};
use crate::ASSERTION;
use crate::name_id::NameId;

/// What a token says of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// The id of the assertion: it counts once.
    pub assertion_id: String,
    /// Until when the id has to be remembered.
    pub remember_until: Timestamp,
    /// Who issued it.
    pub issuer: String,
    /// Who, where the subject has a name.
    pub name: Option<NameId>,
    /// The attributes, in the order of their names.
    pub attributes: BTreeMap<String, Vec<String>>,
}

/// Judges an assertion of SAML 2.0 whose every octet is signed.
pub fn judge(octets: &str, expected: &Expected<'_>) -> Result<Token, ConsumeError> {
    let tree = Tree::parse(octets)?;
    let assertion = tree.root();
    consume::check_assertion(assertion)?;
    let issuer = assertion.only(ASSERTION, "Issuer")?.whole_text()?.trim().to_owned();
    consume::check_issuer(&issuer, expected)?;
    let ends = consume::conditions(assertion.only(ASSERTION, "Conditions")?, expected)?;
    let subject = assertion.only(ASSERTION, "Subject")?;
    let confirmed = consume::confirmation(subject, |one| bearer(one, expected))?;
    consume::statements(assertion, expected)?;
    // A token without an end would count for as long as its age allows.
    let ends = ends.into_iter().chain(confirmed).max().ok_or(ConsumeError::Endless)?;
    let ends = ends.min(consume::age(assertion, expected.now)?);
    Ok(Token {
        assertion_id: assertion.required("ID")?.to_owned(),
        remember_until: ends.saturating_add(SKEW).unwrap_or(ends),
        issuer,
        name: subject.optional(ASSERTION, "NameID")?.map(NameId::read).transpose()?,
        attributes: consume::attributes(assertion)?,
    })
}

/// Whether a confirmation holds here and now; answers its end, if it has one.
fn bearer(confirmation: Node<'_, '_>, expected: &Expected<'_>) -> Result<Option<Timestamp>, ConsumeError> {
    let Some(data) = confirmation.optional(ASSERTION, "SubjectConfirmationData")? else { return Ok(None) };
    if let Some(recipient) = data.attribute("Recipient")
        && !expected.destinations.contains(&recipient)
    {
        return Err(consume::elsewhere(recipient, expected));
    }
    consume::check_answered(data.attribute("InResponseTo"), expected)?;
    consume::within(data, expected.now)
}
