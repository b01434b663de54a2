//! What an application has where nobody said otherwise.
//!
//! One function serves create and update: a member that a patch clears gets the value that it would have in
//! a new application. Pure.

use serde_json::{Map, Value, json};

/// Who can keep a secret, and what that means for the grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Runs on the machines of its users.
    Public,
    /// Runs on a server, for people.
    Confidential,
    /// Runs on a server, for itself.
    Machine,
    /// Belongs to somebody else.
    ThirdParty,
}

/// Seconds in a year, as Auth0 counts it: 365.25 days.
const YEAR: i64 = 31_557_600;
/// Seconds in 30 days.
const MONTH: i64 = 2_592_000;

/// Fills in what is absent.
pub(super) fn complete(document: &mut Map<String, Value>) {
    authentication(document);
    let grants = grant_types(document);
    let mut default = |name: &str, value: Value| {
        document.entry(name).or_insert(value);
    };
    default("is_first_party", true.into());
    default("oidc_conformant", false.into());
    default("is_token_endpoint_ip_header_trusted", false.into());
    default("sso_disabled", false.into());
    default("cross_origin_authentication", false.into());
    default("custom_login_page_on", true.into());
    default("grant_types", grants);
    default("jwt_configuration", json!({}));
    default("refresh_token", json!({}));
    let is_spa = text(document, "app_type") == Some("spa");
    if let Some(Value::Object(configuration)) = document.get_mut("jwt_configuration") {
        configuration.entry("lifetime_in_seconds").or_insert(36_000.into());
        configuration.entry("secret_encoded").or_insert(false.into());
    }
    if let Some(Value::Object(configuration)) = document.get_mut("refresh_token") {
        refresh_token(configuration, is_spa);
    }
}

/// How the application proves who it is, unless it uses credentials.
fn authentication(document: &mut Map<String, Value>) {
    if document.contains_key("client_authentication_methods") {
        return;
    }
    let method = match text(document, "app_type") {
        Some("native" | "spa") => "none",
        _ => "client_secret_post",
    };
    document.entry("token_endpoint_auth_method").or_insert(method.into());
}

fn grant_types(document: &Map<String, Value>) -> Value {
    match kind(document) {
        Kind::Public => json!(["authorization_code", "implicit", "refresh_token"]),
        Kind::Confidential => {
            json!(["authorization_code", "implicit", "refresh_token", "client_credentials"])
        }
        Kind::Machine => json!(["client_credentials"]),
        Kind::ThirdParty => json!(["authorization_code", "refresh_token", "client_credentials"]),
    }
}

fn kind(document: &Map<String, Value>) -> Kind {
    let third_party = document.get("is_first_party") == Some(&Value::Bool(false));
    match (text(document, "app_type"), text(document, "token_endpoint_auth_method")) {
        (Some("non_interactive"), _) => Kind::Machine,
        (Some("native" | "spa"), _) | (_, Some("none")) => Kind::Public,
        _ if third_party => Kind::ThirdParty,
        _ => Kind::Confidential,
    }
}

/// A token in a browser is worth more to a thief than to its owner after a while, so a single-page
/// application starts with tokens that rotate and end.
fn refresh_token(configuration: &mut Map<String, Value>, is_spa: bool) {
    let (rotation, expiration) =
        if is_spa { ("rotating", "expiring") } else { ("non-rotating", "non-expiring") };
    configuration.entry("rotation_type").or_insert(rotation.into());
    configuration.entry("expiration_type").or_insert(expiration.into());
    let endless = configuration.get("expiration_type").is_some_and(|kind| kind == "non-expiring");
    configuration.entry("leeway").or_insert(0.into());
    configuration.entry("token_lifetime").or_insert(YEAR.into());
    configuration.entry("infinite_token_lifetime").or_insert(endless.into());
    let whole = configuration.get("token_lifetime").and_then(Value::as_i64).unwrap_or(YEAR);
    configuration.entry("idle_token_lifetime").or_insert(MONTH.min(whole).into());
    configuration.entry("infinite_idle_token_lifetime").or_insert(endless.into());
}

fn text<'a>(document: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    document.get(name).and_then(Value::as_str)
}
