//! The settings of an application: what it is, where it may send people, how long its tokens live; and its end.
//!
//! Must never show the client secret: `secret.rs` does, when it is asked to.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use super::{Application, HOME, KINDS, WITHOUT_SECRET, api_path, own_path};
use crate::dashboard::ui::{CopyField, Csrf};
use crate::dashboard::{Confirm, Desk, Failure, Field, Form, Group, Kind, Posted, Sent, form};

const GROUPS: &[Group] = &[
    Group {
        title: "Application Properties",
        lead: "",
        fields: &[
            Field::text("name", "Name").required(),
            Field::new("description", "Description", Kind::Area(2)).help("At most 140 characters."),
            Field::new("logo_uri", "Application Logo", Kind::Text("url"))
                .help("The address of a picture, shown on the login pages.")
                .placeholder("https://shop.example.com/logo.png"),
            Field::new("app_type", "Application Type", Kind::Select(KINDS)),
        ],
    },
    Group {
        title: "Application URIs",
        lead: "Lists take one address a line.",
        fields: &[
            Field::new("initiate_login_uri", "Application Login URI", Kind::Text("url"))
                .help("Where a login begins that people start elsewhere; https.")
                .placeholder("https://shop.example.com/login"),
            Field::new("callbacks", "Allowed Callback URLs", Kind::Lines)
                .help("Where people may be sent back to after the login.")
                .placeholder("https://shop.example.com/callback"),
            Field::new("allowed_logout_urls", "Allowed Logout URLs", Kind::Lines)
                .help("Where people may be sent back to after the logout."),
            Field::new("web_origins", "Allowed Web Origins", Kind::Lines)
                .help("Pages that may ask for tokens silently, in a frame."),
            Field::new("allowed_origins", "Allowed Origins (CORS)", Kind::Lines)
                .help("Further pages whose scripts may call the endpoints of the tenant."),
        ],
    },
    Group {
        title: "ID Token",
        lead: "",
        fields: &[Field::new(
            "jwt_configuration.lifetime_in_seconds",
            "ID Token Expiration",
            Kind::Number("seconds"),
        )],
    },
    Group {
        title: "Refresh Tokens",
        lead: "Rotation gives a new refresh token with each use; whoever uses an old one again ends all of them.",
        fields: &[
            Field::new(
                "refresh_token.rotation_type",
                "Rotation",
                Kind::Select(&[("rotating", "Rotating"), ("non-rotating", "Not rotating")]),
            ),
            Field::new(
                "refresh_token.expiration_type",
                "Expiration",
                Kind::Select(&[("expiring", "They expire"), ("non-expiring", "They never expire")]),
            ),
            Field::new("refresh_token.leeway", "Rotation Overlap Period", Kind::Number("seconds"))
                .help("For how long the token before the last one may be used once more."),
            Field::new(
                "refresh_token.token_lifetime",
                "Maximum Refresh Token Lifetime",
                Kind::Number("seconds"),
            ),
            Field::new("refresh_token.infinite_token_lifetime", "No maximum lifetime", Kind::Toggle),
            Field::new(
                "refresh_token.idle_token_lifetime",
                "Idle Refresh Token Lifetime",
                Kind::Number("seconds"),
            ),
            Field::new("refresh_token.infinite_idle_token_lifetime", "No idle lifetime", Kind::Toggle),
        ],
    },
];

#[derive(Template)]
#[template(path = "applications/settings.html")]
pub(super) struct Settings<'a> {
    application: &'a Application,
    domain: &'a str,
    home: String,
    csrf: Csrf,
    form: Form,
    /// The secret, for whoever asked for it just now.
    pub(super) secret: Option<String>,
    may_reveal: bool,
    may_rotate: bool,
    may_delete: bool,
}

impl<'a> Settings<'a> {
    pub(super) fn new(desk: &'a Desk, application: &'a Application) -> Self {
        let form = Form::of(desk, GROUPS, &application.value, (&application.home(), "update:clients"));
        Self::with(desk, application, form)
    }

    fn with(desk: &'a Desk, application: &'a Application, form: Form) -> Self {
        Self {
            domain: &desk.tenant.stored.domain,
            home: application.home(),
            csrf: desk.csrf(),
            form,
            secret: None,
            may_reveal: desk.may("read:client_keys"),
            may_rotate: desk.may("update:client_keys"),
            may_delete: desk.may("delete:clients"),
            application,
        }
    }
}

pub(super) async fn show(desk: Arc<Desk>) -> Result<Response, Failure> {
    let application = Application::load(&desk).await?;
    Ok(desk.page(&application.frame(""), &Settings::new(&desk, &application)))
}

pub(super) async fn save(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let path = api_path(&desk);
    let read = format!("{path}?{WITHOUT_SECRET}");
    match form::save_at(&desk, GROUPS, (&read, &path), &posted).await? {
        Sent::Done(_) => Ok(desk.done(&own_path(&desk), "The application was saved.")),
        Sent::Again(status, form) => {
            let application = Application::load(&desk).await?;
            Ok(desk.page_with(status, &application.frame(""), &Settings::with(&desk, &application, *form)))
        }
    }
}

fn deleting(desk: &Desk, application: &Application) -> Confirm {
    Confirm::new(desk, "Delete application", application.home())
        .that("Nobody can sign in to it any more, and it gets no tokens.")
        .that("Its refresh tokens end. Access tokens that it has stay good until they expire.")
        .that("Its client ID, secret, credentials and authorizations are gone for good.")
        .name(application.name(), "name of the application")
}

pub(super) async fn ask_delete(desk: Arc<Desk>) -> Result<Response, Failure> {
    let application = Application::load(&desk).await?;
    Ok(desk.page(&application.frame(""), &deleting(&desk, &application)))
}

pub(super) async fn delete(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let application = Application::load(&desk).await?;
    let confirm = deleting(&desk, &application);
    if let Some(missing) = confirm.missing(&desk, &application.frame(""), &posted) {
        return Ok(missing);
    }
    match desk.api.delete(&api_path(&desk), None).await {
        Ok(_) => Ok(desk.done(HOME, "The application was deleted.")),
        Err(failure) if failure.status == StatusCode::BAD_REQUEST => {
            let confirm = confirm.problem(failure.message.clone());
            Ok(desk.page_with(failure.status, &application.frame(""), &confirm))
        }
        Err(failure) => Err(failure),
    }
}
