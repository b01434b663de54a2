//! A new user.
//!
//! Must never send the password back.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::{HOME, wrong_password};
use crate::dashboard::ui::{Alert, Csrf, Empty, Tone, rows, text};
use crate::dashboard::{Desk, Failure, Frame, Posted, Room, escaped};

#[derive(Template)]
#[template(path = "users/new.html")]
struct New {
    connections: Vec<String>,
    /// Whether any of them has usernames.
    usernames: bool,
    csrf: Csrf,
    connection: String,
    email: String,
    username: String,
    verified: bool,
    may: bool,
    problem: Option<String>,
    /// The field that is wrong, and why.
    wrong: Option<(String, String)>,
}

impl New {
    fn wrong(&self, field: &str) -> Option<&str> {
        self.wrong.as_ref().filter(|(name, _)| name == field).map(|(_, why)| why.as_str())
    }
}

fn frame() -> Frame {
    Frame::new(Room::Users, "Create user").up(HOME, "Users")
}

/// Whether users of a connection have usernames.
fn has_usernames(connection: &Value) -> bool {
    let options = connection.get("options");
    let attribute = options.and_then(|options| options.get("attributes")?.get("username"));
    attribute.is_some()
        || options.and_then(|options| options.get("requires_username")) == Some(&Value::Bool(true))
}

async fn page(desk: &Desk, posted: &Posted) -> Result<New, Failure> {
    let connections = desk.api.get("/connections?strategy=auth0&per_page=100").await?;
    let connections = rows(&connections, "connections").0;
    Ok(New {
        connections: connections.iter().map(|one| text(one, "name").to_owned()).collect(),
        usernames: connections.iter().any(has_usernames) || !posted.get("username").is_empty(),
        csrf: desk.csrf(),
        connection: posted.get("connection").to_owned(),
        email: posted.get("email").to_owned(),
        username: posted.get("username").to_owned(),
        verified: posted.has("verified"),
        may: desk.may("create:users"),
        problem: None,
        wrong: None,
    })
}

pub(super) async fn ask(desk: Arc<Desk>) -> Result<Response, Failure> {
    let page = page(&desk, &Posted::default()).await?;
    Ok(desk.page(&frame(), &page))
}

pub(super) async fn create(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let mut user = json!({ "connection": posted.get("connection"), "password": posted.exact("password") });
    for name in ["email", "username"] {
        if !posted.get(name).is_empty() {
            user[name] = posted.get(name).into();
        }
    }
    if posted.has("verified") {
        user["email_verified"] = Value::Bool(true);
    }
    match desk.api.post("/users", &user).await {
        Ok(made) => {
            let to = format!("{HOME}/{}", escaped(text(&made, "user_id")));
            Ok(desk.done(&to, "The user was created."))
        }
        Err(failure) if failure.is_mendable() => {
            let mut page = page(&desk, &posted).await?;
            let shown = |property: &str| ["email", "username", "password"].contains(&property);
            let taken = || {
                let field = if posted.get("email").is_empty() { "username" } else { "email" };
                let is_taken = failure.status == StatusCode::CONFLICT;
                is_taken.then(|| ("Somebody at this connection is called that already.".to_owned(), field))
            };
            page.wrong = failure
                .property()
                .filter(|(_, property)| shown(property))
                .or_else(|| wrong_password(&failure).map(|why| (why.to_owned(), "password")))
                .or_else(taken)
                .map(|(reason, property)| (property.to_owned(), reason));
            let said = if page.wrong.is_some() {
                "Nobody was created. Look at the field that is marked."
            } else {
                &failure.message
            };
            page.problem = Some(said.to_owned());
            Ok(desk.page_with(failure.status, &frame(), &page))
        }
        Err(failure) => Err(failure),
    }
}
