//! The list of users, and what people type to find one.
//!
//! A plain text looks for addresses and names; whatever holds a colon is a query in Lucene syntax. Must never let a plain
//! text become part of the syntax.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use serde_json::Value;

use super::{HOME, title};
use crate::dashboard::ui::{Badge, Empty, Moment, Pager, Tone, rows, text};
use crate::dashboard::{Desk, Failure, Frame, Room, escaped, with_query};

const PER_PAGE: u64 = 25;

/// What is looked for, as a query.
fn query(typed: &str) -> String {
    if typed.is_empty() || typed.contains(':') {
        return typed.to_owned();
    }
    let quoted: String = typed
        .chars()
        .flat_map(|c| if r#"+-&|!(){}[]^"~*?:\/ "#.contains(c) { vec!['\\', c] } else { vec![c] })
        .collect();
    if typed.contains('@') {
        return format!("email:{quoted}*");
    }
    format!("email:{quoted}* OR name:{quoted}* OR nickname:{quoted}* OR username:{quoted}*")
}

struct Row {
    href: String,
    title: String,
    email: String,
    connection: String,
    logins: u64,
    blocked: bool,
    value: Value,
}

impl Row {
    fn of(user: &Value) -> Self {
        let identity = user.get("identities").and_then(|all| all.get(0));
        Self {
            href: format!("{HOME}/{}", escaped(text(user, "user_id"))),
            title: title(user).to_owned(),
            email: text(user, "email").to_owned(),
            connection: identity.map(|own| text(own, "connection")).unwrap_or_default().to_owned(),
            logins: user.get("logins_count").and_then(Value::as_u64).unwrap_or(0),
            blocked: user.get("blocked") == Some(&Value::Bool(true)),
            value: user.clone(),
        }
    }
}

#[derive(Template)]
#[template(path = "users/list.html")]
struct List {
    users: Vec<Row>,
    pager: Pager,
    q: String,
    problem: Option<String>,
    /// Whether there are more than pages reach.
    too_many: bool,
    may: bool,
}

pub(super) async fn list(desk: Arc<Desk>) -> Result<Response, Failure> {
    /// How far pages by number reach.
    const REACH: u64 = 1000;
    let (page, typed) = (desk.query.number("page").unwrap_or(0), desk.query.get("q"));
    let path = with_query(
        "/users",
        &[
            ("include_totals", "true"),
            ("per_page", &PER_PAGE.to_string()),
            ("page", &page.to_string()),
            ("q", &query(typed)),
            ("search_engine", "v3"),
        ],
    );
    let (answer, problem) = match desk.api.get(&path).await {
        Ok(answer) => (answer, None),
        Err(failure) if failure.is_mendable() && !typed.is_empty() => (Value::Null, Some(failure.message)),
        Err(failure) => return Err(failure),
    };
    let (list, total) = rows(&answer, "users");
    let body = List {
        users: list.iter().map(Row::of).collect(),
        pager: Pager {
            page,
            per_page: PER_PAGE,
            total: total.min(REACH),
            base: format!("?q={}&page=", escaped(typed)),
        },
        q: typed.to_owned(),
        problem,
        too_many: total > REACH,
        may: desk.may("create:users"),
    };
    let frame = Frame::new(Room::Users, "Users").lead("The people who sign in to your applications.").action(
        body.may,
        "/dashboard/users/new",
        "Create User",
        "first",
    );
    Ok(desk.page(&frame, &body))
}

#[cfg(test)]
mod tests {
    use super::query;

    #[test]
    fn a_plain_text_stays_a_text_and_a_query_stays_a_query() {
        assert_eq!(query(""), "");
        assert_eq!(query("anna@x.example"), "email:anna@x.example*");
        assert_eq!(
            query("a*b (c"),
            r"email:a\*b\ \(c* OR name:a\*b\ \(c* OR nickname:a\*b\ \(c* OR username:a\*b\ \(c*"
        );
        assert_eq!(query("blocked:true"), "blocked:true");
    }
}
