//! The connections whose users may sign in to an application.
//!
//! Must never change any other connection than the one whose switch was pressed.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use serde_json::{Value, json};

use super::{Application, own_path, text};
use crate::dashboard::ui::{Badge, Csrf, Empty, Tone};
use crate::dashboard::{Desk, Failure, Posted, escaped};

struct Row {
    id: String,
    name: String,
    strategy: String,
    enabled: bool,
}

#[derive(Template)]
#[template(path = "applications/connections.html")]
struct Page {
    rows: Vec<Row>,
    csrf: Csrf,
    may: bool,
}

/// Whether an application may use a connection.
async fn is_enabled(desk: &Desk, connection: &str, client: &str) -> Result<bool, Failure> {
    let base = format!("/connections/{}/clients?take=100", escaped(connection));
    let mut path = base.clone();
    loop {
        let answer = desk.api.get(&path).await?;
        let clients = answer.get("clients").and_then(Value::as_array);
        if clients.into_iter().flatten().any(|one| text(one, "client_id") == client) {
            return Ok(true);
        }
        match answer.get("next").and_then(Value::as_str) {
            Some(next) => path = format!("{base}&from={}", escaped(next)),
            None => return Ok(false),
        }
    }
}

pub(super) async fn show(desk: Arc<Desk>) -> Result<Response, Failure> {
    let application = Application::load(&desk).await?;
    let connections = desk.api.get("/connections?per_page=100").await?;
    let mut rows = Vec::new();
    for connection in connections.as_array().into_iter().flatten() {
        let id = text(connection, "id");
        rows.push(Row {
            enabled: is_enabled(&desk, id, application.id()).await?,
            id: id.to_owned(),
            name: text(connection, "name").to_owned(),
            strategy: text(connection, "strategy").to_owned(),
        });
    }
    let page = Page { rows, csrf: desk.csrf(), may: desk.may("update:connections") };
    Ok(desk.page(&application.frame("connections"), &page))
}

pub(super) async fn save(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let on = posted.get("status") == "true";
    let path = format!("/connections/{}/clients", escaped(posted.get("connection")));
    desk.api.patch(&path, &json!([{ "client_id": desk.name("id"), "status": on }])).await?;
    let said = if on {
        "Its users can sign in to this application now."
    } else {
        "Its users cannot sign in to this application any more."
    };
    Ok(desk.done(&format!("{}/connections", own_path(&desk)), said))
}
