//! The metadata of users: what may stand in it and how a change is merged.
//!
//! Pure.

use serde_json::{Map, Value};

use super::UserError;

/// Names that the program itself answers for users, so that `app_metadata` cannot claim them.
const TAKEN: &[&str] = &[
    "__tenant",
    "_id",
    "blocked",
    "clientID",
    "created_at",
    "email",
    "email_verified",
    "globalClientID",
    "global_client_id",
    "identities",
    "lastIP",
    "lastLogin",
    "loginsCount",
    "metadata",
    "multifactor",
    "multifactor_last_modified",
    "updated_at",
    "user_id",
];

/// Checks metadata that was sent.
pub(super) fn check(name: &str, sent: &Map<String, Value>) -> Result<(), UserError> {
    if name == "app_metadata"
        && let Some(taken) = sent.keys().find(|key| TAKEN.contains(&key.as_str()))
    {
        return Err(UserError::refused(format!(
            "Payload validation error: 'Property not allowed: {taken}' on property app_metadata."
        )));
    }
    if holds_nul(&Value::Object(sent.clone())) {
        return Err(UserError::refused(format!(
            "Payload validation error: 'String contains the character NUL' on property {name}."
        )));
    }
    Ok(())
}

/// Merges a change at the first level: null removes a member, an empty object removes all.
pub(super) fn merge(before: &mut Map<String, Value>, sent: Map<String, Value>) {
    if sent.is_empty() {
        before.clear();
    }
    for (name, value) in sent {
        if value.is_null() {
            before.shift_remove(&name);
        } else {
            before.insert(name, value);
        }
    }
}

/// PostgreSQL reads no JSON with NUL in it.
fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(members) => members.iter().any(|(name, value)| name.contains('\0') || holds_nul(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
