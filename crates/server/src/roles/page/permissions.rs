//! Permissions, given and to be given: of a role, or of a user.
//!
//! Must never give a permission that was not chosen.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::{api_path, frame, own_path};
use crate::dashboard::ui::{self, Alert, Csrf, Empty, Tone, text};
use crate::dashboard::{Cut, Desk, Failure, Listing, Posted, escaped, with_query};

const CUT: Cut = Cut::new(20).keeping(&["api"]);
/// How many permissions of an API are offered at once: whoever wants another one names a part of it.
const OFFERED: usize = 40;

/// An API to choose from.
pub struct Choice {
    id: String,
    name: String,
    identifier: String,
}

/// The permissions of the chosen API that are not given yet.
pub struct Offer {
    /// Whose they are.
    api: Choice,
    /// Value and description.
    permissions: Vec<(String, String)>,
    /// How many more there are than are offered.
    more: usize,
    /// Whether the API has any at all.
    has_some: bool,
}

/// The page.
#[derive(Template)]
#[template(path = "roles/permissions.html")]
pub struct Permissions {
    own: Listing<Value>,
    /// What the offered ones have in them.
    part: String,
    apis: Vec<Choice>,
    offer: Option<Offer>,
    csrf: Csrf,
    may: bool,
    problem: Option<String>,
}

impl Permissions {
    /// What somebody has, and what may be given to them if `may` says so.
    pub async fn load(desk: &Desk, own: Vec<Value>, may: bool) -> Result<Self, Failure> {
        let apis = if may { apis(desk).await? } else { Vec::new() };
        let wanted = desk.query.get("api");
        let chosen = apis.iter().find(|api| api.identifier == wanted).or(apis.first());
        let offer = match chosen {
            Some(api) => Some(offer(desk, api, &own).await?),
            None => None,
        };
        let words = |one: &Value| {
            ["permission_name", "description", "resource_server_name"].map(|name| text(one, name)).join(" ")
        };
        let own = Listing::searched(desk, CUT, ("Search permissions", words), own);
        let part = desk.query.get("part").to_owned();
        Ok(Self { own, part, apis, offer, csrf: desk.csrf(), may, problem: None })
    }

    /// Says what is wrong.
    pub fn problem(self, text: String) -> Self {
        Self { problem: Some(text), ..self }
    }

    fn is_chosen(&self, api: &Choice) -> bool {
        self.offer.as_ref().is_some_and(|offer| offer.api.id == api.id)
    }
}

/// The permissions at `path`, all of them.
pub async fn given(desk: &Desk, path: &str) -> Result<Vec<Value>, Failure> {
    desk.api.all(path, "permissions").await
}

/// The APIs whose permissions can be given.
async fn apis(desk: &Desk) -> Result<Vec<Choice>, Failure> {
    let found =
        desk.api.all("/resource-servers?fields=id,name,identifier,is_system", "resource_servers").await?;
    let apis = found.iter().filter(|api| api.get("is_system") != Some(&Value::Bool(true))).map(|api| {
        let identifier = text(api, "identifier");
        let name = Some(text(api, "name")).filter(|name| !name.is_empty()).unwrap_or(identifier);
        Choice { id: text(api, "id").to_owned(), name: name.to_owned(), identifier: identifier.to_owned() }
    });
    Ok(apis.collect())
}

async fn offer(desk: &Desk, api: &Choice, own: &[Value]) -> Result<Offer, Failure> {
    let path = format!("/resource-servers/{}?fields=scopes", escaped(&api.id));
    let found = desk.api.look(&path).await?.unwrap_or_default();
    let scopes = found.get("scopes").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let is_given = |value: &str| {
        own.iter().any(|one| {
            text(one, "permission_name") == value && text(one, "resource_server_identifier") == api.identifier
        })
    };
    let part = desk.query.get("part").to_lowercase();
    let has_part = |scope: &Value| {
        ["value", "description"].iter().any(|name| text(scope, name).to_lowercase().contains(&part))
    };
    let free: Vec<&Value> =
        scopes.iter().filter(|scope| !is_given(text(scope, "value")) && has_part(scope)).collect();
    let shown = |scope: &Value| (text(scope, "value").to_owned(), text(scope, "description").to_owned());
    Ok(Offer {
        api: Choice { id: api.id.clone(), name: api.name.clone(), identifier: api.identifier.clone() },
        more: free.len().saturating_sub(OFFERED),
        permissions: free.into_iter().take(OFFERED).map(shown).collect(),
        has_some: !scopes.is_empty(),
    })
}

/// Gives what a form names, or takes it away, at `path`: what was done, or why it was not.
pub async fn change(
    desk: &Desk,
    path: &str,
    posted: &Posted,
) -> Result<Result<&'static str, String>, Failure> {
    let api = posted.get("api");
    let named = |name: &String| json!({ "resource_server_identifier": api, "permission_name": name });
    let permissions: Vec<Value> = posted.all("permission").iter().map(named).collect();
    if permissions.is_empty() {
        return Ok(Err("Nothing was changed: choose at least one permission.".to_owned()));
    }
    let body = json!({ "permissions": permissions });
    let (done, said) = if posted.get("do") == "remove" {
        (desk.api.delete(path, Some(&body)).await, "The permission was removed.")
    } else {
        (desk.api.post(path, &body).await, "The permissions were added.")
    };
    match done {
        Ok(_) => Ok(Ok(said)),
        Err(failure) if failure.is_mendable() => Ok(Err(failure.message)),
        Err(failure) => Err(failure),
    }
}

/// Where a change leads back to: the same API stays chosen.
pub fn after(back: &str, posted: &Posted) -> String {
    with_query(back, &[("api", posted.get("api"))])
}

async fn page(desk: &Desk) -> Result<Permissions, Failure> {
    let own = given(desk, &format!("{}/permissions", api_path(desk))).await?;
    Permissions::load(desk, own, desk.may("update:roles")).await
}

pub(super) async fn show(desk: Arc<Desk>) -> Result<Response, Failure> {
    let frame = frame(&desk, "permissions").await?;
    Ok(desk.page(&frame, &page(&desk).await?))
}

pub(super) async fn permit(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    match change(&desk, &format!("{}/permissions", api_path(&desk)), &posted).await? {
        Ok(said) => Ok(desk.done(&after(&format!("{}/permissions", own_path(&desk)), &posted), said)),
        Err(problem) => {
            let body = page(&desk).await?.problem(problem);
            Ok(desk.page_with(StatusCode::BAD_REQUEST, &frame(&desk, "permissions").await?, &body))
        }
    }
}
