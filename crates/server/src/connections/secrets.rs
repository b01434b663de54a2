//! The secret options of a connection, sealed: what scripts are configured with, the key to a gateway, and what
//! proves to another provider who we are.
//!
//! The only place that seals and opens them. Must never write one into a message.

use chancery_crypto::seal::Label;
use serde_json::{Map, Value};

use super::Connection;
use crate::app::App;
use crate::applications::Sealed;
use crate::management::query::Fields;
use crate::management::shape::{Field, boolean, field};
use crate::management::{ApiError, Query};
use crate::tenants::TenantId;

/// The options that are secret.
const SECRET: &[&str] = &[
    "configuration",
    "gateway_authentication",
    "client_secret",
    "app_secret",
    "decryptionKey",
    "signing_key",
];

/// What a reader can ask for, for the description.
pub(super) fn shown() -> Vec<Field> {
    vec![field("include_secrets", boolean())]
}

/// What a writer can ask for, for the description.
pub(super) fn kept() -> Vec<Field> {
    vec![field("keep_secrets", boolean())]
}

/// Whether an answer shows the secret options: unless it is said not to, or shows no options at all.
pub(super) fn are_wanted(query: &Query, fields: &Fields) -> Result<bool, ApiError> {
    Ok(query.flag("include_secrets")? != Some(false) && fields.keep("options"))
}

/// Whether secret options that a change does not name stay as they are, for whoever has not read them.
pub(super) fn are_kept(query: &Query) -> Result<bool, ApiError> {
    Ok(query.flag("keep_secrets")? == Some(true))
}

/// Puts the secret options that are stored among those that were sent, unless they were sent too.
pub(super) fn keep(
    app: &App,
    tenant: &TenantId,
    before: &Connection,
    body: &mut Map<String, Value>,
) -> Result<(), ApiError> {
    let Some(Value::Object(options)) = body.get_mut("options") else { return Ok(()) };
    for (name, value) in open(app, tenant, before)?.unwrap_or_default() {
        options.entry(name).or_insert(value);
    }
    Ok(())
}

/// Takes the secret options out of those that were sent, and seals them; none if there are none.
pub(super) fn take(
    app: &App,
    (tenant, id): (&TenantId, &str),
    options: &mut Map<String, Value>,
) -> Result<Option<Sealed>, ApiError> {
    let mut secret = Map::new();
    for name in SECRET {
        if let Some(value) = options.shift_remove(*name) {
            secret.insert((*name).to_owned(), value);
        }
    }
    if secret.is_empty() {
        return Ok(None);
    }
    let plain = Value::Object(secret).to_string();
    let sealed = app.sealer.seal(label(tenant, id), app.entropy.bytes(), plain.as_bytes());
    sealed.map(|sealed| Some(Sealed(sealed))).map_err(|error| ApiError::Internal(error.to_string()))
}

/// Opens the secret options.
pub(super) fn open(
    app: &App,
    tenant: &TenantId,
    connection: &Connection,
) -> Result<Option<Map<String, Value>>, ApiError> {
    let Some(Sealed(sealed)) = &connection.secrets else { return Ok(None) };
    let unreadable = |why: &dyn std::fmt::Display| {
        ApiError::Internal(format!("the secret options of {} cannot be read: {why}", connection.id))
    };
    let opened =
        app.sealer.open(label(tenant, &connection.id), sealed).map_err(|error| unreadable(&error))?;
    serde_json::from_slice(&opened).map(Some).map_err(|_| unreadable(&"they are no JSON"))
}

/// All options of a connection that asks another provider, the secret ones included: for signing in alone.
pub fn whole_options(
    app: &App,
    tenant: &TenantId,
    connection: &Connection,
) -> Result<Map<String, Value>, ApiError> {
    let mut options = connection.shown_options();
    options.extend(open(app, tenant, connection)?.unwrap_or_default());
    Ok(options)
}

fn label<'a>(tenant: &'a TenantId, id: &'a str) -> Label<'a> {
    Label { tenant: tenant.as_str(), kind: "connection-options", id }
}
