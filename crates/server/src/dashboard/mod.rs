//! The Dashboard: the pages for the people who administer a tenant, at `/dashboard`.
//!
//! Here are the frame, the parts that pages are composed of, and the way in; each screen is with its slice
//! (`page.rs`). Must never show or change anything but through an operation of the Management API ([`api::Api`]).

pub mod api;
pub mod assets;
mod components;
mod confirm;
mod cookies;
pub mod desk;
pub mod editor;
pub mod form;
mod gate;
mod listing;
pub mod posted;
pub mod quickstarts;
pub mod settings;
pub mod shell;
mod sign_in;
pub mod snippets;
mod start;
pub mod ui;
mod words;

use std::sync::Arc;

use axum::routing::get;
use axum::{Extension, Router};

pub use api::{Failure, escaped, with_query};
pub use confirm::Confirm;
pub use desk::{Desk, action, screen};
pub use editor::Editor;
pub use form::{Field, Form, Group, Kind, Sent};
pub use listing::{Cut, Listing, Search};
pub use posted::Posted;
pub use shell::{Frame, Room};

use crate::app::App;

/// The pages.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/dashboard", screen(start::show))
        .route("/dashboard/", get(async || shell::see_other("/dashboard")))
        .route("/dashboard/token", action(start::with_token))
        .route("/dashboard/login", get(sign_in::begin))
        .route("/dashboard/callback", get(sign_in::end))
        .route("/dashboard/logout", action(sign_in::out))
        .route("/dashboard/signed-out", get(gate::signed_out))
        .route("/dashboard/setup", get(gate::setup).post(gate::accept))
        .route("/dashboard/_components", screen(components::show))
        .merge(crate::administrators::page::router())
        .merge(crate::passkeys::page::router())
        .merge(crate::applications::page::router())
        .merge(crate::branding::page::router())
        .merge(crate::connections::page::router())
        .merge(crate::encryption_keys::page::router())
        .merge(crate::logs::page::router())
        .merge(crate::resource_servers::page::router())
        .merge(crate::roles::page::router())
        .merge(crate::signing_keys::page::router())
        .merge(crate::tenants::page::router())
        .merge(crate::users::page::router())
        .route("/dashboard/{*nothing}", screen(missing))
        .layer(Extension(api::Operations::default()))
}

async fn missing(desk: Arc<Desk>) -> Result<axum::response::Response, Failure> {
    Err(Failure::missing(format!("Nothing is at {}.", desk.path)))
}
