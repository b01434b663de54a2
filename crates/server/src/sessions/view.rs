//! How a session looks on the wire of the Management API.
//!
//! Must never show the value in the cookie or its digest.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::Session;
use crate::clock;
use crate::management::shape::{Kind, Object, field, list, object, one_of, open, text};

/// A session. Only its metadata can be written.
pub(super) static SHAPE: LazyLock<Object> = LazyLock::new(|| {
    let method = open([field("name", text()), field("timestamp", text()), field("type", text())]);
    object([
        field("id", text()).read_only(),
        field("user_id", text()).read_only(),
        field("created_at", text()).read_only(),
        field("updated_at", text()).read_only(),
        field("authenticated_at", text()).read_only(),
        field("idle_expires_at", text()).read_only(),
        field("expires_at", text()).read_only(),
        field("last_interacted_at", text()).read_only(),
        field("device", open([])).read_only(),
        field("clients", list(open([field("client_id", text())]))).read_only(),
        field("authentication", open([field("methods", list(method))])).read_only(),
        field("cookie", open([field("mode", one_of(&["non-persistent", "persistent"]))])).read_only(),
        field("session_metadata", metadata()).nullable(),
    ])
});

/// What administrators may write on a session or a refresh token.
pub(super) fn metadata() -> Kind {
    open([]).at_most(25).into()
}

/// A session with the applications that take part in it.
pub(super) fn view(session: &Session, clients: &[String]) -> Map<String, Value> {
    let Session {
        id,
        user_id,
        persistent,
        authenticated_at,
        created_at,
        updated_at,
        idle_expires_at,
        expires_at,
        details,
    } = session;
    let methods: Vec<Value> = details
        .methods
        .iter()
        .map(|method| {
            let at = clock::from_millis(method.at).map(clock::wire).unwrap_or_default();
            json!({ "name": method.name, "timestamp": at })
        })
        .collect();
    let clients: Vec<Value> = clients.iter().map(|client_id| json!({ "client_id": client_id })).collect();
    let view = json!({
        "id": id,
        "user_id": user_id,
        "created_at": clock::wire(*created_at),
        "updated_at": clock::wire(*updated_at),
        "authenticated_at": clock::wire(*authenticated_at),
        "idle_expires_at": clock::wire(*idle_expires_at),
        "expires_at": clock::wire(*expires_at),
        "last_interacted_at": clock::wire(*updated_at),
        "device": details.device,
        "clients": clients,
        "authentication": { "methods": methods },
        "cookie": { "mode": if *persistent { "persistent" } else { "non-persistent" } },
        "session_metadata": details.metadata,
    });
    if let Value::Object(view) = view { view } else { Map::new() }
}
