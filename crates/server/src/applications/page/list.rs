//! The list of applications, and how a new one is made.
//!
//! Must never show the application that stands for all others.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use serde_json::{Value, json};

use super::{HOME, TYPES, type_label};
use crate::dashboard::ui::{Copy, Empty, Pager, rows, text};
use crate::dashboard::{
    Desk, Failure, Field, Form, Frame, Group, Kind, Posted, Room, Sent, escaped, form, with_query,
};

/// How many a page of the list holds.
const PER_PAGE: u64 = 25;
/// How many are looked through for a name: the API has no search for it.
const MOST_SEARCHED: usize = 5_000;
/// The members that the list shows.
const FIELDS: &str = "client_id,name,app_type,description";

struct Row {
    client_id: String,
    name: String,
    description: String,
    app_type: String,
}

impl Row {
    fn of(value: &Value) -> Self {
        let text = |name: &str| text(value, name).to_owned();
        Self {
            client_id: text("client_id"),
            name: text("name"),
            description: text("description"),
            app_type: text("app_type"),
        }
    }

    fn path(&self) -> String {
        format!("{HOME}/{}", escaped(&self.client_id))
    }

    fn label(&self) -> &str {
        type_label(&self.app_type)
    }

    fn is_named(&self, wanted: &str) -> bool {
        self.client_id == wanted || self.name.to_lowercase().contains(&wanted.to_lowercase())
    }
}

#[derive(Template)]
#[template(path = "applications/page/list.html")]
struct List {
    rows: Vec<Row>,
    pager: Pager,
    q: String,
    app_type: String,
    types: &'static [(&'static str, &'static str)],
    may_create: bool,
    /// Whether there were too many to look through all of them.
    cut: bool,
}

pub(super) async fn show(desk: Arc<Desk>) -> Result<Response, Failure> {
    let page = desk.page_number();
    let q = desk.query.get("q");
    let app_type = desk.query.get("type");
    let (rows, total, cut) = if q.is_empty() {
        paged(&desk, app_type, page).await?
    } else {
        named(&desk, app_type, (q, page)).await?
    };
    let mut base = with_query(HOME, &[("q", q), ("type", app_type)]);
    base.push_str(if base.contains('?') { "&page=" } else { "?page=" });
    let may_create = desk.may("create:clients");
    let body = List {
        rows,
        pager: Pager { list: "list", page, per_page: PER_PAGE, total, base },
        q: q.to_owned(),
        app_type: app_type.to_owned(),
        types: TYPES,
        may_create,
        cut,
    };
    let frame = Frame::new(Room::Applications, "Applications")
        .lead("Web sites, apps and programs that sign people in or call APIs.")
        .action(may_create, format!("{HOME}/new"), "Create application", "first");
    Ok(desk.page(&frame, &body))
}

/// One page of all, or of one kind.
async fn paged(desk: &Desk, app_type: &str, page: u64) -> Result<(Vec<Row>, u64, bool), Failure> {
    let path = format!(
        "/clients?fields={FIELDS}&is_global=false&include_totals=true&per_page={PER_PAGE}&page={page}"
    );
    let answer = desk.api.get(&with_query(&path, &[("app_type", app_type)])).await?;
    let (list, total) = rows(&answer, "clients");
    Ok((list.iter().map(Row::of).collect(), total, false))
}

/// One page of those whose name or id is asked for.
async fn named(
    desk: &Desk,
    app_type: &str,
    (q, page): (&str, u64),
) -> Result<(Vec<Row>, u64, bool), Failure> {
    let path = format!("/clients?fields={FIELDS}&is_global=false&take=100");
    let path = with_query(&path, &[("app_type", app_type)]);
    let pick = |one: &Value| Some(Row::of(one)).filter(|row| row.is_named(q));
    desk.api.picked((&path, "clients"), MOST_SEARCHED, (page, PER_PAGE), pick).await
}

/// What a new application is asked for.
const NEW: &[Group] = &[Group {
    title: "New application",
    lead: "The type decides how it signs people in. Everything can be changed afterwards.",
    fields: &[
        Field::text("name", "Name").placeholder("My web site").help("People see it when they sign in.").required(),
        Field::new("app_type", "Type", Kind::Select(TYPES)).required().help(
            "Regular web application: runs on a server and can keep a secret. Single page application: runs in the \
             browser. Native: on a phone, a desktop or a device. Machine to machine: a program that calls an API for \
             itself, without people.",
        ),
    ],
}];

fn new_frame() -> Frame {
    Frame::new(Room::Applications, "Create application").up(HOME, "Applications")
}

pub(super) async fn ask_new(desk: Arc<Desk>) -> Result<Response, Failure> {
    let wanted = desk.query.get("type");
    let app_type = TYPES.iter().find(|(name, _)| *name == wanted).map_or("regular_web", |(name, _)| name);
    let suggested = json!({ "app_type": app_type });
    let form = Form::new(&desk, NEW, &suggested, (&desk.path, "create:clients"));
    Ok(desk.page(&new_frame(), &form))
}

pub(super) async fn create(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let given = fitting(posted.get("app_type"));
    match form::create(&desk, NEW, ("/clients", given), &posted).await? {
        Sent::Again(status, form) => Ok(desk.page_with(status, &new_frame(), &*form)),
        Sent::Done(made) => {
            let id = text(&made, "client_id");
            let said = "The application was created. Here is how to use it.";
            Ok(desk.done(&format!("{HOME}/{}/quickstart", escaped(id)), said))
        }
    }
}

/// What fits each kind of application. Where a thief could reach refresh tokens, they rotate and end.
fn fitting(app_type: &str) -> Value {
    let public = matches!(app_type, "spa" | "native");
    let grant_types = match app_type {
        "spa" => json!(["authorization_code", "refresh_token"]),
        "native" => {
            json!(["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"])
        }
        "non_interactive" => json!(["client_credentials"]),
        _ => json!(["authorization_code", "refresh_token", "client_credentials"]),
    };
    let mut given = json!({
        "oidc_conformant": true,
        "is_first_party": true,
        "jwt_configuration": { "alg": "RS256", "lifetime_in_seconds": 36_000, "secret_encoded": false },
        "grant_types": grant_types,
        "token_endpoint_auth_method": if public { "none" } else { "client_secret_post" },
    });
    if public {
        given["refresh_token"] = json!({
            "rotation_type": "rotating",
            "expiration_type": "expiring",
            "leeway": 0,
            "token_lifetime": 2_592_000,
            "idle_token_lifetime": 1_296_000,
            "infinite_token_lifetime": false,
            "infinite_idle_token_lifetime": false,
        });
    }
    given
}
