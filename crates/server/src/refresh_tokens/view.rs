//! How a refresh token looks on the wire of the Management API.
//!
//! Must never show its text or a digest of it.

use std::sync::LazyLock;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::RefreshToken;
use crate::clock;
use crate::management::shape::{Object, boolean, field, list, object, open, text};

/// A refresh token. Only its metadata can be written.
pub(super) static SHAPE: LazyLock<Object> = LazyLock::new(|| {
    object([
        field("id", text()).read_only(),
        field("user_id", text()).read_only(),
        field("created_at", text()).read_only(),
        field("idle_expires_at", text()).read_only(),
        field("expires_at", text()).read_only(),
        field("device", open([])).read_only(),
        field("client_id", text()).read_only(),
        field("session_id", text()).read_only(),
        field("rotating", boolean()).read_only(),
        field("resource_servers", list(open([field("audience", text()), field("scopes", text())])))
            .read_only(),
        field("refresh_token_metadata", open([]).at_most(25)).nullable(),
        field("last_exchanged_at", text()).read_only(),
    ])
});

/// A refresh token.
pub(super) fn view(token: &RefreshToken) -> Map<String, Value> {
    let RefreshToken {
        id,
        user_id,
        client_id,
        session_id,
        rotating,
        generation: _,
        rotated_at: _,
        issued_at,
        last_exchanged_at,
        idle_expires_at,
        expires_at,
        details,
    } = token;
    let moment = |at: Option<Timestamp>| at.map(clock::wire);
    let servers: Vec<Value> = details
        .audience
        .iter()
        .map(|audience| json!({ "audience": audience, "scopes": details.scope }))
        .collect();
    let view = json!({
        "id": id,
        "user_id": user_id,
        "created_at": clock::wire(*issued_at),
        "idle_expires_at": moment(*idle_expires_at),
        "expires_at": moment(*expires_at),
        "device": details.device,
        "client_id": client_id,
        "session_id": session_id,
        "rotating": rotating,
        "resource_servers": servers,
        "refresh_token_metadata": details.metadata,
        "last_exchanged_at": moment(*last_exchanged_at),
    });
    if let Value::Object(view) = view { view } else { Map::new() }
}
