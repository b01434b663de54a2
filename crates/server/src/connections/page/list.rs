//! The lists of connections: databases, social and enterprise ones.
//!
//! Must never read a secret option.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use serde_json::Value;

use super::certificates::Expiry;
use super::strategies::{label_of, of_family};
use super::{ENTERPRISE, HOME, PER_PAGE, SOCIAL, applications};
use crate::connections::Family;
use crate::dashboard::ui::{Badge, Empty, Pager, Tone, rows, text};
use crate::dashboard::{Desk, Failure, Frame, Room, escaped, with_query};

/// How many are looked through for a name: the API has no search for it.
const MOST_SEARCHED: usize = 2_000;

/// What the pages say of a family.
pub(super) struct Words {
    /// Where its list is.
    pub(super) path: &'static str,
    /// What it is called.
    pub(super) label: &'static str,
    lead: &'static str,
    /// Where a new one is made, and what the button says.
    pub(super) new: (&'static str, &'static str),
    /// What stands there while there are none.
    empty: (&'static str, &'static str),
}

pub(super) const fn words(family: Family) -> Words {
    match family {
        Family::Database => Words {
            path: HOME,
            label: "Database",
            lead: "Lists of users with passwords that Chancery keeps.",
            new: ("/dashboard/connections/new", "Create database"),
            empty: ("No databases yet", "Create a database to have users."),
        },
        Family::Social => Words {
            path: SOCIAL,
            label: "Social",
            lead: "People sign in with an account that they have elsewhere.",
            new: ("/dashboard/connections/social/new", "Create social connection"),
            empty: (
                "No social connections yet",
                "With one, people sign in with their account at Google, GitHub or another provider.",
            ),
        },
        Family::Enterprise => Words {
            path: ENTERPRISE,
            label: "Enterprise",
            lead: "People of an organization sign in at its identity provider.",
            new: ("/dashboard/connections/enterprise/new", "Create enterprise connection"),
            empty: (
                "No enterprise connections yet",
                "With one, people of an organization sign in at its own identity provider, by SAML or OpenID Connect.",
            ),
        },
    }
}

/// A page about all connections of a family.
pub(super) fn family_frame(family: Family, title: &str) -> Frame {
    Frame::new(Room::Connections, title).place(words(family).path)
}

struct Row {
    href: String,
    name: String,
    display: String,
    kind: String,
    domains: Vec<String>,
    active: bool,
    expiry: Option<Expiry>,
    applications: String,
}

#[derive(Template)]
#[template(path = "connections/list.html")]
struct List {
    rows: Vec<Row>,
    pager: Pager,
    q: String,
    words: Words,
    family: Family,
    may: bool,
    /// Whether there were too many to look through all of them.
    cut: bool,
}

pub(super) async fn databases(desk: Arc<Desk>) -> Result<Response, Failure> {
    show(&desk, Family::Database).await
}

pub(super) async fn social(desk: Arc<Desk>) -> Result<Response, Failure> {
    show(&desk, Family::Social).await
}

pub(super) async fn enterprise(desk: Arc<Desk>) -> Result<Response, Failure> {
    show(&desk, Family::Enterprise).await
}

async fn show(desk: &Desk, family: Family) -> Result<Response, Failure> {
    let (page, q, words) = (desk.page_number(), desk.query.get("q"), words(family));
    let (list, total, cut) =
        if q.is_empty() { paged(desk, family, page).await? } else { named(desk, family, (q, page)).await? };
    let mut rows = Vec::with_capacity(list.len());
    for one in &list {
        rows.push(row(desk, one).await?);
    }
    let mut base = with_query("", &[("q", q)]);
    base.push_str(if base.is_empty() { "?page=" } else { "&page=" });
    let may = desk.may("create:connections");
    let frame = family_frame(family, "Connections")
        .lead(words.lead)
        .tabs(HOME, &[("", "Database"), ("social", "Social"), ("enterprise", "Enterprise")], end(family))
        .action(may, words.new.0, words.new.1, "first");
    let body = List {
        rows,
        pager: Pager { list: "list", page, per_page: PER_PAGE, total, base },
        q: q.to_owned(),
        words,
        family,
        may,
        cut,
    };
    Ok(desk.page(&frame, &body))
}

fn end(family: Family) -> &'static str {
    if family == Family::Database { "" } else { family.name() }
}

async fn row(desk: &Desk, one: &Value) -> Result<Row, Failure> {
    let id = escaped(text(one, "id"));
    Ok(Row {
        href: format!("{HOME}/{id}"),
        name: text(one, "name").to_owned(),
        display: text(one, "display_name").to_owned(),
        kind: label_of(text(one, "strategy")).to_owned(),
        domains: domains(one),
        active: one.get("authentication").and_then(|own| own.get("active")) != Some(&Value::Bool(false)),
        expiry: Expiry::of(one, desk.app.clock.now()),
        applications: applications::counted(desk, &id).await?,
    })
}

/// The domains whose people belong to a connection.
fn domains(connection: &Value) -> Vec<String> {
    let options = connection.get("options").unwrap_or(&Value::Null);
    let aliases = options.get("domain_aliases").and_then(Value::as_array).into_iter().flatten();
    let aliases = aliases.filter_map(Value::as_str);
    let mut found: Vec<String> = Vec::new();
    for domain in [text(options, "tenant_domain")].into_iter().chain(aliases) {
        if !domain.is_empty() && !found.iter().any(|own| own == domain) {
            found.push(domain.to_owned());
        }
    }
    found
}

fn path_of(family: Family) -> String {
    let strategies: Vec<_> = of_family(family).map(|strategy| ("strategy", strategy.name())).collect();
    with_query("/connections?include_secrets=false", &strategies)
}

/// One page of all.
async fn paged(desk: &Desk, family: Family, page: u64) -> Result<(Vec<Value>, u64, bool), Failure> {
    let (per_page, page) = (PER_PAGE.to_string(), page.to_string());
    let parts = [("include_totals", "true"), ("per_page", per_page.as_str()), ("page", page.as_str())];
    let answer = desk.api.get(&with_query(&path_of(family), &parts)).await?;
    let (list, total) = rows(&answer, "connections");
    Ok((list.to_vec(), total, false))
}

/// One page of those whose name or domain is asked for.
async fn named(
    desk: &Desk,
    family: Family,
    (q, page): (&str, u64),
) -> Result<(Vec<Value>, u64, bool), Failure> {
    let path = with_query(&path_of(family), &[("take", "100")]);
    let wanted = q.to_lowercase();
    let pick = |one: &Value| is_named(one, &wanted).then(|| one.clone());
    desk.api.picked((&path, "connections"), MOST_SEARCHED, (page, PER_PAGE), pick).await
}

fn is_named(connection: &Value, wanted: &str) -> bool {
    let kind = label_of(text(connection, "strategy"));
    let texts = [text(connection, "name"), text(connection, "display_name"), kind];
    let domains = domains(connection);
    let mut all = texts.into_iter().chain(domains.iter().map(String::as_str));
    text(connection, "id") == wanted || all.any(|own| own.to_lowercase().contains(wanted))
}
