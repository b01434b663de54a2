//! What a user has: sessions and refresh tokens, roles, permissions, authorized applications; and their history.
//!
//! Must never end or give anything but what was asked for.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use serde_json::{Value, json};

use super::{api_path, frame, load, own_path};
use crate::dashboard::ui::{self, Badge, Csrf, Empty, Moment, Tone, rows, text};
use crate::dashboard::{Desk, Failure, Posted, escaped};
use crate::roles::page::{Permissions, named_permissions, offers};

#[derive(Template)]
#[template(path = "users/devices.html")]
struct Devices {
    sessions: Vec<Value>,
    tokens: Vec<Value>,
    csrf: Csrf,
    may_sessions: bool,
    may_tokens: bool,
}

pub(super) async fn devices(desk: Arc<Desk>) -> Result<Response, Failure> {
    let sessions =
        desk.api.look(&format!("{}/sessions?take=100", api_path(&desk))).await?.unwrap_or_default();
    let tokens =
        desk.api.look(&format!("{}/refresh-tokens?take=100", api_path(&desk))).await?.unwrap_or_default();
    let body = Devices {
        sessions: rows(&sessions, "sessions").0.to_vec(),
        tokens: rows(&tokens, "tokens").0.to_vec(),
        csrf: desk.csrf(),
        may_sessions: desk.may("delete:sessions"),
        may_tokens: desk.may("delete:refresh_tokens"),
    };
    super::within(&desk, "devices", &body).await
}

pub(super) async fn end(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let id = escaped(posted.get("id"));
    let (path, said) = match posted.get("do") {
        "session" => (format!("/sessions/{id}"), "The session has ended."),
        "token" => (format!("/refresh-tokens/{id}"), "The refresh token was revoked."),
        _ => (format!("{}/sessions", api_path(&desk)), "All sessions of the user are ending."),
    };
    desk.api.delete(&path, None).await?;
    Ok(desk.done(&format!("{}/devices", own_path(&desk)), said))
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
    csrf: Csrf,
    may: bool,
}

pub(super) async fn roles(desk: Arc<Desk>) -> Result<Response, Failure> {
    let own = desk.api.get(&format!("{}/roles?per_page=100", api_path(&desk))).await?;
    let own: Vec<String> = rows(&own, "roles").0.iter().map(|role| text(role, "id").to_owned()).collect();
    let all = desk.api.get("/roles?per_page=100").await?;
    let role = |value: &Value| Role {
        has: own.iter().any(|id| id == text(value, "id")),
        id: text(value, "id").to_owned(),
        name: text(value, "name").to_owned(),
        description: text(value, "description").to_owned(),
    };
    let body = Roles {
        all: rows(&all, "roles").0.iter().map(role).collect(),
        csrf: desk.csrf(),
        may: desk.may("update:users"),
    };
    super::within(&desk, "roles", &body).await
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

pub(super) async fn permissions(desk: Arc<Desk>) -> Result<Response, Failure> {
    let own = desk.api.get(&format!("{}/permissions?per_page=100", api_path(&desk))).await?;
    let direct = |one: &&Value| {
        let sources = one.get("sources").and_then(Value::as_array);
        sources.is_none_or(|sources| sources.iter().any(|source| text(source, "source_type") == "DIRECT"))
    };
    let own: Vec<Value> = rows(&own, "permissions").0.iter().filter(direct).cloned().collect();
    let offers = offers(&desk, &own).await?;
    let body = Permissions { own, offers, csrf: desk.csrf(), may: desk.may("update:users") };
    super::within(&desk, "permissions", &body).await
}

pub(super) async fn permit(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let path = format!("{}/permissions", api_path(&desk));
    let back = format!("{}/permissions", own_path(&desk));
    if posted.get("do") == "remove" {
        desk.api.delete(&path, Some(&named_permissions(&posted))).await?;
        return Ok(desk.done(&back, "The permission was removed."));
    }
    desk.api.post(&path, &named_permissions(&posted)).await?;
    Ok(desk.done(&back, "The permissions were added."))
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
    all: Vec<Grant>,
    csrf: Csrf,
    may: bool,
}

pub(super) async fn grants(desk: Arc<Desk>) -> Result<Response, Failure> {
    let answer =
        desk.api.look(&format!("/grants?user_id={}", escaped(desk.name("id")))).await?.unwrap_or_default();
    let mut grants = Vec::new();
    for grant in rows(&answer, "grants").0 {
        let id = escaped(text(grant, "clientID"));
        let client = desk.api.look(&format!("/clients/{id}?fields=name")).await?.unwrap_or_default();
        let scope =
            grant.get("scope").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        grants.push(Grant {
            id: text(grant, "id").to_owned(),
            client: text(&client, "name").to_owned(),
            audience: text(grant, "audience").to_owned(),
            scope: scope.collect::<Vec<_>>().join(" "),
        });
    }
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
}

pub(super) async fn history(desk: Arc<Desk>) -> Result<Response, Failure> {
    let user = load(&desk).await?;
    let answer = desk.api.get(&format!("{}/logs?per_page=50&sort=date:-1", api_path(&desk))).await?;
    let body = History { entries: rows(&answer, "logs").0.to_vec() };
    Ok(desk.page(&frame(&desk, &user, "history"), &body))
}
