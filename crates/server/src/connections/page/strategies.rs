//! What the pages know of each strategy: what it is called, which tabs a connection has, which fields each tab.
//!
//! Pure. Must never offer an option that nothing obeys.

mod openid;
mod saml;
mod social;

use serde_json::Value;

use crate::connections::{Family, Strategy};
use crate::dashboard::ui::text;
use crate::dashboard::{Field, Group, Kind};

/// A tab: the end of its address, and what it says.
pub(super) type Tab = (&'static str, &'static str);

/// The tabs with fields.
pub(super) const SETTINGS: Tab = ("", "Settings");
pub(super) const MAPPING: Tab = ("mapping", "Mappings");
pub(super) const UNASKED: Tab = ("idp-initiated", "IdP-Initiated SSO");
pub(super) const LOGIN: Tab = ("login-experience", "Login Experience");
/// The other tabs.
pub(super) const SETUP: Tab = ("setup", "Setup");
pub(super) const APPLICATIONS: Tab = ("applications", "Applications");

/// What a strategy is called; `name` is its name on the wire.
pub fn label_of(name: &str) -> &str {
    match Strategy::named(name) {
        Some(strategy) => label(strategy),
        None => name,
    }
}

/// What a strategy is called.
pub(super) const fn label(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::Database => "Database",
        Strategy::Oidc => "OpenID Connect",
        Strategy::Okta => "Okta",
        Strategy::GoogleOAuth2 => "Google",
        Strategy::GitHub => "GitHub",
        Strategy::WindowsLive => "Microsoft account",
        Strategy::AzureAd => "Microsoft Entra ID",
        Strategy::Apple => "Apple",
        Strategy::OAuth2 => "Custom OAuth 2.0",
        Strategy::Samlp => "SAML",
        Strategy::Adfs => "AD FS",
    }
}

/// Whom it is for.
pub(super) const fn lead(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::Database => "A list of users with passwords that Chancery keeps.",
        Strategy::Oidc => "Any provider that speaks OpenID Connect.",
        Strategy::Okta => "The Okta of an organization.",
        Strategy::GoogleOAuth2 => "Everybody who has a Google account.",
        Strategy::GitHub => "Everybody who has an account at GitHub.",
        Strategy::WindowsLive => "Everybody who has a Microsoft account of their own.",
        Strategy::AzureAd => "The Microsoft accounts of an organization.",
        Strategy::Apple => "Everybody who has an Apple account.",
        Strategy::OAuth2 => "Any other provider that has an address for profiles.",
        Strategy::Samlp => "Any identity provider that speaks SAML 2.0.",
        Strategy::Adfs => "Any identity provider that speaks WS-Federation.",
    }
}

/// The strategy of a connection as the API tells of it.
pub(super) fn of(connection: &Value) -> Option<Strategy> {
    Strategy::named(text(connection, "strategy"))
}

/// The tabs of a connection.
pub(super) const fn tabs(strategy: Strategy) -> &'static [Tab] {
    match strategy {
        Strategy::Database => &[SETTINGS, APPLICATIONS],
        Strategy::Samlp => &[SETTINGS, SETUP, MAPPING, UNASKED, LOGIN, APPLICATIONS],
        Strategy::Oidc | Strategy::Okta | Strategy::OAuth2 => {
            &[SETTINGS, SETUP, MAPPING, LOGIN, APPLICATIONS]
        }
        Strategy::GoogleOAuth2
        | Strategy::GitHub
        | Strategy::WindowsLive
        | Strategy::AzureAd
        | Strategy::Apple
        | Strategy::Adfs => &[SETTINGS, SETUP, LOGIN, APPLICATIONS],
    }
}

/// The fields of a tab; none if the strategy has no such tab.
pub(super) fn groups(strategy: Strategy, tab: &str) -> Vec<Group> {
    if tab == LOGIN.0 {
        return vec![EXPERIENCE];
    }
    match strategy {
        Strategy::Database => Vec::new(),
        Strategy::Samlp | Strategy::Adfs => saml::groups(strategy, tab),
        Strategy::Oidc | Strategy::Okta | Strategy::AzureAd => openid::groups(strategy, tab),
        Strategy::GoogleOAuth2
        | Strategy::GitHub
        | Strategy::WindowsLive
        | Strategy::Apple
        | Strategy::OAuth2 => social::groups(strategy, tab),
    }
}

/// What a new connection is asked for, its name first.
pub(super) fn new_groups(strategy: Strategy) -> Vec<Group> {
    let mut groups = vec![NAME];
    groups.extend(match strategy {
        Strategy::Database => Vec::new(),
        Strategy::Samlp | Strategy::Adfs => saml::new_groups(strategy),
        Strategy::Oidc | Strategy::Okta | Strategy::AzureAd => openid::new_groups(strategy),
        Strategy::GoogleOAuth2
        | Strategy::GitHub
        | Strategy::WindowsLive
        | Strategy::Apple
        | Strategy::OAuth2 => social::new_groups(strategy),
    });
    groups
}

/// The strategies of a family.
pub(super) fn of_family(family: Family) -> impl Iterator<Item = Strategy> {
    Strategy::ALL.into_iter().filter(move |strategy| strategy.family() == family)
}

const NAME: Group = Group {
    title: "Name",
    lead: "",
    fields: &[Field::text("name", "Name")
        .required()
        .help("Letters, digits and hyphens. Applications call it by this name, and it never changes.")
        .placeholder("corporate")],
};

const EXPERIENCE: Group = Group {
    title: "Login page",
    lead: "",
    fields: &[
        Field::text("display_name", "Display name").help("What its button says."),
        Field::new("show_as_button", "Show a button on the login page", Kind::Toggle)
            .help("Without one, people come here by the domain of their email address, or because the application asks for the connection."),
        Field::new("options.icon_url", "Icon", Kind::Text("url"))
            .placeholder("https://cdn.example.com/icon.png")
            .help("The picture on its button, over https."),
    ],
};

/// Whether the connection lets anybody in.
const ACTIVE: Field = Field::new("authentication.active", "Let users sign in", Kind::Toggle)
    .help("Off, nobody signs in with this connection, whatever applications may use it.");

/// What happens to the profile of a user who signs in again.
const ROOT: Field = Field::new(
    "options.set_user_root_attributes",
    "Sync user profile attributes",
    Kind::Select(&[
        ("", "Not chosen: at each login"),
        ("on_each_login", "At each login"),
        ("on_first_login", "At the first login alone"),
        ("never_on_login", "Never"),
    ]),
)
.help("When name, picture and the like are taken over from the provider.");

/// Whose people come here.
const DOMAINS: Field = Field::new("options.domain_aliases", "Home realm discovery domains", Kind::Lines)
    .placeholder("example.com")
    .help("People whose email address is in one of these domains are sent to this connection. One a line.");

const PARAMETERS: Field = Field::new("options.upstream_params", "Parameters for the provider", Kind::Json)
    .nullable()
    .help("Beyond the usual: {\"acr_values\": {\"value\": \"mfa\"}}, or {\"audience\": {\"alias\": \"audience\"}} to pass one of the application's request on.");

/// Whether what the provider says of addresses counts.
const TRUST: Field = Field::new(
    "options.should_trust_email_verified_connection",
    "Email addresses",
    Kind::Select(&[
        ("", "Not chosen: not verified"),
        ("never_set_emails_as_verified", "Not verified"),
        ("always_set_emails_as_verified", "Verified: the organization has proved them"),
    ]),
);

const CLIENT_ID: Field =
    Field::text("options.client_id", "Client ID").help("What the provider calls you by.");
const CLIENT_SECRET: Field = Field::new("options.client_secret", "Client Secret", Kind::Password)
    .help("Empty: the one that is stored stays. It is stored sealed.");
const NEW_SECRET: Field = Field::new("options.client_secret", "Client Secret", Kind::Password)
    .help("The provider shows it to you. It is stored sealed.");
