//! The Management API of a tenant's connection keys: list, rotate, revoke. Operations of our own.
//!
//! They speak as those of the application signing keys do. Must never answer anything of a private half.

use std::sync::{Arc, LazyLock};

use axum::Json;
use axum::extract::State;
use chancery_keyring::RevokeError;
use http::{Method, StatusCode};
use serde_json::Value;

use super::{Order, own};
use crate::app::App;
use crate::management::operation::{Operation, Required, operation};
use crate::management::shape::Object;
use crate::management::{ApiError, Caller, Path};
use crate::signing_keys::{self, KeyError};

/// The lines of this slice.
pub fn operations() -> Vec<Operation> {
    let shape: &'static LazyLock<Object> = &signing_keys::api::SHAPE;
    let brief: &'static LazyLock<Object> = &signing_keys::api::BRIEF;
    let mut operations = vec![
        operation(
            "get_connection_ring",
            (Method::GET, "/keys/connection"),
            Required::Any(&["read:signing_keys"]),
            "List the connection keys of the tenant",
            list,
        )
        .lists("keys", shape)
        .ours(),
        operation(
            "post_connection_ring",
            (Method::POST, "/keys/connection/rotate"),
            Required::All(&["create:signing_keys", "update:signing_keys"]),
            "Rotate the connection key of the tenant",
            rotate,
        )
        .answers(brief)
        .ours(),
        operation(
            "put_connection_ring",
            (Method::PUT, "/keys/connection/{kid}/revoke"),
            Required::Any(&["update:signing_keys"]),
            "Revoke a connection key of the tenant",
            revoke,
        )
        .answers(brief)
        .ours(),
    ];
    operations.extend(own::operations());
    operations
}

async fn list(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Vec<Value>>, ApiError> {
    let keys = super::of(&app, &caller.tenant).await?;
    Ok(Json(signing_keys::of_ring(keys.ring().life())))
}

async fn rotate(State(app): State<Arc<App>>, caller: Caller) -> Result<(StatusCode, Json<Value>), ApiError> {
    let (tenant, entry) = (&caller.tenant.stored, caller.entry(201));
    let (next, _) = super::rotate(&app, tenant, Order::Tenant, entry).await.map_err(refused)?;
    Ok((StatusCode::CREATED, Json(signing_keys::brief(&next))))
}

async fn revoke(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(kid): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let revoked = super::revoke(&app, &caller.tenant.stored, &kid, caller.entry(200)).await;
    Ok(Json(signing_keys::brief(&revoked.map_err(refused)?)))
}

fn refused(error: KeyError) -> ApiError {
    if matches!(error, KeyError::Revoke(RevokeError::Unknown)) {
        return ApiError::not_found("Connection key not found.");
    }
    error.into()
}
