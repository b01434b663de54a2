//! The answer to an application: a response with an assertion, or with a reason.
//!
//! Written in canonical form, so that what is sent is what was digested. Exactly one thing is signed, the assertion or
//! the response. Must never put into an assertion what [`super::claims`] did not give.

use chancery_crypto::certificate::Certificate;
use chancery_crypto::cipher::CipherError;
use chancery_crypto::sign::SignError;
use chancery_crypto::{algorithm::Algorithm, cipher::Cipher};
use chancery_xmldsig::encrypt;
use chancery_xmldsig::sign::{Halves, Unsigned};
use chancery_xmldsig::write::Writer;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::claims::{self, Attribute};
use super::party::{Encryption, Party};
use crate::name_id::NameId;
use crate::status::Status;
use crate::{ASSERTION, BEARER, PROTOCOL, TYPED, moment};

/// How long before it was made an assertion counts already, for partners whose clocks are late.
const EARLIER: SignedDuration = SignedDuration::from_secs(60);
const URI_NAMES: &str = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri";
const BASIC_NAMES: &str = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic";
const UNSPECIFIED_NAMES: &str = "urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified";
/// The algorithm of every signature.
pub const SIGNED_WITH: Algorithm = Algorithm::Rs256;

/// The envelope of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The id of the response.
    pub id: String,
    /// Who answers.
    pub issuer: String,
    /// Where the answer goes.
    pub destination: String,
    /// The request that is answered.
    pub in_response_to: Option<String>,
    /// When.
    pub now: Timestamp,
}

/// What is said about a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The id of the assertion.
    pub assertion_id: String,
    /// What a logout calls the session.
    pub session_index: String,
    /// Who.
    pub name: NameId,
    /// What is known of them.
    pub attributes: Vec<Attribute>,
    /// When they proved who they are.
    pub authenticated_at: Timestamp,
    /// Who asserts it to whom.
    pub audience: String,
    /// The address that the answer goes to, as the assertion says it.
    pub recipient: String,
}

/// Why a user cannot be described.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("No attribute was found to generate the nameIdentifier. We tried with: {0}")]
pub struct Nameless(String);

/// The name of a user towards an application; `attributes` are those of the profile.
pub fn name(
    party: &Party,
    profile: &Map<String, Value>,
    attributes: &[Attribute],
) -> Result<NameId, Nameless> {
    let found = claims::name(attributes, &party.name_id_probes, (profile, &party.mapping));
    let value = found.ok_or_else(|| Nameless(party.name_id_probes.join(", ")))?;
    Ok(NameId { value, format: Some(party.name_id_format.clone()) })
}

/// An answer whose signature is missing still.
#[derive(Debug, Clone)]
pub struct Prepared {
    unsigned: Unsigned,
    /// The response around a signed assertion; none where the response itself is signed.
    around: Option<Halves>,
    encryption: Option<(Encryption, [u8; 48])>,
}

/// Why an answer cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    /// It could not be prepared for signing.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// It could not be encrypted.
    #[error(transparent)]
    Encrypt(#[from] CipherError),
}

/// Prepares the answer about a user. `fresh` are random bytes for encryption, where the application wants that.
pub fn prepare(
    party: &Party,
    envelope: &Envelope,
    subject: &Subject,
    fresh: [u8; 48],
) -> Result<Prepared, PrepareError> {
    let inclusive = if party.typed_attributes { TYPED } else { "" };
    let assertion = assertion(party, envelope, subject);
    let around = response(envelope, &Status::success());
    if !party.sign_response {
        let unsigned = Unsigned::new(assertion, &subject.assertion_id, inclusive, SIGNED_WITH)?;
        let encryption = party.encryption.clone().map(|encryption| (encryption, fresh));
        // The status stands before the assertion.
        let around = Halves { head: around.head + &around.tail, tail: "</samlp:Response>".to_owned() };
        return Ok(Prepared { unsigned, around: Some(around), encryption });
    }
    let mut whole = [assertion.head, assertion.tail].concat();
    if let Some(Encryption { certificate, cipher }) = &party.encryption {
        whole = encrypted(&whole, certificate, *cipher, &fresh)?;
    }
    let halves =
        Halves { head: around.head, tail: [&around.tail, whole.as_str(), "</samlp:Response>"].concat() };
    let unsigned = Unsigned::new(halves, &envelope.id, inclusive, SIGNED_WITH)?;
    Ok(Prepared { unsigned, around: None, encryption: None })
}

/// Prepares the answer that there is no assertion, signed like a response.
pub fn refuse(envelope: &Envelope, status: &Status) -> Result<Prepared, PrepareError> {
    let Halves { head, tail } = response(envelope, status);
    let halves = Halves { head, tail: tail + "</samlp:Response>" };
    let unsigned = Unsigned::new(halves, &envelope.id, "", SIGNED_WITH)?;
    Ok(Prepared { unsigned, around: None, encryption: None })
}

impl Prepared {
    /// What has to be signed.
    pub fn message(&self) -> &str {
        self.unsigned.message()
    }

    /// The response.
    pub fn finish(&self, signature: &[u8], certificate: &Certificate) -> Result<String, CipherError> {
        let signed = self.unsigned.finish(signature, certificate);
        let Some(around) = &self.around else { return Ok(signed) };
        let assertion = match &self.encryption {
            Some((Encryption { certificate, cipher }, fresh)) => {
                encrypted(&signed, certificate, *cipher, fresh)?
            }
            None => signed,
        };
        Ok([&around.head, assertion.as_str(), &around.tail].concat())
    }
}

fn encrypted(
    assertion: &str,
    recipient: &Certificate,
    cipher: Cipher,
    fresh: &[u8; 48],
) -> Result<String, CipherError> {
    let mut out = Writer::new();
    out.open("saml:EncryptedAssertion", &[("xmlns:saml", ASSERTION)])
        .written(&encrypt::element(assertion, recipient, cipher, fresh)?)
        .close("saml:EncryptedAssertion");
    Ok(out.finish())
}

/// The response to its issuer, where a signature goes, and its status; what it holds and its end follow.
fn response(envelope: &Envelope, status: &Status) -> Halves {
    let issued_at = moment::write(envelope.now);
    let mut attributes =
        vec![("xmlns:samlp", PROTOCOL), ("Destination", envelope.destination.as_str()), ("ID", &envelope.id)];
    attributes.extend(envelope.in_response_to.as_deref().map(|id| ("InResponseTo", id)));
    attributes.extend([("IssueInstant", issued_at.as_str()), ("Version", "2.0")]);
    let mut head = Writer::new();
    head.open("samlp:Response", &attributes).leaf(
        "saml:Issuer",
        &[("xmlns:saml", ASSERTION)],
        &envelope.issuer,
    );
    let mut tail = Writer::new();
    status.write(&mut tail);
    Halves { head: head.finish(), tail: tail.finish() }
}

/// An assertion, with the place for a signature after the issuer.
pub fn assertion(party: &Party, envelope: &Envelope, subject: &Subject) -> Halves {
    let issued_at = moment::write(envelope.now);
    let begins = moment::write(envelope.now.saturating_sub(EARLIER).unwrap_or(envelope.now));
    let lifetime = SignedDuration::from_secs(party.lifetime);
    let ends = moment::write(envelope.now.saturating_add(lifetime).unwrap_or(envelope.now));
    let mut head = Writer::new();
    let mut opening = vec![("xmlns:saml", ASSERTION)];
    if party.typed_attributes && !subject.attributes.is_empty() {
        // Said once: each value would cost a hundred characters more.
        opening.extend([
            ("xmlns:xs", "http://www.w3.org/2001/XMLSchema"),
            ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
        ]);
    }
    opening.extend([("ID", subject.assertion_id.as_str()), ("IssueInstant", &issued_at), ("Version", "2.0")]);
    head.open("saml:Assertion", &opening).leaf("saml:Issuer", &[], &envelope.issuer);
    let mut tail = Writer::new();
    tail.open("saml:Subject", &[]);
    subject.name.write(&mut tail, true);
    let mut confirmation: Vec<(&str, &str)> = Vec::with_capacity(3);
    confirmation.extend(envelope.in_response_to.as_deref().map(|id| ("InResponseTo", id)));
    confirmation.extend([("NotOnOrAfter", ends.as_str()), ("Recipient", &subject.recipient)]);
    tail.open("saml:SubjectConfirmation", &[("Method", BEARER)])
        .empty("saml:SubjectConfirmationData", &confirmation)
        .close("saml:SubjectConfirmation")
        .close("saml:Subject")
        .open("saml:Conditions", &[("NotBefore", &begins), ("NotOnOrAfter", &ends)])
        .open("saml:AudienceRestriction", &[])
        .leaf("saml:Audience", &[], &subject.audience)
        .close("saml:AudienceRestriction")
        .close("saml:Conditions")
        .open(
            "saml:AuthnStatement",
            &[
                ("AuthnInstant", &moment::write(subject.authenticated_at)),
                ("SessionIndex", &subject.session_index),
            ],
        )
        .open("saml:AuthnContext", &[])
        .leaf("saml:AuthnContextClassRef", &[], &party.authn_context)
        .close("saml:AuthnContext")
        .close("saml:AuthnStatement");
    attribute_statement(party, &subject.attributes, &mut tail);
    tail.close("saml:Assertion");
    Halves { head: head.finish(), tail: tail.finish() }
}

fn attribute_statement(party: &Party, attributes: &[Attribute], out: &mut Writer) {
    if attributes.is_empty() {
        return;
    }
    out.open("saml:AttributeStatement", &[]);
    for Attribute { name, values } in attributes {
        if party.attribute_name_formats {
            out.open("saml:Attribute", &[("Name", name), ("NameFormat", name_format(name))]);
        } else {
            out.open("saml:Attribute", &[("Name", name)]);
        }
        for value in values {
            if party.typed_attributes {
                out.leaf("saml:AttributeValue", &[("xsi:type", value.xml_type())], value.text());
            } else {
                out.leaf("saml:AttributeValue", &[], value.text());
            }
        }
        out.close("saml:Attribute");
    }
    out.close("saml:AttributeStatement");
}

/// What kind of name an attribute has.
fn name_format(name: &str) -> &'static str {
    let is_basic = |one: char| one.is_alphanumeric() || matches!(one, '_' | '-' | '.');
    let scheme = name.split_once(':').map_or("", |(scheme, _)| scheme);
    if !scheme.is_empty() && scheme.chars().all(|one| one.is_ascii_alphanumeric()) {
        URI_NAMES
    } else if name.chars().all(is_basic) && !name.starts_with(|one: char| one.is_ascii_digit()) {
        BASIC_NAMES
    } else {
        UNSPECIFIED_NAMES
    }
}
