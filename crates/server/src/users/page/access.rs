//! What a user has: sessions and refresh tokens, roles, permissions, authorized applications; and their history.
//!
//! Must never end or give anything but what was asked for.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::{api_path, frame, load, own_path};
use crate::dashboard::ui::{self, Badge, Csrf, Empty, Moment, Pager, Tone, rows, text};
use crate::dashboard::{Confirm, Cut, Desk, Failure, Listing, Posted, Search, escaped, with_query};
use crate::roles::page::permissions::{Permissions, after, change, given};

/// How many sessions and tokens are shown: whoever has more ends all of them.
const MOST: usize = 100;
const SESSIONS: Cut = Cut::new(10).page("sessions").keeping(&["tokens"]);
const TOKENS: Cut = Cut::new(10).page("tokens").keeping(&["sessions"]);
const GRANTS: Cut = Cut::new(25);

#[derive(Template)]
#[template(path = "users/devices.html")]
struct Devices {
    sessions: Listing<Value>,
    /// The tokens, and the names of their applications.
    tokens: Listing<(Value, String)>,
    csrf: Csrf,
    home: String,
    /// Whether there are more than are shown.
    more: bool,
    may_sessions: bool,
    may_tokens: bool,
}

/// The names of applications, each asked for once.
struct Names<'a> {
    desk: &'a Desk,
    known: BTreeMap<String, String>,
}

impl<'a> Names<'a> {
    fn new(desk: &'a Desk) -> Self {
        Self { desk, known: BTreeMap::new() }
    }

    /// The name of an application; its id where it has none, or is not there any more.
    async fn of(&mut self, client_id: &str) -> Result<String, Failure> {
        if let Some(name) = self.known.get(client_id) {
            return Ok(name.clone());
        }
        let path = format!("/clients/{}?fields=name", escaped(client_id));
        let client = self.desk.api.look(&path).await?.unwrap_or_default();
        let name =
            Some(text(&client, "name")).filter(|name| !name.is_empty()).unwrap_or(client_id).to_owned();
        self.known.insert(client_id.to_owned(), name.clone());
        Ok(name)
    }
}

pub(super) async fn devices(desk: Arc<Desk>) -> Result<Response, Failure> {
    let user = load(&desk).await?;
    let list = async |name: &str| -> Result<Value, Failure> {
        let path = format!("{}/{name}?take={MOST}", api_path(&desk));
        Ok(desk.api.look(&path).await?.unwrap_or_default())
    };
    let (sessions, found) = (list("sessions").await?, list("refresh-tokens").await?);
    let shown = Listing::of(&desk, TOKENS, rows(&found, "tokens").0.to_vec());
    let mut names = Names::new(&desk);
    let mut tokens = Vec::new();
    for token in shown.rows {
        let name = names.of(text(&token, "client_id")).await?;
        tokens.push((token, name));
    }
    let more = |answer: &Value| answer.get("next").is_some_and(|next| !next.is_null());
    let body = Devices {
        sessions: Listing::of(&desk, SESSIONS, rows(&sessions, "sessions").0.to_vec()),
        tokens: Listing { rows: tokens, search: shown.search, pager: shown.pager },
        csrf: desk.csrf(),
        home: own_path(&desk),
        more: more(&sessions) || more(&found),
        may_sessions: desk.may("delete:sessions"),
        may_tokens: desk.may("delete:refresh_tokens"),
    };
    Ok(desk.page(&frame(&desk, &user, "devices"), &body))
}

pub(super) async fn end(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let id = escaped(posted.get("id"));
    let (path, said) = match posted.get("do") {
        "session" => (format!("/sessions/{id}"), "The session has ended."),
        "token" => (format!("/refresh-tokens/{id}"), "The refresh token was revoked."),
        _ => return Err(Failure::new(StatusCode::BAD_REQUEST, "Nothing was done: choose what is to end.")),
    };
    desk.api.delete(&path, None).await?;
    Ok(desk.done(&format!("{}/devices", own_path(&desk)), said))
}

fn ending(desk: &Desk) -> Confirm {
    let confirm = Confirm::new(desk, "Sign out everywhere", format!("{}/devices", own_path(desk)));
    let confirm = if desk.may("delete:sessions") {
        confirm.that("Every session of the user ends: each browser has to sign in again.")
    } else {
        confirm
    };
    let confirm = if desk.may("delete:refresh_tokens") {
        confirm
            .that("Every refresh token of the user is revoked: applications have to sign the user in again.")
    } else {
        confirm
    };
    confirm.that("Access tokens that applications have stay good until they expire.")
}

pub(super) async fn ask_end_all(desk: Arc<Desk>) -> Result<Response, Failure> {
    super::within(&desk, "devices", &ending(&desk)).await
}

pub(super) async fn end_all(desk: Arc<Desk>, _: Posted) -> Result<Response, Failure> {
    if !desk.may("delete:sessions") && !desk.may("delete:refresh_tokens") {
        return Err(Failure::forbidden());
    }
    if desk.may("delete:sessions") {
        desk.api.delete(&format!("{}/sessions", api_path(&desk)), None).await?;
    }
    if desk.may("delete:refresh_tokens") {
        desk.api.delete(&format!("{}/refresh-tokens", api_path(&desk)), None).await?;
    }
    Ok(desk.done(&format!("{}/devices", own_path(&desk)), "The user is signed out everywhere."))
}

struct Role {
    id: String,
    name: String,
    description: String,
    has: bool,
}

#[derive(Template)]
#[template(path = "users/roles.html")]
struct Roles {
    all: Vec<Role>,
    pager: Pager,
    search: Search,
    csrf: Csrf,
    may: bool,
}

pub(super) async fn roles(desk: Arc<Desk>) -> Result<Response, Failure> {
    const PER_PAGE: u64 = 25;
    let user = load(&desk).await?;
    let own = desk.api.get(&format!("{}/roles?per_page=100", api_path(&desk))).await?;
    let own: Vec<&str> = rows(&own, "roles").0.iter().map(|role| text(role, "id")).collect();
    let (page, q) = (desk.page_number(), desk.query.get("q"));
    let path = format!("/roles?include_totals=true&per_page={PER_PAGE}&page={page}");
    let all = desk.api.get(&with_query(&path, &[("name_filter", q)])).await?;
    let (list, total) = rows(&all, "roles");
    let role = |value: &Value| Role {
        has: own.contains(&text(value, "id")),
        id: text(value, "id").to_owned(),
        name: text(value, "name").to_owned(),
        description: text(value, "description").to_owned(),
    };
    let base = format!("?q={}&page=", escaped(q));
    let pager = Pager { list: "list", page, per_page: PER_PAGE, total, base };
    let body = Roles {
        all: list.iter().map(role).collect(),
        search: Search::new("Search roles", q, &pager),
        pager,
        csrf: desk.csrf(),
        may: desk.may("update:users"),
    };
    Ok(desk.page(&frame(&desk, &user, "roles"), &body))
}

pub(super) async fn assign(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let path = format!("{}/roles", api_path(&desk));
    let back = format!("{}/roles", own_path(&desk));
    let roles = json!({ "roles": [posted.get("role")] });
    if posted.get("do") == "remove" {
        desk.api.delete(&path, Some(&roles)).await?;
        return Ok(desk.done(&back, "The user does not have the role any more."));
    }
    desk.api.post(&path, &roles).await?;
    Ok(desk.done(&back, "The user has the role now."))
}

async fn permissions_page(desk: &Desk) -> Result<Permissions, Failure> {
    let own = given(desk, &format!("{}/permissions", api_path(desk))).await?;
    let direct = |one: &Value| {
        let sources = one.get("sources").and_then(Value::as_array);
        sources.is_none_or(|sources| sources.iter().any(|source| text(source, "source_type") == "DIRECT"))
    };
    Permissions::load(desk, own.into_iter().filter(direct).collect(), desk.may("update:users")).await
}

pub(super) async fn permissions(desk: Arc<Desk>) -> Result<Response, Failure> {
    super::within(&desk, "permissions", &permissions_page(&desk).await?).await
}

pub(super) async fn permit(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    match change(&desk, &format!("{}/permissions", api_path(&desk)), &posted).await? {
        Ok(said) => Ok(desk.done(&after(&format!("{}/permissions", own_path(&desk)), &posted), said)),
        Err(problem) => {
            let body = permissions_page(&desk).await?.problem(problem);
            let user = load(&desk).await?;
            Ok(desk.page_with(http::StatusCode::BAD_REQUEST, &frame(&desk, &user, "permissions"), &body))
        }
    }
}

struct Grant {
    id: String,
    client: String,
    audience: String,
    scope: String,
}

#[derive(Template)]
#[template(path = "users/grants.html")]
struct Grants {
    all: Listing<Grant>,
    csrf: Csrf,
    may: bool,
}

pub(super) async fn grants(desk: Arc<Desk>) -> Result<Response, Failure> {
    let answer =
        desk.api.look(&format!("/grants?user_id={}", escaped(desk.name("id")))).await?.unwrap_or_default();
    let mut names = Names::new(&desk);
    let mut grants = Vec::new();
    for grant in rows(&answer, "grants").0 {
        let scope =
            grant.get("scope").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        grants.push(Grant {
            id: text(grant, "id").to_owned(),
            client: names.of(text(grant, "clientID")).await?,
            audience: text(grant, "audience").to_owned(),
            scope: scope.collect::<Vec<_>>().join(" "),
        });
    }
    let words = |one: &Grant| format!("{} {}", one.client, one.audience);
    let grants = Listing::searched(&desk, GRANTS, ("Search applications and APIs", words), grants);
    let body = Grants { all: grants, csrf: desk.csrf(), may: desk.may("delete:grants") };
    super::within(&desk, "applications", &body).await
}

pub(super) async fn revoke(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    desk.api.delete(&format!("/grants/{}", escaped(posted.get("id"))), None).await?;
    let back = format!("{}/applications", own_path(&desk));
    Ok(desk.done(&back, "The authorization was taken back, with the refresh tokens that rested on it."))
}

#[derive(Template)]
#[template(path = "users/history.html")]
struct History {
    entries: Vec<Value>,
    pager: Pager,
}

pub(super) async fn history(desk: Arc<Desk>) -> Result<Response, Failure> {
    const PER_PAGE: u64 = 50;
    let user = load(&desk).await?;
    let page = desk.page_number();
    let path =
        format!("{}/logs?include_totals=true&per_page={PER_PAGE}&page={page}&sort=date:-1", api_path(&desk));
    let answer = desk.api.look(&path).await?.unwrap_or_default();
    let (entries, total) = rows(&answer, "logs");
    let body = History {
        entries: entries.to_vec(),
        pager: Pager { list: "list", page, per_page: PER_PAGE, total, base: "?page=".to_owned() },
    };
    Ok(desk.page(&frame(&desk, &user, "history"), &body))
}
