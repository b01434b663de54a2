//! Who a user is: profile, metadata, identities, password, links, blocks, and the end.
//!
//! Must never send a password back.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{HOME, api_path, frame, load, own_path, wrong_password};
use crate::dashboard::ui::{self, Alert, Badge, Copy, CopyField, Csrf, Moment, Tone, text};
use crate::dashboard::{
    Confirm, Desk, Failure, Field, Form, Frame, Group, Kind, Posted, Sent, escaped, form,
};

const PROFILE: &[Group] = &[Group {
    title: "Profile",
    lead: "",
    fields: &[
        Field::new("email", "Email address", Kind::Text("email")).nullable(),
        Field::new("email_verified", "The email address is verified", Kind::Toggle),
        Field::text("name", "Name").nullable(),
        Field::text("nickname", "Nickname").nullable(),
        Field::text("given_name", "Given name").nullable(),
        Field::text("family_name", "Family name").nullable(),
        Field::new("picture", "Picture", Kind::Text("url"))
            .nullable()
            .help("The address of a picture, which is not loaded here."),
        Field::text("username", "Username")
            .nullable()
            .help("Only at connections that have usernames. Save it apart from a new email address."),
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
        lead: "What your applications decide by, and people cannot change themselves.",
        fields: &[Field::new("app_metadata", "app_metadata", Kind::Json).help("A JSON object.")],
    },
];

/// An identity as the page shows it.
struct Identity {
    connection: String,
    provider: String,
    id: String,
    /// Where it is taken off the user.
    unlink: String,
}

impl Identity {
    fn of(desk: &Desk, value: &Value) -> Self {
        let (provider, id) = (text(value, "provider").to_owned(), id_of(value));
        let unlink = format!("{}/identities/{}/{}/unlink", own_path(desk), escaped(&provider), escaped(&id));
        Self { connection: text(value, "connection").to_owned(), provider, id, unlink }
    }
}

fn identities(user: &Value) -> impl Iterator<Item = &Value> {
    user.get("identities").and_then(Value::as_array).into_iter().flatten()
}

/// The id at the provider, which some providers count.
fn id_of(identity: &Value) -> String {
    let id = identity.get("user_id");
    id.and_then(Value::as_str).map_or_else(|| id.map(Value::to_string).unwrap_or_default(), str::to_owned)
}

#[derive(Template)]
#[template(path = "users/detail.html")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "what the page shows and offers, each apart from the others"
)]
struct Detail<'a> {
    user: &'a Value,
    identities: Vec<Identity>,
    form: Form,
    csrf: Csrf,
    home: String,
    blocked: bool,
    /// Whether wrong passwords have blocked the account somewhere.
    locked: bool,
    /// The link that was made just now.
    link: Option<String>,
    /// Whether the address could be verified.
    unverified: bool,
    may: bool,
    may_delete: bool,
    may_link: bool,
}

async fn detail<'a>(desk: &Desk, user: &'a Value, form: Option<Form>) -> Result<Detail<'a>, Failure> {
    let blocks =
        desk.api.look(&format!("/user-blocks/{}", escaped(desk.name("id")))).await?.unwrap_or_default();
    Ok(Detail {
        identities: identities(user).map(|one| Identity::of(desk, one)).collect(),
        form: form.unwrap_or_else(|| Form::of(desk, PROFILE, user, (&own_path(desk), "update:users"))),
        csrf: desk.csrf(),
        home: own_path(desk),
        blocked: user.get("blocked") == Some(&Value::Bool(true)),
        locked: blocks.get("blocked_for").and_then(Value::as_array).is_some_and(|all| !all.is_empty()),
        link: None,
        unverified: !text(user, "email").is_empty() && user.get("email_verified") != Some(&Value::Bool(true)),
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

pub(super) async fn metadata(desk: Arc<Desk>) -> Result<Response, Failure> {
    let user = load(&desk).await?;
    let form = Form::of(&desk, METADATA, &user, (&desk.path, "update:users"));
    Ok(desk.page(&frame(&desk, &user, "metadata"), &form))
}

pub(super) async fn save_metadata(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let path = api_path(&desk);
    match form::save_with(&desk, METADATA, (&path, &path), &posted, without_removed).await? {
        Sent::Done(_) => Ok(desk.done(&desk.path, "The metadata was saved.")),
        Sent::Again(status, form) => {
            let user = load(&desk).await?;
            Ok(desk.page_with(status, &frame(&desk, &user, "metadata"), &*form))
        }
    }
}

/// Names what was deleted from the text, because the API merges metadata: what it does not see stays.
fn without_removed(user: &Value, patch: &mut Map<String, Value>) {
    for (name, sent) in patch {
        let (Some(sent), Some(stored)) = (sent.as_object_mut(), user.get(name).and_then(Value::as_object))
        else {
            continue;
        };
        // An empty object removes all.
        if !sent.is_empty() {
            for member in stored.keys() {
                sent.entry(member).or_insert(Value::Null);
            }
        }
    }
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
            let said = wrong_password(&failure).map_or_else(|| failure.reason(), str::to_owned);
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

/// Asks the user by mail to verify the address.
pub(super) async fn verify(desk: Arc<Desk>, _: Posted) -> Result<Response, Failure> {
    desk.api.patch(&api_path(&desk), &json!({ "verify_email": true })).await?;
    Ok(desk.done(&own_path(&desk), "A mail with a link to verify the address is on its way."))
}

/// What it means to block the user, or to end that.
async fn blocking(desk: &Desk) -> Result<(Frame, Confirm), Failure> {
    let user = load(desk).await?;
    let is_blocked = user.get("blocked") == Some(&Value::Bool(true));
    let confirm = if is_blocked {
        Confirm::new(desk, "Unblock user", own_path(desk)).that("The user can sign in again.")
    } else {
        Confirm::new(desk, "Block user", own_path(desk))
            .that("The user cannot sign in any more, and every session and refresh token ends at once.")
            .that("Access tokens that applications have stay good until they expire.")
            .that("You can unblock the user at any time.")
    };
    // What was meant is what happens, even if somebody else was faster.
    let confirm = confirm.harmless().carrying("blocked", (!is_blocked).to_string());
    Ok((frame(desk, &user, ""), confirm))
}

pub(super) async fn ask_block(desk: Arc<Desk>) -> Result<Response, Failure> {
    let (frame, confirm) = blocking(&desk).await?;
    Ok(desk.page(&frame, &confirm))
}

pub(super) async fn block(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let on = posted.get("blocked") == "true";
    desk.api.patch(&api_path(&desk), &json!({ "blocked": on })).await?;
    let said = if on { "The user is blocked and cannot sign in." } else { "The user can sign in again." };
    Ok(desk.done(&own_path(&desk), said))
}

/// What it means to take the identity of this page off its user.
async fn unlinking(desk: &Desk) -> Result<(Frame, Confirm), Failure> {
    let user = load(desk).await?;
    let (provider, id) = (desk.name("provider"), desk.name("identity"));
    let found = identities(&user).skip(1).find(|one| text(one, "provider") == provider && id_of(one) == id);
    let found = found.ok_or_else(|| Failure::missing("The user has no linked identity with this ID."))?;
    let confirm = Confirm::new(desk, "Unlink identity", own_path(desk))
        .that(format!("{provider}|{id} at {} becomes a user of its own.", text(found, "connection")))
        .that("Who signs in with it gets neither the roles nor the metadata of this user any more.")
        .name(&format!("{provider}|{id}"), "identity");
    Ok((frame(desk, &user, ""), confirm))
}

pub(super) async fn ask_unlink(desk: Arc<Desk>) -> Result<Response, Failure> {
    let (frame, confirm) = unlinking(&desk).await?;
    Ok(desk.page(&frame, &confirm))
}

pub(super) async fn unlink(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let (frame, confirm) = unlinking(&desk).await?;
    if let Some(missing) = confirm.missing(&desk, &frame, &posted) {
        return Ok(missing);
    }
    let (provider, id) = (escaped(desk.name("provider")), escaped(desk.name("identity")));
    desk.api.delete(&format!("{}/identities/{provider}/{id}", api_path(&desk)), None).await?;
    Ok(desk.done(&own_path(&desk), "The identity is a user of its own now."))
}

pub(super) async fn unblock(desk: Arc<Desk>, _: Posted) -> Result<Response, Failure> {
    desk.api.delete(&format!("/user-blocks/{}", escaped(desk.name("id"))), None).await?;
    Ok(desk.done(&own_path(&desk), "The blocks after wrong passwords were lifted."))
}

async fn deleting(desk: &Desk) -> Result<(Frame, Confirm), Failure> {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::without_removed;

    #[test]
    fn what_was_deleted_from_metadata_is_named() {
        let user = json!({ "user_metadata": { "a": 1, "b": 2 }, "app_metadata": { "c": 3 } });
        let patched = |patch: serde_json::Value| {
            let mut patch = patch.as_object().cloned().unwrap();
            without_removed(&user, &mut patch);
            serde_json::Value::Object(patch)
        };
        assert_eq!(
            patched(json!({ "user_metadata": { "a": 5 } })),
            json!({ "user_metadata": { "a": 5, "b": null } })
        );
        assert_eq!(patched(json!({ "app_metadata": {} })), json!({ "app_metadata": {} }));
        assert_eq!(patched(json!({ "app_metadata": [] })), json!({ "app_metadata": [] }));
    }
}
