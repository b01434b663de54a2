//! The secrets of an application, sealed: its client secret, and its add-ons, which may hold partners' secrets.
//!
//! The only place that seals and opens them. Must never write one into a message.

use std::collections::HashMap;

use chancery_crypto::seal::Label;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use zeroize::Zeroizing;

use super::{Application, Sealed, sql};
use crate::app::App;
use crate::management::ApiError;
use crate::tenants::TenantId;

/// The kind in the label of a sealed client secret.
const SECRET: &str = "client-secret";
/// The kind in the label of sealed add-ons.
const ADDONS: &str = "client-addons";

/// A new client secret: 64 characters that need no escaping in a URL or a form.
pub(super) fn generate(app: &App) -> String {
    app.entropy.url_safe(64)
}

/// Seals a client secret.
pub(super) fn seal(
    app: &App,
    (tenant, client_id): (&TenantId, &str),
    secret: &str,
) -> Result<Sealed, ApiError> {
    seal_as(app, label(tenant, SECRET, client_id), secret.as_bytes())
}

/// Seals add-ons.
pub(super) fn seal_addons(
    app: &App,
    (tenant, client_id): (&TenantId, &str),
    addons: &Value,
) -> Result<Sealed, ApiError> {
    seal_as(app, label(tenant, ADDONS, client_id), addons.to_string().as_bytes())
}

/// The secret of the application with this `client_id`, for the command line. None: there is no such
/// application, or it has none.
pub async fn secret(
    app: &App,
    tenant: &TenantId,
    client_id: &str,
) -> Result<Option<Zeroizing<String>>, ApiError> {
    match sql::find(&app.db, tenant, client_id).await? {
        Some(application) => open(app, tenant, &application),
        None => Ok(None),
    }
}

/// Opens the client secret.
pub(super) fn open(
    app: &App,
    tenant: &TenantId,
    application: &Application,
) -> Result<Option<Zeroizing<String>>, ApiError> {
    let Some(Sealed(sealed)) = &application.secret else { return Ok(None) };
    let opened = app
        .sealer
        .open(label(tenant, SECRET, &application.client_id), sealed)
        .map_err(|error| unreadable(&application.client_id, &error))?;
    let text =
        std::str::from_utf8(&opened).map_err(|_| unreadable(&application.client_id, &"it is no text"))?;
    Ok(Some(Zeroizing::new(text.to_owned())))
}

/// Opens the add-ons.
pub(super) fn open_addons(
    app: &App,
    tenant: &TenantId,
    application: &Application,
) -> Result<Option<Value>, ApiError> {
    let Some(sealed) = &application.addons else { return Ok(None) };
    open_addons_of(app, (tenant, &application.client_id), sealed).map(Some)
}

fn open_addons_of<T: DeserializeOwned>(
    app: &App,
    (tenant, client_id): (&TenantId, &str),
    Sealed(sealed): &Sealed,
) -> Result<T, ApiError> {
    let opened = app.sealer.open(label(tenant, ADDONS, client_id), sealed);
    let opened = opened.map_err(|error| unreadable(client_id, &error))?;
    serde_json::from_slice(&opened).map_err(|_| unreadable(client_id, &"it is no JSON"))
}

/// How many applications have an add-on that answers with what the signing keys sign.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Addons {
    /// SAML.
    pub samlp: usize,
    /// WS-Federation.
    pub wsfed: usize,
}

/// Counts add-ons. Which ones an application has is sealed, so each has to be opened; only those are that have any.
pub async fn count_addons(app: &App, tenant: &TenantId) -> Result<Addons, ApiError> {
    let mut counted = Addons::default();
    for (client_id, sealed) in sql::addons(&app.db, tenant).await? {
        let addons: HashMap<String, Option<IgnoredAny>> = open_addons_of(app, (tenant, &client_id), &sealed)?;
        let has = |name: &str| addons.get(name).is_some_and(Option::is_some);
        counted.samlp += usize::from(has("samlp"));
        counted.wsfed += usize::from(has("wsfed"));
    }
    Ok(counted)
}

fn seal_as(app: &App, label: Label<'_>, plain: &[u8]) -> Result<Sealed, ApiError> {
    let sealed = app.sealer.seal(label, app.entropy.bytes(), plain);
    sealed.map(Sealed).map_err(|error| ApiError::Internal(error.to_string()))
}

fn label<'a>(tenant: &'a TenantId, kind: &'a str, client_id: &'a str) -> Label<'a> {
    Label { tenant: tenant.as_str(), kind, id: client_id }
}

fn unreadable(client_id: &str, why: &dyn std::fmt::Display) -> ApiError {
    ApiError::Internal(format!("a secret of application {client_id} cannot be read: {why}"))
}
