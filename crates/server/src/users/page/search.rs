//! The list of users, and what people type to find one.
//!
//! A plain text looks for addresses, names and ids; whatever holds a colon, or is said to be one, is a query in Lucene
//! syntax. Must never let a plain text become part of the syntax.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use serde_json::Value;

use super::{HOME, title};
use crate::dashboard::ui::{Badge, Empty, Moment, Pager, Tone, rows, text};
use crate::dashboard::{Desk, Failure, Frame, Room, escaped, with_query};

const PER_PAGE: u64 = 25;

/// Where the words of a plain text are looked for: whatever begins with it is found.
const WORDS: &[&str] = &["email", "name", "nickname", "username", "given_name", "family_name"];

/// A text that stands for itself in a query.
fn quoted(text: &str) -> String {
    let special = |c: char| r#"+-&|!(){}[]^"~*?:\/<>="#.contains(c) || c.is_whitespace();
    text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

/// What is looked for, as a query: `typed` as it is if it is one already.
fn query(typed: &str, is_lucene: bool) -> String {
    if typed.is_empty() || is_lucene || typed.contains(':') {
        return typed.to_owned();
    }
    let whole = quoted(typed);
    if typed.contains('|') {
        return format!("user_id:{whole}");
    }
    if typed.contains('@') {
        return format!("email:{whole}* OR username:{whole}*");
    }
    let mut any: Vec<String> = WORDS.iter().map(|field| format!("{field}:{whole}*")).collect();
    if let Some((first, last)) = typed.split_once(char::is_whitespace) {
        let last = quoted(last.trim());
        any.push(format!("(given_name:{}* AND family_name:{last}*)", quoted(first)));
    }
    any.join(" OR ")
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
    is_lucene: bool,
    problem: Option<String>,
    /// How many there are, if pages do not reach all of them.
    beyond: Option<u64>,
    may: bool,
}

pub(super) async fn list(desk: Arc<Desk>) -> Result<Response, Failure> {
    /// How far pages by number reach.
    const REACH: u64 = 1000;
    // A page beyond the reach is none; what is said at the last one helps more than a refusal.
    let page = desk.page_number().min(REACH / PER_PAGE - 1);
    let (typed, is_lucene) = (desk.query.get("q"), desk.query.has("lucene"));
    let path = with_query(
        "/users",
        &[
            ("include_totals", "true"),
            ("per_page", &PER_PAGE.to_string()),
            ("page", &page.to_string()),
            ("q", &query(typed, is_lucene)),
            ("search_engine", "v3"),
        ],
    );
    let (answer, problem) = match desk.api.get(&path).await {
        Ok(answer) => (answer, None),
        Err(failure) if failure.is_mendable() && !typed.is_empty() => (Value::Null, Some(failure.reason())),
        Err(failure) => return Err(failure),
    };
    let (list, total) = rows(&answer, "users");
    let body = List {
        users: list.iter().map(Row::of).collect(),
        pager: Pager {
            list: "list",
            page,
            per_page: PER_PAGE,
            total: total.min(REACH),
            base: format!("?q={}{}&page=", escaped(typed), if is_lucene { "&lucene=true" } else { "" }),
        },
        q: typed.to_owned(),
        is_lucene,
        problem,
        beyond: (total > REACH).then_some(total),
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
        let plain = |typed| query(typed, false);
        assert_eq!(plain(""), "");
        assert_eq!(plain("anna@x.example"), "email:anna@x.example* OR username:anna@x.example*");
        assert!(plain("a*b (c").starts_with(r"email:a\*b\ \(c* OR name:a\*b\ \(c* OR "));
        assert!(plain("Anna de Vries").ends_with(r" OR (given_name:Anna* AND family_name:de\ Vries*)"));
        assert_eq!(plain("auth0|65f"), r"user_id:auth0\|65f");
        assert_eq!(plain("blocked:true"), "blocked:true");
        assert_eq!(query("anna*", true), "anna*");
    }
}
