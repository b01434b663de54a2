//! The settings of a database: who may sign in with what, and what a good password is.
//!
//! Must never lose an option that the page does not show.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use serde_json::{Value, json};

use super::fields::{attributes_of, completed, groups, has_attributes, is_database};
use super::{api_path, elsewhere, frame, own_path, read};
use crate::dashboard::ui::{self, CopyField, text};
use crate::dashboard::{Confirm, Desk, Failure, Form, Frame, Posted, Sent, form};

/// What it takes to change them.
const SCOPE: &str = "update:connections";

#[derive(Template)]
#[template(path = "connections/settings.html")]
struct Settings<'a> {
    connection: &'a Value,
    form: Form,
    home: String,
    /// What people sign in with, where that can be chosen anew.
    identifiers: Option<&'static str>,
    may_delete: bool,
}

impl<'a> Settings<'a> {
    fn new(desk: &Desk, connection: &'a Value, form: Form) -> Self {
        let text = "The email address, and the username if one is required. Phone numbers, or usernames alone, need \
            settings for each of them.";
        Self {
            connection,
            form,
            home: own_path(desk),
            identifiers: (desk.may(SCOPE) && is_database(connection) && !has_attributes(connection))
                .then_some(text),
            may_delete: desk.may("delete:connections"),
        }
    }
}

pub(super) async fn show(desk: Arc<Desk>) -> Result<Response, Failure> {
    let connection = read(&desk).await?;
    if !is_database(&connection) {
        return elsewhere::show(&desk).await;
    }
    let form = Form::of(&desk, &groups(&connection), &connection, (&desk.path, SCOPE));
    Ok(desk.page(&frame(&desk, &connection, ""), &Settings::new(&desk, &connection, form)))
}

pub(super) async fn save(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let connection = read(&desk).await?;
    if !is_database(&connection) {
        return elsewhere::save(&desk, &posted).await;
    }
    let (path, groups) = (format!("{}?keep_secrets=true", api_path(&desk)), groups(&connection));
    let saved = form::save_shown(&desk, &groups, (&connection, &path), &posted, |patch| {
        completed(patch);
        Ok(())
    });
    match saved.await? {
        Sent::Done(_) => Ok(desk.done(&own_path(&desk), "The connection was saved.")),
        Sent::Again(status, form) => {
            let body = Settings::new(&desk, &connection, *form);
            Ok(desk.page_with(status, &frame(&desk, &connection, ""), &body))
        }
    }
}

fn choosing(desk: &Desk, connection: &Value) -> (Frame, Confirm) {
    let confirm = Confirm::new(desk, "Choose identifiers", own_path(desk))
        .that("The settings get fields for email address, phone number and username: whether people sign in with it, and whether sign-up asks for it.")
        .that("They begin as it is now, so nothing changes for users until you change it.")
        .that("The setting Requires username goes: the fields of the username take its place.")
        .harmless();
    let mut frame = frame(desk, connection, "");
    frame.title = format!("Choose identifiers of {}?", text(connection, "name"));
    (frame, confirm)
}

pub(super) async fn ask_identifiers(desk: Arc<Desk>) -> Result<Response, Failure> {
    let connection = read(&desk).await?;
    let (frame, confirm) = choosing(&desk, &connection);
    Ok(desk.page(&frame, &confirm))
}

/// Goes over to attributes, which say the same as the options before them.
pub(super) async fn choose_identifiers(desk: Arc<Desk>, _: Posted) -> Result<Response, Failure> {
    let connection = read(&desk).await?;
    if is_database(&connection) && !has_attributes(&connection) {
        let mut options = connection.get("options").and_then(Value::as_object).cloned().unwrap_or_default();
        options.shift_remove("requires_username");
        options.shift_remove("validation");
        options.insert("attributes".to_owned(), attributes_of(&connection));
        let path = format!("{}?keep_secrets=true", api_path(&desk));
        desk.api.patch(&path, &json!({ "options": options })).await?;
    }
    Ok(desk.done(&own_path(&desk), "What people sign in with can be chosen below."))
}
