//! The client secret of a connection, shown to whoever asks for it.
//!
//! Must never stand in an address or in a page that was not asked for it by a form of ours. Private keys are never shown.

use std::sync::Arc;

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use serde_json::Value;

use super::{api_path, frame, own_path, read};
use crate::dashboard::ui::{CopyField, Empty, text};
use crate::dashboard::{Desk, Failure, Posted};

/// Whoever may change a secret may see it.
pub(super) const SCOPE: &str = "update:connections";

#[derive(Template)]
#[template(path = "connections/secret.html")]
struct Secret {
    value: String,
    path: String,
}

/// The address alone shows nothing: it leads to the settings.
pub(super) async fn back(desk: Arc<Desk>) -> Result<Response, Failure> {
    Ok(Redirect::to(&own_path(&desk)).into_response())
}

/// Shows the secret. The API notes each such read in the log (`mgmt_api_read`).
pub(super) async fn reveal(desk: Arc<Desk>, _: Posted) -> Result<Response, Failure> {
    desk.needs(SCOPE)?;
    let connection = read(&desk).await?;
    let opened = desk.api.get(&format!("{}?fields=options", api_path(&desk))).await?;
    let value = text(opened.get("options").unwrap_or(&Value::Null), "client_secret").to_owned();
    let mut frame = frame(&desk, &connection, "");
    frame.title = format!("Secret of {}", text(&connection, "name"));
    Ok(desk.page(&frame, &Secret { value, path: own_path(&desk) }))
}
