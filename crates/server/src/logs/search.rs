//! What the tenant log can be searched and sorted by.
//!
//! A date is searched by ids, which sort by time, and so by the primary key. Whatever has no column of its own
//! is read out of the entry.

use crate::db::Statement;
use crate::logs::sql::Order;
use crate::management::ApiError;
use crate::management::query::Query;
use crate::management::search::{BEGINNINGS, Case, Column, Fields, QUERY};

const fn exact(path: &'static [&'static str]) -> Column {
    Column::json("entry", path, Case::Exact)
}

const fn folded(path: &'static [&'static str]) -> Column {
    Column::json("entry", path, Case::Folded)
}

const KNOWN: &[(&str, Column)] = &[
    ("audience", exact(&["audience"])),
    ("client_id", exact(&["client_id"])),
    ("client_name", folded(&["client_name"])),
    ("connection", folded(&["connection"])),
    ("connection_id", exact(&["connection_id"])),
    ("date", Column::TimedText("log_id")),
    ("description", folded(&["description"])),
    ("details", Column::document("entry", &["details"], Case::Exact)),
    ("hostname", folded(&["hostname"])),
    ("ip", folded(&["ip"])),
    ("isMobile", exact(&["isMobile"])),
    ("location_info", Column::document("entry", &["location_info"], Case::Folded)),
    ("log_id", Column::Text("log_id", Case::Exact)),
    ("organization_id", exact(&["organization_id"])),
    ("scope", exact(&["scope"])),
    ("security_context", Column::document("entry", &["security_context"], Case::Exact)),
    ("strategy", exact(&["strategy"])),
    ("strategy_type", exact(&["strategy_type"])),
    ("type", Column::Text("type", Case::Exact)),
    ("user_agent", folded(&["user_agent"])),
    ("user_id", Column::Text("user_id", Case::Exact)),
    ("user_name", folded(&["user_name"])),
    // The same under other names.
    ("_id", Column::Text("log_id", Case::Exact)),
    ("application", folded(&["client_name"])),
    ("user", folded(&["user_name"])),
];

/// For `q`.
static ASKED: Fields = Fields {
    known: KNOWN,
    bare: &["user_name", "connection", "client_name", "type", "ip", "log_id", "description"],
};

/// For `search`.
static LOOKED_FOR: Fields = Fields { known: KNOWN, bare: &["client_name", "connection", "user_name"] };

/// What entries can be sorted by besides their date.
const SORTED: &[&str] = &[
    "client_id",
    "client_name",
    "connection",
    "description",
    "ip",
    "strategy",
    "strategy_type",
    "type",
    "user_agent",
    "user_id",
    "user_name",
];

/// What `q` and `search` ask for together; none if neither is there.
pub(super) fn condition(query: &Query) -> Result<Option<Statement>, ApiError> {
    let asked = ASKED.condition(query, "q", QUERY)?;
    let looked_for = LOOKED_FOR.condition(query, "search", BEGINNINGS)?;
    Ok(match (asked, looked_for) {
        (Some(one), Some(other)) => Some(one.text(super::sql::AND).with(other)),
        (one, other) => one.or(other),
    })
}

/// The condition for entries about a user.
pub(super) fn about(user_id: &str) -> Statement {
    Statement::new(super::sql::ABOUT).value(user_id)
}

/// What `sort` asks for: the newest entries first, unless told otherwise.
pub(super) fn order(query: &Query) -> Result<Order, ApiError> {
    let names: Vec<_> =
        ["date"].iter().chain(SORTED).flat_map(|name| [format!("{name}:1"), format!("{name}:-1")]).collect();
    let allowed: Vec<_> = names.iter().map(String::as_str).collect();
    let asked = query.one_of("sort", &allowed)?.unwrap_or("date:-1");
    let (name, direction) = asked.split_once(':').unwrap_or((asked, "1"));
    let member = SORTED.iter().copied().find(|own| *own == name);
    Ok(Order { member, descending: direction == "-1" })
}
