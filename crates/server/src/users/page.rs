//! Users in the Dashboard: searching, making, and everything about one of them.
//!
//! Must never show a password, nor put the link of a ticket anywhere but into the answer of the form that asked for it.

mod access;
mod create;
mod detail;
mod search;

use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use serde_json::Value;

use crate::app::App;
use crate::dashboard::ui::text;
use crate::dashboard::{Desk, Failure, Frame, Room, action, escaped, screen};

const HOME: &str = "/dashboard/users";

/// The pages.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route(HOME, screen(search::list))
        .route("/dashboard/users/new", screen(create::ask).merge(action(create::create)))
        .route("/dashboard/users/{id}", screen(detail::show).merge(action(detail::save)))
        .route(
            "/dashboard/users/{id}/metadata",
            screen(detail::metadata).merge(action(detail::save_metadata)),
        )
        .route(
            "/dashboard/users/{id}/password",
            screen(detail::ask_password).merge(action(detail::set_password)),
        )
        .route("/dashboard/users/{id}/link", action(detail::link))
        .route("/dashboard/users/{id}/verify", action(detail::verify))
        .route("/dashboard/users/{id}/block", screen(detail::ask_block).merge(action(detail::block)))
        .route(
            "/dashboard/users/{id}/identities/{provider}/{identity}/unlink",
            screen(detail::ask_unlink).merge(action(detail::unlink)),
        )
        .route("/dashboard/users/{id}/unblock", action(detail::unblock))
        .route("/dashboard/users/{id}/delete", screen(detail::ask_delete).merge(action(detail::delete)))
        .route("/dashboard/users/{id}/devices", screen(access::devices).merge(action(access::end)))
        .route(
            "/dashboard/users/{id}/devices/end",
            screen(access::ask_end_all).merge(action(access::end_all)),
        )
        .route("/dashboard/users/{id}/roles", screen(access::roles).merge(action(access::assign)))
        .route("/dashboard/users/{id}/permissions", screen(access::permissions).merge(action(access::permit)))
        .route("/dashboard/users/{id}/applications", screen(access::grants).merge(action(access::revoke)))
        .route("/dashboard/users/{id}/history", screen(access::history))
}

fn api_path(desk: &Desk) -> String {
    format!("/users/{}", escaped(desk.name("id")))
}

fn own_path(desk: &Desk) -> String {
    format!("{HOME}/{}", escaped(desk.name("id")))
}

/// What people call a user.
fn title(user: &Value) -> &str {
    let name = text(user, "name");
    if name.is_empty() { text(user, "user_id") } else { name }
}

fn frame(desk: &Desk, user: &Value, tab: &str) -> Frame {
    let tabs = &[
        ("", "Details"),
        ("metadata", "Metadata"),
        ("devices", "Devices"),
        ("roles", "Roles"),
        ("permissions", "Permissions"),
        ("applications", "Authorized Applications"),
        ("history", "History"),
    ];
    Frame::new(Room::Users, title(user)).up(HOME, "Users").tabs(&own_path(desk), tabs, tab)
}

async fn load(desk: &Desk) -> Result<Value, Failure> {
    desk.api.get(&api_path(desk)).await
}

/// A page of a user, with its frame.
async fn within(desk: &Desk, tab: &str, body: &impl askama::Template) -> Result<Response, Failure> {
    let user = load(desk).await?;
    Ok(desk.page(&frame(desk, &user, tab), body))
}

/// What is wrong with a password, without the name of the error that programs look for.
fn wrong_password(failure: &Failure) -> Option<&str> {
    let (name, why) = failure.message.split_once("Error: ")?;
    name.starts_with("Password").then_some(why)
}
