//! Connections in the Dashboard: where users come from.
//!
//! Must never delete a connection, and its users with it, whose name was not typed, nor read a secret option that
//! nobody asked to see.

mod applications;
mod attempt;
mod certificates;
mod elsewhere;
mod fields;
mod keys;
mod list;
mod new;
mod presented;
mod secret;
mod settings;
mod setup;
mod strategies;

use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use serde_json::Value;

pub use strategies::label_of;

use super::{Family, Strategy};
use crate::app::App;
use crate::dashboard::ui::text;
use crate::dashboard::{Confirm, Desk, Failure, Field, Frame, Group, Posted, action, escaped, screen};

const HOME: &str = "/dashboard/connections";
const SOCIAL: &str = "/dashboard/connections/social";
const ENTERPRISE: &str = "/dashboard/connections/enterprise";
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
        .route(HOME, screen(list::databases))
        .route(SOCIAL, screen(list::social))
        .route(ENTERPRISE, screen(list::enterprise))
        .route("/dashboard/connections/new", screen(new::ask_database).merge(action(new::create_database)))
        .route("/dashboard/connections/social/new", screen(new::choose_social))
        .route("/dashboard/connections/enterprise/new", screen(new::choose_enterprise))
        .route("/dashboard/connections/new/{strategy}", screen(new::ask).merge(action(new::create)))
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
        .route("/dashboard/connections/{id}/setup", screen(setup::show))
        .route("/dashboard/connections/{id}/certificate/{thumbprint}/{form}", screen(setup::download))
        .route("/dashboard/connections/{id}/try", screen(attempt::show).merge(action(attempt::begin)))
        .route(
            "/dashboard/connections/{id}/mapping",
            screen(elsewhere::show_mapping).merge(action(elsewhere::save_mapping)),
        )
        .route(
            "/dashboard/connections/{id}/idp-initiated",
            screen(elsewhere::show_unasked).merge(action(elsewhere::save_unasked)),
        )
        .route(
            "/dashboard/connections/{id}/login-experience",
            screen(elsewhere::show_login).merge(action(elsewhere::save_login)),
        )
        .route("/dashboard/connections/{id}/secret", screen(secret::back).merge(action(secret::reveal)))
        .route("/dashboard/connections/{id}/keys", action(keys::create))
        .route(
            "/dashboard/connections/{id}/keys/rotate",
            screen(keys::ask_rotate).merge(action(keys::rotate)),
        )
}

fn api_path(desk: &Desk) -> String {
    format!("/connections/{}", escaped(desk.name("id")))
}

fn own_path(desk: &Desk) -> String {
    format!("{HOME}/{}", escaped(desk.name("id")))
}

/// The connection, without its secret options.
async fn read(desk: &Desk) -> Result<Value, Failure> {
    desk.api.get(&format!("{}?include_secrets=false", api_path(desk))).await
}

fn family_of(connection: &Value) -> Family {
    strategies::of(connection).map_or(Family::Database, Strategy::family)
}

fn frame(desk: &Desk, connection: &Value, tab: &str) -> Frame {
    let family = family_of(connection);
    let words = list::words(family);
    let tabs = strategies::tabs(strategies::of(connection).unwrap_or(Strategy::Database));
    let may_try = family != Family::Database && desk.may("update:connections");
    list::family_frame(family, text(connection, "name"))
        .up(words.path, words.label)
        .tabs(&own_path(desk), tabs, tab)
        // What can be done with a connection as a whole stands here, a line each.
        .does(may_try, (format!("{}/try", own_path(desk)), "Try it"), desk.csrf())
}

async fn deleting(desk: &Desk) -> Result<(Frame, Confirm), Failure> {
    let connection = read(desk).await?;
    let confirm = Confirm::new(desk, "Delete connection", own_path(desk))
        .that(if family_of(&connection) == Family::Database {
            "All users of this connection are deleted with it, with their passwords, roles and sessions."
        } else {
            "All users who came from it are deleted with it, with their roles and sessions."
        })
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
    let connection = read(&desk).await?;
    desk.api.delete(&api_path(&desk), None).await?;
    Ok(desk.done(list::words(family_of(&connection)).path, "The connection was deleted."))
}
