//! The APIs that an application may call as itself, and with which permissions.
//!
//! Must never grant more than what was ticked.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::{Application, own_path, text};
use crate::dashboard::ui::{Badge, Csrf, Empty, Tone};
use crate::dashboard::{Desk, Failure, Posted, escaped};

/// An API with more permissions than this has them written as lines.
const MANY: usize = 40;

struct Api {
    name: String,
    identifier: String,
    granted: bool,
    scopes: Vec<Scope>,
    /// All that are granted, a line each.
    lines: String,
}

struct Scope {
    value: String,
    description: String,
    granted: bool,
}

impl Api {
    fn of(api: &Value, grants: &[Value]) -> Self {
        let identifier = text(api, "identifier");
        let grant = grants.iter().find(|grant| text(grant, "audience") == identifier);
        let granted: Vec<&str> = scopes_of(grant).collect();
        let scope = |scope: &Value| Scope {
            value: text(scope, "value").to_owned(),
            description: text(scope, "description").to_owned(),
            granted: granted.contains(&text(scope, "value")),
        };
        Self {
            name: text(api, "name").to_owned(),
            identifier: identifier.to_owned(),
            granted: grant.is_some(),
            scopes: api.get("scopes").and_then(Value::as_array).into_iter().flatten().map(scope).collect(),
            lines: granted.join("\n"),
        }
    }

    fn has_many(&self) -> bool {
        self.scopes.len() > MANY
    }
}

fn scopes_of(grant: Option<&Value>) -> impl Iterator<Item = &str> {
    let scopes = grant.and_then(|grant| grant.get("scope")?.as_array());
    scopes.into_iter().flatten().filter_map(Value::as_str)
}

#[derive(Template)]
#[template(path = "applications/grants.html")]
struct Page {
    apis: Vec<Api>,
    csrf: Csrf,
    may: bool,
    machine: bool,
}

async fn grants(desk: &Desk, application: &Application) -> Result<Vec<Value>, Failure> {
    let path = format!("/client-grants?client_id={}&per_page=100", escaped(application.id()));
    let answer = desk.api.get(&path).await?;
    Ok(answer.as_array().cloned().unwrap_or_default())
}

pub(super) async fn show(desk: Arc<Desk>) -> Result<Response, Failure> {
    let application = Application::load(&desk).await?;
    let apis = desk.api.get("/resource-servers?per_page=100").await?;
    let grants = grants(&desk, &application).await?;
    let types = application.value.get("grant_types").and_then(Value::as_array);
    let page = Page {
        apis: apis.as_array().into_iter().flatten().map(|api| Api::of(api, &grants)).collect(),
        csrf: desk.csrf(),
        may: desk.may("create:client_grants"),
        machine: types.is_some_and(|types| types.iter().any(|one| one == "client_credentials")),
    };
    Ok(desk.page(&application.frame("apis"), &page))
}

pub(super) async fn save(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let application = Application::load(&desk).await?;
    let audience = posted.get("audience");
    let grants = grants(&desk, &application).await?;
    let grant = grants.iter().find(|grant| text(grant, "audience") == audience);
    let mut scope: Vec<String> = posted.all("scope").to_vec();
    scope.extend(
        posted.get("lines").lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()),
    );
    let back = format!("{}/apis", own_path(&desk));
    let path = grant.map(|grant| format!("/client-grants/{}", escaped(text(grant, "id"))));
    match (posted.get("do"), path) {
        ("remove", Some(path)) => {
            desk.api.delete(&path, None).await?;
            Ok(desk.done(&back, "The application may not call that API as itself any more."))
        }
        ("save", Some(path)) => {
            desk.api.patch(&path, &json!({ "scope": scope })).await?;
            Ok(desk.done(&back, "The permissions were saved."))
        }
        ("authorize", None) => {
            let grant = json!({ "client_id": application.id(), "audience": audience, "scope": scope });
            desk.api.post("/client-grants", &grant).await?;
            Ok(desk.done(&back, "The application may call that API now."))
        }
        _ => {
            let text = "Somebody changed the authorization meanwhile. Go back and look at it again.";
            Err(Failure::new(StatusCode::CONFLICT, text))
        }
    }
}
