//! Where people sign in: the pages under `/u/`, what they are sent, and what follows.
//!
//! A page reads what was sent, lets the slices do it, and hands over to the request that began the login
//! (`under_way.rs`). Must never tell whether an account exists.

pub mod consent;
pub mod cookies;
pub mod csrf;
mod elsewhere;
pub mod identify;
pub mod letters;
pub mod opened;
pub mod pages;
mod passkey;
mod reset;
mod rules;
mod signup;
pub mod under_way;
mod verify;
pub mod visit;

use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use axum::routing::{get, post};

use crate::app::App;
use crate::tickets::Kind;
use pages::{Failure, paths};
use visit::Visit;

/// The pages.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route(paths::LOGIN, get(identify::both).post(identify::both))
        .route(paths::LOGIN_ID, get(identify::identifier).post(identify::identifier))
        .route(paths::LOGIN_PASSWORD, get(identify::password).post(identify::password))
        .route(paths::PASSKEY, post(passkey::prove))
        .route(paths::PROVIDER, get(elsewhere::choose))
        .route(paths::SIGNUP, get(signup::page).post(signup::page))
        .route(paths::CONSENT, get(consent::page).post(consent::page))
        .route(paths::RESET_REQUEST, get(reset::request).post(reset::request))
        .route(Kind::PasswordChange.page(), get(reset::verify))
        .route(paths::RESET, get(reset::verify).post(reset::change))
        .route(Kind::EmailVerification.page(), get(verify::page).head(verify::there))
        .route(Kind::Unblock.page(), get(verify::unblock).head(verify::there))
        .route("/u/{*nothing}", get(missing))
}

/// What people see who follow an old or a broken link.
async fn missing(visit: Visit) -> Response {
    visit.failure(Failure::Missing, None)
}
