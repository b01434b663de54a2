//! The Management API of the signing keys: list, get, rotate, revoke.
//!
//! Reads of the whole ring come from memory. Must never answer anything of a private half.

use std::sync::{Arc, LazyLock};

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use chancery_crypto::digest;
use chancery_keyring::{Farewell, RevokeError};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::Value;

use super::{Actor, KeyError, overview, sql, view};
use crate::app::App;
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
pub static BRIEF: LazyLock<Object> =
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
        .lists("keys", &SHAPE),
        operation(
            "get_signing_key",
            (Method::GET, "/keys/signing/{kid}"),
            Required::Any(&["read:signing_keys"]),
            "Get an application signing key",
            get,
        )
        .answers(&SHAPE),
        operation(
            "get_key_ring",
            (Method::GET, "/keys/ring"),
            Required::Any(&["read:signing_keys"]),
            "Get the life of the application signing keys",
            overview::get,
        )
        .answers(&overview::SHAPE)
        .ours(),
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

async fn list(caller: Caller) -> impl IntoResponse {
    let json = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, json)], caller.tenant.documents.keys.clone())
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
    let next = super::rotate(&app, &caller.tenant.stored, (Actor::of(&caller), caller.entry(201))).await?;
    Ok((StatusCode::CREATED, Json(view::brief(&next))))
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
    let by = (Actor::of(&caller), caller.entry(200));
    let key = super::revoke(&app, &caller.tenant.stored, &kid, farewell, by).await?;
    Ok(Json(view::brief(&key)))
}
