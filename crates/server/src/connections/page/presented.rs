//! Between a connection as the API has it and as the fields show it: one form for what the API has in several.
//!
//! Pure. Must never lose a member that no field shows.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::strategies;
use crate::connections::{Family, Strategy};
use crate::dashboard::Group;

/// What the API derives of the certificates of an identity provider, each time anew.
const DERIVED: &[&str] = &["cert", "thumbprints", "expires", "subject"];
/// How PEM begins.
const BEGIN: &str = "-----BEGIN ";

/// The connection as the fields show it.
pub(super) fn presented(connection: &Value) -> Value {
    let mut shown = connection.clone();
    let strategy = strategies::of(connection);
    if strategy.map(Strategy::family) == Some(Family::Social)
        && let Some(members) = shown.as_object_mut()
    {
        // Their buttons stand there unless they are turned off.
        members.entry("show_as_button").or_insert(Value::Bool(true));
    }
    let Some(options) = shown.get_mut("options").and_then(Value::as_object_mut) else { return shown };
    if let Some(Value::Array(scopes)) = options.get("scope") {
        let scopes: Vec<&str> = scopes.iter().filter_map(Value::as_str).collect();
        let text = scopes.join(" ");
        options.insert("scope".to_owned(), text.into());
    }
    if strategy == Some(Strategy::Samlp)
        && let Some(pem) = pem(options)
    {
        options.insert("signingCert".to_owned(), pem.into());
    }
    shown
}

/// The certificates of an identity provider as PEM, in whatever form they are stored.
pub(super) fn pem(options: &Map<String, Value>) -> Option<String> {
    let text = |name: &str| {
        let text = options.get(name).and_then(Value::as_str).map(str::trim);
        text.filter(|text| !text.is_empty())
    };
    let stored = text("cert").or_else(|| text("signingCert"))?;
    let compact: String = stored.split_ascii_whitespace().collect();
    let decoded = STANDARD.decode(compact).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let pem = decoded.filter(|text| text.trim_start().starts_with(BEGIN));
    let pem = pem.unwrap_or_else(|| stored.to_owned()).replace("\r\n", "\n");
    Some(pem.trim().to_owned())
}

/// Makes a patch of what the fields left what the API takes: what was emptied is not there.
pub(super) fn tidied(strategy: Strategy, groups: &[Group], patch: &mut Map<String, Value>) {
    let Some(Value::Object(options)) = patch.get_mut("options") else { return };
    for field in groups.iter().flat_map(|group| group.fields) {
        if let Some(path) = field.path.strip_prefix("options.") {
            prune(options, path);
        }
    }
    if strategy.family() == Family::Social
        && let Some(Value::String(scopes)) = options.get("scope")
    {
        let scopes = scopes.split([' ', ',', '\n']).filter(|scope| !scope.is_empty());
        let scopes: Value = scopes.map(str::to_owned).collect();
        options.insert("scope".to_owned(), scopes);
    }
    if strategy == Strategy::Samlp {
        for name in DERIVED {
            options.shift_remove(*name);
        }
        if let Some(Value::String(pem)) = options.get("signingCert")
            && pem.starts_with(BEGIN)
        {
            // The form in which every tool reads it.
            let text = STANDARD.encode(format!("{pem}\n"));
            options.insert("signingCert".to_owned(), text.into());
        }
    }
}

/// Takes out what is empty at a path, and what is left empty by it.
fn prune(members: &mut Map<String, Value>, path: &str) {
    let (name, rest) = path.split_once('.').unwrap_or((path, ""));
    if let Some(Value::Object(inner)) = members.get_mut(name).filter(|_| !rest.is_empty()) {
        prune(inner, rest);
    }
    let is_empty = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    };
    if members.get(name).is_some_and(is_empty) {
        members.shift_remove(name);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const PEM: &str = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";

    #[test]
    fn certificates_are_shown_as_pem_and_stored_as_tools_read_them() {
        let stored = STANDARD.encode(format!("{PEM}\n"));
        for options in [
            json!({ "signingCert": stored, "cert": format!("{}\r\n", PEM.replace('\n', "\r\n")) }),
            json!({ "signingCert": stored }),
            json!({ "signingCert": PEM }),
            json!({ "cert": PEM }),
        ] {
            let connection = json!({ "strategy": "samlp", "options": options });
            let shown = presented(&connection);
            assert_eq!(shown["options"]["signingCert"], PEM, "{connection}");
            let mut patch = json!({ "options": shown["options"] }).as_object().unwrap().clone();
            tidied(Strategy::Samlp, &strategies::groups(Strategy::Samlp, ""), &mut patch);
            assert_eq!(patch["options"], json!({ "signingCert": stored }));
        }
    }

    #[test]
    fn scopes_are_one_text_in_the_field_and_a_list_where_tools_expect_one() {
        let google = json!({ "strategy": "google-oauth2", "options": { "scope": ["email", "profile"] } });
        let shown = presented(&google);
        assert_eq!(
            (&shown["options"]["scope"], &shown["show_as_button"]),
            (&json!("email profile"), &json!(true))
        );
        let mut patch = json!({ "options": { "scope": "email  profile" } }).as_object().unwrap().clone();
        tidied(Strategy::GoogleOAuth2, &[], &mut patch);
        assert_eq!(patch["options"]["scope"], json!(["email", "profile"]));
        let mut patch = json!({ "options": { "scope": "openid email" } }).as_object().unwrap().clone();
        tidied(Strategy::Oidc, &[], &mut patch);
        assert_eq!(patch["options"]["scope"], "openid email");
    }

    #[test]
    fn what_was_emptied_goes_and_what_no_field_shows_stays() {
        let mut patch = json!({ "options": {
            "client_id": "c", "discovery_url": "", "upstream_params": {}, "domain_aliases": [],
            "connection_settings": { "pkce": "" }, "beyond": { "empty": "" }, "type": null,
        } });
        let patch = patch.as_object_mut().unwrap();
        tidied(Strategy::Oidc, &strategies::groups(Strategy::Oidc, ""), patch);
        assert_eq!(patch["options"], json!({ "client_id": "c", "beyond": { "empty": "" } }));
    }
}
