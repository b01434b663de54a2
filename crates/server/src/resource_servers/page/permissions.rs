//! The permissions of an API: named, described, removed.
//!
//! Must never remove one before it was said what that means.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::{api_path, frame, is_system, load, own_path};
use crate::dashboard::form::stamp;
use crate::dashboard::ui::{self, Csrf, Empty, text};
use crate::dashboard::{Confirm, Cut, Desk, Failure, Frame, Listing, Posted, with_query};

const CUT: Cut = Cut::new(50);

#[derive(Template)]
#[template(path = "resource_servers/permissions.html")]
struct Permissions {
    /// Each with the address of the page that removes it.
    scopes: Listing<(Value, String)>,
    csrf: Csrf,
    /// The digest of the permissions that are shown.
    seen: String,
    may: bool,
    /// What was typed, and what is wrong with it.
    value: String,
    description: String,
    problem: Option<String>,
}

fn scopes(api: &Value) -> Vec<Value> {
    api.get("scopes").and_then(Value::as_array).cloned().unwrap_or_default()
}

fn seen(api: &Value) -> String {
    stamp(&Value::Array(scopes(api)))
}

fn home(desk: &Desk) -> String {
    format!("{}/permissions", own_path(desk))
}

fn page(desk: &Desk, api: &Value) -> Permissions {
    let removal =
        |scope: &Value| with_query(&format!("{}/remove", home(desk)), &[("value", text(scope, "value"))]);
    let all = scopes(api).into_iter().map(|scope| (scope.clone(), removal(&scope))).collect();
    let words =
        |(scope, _): &(Value, String)| format!("{} {}", text(scope, "value"), text(scope, "description"));
    Permissions {
        scopes: Listing::searched(desk, CUT, ("Search permissions", words), all),
        csrf: desk.csrf(),
        seen: seen(api),
        may: desk.may("update:resource_servers") && !is_system(api),
        value: String::new(),
        description: String::new(),
        problem: None,
    }
}

pub(super) async fn show(desk: Arc<Desk>) -> Result<Response, Failure> {
    let api = load(&desk).await?;
    Ok(desk.page(&frame(&desk, &api, "permissions"), &page(&desk, &api)))
}

/// Adds a permission, or describes one anew.
pub(super) async fn put(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let api = load(&desk).await?;
    let mut all = scopes(&api);
    let (value, description) = (posted.get("value"), posted.get("description"));
    let new = json!({ "value": value, "description": description });
    let again = |status: StatusCode, problem: &str| {
        let body = Permissions {
            value: value.to_owned(),
            description: description.to_owned(),
            problem: Some(problem.to_owned()),
            ..page(&desk, &api)
        };
        Ok(desk.page_with(status, &frame(&desk, &api, "permissions"), &body))
    };
    if all.iter().any(|scope| text(scope, "value") == value) && posted.get("seen") != seen(&api) {
        let problem = "Somebody changed the permissions since you opened this page, and this one is there. Add it again \
            to put your description in the place of theirs.";
        return again(StatusCode::CONFLICT, problem);
    }
    let said = if let Some(known) = all.iter_mut().find(|scope| text(scope, "value") == value) {
        *known = new;
        "The permission is described anew."
    } else {
        all.push(new);
        "The permission was added."
    };
    match desk.api.patch(&api_path(&desk), &json!({ "scopes": all })).await {
        Ok(_) => Ok(desk.done(&home(&desk), said)),
        Err(failure) if failure.status == StatusCode::BAD_REQUEST => again(failure.status, &failure.reason()),
        Err(failure) => Err(failure),
    }
}

/// The permission that is meant, what else there is, and the question.
fn removing(desk: &Desk, api: &Value, value: &str) -> Result<(Vec<Value>, Frame, Confirm), Failure> {
    let (gone, rest): (Vec<Value>, Vec<Value>) =
        scopes(api).into_iter().partition(|scope| text(scope, "value") == value);
    if gone.is_empty() {
        return Err(Failure::missing("The API does not have this permission (any more)."));
    }
    let mut frame = frame(desk, api, "permissions");
    frame.title = format!("Remove {value}?");
    let confirm = Confirm::new(desk, "Remove permission", home(desk))
        .carrying("value", value)
        .that(format!("No new token for {} contains {value}, whoever asks.", text(api, "name")))
        .that("Tokens that contain it already stay good until they expire.")
        .name(value, "permission");
    Ok((rest, frame, confirm))
}

pub(super) async fn ask_remove(desk: Arc<Desk>) -> Result<Response, Failure> {
    let api = load(&desk).await?;
    let (_, frame, confirm) = removing(&desk, &api, desk.query.get("value"))?;
    Ok(desk.page(&frame, &confirm))
}

pub(super) async fn remove(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let api = load(&desk).await?;
    let (rest, frame, confirm) = removing(&desk, &api, posted.get("value"))?;
    if let Some(missing) = confirm.missing(&desk, &frame, &posted) {
        return Ok(missing);
    }
    match desk.api.patch(&api_path(&desk), &json!({ "scopes": rest })).await {
        Ok(_) => Ok(desk.done(&home(&desk), "The permission was removed.")),
        Err(failure) if failure.is_mendable() => {
            Ok(desk.page_with(failure.status, &frame, &confirm.problem(failure.message)))
        }
        Err(failure) => Err(failure),
    }
}
