//! Settings > Encryption Keys: what the master key is called, and what is sealed with it.
//!
//! Must never show anything of the key itself.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::response::Response;
use serde_json::Value;

use crate::app::App;
use crate::dashboard::ui::{self, Badge, Moment, Tone, rows, text};
use crate::dashboard::{Desk, Failure, screen, settings};

/// The page.
pub fn router() -> Router<Arc<App>> {
    Router::new().route("/dashboard/settings/encryption-keys", screen(show))
}

struct Sealed {
    kind: &'static str,
    count: u64,
    more: bool,
}

#[derive(Template)]
#[template(path = "encryption_keys/page.html")]
struct Page {
    keys: Vec<Value>,
    version: u64,
    algorithm: String,
    sealed: Vec<Sealed>,
}

/// What people call a kind of sealed thing.
fn named(kind: &str) -> &'static str {
    match kind {
        "signing_keys" => "Signing keys (private halves)",
        "connection_keys" => "Keys of connections (private halves)",
        "client_secrets" => "Client secrets",
        "client_addons" => "Add-on settings of applications",
        "api_signing_secrets" => "Signing secrets of APIs (HS256)",
        "connection_options" => "Secret options of connections",
        "email_provider_credentials" => "Credentials of the email provider",
        "mails" => "Mails that wait",
        _ => "Other secrets",
    }
}

async fn show(desk: Arc<Desk>) -> Result<Response, Failure> {
    let keys = desk.api.get("/keys/encryption").await?;
    let sealed = desk.api.get("/keys/sealed").await?;
    let one = |value: &Value| Sealed {
        kind: named(text(value, "kind")),
        count: value.get("count").and_then(Value::as_u64).unwrap_or(0),
        more: value.get("more") == Some(&Value::Bool(true)),
    };
    let key = sealed.get("key").cloned().unwrap_or_default();
    let page = Page {
        keys: rows(&keys, "keys").0.to_vec(),
        version: key.get("version").and_then(Value::as_u64).unwrap_or(0),
        algorithm: text(&key, "algorithm").to_owned(),
        sealed: sealed.get("sealed").and_then(Value::as_array).into_iter().flatten().map(one).collect(),
    };
    let lead = "Secrets are sealed before they are stored. The master key that opens them is in a file of the operator.";
    Ok(desk.page(&settings::frame("Encryption Keys", "encryption-keys").lead(lead), &page))
}
