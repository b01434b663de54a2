//! The client secret: shown when somebody asks for it, made anew when somebody confirms it.
//!
//! A button can copy only what was shown, so the entry that the API writes when the secret is read covers both. Must
//! never put the secret into an address or a cookie: it is in the answer of the form alone.

use std::sync::Arc;

use axum::response::Response;

use super::settings::Settings;
use super::{Application, api_path, text};
use crate::dashboard::{Confirm, Desk, Failure, Posted};

pub(super) async fn reveal(desk: Arc<Desk>, _: Posted) -> Result<Response, Failure> {
    let application = Application::load(&desk).await?;
    let read = desk.api.get(&format!("{}?fields=client_secret", api_path(&desk))).await?;
    let mut page = Settings::new(&desk, &application);
    page.secret = Some(text(&read, "client_secret").to_owned()).filter(|secret| !secret.is_empty());
    if page.secret.is_none() {
        return Err(Failure::missing(
            "This application has no client secret that counts: it authenticates with keys. See its credentials.",
        ));
    }
    Ok(desk.page(&application.frame(""), &page))
}

fn rotating(desk: &Desk, application: &Application) -> Confirm {
    let confirm = Confirm::new(desk, "Rotate secret", application.home())
        .that("The application gets a new client secret, which you will see once.")
        .that("The old secret is refused at once: put the new one where the application reads it.");
    let confirm = if application.alg() == "HS256" {
        confirm.that("Its ID tokens are signed with the secret (HS256): those that were signed with the old one no longer verify.")
    } else {
        confirm
    };
    confirm.name(application.name(), "name of the application")
}

pub(super) async fn ask(desk: Arc<Desk>) -> Result<Response, Failure> {
    let application = Application::load(&desk).await?;
    Ok(desk.page(&application.frame(""), &rotating(&desk, &application)))
}

pub(super) async fn rotate(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let application = Application::load(&desk).await?;
    let confirm = rotating(&desk, &application);
    if let Some(missing) = confirm.missing(&desk, &application.frame(""), &posted) {
        return Ok(missing);
    }
    let path = format!("{}/rotate-secret", api_path(&desk));
    let made = desk.api.post(&path, &serde_json::json!({})).await?;
    let mut page = Settings::new(&desk, &application);
    page.secret = Some(text(&made, "client_secret").to_owned());
    Ok(desk.page(&application.frame(""), &page))
}
