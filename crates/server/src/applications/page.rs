//! The Dashboard's pages of applications: what all of them share, and their addresses.
//!
//! Must never read an application with its secret but to show it to whoever asked for it: the API logs each such read.

mod addons;
mod advanced;
mod apis;
mod certificates;
mod connections;
mod credentials;
mod list;
mod quickstart;
mod secret;
mod settings;

use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use serde_json::Value;

use crate::app::App;
use crate::dashboard::ui::text;
use crate::dashboard::{Desk, Failure, Frame, Room, action, escaped, screen};

/// Where the list is.
const HOME: &str = "/dashboard/applications";

/// The pages.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route(HOME, screen(list::show))
        .route("/dashboard/applications/new", screen(list::ask_new).merge(action(list::create)))
        .route("/dashboard/applications/{id}", screen(settings::show).merge(action(settings::save)))
        .route(
            "/dashboard/applications/{id}/delete",
            screen(settings::ask_delete).merge(action(settings::delete)),
        )
        .route("/dashboard/applications/{id}/secret", screen(secret::back).merge(action(secret::reveal)))
        .route("/dashboard/applications/{id}/secret/copy", action(secret::copy))
        .route(
            "/dashboard/applications/{id}/rotate-secret",
            screen(secret::ask_rotate).merge(action(secret::rotate)),
        )
        .route("/dashboard/applications/{id}/quickstart", screen(quickstart::show))
        .route("/dashboard/applications/{id}/credentials", screen(credentials::show))
        .route("/dashboard/applications/{id}/credentials/method", action(credentials::choose))
        .route(
            "/dashboard/applications/{id}/credentials/new",
            screen(credentials::ask_new).merge(action(credentials::create)),
        )
        .route(
            "/dashboard/applications/{id}/credentials/{credential}",
            screen(credentials::ask_expiry).merge(action(credentials::change_expiry)),
        )
        .route("/dashboard/applications/{id}/credentials/{credential}/use", action(credentials::attach))
        .route(
            "/dashboard/applications/{id}/credentials/{credential}/delete",
            screen(credentials::ask_delete).merge(action(credentials::delete)),
        )
        .route("/dashboard/applications/{id}/apis", screen(apis::list))
        .route(
            "/dashboard/applications/{id}/apis/{api}/{subject}",
            screen(apis::show).merge(action(apis::save)),
        )
        .route(
            "/dashboard/applications/{id}/apis/{api}/{subject}/remove",
            screen(apis::ask_remove).merge(action(apis::remove)),
        )
        .route(
            "/dashboard/applications/{id}/connections",
            screen(connections::show).merge(action(connections::switch)),
        )
        .route("/dashboard/applications/{id}/addons", screen(addons::list))
        .route(
            "/dashboard/applications/{id}/addons/{addon}",
            screen(addons::show).merge(action(addons::save)),
        )
        .route(
            "/dashboard/applications/{id}/addons/{addon}/json",
            screen(addons::json::show).merge(action(addons::json::save)),
        )
        .route("/dashboard/applications/{id}/addons/{addon}/switch", action(addons::switch))
        .route("/dashboard/applications/{id}/certificates", screen(certificates::show))
        .route("/dashboard/applications/{id}/certificates/certificate/{form}", screen(certificates::download))
        .merge(advanced::router())
}

/// The kinds of application that people make, as they are called.
const TYPES: &[(&str, &str)] = &[
    ("regular_web", "Regular web application"),
    ("spa", "Single page application"),
    ("native", "Native"),
    ("non_interactive", "Machine to machine"),
];

/// What a kind of application is called.
fn type_label(app_type: &str) -> &str {
    match TYPES.iter().find(|(name, _)| *name == app_type) {
        Some((_, label)) => label,
        None if app_type.is_empty() => "No type chosen",
        None if app_type == "resource_server" => "Custom API client",
        None => app_type,
    }
}

/// An application as its pages know it: without anything secret.
struct Shown {
    client_id: String,
    name: String,
    app_type: String,
    value: Value,
}

impl Shown {
    /// The application that the address names.
    async fn load(desk: &Desk) -> Result<Self, Failure> {
        let value = desk.api.get(&shown_path(desk)).await?;
        let text = |name: &str| text(&value, name).to_owned();
        if value.get("global") == Some(&Value::Bool(true)) {
            return Err(Failure::missing("This application stands for all others and has no page."));
        }
        Ok(Self { client_id: text("client_id"), name: text("name"), app_type: text("app_type"), value })
    }

    /// Its address in the Dashboard.
    fn path(&self) -> String {
        format!("{HOME}/{}", escaped(&self.client_id))
    }

    fn text(&self, name: &str) -> &str {
        text(&self.value, name)
    }

    /// What its ID tokens are signed with; nobody chose means HS256, as in `oauth_client.rs`.
    fn alg(&self) -> &str {
        let alg = self.value.get("jwt_configuration").and_then(|jwt| jwt.get("alg")?.as_str());
        alg.unwrap_or("HS256")
    }

    /// The frame of one of its tabs.
    fn frame(&self, current: &str) -> Frame {
        Frame::new(Room::Applications, self.name.clone())
            .up(HOME, "Applications")
            .lead(type_label(&self.app_type))
            .tabs(
                &self.path(),
                &[
                    ("quickstart", "Quickstart"),
                    ("", "Settings"),
                    ("credentials", "Credentials"),
                    ("addons", "Add-ons"),
                    ("apis", "APIs"),
                    ("connections", "Connections"),
                    ("metadata", "Advanced Settings"),
                ],
                current,
            )
    }

    /// The frame of a page that belongs to a tab.
    fn frame_below(&self, current: &str, title: impl Into<String>) -> Frame {
        let title = title.into();
        Frame { title, lead: Some(self.name.clone()), ..self.frame(current) }
    }
}

/// The application that the address names, in the API; what is secret in it is left out.
fn shown_path(desk: &Desk) -> String {
    let id = escaped(desk.name("id"));
    format!("/clients/{id}?fields=client_secret,signing_keys,addons&include_fields=false")
}

/// The same without a choice of members.
fn api_path(desk: &Desk) -> String {
    format!("/clients/{}", escaped(desk.name("id")))
}

/// The page of one tab, for what is shown in it.
fn page(desk: &Desk, shown: &Shown, current: &str, body: &impl askama::Template) -> Response {
    desk.page(&shown.frame(current), body)
}
