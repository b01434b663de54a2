//! The applications that let users of a connection sign in.
//!
//! Must never switch more than the one application whose button was pressed.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use serde_json::{Value, json};

use super::{PER_PAGE, api_path, frame, own_path, read};
use crate::dashboard::ui::{Badge, Csrf, Empty, Pager, Tone, rows, text};
use crate::dashboard::{Desk, Failure, Posted, escaped};

/// How many are counted one by one.
const MOST_COUNTED: usize = 100;

struct Client {
    id: String,
    href: String,
    name: String,
    enabled: bool,
}

#[derive(Template)]
#[template(path = "connections/applications.html")]
struct Applications {
    clients: Vec<Client>,
    pager: Pager,
    csrf: Csrf,
    may: bool,
}

/// How many applications may use a connection, as far as that is quickly told; `id` is escaped.
pub(super) async fn counted(desk: &Desk, id: &str) -> Result<String, Failure> {
    let path = format!("/connections/{id}/clients?take={MOST_COUNTED}");
    let answer = desk.api.look(&path).await?.unwrap_or_default();
    let more = if answer.get("next").is_some() { "+" } else { "" };
    Ok(format!("{}{more}", rows(&answer, "clients").0.len()))
}

/// The ids of all applications that may use the connection.
async fn enabled(desk: &Desk) -> Result<Vec<String>, Failure> {
    let path = format!("{}/clients?take=1000", api_path(desk));
    let (mut from, mut all) = (String::new(), Vec::new());
    loop {
        let (clients, next) = desk.api.part(&path, "clients", &from).await?;
        all.extend(clients.iter().map(|one| text(one, "client_id").to_owned()));
        let Some(next) = next else { return Ok(all) };
        from = next;
    }
}

pub(super) async fn show(desk: Arc<Desk>) -> Result<Response, Failure> {
    let connection = read(&desk).await?;
    let page = desk.page_number();
    let path = format!(
        "/clients?fields=client_id,name&is_global=false&include_totals=true&per_page={PER_PAGE}&page={page}"
    );
    let answer = desk.api.get(&path).await?;
    let enabled = enabled(&desk).await?;
    let (list, total) = rows(&answer, "clients");
    let client = |value: &Value| {
        let id = text(value, "client_id");
        Client {
            enabled: enabled.iter().any(|own| own == id),
            href: format!("/dashboard/applications/{}", escaped(id)),
            id: id.to_owned(),
            name: text(value, "name").to_owned(),
        }
    };
    let body = Applications {
        clients: list.iter().map(client).collect(),
        pager: Pager { list: "list", page, per_page: PER_PAGE, total, base: "?page=".to_owned() },
        csrf: desk.csrf(),
        may: desk.may("update:connections"),
    };
    Ok(desk.page(&frame(&desk, &connection, "applications"), &body))
}

pub(super) async fn switch(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let on = posted.get("status") == "true";
    let change = json!([{ "client_id": posted.get("client"), "status": on }]);
    desk.api.patch(&format!("{}/clients", api_path(&desk)), &change).await?;
    let said = if on {
        "The application may use this connection now."
    } else {
        "The application may not use this connection any more."
    };
    // Back to the page of the list that it was on.
    let page = posted.number("page").unwrap_or(0);
    Ok(desk.done(&format!("{}/applications?page={page}", own_path(&desk)), said))
}
