//! The rules of an API's settings: what fits together, what a patch means, what holds where nothing is set.
//!
//! Pure. Must never see a secret: the signing secret is taken out of a body before it comes here.

use std::collections::HashSet;

use chancery_crypto::rsa::PublicKey;
use chancery_jose::jwk;
use serde_json::{Map, Value, json};

use super::ResourceServer;
use crate::management::ApiError;

/// Seconds that an access token lives where nothing is set.
const TOKEN_LIFETIME: i64 = 86_400;
/// The same for tokens that a browser gets from the authorization endpoint.
const TOKEN_LIFETIME_FOR_WEB: i64 = 7_200;
/// The shortest life of a Management API token that is of any use for changing it back.
const SHORTEST_SYSTEM_LIFETIME: i64 = 60;

/// What holds for a setting that was never set.
pub(super) fn default_of(name: &str) -> Option<Value> {
    match name {
        "signing_alg" => Some(json!("RS256")),
        "token_lifetime" => Some(json!(TOKEN_LIFETIME)),
        "token_lifetime_for_web" => Some(json!(TOKEN_LIFETIME_FOR_WEB)),
        "token_dialect" => Some(json!("access_token")),
        "enforce_policies" | "allow_offline_access" => Some(json!(false)),
        "skip_consent_for_verifiable_first_party_clients" => Some(json!(true)),
        "subject_type_authorization" => Some(json!({
            "user": { "policy": "allow_all" },
            "client": { "policy": "require_client_grant" },
        })),
        _ => None,
    }
}

/// Applies a checked body to the settings: null clears, a value replaces, and the two halves of
/// `subject_type_authorization` are settings of their own, so that closing one cannot open the other.
pub(super) fn merge(document: &mut Map<String, Value>, body: Map<String, Value>) {
    for (name, value) in body {
        if value.is_null() {
            document.remove(&name);
        } else if name == "subject_type_authorization"
            && let Some(Value::Object(old)) = document.get_mut(&name)
            && let Value::Object(new) = value
        {
            old.extend(new);
        } else {
            document.insert(name, value);
        }
    }
}

/// Checks what a body asks for beyond the shape, and brings it into the one form that is stored.
pub(super) fn prepare(body: &mut Map<String, Value>) -> Result<(), ApiError> {
    for name in ["token_lifetime", "token_lifetime_for_web"] {
        if let Some(value) = body.get_mut(name)
            && let Some(seconds) = whole(value)
        {
            *value = json!(seconds);
        }
    }
    if let Some(Value::Array(scopes)) = body.get("scopes") {
        let mut seen = HashSet::new();
        let twice = scopes.iter().filter_map(scope_value).find(|value| !seen.insert(*value));
        if let Some(value) = twice {
            return Err(refused(&format!("The scope {value} is there more than once"), "scopes"));
        }
    }
    if let Some(key) = body.get_mut("token_encryption").and_then(|value| value.get_mut("encryption_key")) {
        let pem = key.get("pem").and_then(Value::as_str).unwrap_or_default();
        let public = PublicKey::from_pem(pem)
            .map_err(|error| refused(&error.to_string(), "token_encryption.encryption_key.pem"))?;
        if let Value::Object(key) = key {
            key.insert("thumbprint_sha256".to_owned(), jwk::thumbprint(&public.into()).into());
        }
    }
    Ok(())
}

/// Checks that the settings fit together after `body` was merged into them.
pub(super) fn check(document: &Map<String, Value>, body: &Map<String, Value>) -> Result<(), ApiError> {
    let life = lifetime(document);
    match body.get("token_lifetime_for_web").and_then(whole) {
        Some(web) if web > life => Err(refused(
            &format!("The value {web} is greater than token_lifetime, which is {life}"),
            "token_lifetime_for_web",
        )),
        _ => Ok(()),
    }
}

/// Keeps the system API usable: what its clients rely on stays, and nothing locks everybody out of it.
pub(super) fn check_system(server: &ResourceServer, body: &Map<String, Value>) -> Result<(), ApiError> {
    let refuse = |reason: &str| Err(ApiError::NotSupported(reason.to_owned()));
    for name in ["name", "scopes", "signing_alg", "token_encryption"] {
        let now = server.document.get(name).cloned().or_else(|| default_of(name)).unwrap_or(Value::Null);
        if body.get(name).is_some_and(|new| *new != now) {
            return refuse(&format!("{name} of the system API cannot be changed. Its lifetimes can."));
        }
    }
    if body.contains_key("signing_secret") {
        return refuse("The system API has no signing secret: its tokens are signed by the tenant's key.");
    }
    if body.get("proof_of_possession").and_then(|value| value.get("required")) == Some(&json!(true)) {
        return refuse(
            "Proof of possession cannot be required by the system API: nobody could call it any more.",
        );
    }
    let client = body.get("subject_type_authorization").and_then(|value| value.get("client"));
    if client.and_then(|client| client.get("policy")) == Some(&json!("deny_all")) {
        return refuse("The system API cannot deny all applications: nobody could call it any more.");
    }
    if body.get("token_lifetime").and_then(whole).is_some_and(|life| life < SHORTEST_SYSTEM_LIFETIME) {
        return refuse("Tokens of the system API need a token_lifetime of at least 60 seconds.");
    }
    Ok(())
}

/// The life of an access token, in seconds.
pub(super) fn lifetime(document: &Map<String, Value>) -> i64 {
    document.get("token_lifetime").and_then(whole).unwrap_or(TOKEN_LIFETIME)
}

/// The life of an access token for a browser: never longer than the other.
pub(super) fn lifetime_for_web(document: &Map<String, Value>) -> i64 {
    let set = document.get("token_lifetime_for_web").and_then(whole);
    set.unwrap_or(TOKEN_LIFETIME_FOR_WEB).min(lifetime(document))
}

/// The value of a member of `scopes`.
pub(super) fn scope_value(scope: &Value) -> Option<&str> {
    scope.get("value").and_then(Value::as_str)
}

/// A whole number, also one that came as 3600.0; the shape has made sure of its size.
#[expect(clippy::cast_possible_truncation, reason = "the shape lets whole numbers below 2^53 through alone")]
fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_f64().map(|number| number as i64))
}

fn refused(reason: &str, property: &str) -> ApiError {
    ApiError::Body(format!("Payload validation error: '{reason}' on property {property}."))
}
