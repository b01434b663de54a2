//! Connections in the Dashboard: where users come from. Databases alone so far.
//!
//! Must never delete a connection, and its users with it, whose name was not typed.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::response::Response;
use serde_json::{Value, json};

use crate::app::App;
use crate::dashboard::ui::{self, Badge, CopyField, Csrf, Empty, Pager, Tone, rows, text};
use crate::dashboard::{
    Confirm, Desk, Failure, Field, Form, Frame, Group, Kind, Posted, Room, Sent, action, escaped, form,
    screen, with_query,
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

const SETTINGS: &[Group] = &[
    Group {
        title: "Signup",
        lead: "",
        fields: &[
            Field::new("options.disable_signup", "Disable sign ups", Kind::Toggle)
                .help("Only administrators and the API make users."),
            Field::new("options.requires_username", "Requires username", Kind::Toggle)
                .help("People choose a username as well, and sign in with either."),
        ],
    },
    Group {
        title: "Passwords",
        lead: "What a new password has to be like.",
        fields: &[
            Field::new(
                "options.passwordPolicy",
                "Password strength",
                Kind::Select(&[
                    ("none", "None: at least one character"),
                    ("low", "Low: at least 6 characters"),
                    ("fair", "Fair: at least 8, with lower case, upper case and digits"),
                    ("good", "Good: at least 8, with three of four kinds of characters"),
                    (
                        "excellent",
                        "Excellent: at least 10, three of four kinds, no more than two identical in a row",
                    ),
                ]),
            ),
            Field::new(
                "options.password_complexity_options.min_length",
                "Minimum length",
                Kind::Number("characters"),
            ),
            Field::new("options.password_history.enable", "Refuse former passwords", Kind::Toggle),
            Field::new("options.password_history.size", "How many former ones", Kind::Number("passwords")),
            Field::new(
                "options.password_no_personal_info.enable",
                "Refuse personal data in passwords",
                Kind::Toggle,
            ),
            Field::new("options.password_dictionary.enable", "Refuse common passwords", Kind::Toggle),
        ],
    },
    Group {
        title: "Protection",
        lead: "",
        fields: &[Field::new("options.brute_force_protection", "Brute-force protection", Kind::Toggle)
            .help("Blocks an address for an account after ten wrong passwords.")],
    },
];

/// The pages.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route(HOME, screen(list))
        .route("/dashboard/connections/new", screen(ask).merge(action(create)))
        .route("/dashboard/connections/{id}", screen(show).merge(action(save)))
        .route("/dashboard/connections/{id}/delete", screen(ask_delete).merge(action(delete)))
        .route("/dashboard/connections/{id}/applications", screen(applications).merge(action(switch)))
}

#[derive(Template)]
#[template(path = "connections/list.html")]
struct List {
    connections: Vec<(String, Value)>,
    pager: Pager,
    may: bool,
}

async fn list(desk: Arc<Desk>) -> Result<Response, Failure> {
    let page = desk.query.number("page").unwrap_or(0);
    let path = with_query(
        "/connections",
        &[("include_totals", "true"), ("per_page", &PER_PAGE.to_string()), ("page", &page.to_string())],
    );
    let answer = desk.api.get(&path).await?;
    let (list, total) = rows(&answer, "connections");
    let body = List {
        connections: list
            .iter()
            .map(|one| (format!("{HOME}/{}", escaped(text(one, "id"))), one.clone()))
            .collect(),
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

#[derive(Template)]
#[template(path = "connections/settings.html")]
struct Settings<'a> {
    connection: &'a Value,
    form: Form,
    home: String,
    may_delete: bool,
}

impl<'a> Settings<'a> {
    fn new(desk: &Desk, connection: &'a Value, form: Form) -> Self {
        Self { connection, form, home: own_path(desk), may_delete: desk.may("delete:connections") }
    }
}

async fn show(desk: Arc<Desk>) -> Result<Response, Failure> {
    let connection = desk.api.get(&api_path(&desk)).await?;
    let form = Form::of(&desk, SETTINGS, &connection, (&desk.path, "update:connections"));
    Ok(desk.page(&frame(&desk, &connection, ""), &Settings::new(&desk, &connection, form)))
}

async fn save(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    match form::save(&desk, SETTINGS, &api_path(&desk), &posted).await? {
        Sent::Done(_) => Ok(desk.done(&own_path(&desk), "The connection was saved.")),
        Sent::Again(status, form) => {
            let connection = desk.api.get(&api_path(&desk)).await?;
            let body = Settings::new(&desk, &connection, *form);
            Ok(desk.page_with(status, &frame(&desk, &connection, ""), &body))
        }
    }
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

struct Client {
    id: String,
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

/// The ids of all applications that may use the connection.
async fn enabled(desk: &Desk) -> Result<Vec<String>, Failure> {
    let base = format!("{}/clients?take=100", api_path(desk));
    let (mut path, mut all) = (base.clone(), Vec::new());
    loop {
        let answer = desk.api.get(&path).await?;
        all.extend(rows(&answer, "clients").0.iter().map(|one| text(one, "client_id").to_owned()));
        match answer.get("next").and_then(Value::as_str) {
            Some(next) => path = format!("{base}&from={}", escaped(next)),
            None => return Ok(all),
        }
    }
}

async fn applications(desk: Arc<Desk>) -> Result<Response, Failure> {
    let connection = desk.api.get(&api_path(&desk)).await?;
    let page = desk.query.number("page").unwrap_or(0);
    let path = format!(
        "/clients?fields=client_id,name&is_global=false&include_totals=true&per_page={PER_PAGE}&page={page}"
    );
    let answer = desk.api.get(&path).await?;
    let enabled = enabled(&desk).await?;
    let (list, total) = rows(&answer, "clients");
    let client = |value: &Value| Client {
        enabled: enabled.iter().any(|id| id == text(value, "client_id")),
        id: text(value, "client_id").to_owned(),
        name: text(value, "name").to_owned(),
    };
    let body = Applications {
        clients: list.iter().map(client).collect(),
        pager: Pager { page, per_page: PER_PAGE, total, base: "?page=".to_owned() },
        csrf: desk.csrf(),
        may: desk.may("update:connections"),
    };
    Ok(desk.page(&frame(&desk, &connection, "applications"), &body))
}

async fn switch(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let on = posted.get("status") == "true";
    let change = json!([{ "client_id": posted.get("client"), "status": on }]);
    desk.api.patch(&format!("{}/clients", api_path(&desk)), &change).await?;
    let said = if on {
        "The application may use this connection now."
    } else {
        "The application may not use this connection any more."
    };
    Ok(desk.done(&format!("{}/applications", own_path(&desk)), said))
}
