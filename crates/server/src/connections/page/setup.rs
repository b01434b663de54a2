//! What the provider has to know of a connection: addresses, names and certificates, each to be copied.
//!
//! Must never show anything of a private half.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use serde_json::Value;

use super::certificates::Expiry;
use super::{api_path, frame, keys, own_path, read, strategies};
use crate::connections::{self, Strategy};
use crate::dashboard::ui::{Badge, Copy, CopyField, Tone, rows, text, timestamp};
use crate::dashboard::{Desk, Failure, escaped};
use crate::signing_keys::page::certificate_file;

/// What the provider has to be told.
struct Fact {
    id: &'static str,
    label: &'static str,
    value: String,
}

fn fact(id: &'static str, label: &'static str, value: String) -> Fact {
    Fact { id, label, value }
}

/// A certificate that the provider needs, of those that the API lists.
struct Certificate {
    badge: Badge,
    /// Which one it is, and the whole of it where that is cut.
    name: String,
    whole: String,
    uses: &'static str,
    expiry: Option<Expiry>,
    fingerprint: String,
    /// Where it is; empty if there is none, as the key was given without one.
    path: String,
}

impl Certificate {
    fn of(value: &Value, desk: &Desk) -> Self {
        let is = |name: &str| value.get(name) == Some(&Value::Bool(true));
        let badge = match (is("current"), is("next")) {
            (true, _) => Badge::new(Tone::Good, "Currently used"),
            (_, true) => Badge::new(Tone::Accent, "Next in queue"),
            _ => Badge::new(Tone::Good, "Of the connection"),
        };
        let (kid, thumbprint) = (text(value, "kid"), text(value, "thumbprint"));
        let short: String = kid.chars().take(10).collect();
        let uses = value.get("use").and_then(Value::as_array).map_or(0, Vec::len);
        let signs = value.get("use").and_then(|uses| uses.get(0)).is_some_and(|first| first == "signing");
        let end = timestamp(value.get("expires_at"));
        Self {
            badge,
            name: if kid.is_empty() { text(value, "subject").to_owned() } else { format!("{short}…") },
            whole: kid.to_owned(),
            uses: match (uses, signs) {
                (2.., _) => "Signatures and encryption",
                (_, true) => "Signatures",
                (_, false) => "Encryption",
            },
            expiry: end.map(|end| Expiry::at(end, desk.app.clock.now())),
            fingerprint: text(value, "fingerprint").to_owned(),
            path: match thumbprint {
                "" => String::new(),
                of => format!("{}/certificate/{}", own_path(desk), escaped(of)),
            },
        }
    }
}

/// The certificates of a connection, and what has to be known about them.
struct Certificates {
    lead: &'static str,
    rows: Vec<Certificate>,
    /// Whether one of them is that of the tenant's connection key.
    public: bool,
}

impl Certificates {
    fn new(desk: &Desk, strategy: Strategy, all: &[Value]) -> Self {
        let owned = |owner: &str| all.iter().any(|own| text(own, "owner") == owner);
        let lead = match (strategy == Strategy::Samlp, owned("connection")) {
            (true, false) => {
                "Requests are signed with the connection key of the tenant, and assertions may be encrypted for it. The metadata has both certificates, so that a rotation takes nobody by surprise."
            }
            (true, true) => {
                "The connection was given keys of its own through the API (signing_key, decryptionKey). The metadata has these certificates. Those of the connection do not change with a rotation: give it another key before one ends."
            }
            (false, false) => {
                "Tokens may be encrypted for the connection key of the tenant; both certificates will do, also after a rotation."
            }
            (false, true) => {
                "Tokens may be encrypted for the key that the connection was given through the API (decryptionKey). It does not change with a rotation: give it another key before its certificate ends."
            }
        };
        Self {
            lead,
            rows: all.iter().map(|value| Certificate::of(value, desk)).collect(),
            public: owned("tenant"),
        }
    }
}

#[derive(Template)]
#[template(path = "connections/setup.html")]
struct Page {
    facts: Vec<Fact>,
    /// Of a connection that signs what it sends, or opens what it gets.
    certificates: Option<Certificates>,
    lead: &'static str,
}

pub(super) async fn show(desk: Arc<Desk>) -> Result<Response, Failure> {
    let connection = read(&desk).await?;
    let strategy = strategies::of(&connection).filter(|own| *own != Strategy::Database);
    let strategy = strategy.ok_or_else(|| Failure::missing("A database needs no setup elsewhere."))?;
    let all = certificates(&desk).await?;
    let body = Page {
        facts: facts(&desk, &connection, strategy),
        certificates: (!all.is_empty()).then(|| Certificates::new(&desk, strategy, &all)),
        lead: lead(strategy),
    };
    Ok(desk.page(&frame(&desk, &connection, strategies::SETUP.0), &body))
}

async fn certificates(desk: &Desk) -> Result<Vec<Value>, Failure> {
    let answer = desk.api.get(&format!("{}/certificates", api_path(desk))).await?;
    Ok(rows(&answer, "certificates").0.to_vec())
}

/// A certificate as a file: `pem`, `cer` (DER) or `p7b` (PKCS#7).
pub(super) async fn download(desk: Arc<Desk>) -> Result<Response, Failure> {
    let all = certificates(&desk).await?;
    let found = all.iter().find(|own| text(own, "thumbprint") == desk.name("thumbprint"));
    let found = found.ok_or_else(|| Failure::missing("The connection has no such certificate."))?;
    certificate_file(&desk, found, desk.name("form"))
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
