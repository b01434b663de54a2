//! The secrets of an application, sealed: its client secret, and its add-ons, which may hold partners' secrets.
//!
//! The only place that seals and opens them. Must never write one into a message.

use chancery_crypto::seal::Label;
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
        .map_err(|error| unreadable(application, &error))?;
    let text = std::str::from_utf8(&opened).map_err(|_| unreadable(application, &"it is no text"))?;
    Ok(Some(Zeroizing::new(text.to_owned())))
}

/// Opens the add-ons.
pub(super) fn open_addons(
    app: &App,
    tenant: &TenantId,
    application: &Application,
) -> Result<Option<Value>, ApiError> {
    let Some(Sealed(sealed)) = &application.addons else { return Ok(None) };
    let opened = app
        .sealer
        .open(label(tenant, ADDONS, &application.client_id), sealed)
        .map_err(|error| unreadable(application, &error))?;
    serde_json::from_slice(&opened).map(Some).map_err(|_| unreadable(application, &"it is no JSON"))
}

fn seal_as(app: &App, label: Label<'_>, plain: &[u8]) -> Result<Sealed, ApiError> {
    let sealed = app.sealer.seal(label, app.entropy.bytes(), plain);
    sealed.map(Sealed).map_err(|error| ApiError::Internal(error.to_string()))
}

fn label<'a>(tenant: &'a TenantId, kind: &'a str, client_id: &'a str) -> Label<'a> {
    Label { tenant: tenant.as_str(), kind, id: client_id }
}

fn unreadable(application: &Application, why: &dyn std::fmt::Display) -> ApiError {
    ApiError::Internal(format!("a secret of application {} cannot be read: {why}", application.client_id))
}
