//! The certificate that verifies what is signed for an application, and the addresses that it needs.
//!
//! Must never say that a certificate is good for HS256: there the client secret is the key.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use serde_json::Value;

use super::{Application, text};
use crate::dashboard::ui::{CopyField, Icon};
use crate::dashboard::{Desk, Failure};
use crate::signing_keys::page::certificate_file;

#[derive(Template)]
#[template(path = "applications/certificates.html")]
struct Certificates<'a> {
    alg: &'a str,
    home: String,
    pem: &'a str,
    fingerprint: &'a str,
    thumbprint: &'a str,
}

impl Certificates<'_> {
    /// Whether the client secret is the key.
    fn is_secret(&self) -> bool {
        self.alg == "HS256"
    }
}

/// The key that signs now.
async fn current(desk: &Desk) -> Result<Value, Failure> {
    let keys = desk.api.get("/keys/signing").await?;
    let keys = keys.as_array().cloned().unwrap_or_default();
    let found = keys.into_iter().find(|key| key.get("current") == Some(&Value::Bool(true)));
    found.ok_or_else(|| Failure::missing("The keys of the tenant are being made. Try again in a moment."))
}

pub(super) async fn show(desk: Arc<Desk>) -> Result<Response, Failure> {
    let application = Application::load(&desk).await?;
    let key = current(&desk).await?;
    let body = Certificates {
        alg: application.alg(),
        home: application.home(),
        pem: text(&key, "cert").trim_end(),
        fingerprint: text(&key, "fingerprint"),
        thumbprint: text(&key, "thumbprint"),
    };
    Ok(desk.page(&application.advanced("certificates"), &body))
}

pub(super) async fn download(desk: Arc<Desk>) -> Result<Response, Failure> {
    certificate_file(&desk, &current(&desk).await?, desk.name("form"))
}

#[derive(Template)]
#[template(path = "applications/endpoints.html")]
struct Endpoints {
    all: Vec<(&'static str, String)>,
}

pub(super) async fn endpoints(desk: Arc<Desk>) -> Result<Response, Failure> {
    let application = Application::load(&desk).await?;
    let issuer = &desk.tenant.issuer;
    let at = |name, path: &str| (name, format!("{issuer}{path}"));
    let all = vec![
        at("OAuth Authorization URL", "authorize"),
        at("OAuth Token URL", "oauth/token"),
        at("OAuth User Info URL", "userinfo"),
        at("Device Authorization URL", "oauth/device/code"),
        at("Pushed Authorization URL", "oauth/par"),
        at("Token Revocation URL", "oauth/revoke"),
        at("JSON Web Key Set", ".well-known/jwks.json"),
        at("OpenID Configuration", ".well-known/openid-configuration"),
        at("Logout URL (OpenID Connect)", "oidc/logout"),
        at("Logout URL", "v2/logout"),
    ];
    Ok(desk.page(&application.advanced("endpoints"), &Endpoints { all }))
}
