//! The strategies that are served: who proves who somebody is, and what users who come from there are called.
//!
//! Pure. Must never let two connections whose providers are different call two people by one id.

use super::Connection;

/// A strategy that is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strategy {
    /// A database of ours.
    Database,
    /// Any provider of OpenID Connect.
    Oidc,
    /// Okta.
    Okta,
    /// Google accounts.
    GoogleOAuth2,
    /// GitHub accounts.
    GitHub,
    /// Microsoft accounts of persons.
    WindowsLive,
    /// Microsoft accounts of organizations.
    AzureAd,
    /// Apple accounts.
    Apple,
    /// Any authorization server that has an address for profiles.
    OAuth2,
    /// SAML 2.0.
    Samlp,
    /// WS-Federation.
    Adfs,
}

/// What kind of strategy it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// We keep the passwords.
    Database,
    /// A provider whose accounts belong to persons.
    Social,
    /// A provider whose accounts belong to an organization.
    Enterprise,
}

impl Family {
    /// Its name in the log (`strategy_type`).
    pub fn name(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Social => "social",
            Self::Enterprise => "enterprise",
        }
    }
}

impl Strategy {
    /// Every strategy that is served.
    pub const ALL: [Self; 11] = [
        Self::Database,
        Self::Oidc,
        Self::Okta,
        Self::GoogleOAuth2,
        Self::GitHub,
        Self::WindowsLive,
        Self::AzureAd,
        Self::Apple,
        Self::OAuth2,
        Self::Samlp,
        Self::Adfs,
    ];

    /// The strategy of this name, if it is served.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|own| own.name() == name)
    }

    /// Its name on the wire; also the provider of the identities that come from it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Database => super::DATABASE,
            Self::Oidc => "oidc",
            Self::Okta => "okta",
            Self::GoogleOAuth2 => "google-oauth2",
            Self::GitHub => "github",
            Self::WindowsLive => "windowslive",
            Self::AzureAd => "waad",
            Self::Apple => "apple",
            Self::OAuth2 => "oauth2",
            Self::Samlp => "samlp",
            Self::Adfs => "adfs",
        }
    }

    /// Its kind.
    pub fn family(self) -> Family {
        match self {
            Self::Database => Family::Database,
            Self::GoogleOAuth2 | Self::GitHub | Self::WindowsLive | Self::Apple | Self::OAuth2 => {
                Family::Social
            }
            Self::Oidc | Self::Okta | Self::AzureAd | Self::Samlp | Self::Adfs => Family::Enterprise,
        }
    }

    /// Whether the name of the connection is part of an identity's id, since two connections may ask two providers.
    fn names_the_connection(self) -> bool {
        self.family() == Family::Enterprise || self == Self::OAuth2
    }
}

impl Connection {
    /// Its strategy, if that is served.
    pub fn served(&self) -> Option<Strategy> {
        Strategy::named(&self.strategy)
    }

    /// Whether it is a database of ours.
    pub fn is_database(&self) -> bool {
        self.strategy == super::DATABASE
    }

    /// What the log calls its kind of strategy; what is not served never signs anybody in.
    pub fn strategy_type(&self) -> &'static str {
        self.served().map_or("database", |strategy| strategy.family().name())
    }

    /// The id of the identity of somebody whom the provider calls `subject`.
    pub fn identity_id(&self, subject: &str) -> String {
        if self.served().is_some_and(Strategy::names_the_connection) {
            format!("{}|{subject}", self.name)
        } else {
            subject.to_owned()
        }
    }
}
