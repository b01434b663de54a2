//! The tenant's public protocol endpoints: tokens, keys, discovery, certificate downloads.
//!
//! Loads, asks the pure crates for a decision, saves, answers. Must never decide by itself.

pub mod authorize;
mod cross_origin;
mod dbconnections;
pub mod device;
mod documents;
mod error;
mod grants;
mod insider;
pub mod logout;
mod memory;
mod opaque;
mod pushed;
mod register;
mod respond;
mod revoke;
mod signing;
mod token;
mod user_tokens;
mod userinfo;

pub use device::router as device_router;
pub use documents::{WHILE_REVALIDATE, caching, router as documents_router};
pub use error::wrong_method;
pub use insider::issue_for_administrator;
pub use logout::router as logout_router;
pub use memory::Memory;
pub use signing::logout_token;
pub use token::{IssueError, issue_for_cli};

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::app::App;

/// The endpoints that applications call, from servers and from browsers.
pub fn application_router() -> Router<Arc<App>> {
    use cross_origin::open;
    Router::new()
        .route(token::PATH, open(post(token::endpoint)))
        .route("/oauth/revoke", open(post(revoke::endpoint)))
        .route("/oauth/par", open(post(pushed::endpoint)))
        .route("/oidc/register", open(post(register::endpoint)))
        .route("/oauth/device/code", open(post(device::endpoint)))
        .route("/userinfo", open(get(userinfo::endpoint).post(userinfo::endpoint)))
        .route("/dbconnections/signup", open(post(dbconnections::signup)))
        .route("/dbconnections/change_password", open(post(dbconnections::change_password)))
}
