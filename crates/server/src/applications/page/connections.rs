//! Which connections people can sign in with at an application, each with a switch.
//!
//! Must never switch more than the one connection that was asked for.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::Shown;
use crate::connections::page::label_of;
use crate::dashboard::ui::{Badge, Csrf, Empty, Pager, Tone, rows, text};
use crate::dashboard::{Desk, Failure, Posted, escaped, with_query};

/// How many a page of the list holds.
const PER_PAGE: u64 = 25;

struct Row {
    id: String,
    name: String,
    strategy: String,
    on: bool,
}

impl Row {
    fn path(&self) -> String {
        format!("/dashboard/connections/{}", escaped(&self.id))
    }

    fn kind(&self) -> &str {
        label_of(&self.strategy)
    }
}

#[derive(Template)]
#[template(path = "applications/page/connections.html")]
struct Page {
    rows: Vec<Row>,
    pager: Pager,
    csrf: Csrf,
    action: String,
    may_change: bool,
    /// Whether the application signs nobody in.
    for_itself: bool,
}

pub(super) async fn show(desk: Arc<Desk>) -> Result<Response, Failure> {
    let shown = Shown::load(&desk).await?;
    let page = desk.page_number();
    let path =
        format!("/connections?fields=id,name,strategy&include_totals=true&per_page={PER_PAGE}&page={page}");
    let answer = desk.api.get(&path).await?;
    let (list, total) = rows(&answer, "connections");
    let enabled = enabled(&desk, &shown.client_id).await?;
    let row = |value: &Value| {
        let own = |name: &str| text(value, name).to_owned();
        Row {
            id: own("id"),
            name: own("name"),
            strategy: own("strategy"),
            on: enabled.iter().any(|id| id == text(value, "id")),
        }
    };
    let action = format!("{}/connections", shown.path());
    let body = Page {
        rows: list.iter().map(row).collect(),
        pager: Pager { list: "list", page, per_page: PER_PAGE, total, base: format!("{action}?page=") },
        csrf: desk.csrf(),
        action: with_query(&action, &[("page", desk.query.get("page"))]),
        may_change: desk.may("update:connections"),
        for_itself: shown.app_type == "non_interactive",
    };
    Ok(super::page(&desk, &shown, "connections", &body))
}

/// The ids of the connections that an application may use.
async fn enabled(desk: &Desk, client_id: &str) -> Result<Vec<String>, Failure> {
    let path = format!("/clients/{}/connections?fields=id&take=100", escaped(client_id));
    let (mut from, mut all) = (String::new(), Vec::new());
    loop {
        let (part, next) = desk.api.part(&path, "connections", &from).await?;
        all.extend(part.iter().map(|one| text(one, "id").to_owned()));
        let Some(next) = next else { return Ok(all) };
        from = next;
    }
}

pub(super) async fn switch(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let shown = Shown::load(&desk).await?;
    let (name, status) = match (posted.get("on"), posted.get("off")) {
        ("", "") => {
            return Err(Failure::new(
                StatusCode::BAD_REQUEST,
                "Nothing was switched: no connection was named.",
            ));
        }
        ("", id) => (id, false),
        (id, _) => (id, true),
    };
    let changes = json!([{ "client_id": shown.client_id, "status": status }]);
    desk.api.patch(&format!("/connections/{}/clients", escaped(name)), &changes).await?;
    let said = if status {
        "The connection was enabled for this application."
    } else {
        "The connection was disabled for this application."
    };
    let to = with_query(&format!("{}/connections", shown.path()), &[("page", desk.query.get("page"))]);
    Ok(desk.done(&to, said))
}
