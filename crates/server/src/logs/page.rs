//! Monitoring > Logs: what happened in the tenant, newest first; filters, details, and a log that follows.
//!
//! Must never ask for more than the API answers to this administrator.

mod names;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::response::Response;
use serde_json::Value;

use crate::app::App;
use crate::dashboard::ui::{Badge, Code, Empty, Moment, Pager, rows, text};
use crate::dashboard::{Desk, Failure, Frame, Room, escaped, screen, with_query};
use names::{GROUPS, named};

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
    group: String,
    q: String,
    problem: Option<String>,
    tail: String,
}

/// What is asked for, as a query of the API.
struct Wish {
    group: &'static str,
    q: String,
}

impl Wish {
    fn of(desk: &Desk) -> Self {
        let wanted = desk.query.get("group");
        let group = GROUPS.iter().map(|(id, ..)| *id).find(|id| *id == wanted).unwrap_or("");
        Self { group, q: desk.query.get("q").to_owned() }
    }

    fn query(&self, more: Option<String>) -> String {
        let kinds = GROUPS.iter().find(|(id, ..)| *id == self.group).map_or(&[][..], |(_, _, kinds)| *kinds);
        let mut parts = Vec::new();
        if !kinds.is_empty() {
            let kinds: Vec<String> = kinds.iter().map(|kind| format!("type:{kind}")).collect();
            parts.push(format!("({})", kinds.join(" OR ")));
        }
        if !self.q.is_empty() {
            parts.push(format!("({})", self.q));
        }
        parts.extend(more);
        parts.join(" AND ")
    }
}

async fn list(desk: Arc<Desk>) -> Result<Response, Failure> {
    let wish = Wish::of(&desk);
    let page = desk.query.number("page").unwrap_or(0);
    let path = with_query(
        "/logs",
        &[
            ("include_totals", "true"),
            ("sort", "date:-1"),
            ("per_page", &PER_PAGE.to_string()),
            ("page", &page.to_string()),
            ("q", &wish.query(None)),
        ],
    );
    let (answer, problem) = match desk.api.get(&path).await {
        Ok(answer) => (answer, None),
        Err(failure) if failure.is_mendable() && !wish.q.is_empty() => (Value::Null, Some(failure.message)),
        Err(failure) => return Err(failure),
    };
    let (entries, total) = rows(&answer, "logs");
    let filters = [("group", wish.group), ("q", wish.q.as_str())];
    let body = List {
        rows: Rows { entries: entries.iter().map(Entry::of).collect() },
        pager: Pager {
            page,
            per_page: PER_PAGE,
            total,
            base: format!("?group={}&q={}&page=", wish.group, escaped(&wish.q)),
        },
        groups: GROUPS,
        group: wish.group.to_owned(),
        problem,
        tail: with_query("/dashboard/logs/tail", &filters),
        q: wish.q,
    };
    let frame = Frame::new(Room::Monitoring, "Logs").lead("What happened in this tenant, and who did it.");
    Ok(desk.page(&frame, &body))
}

/// The entries that are newer than the one that is shown first.
async fn tail(desk: Arc<Desk>) -> Result<Response, Failure> {
    let from = desk.query.get("from");
    // Ids are digits and letters; anything else would be part of the query.
    let newer =
        from.bytes().all(|byte| byte.is_ascii_alphanumeric()).then(|| format!("log_id:{{{from} TO *}}"));
    let newer = newer.filter(|_| !from.is_empty());
    let query = Wish::of(&desk).query(newer);
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
    let body = One {
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
