//! The merge patch of an application: absent keeps, null clears, a value replaces the whole member.
//!
//! Some objects merge one level deeper, by their own members. Pure; must never decide whether the caller may change what
//! the patch changes without saying so: [`missing_scope`] answers that.

use serde_json::{Map, Value};

use super::defaults;

/// The objects of which a patch keeps what it does not name.
const MERGED: [&str; 6] = [
    "client_metadata",
    "jwt_configuration",
    "mobile",
    "native_social_login",
    "session_transfer",
    "signed_request_object",
];
/// The older name for the addresses in `oidc_logout`.
const OLD_LOGOUT: &str = "oidc_backchannel_logout";

/// Applies the members that were sent. Serves create as well, where there is nothing to begin with.
pub(super) fn apply(document: &mut Map<String, Value>, mut patch: Map<String, Value>) {
    match patch.shift_remove(OLD_LOGOUT) {
        None => {}
        Some(Value::Object(logout)) => merge(document, "oidc_logout", logout),
        Some(_) => drop(document.shift_remove("oidc_logout")),
    }
    for (name, value) in patch {
        match (name.as_str(), value) {
            (_, Value::Null) => drop(document.shift_remove(&name)),
            // The empty address is how tools take this one away.
            ("initiate_login_uri", Value::String(text)) if text.is_empty() => {
                document.shift_remove(&name);
            }
            (_, Value::Object(entries)) if MERGED.contains(&name.as_str()) => merge(document, &name, entries),
            (_, value) => drop(document.insert(name, value)),
        }
    }
    defaults::complete(document);
}

fn merge(document: &mut Map<String, Value>, name: &str, entries: Map<String, Value>) {
    let member = document.entry(name).or_insert_with(|| Value::Object(Map::new()));
    let Value::Object(member) = member else { return };
    for (key, value) in entries {
        if value.is_null() {
            member.shift_remove(&key);
        } else {
            member.insert(key, value);
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
