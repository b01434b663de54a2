//! The fields of connections to the OpenID providers of organizations.

use super::{
    ACTIVE, CLIENT_ID, CLIENT_SECRET, DOMAINS, MAPPING, NEW_SECRET, PARAMETERS, ROOT, SETTINGS, TRUST,
};
use crate::connections::Strategy;
use crate::dashboard::{Field, Group, Kind};

const DISCOVERY: Field = Field::new("options.discovery_url", "Discovery URL", Kind::Text("url"))
    .placeholder("https://id.example.com/.well-known/openid-configuration")
    .help("Addresses, issuer and keys are read there.");
const DOMAIN: Field = Field::text("options.domain", "Okta Domain").placeholder("corp.okta.com");
const DIRECTORY: Field = Field::text("options.tenant_domain", "Microsoft Entra domain")
    .placeholder("example.onmicrosoft.com")
    .help("The primary domain of the directory.");
const METHODS: Field = Field::new(
    "options.token_endpoint_auth_method",
    "Authentication method",
    Kind::Select(&[
        ("", "Not chosen: the client secret, as the provider wants it"),
        ("client_secret_post", "Client secret in the body"),
        ("client_secret_basic", "Client secret in the header"),
        ("private_key_jwt", "Private key JWT, with the keys of this connection"),
    ]),
);
const AUDIENCE: Field = Field::new(
    "options.token_endpoint_jwtca_aud_format",
    "Audience of the private key JWT",
    Kind::Select(&[
        ("", "Not chosen: the token endpoint"),
        ("token_endpoint", "The token endpoint"),
        ("issuer", "The issuer"),
    ]),
);
const TYPE: Field = Field::new(
    "options.type",
    "Type",
    Kind::Select(&[
        ("", "Not chosen: back channel"),
        ("back_channel", "Back channel: a code is exchanged"),
        ("front_channel", "Front channel: taken as back channel"),
    ]),
);
const SCOPES: Field = Field::text("options.scope", "Scopes")
    .placeholder("openid profile email")
    .help("With spaces between them; openid is always asked for.");
const PKCE: Field = Field::new(
    "options.connection_settings.pkce",
    "PKCE",
    Kind::Select(&[
        ("", "Not chosen: S256"),
        ("auto", "S256"),
        ("S256", "S256 always"),
        ("disabled", "None, for providers that refuse it"),
    ]),
);

const CLIENT: Group = Group {
    title: "Client",
    lead: "What the provider gave you when you registered there.",
    fields: &[CLIENT_ID, CLIENT_SECRET, METHODS, AUDIENCE],
};
const OIDC: Group =
    Group { title: "Provider", lead: "", fields: &[ACTIVE, DISCOVERY, TYPE, SCOPES, PKCE, PARAMETERS] };
const OKTA: Group = Group { title: "Okta", lead: "", fields: &[ACTIVE, DOMAIN, SCOPES, PKCE, PARAMETERS] };
const ADDRESSES: Group = Group {
    title: "Without discovery",
    lead: "For a provider that has no discovery document: issuer and all addresses. With a discovery URL, an issuer here is the only one that counts.",
    fields: &[
        Field::new("options.issuer", "Issuer", Kind::Text("url")),
        Field::new("options.authorization_endpoint", "Authorization endpoint", Kind::Text("url")),
        Field::new("options.token_endpoint", "Token endpoint", Kind::Text("url")),
        Field::new("options.userinfo_endpoint", "User information endpoint", Kind::Text("url")),
        Field::new("options.jwks_uri", "Key set (JWKS)", Kind::Text("url")),
    ],
};
const MICROSOFT: Group = Group {
    title: "Microsoft Entra ID",
    lead: "",
    fields: &[
        ACTIVE,
        DIRECTORY,
        Field::text("options.tenantId", "Directory ID").help("Counts instead of the domain."),
        Field::new("options.useCommonEndpoint", "Let every directory in", Kind::Toggle)
            .help("People of all organizations sign in, not those of one alone."),
        CLIENT_ID,
        CLIENT_SECRET,
        Field::new(
            "options.userid_attribute",
            "User ID",
            Kind::Select(&[
                ("", "Not chosen: sub"),
                ("sub", "sub: another one for each client"),
                ("oid", "oid: the same for all clients of the directory"),
            ]),
        )
        .help("Who changes it makes new users of everybody."),
        PARAMETERS,
    ],
};
const USERS: Group = Group { title: "Users", lead: "", fields: &[ROOT, DOMAINS] };
const TRUSTED_USERS: Group = Group { title: "Users", lead: "", fields: &[ROOT, TRUST, DOMAINS] };
const MAP: Group = Group {
    title: "Mapping",
    lead: "What is taken over of what the provider says.",
    fields: &[
        Field::new(
            "options.attribute_map.mapping_mode",
            "What is taken over",
            Kind::Select(&[
                ("", "Not chosen: the default of the strategy"),
                ("bind_all", "Everything"),
                ("basic_profile", "What belongs to the standard profile"),
                ("use_map", "What the map names"),
            ]),
        ),
        Field::new("options.attribute_map.attributes", "Map", Kind::Json)
            .placeholder("{\"email\": \"${context.tokenset.email}\"}")
            .help(
                "From members of the profile to what they are made of. Counts while the map is chosen above.",
            ),
    ],
};

const NEW_OIDC: Group = Group {
    title: "Provider",
    lead: "Register a client at the provider first; the callback URL is shown afterwards.",
    fields: &[
        Field::new("options.discovery_url", "Discovery URL", Kind::Text("url"))
            .placeholder("https://id.example.com/.well-known/openid-configuration")
            .required(),
        Field::text("options.client_id", "Client ID").required(),
        NEW_SECRET,
    ],
};
const NEW_OKTA: Group = Group {
    title: "Okta",
    lead: "Create an app integration of the type OIDC web application in Okta first; the callback URL is shown afterwards.",
    fields: &[
        Field::text("options.domain", "Okta Domain").placeholder("corp.okta.com").required(),
        Field::text("options.client_id", "Client ID").required(),
        NEW_SECRET,
    ],
};
const NEW_MICROSOFT: Group = Group {
    title: "Microsoft Entra ID",
    lead: "Register an application in Microsoft Entra ID first; the callback URL is shown afterwards.",
    fields: &[
        Field::text("options.tenant_domain", "Microsoft Entra domain")
            .placeholder("example.onmicrosoft.com")
            .required(),
        Field::text("options.client_id", "Application (client) ID").required(),
        NEW_SECRET,
    ],
};

pub(super) fn groups(strategy: Strategy, tab: &str) -> Vec<Group> {
    match (strategy, tab) {
        (Strategy::AzureAd, tab) if tab == SETTINGS.0 => vec![MICROSOFT, TRUSTED_USERS],
        (Strategy::Okta, tab) if tab == SETTINGS.0 => vec![OKTA, CLIENT, USERS],
        (_, tab) if tab == SETTINGS.0 => vec![OIDC, CLIENT, ADDRESSES, USERS],
        (Strategy::Oidc | Strategy::Okta, tab) if tab == MAPPING.0 => vec![MAP],
        _ => Vec::new(),
    }
}

pub(super) fn new_groups(strategy: Strategy) -> Vec<Group> {
    vec![match strategy {
        Strategy::AzureAd => NEW_MICROSOFT,
        Strategy::Okta => NEW_OKTA,
        Strategy::Database
        | Strategy::Oidc
        | Strategy::GoogleOAuth2
        | Strategy::GitHub
        | Strategy::WindowsLive
        | Strategy::Apple
        | Strategy::OAuth2
        | Strategy::Samlp
        | Strategy::Adfs => NEW_OIDC,
    }]
}
