//! How connections are made: a strategy is chosen, and what it needs is filled in.
//!
//! Must never make one that any application may use before somebody said so.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::list::{family_frame, words};
use super::presented::tidied;
use super::strategies::{self, label, lead, new_groups, of_family};
use super::{HOME, NEW};
use crate::connections::{Family, Strategy};
use crate::dashboard::ui::text;
use crate::dashboard::{Desk, Failure, Form, Frame, Group, Posted, Sent, escaped, form};

/// What it takes.
const SCOPE: &str = "create:connections";

#[derive(Template)]
#[template(path = "connections/choose.html")]
struct Choose {
    /// Address, name, whom it is for.
    strategies: Vec<(String, &'static str, &'static str)>,
}

pub(super) async fn choose_social(desk: Arc<Desk>) -> Result<Response, Failure> {
    Ok(choose(&desk, Family::Social))
}

pub(super) async fn choose_enterprise(desk: Arc<Desk>) -> Result<Response, Failure> {
    Ok(choose(&desk, Family::Enterprise))
}

fn choose(desk: &Desk, family: Family) -> Response {
    let words = words(family);
    let row =
        |strategy: Strategy| (format!("{HOME}/new/{}", strategy.name()), label(strategy), lead(strategy));
    let body = Choose { strategies: of_family(family).map(row).collect() };
    desk.page(&family_frame(family, words.new.1).up(words.path, words.label), &body)
}

fn frame(family: Family, title: &str) -> Frame {
    let words = words(family);
    family_frame(family, title).up(words.path, words.label)
}

fn database_frame() -> Frame {
    frame(Family::Database, "Create database")
}

pub(super) async fn ask_database(desk: Arc<Desk>) -> Result<Response, Failure> {
    Ok(desk.page(&database_frame(), &Form::new(&desk, NEW, &json!({}), (&desk.path, SCOPE))))
}

pub(super) async fn create_database(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    match form::create(&desk, NEW, ("/connections", json!({ "strategy": "auth0" })), &posted).await? {
        Sent::Done(made) => {
            let to = format!("{HOME}/{}/applications", escaped(text(&made, "id")));
            Ok(desk.done(&to, "The database was created. Choose the applications that may use it."))
        }
        Sent::Again(status, form) => Ok(desk.page_with(status, &database_frame(), &*form)),
    }
}

/// The strategy that the address names, with its page and its fields.
fn wanted(desk: &Desk) -> Result<(Strategy, Frame, Vec<Group>), Failure> {
    let found = Strategy::named(desk.name("strategy")).filter(|one| *one != Strategy::Database);
    let strategy = found.ok_or_else(|| Failure::missing("There is no such kind of connection."))?;
    let title = format!("Create a connection: {}", strategies::label(strategy));
    Ok((strategy, frame(strategy.family(), &title).lead(lead(strategy)), new_groups(strategy)))
}

pub(super) async fn ask(desk: Arc<Desk>) -> Result<Response, Failure> {
    let (strategy, frame, groups) = wanted(&desk)?;
    let mut suggested = json!({ "options": { "signSAMLRequest": true, "name": true, "email": true } });
    if strategy.family() == Family::Social && strategy != Strategy::OAuth2 {
        // One of them is enough, and this is what tools call it.
        suggested["name"] = json!(strategy.name());
    }
    Ok(desk.page(&frame, &Form::new(&desk, &groups, &suggested, (&desk.path, SCOPE))))
}

pub(super) async fn create(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let (strategy, frame, groups) = wanted(&desk)?;
    let given = json!({ "strategy": strategy.name(), "options": {} });
    let adjust = |body: &mut Map<String, Value>| tidied(strategy, &groups, body);
    match form::create_with(&desk, &groups, ("/connections", given), &posted, adjust).await? {
        Sent::Done(made) => {
            let to = format!("{HOME}/{}/setup", escaped(text(&made, "id")));
            let said = "The connection was created. Tell the provider what stands here, then choose the applications that may use it.";
            Ok(desk.done(&to, said))
        }
        Sent::Again(status, form) => Ok(desk.page_with(status, &frame, &*form)),
    }
}
