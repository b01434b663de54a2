//! Settings > Tenant Members: who may use the Dashboard, their roles, and who is invited.
//!
//! The link of an invitation is in the answer of the form that made it, once. Must never put it into an address or a
//! cookie.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use serde_json::{Value, json};

use super::Role;
use crate::app::App;
use crate::dashboard::ui::{self, Badge, CopyField, Csrf, Empty, Moment, Tone, rows, text};
use crate::dashboard::{
    Confirm, Desk, Failure, Field, Form, Group, Kind, Posted, Sent, action, escaped, form, screen, settings,
};

const HOME: &str = "/dashboard/settings/members";

const ROLES: &[(&str, &str)] = &[
    (Role::Admin.name(), Role::Admin.label()),
    (Role::Viewer.name(), Role::Viewer.label()),
    (Role::EditorApplications.name(), Role::EditorApplications.label()),
    (Role::EditorUsers.name(), Role::EditorUsers.label()),
    (Role::EditorKeys.name(), Role::EditorKeys.label()),
];

const INVITE: &[Group] = &[Group {
    title: "Invite somebody",
    lead: "You get a link to hand over. It is good once, for seven days.",
    fields: &[
        Field::new("email", "Email address", Kind::Text("email")).placeholder("grace@example.com").required(),
        Field::new("role", "Role", Kind::Select(ROLES)).help(
            "Admin: everything. Viewer: looks. Editors look at everything and change what their name says.",
        ),
    ],
}];

/// The pages.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route(HOME, screen(show))
        .route("/dashboard/settings/members/invite", action(invite))
        .route("/dashboard/settings/members/withdraw", action(withdraw))
        .route("/dashboard/settings/members/{id}/role", action(change))
        .route("/dashboard/settings/members/{id}/remove", screen(ask_remove).merge(action(remove)))
}

struct Member {
    id: String,
    email: String,
    role: String,
    itself: bool,
    value: Value,
}

#[derive(Template)]
#[template(path = "administrators/page.html")]
struct Page {
    members: Vec<Member>,
    invitations: Vec<Value>,
    roles: &'static [(&'static str, &'static str)],
    csrf: Csrf,
    form: Form,
    /// The link of the invitation that was made just now, and for whom.
    link: Option<(String, String)>,
    problem: Option<String>,
    may: bool,
}

fn frame() -> crate::dashboard::Frame {
    settings::frame("Tenant Members", "members").lead("The people who may use this Dashboard.")
}

/// For whoever may not see the members.
#[derive(Template)]
#[template(
    ext = "html",
    source = r#"<section class="card">{{ Empty::new("Only an Admin sees the members", self.text().as_str()) }}</section>"#
)]
struct Closed {
    role: &'static str,
}

impl Closed {
    fn text(&self) -> String {
        format!("You are {}. Ask an Admin of the tenant if somebody has to be invited.", self.role)
    }
}

impl Page {
    /// What people call a role.
    #[expect(clippy::unused_self, reason = "templates call methods of their page")]
    fn label<'a>(&self, role: &'a str) -> &'a str {
        ROLES.iter().find(|(value, _)| *value == role).map_or(role, |(_, label)| label)
    }
}

async fn page(desk: &Desk) -> Result<Page, Failure> {
    let members = desk.api.get("/tenants/members").await?;
    let invitations = desk.api.look("/tenants/invitations").await?.unwrap_or_default();
    let member = |value: &Value| Member {
        id: escaped(text(value, "user_id")),
        email: text(value, "email").to_owned(),
        role: text(value, "role").to_owned(),
        itself: text(value, "user_id") == desk.who.user_id,
        value: value.clone(),
    };
    let action = format!("{HOME}/invite");
    let scope = "create:tenant_member_invitations";
    Ok(Page {
        members: rows(&members, "members").0.iter().map(member).collect(),
        invitations: rows(&invitations, "invitations").0.to_vec(),
        roles: ROLES,
        csrf: desk.csrf(),
        form: Form::new(desk, INVITE, &json!({ "role": "viewer" }), (&action, scope)).submit("Invite"),
        link: None,
        problem: None,
        may: desk.may("update:tenant_members"),
    })
}

async fn show(desk: Arc<Desk>) -> Result<Response, Failure> {
    if !desk.may("read:tenant_members") {
        return Ok(desk.page_with(StatusCode::FORBIDDEN, &frame(), &Closed { role: desk.who.role.label() }));
    }
    let page = page(&desk).await?;
    Ok(desk.page(&frame(), &page))
}

async fn invite(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    match form::create(&desk, INVITE, ("/tenants/invitations", json!({})), &posted).await? {
        Sent::Done(made) => {
            let link = (posted.get("email").to_owned(), text(&made, "invitation_url").to_owned());
            let page = Page { link: Some(link), ..page(&desk).await? };
            Ok(desk.page(&frame(), &page))
        }
        Sent::Again(status, form) => {
            let page = Page { form: form.submit("Invite"), ..page(&desk).await? };
            Ok(desk.page_with(status, &frame(), &page))
        }
    }
}

async fn withdraw(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    desk.api.delete(&format!("/tenants/invitations/{}", escaped(posted.get("id"))), None).await?;
    Ok(desk.done(HOME, "The invitation was withdrawn."))
}

fn member_path(desk: &Desk) -> String {
    format!("/tenants/members/{}", escaped(desk.name("id")))
}

async fn refused(desk: &Desk, failure: Failure) -> Result<Response, Failure> {
    if !failure.is_mendable() {
        return Err(failure);
    }
    let page = Page { problem: Some(failure.message), ..page(desk).await? };
    Ok(desk.page_with(failure.status, &frame(), &page))
}

async fn change(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let members = desk.api.get("/tenants/members").await?;
    let (list, _) = rows(&members, "members");
    let now = list.iter().find(|one| text(one, "user_id") == desk.name("id")).map(|one| text(one, "role"));
    if now.is_some_and(|role| role != posted.get("seen")) {
        let text = "Somebody changed this role while you were looking at it, and nothing of yours was saved. \
                    This is how it stands now.";
        return refused(&desk, Failure::new(StatusCode::CONFLICT, text)).await;
    }
    match desk.api.patch(&member_path(&desk), &json!({ "role": posted.get("role") })).await {
        Ok(_) => {
            // Whoever is no Admin any more cannot see this page.
            let leaves = desk.name("id") == desk.who.user_id && posted.get("role") != "admin";
            let to = if leaves { "/dashboard" } else { HOME };
            Ok(desk.done(to, "The role was changed. It counts at once."))
        }
        Err(failure) => refused(&desk, failure).await,
    }
}

async fn removing(desk: &Desk) -> Result<Confirm, Failure> {
    let members = desk.api.get("/tenants/members").await?;
    let (list, _) = rows(&members, "members");
    let found = list.iter().find(|one| text(one, "user_id") == desk.name("id"));
    let email =
        found.map(|one| text(one, "email")).ok_or_else(|| Failure::missing("There is no such member."))?;
    let confirm = Confirm::new(desk, "Remove member", HOME)
        .that(format!("{email} cannot use this Dashboard any more, and is signed out at once."))
        .that("What they did stays in the log.");
    let confirm =
        if email == desk.who.email { confirm.that("This is you: you will be signed out.") } else { confirm };
    Ok(confirm.name(email, "email address"))
}

async fn ask_remove(desk: Arc<Desk>) -> Result<Response, Failure> {
    let confirm = removing(&desk).await?;
    Ok(desk.page(&frame(), &confirm))
}

async fn remove(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let confirm = removing(&desk).await?;
    if let Some(missing) = confirm.missing(&desk, &frame(), &posted) {
        return Ok(missing);
    }
    match desk.api.delete(&member_path(&desk), None).await {
        Ok(_) if desk.name("id") == desk.who.user_id => {
            // Nobody is left to read a notice.
            Ok(Redirect::to("/dashboard/signed-out").into_response())
        }
        Ok(_) => Ok(desk.done(HOME, "The member was removed.")),
        Err(failure) if failure.status == StatusCode::NOT_FOUND => {
            Ok(desk.done(HOME, "They were removed already."))
        }
        Err(failure) => refused(&desk, failure).await,
    }
}
