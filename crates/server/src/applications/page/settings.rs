//! The Settings of an application: who it is, where it may send people, how long its tokens live; and its end.
//!
//! Must never delete an application whose name was not typed.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;

use super::{HOME, Shown, TYPES, api_path, shown_path};
use crate::dashboard::ui::{Copy, CopyField, Csrf};
use crate::dashboard::{Confirm, Desk, Failure, Field, Form, Frame, Group, Kind, Posted, Sent, form};

const ROTATION: &[(&str, &str)] = &[("non-rotating", "Stay the same"), ("rotating", "Rotate with each use")];
const EXPIRATION: &[(&str, &str)] = &[("non-expiring", "Never expire"), ("expiring", "Expire")];
const INITIATORS: &[(&str, &str)] = &[
    ("", "Logouts of the user alone"),
    ("custom", "The occasions below"),
    ("all", "Every end of a session"),
];
const OCCASIONS: &[(&str, &str)] = &[
    ("rp-logout", "The user signed out of an application"),
    ("idp-logout", "The user signed out of the identity provider"),
    ("password-changed", "The password was changed"),
    ("session-expired", "The session expired"),
    ("session-revoked", "The session was revoked"),
    ("account-deleted", "The user was deleted"),
    ("email-identifier-changed", "The email address was changed"),
    ("mfa-phone-unenrolled", "A phone was removed as a second factor"),
    ("account-deactivated", "The user was blocked"),
];

const GROUPS: &[Group] = &[
    Group {
        title: "Application Properties",
        lead: "",
        fields: &[
            Field::text("name", "Name").required(),
            Field::new("description", "Description", Kind::Area(2)).help("At most 140 characters."),
            Field::new("logo_uri", "Application Logo", Kind::Text("url"))
                .placeholder("https://example.com/logo.png")
                .help("The address of a picture, 150 by 150 pixels or so."),
            Field::new("app_type", "Application Type", Kind::Select(TYPES)),
        ],
    },
    Group {
        title: "Application URIs",
        lead: "One a line. Browsers are sent to no other address.",
        fields: &[
            Field::new("initiate_login_uri", "Application Login URI", Kind::Text("url"))
                .placeholder("https://example.com/login")
                .help("Where the application begins a sign-in by itself. https only."),
            Field::new("callbacks", "Allowed Callback URLs", Kind::Lines)
                .placeholder("https://example.com/callback")
                .help("Where people come back to after they have signed in."),
            Field::new("allowed_logout_urls", "Allowed Logout URLs", Kind::Lines)
                .placeholder("https://example.com")
                .help("Where people may be sent after they have signed out."),
            Field::new("web_origins", "Allowed Web Origins", Kind::Lines)
                .placeholder("https://example.com")
                .help("Pages of these origins may renew tokens in the background."),
            Field::new("allowed_origins", "Allowed Origins (CORS)", Kind::Lines)
                .placeholder("https://example.com")
                .help("Pages of these origins may call the endpoints with JavaScript. Those of the callback URLs may anyway."),
        ],
    },
    Group {
        title: "ID Token",
        lead: "",
        fields: &[Field::new("jwt_configuration.lifetime_in_seconds", "ID Token Expiration", Kind::Number("seconds"))
            .help("36000 seconds are ten hours.")],
    },
    Group {
        title: "Refresh Tokens",
        lead: "They get new access tokens without the user. Tokens that rotate have to expire.",
        fields: &[
            Field::new("refresh_token.rotation_type", "Rotation", Kind::Select(ROTATION))
                .help("A rotated token that is used again ends all tokens that came from it."),
            Field::new("refresh_token.leeway", "Rotation Overlap Period", Kind::Number("seconds"))
                .help("For so long the token before is still accepted, for applications that lost the answer."),
            Field::new("refresh_token.expiration_type", "Expiration", Kind::Select(EXPIRATION)),
            Field::new("refresh_token.infinite_idle_token_lifetime", "No Idle Lifetime", Kind::Toggle)
                .help("Tokens do not end because nobody used them."),
            Field::new("refresh_token.idle_token_lifetime", "Idle Refresh Token Lifetime", Kind::Number("seconds"))
                .help("A token that is not used for so long ends."),
            Field::new("refresh_token.infinite_token_lifetime", "No Maximum Lifetime", Kind::Toggle)
                .help("Tokens do not end because they are old."),
            Field::new("refresh_token.token_lifetime", "Maximum Refresh Token Lifetime", Kind::Number("seconds"))
                .help("A token ends so long after the user signed in, however it is used."),
        ],
    },
    Group {
        title: "OpenID Connect Back-Channel Logout",
        lead: "The application is told when a session ends.",
        fields: &[
            Field::new("oidc_logout.backchannel_logout_urls", "Back-Channel Logout URI", Kind::Lines)
                .placeholder("https://example.com/backchannel-logout"),
            Field::new("oidc_logout.backchannel_logout_initiators.mode", "Tell it about", Kind::Select(INITIATORS)),
            Field::new(
                "oidc_logout.backchannel_logout_initiators.selected_initiators",
                "Occasions",
                Kind::Choices(OCCASIONS),
            ),
        ],
    },
];

#[derive(Template)]
#[template(path = "applications/page/settings.html")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "what the page shows and offers, each apart from the others"
)]
struct Settings {
    form: Form,
    domain: String,
    client_id: String,
    /// Its address in the Dashboard.
    path: String,
    /// Where a copy of the secret is asked for.
    copy: String,
    csrf: Csrf,
    /// Whether it proves itself with keys and has no secret that counts.
    by_keys: bool,
    /// Whether it runs where no secret is kept.
    public: bool,
    may_read_secret: bool,
    may_rotate: bool,
    may_delete: bool,
}

impl Settings {
    fn of(desk: &Desk, shown: &Shown, form: Form) -> Self {
        Self {
            form,
            domain: desk.tenant.stored.domain.clone(),
            client_id: shown.client_id.clone(),
            path: shown.path(),
            copy: super::secret::copy_path(shown),
            csrf: desk.csrf(),
            by_keys: shown.value.get("client_authentication_methods").is_some(),
            public: shown.text("token_endpoint_auth_method") == "none",
            may_read_secret: desk.may("read:client_keys"),
            may_rotate: desk.may("update:client_keys"),
            may_delete: desk.may("delete:clients"),
        }
    }
}

pub(super) async fn show(desk: Arc<Desk>) -> Result<Response, Failure> {
    let shown = Shown::load(&desk).await?;
    let form = Form::of(&desk, GROUPS, &shown.value, (&desk.path, "update:clients"));
    Ok(super::page(&desk, &shown, "", &Settings::of(&desk, &shown, form)))
}

pub(super) async fn save(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let sent = form::save_with(&desk, GROUPS, (&shown_path(&desk), &api_path(&desk)), &posted, |_, patch| {
        without_mode(patch);
    })
    .await?;
    match sent {
        Sent::Done(_) => Ok(desk.done(&desk.path, "The settings were saved.")),
        Sent::Again(status, form) => {
            let shown = Shown::load(&desk).await?;
            let body = Settings::of(&desk, &shown, *form);
            Ok(desk.page_with(status, &shown.frame(""), &body))
        }
    }
}

/// Nobody chose occasions: that is said by naming none.
fn without_mode(patch: &mut serde_json::Map<String, serde_json::Value>) {
    let logout = patch.get_mut("oidc_logout").and_then(serde_json::Value::as_object_mut);
    let Some(logout) = logout else { return };
    let mode = logout.get("backchannel_logout_initiators").and_then(|own| own.get("mode")?.as_str());
    if mode.is_none_or(str::is_empty) {
        logout.shift_remove("backchannel_logout_initiators");
    }
}

fn deleting(desk: &Desk, shown: &Shown) -> (Frame, Confirm) {
    let confirm = Confirm::new(desk, "Delete application", shown.path())
        .that("At once, nobody can sign in to it any more, and it gets no more tokens.")
        .that("Its client secret, its credentials, its access to APIs and the refresh tokens that it got go with it.")
        .that("Access tokens that it has got already stay good until they expire. Users and connections stay.")
        .that("It cannot be brought back: a new application has another client ID.")
        .name(&shown.name, "name of the application");
    (shown.frame_below("", "Delete the application?"), confirm)
}

pub(super) async fn ask_delete(desk: Arc<Desk>) -> Result<Response, Failure> {
    let shown = Shown::load(&desk).await?;
    desk.needs("delete:clients")?;
    let (frame, confirm) = deleting(&desk, &shown);
    Ok(desk.page(&frame, &confirm))
}

pub(super) async fn delete(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let shown = Shown::load(&desk).await?;
    let (frame, confirm) = deleting(&desk, &shown);
    if let Some(missing) = confirm.missing(&desk, &frame, &posted) {
        return Ok(missing);
    }
    desk.api.delete(&api_path(&desk), None).await?;
    Ok(desk.done(HOME, &format!("{} was deleted.", shown.name)))
}
