//! Monitoring > Logs: what happened in the tenant, newest first; filters, details, and a log that follows.
//!
//! Must never ask for more than the API answers to this administrator.

mod names;
mod wish;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::response::Response;
use http::StatusCode;
use serde_json::Value;

use crate::app::App;
use crate::dashboard::ui::{Badge, Code, Empty, Moment, Pager, rows, text};
use crate::dashboard::{Desk, Failure, Frame, Room, escaped, screen, with_query};
use names::{GROUPS, named};
use wish::Wish;

const HOME: &str = "/dashboard/logs";
const PER_PAGE: u64 = 50;

/// The pages.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route(HOME, screen(list))
        .route("/dashboard/logs/tail", screen(tail))
        .route("/dashboard/logs/{id}", screen(one))
}

struct Entry {
    id: String,
    badge: Badge,
    description: String,
    who: String,
    ip: String,
    value: Value,
}

impl Entry {
    fn of(value: &Value) -> Self {
        let (label, tone) = named(text(value, "type"));
        let user = text(value, "user_name");
        let who = if user.is_empty() { text(value, "client_name") } else { user };
        Self {
            id: text(value, "log_id").to_owned(),
            badge: Badge::new(tone, label),
            description: text(value, "description").to_owned(),
            who: if who.is_empty() { text(value, "client_id").to_owned() } else { who.to_owned() },
            ip: text(value, "ip").to_owned(),
            value: value.clone(),
        }
    }
}

#[derive(Template)]
#[template(path = "logs/rows.html")]
struct Rows {
    entries: Vec<Entry>,
}

#[derive(Template)]
#[template(path = "logs/page.html")]
struct List {
    rows: Rows,
    pager: Pager,
    groups: &'static [(&'static str, &'static str, &'static [&'static str])],
    wish: Wish,
    problem: Option<String>,
    /// Whether newer entries may come to the top.
    follows: bool,
    tail: String,
}

async fn list(desk: Arc<Desk>) -> Result<Response, Failure> {
    let wish = Wish::of(&desk);
    let page = desk.page_number();
    let problem = wish.problem(&desk).await?;
    let answer = if problem.is_some() { Value::Null } else { asked(&desk, &wish, page).await? };
    let (entries, total) = rows(&answer, "logs");
    let own = wish.address(HOME);
    let separator = if own.contains('?') { '&' } else { '?' };
    let body = List {
        rows: Rows { entries: entries.iter().map(Entry::of).collect() },
        pager: Pager {
            list: "list",
            page,
            per_page: PER_PAGE,
            total,
            base: format!("{own}{separator}page="),
        },
        groups: GROUPS,
        follows: page == 0 && problem.is_none(),
        problem,
        tail: wish.address("/dashboard/logs/tail"),
        wish,
    };
    let frame = Frame::new(Room::Monitoring, "Logs").lead("What happened in this tenant, and who did it.");
    Ok(desk.page(&frame, &body))
}

async fn asked(desk: &Desk, wish: &Wish, page: u64) -> Result<Value, Failure> {
    let (page, per_page) = (page.to_string(), PER_PAGE.to_string());
    let query = wish.query(None);
    let part = [
        ("include_totals", "true"),
        ("sort", "date:-1"),
        ("per_page", &per_page),
        ("page", &page),
        ("q", &query),
    ];
    desk.api.get(&with_query("/logs", &part)).await
}

/// The entries that are newer than the one that is shown first, and once more those from shortly before it: an entry can
/// be written a moment after a younger one. The script leaves out what is shown already.
async fn tail(desk: Arc<Desk>) -> Result<Response, Failure> {
    let wish = Wish::of(&desk);
    if let Some(problem) = wish.problem(&desk).await? {
        return Err(Failure::new(StatusCode::BAD_REQUEST, problem));
    }
    let query = wish.query(wish::shortly_before(desk.query.get("from")));
    let path = with_query("/logs", &[("sort", "date:-1"), ("per_page", "100"), ("q", &query)]);
    let answer = desk.api.get(&path).await?;
    let entries = rows(&answer, "logs").0.iter().map(Entry::of).collect();
    Ok(desk.fragment(&Rows { entries }))
}

#[derive(Template)]
#[template(path = "logs/entry.html")]
struct One {
    entry: Entry,
    json: String,
    facts: Vec<(&'static str, String)>,
    /// The other entries about the same: address and label.
    alike: Vec<(String, &'static str)>,
}

async fn one(desk: Arc<Desk>) -> Result<Response, Failure> {
    let value = desk.api.get(&format!("/logs/{}", escaped(desk.name("id")))).await?;
    let names = [
        ("User", "user_name"),
        ("User ID", "user_id"),
        ("Application", "client_name"),
        ("Client ID", "client_id"),
        ("Connection", "connection"),
        ("Audience", "audience"),
        ("Scope", "scope"),
        ("IP address", "ip"),
        ("User agent", "user_agent"),
    ];
    let fact = |&(label, name): &(&'static str, &str)| (label, text(&value, name).to_owned());
    let alike = [("user_id", "Logs of this user"), ("client_id", "Logs of this application")];
    let alike = alike.iter().filter(|(name, _)| !text(&value, name).is_empty());
    let body = One {
        alike: alike.map(|(name, label)| (with_query(HOME, &[(name, text(&value, name))]), *label)).collect(),
        json: serde_json::to_string_pretty(&value).unwrap_or_default(),
        facts: names.iter().map(fact).filter(|(_, value)| !value.is_empty()).collect(),
        entry: Entry::of(&value),
    };
    let title = if body.entry.description.is_empty() {
        body.entry.badge.text.clone()
    } else {
        body.entry.description.clone()
    };
    Ok(desk.page(&Frame::new(Room::Monitoring, title).up(HOME, "Logs"), &body))
}
