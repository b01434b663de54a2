//! Who a user is: profile, metadata, password, links, blocks, and the end.
//!
//! Must never send a password back.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::{HOME, api_path, frame, load, own_path};
use crate::dashboard::ui::{self, Alert, Badge, Copy, CopyField, Csrf, Moment, Tone, text};
use crate::dashboard::{
    Confirm, Desk, Editor, Failure, Field, Form, Group, Kind, Posted, Sent, escaped, form,
};

const PROFILE: &[Group] = &[Group {
    title: "Profile",
    lead: "",
    fields: &[
        Field::new("email", "Email address", Kind::Text("email")),
        Field::new("email_verified", "The email address is verified", Kind::Toggle),
        Field::text("name", "Name"),
        Field::text("nickname", "Nickname"),
        Field::text("given_name", "Given name"),
        Field::text("family_name", "Family name"),
        Field::new("picture", "Picture", Kind::Text("url")).help("The address of a picture."),
    ],
}];

const METADATA: &[Group] = &[
    Group {
        title: "User metadata",
        lead: "Preferences: what people may change themselves.",
        fields: &[Field::new("user_metadata", "user_metadata", Kind::Json).help("A JSON object.")],
    },
    Group {
        title: "App metadata",
        lead: "What your applications decide by, and people cannot change.",
        fields: &[Field::new("app_metadata", "app_metadata", Kind::Json).help("A JSON object.")],
    },
];

#[derive(Template)]
#[template(path = "users/detail.html")]
#[expect(clippy::struct_excessive_bools, reason = "what the page shows and offers, each apart from the others")]
struct Detail<'a> {
    user: &'a Value,
    identities: &'a [Value],
    form: Form,
    csrf: Csrf,
    home: String,
    blocked: bool,
    /// Whether wrong passwords have blocked the account somewhere.
    locked: bool,
    /// The link that was made just now.
    link: Option<String>,
    may: bool,
    may_delete: bool,
    may_link: bool,
}

async fn detail<'a>(desk: &Desk, user: &'a Value, form: Option<Form>) -> Result<Detail<'a>, Failure> {
    let blocks =
        desk.api.look(&format!("/user-blocks/{}", escaped(desk.name("id")))).await?.unwrap_or_default();
    Ok(Detail {
        identities: user.get("identities").and_then(Value::as_array).map_or(&[][..], Vec::as_slice),
        form: form.unwrap_or_else(|| Form::of(desk, PROFILE, user, (&own_path(desk), "update:users"))),
        csrf: desk.csrf(),
        home: own_path(desk),
        blocked: user.get("blocked") == Some(&Value::Bool(true)),
        locked: blocks.get("blocked_for").and_then(Value::as_array).is_some_and(|all| !all.is_empty()),
        link: None,
        may: desk.may("update:users"),
        may_delete: desk.may("delete:users"),
        may_link: desk.may("create:user_tickets"),
        user,
    })
}

pub(super) async fn show(desk: Arc<Desk>) -> Result<Response, Failure> {
    let user = load(&desk).await?;
    let body = detail(&desk, &user, None).await?;
    Ok(desk.page(&frame(&desk, &user, ""), &body))
}

pub(super) async fn save(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    match form::save(&desk, PROFILE, &api_path(&desk), &posted).await? {
        Sent::Done(_) => Ok(desk.done(&own_path(&desk), "The user was saved.")),
        Sent::Again(status, form) => {
            let user = load(&desk).await?;
            let body = detail(&desk, &user, Some(*form)).await?;
            Ok(desk.page_with(status, &frame(&desk, &user, ""), &body))
        }
    }
}

async fn metadata_editor(desk: &Desk) -> Result<Editor, Failure> {
    let user = load(desk).await?;
    let frame = frame(desk, &user, "metadata");
    Ok(Editor { groups: METADATA, object: api_path(desk), scope: "update:users", frame })
}

pub(super) async fn metadata(desk: Arc<Desk>) -> Result<Response, Failure> {
    metadata_editor(&desk).await?.show(&desk).await
}

pub(super) async fn save_metadata(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    metadata_editor(&desk).await?.save(&desk, &posted, "The metadata was saved.").await
}

#[derive(Template)]
#[template(path = "users/password.html")]
struct Password {
    csrf: Csrf,
    home: String,
    problem: Option<String>,
}

pub(super) async fn ask_password(desk: Arc<Desk>) -> Result<Response, Failure> {
    let body = Password { csrf: desk.csrf(), home: own_path(&desk), problem: None };
    super::within(&desk, "", &body).await
}

pub(super) async fn set_password(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let user = load(&desk).await?;
    let connection = user.get("identities").and_then(|all| all.get(0)).map(|own| text(own, "connection"));
    let change = json!({ "password": posted.exact("password"), "connection": connection });
    match desk.api.patch(&api_path(&desk), &change).await {
        Ok(_) => {
            Ok(desk.done(&own_path(&desk), "The password was set, and every session of the user has ended."))
        }
        Err(failure) if failure.is_mendable() => {
            let said = failure.property().map_or(failure.message.clone(), |(reason, _)| reason.to_owned());
            let body = Password { csrf: desk.csrf(), home: own_path(&desk), problem: Some(said) };
            Ok(desk.page_with(StatusCode::BAD_REQUEST, &frame(&desk, &user, ""), &body))
        }
        Err(failure) => Err(failure),
    }
}

/// Makes a link to hand over: to choose a new password, or to verify the address.
pub(super) async fn link(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let path = if posted.get("kind") == "verify" {
        "/tickets/email-verification"
    } else {
        "/tickets/password-change"
    };
    let made = desk.api.post(path, &json!({ "user_id": desk.name("id") })).await?;
    let user = load(&desk).await?;
    let mut body = detail(&desk, &user, None).await?;
    body.link = Some(text(&made, "ticket").to_owned());
    Ok(desk.page(&frame(&desk, &user, ""), &body))
}

pub(super) async fn block(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let on = posted.get("blocked") == "true";
    desk.api.patch(&api_path(&desk), &json!({ "blocked": on })).await?;
    let said = if on { "The user is blocked and cannot sign in." } else { "The user can sign in again." };
    Ok(desk.done(&own_path(&desk), said))
}

pub(super) async fn unblock(desk: Arc<Desk>, _: Posted) -> Result<Response, Failure> {
    desk.api.delete(&format!("/user-blocks/{}", escaped(desk.name("id"))), None).await?;
    Ok(desk.done(&own_path(&desk), "The blocks after wrong passwords were lifted."))
}

async fn deleting(desk: &Desk) -> Result<(crate::dashboard::Frame, Confirm), Failure> {
    let user = load(desk).await?;
    let email = text(&user, "email");
    let (name, what) =
        if email.is_empty() { (text(&user, "user_id"), "user ID") } else { (email, "email address") };
    let confirm = Confirm::new(desk, "Delete user", own_path(desk))
        .that("The account is gone for good, with its password, roles, metadata and sessions.")
        .that("Access tokens that applications have stay good until they expire.")
        .name(name, what);
    Ok((frame(desk, &user, ""), confirm))
}

pub(super) async fn ask_delete(desk: Arc<Desk>) -> Result<Response, Failure> {
    let (frame, confirm) = deleting(&desk).await?;
    Ok(desk.page(&frame, &confirm))
}

pub(super) async fn delete(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let (frame, confirm) = deleting(&desk).await?;
    if let Some(missing) = confirm.missing(&desk, &frame, &posted) {
        return Ok(missing);
    }
    desk.api.delete(&api_path(&desk), None).await?;
    Ok(desk.done(HOME, "The user was deleted."))
}
