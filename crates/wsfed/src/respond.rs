//! The token: a `RequestSecurityTokenResponse` with a signed assertion, of SAML 1.1 unless the application wants 2.0.
//!
//! Written in canonical form, so that what is sent is what was digested. Must never put into an assertion what the
//! claims did not give.

use chancery_crypto::certificate::Certificate;
use chancery_crypto::cipher::CipherError;
use chancery_crypto::sign::SignError;
use chancery_saml::idp::claims::Attribute;
use chancery_saml::idp::respond::SIGNED_WITH;
use chancery_saml::idp::{Encryption, Party};
use chancery_saml::{TYPED, idp, moment};
use chancery_xmldsig::encrypt;
use chancery_xmldsig::sign::{Halves, Unsigned};
use chancery_xmldsig::write::Writer;
use jiff::{SignedDuration, Timestamp};

use crate::{ADDRESSING, SAML11, TRUST};

/// How many seconds a token lives where an application does not say otherwise, as at Auth0.
pub const LIFETIME: i64 = 8 * 60 * 60;
/// How long before it was made a token counts already, for partners whose clocks are late.
const EARLIER: SignedDuration = SignedDuration::from_secs(60);
const UTILITY: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";
const PASSWORD: &str = "urn:oasis:names:tc:SAML:1.0:am:password";
const UNSPECIFIED: &str = "urn:oasis:names:tc:SAML:1.0:am:unspecified";
const SAML20_TOKEN: &str = "urn:oasis:names:tc:SAML:2.0:assertion";

/// What a token says.
#[derive(Debug, Clone)]
pub struct Token<'a> {
    /// The id of the assertion.
    pub id: &'a str,
    /// Who issues it.
    pub issuer: &'a str,
    /// Which application asked for it.
    pub realm: &'a str,
    /// Whom it is for: the realm, unless the application says otherwise.
    pub audience: &'a str,
    /// Where it goes.
    pub reply: &'a str,
    /// What goes back unchanged.
    pub context: Option<&'a str>,
    /// Who.
    pub name: &'a str,
    /// The format of that name, if one is to be said.
    pub name_format: Option<&'a str>,
    /// What is known of them.
    pub attributes: &'a [Attribute],
    /// When they proved who they are.
    pub authenticated_at: Timestamp,
    /// Whether that was by a password, typed here.
    pub by_password: bool,
    /// The name of the session.
    pub session_index: &'a str,
    /// Now.
    pub now: Timestamp,
    /// How long it lives.
    pub lifetime: SignedDuration,
}

/// A token whose signature is missing still.
#[derive(Debug, Clone)]
pub struct Prepared {
    unsigned: Unsigned,
    around: Halves,
    encryption: Option<(Encryption, [u8; 48])>,
}

/// Prepares a token of SAML 1.1. `fresh` are random bytes for encryption, where the application wants that.
pub fn prepare(
    token: &Token<'_>,
    encryption: Option<Encryption>,
    fresh: [u8; 48],
) -> Result<Prepared, SignError> {
    let unsigned = Unsigned::new(assertion(token), token.id, "", SIGNED_WITH)?;
    let around = around(token, SAML11);
    Ok(Prepared { unsigned, around, encryption: encryption.map(|own| (own, fresh)) })
}

/// Prepares a token of SAML 2.0, as `party` would get it in a response.
pub fn prepare_saml2(token: &Token<'_>, party: &Party, fresh: [u8; 48]) -> Result<Prepared, SignError> {
    let envelope = idp::respond::Envelope {
        id: String::new(),
        issuer: token.issuer.to_owned(),
        destination: token.reply.to_owned(),
        in_response_to: None,
        now: token.now,
    };
    let subject = idp::respond::Subject {
        assertion_id: token.id.to_owned(),
        session_index: token.session_index.to_owned(),
        name: chancery_saml::name_id::NameId {
            value: token.name.to_owned(),
            format: Some(party.name_id_format.clone()),
        },
        attributes: token.attributes.to_vec(),
        authenticated_at: token.authenticated_at,
        audience: audience(token.audience),
        recipient: token.reply.to_owned(),
    };
    let halves = idp::respond::assertion(party, &envelope, &subject);
    let unsigned = Unsigned::new(halves, token.id, TYPED, SIGNED_WITH)?;
    let around = around(token, SAML20_TOKEN);
    Ok(Prepared { unsigned, around, encryption: party.encryption.clone().map(|own| (own, fresh)) })
}

impl Prepared {
    /// What has to be signed.
    pub fn message(&self) -> &str {
        self.unsigned.message()
    }

    /// The value of `wresult`.
    pub fn finish(&self, signature: &[u8], certificate: &Certificate) -> Result<String, CipherError> {
        let signed = self.unsigned.finish(signature, certificate);
        let token = match &self.encryption {
            Some((Encryption { certificate, cipher }, fresh)) => {
                encrypt::element(&signed, certificate, *cipher, fresh)?
            }
            None => signed,
        };
        Ok([&self.around.head, token.as_str(), &self.around.tail].concat())
    }
}

/// An audience is a URI; what is none becomes one.
fn audience(name: &str) -> String {
    let is_uri = ["urn:", "spn:"].iter().any(|own| name.starts_with(own)) || name.contains("://");
    if is_uri { name.to_owned() } else { format!("urn:{name}") }
}

/// The response around the token.
fn around(token: &Token<'_>, kind: &str) -> Halves {
    let (created, expires) = (moment::write(token.now), moment::write(end(token)));
    let mut head = Writer::new();
    let mut attributes = vec![("xmlns:t", TRUST)];
    attributes.extend(token.context.map(|context| ("Context", context)));
    head.open("t:RequestSecurityTokenResponse", &attributes)
        .open("t:Lifetime", &[])
        .leaf("wsu:Created", &[("xmlns:wsu", UTILITY)], &created)
        .leaf("wsu:Expires", &[("xmlns:wsu", UTILITY)], &expires)
        .close("t:Lifetime")
        .open("wsp:AppliesTo", &[("xmlns:wsp", "http://schemas.xmlsoap.org/ws/2004/09/policy")])
        .open("wsa:EndpointReference", &[("xmlns:wsa", ADDRESSING)])
        .leaf("wsa:Address", &[], token.realm)
        .close("wsa:EndpointReference")
        .close("wsp:AppliesTo")
        .open("t:RequestedSecurityToken", &[]);
    let mut tail = Writer::new();
    tail.close("t:RequestedSecurityToken")
        .leaf("t:TokenType", &[], kind)
        .leaf("t:RequestType", &[], "http://schemas.xmlsoap.org/ws/2005/02/trust/Issue")
        .leaf("t:KeyType", &[], "http://schemas.xmlsoap.org/ws/2005/05/identity/NoProofKey")
        .close("t:RequestSecurityTokenResponse");
    Halves { head: head.finish(), tail: tail.finish() }
}

fn end(token: &Token<'_>) -> Timestamp {
    token.now.saturating_add(token.lifetime).unwrap_or(token.now)
}

/// An assertion of SAML 1.1; its signature is its last element.
fn assertion(token: &Token<'_>) -> Halves {
    let now = moment::write(token.now);
    let begins = moment::write(token.now.saturating_sub(EARLIER).unwrap_or(token.now));
    let ends = moment::write(end(token));
    let mut out = Writer::new();
    out.open(
        "saml:Assertion",
        &[
            ("xmlns:saml", SAML11),
            ("AssertionID", token.id),
            ("IssueInstant", &now),
            ("Issuer", token.issuer),
            ("MajorVersion", "1"),
            ("MinorVersion", "1"),
        ],
    )
    .open("saml:Conditions", &[("NotBefore", &begins), ("NotOnOrAfter", &ends)])
    .open("saml:AudienceRestrictionCondition", &[])
    .leaf("saml:Audience", &[], &audience(token.audience))
    .close("saml:AudienceRestrictionCondition")
    .close("saml:Conditions");
    if !token.attributes.is_empty() {
        out.open("saml:AttributeStatement", &[]);
        subject(token, &mut out);
        for Attribute { name, values } in token.attributes {
            let (namespace, own) = name.rsplit_once('/').unwrap_or(("", name));
            out.open("saml:Attribute", &[("AttributeName", own), ("AttributeNamespace", namespace)]);
            for value in values {
                out.leaf("saml:AttributeValue", &[], value.text());
            }
            out.close("saml:Attribute");
        }
        out.close("saml:AttributeStatement");
    }
    // What another provider has asked for is not known here, and other ways have no name of their own (SAML 1.1 core,
    // section 7.1).
    let method = if token.by_password { PASSWORD } else { UNSPECIFIED };
    out.open(
        "saml:AuthenticationStatement",
        &[
            ("AuthenticationInstant", &moment::write(token.authenticated_at)),
            ("AuthenticationMethod", method),
        ],
    );
    subject(token, &mut out);
    out.close("saml:AuthenticationStatement");
    Halves { head: out.finish(), tail: "</saml:Assertion>".to_owned() }
}

fn subject(token: &Token<'_>, out: &mut Writer) {
    let format = token.name_format.map(|format| ("Format", format));
    out.open("saml:Subject", &[])
        .leaf("saml:NameIdentifier", format.as_slice(), token.name)
        .open("saml:SubjectConfirmation", &[])
        .leaf("saml:ConfirmationMethod", &[], "urn:oasis:names:tc:SAML:1.0:cm:bearer")
        .close("saml:SubjectConfirmation")
        .close("saml:Subject");
}
