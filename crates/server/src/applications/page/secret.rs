//! The client secret: shown to whoever asks for it, and exchanged for a new one.
//!
//! Must never stand in an address or in a page that was not asked for it by a form of ours.

use std::sync::Arc;

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::{Value, json};

use super::{Shown, api_path};
use crate::dashboard::shell::protected;
use crate::dashboard::ui::{Copy, Csrf, Icon};
use crate::dashboard::{Confirm, Desk, Failure, Frame, Posted};

#[derive(Template)]
#[template(path = "applications/page/secret.html")]
struct Secret {
    value: String,
    path: String,
    /// Where a copy is asked for.
    copy: String,
    csrf: Csrf,
    rotated: bool,
    public: bool,
}

/// The address alone shows nothing: it leads to the settings.
pub(super) async fn back(desk: Arc<Desk>) -> Result<Response, Failure> {
    let shown = Shown::load(&desk).await?;
    Ok(Redirect::to(&shown.path()).into_response())
}

/// The secret. The API notes each such read in the log (`mgmt_api_read`).
async fn read(desk: &Desk) -> Result<String, Failure> {
    desk.needs("read:client_keys")?;
    let opened = desk.api.get(&format!("{}?fields=client_secret", api_path(desk))).await?;
    let secret = opened.get("client_secret").and_then(Value::as_str);
    secret.map(str::to_owned).ok_or_else(|| Failure::missing("This application has no client secret."))
}

/// Where the secret is copied from.
pub(super) fn copy_path(shown: &Shown) -> String {
    format!("{}/secret/copy", shown.path())
}

/// The secret alone, for a button that copies it: it reads anew, so that each copy is in the log.
pub(super) async fn copy(desk: Arc<Desk>, _: Posted) -> Result<Response, Failure> {
    Ok(protected(read(&desk).await?.into_response()))
}

/// Shows the secret.
pub(super) async fn reveal(desk: Arc<Desk>, _: Posted) -> Result<Response, Failure> {
    let shown = Shown::load(&desk).await?;
    let body = Secret {
        value: read(&desk).await?,
        path: shown.path(),
        copy: copy_path(&shown),
        csrf: desk.csrf(),
        rotated: desk.query.get("rotated") == "true",
        public: shown.text("token_endpoint_auth_method") == "none",
    };
    Ok(desk.page(&shown.frame_below("", "Secret of the application"), &body))
}

fn rotating(desk: &Desk, shown: &Shown) -> (Frame, Confirm) {
    let confirm = Confirm::new(desk, "Rotate secret", shown.path())
        .that("The client secret of now stops working at once: whatever still sends it gets no more tokens.")
        .that("You are shown the new one. Put it where the application reads it as soon as you can.")
        .name(&shown.name, "name of the application");
    let confirm = if shown.alg() == "HS256" {
        confirm.that("ID tokens of this application are signed with the secret (HS256). Those of before cannot be verified with the new one.")
    } else {
        confirm.that("Tokens that were issued already stay good.")
    };
    (shown.frame_below("", "Rotate the client secret?"), confirm)
}

pub(super) async fn ask_rotate(desk: Arc<Desk>) -> Result<Response, Failure> {
    let shown = Shown::load(&desk).await?;
    desk.needs("update:client_keys")?;
    let (frame, confirm) = rotating(&desk, &shown);
    Ok(desk.page(&frame, &confirm))
}

/// Rotates, and has the browser send the same form on to [`reveal`]: whoever loads that page again sees the secret again
/// and does not rotate it again.
pub(super) async fn rotate(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let shown = Shown::load(&desk).await?;
    let (frame, confirm) = rotating(&desk, &shown);
    if let Some(missing) = confirm.missing(&desk, &frame, &posted) {
        return Ok(missing);
    }
    desk.api.post(&format!("{}/rotate-secret", api_path(&desk)), &json!({})).await?;
    if desk.may("read:client_keys") {
        let to = format!("{}/secret?rotated=true", shown.path());
        return Ok(Redirect::temporary(&to).into_response());
    }
    Ok(desk.done(
        &shown.path(),
        "The client secret was rotated. Somebody who may see it can reveal the new one.",
    ))
}
