//! The merge patch of an application: absent keeps, null clears, a value replaces the whole member.
//!
//! Only `client_metadata` merges one level deeper. Pure; must never decide whether the caller may change what
//! the patch changes without saying so: [`missing_scope`] answers that.

use serde_json::{Map, Value};

use super::defaults;

/// Applies the members that were sent. Serves create as well, where there is nothing to begin with.
pub(super) fn apply(document: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (name, value) in patch {
        match (name.as_str(), value) {
            (_, Value::Null) => {
                document.shift_remove(&name);
            }
            ("client_metadata", Value::Object(entries)) => merge_metadata(document, entries),
            (_, value) => {
                document.insert(name, value);
            }
        }
    }
    defaults::complete(document);
}

fn merge_metadata(document: &mut Map<String, Value>, entries: Map<String, Value>) {
    let metadata = document.entry("client_metadata").or_insert_with(|| Value::Object(Map::new()));
    let Value::Object(metadata) = metadata else { return };
    for (key, value) in entries {
        if value.is_null() {
            metadata.shift_remove(&key);
        } else {
            metadata.insert(key, value);
        }
    }
}

/// The scopes of which one is needed to change a member.
fn scopes_for(name: &str, value: &Value) -> &'static [&'static str] {
    match name {
        "client_secret" => &["update:client_keys"],
        "client_authentication_methods" | "signed_request_object" => &["update:client_credentials"],
        "token_vault_privileged_access" => &["update:client_token_vault_privileged_access"],
        // Whoever attaches a credential has to take the other method away in the same request.
        "token_endpoint_auth_method" if value.is_null() => &["update:clients", "update:client_credentials"],
        _ => &["update:clients"],
    }
}

/// The scopes that the caller would need for a change that the patch makes, if one is not permitted. A member
/// that is sent as it is stored changes nothing and needs nothing.
pub(super) fn missing_scope(
    document: &Map<String, Value>,
    patch: &Map<String, Value>,
    has: impl Fn(&str) -> bool,
) -> Option<&'static [&'static str]> {
    // What is stored sealed cannot be compared, so it always counts as changed.
    let sealed = |name: &str| matches!(name, "client_secret" | "addons");
    patch
        .iter()
        .filter(|(name, value)| sealed(name) || document.get(*name).unwrap_or(&Value::Null) != *value)
        .map(|(name, value)| scopes_for(name, value))
        .find(|scopes| !scopes.iter().any(|scope| has(scope)))
}
