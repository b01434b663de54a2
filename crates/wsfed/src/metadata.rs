//! Federation metadata (WS-Federation 1.2, section 3): the certificates, the current and the next, and the endpoint.

use chancery_crypto::certificate::Certificate;
use chancery_saml::METADATA;
use chancery_saml::idp::{claims, metadata};
use chancery_xmldsig::sign::Halves;
use chancery_xmldsig::write::Writer;

use crate::{ADDRESSING, FEDERATION};

const AUTHORIZATION: &str = "http://docs.oasis-open.org/wsfed/authorization/200706";

/// What metadata says.
#[derive(Debug, Clone)]
pub struct Metadata<'a> {
    /// The id of the document.
    pub id: &'a str,
    /// The name of the identity provider.
    pub entity_id: &'a str,
    /// The certificates, the one that signs first.
    pub certificates: &'a [&'a Certificate],
    /// Where browsers are sent.
    pub endpoint: &'a str,
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
        // `fed` stands in the value of xsi:type as well, so it is declared here and listed as inclusive.
        out.open(
            "md:RoleDescriptor",
            &[
                ("xmlns:fed", FEDERATION),
                ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
                ("protocolSupportEnumeration", FEDERATION),
                ("xsi:type", "fed:SecurityTokenServiceType"),
            ],
        );
        for certificate in self.certificates {
            metadata::signing_key(&mut out, certificate);
        }
        out.open("fed:TokenTypesOffered", &[]);
        for kind in [crate::SAML11, chancery_saml::ASSERTION] {
            out.empty("fed:TokenType", &[("Uri", kind)]);
        }
        out.close("fed:TokenTypesOffered").open("fed:ClaimTypesOffered", &[]);
        for name in ["nameidentifier", "emailaddress", "name", "givenname", "surname", "upn"] {
            let uri = claims::claim(name);
            let typed = [("xmlns:auth", AUTHORIZATION), ("Optional", "true"), ("Uri", uri.as_str())];
            out.open("auth:ClaimType", &typed).leaf("auth:DisplayName", &[], name).close("auth:ClaimType");
        }
        out.close("fed:ClaimTypesOffered");
        for name in ["fed:SecurityTokenServiceEndpoint", "fed:PassiveRequestorEndpoint"] {
            out.open(name, &[])
                .open("wsa:EndpointReference", &[("xmlns:wsa", ADDRESSING)])
                .leaf("wsa:Address", &[], self.endpoint)
                .close("wsa:EndpointReference")
                .close(name);
        }
        out.close("md:RoleDescriptor").close("md:EntityDescriptor");
        Halves { head: head.finish(), tail: out.finish() }
    }
}

/// The prefix that stands in a value alone.
pub const INCLUSIVE: &str = "fed";
