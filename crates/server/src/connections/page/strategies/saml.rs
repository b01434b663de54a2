//! The fields of connections to identity providers that speak SAML or WS-Federation.

use super::{ACTIVE, DOMAINS, MAPPING, PARAMETERS, ROOT, SETTINGS, TRUST, UNASKED};
use crate::connections::Strategy;
use crate::dashboard::{Field, Group, Kind};

const METADATA_URL: Field = Field::new("options.metadataUrl", "Metadata URL", Kind::Text("url"))
    .placeholder("https://idp.example.com/metadata")
    .help("Addresses and certificates are read there, now and again later: what it says counts instead of what is filled in below.");
const METADATA_XML: Field =
    Field::new("options.metadataXml", "Metadata XML", Kind::Upload(".xml,text/xml,application/xml"))
        .placeholder("<EntityDescriptor …")
        .help("Instead of the address. It is read once, and fills in what stands below.");
const SIGN_IN: Field = Field::new("options.signInEndpoint", "Sign In URL", Kind::Text("url"))
    .placeholder("https://idp.example.com/sso");
const CERTIFICATES: Field =
    Field::new("options.signingCert", "X509 Signing Certificates", Kind::Upload(".pem,.crt,.cer,.der"))
        .placeholder("-----BEGIN CERTIFICATE-----")
        .help("Of the identity provider. Several, one after the other, all count: put the next one here before the provider changes to it.");
const ISSUER: Field = Field::text("options.idp_entity_id", "Issuer")
    .placeholder("https://idp.example.com/metadata")
    .help("What the identity provider calls itself, its entity ID; metadata fills it in. Answers of anybody else are refused, and a logout that begins at the provider is known by it, also in a browser without a session. Empty: the certificates alone decide.");

const SAML: Group = Group {
    title: "Identity provider",
    lead: "What the identity provider has told you of itself: its metadata, or what stands in it.",
    fields: &[
        ACTIVE,
        METADATA_URL,
        METADATA_XML,
        SIGN_IN,
        CERTIFICATES,
        ISSUER,
        Field::new("options.disableSignout", "Enable Sign Out", Kind::Not)
            .help("Whoever signs out here signs out there too."),
        Field::new("options.signOutEndpoint", "Sign Out URL", Kind::Text("url"))
            .help("Empty: the Sign In URL."),
        Field::text("options.user_id_attribute", "User ID Attribute")
            .placeholder("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier")
            .help("The attribute that tells users apart. Who changes it makes new users of everybody."),
        Field::new("options.debug", "Debug Mode", Kind::Toggle)
            .help("The log has the messages of both sides in the clear, personal data included."),
    ],
};
const REQUESTS: Group = Group {
    title: "Requests",
    lead: "How Chancery asks the identity provider.",
    fields: &[
        Field::new("options.signSAMLRequest", "Sign Request", Kind::Toggle)
            .help("With the key whose certificate the setup shows."),
        Field::new(
            "options.signatureAlgorithm",
            "Sign Request Algorithm",
            Kind::Select(&[
                ("", "Not chosen: RSA-SHA256"),
                ("rsa-sha256", "RSA-SHA256"),
                ("rsa-sha1", "RSA-SHA1, for old providers alone"),
            ]),
        )
        .help("Requests are always signed with RSA-SHA256. With RSA-SHA1, answers count that are signed with it: somebody may be able to forge them."),
        Field::new(
            "options.digestAlgorithm",
            "Sign Request Algorithm Digest",
            Kind::Select(&[
                ("", "Not chosen: SHA256"),
                ("sha256", "SHA256"),
                ("sha1", "SHA1, for old providers alone"),
            ]),
        )
        .help("Digests are always SHA-256. With SHA1, answers count whose digests are of SHA-1."),
        Field::new(
            "options.protocolBinding",
            "Protocol Binding",
            Kind::Select(&[
                ("", "Not chosen: HTTP-Redirect"),
                ("urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect", "HTTP-Redirect"),
                ("urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST", "HTTP-POST"),
            ]),
        ),
        Field::text("options.entityId", "Entity ID")
            .help("What Chancery calls itself there. Empty: the one that the setup shows."),
        Field::new("options.requestTemplate", "Request Template", Kind::Area(6))
            .help("The XML of the request, with variables such as @@ID@@. Empty: the usual request."),
    ],
};
const USERS: Group = Group { title: "Advanced", lead: "", fields: &[ROOT, DOMAINS, PARAMETERS] };
const MAP: Group = Group {
    title: "Mappings",
    lead: "Where the members of a profile come from. What you do not name comes from where the default says.",
    fields: &[Field::new("options.fieldsMap", "Mappings", Kind::Json)
        .placeholder("{\"email\": \"mail\", \"name\": [\"displayName\", \"cn\"]}")
        .help("A member, and the name of an attribute, or several of which the first that is there counts.")],
};
const INITIATED: Group = Group {
    title: "IdP-Initiated SSO",
    lead: "People begin at the identity provider, which sends them here without having been asked. Whoever can make people click a link can sign them in as somebody else that way: leave it off unless you need it.",
    fields: &[
        Field::new("options.idpinitiated.enabled", "Accept such logins", Kind::Toggle),
        Field::text("options.idpinitiated.client_id", "Default application")
            .placeholder("Client ID")
            .help("The client ID of the application where people arrive."),
        Field::new(
            "options.idpinitiated.client_protocol",
            "Response protocol",
            Kind::Select(&[
                ("", "Not chosen: OpenID Connect"),
                ("oidc", "OpenID Connect"),
                ("oauth2", "OAuth 2.0"),
                ("samlp", "SAML"),
                ("wsfed", "WS-Federation"),
            ]),
        )
        .help("What that application speaks."),
        Field::text("options.idpinitiated.client_authorizequery", "Query string")
            .placeholder("redirect_uri=https://app.example.com/callback&scope=openid&response_type=code")
            .help("The parameters of its request, as it would send them."),
    ],
};

const FEDERATION_URL: Field = Field::text("options.adfs_server", "AD FS server or metadata URL")
    .placeholder("https://adfs.example.com/FederationMetadata/2007-06/FederationMetadata.xml")
    .help("Addresses and certificates are read from its federation metadata.");
const FEDERATION_XML: Field = Field::new(
    "options.fedMetadataXml",
    "Federation metadata XML",
    Kind::Upload(".xml,text/xml,application/xml"),
)
.placeholder("<EntityDescriptor …")
.help("Instead of the address, for a server that cannot be reached from here.");
const ADFS: Group = Group {
    title: "Identity provider",
    lead: "",
    fields: &[
        ACTIVE,
        FEDERATION_URL,
        FEDERATION_XML,
        Field::new("options.signInEndpoint", "Sign In URL", Kind::Text("url"))
            .help("Empty: the one of the metadata."),
        Field::text("options.entityId", "Realm")
            .help("What Chancery calls itself there. Empty: the one that the setup shows."),
        Field::text("options.user_id_attribute", "User ID Attribute")
            .help("The claim that tells users apart. Who changes it makes new users of everybody."),
    ],
};
const ADFS_USERS: Group = Group { title: "Advanced", lead: "", fields: &[ROOT, TRUST, DOMAINS, PARAMETERS] };

const NEW_SAML: Group = Group {
    title: "Identity provider",
    lead: "Its metadata is enough. Without any, fill in address and certificates.",
    fields: &[
        METADATA_URL,
        METADATA_XML,
        SIGN_IN,
        CERTIFICATES,
        Field::new("options.signSAMLRequest", "Sign Request", Kind::Toggle)
            .help("With the connection key of the tenant, whose certificate the setup shows."),
        DOMAINS,
    ],
};
const NEW_ADFS: Group =
    Group { title: "Identity provider", lead: "", fields: &[FEDERATION_URL, FEDERATION_XML, DOMAINS] };

pub(super) fn groups(strategy: Strategy, tab: &str) -> Vec<Group> {
    match (strategy, tab) {
        (Strategy::Adfs, tab) if tab == SETTINGS.0 => vec![ADFS, ADFS_USERS],
        (Strategy::Samlp, tab) if tab == SETTINGS.0 => vec![SAML, REQUESTS, USERS],
        (Strategy::Samlp, tab) if tab == MAPPING.0 => vec![MAP],
        (Strategy::Samlp, tab) if tab == UNASKED.0 => vec![INITIATED],
        _ => Vec::new(),
    }
}

pub(super) fn new_groups(strategy: Strategy) -> Vec<Group> {
    vec![if strategy == Strategy::Adfs { NEW_ADFS } else { NEW_SAML }]
}
