//! What an application has where nobody said otherwise.
//!
//! One function serves create and update: a member that a patch clears gets the value that it would have in
//! a new application. Pure.

use serde_json::{Map, Value, json};

/// What an application is, as far as its defaults depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Of the tenant's owner, and able to keep a secret.
    Confidential,
    /// Of the tenant's owner, on the machines of its users.
    Public,
    /// An API that acts for itself.
    Api,
    /// The entrance of Okta's Express Configuration.
    Express,
    /// Of somebody else.
    ThirdParty {
        /// On the machines of its users.
        public: bool,
        /// Held to what current recommendations ask for.
        strict: bool,
    },
}

/// Seconds in a year, as Auth0 counts it: 365.25 days.
const YEAR: i64 = 31_557_600;
/// Seconds in 30 days.
const MONTH: i64 = 2_592_000;

/// Fills in what is absent.
pub(super) fn complete(document: &mut Map<String, Value>) {
    authentication(document);
    let kind = Kind::of(document);
    let in_browser = text(document, "app_type") == Some("spa");
    let mut default = |name: &str, value: Value| {
        document.entry(name).or_insert(value);
    };
    default("is_first_party", true.into());
    default("oidc_conformant", (!matches!(kind, Kind::Confidential | Kind::Public)).into());
    default("is_token_endpoint_ip_header_trusted", false.into());
    default("sso_disabled", false.into());
    default("cross_origin_authentication", false.into());
    default("custom_login_page_on", true.into());
    default("grant_types", kind.grant_types());
    default("jwt_configuration", kind.jwt_configuration());
    default("refresh_token", json!({}));
    if matches!(kind, Kind::ThirdParty { .. }) {
        default("third_party_security_mode", "permissive".into());
    }
    if kind == Kind::Express {
        default("organization_usage", "require".into());
        default("organization_require_behavior", "pre_login_prompt".into());
    }
    // Whoever sets a part of it has chosen: only what a reader could misunderstand is filled in.
    if let Some(Value::Object(configuration)) = document.get_mut("jwt_configuration") {
        configuration.entry("secret_encoded").or_insert(false.into());
    }
    if let Some(Value::Object(transfer)) = document.get_mut("session_transfer") {
        session_transfer(transfer);
    }
    if let Some(Value::Object(configuration)) = document.get_mut("refresh_token") {
        kind.refresh_token(configuration, in_browser);
    }
}

/// Nothing is transferred, and what was transferred ends with its session, until somebody says otherwise.
fn session_transfer(transfer: &mut Map<String, Value>) {
    let mut default = |name: &str, value: Value| {
        transfer.entry(name).or_insert(value);
    };
    default("can_create_session_transfer_token", false.into());
    default("allowed_authentication_methods", json!([]));
    default("allow_refresh_token", false.into());
    default("enforce_device_binding", "ip".into());
    default("enforce_cascade_revocation", true.into());
    default("enforce_online_refresh_tokens", true.into());
}

/// How the application proves who it is. A server that does not say so uses its secret, and nothing is shown.
fn authentication(document: &mut Map<String, Value>) {
    let kind = text(document, "app_type").map(str::to_owned);
    let said = ["client_authentication_methods", "token_endpoint_auth_method"];
    if said.iter().any(|name| document.contains_key(*name)) {
        return;
    }
    match kind.as_deref() {
        Some("native" | "spa") => {
            document.insert("token_endpoint_auth_method".to_owned(), "none".into());
        }
        Some("express_configuration") => {
            let methods = json!({ "private_key_jwt": { "credentials": [] } });
            document.insert("client_authentication_methods".to_owned(), methods);
        }
        _ => {}
    }
}

impl Kind {
    fn of(document: &Map<String, Value>) -> Self {
        let public = text(document, "token_endpoint_auth_method") == Some("none");
        if document.get("is_first_party") == Some(&Value::Bool(false)) {
            let strict = text(document, "third_party_security_mode") == Some("strict");
            return Self::ThirdParty { public, strict };
        }
        match text(document, "app_type") {
            Some("resource_server") => Self::Api,
            Some("express_configuration") => Self::Express,
            _ if public => Self::Public,
            _ => Self::Confidential,
        }
    }

    fn grant_types(self) -> Value {
        match self {
            Self::Confidential => {
                json!(["authorization_code", "implicit", "refresh_token", "client_credentials"])
            }
            Self::Public | Self::ThirdParty { public: true, strict: false } => {
                json!(["authorization_code", "implicit", "refresh_token"])
            }
            Self::Api => json!([]),
            Self::Express => json!(["authorization_code", "client_credentials"]),
            Self::ThirdParty { strict: true, .. } => json!(["authorization_code"]),
            Self::ThirdParty { public: false, strict: false } => {
                json!(["authorization_code", "refresh_token", "client_credentials"])
            }
        }
    }

    fn jwt_configuration(self) -> Value {
        match self {
            Self::Api | Self::Express => json!({ "secret_encoded": false, "alg": "RS256" }),
            Self::ThirdParty { strict: true, .. } => {
                json!({ "secret_encoded": false, "alg": "RS256", "lifetime_in_seconds": 3600 })
            }
            Self::Confidential | Self::Public | Self::ThirdParty { strict: false, .. } => {
                json!({ "secret_encoded": false, "lifetime_in_seconds": 36_000 })
            }
        }
    }

    /// The owner's own applications start with tokens that neither rotate nor end, but for those that run in a browser;
    /// those of others end, and rotate where a thief could reach them.
    fn refresh_token(self, configuration: &mut Map<String, Value>, in_browser: bool) {
        let (rotation, expiration) = match self {
            Self::ThirdParty { public: true, .. } => ("rotating", "expiring"),
            Self::Public if in_browser => ("rotating", "expiring"),
            Self::ThirdParty { public: false, .. } => ("non-rotating", "expiring"),
            Self::Confidential | Self::Public | Self::Api | Self::Express => ("non-rotating", "non-expiring"),
        };
        let mut default = |name: &str, value: Value| configuration.entry(name).or_insert(value).clone();
        default("rotation_type", rotation.into());
        let endless = default("expiration_type", expiration.into()) == "non-expiring";
        default("leeway", 0.into());
        let whole = default("token_lifetime", YEAR.into()).as_i64().unwrap_or(YEAR);
        let unlimited = endless || matches!(self, Self::ThirdParty { public: false, .. });
        default("infinite_token_lifetime", unlimited.into());
        default("idle_token_lifetime", MONTH.min(whole).into());
        default("infinite_idle_token_lifetime", endless.into());
    }
}

fn text<'a>(document: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    document.get(name).and_then(Value::as_str)
}
