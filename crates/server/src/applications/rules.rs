//! Rules between the members of an application, which a shape cannot say.
//!
//! Pure. They judge the application as it would be stored; what a member looks like was checked before.

use serde_json::{Map, Value};

use super::shape::METADATA_ENTRIES;

/// What is wrong, and with which member.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Payload validation error: '{reason}' on property {property}.")]
pub struct Broken {
    reason: String,
    property: String,
}

impl Broken {
    /// Something is wrong with this member.
    pub fn new(property: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), property: property.into() }
    }
}

/// The longest key and the longest value of `client_metadata`, in characters.
const LONGEST_METADATA: usize = 255;

/// Judges the members that were sent, before they are merged into anything.
pub(super) fn sent(members: &Map<String, Value>) -> Result<(), Broken> {
    if let Some(Value::Object(metadata)) = members.get("client_metadata") {
        metadata.iter().try_for_each(|(key, value)| metadata_entry(key, value))?;
    }
    if let Some(Value::Object(refresh_token)) = members.get("refresh_token") {
        lifetimes(refresh_token)?;
    }
    Ok(())
}

/// Judges an application as it would be stored.
pub(super) fn whole(document: &Map<String, Value>) -> Result<(), Broken> {
    let methods = document.get("client_authentication_methods");
    if methods.is_some() && document.contains_key("token_endpoint_auth_method") {
        return Err(Broken::new(
            "client_authentication_methods",
            "client_authentication_methods and token_endpoint_auth_method exclude each other: set one of them to null",
        ));
    }
    let alg = document.get("jwt_configuration").and_then(|configuration| configuration.get("alg"));
    if methods.is_some() && alg.is_some_and(|alg| alg == "HS256") {
        return Err(Broken::new(
            "jwt_configuration.alg",
            "With client_authentication_methods, ID tokens cannot be signed with the client secret: choose RS256",
        ));
    }
    if let Some(Value::Object(refresh_token)) = document.get("refresh_token") {
        rotation(refresh_token)?;
    }
    if let Some(Value::Object(metadata)) = document.get("client_metadata")
        && metadata.len() > METADATA_ENTRIES
    {
        let reason = format!("Too many properties defined ({}), maximum {METADATA_ENTRIES}", metadata.len());
        return Err(Broken::new("client_metadata", reason));
    }
    Ok(())
}

/// Judges the step from first to third party: what such an application had agreed with organizations would
/// otherwise go on without them.
pub(super) fn turned_third_party(
    before: &Map<String, Value>,
    after: &Map<String, Value>,
) -> Result<(), Broken> {
    let first_party =
        |document: &Map<String, Value>| document.get("is_first_party") != Some(&Value::Bool(false));
    let tied = ["organization_usage", "organization_require_behavior"];
    match tied.into_iter().find(|name| after.contains_key(*name)) {
        Some(name) if first_party(before) && !first_party(after) => Err(Broken::new(
            "is_first_party",
            format!("A third-party application cannot have {name}: set it to null"),
        )),
        _ => Ok(()),
    }
}

fn metadata_entry(key: &str, value: &Value) -> Result<(), Broken> {
    let property = || format!("client_metadata.{}", key.chars().take(100).collect::<String>());
    let long = |what: &str, length: usize| {
        Err(Broken::new(
            property(),
            format!("{what} is too long ({length} chars), maximum {LONGEST_METADATA}"),
        ))
    };
    match (key.chars().count(), value) {
        (length, _) if length > LONGEST_METADATA => long("Key", length),
        (_, Value::String(text)) if text.chars().count() > LONGEST_METADATA => {
            long("String", text.chars().count())
        }
        // Null takes the entry away.
        (_, Value::String(_) | Value::Null) => Ok(()),
        (_, Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Err(Broken::new(property(), "Expected type string"))
        }
    }
}

fn rotation(refresh_token: &Map<String, Value>) -> Result<(), Broken> {
    let is = |name: &str, value: &str| refresh_token.get(name).is_some_and(|own| own == value);
    if is("rotation_type", "rotating") && is("expiration_type", "non-expiring") {
        return Err(Broken::new(
            "refresh_token.expiration_type",
            "Refresh tokens that rotate must expire: set expiration_type to expiring",
        ));
    }
    Ok(())
}

/// An idle lifetime beyond the whole lifetime has no meaning, where both are sent and both count.
fn lifetimes(refresh_token: &Map<String, Value>) -> Result<(), Broken> {
    let endless = |name: &str| refresh_token.get(name) == Some(&Value::Bool(true));
    let seconds = |name: &str| refresh_token.get(name).and_then(Value::as_i64);
    match (seconds("idle_token_lifetime"), seconds("token_lifetime")) {
        (Some(idle), Some(whole))
            if idle > whole
                && !endless("infinite_token_lifetime")
                && !endless("infinite_idle_token_lifetime") =>
        {
            let reason = format!("Value {idle} is greater than token_lifetime, {whole}");
            Err(Broken::new("refresh_token.idle_token_lifetime", reason))
        }
        _ => Ok(()),
    }
}
