//! The metadata of the identity provider (SAML metadata, section 2.4).
//!
//! It lists the certificate that signs and the one that will, so that partners load the next before a rotation.

use chancery_crypto::certificate::Certificate;
use chancery_xmldsig::sign::{Halves, key_info_alone};
use chancery_xmldsig::write::Writer;

use crate::name_id::{EMAIL, PERSISTENT, TRANSIENT};
use crate::{ASSERTION, HTTP_POST, HTTP_REDIRECT, METADATA, PROTOCOL};

/// The attributes that assertions usually have.
const ATTRIBUTES: [(&str, &str); 5] = [
    ("E-Mail Address", "emailaddress"),
    ("Given Name", "givenname"),
    ("Name", "name"),
    ("Surname", "surname"),
    ("Name ID", "nameidentifier"),
];

/// What metadata says.
#[derive(Debug, Clone)]
pub struct Metadata<'a> {
    /// The id of the document.
    pub id: &'a str,
    /// The name of the identity provider.
    pub entity_id: &'a str,
    /// The certificates, the one that signs first.
    pub certificates: &'a [&'a Certificate],
    /// Whether requests have to be signed.
    pub signed_requests: bool,
    /// Where requests go.
    pub sign_on: &'a str,
    /// Where logouts go.
    pub logout: &'a str,
}

impl Metadata<'_> {
    /// Writes it, with the place for a signature at the front.
    pub fn write(&self) -> Halves {
        let mut head = Writer::new();
        head.open(
            "md:EntityDescriptor",
            &[("xmlns:md", METADATA), ("ID", self.id), ("entityID", self.entity_id)],
        );
        let mut out = Writer::new();
        let signed = if self.signed_requests { "true" } else { "false" };
        out.open(
            "md:IDPSSODescriptor",
            &[("WantAuthnRequestsSigned", signed), ("protocolSupportEnumeration", PROTOCOL)],
        );
        for certificate in self.certificates {
            signing_key(&mut out, certificate);
        }
        for binding in [HTTP_REDIRECT, HTTP_POST] {
            out.empty("md:SingleLogoutService", &[("Binding", binding), ("Location", self.logout)]);
        }
        for format in [EMAIL, PERSISTENT, TRANSIENT] {
            out.leaf("md:NameIDFormat", &[], format);
        }
        for binding in [HTTP_REDIRECT, HTTP_POST] {
            out.empty("md:SingleSignOnService", &[("Binding", binding), ("Location", self.sign_on)]);
        }
        for (label, name) in ATTRIBUTES {
            out.empty(
                "saml:Attribute",
                &[
                    ("xmlns:saml", ASSERTION),
                    ("FriendlyName", label),
                    ("Name", &super::claims::claim(name)),
                    ("NameFormat", "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"),
                ],
            );
        }
        out.close("md:IDPSSODescriptor").close("md:EntityDescriptor");
        Halves { head: head.finish(), tail: out.finish() }
    }
}

/// A key that signs.
pub fn signing_key(out: &mut Writer, certificate: &Certificate) {
    out.open("md:KeyDescriptor", &[("use", "signing")])
        .written(&key_info_alone(certificate))
        .close("md:KeyDescriptor");
}
