//! The fields of connections to providers whose accounts belong to persons.

use super::{ACTIVE, CLIENT_ID, CLIENT_SECRET, MAPPING, NEW_SECRET, PARAMETERS, ROOT, SETTINGS};
use crate::connections::Strategy;
use crate::dashboard::{Field, Group, Kind};

const SCOPES: Field =
    Field::text("options.scope", "Scopes").help("With spaces between them. Empty: what a profile needs.");

const CLIENT: Group = Group {
    title: "Provider",
    lead: "What the provider gave you when you registered there.",
    fields: &[ACTIVE, CLIENT_ID, CLIENT_SECRET, SCOPES, PARAMETERS],
};
const USERS: Group = Group { title: "Users", lead: "", fields: &[ROOT] };

const TEAM: Field = Field::text("options.team_id", "Apple Team ID").placeholder("A1B2C3D4E5");
const KEY_ID: Field = Field::text("options.kid", "Key ID").placeholder("ABC123DEFG");
const SERVICES_ID: Field = Field::text("options.client_id", "Services ID")
    .placeholder("com.example.login")
    .help("What Apple calls you by.");
const APPLE: Group = Group {
    title: "Apple",
    lead: "What Apple gave you when you registered there.",
    fields: &[
        ACTIVE,
        SERVICES_ID,
        TEAM,
        KEY_ID,
        Field::new("options.app_secret", "Client Secret Signing Key", Kind::SecretArea(5))
            .placeholder("-----BEGIN PRIVATE KEY-----")
            .help("The content of the .p8 file. Empty: the one that is stored stays. It is stored sealed."),
        Field::new("options.name", "Ask for the name", Kind::Toggle),
        Field::new("options.email", "Ask for the email address", Kind::Toggle),
        PARAMETERS,
    ],
};
const NEW_APPLE: Group = Group {
    title: "Apple",
    lead: "Register a Services ID and a key at Apple first; the callback URL is shown afterwards.",
    fields: &[
        SERVICES_ID.required(),
        TEAM.required(),
        KEY_ID.required(),
        Field::new("options.app_secret", "Client Secret Signing Key", Kind::SecretArea(5))
            .placeholder("-----BEGIN PRIVATE KEY-----")
            .help("The content of the .p8 file. It is stored sealed.")
            .required(),
        Field::new("options.name", "Ask for the name", Kind::Toggle),
        Field::new("options.email", "Ask for the email address", Kind::Toggle),
    ],
};

const AUTHORIZATION: Field = Field::new("options.authorizationURL", "Authorization URL", Kind::Text("url"))
    .placeholder("https://provider.example/oauth/authorize");
const TOKEN: Field = Field::new("options.tokenURL", "Token URL", Kind::Text("url"))
    .placeholder("https://provider.example/oauth/token");
const PROFILE: Field = Field::new("options.userInfoURL", "Profile URL", Kind::Text("url"))
    .placeholder("https://provider.example/api/me")
    .help("Answers the profile of whoever the access token belongs to, as JSON.");
const OAUTH2: Group = Group {
    title: "Addresses",
    lead: "",
    fields: &[
        AUTHORIZATION,
        TOKEN,
        PROFILE,
        Field::new("options.authParams", "More parameters of the request", Kind::Json)
            .placeholder("{\"prompt\": \"consent\"}"),
        Field::new("options.customHeaders", "More headers", Kind::Json).placeholder("{\"X-Version\": \"2\"}"),
    ],
};
const MAP: Group = Group {
    title: "Mapping",
    lead: "Which member of the provider's profile each member here is taken from.",
    fields: &[Field::new("options.fieldsMap", "Mapping", Kind::Json)
        .placeholder("{\"user_id\": \"uid\", \"email\": \"mail\"}")
        .help("Empty: members keep their names, and sub, user_id or id tells users apart.")],
};
const NEW_OAUTH2: Group = Group {
    title: "Addresses",
    lead: "",
    fields: &[AUTHORIZATION.required(), TOKEN.required(), PROFILE.required(), SCOPES],
};
const NEW_CLIENT: Group = Group {
    title: "Provider",
    lead: "Register a client at the provider first; the callback URL is shown afterwards.",
    fields: &[CLIENT_ID.required(), NEW_SECRET.required()],
};

pub(super) fn groups(strategy: Strategy, tab: &str) -> Vec<Group> {
    match (strategy, tab) {
        (Strategy::Apple, tab) if tab == SETTINGS.0 => vec![APPLE, USERS],
        (Strategy::OAuth2, tab) if tab == SETTINGS.0 => vec![CLIENT, OAUTH2, USERS],
        (Strategy::OAuth2, tab) if tab == MAPPING.0 => vec![MAP],
        (_, tab) if tab == SETTINGS.0 => vec![CLIENT, USERS],
        _ => Vec::new(),
    }
}

pub(super) fn new_groups(strategy: Strategy) -> Vec<Group> {
    match strategy {
        Strategy::Apple => vec![NEW_APPLE],
        Strategy::OAuth2 => vec![NEW_OAUTH2, NEW_CLIENT],
        Strategy::Database
        | Strategy::Oidc
        | Strategy::Okta
        | Strategy::GoogleOAuth2
        | Strategy::GitHub
        | Strategy::WindowsLive
        | Strategy::AzureAd
        | Strategy::Samlp
        | Strategy::Adfs => vec![NEW_CLIENT],
    }
}
