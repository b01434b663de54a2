//! Asking: the `AuthnRequest` (SAML core, section 3.4.1).

use chancery_xmldsig::sign::Halves;
use chancery_xmldsig::write::Writer;
use jiff::Timestamp;

use crate::{ASSERTION, HTTP_POST, PROTOCOL, moment};

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request<'a> {
    /// Its id, which the answer has to repeat.
    pub id: &'a str,
    /// When it is made.
    pub issued_at: Timestamp,
    /// Where it is sent.
    pub destination: &'a str,
    /// What we call ourselves there.
    pub issuer: &'a str,
    /// Where the answer has to come.
    pub acs_url: &'a str,
    /// Whether a session there does not spare the login.
    pub force_authn: bool,
}

impl Request<'_> {
    /// Writes it, with the place for a signature after the issuer.
    pub fn write(&self) -> Halves {
        let issued_at = moment::write(self.issued_at);
        let mut attributes = vec![
            ("xmlns:samlp", PROTOCOL),
            ("AssertionConsumerServiceURL", self.acs_url),
            ("Destination", self.destination),
        ];
        attributes.extend(self.force_authn.then_some(("ForceAuthn", "true")));
        attributes.extend([
            ("ID", self.id),
            ("IssueInstant", issued_at.as_str()),
            ("ProtocolBinding", HTTP_POST),
            ("Version", "2.0"),
        ]);
        let mut head = Writer::new();
        head.open("samlp:AuthnRequest", &attributes).leaf(
            "saml:Issuer",
            &[("xmlns:saml", ASSERTION)],
            self.issuer,
        );
        let mut tail = Writer::new();
        tail.close("samlp:AuthnRequest");
        Halves { head: head.finish(), tail: tail.finish() }
    }
}
