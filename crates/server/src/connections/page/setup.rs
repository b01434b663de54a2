//! What the provider has to know of a connection: addresses, names and certificates, each to be copied.
//!
//! Must never show anything of a private half.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use serde_json::Value;

use super::certificates::Expiry;
use super::{frame, keys, read, strategies};
use crate::connections::{self, Strategy};
use crate::dashboard::ui::{Badge, Copy, CopyField, Tone, rows, text};
use crate::dashboard::{Desk, Failure, escaped};

/// What the provider has to be told.
struct Fact {
    id: &'static str,
    label: &'static str,
    value: String,
}

fn fact(id: &'static str, label: &'static str, value: String) -> Fact {
    Fact { id, label, value }
}

/// A certificate of the tenant's connection keys.
struct Certificate {
    kid: String,
    badge: Badge,
    expiry: Option<Expiry>,
    fingerprint: String,
}

impl Certificate {
    /// The key of now and the next one, of those that the API lists.
    fn of(value: &Value, desk: &Desk) -> Option<Self> {
        let is = |name: &str| value.get(name) == Some(&Value::Bool(true));
        let badge = match (is("current"), is("next")) {
            (true, _) => Badge::new(Tone::Good, "Currently used"),
            (_, true) => Badge::new(Tone::Accent, "Next in queue"),
            _ => return None,
        };
        let certificate = chancery_crypto::certificate::Certificate::from_pem(text(value, "cert")).ok();
        Some(Self {
            kid: text(value, "kid").to_owned(),
            badge,
            expiry: certificate.map(|own| Expiry::at(own.not_after(), desk.app.clock.now())),
            fingerprint: text(value, "fingerprint").to_owned(),
        })
    }

    fn path(&self) -> String {
        format!("/dashboard/settings/connection-keys/{}/certificate", escaped(&self.kid))
    }

    fn short(&self) -> String {
        self.kid.chars().take(10).collect()
    }
}

#[derive(Template)]
#[template(path = "connections/setup.html")]
struct Page {
    facts: Vec<Fact>,
    /// Of a connection whose messages are signed with the tenant's connection key.
    certificates: Option<Vec<Certificate>>,
    lead: &'static str,
}

pub(super) async fn show(desk: Arc<Desk>) -> Result<Response, Failure> {
    let connection = read(&desk).await?;
    let strategy = strategies::of(&connection).filter(|own| *own != Strategy::Database);
    let strategy = strategy.ok_or_else(|| Failure::missing("A database needs no setup elsewhere."))?;
    let certificates = if strategy == Strategy::Samlp { Some(certificates(&desk).await?) } else { None };
    let body = Page { facts: facts(&desk, &connection, strategy), certificates, lead: lead(strategy) };
    Ok(desk.page(&frame(&desk, &connection, strategies::SETUP.0), &body))
}

async fn certificates(desk: &Desk) -> Result<Vec<Certificate>, Failure> {
    let answer = desk.api.look("/keys/connection").await?.unwrap_or_default();
    let mut found: Vec<Certificate> =
        rows(&answer, "keys").0.iter().filter_map(|key| Certificate::of(key, desk)).collect();
    found.sort_by_key(|own| own.badge.tone == Tone::Accent);
    Ok(found)
}

const fn lead(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::Samlp => {
            "Give the identity provider the metadata. If it reads none, fill in what stands below."
        }
        Strategy::Adfs => "Add a relying party trust with what stands below.",
        Strategy::GitHub => "Fill in the authorization callback URL of the OAuth app.",
        Strategy::Apple => "Fill in the return URL of the Services ID.",
        Strategy::Okta => "Fill in the sign-in redirect URI of the app integration.",
        Strategy::AzureAd | Strategy::WindowsLive => {
            "Fill in the redirect URI of the application, of the kind Web."
        }
        Strategy::GoogleOAuth2 => "Fill in the authorized redirect URI of the OAuth client.",
        Strategy::Database | Strategy::Oidc | Strategy::OAuth2 => "Fill in the redirect URI of the client.",
    }
}

fn facts(desk: &Desk, connection: &Value, strategy: Strategy) -> Vec<Fact> {
    let base = &desk.tenant.base;
    let (name, options) = (text(connection, "name"), connection.get("options").unwrap_or(&Value::Null));
    let callback = format!("{base}/login/callback");
    let own = Some(text(options, "entityId")).filter(|own| !own.is_empty());
    let entity_id = connections::entity_id(&desk.tenant.stored.name, name, own);
    match strategy {
        Strategy::Samlp => {
            let query = format!("connection={}", escaped(name));
            vec![
                fact("metadata", "Metadata", format!("{base}/samlp/metadata?{query}")),
                fact("entity-id", "Entity ID", entity_id),
                fact("acs", "Assertion Consumer Service URL", format!("{callback}?{query}")),
                fact("logout", "Single Logout Service URL", format!("{base}/logout")),
            ]
        }
        Strategy::Adfs => {
            vec![fact("realm", "Realm Identifier", entity_id), fact("endpoint", "Endpoint", callback)]
        }
        Strategy::Oidc | Strategy::Okta => vec![
            fact("callback", "Callback URL", callback),
            fact("key-set", "Key set (JWKS), once the connection has keys", keys::key_set(desk)),
        ],
        Strategy::Database
        | Strategy::GoogleOAuth2
        | Strategy::GitHub
        | Strategy::WindowsLive
        | Strategy::AzureAd
        | Strategy::Apple
        | Strategy::OAuth2 => vec![fact("callback", "Callback URL", callback)],
    }
}
