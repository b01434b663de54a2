//! Connections in the Dashboard: where users come from. Databases alone so far.
//!
//! Must never delete a connection, and its users with it, whose name was not typed.

mod applications;
mod fields;
mod settings;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::response::Response;
use serde_json::{Value, json};

use crate::app::App;
use crate::dashboard::ui::{self, Empty, Pager, rows, text};
use crate::dashboard::{
    Confirm, Desk, Failure, Field, Form, Frame, Group, Posted, Room, Sent, action, escaped, form, screen,
    with_query,
};

const HOME: &str = "/dashboard/connections";
const PER_PAGE: u64 = 25;

const NEW: &[Group] = &[Group {
    title: "New database",
    lead: "A list of users with passwords that Chancery keeps.",
    fields: &[Field::text("name", "Name")
        .required()
        .help("Letters, digits and hyphens. Applications call it by this name, and it never changes.")
        .placeholder("customers")],
}];

/// The pages.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route(HOME, screen(list))
        .route("/dashboard/connections/new", screen(ask).merge(action(create)))
        .route("/dashboard/connections/{id}", screen(settings::show).merge(action(settings::save)))
        .route(
            "/dashboard/connections/{id}/identifiers",
            screen(settings::ask_identifiers).merge(action(settings::choose_identifiers)),
        )
        .route("/dashboard/connections/{id}/delete", screen(ask_delete).merge(action(delete)))
        .route(
            "/dashboard/connections/{id}/applications",
            screen(applications::show).merge(action(applications::switch)),
        )
}

#[derive(Template)]
#[template(path = "connections/list.html")]
struct List {
    /// Address, connection, number of applications.
    connections: Vec<(String, Value, String)>,
    pager: Pager,
    may: bool,
}

async fn list(desk: Arc<Desk>) -> Result<Response, Failure> {
    let page = desk.page_number();
    let path = with_query(
        "/connections",
        &[("include_totals", "true"), ("per_page", &PER_PAGE.to_string()), ("page", &page.to_string())],
    );
    let answer = desk.api.get(&path).await?;
    let (list, total) = rows(&answer, "connections");
    let mut connections = Vec::new();
    for one in list {
        let id = escaped(text(one, "id"));
        connections.push((format!("{HOME}/{id}"), one.clone(), applications::counted(&desk, &id).await?));
    }
    let body = List {
        connections,
        pager: Pager { page, per_page: PER_PAGE, total, base: "?page=".to_owned() },
        may: desk.may("create:connections"),
    };
    let frame = Frame::new(Room::Connections, "Connections").lead("Where users come from.").action(
        body.may,
        "/dashboard/connections/new",
        "Create database",
        "first",
    );
    Ok(desk.page(&frame, &body))
}

fn new_frame() -> Frame {
    Frame::new(Room::Connections, "Create database").up(HOME, "Connections")
}

async fn ask(desk: Arc<Desk>) -> Result<Response, Failure> {
    Ok(desk.page(&new_frame(), &Form::new(&desk, NEW, &json!({}), (&desk.path, "create:connections"))))
}

async fn create(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    match form::create(&desk, NEW, ("/connections", json!({ "strategy": "auth0" })), &posted).await? {
        Sent::Done(made) => {
            let to = format!("{HOME}/{}/applications", escaped(text(&made, "id")));
            Ok(desk.done(&to, "The database was created. Choose the applications that may use it."))
        }
        Sent::Again(status, form) => Ok(desk.page_with(status, &new_frame(), &*form)),
    }
}

fn api_path(desk: &Desk) -> String {
    format!("/connections/{}", escaped(desk.name("id")))
}

fn own_path(desk: &Desk) -> String {
    format!("{HOME}/{}", escaped(desk.name("id")))
}

fn frame(desk: &Desk, connection: &Value, tab: &str) -> Frame {
    Frame::new(Room::Connections, text(connection, "name")).up(HOME, "Connections").tabs(
        &own_path(desk),
        &[("", "Settings"), ("applications", "Applications")],
        tab,
    )
}

async fn deleting(desk: &Desk) -> Result<(Frame, Confirm), Failure> {
    let connection = desk.api.get(&api_path(desk)).await?;
    let confirm = Confirm::new(desk, "Delete connection", own_path(desk))
        .that("All users of this connection are deleted with it, with their passwords, roles and sessions.")
        .that("Applications that offer no other connection let nobody in any more.")
        .name(text(&connection, "name"), "name of the connection");
    Ok((frame(desk, &connection, ""), confirm))
}

async fn ask_delete(desk: Arc<Desk>) -> Result<Response, Failure> {
    let (frame, confirm) = deleting(&desk).await?;
    Ok(desk.page(&frame, &confirm))
}

async fn delete(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let (frame, confirm) = deleting(&desk).await?;
    if let Some(missing) = confirm.missing(&desk, &frame, &posted) {
        return Ok(missing);
    }
    desk.api.delete(&api_path(&desk), None).await?;
    Ok(desk.done(HOME, "The connection was deleted."))
}
