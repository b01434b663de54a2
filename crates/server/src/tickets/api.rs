//! The Management API of the tickets: administrators get links for their users.
//!
//! Must never write a link anywhere but into the answer.

use std::sync::{Arc, LazyLock};

use axum::Json;
use axum::extract::State;
use chancery_oauth::uri;
use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::{Kind, LONGEST_LIFETIME, Terms, Ticket, open, sql};
use crate::administrators::{is_hidden_connection, is_hidden_user};
use crate::app::App;
use crate::applications;
use crate::mail::{self, Template};
use crate::management::operation::{Operation, Required, operation};
use crate::management::shape::{Field, Format, Object, When, boolean, field, integer, object, one_of, text};
use crate::management::{ApiError, Body, Caller};
use crate::users::{self, Identity, User};
use crate::write::Write;

const URL: Format = Format { name: "url", accepts: is_url };
const CONNECTION: Format = Format {
    name: "connection id",
    accepts: |text| {
        text.strip_prefix("con_")
            .is_some_and(|rest| rest.len() == 16 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    },
};

static VERIFICATION: LazyLock<Object> = LazyLock::new(|| {
    let [result_url, client, organization, lifetime, include] = common();
    object([
        field("user_id", id()).required(),
        result_url,
        client,
        organization,
        lifetime,
        include,
        field("identity", identity(field("provider", text().at_least(1).at_most(64)))),
    ])
});

static PASSWORD: LazyLock<Object> = LazyLock::new(|| {
    let [result_url, client, organization, lifetime, include] = common();
    object([
        field("user_id", id()),
        field("connection_id", text().like(CONNECTION)),
        field("email", text().at_least(3).at_most(320)),
        result_url,
        client,
        organization,
        lifetime,
        include,
        field("mark_email_as_verified", boolean()),
        field("identity", identity(field("provider", one_of(&["auth0"])))),
    ])
});

static ANSWER: LazyLock<Object> = LazyLock::new(|| object([field("ticket", text()).read_only()]));

fn common() -> [Field; 5] {
    [
        field("result_url", text().at_most(2048).like(URL)),
        field("client_id", text().at_least(1).at_most(64)),
        field("organization_id", text().at_most(64)),
        field("ttl_sec", integer(0, LONGEST_LIFETIME)),
        field("includeEmailInRedirect", boolean()),
    ]
}

fn id() -> crate::management::shape::Text {
    text().at_least(1).at_most(512)
}

fn identity(provider: Field) -> Object {
    object([
        field("user_id", id()).required(),
        provider.required(),
        field("connection_id", text().like(CONNECTION)),
    ])
}

/// An absolute address; nothing that runs in the page, nothing that breaks a header.
fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        && !uri::is_dangerous(scheme)
        && rest.strip_prefix("//").is_some_and(|host| !host.is_empty() && !host.starts_with('/'))
        && !text
            .chars()
            .any(|character| character.is_whitespace() || character.is_control() || character == '\\')
}

/// The lines of this slice.
pub fn operations() -> Vec<Operation> {
    vec![
        operation(
            "post_email-verification",
            (Method::POST, "/tickets/email-verification"),
            Required::Any(&["create:user_tickets"]),
            "Create an email verification ticket",
            verification,
        )
        .takes(&VERIFICATION, When::Create)
        .answers(&ANSWER),
        operation(
            "post_password-change",
            (Method::POST, "/tickets/password-change"),
            Required::Any(&["create:user_tickets"]),
            "Create a password change ticket",
            password,
        )
        .takes(&PASSWORD, When::Create)
        .answers(&ANSWER),
    ]
}

async fn verification(
    State(app): State<Arc<App>>,
    caller: Caller,
    body: Body,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let body = body.checked(&VERIFICATION, When::Create)?;
    if body.contains_key("result_url") && body.contains_key("client_id") {
        return Err(ApiError::Body("Give result_url or client_id, not both.".to_owned()));
    }
    let (terms, lifetime) = asked(&app, &caller, &body, Template::VerifyEmail).await?;
    let write = Write::begin(&app, caller.tenant.id()).await?;
    let user_id = member(&body, "user_id").unwrap_or_default().to_owned();
    finish((&app, &caller, write), (Kind::EmailVerification, user_id), &body, (terms, lifetime)).await
}

async fn password(
    State(app): State<Arc<App>>,
    caller: Caller,
    body: Body,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let body = body.checked(&PASSWORD, When::Create)?;
    let (mut terms, lifetime) = asked(&app, &caller, &body, Template::Reset).await?;
    terms.mark_email_as_verified = body.get("mark_email_as_verified") == Some(&Value::Bool(true));
    let mut write = Write::begin(&app, caller.tenant.id()).await?;
    let user_id = match (member(&body, "user_id"), member(&body, "connection_id"), member(&body, "email")) {
        (Some(user_id), None, None) => user_id.to_owned(),
        (None, Some(connection), Some(_)) if is_hidden_connection(connection) => return Err(no_such_user()),
        (None, Some(connection), Some(email)) if !body.contains_key("identity") => {
            terms.connection_id = Some(connection.to_owned());
            let email = email.to_lowercase();
            let found = sql::by_email(write.tx(), caller.tenant.id(), (connection, &email)).await?;
            let (user_id, identity_id) = found.ok_or_else(no_such_user)?;
            terms.identity_id = Some(identity_id);
            user_id
        }
        _ => {
            return Err(ApiError::Body(
                "Give user_id, perhaps with identity; or else connection_id together with email.".to_owned(),
            ));
        }
    };
    finish((&app, &caller, write), (Kind::PasswordChange, user_id), &body, (terms, lifetime)).await
}

/// What a body says about the link, over what the template says.
async fn asked(
    app: &App,
    caller: &Caller,
    body: &Map<String, Value>,
    template: Template,
) -> Result<(Terms, i64), ApiError> {
    if body.contains_key("organization_id") {
        return Err(ApiError::NotSupported(
            "There are no organizations yet: leave organization_id out.".to_owned(),
        ));
    }
    let client_id = member(body, "client_id").map(str::to_owned);
    if let Some(client_id) = &client_id
        && applications::sql::find(&app.db, caller.tenant.id(), client_id).await?.is_none()
    {
        return Err(ApiError::Body(
            "client_id has to be the id of an application, and there is none with it.".to_owned(),
        ));
    }
    let set = mail::link_settings(&caller.tenant, template);
    let lifetime = body.get("ttl_sec").and_then(Value::as_i64).filter(|seconds| *seconds > 0);
    let terms = Terms {
        // A template is filled in for mails alone.
        result_url: member(body, "result_url")
            .map(str::to_owned)
            .or(set.result_url.filter(|url| !url.contains('{'))),
        include_email: body
            .get("includeEmailInRedirect")
            .and_then(Value::as_bool)
            .unwrap_or(set.include_email),
        client_id,
        ..Terms::default()
    };
    Ok((terms, lifetime.or(set.lifetime).unwrap_or_default()))
}

async fn finish(
    (app, caller, mut write): (&App, &Caller, Write),
    (kind, user_id): (Kind, String),
    body: &Map<String, Value>,
    (mut terms, lifetime): (Terms, i64),
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let tenant = caller.tenant.id();
    if is_hidden_user(&user_id) {
        return Err(no_such_user());
    }
    // Whoever makes a ticket for a user waits until that user is deleted, or the other way round.
    let user = users::sql::lock(write.tx(), tenant, &user_id).await?.ok_or_else(no_such_user)?;
    let identity = match body.get("identity") {
        Some(Value::Object(named)) => Some(identity_of(&user, named)?),
        _ => user.identities.iter().find(|own| terms.identity_id.as_ref() == Some(&own.id)),
    };
    if let Some(identity) = identity {
        terms.connection_id = Some(identity.connection_id.clone());
        terms.identity_id = Some(identity.id.clone());
    }
    terms.email = match (kind, identity) {
        // That of another identity is none of this one.
        (Kind::EmailVerification, Some(identity)) => user.email_of(identity).map(str::to_owned),
        (_, Some(identity)) => user.address_for(identity).map(str::to_owned),
        (_, None) => user.email.clone(),
    };
    if kind == Kind::EmailVerification && terms.email.is_none() {
        return Err(ApiError::Body("The user has no email address that could be verified.".to_owned()));
    }
    let ticket = Ticket::new(&user_id, terms, (lifetime, app.clock.now()));
    let url = open(app, write.tx(), &caller.tenant, (kind, &ticket)).await?;
    write.commit(caller.entry(201)).await?;
    Ok((StatusCode::CREATED, Json(json!({ "ticket": url }))))
}

/// The identity of a user that a body names.
fn identity_of<'a>(user: &'a User, named: &Map<String, Value>) -> Result<&'a Identity, ApiError> {
    let is_named = |own: &&Identity| {
        member(named, "provider") == Some(&own.provider)
            && member(named, "user_id") == Some(&own.id)
            && member(named, "connection_id").is_none_or(|id| id == own.connection_id)
    };
    user.identities.iter().find(is_named).ok_or_else(|| {
        ApiError::Body("identity has to be one of the user's, and it is none of them.".to_owned())
    })
}

fn member<'a>(body: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    body.get(name).and_then(Value::as_str)
}

fn no_such_user() -> ApiError {
    ApiError::NotFound { code: Some("inexistent_user"), message: "The user does not exist." }
}
