//! The metadata of the service provider (SAML metadata, section 2.4.4): what an identity provider needs to know of us.
//!
//! It lists the certificate that signs requests and the one that will, both for encryption too, so that the other side
//! loads the next before a rotation.

use chancery_crypto::certificate::Certificate;
use chancery_xmldsig::sign::key_info_alone;
use chancery_xmldsig::write::Writer;

use crate::name_id::{EMAIL, PERSISTENT, TRANSIENT, UNSPECIFIED};
use crate::{HTTP_POST, HTTP_REDIRECT, METADATA, PROTOCOL};

/// What metadata says.
#[derive(Debug, Clone)]
pub struct SpMetadata<'a> {
    /// What we call ourselves there.
    pub entity_id: &'a str,
    /// The certificates of the keys that sign requests, the current first.
    pub signing: &'a [&'a Certificate],
    /// The certificates of the keys that open assertions, the current first.
    pub encryption: &'a [&'a Certificate],
    /// Whether requests are signed.
    pub signed_requests: bool,
    /// Where answers go.
    pub acs_url: &'a str,
    /// Where logouts go.
    pub logout: &'a str,
}

impl SpMetadata<'_> {
    /// Writes it.
    pub fn write(&self) -> String {
        let mut out = Writer::new();
        let signed = if self.signed_requests { "true" } else { "false" };
        out.open("md:EntityDescriptor", &[("xmlns:md", METADATA), ("entityID", self.entity_id)]).open(
            "md:SPSSODescriptor",
            &[("AuthnRequestsSigned", signed), ("protocolSupportEnumeration", PROTOCOL)],
        );
        for (purpose, certificates) in [("signing", self.signing), ("encryption", self.encryption)] {
            for certificate in certificates {
                key(&mut out, purpose, certificate);
            }
        }
        for binding in [HTTP_REDIRECT, HTTP_POST] {
            out.empty("md:SingleLogoutService", &[("Binding", binding), ("Location", self.logout)]);
        }
        for format in [EMAIL, PERSISTENT, TRANSIENT, UNSPECIFIED] {
            out.leaf("md:NameIDFormat", &[], format);
        }
        out.empty(
            "md:AssertionConsumerService",
            &[("Binding", HTTP_POST), ("Location", self.acs_url), ("index", "0"), ("isDefault", "true")],
        )
        .close("md:SPSSODescriptor")
        .close("md:EntityDescriptor");
        out.finish()
    }
}

fn key(out: &mut Writer, purpose: &str, certificate: &Certificate) {
    out.open("md:KeyDescriptor", &[("use", purpose)])
        .written(&key_info_alone(certificate))
        .close("md:KeyDescriptor");
}
