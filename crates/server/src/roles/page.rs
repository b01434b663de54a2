//! Roles in the Dashboard: the list, and for each its name, its permissions and its users.
//!
//! Must never give a role to a user who was not asked for.

pub mod permissions;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::response::Response;
use serde_json::{Value, json};

use crate::app::App;
use crate::dashboard::ui::{self, Csrf, Empty, Pager, rows, text};
use crate::dashboard::{
    Confirm, Desk, Editor, Failure, Field, Form, Frame, Group, Kind, Posted, Room, Sent, action, escaped,
    form, screen, with_query,
};

const HOME: &str = "/dashboard/roles";
const PER_PAGE: u64 = 25;

const GROUPS: &[Group] = &[Group {
    title: "Role",
    lead: "",
    fields: &[
        Field::text("name", "Name").required().placeholder("Gardener"),
        Field::new("description", "Description", Kind::Area(2)),
    ],
}];

/// The pages.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route(HOME, screen(list))
        .route("/dashboard/roles/new", screen(ask).merge(action(create)))
        .route("/dashboard/roles/{id}", screen(show).merge(action(save)))
        .route("/dashboard/roles/{id}/delete", screen(ask_delete).merge(action(delete)))
        .route(
            "/dashboard/roles/{id}/permissions",
            screen(permissions::show).merge(action(permissions::permit)),
        )
        .route("/dashboard/roles/{id}/users", screen(members).merge(action(assign)))
}

#[derive(Template)]
#[template(path = "roles/list.html")]
struct List {
    roles: Vec<(String, Value)>,
    pager: Pager,
    q: String,
    may: bool,
}

async fn list(desk: Arc<Desk>) -> Result<Response, Failure> {
    let (page, q) = (desk.page_number(), desk.query.get("q"));
    let path = with_query(
        "/roles",
        &[
            ("include_totals", "true"),
            ("per_page", &PER_PAGE.to_string()),
            ("page", &page.to_string()),
            ("name_filter", q),
        ],
    );
    let answer = desk.api.get(&path).await?;
    let (list, total) = rows(&answer, "roles");
    let body = List {
        roles: list
            .iter()
            .map(|role| (format!("{HOME}/{}", escaped(text(role, "id"))), role.clone()))
            .collect(),
        pager: Pager {
            list: "list",
            page,
            per_page: PER_PAGE,
            total,
            base: format!("?q={}&page=", escaped(q)),
        },
        q: q.to_owned(),
        may: desk.may("create:roles"),
    };
    let frame = Frame::new(Room::Roles, "Roles")
        .lead("A role is a bundle of permissions that users get together.")
        .action(body.may, "/dashboard/roles/new", "Create Role", "first");
    Ok(desk.page(&frame, &body))
}

fn new_frame() -> Frame {
    Frame::new(Room::Roles, "Create role").up(HOME, "Roles")
}

async fn ask(desk: Arc<Desk>) -> Result<Response, Failure> {
    Ok(desk.page(&new_frame(), &Form::new(&desk, GROUPS, &json!({}), (&desk.path, "create:roles"))))
}

async fn create(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    match form::create(&desk, GROUPS, ("/roles", json!({})), &posted).await? {
        Sent::Done(made) => {
            let to = format!("{HOME}/{}/permissions", escaped(text(&made, "id")));
            Ok(desk.done(&to, "The role was created. Give it permissions."))
        }
        Sent::Again(status, form) => Ok(desk.page_with(status, &new_frame(), &*form)),
    }
}

fn api_path(desk: &Desk) -> String {
    format!("/roles/{}", escaped(desk.name("id")))
}

fn own_path(desk: &Desk) -> String {
    format!("{HOME}/{}", escaped(desk.name("id")))
}

async fn frame(desk: &Desk, tab: &str) -> Result<Frame, Failure> {
    let role = desk.api.get(&api_path(desk)).await?;
    let tabs = &[("", "Settings"), ("permissions", "Permissions"), ("users", "Users")];
    Ok(Frame::new(Room::Roles, text(&role, "name"))
        .up(HOME, "Roles")
        .tabs(&own_path(desk), tabs, tab)
        .action(
            desk.may("delete:roles") && tab.is_empty(),
            format!("{}/delete", own_path(desk)),
            "Delete…",
            "danger",
        ))
}

async fn editor(desk: &Desk) -> Result<Editor, Failure> {
    Ok(Editor {
        groups: GROUPS,
        object: api_path(desk),
        scope: "update:roles",
        frame: frame(desk, "").await?,
    })
}

async fn show(desk: Arc<Desk>) -> Result<Response, Failure> {
    editor(&desk).await?.show(&desk).await
}

async fn save(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    editor(&desk).await?.save(&desk, &posted, "The role was saved.").await
}

async fn deleting(desk: &Desk) -> Result<(Frame, Confirm), Failure> {
    let frame = frame(desk, "").await?;
    let confirm = Confirm::new(desk, "Delete role", own_path(desk))
        .that("Users who have it lose its permissions with their next token.")
        .that("Tokens that they have already stay good until they expire.")
        .name(&frame.title, "name of the role");
    Ok((frame, confirm))
}

async fn ask_delete(desk: Arc<Desk>) -> Result<Response, Failure> {
    let (frame, confirm) = deleting(&desk).await?;
    Ok(desk.page(&frame, &confirm))
}

async fn delete(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let (frame, confirm) = deleting(&desk).await?;
    if let Some(missing) = confirm.missing(&desk, &frame, &posted) {
        return Ok(missing);
    }
    desk.api.delete(&api_path(&desk), None).await?;
    Ok(desk.done(HOME, "The role was deleted."))
}

#[derive(Template)]
#[template(path = "roles/users.html")]
struct Members {
    users: Vec<(String, Value)>,
    pager: Pager,
    csrf: Csrf,
    problem: Option<String>,
    /// What was typed.
    wanted: String,
    may_add: bool,
    may_remove: bool,
}

async fn members_page(desk: &Desk, (wanted, problem): (&str, Option<String>)) -> Result<Members, Failure> {
    let page = desk.page_number();
    let path = format!("{}/users?include_totals=true&per_page={PER_PAGE}&page={page}", api_path(desk));
    let answer = desk.api.get(&path).await?;
    let (list, total) = rows(&answer, "users");
    Ok(Members {
        users: list
            .iter()
            .map(|user| (format!("/dashboard/users/{}", escaped(text(user, "user_id"))), user.clone()))
            .collect(),
        pager: Pager { list: "list", page, per_page: PER_PAGE, total, base: "?page=".to_owned() },
        csrf: desk.csrf(),
        problem,
        wanted: wanted.to_owned(),
        may_add: desk.may("create:role_members") || desk.may("update:roles"),
        may_remove: desk.may("delete:role_members") || desk.may("update:users"),
    })
}

async fn members(desk: Arc<Desk>) -> Result<Response, Failure> {
    let body = members_page(&desk, ("", None)).await?;
    Ok(desk.page(&frame(&desk, "users").await?, &body))
}

async fn assign(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let back = format!("{}/users", own_path(&desk));
    let wanted = posted.get("user");
    if posted.get("do") == "remove" {
        let path = format!("/users/{}/roles", escaped(wanted));
        desk.api.delete(&path, Some(&json!({ "roles": [desk.name("id")] }))).await?;
        // Back to the page of the list that the user was on.
        let back = format!("{back}?page={}", posted.number("page").unwrap_or(0));
        return Ok(desk.done(&back, "The user does not have the role any more."));
    }
    let found = if wanted.is_empty() {
        Vec::new()
    } else if wanted.contains('|') {
        vec![wanted.to_owned()]
    } else {
        let users = match desk.api.get(&format!("/users-by-email?email={}", escaped(wanted))).await {
            Ok(users) => users,
            // What is no address is nobody's.
            Err(failure) if failure.is_mendable() => Value::Null,
            Err(failure) => return Err(failure),
        };
        rows(&users, "users").0.iter().map(|user| text(user, "user_id").to_owned()).collect()
    };
    let problem = match found.as_slice() {
        [] if wanted.is_empty() => "Type the email address or the user ID of somebody.".to_owned(),
        [] => format!("Nobody has the email address or user ID “{wanted}”."),
        [user] => {
            match desk.api.post(&format!("{}/users", api_path(&desk)), &json!({ "users": [user] })).await {
                Ok(_) => return Ok(desk.done(&back, "The user has the role now.")),
                Err(failure) if failure.is_mendable() || failure.status == http::StatusCode::NOT_FOUND => {
                    failure.message
                }
                Err(failure) => return Err(failure),
            }
        }
        _ => format!("Several users have the address “{wanted}”. Use the user ID instead."),
    };
    let body = members_page(&desk, (wanted, Some(problem))).await?;
    Ok(desk.page_with(http::StatusCode::BAD_REQUEST, &frame(&desk, "users").await?, &body))
}
