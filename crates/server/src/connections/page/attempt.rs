//! Trying a connection out: to the provider and back, and what it said, or which check failed.
//!
//! Must never show the outcome of another connection, nor keep it longer than the text of it counts.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use http::header::{self, HeaderValue};
use serde_json::Value;

use super::{frame, own_path, read};
use crate::dashboard::ui::{Alert, Code, Csrf, Tone, text};
use crate::dashboard::{Desk, Failure, Posted, escaped};
use crate::db::DbError;
use crate::federation::trial::{self, Reason, Shown};
use crate::login::pages::paths;

/// The tab, which is none.
const NO_TAB: &str = "try";

#[derive(Template)]
#[template(path = "connections/attempt.html")]
struct Page {
    result: Option<Result<Words, Reason>>,
    /// Where to begin another one.
    again: String,
    csrf: Csrf,
    may: bool,
}

/// What a provider said, as text.
struct Words {
    user_id: String,
    members: String,
    said: String,
}

impl Words {
    fn of(Shown { user_id, members, said }: Shown) -> Self {
        let pretty = |value| serde_json::to_string_pretty(&Value::Object(value)).unwrap_or_default();
        Self { user_id, members: pretty(members), said: pretty(said) }
    }
}

/// What the trial has come to.
pub(super) async fn show(desk: Arc<Desk>) -> Result<Response, Failure> {
    let connection = read(&desk).await?;
    let wanted = desk.query.get(trial::OUTCOME);
    let found = trial::outcome(&desk.app, desk.tenant.id(), wanted).await;
    let found = found.map_err(|error| unanswered(&error))?;
    let found = found.filter(|outcome| outcome.connection_id == text(&connection, "id"));
    let body = Page {
        result: found.map(|outcome| outcome.result.map(Words::of)),
        again: format!("{}/try", own_path(&desk)),
        csrf: desk.csrf(),
        may: desk.may("update:connections"),
    };
    Ok(desk.page(&frame(&desk, &connection, NO_TAB), &body))
}

#[derive(Template)]
#[template(path = "connections/departing.html")]
struct Departing {
    to: String,
}

/// To the provider. A form may lead to pages of ours alone, so the page that it leads to goes on by itself.
pub(super) async fn begin(desk: Arc<Desk>, _: Posted) -> Result<Response, Failure> {
    desk.needs("update:connections")?;
    let connection = read(&desk).await?;
    let back = format!("{}/try", own_path(&desk));
    let offered = trial::offer(&desk.app, desk.tenant.id(), text(&connection, "id"), &back).await;
    let offered = offered.map_err(|error| unanswered(&error))?;
    let to = format!("{}?{}={}", paths::TRY, paths::STATE, escaped(&offered));
    let mut response = desk.page(&frame(&desk, &connection, NO_TAB), &Departing { to: to.clone() });
    if let Ok(refresh) = HeaderValue::from_str(&format!("0; url={to}")) {
        response.headers_mut().insert(header::REFRESH, refresh);
    }
    Ok(response)
}

fn unanswered(error: &DbError) -> Failure {
    tracing::error!(%error, "a trial could not be kept or found");
    Failure::new(StatusCode::SERVICE_UNAVAILABLE, "The database did not answer. Try again in a moment.")
}
