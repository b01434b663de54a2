//! Code that works for this application, step by step.
//!
//! Must never put the client secret in: the code names where it is read from.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use serde_json::Value;

use super::{Application, text};
use crate::dashboard::quickstarts::{self, Quickstart};
use crate::dashboard::ui::Code;
use crate::dashboard::{Desk, Failure, escaped};

#[derive(Template)]
#[template(path = "applications/quickstart.html")]
struct Page {
    all: Vec<Quickstart>,
    shown: String,
}

impl Page {
    fn one(&self) -> Option<&Quickstart> {
        self.all.iter().find(|one| one.id == self.shown)
    }
}

pub(super) async fn show(desk: Arc<Desk>) -> Result<Response, Failure> {
    let application = Application::load(&desk).await?;
    let grants = desk.api.look(&format!("/client-grants?client_id={}", escaped(application.id()))).await?;
    let audience = grants.as_ref().and_then(|grants| grants.get(0)).map(|grant| text(grant, "audience"));
    let callback = application.value.get("callbacks").and_then(|all| all.get(0)).and_then(Value::as_str);
    let app = quickstarts::App {
        app_type: text(&application.value, "app_type"),
        client_id: application.id(),
        client_secret_known: desk.may("read:client_keys"),
        domain: &desk.tenant.stored.domain,
        issuer: &desk.tenant.issuer,
        callback,
        audience,
        alg: application.alg(),
    };
    let all = quickstarts::for_app(&app);
    let wanted = desk.query.get("q");
    let shown = all.iter().find(|one| one.id == wanted).or(all.first()).map_or("", |one| one.id);
    let page = Page { shown: shown.to_owned(), all };
    Ok(desk.page(&application.frame("quickstart"), &page))
}
