//! Judging an assertion of SAML 1.1 (SAML 1.1 core, section 2.3), whose every octet is signed.
//!
//! Every statement has to speak of the same subject, whom whoever bears the assertion is. A statement of attributes is
//! enough: services that issue tokens need not say how somebody proved who they are. Must never let a missing condition
//! pass for a fulfilled one.

use std::collections::BTreeMap;

use chancery_saml::name_id::NameId;
use chancery_saml::sp::consume::{ConsumeError, SKEW, age, check_audience, within};
use chancery_saml::sp::token::Token;
use chancery_xmldsig::tree::{Element, Node, Tree};
use jiff::Timestamp;

use super::consume::{Expected, TokenError, shortened};
use crate::SAML11;

/// The confirmation of whoever bears an assertion.
const BEARER: &str = "urn:oasis:names:tc:SAML:1.0:cm:bearer";

/// Judges what was signed.
pub(super) fn judge(octets: &str, expected: &Expected<'_>) -> Result<Token, TokenError> {
    let tree = Tree::parse(octets)?;
    let assertion = tree.root();
    let version = (assertion.attribute("MajorVersion"), assertion.attribute("MinorVersion"));
    if !assertion.is(SAML11, "Assertion") || version != (Some("1"), Some("1")) {
        return Err(TokenError::Token("another version than 1.1".to_owned()));
    }
    let issuer = assertion.required("Issuer")?.trim().to_owned();
    if let Some(known) = expected.issuer.filter(|known| *known != issuer) {
        let error = ConsumeError::Issuer { sent: shortened(&issuer), expected: known.to_owned() };
        return Err(error.into());
    }
    let ends = conditions(assertion.only(SAML11, "Conditions")?, expected)?;
    let ends = ends.min(age(assertion, expected.now)?);
    let mut subject: Option<Option<NameId>> = None;
    let mut attributes = BTreeMap::new();
    for child in assertion.children().filter(Node::is_element) {
        if child.is(SAML11, "AttributeStatement") {
            read_attributes(child, &mut attributes)?;
        } else if child.is(SAML11, "Conditions") || child.is(SAML11, "Advice") {
            continue;
        } else if !child.is(SAML11, "AuthenticationStatement") {
            return Err(TokenError::Statement(shortened(child.tag_name().name())));
        }
        let own = confirmed(child.only(SAML11, "Subject")?)?;
        if subject.as_ref().is_some_and(|known| *known != own) {
            return Err(TokenError::Subjects);
        }
        subject = Some(own);
    }
    Ok(Token {
        assertion_id: assertion.required("AssertionID")?.to_owned(),
        remember_until: ends.saturating_add(SKEW).unwrap_or(ends),
        issuer,
        name: subject.ok_or(TokenError::Nothing)?,
        attributes,
    })
}

/// The conditions, every one of which has to be understood; answers the end, which there has to be.
fn conditions(conditions: Node<'_, '_>, expected: &Expected<'_>) -> Result<Timestamp, TokenError> {
    let ends = within(conditions, expected.now)?;
    let mut audiences = 0;
    for child in conditions.children().filter(Node::is_element) {
        if child.is(SAML11, "AudienceRestrictionCondition") {
            audiences += 1;
            check_audience(&child.all(SAML11, "Audience"), expected.realm)?;
        } else if !child.is(SAML11, "DoNotCacheCondition") {
            return Err(ConsumeError::Condition(shortened(child.tag_name().name())).into());
        }
    }
    // An assertion for everybody was made for somebody else.
    if audiences == 0 {
        check_audience(&[], expected.realm)?;
    }
    Ok(ends.ok_or(ConsumeError::Endless)?)
}

/// The name of a subject, if it has one, who is whoever bears the assertion. A subject may leave its confirmation out (SAML
/// 1.1 core, section 2.4.2), and what came in a form was borne; but one that is to be confirmed otherwise is not confirmed.
fn confirmed(subject: Node<'_, '_>) -> Result<Option<NameId>, TokenError> {
    if let Some(confirmation) = subject.optional(SAML11, "SubjectConfirmation")? {
        let mut is_bearer = false;
        for method in confirmation.all(SAML11, "ConfirmationMethod") {
            is_bearer |= method.whole_text()?.trim() == BEARER;
        }
        if !is_bearer {
            return Err(ConsumeError::Confirmation.into());
        }
    }
    let name = subject.optional(SAML11, "NameIdentifier")?.map(NameId::read).transpose()?;
    Ok(name.filter(|name| !name.value.is_empty()))
}

/// Attributes are named by namespace and name, as claims are.
fn read_attributes(
    statement: Node<'_, '_>,
    found: &mut BTreeMap<String, Vec<String>>,
) -> Result<(), TokenError> {
    for attribute in statement.all(SAML11, "Attribute") {
        let own = attribute.required("AttributeName")?;
        let name = match attribute.required("AttributeNamespace")? {
            "" => own.to_owned(),
            namespace => [namespace, "/", own].concat(),
        };
        let values = found.entry(name).or_default();
        for value in attribute.all(SAML11, "AttributeValue") {
            // A value that is an element says nothing that we understand.
            if let Ok(text) = value.whole_text() {
                values.push(text);
            }
        }
    }
    Ok(())
}
