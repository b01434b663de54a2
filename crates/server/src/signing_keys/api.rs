//! The Management API of the signing keys: list, get, rotate, revoke.
//!
//! Reads of the whole ring come from memory. Must never answer anything of a private half.

use std::sync::{Arc, LazyLock};

use axum::Json;
use axum::extract::State;
use chancery_crypto::digest;
use chancery_keyring::{Farewell, RevokeError};
use http::{HeaderMap, Method, StatusCode};
use serde_json::Value;

use super::{KeyError, sql, view};
use crate::app::App;
use crate::logs::{Entry, Kind};
use crate::management::caller::bearer;
use crate::management::operation::{Operation, Required, operation};
use crate::management::shape::{Object, boolean, field, object, text};
use crate::management::{ApiError, Caller, Path};

/// A signing key on the wire.
pub static SHAPE: LazyLock<Object> = LazyLock::new(|| {
    object([
        field("kid", text()).read_only(),
        field("cert", text()).read_only(),
        field("pkcs7", text()).read_only(),
        field("current", boolean()).read_only(),
        field("next", boolean()).read_only(),
        field("previous", boolean()).read_only(),
        field("current_since", text()).read_only(),
        field("current_until", text()).read_only(),
        field("fingerprint", text()).read_only(),
        field("thumbprint", text()).read_only(),
        field("revoked", boolean()).read_only(),
        field("revoked_at", text()).read_only(),
    ])
});

/// What rotate and revoke answer.
static BRIEF: LazyLock<Object> =
    LazyLock::new(|| object([field("cert", text()).read_only(), field("kid", text()).read_only()]));

/// The lines of this slice.
pub fn operations() -> Vec<Operation> {
    vec![
        operation(
            "get_signing_keys",
            (Method::GET, "/keys/signing"),
            Required::Any(&["read:signing_keys"]),
            "List the application signing keys",
            list,
        )
        .answers(&SHAPE),
        operation(
            "get_signing_key",
            (Method::GET, "/keys/signing/{kid}"),
            Required::Any(&["read:signing_keys"]),
            "Get an application signing key",
            get,
        )
        .answers(&SHAPE),
        operation(
            "post_signing_keys",
            (Method::POST, "/keys/signing/rotate"),
            Required::All(&["create:signing_keys", "update:signing_keys"]),
            "Rotate the application signing key",
            rotate,
        )
        .answers(&BRIEF),
        operation(
            "put_signing_keys",
            (Method::PUT, "/keys/signing/{kid}/revoke"),
            Required::Any(&["update:signing_keys"]),
            "Revoke an application signing key",
            revoke,
        )
        .answers(&BRIEF),
    ]
}

async fn list(caller: Caller) -> Json<Vec<Value>> {
    Json(view::of_ring(&caller.tenant.ring))
}

async fn get(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(kid): Path<String>,
) -> Result<Json<Value>, ApiError> {
    // What cannot be a kid names no key; it does not reach the database either.
    let kid: chancery_keyring::Kid = kid.parse().map_err(|_| KeyError::Revoke(RevokeError::Unknown))?;
    let key = sql::find(&app.db, caller.tenant.id(), kid.as_str()).await?;
    let key = key.ok_or(KeyError::Revoke(RevokeError::Unknown))?;
    Ok(Json(view::of_stored(&key)))
}

async fn rotate(State(app): State<Arc<App>>, caller: Caller) -> Result<(StatusCode, Json<Value>), ApiError> {
    match super::rotate(&app, &caller.tenant.stored, caller.entry(201)).await {
        Ok(next) => Ok((StatusCode::CREATED, Json(view::brief(&next)))),
        Err(error) => Err(refused(&app, &caller, error).await),
    }
}

async fn revoke(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(kid): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    let farewell = if caller.token.kid == kid {
        Some(Farewell::new(digest::sha256(bearer(&headers)?.as_bytes())))
    } else {
        None
    };
    match super::revoke(&app, &caller.tenant.stored, &kid, farewell, caller.entry(200)).await {
        Ok(key) => Ok(Json(view::brief(&key))),
        Err(error) => Err(refused(&app, &caller, error).await),
    }
}

/// Logs a change that was refused; nothing of it is in the database.
async fn refused(app: &App, caller: &Caller, error: KeyError) -> ApiError {
    if let Some((kind, status)) = logged_as(&error) {
        let entry = Entry { kind, description: error.to_string(), ..caller.entry(status) };
        if let Err(busy) = app.log.append(app, caller.tenant.id(), entry).await {
            // The refusal itself is worth more to the caller than its entry.
            tracing::warn!(error = %busy, "a refused key change could not be logged");
        }
    }
    error.into()
}

/// The kind and status of the entry; our own faults go to the log of the process instead.
fn logged_as(error: &KeyError) -> Option<(Kind, u16)> {
    match error {
        KeyError::TooManyRotations { .. } => Some((Kind::ApiLimit, 429)),
        KeyError::Revoke(RevokeError::Unknown) => Some((Kind::Fapi, 404)),
        KeyError::Revoke(_) => Some((Kind::Fapi, 400)),
        KeyError::Db(_) | KeyError::Forge(_) | KeyError::Prepare(_) | KeyError::Broken(_) => None,
    }
}
