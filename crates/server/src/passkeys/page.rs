//! The Dashboard's page of one's own passkeys: add, see when they were used, remove.
//!
//! Making one needs a script, as browsers have no other way. Must never remove one whose name was not shown.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use crate::app::App;
use crate::dashboard::assets;
use crate::dashboard::ui::{self, Csrf, Empty, Moment, Tone, rows, text};
use crate::dashboard::{Confirm, Desk, Failure, Frame, Posted, Room, action, escaped, screen};

/// Where the page is.
pub const HOME: &str = "/dashboard/account/passkeys";
const OPERATIONS: &str = "/tenants/members/me/passkeys";

/// The pages.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route(HOME, screen(show).merge(action(add)))
        .route("/dashboard/account/passkeys/{id}/remove", screen(ask_remove).merge(action(remove)))
}

#[derive(Template)]
#[template(path = "passkeys/page.html")]
struct Page {
    passkeys: Vec<Value>,
    /// What the browser needs, as JSON; none where passkeys do not work.
    options: Option<String>,
    name: String,
    /// Whether it is the first thing that an administrator sees.
    offered: bool,
    csrf: Csrf,
    problem: Option<String>,
}

impl Page {
    #[expect(clippy::unused_self, reason = "templates call methods of their page")]
    fn synced(&self, one: &Value) -> bool {
        one.get("synced") == Some(&Value::Bool(true))
    }

    #[expect(clippy::unused_self, reason = "templates call methods of their page")]
    fn id(&self, one: &Value) -> String {
        escaped(text(one, "id"))
    }
}

fn frame() -> Frame {
    Frame::new(Room::Settings, "Passkeys").lead("Sign in to this Dashboard without typing a password.")
}

async fn page(desk: &Desk) -> Result<Page, Failure> {
    let own = desk.api.get(OPERATIONS).await?;
    let options = match desk.api.get(&format!("{OPERATIONS}/options")).await {
        Ok(options) => Some(options.to_string()),
        Err(failure) if failure.is_mendable() => None,
        Err(failure) => return Err(failure),
    };
    Ok(Page {
        passkeys: rows(&own, "passkeys").0.to_vec(),
        options,
        name: format!("{}'s device", desk.who.email.split('@').next().unwrap_or_default()),
        offered: !desk.query.get("offered").is_empty(),
        csrf: desk.csrf(),
        problem: None,
    })
}

async fn show(desk: Arc<Desk>) -> Result<Response, Failure> {
    let page = page(&desk).await?;
    Ok(desk.page(&frame(), &page))
}

async fn add(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let again = async |status, problem: String| {
        let page = Page { problem: Some(problem), name: posted.get("name").to_owned(), ..page(&desk).await? };
        Ok(desk.page_with(status, &frame(), &page))
    };
    if posted.get("credential").is_empty() {
        let text =
            "Nothing was added: the browser has made no passkey. Allow scripts on this page and try again.";
        return again(StatusCode::BAD_REQUEST, text.to_owned()).await;
    }
    let body = json!({ "name": posted.get("name"), "credential": posted.get("credential") });
    match desk.api.post(OPERATIONS, &body).await {
        Ok(_) => Ok(desk.done(HOME, "The passkey was added. Next time you can sign in with it.")),
        Err(failure) if failure.is_mendable() => again(failure.status, failure.reason()).await,
        Err(failure) => Err(failure),
    }
}

async fn removing(desk: &Desk) -> Result<Confirm, Failure> {
    let own = desk.api.get(OPERATIONS).await?;
    let found = rows(&own, "passkeys").0.iter().find(|one| text(one, "id") == desk.name("id"));
    let name = text(found.ok_or_else(|| Failure::missing("There is no such passkey."))?, "name").to_owned();
    Ok(Confirm::new(desk, "Remove passkey", HOME)
        .that(format!("Nobody can sign in with the passkey \"{name}\" any more."))
        .that("It stays on its device until you delete it there.")
        .name(&name, "name of the passkey"))
}

async fn ask_remove(desk: Arc<Desk>) -> Result<Response, Failure> {
    let confirm = removing(&desk).await?;
    Ok(desk.page(&frame(), &confirm))
}

async fn remove(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    if let Some(missing) = removing(&desk).await?.missing(&desk, &frame(), &posted) {
        return Ok(missing);
    }
    let path = format!("{OPERATIONS}/{}", escaped(desk.name("id")));
    match desk.api.delete(&path, None).await {
        Ok(_) => Ok(desk.done(HOME, "The passkey was removed.")),
        Err(failure) if failure.status == StatusCode::NOT_FOUND => {
            Ok(desk.done(HOME, "It was removed already."))
        }
        Err(failure) => Err(failure),
    }
}
