//! Prints code that the Dashboard shows: requests in ten languages, and quickstarts of applications.
//!
//! `cargo run -p chancery --example snippets < ASKED`, where ASKED is JSON: `{"calls": [{"method", "url",
//! "headers": [[name, value]], "body"}], "apps": [{"app_type", "client_id", …}]}`. The answer has the same two
//! members with the texts. `tests/snippets/run` runs what is printed here.

use std::error::Error;
use std::io::{self, Write};

use chancery::dashboard::quickstarts::{self, App, Quickstart};
use chancery::dashboard::snippets::{self, Call};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let asked: Value = serde_json::from_str(&io::read_to_string(io::stdin())?)?;
    let calls: Vec<_> = list(&asked["calls"]).iter().map(call).collect();
    let apps: Vec<_> = list(&asked["apps"]).iter().map(app).collect();
    writeln!(io::stdout(), "{}", json!({ "calls": calls, "apps": apps }))?;
    Ok(())
}

fn call(asked: &Value) -> Value {
    let headers: Vec<_> =
        list(&asked["headers"]).iter().map(|header| (text(&header[0]), text(&header[1]))).collect();
    let call = Call {
        method: text(&asked["method"]),
        url: text(&asked["url"]),
        headers: &headers,
        body: asked["body"].as_str(),
    };
    let snippets = snippets::all(&call);
    let shown = |one: &snippets::Snippet| json!({ "language": one.language, "id": one.id, "code": one.code });
    snippets.iter().map(shown).collect()
}

fn app(asked: &Value) -> Value {
    let app = App {
        app_type: text(&asked["app_type"]),
        client_id: text(&asked["client_id"]),
        client_secret_known: asked["client_secret_known"] == true,
        domain: text(&asked["domain"]),
        issuer: text(&asked["issuer"]),
        callback: asked["callback"].as_str(),
        logout_urls: &[],
        web_origins: &[],
        audience: asked["audience"].as_str(),
        alg: text(&asked["alg"]),
    };
    quickstarts::for_app(&app).iter().map(quickstart).collect()
}

fn quickstart(found: &Quickstart) -> Value {
    let step = |step: &quickstarts::Step| json!({ "text": step.text, "code": step.code, "file": step.file, "copy_label": step.copy_label });
    let steps: Vec<_> = found.steps.iter().map(step).collect();
    json!({ "title": found.title, "language": found.language, "id": found.id, "steps": steps })
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
