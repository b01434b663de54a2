//! The pages before the Dashboard: the first account, and what is said when nobody gets in.
//!
//! Must never tell whether an account exists to somebody without an invitation.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use std::sync::Arc;

use super::api::escaped;
use super::assets;
use super::posted::Posted;
use super::shell::{self, see_other};
use super::ui::{Alert, Tone};
use crate::administrators::{self, AcceptError, Accepting, Invitation};
use crate::app::App;
use crate::http::Origin;
use crate::http::body::read;
use crate::http::host::Site;
use crate::passkeys;
use crate::passwords::policy::Weak;
use crate::tenants::Tenant;

/// The largest form, in bytes.
const MAX_FORM: usize = 16 * 1024;

/// What stands on a page.
enum Content<'a> {
    Setup(Setup<'a>),
    /// A way on: address, label.
    Way(&'a str, &'a str),
    Nothing,
}

struct Setup<'a> {
    ticket: &'a str,
    email: &'a str,
    /// Whether the invitation is for this address alone.
    fixed: bool,
    /// The field that something is wrong with, and what.
    wrong: Option<(&'static str, &'a str)>,
}

impl Setup<'_> {
    /// What is wrong with a field.
    fn wrong_with(&self, field: &str) -> Option<&str> {
        self.wrong.filter(|(name, _)| *name == field).map(|(_, text)| text)
    }
}

#[derive(Template)]
#[template(path = "dashboard/gate.html")]
struct Gate<'a> {
    title: &'a str,
    lead: &'a str,
    problem: Option<&'a str>,
    content: Content<'a>,
    icon: &'a str,
    style: &'a str,
}

impl<'a> Gate<'a> {
    fn new(title: &'a str, lead: &'a str, content: Content<'a>) -> Self {
        Self { title, lead, problem: None, content, icon: &assets::ICON.path, style: &assets::STYLE.path }
    }

    fn answer(&self, status: StatusCode) -> Response {
        let mut response = shell::render(self);
        *response.status_mut() = status;
        response
    }
}

/// Nobody is an administrator of this tenant yet, or they are all gone.
pub(super) fn nobody() -> Response {
    let lead = "This tenant has no administrator yet. The first start of the server printed a link to make one; this \
        command prints another: chancery admins invite";
    Gate::new("The Dashboard is not set up", lead, Content::Nothing).answer(StatusCode::NOT_FOUND)
}

/// Somebody signed in who is no administrator, or not any more.
pub(super) fn stranger() -> Response {
    let lead =
        "You are signed in, but you are no administrator of this tenant. Ask one of them to invite you.";
    let way = Content::Way("/dashboard/login?again=true", "Sign in as somebody else");
    Gate::new("No way in", lead, way).answer(StatusCode::FORBIDDEN)
}

/// The sign-in did not come to its end.
pub(super) fn failed(why: &str) -> Response {
    let way = Content::Way("/dashboard/login", "Sign in again");
    Gate::new("You are not signed in", why, way).answer(StatusCode::BAD_REQUEST)
}

/// A fault of ours.
pub(super) fn broken(error: &dyn std::fmt::Display) -> Response {
    tracing::error!(%error, "the Dashboard could not let somebody in");
    let lead = "Try again in a moment. The server's log has the reason.";
    let way = Content::Way("/dashboard", "Try again");
    Gate::new("Something went wrong", lead, way).answer(StatusCode::INTERNAL_SERVER_ERROR)
}

/// Signed out.
pub(super) async fn signed_out() -> Response {
    let way = Content::Way("/dashboard/login", "Sign in");
    Gate::new("You are signed out", "Your session is over on this machine.", way).answer(StatusCode::OK)
}

/// The page of an invitation.
pub(super) async fn setup(
    State(app): State<Arc<App>>,
    Site(tenant): Site,
    request: axum::extract::Request,
) -> Response {
    let query = Posted::read(request.uri().query().unwrap_or_default().as_bytes());
    let ticket = query.get("ticket");
    match administrators::look(&app, tenant.id(), ticket).await {
        Ok(Some(invitation)) => {
            let email = invitation.email.clone().unwrap_or_default();
            invited(&tenant, &invitation, (ticket, &email), None).answer(StatusCode::OK)
        }
        Ok(None) => over(),
        Err(error) => broken(&error),
    }
}

fn over() -> Response {
    let lead = "It was used, withdrawn, or it is too old. Ask an Admin for another, or the operator: chancery admins \
        invite";
    let way = Content::Way("/dashboard/login", "Sign in");
    Gate::new("This invitation is no longer good", lead, way).answer(StatusCode::NOT_FOUND)
}

fn invited<'a>(
    tenant: &'a Tenant,
    invitation: &Invitation,
    (ticket, email): (&'a str, &'a str),
    wrong: Option<(&'static str, &'a str)>,
) -> Gate<'a> {
    let setup = Setup { ticket, email, fixed: invitation.email.is_some(), wrong };
    let gate = Gate::new("Make your account", &tenant.stored.domain, Content::Setup(setup));
    Gate { problem: wrong.map(|_| "The account was not made. What is wrong stands at the field."), ..gate }
}

/// What is wrong with a password, for whoever chose it.
fn weakness(weak: &Weak) -> &'static str {
    match weak {
        Weak::Strength(_) => {
            "This password is too weak: it lacks what stands below, or has the same character three times in a row."
        }
        Weak::Common => "This is one of the common passwords, which are tried first. Choose another.",
        Weak::Personal => "This password contains a part of your address. Choose another.",
        Weak::Reused => "This password was used before. Choose another.",
    }
}

/// Makes the administrator.
pub(super) async fn accept(
    State(app): State<Arc<App>>,
    Site(tenant): Site,
    request: axum::extract::Request,
) -> Response {
    let origin = Origin::of(&app, &request);
    let Ok(bytes) = read(request.into_body(), MAX_FORM).await else {
        return failed("The form is too large.");
    };
    let form = Posted::read(&bytes);
    let (ticket, email, password) = (form.get("ticket"), form.get("email"), form.exact("password"));
    let invitation = match administrators::look(&app, tenant.id(), ticket).await {
        Ok(Some(invitation)) => invitation,
        Ok(None) => return over(),
        Err(error) => return broken(&error),
    };
    let again = |field: &'static str, problem: &str| {
        let gate = invited(&tenant, &invitation, (ticket, email), Some((field, problem)));
        gate.answer(StatusCode::BAD_REQUEST)
    };
    if password != form.exact("password_repeat") {
        return again("password_repeat", "The two passwords differ. Type the same one twice.");
    }
    let accepting = Accepting { text: ticket, email, password, origin: &origin };
    match administrators::accept(&app, &tenant, accepting).await {
        Ok(made) => {
            // Whoever is new is offered a passkey first, where there can be one.
            let to = if passkeys::relying_party(&tenant).is_some() {
                format!("&to={}", escaped(&format!("{}?offered=1", passkeys::page::HOME)))
            } else {
                String::new()
            };
            see_other(&format!("/dashboard/login?hint={}{to}", escaped(&made.email)))
        }
        Err(AcceptError::Over) => over(),
        Err(AcceptError::Db(error)) => broken(&error),
        Err(AcceptError::Weak(weak)) => again("password", weakness(&weak)),
        Err(of_password @ (AcceptError::NoPassword(_) | AcceptError::Pool(_))) => {
            again("password", &of_password.to_string())
        }
        Err(of_email @ (AcceptError::NoEmail | AcceptError::OtherEmail | AcceptError::Taken)) => {
            again("email", &of_email.to_string())
        }
    }
}
