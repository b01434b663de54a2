//! Branding > Email Provider: the mail server of the tenant.
//!
//! Must never show its password, nor lose it unsaid: the API puts credentials in whole, so whoever changes the server
//! types the password again.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::frame;
use crate::app::App;
use crate::dashboard::ui::{Alert, Tone, text};
use crate::dashboard::{
    Confirm, Desk, Failure, Field, Form, Frame, Group, Kind, Posted, Sent, action, form, screen,
};

const HOME: &str = "/dashboard/branding/provider";
const API: &str = "/emails/provider";
/// The credentials that are shown.
const SHOWN: &[&str] = &["smtp_host", "smtp_port", "smtp_user"];

const GROUPS: &[Group] = &[Group {
    title: "SMTP server",
    lead: "Where mails of this tenant go. Without one they go where the operator sends them, or are kept for the operator to read.",
    fields: &[
        Field::new("enabled", "Send mails by this server", Kind::Toggle),
        Field::new("default_from_address", "From", Kind::Text("text"))
            .nullable()
            .placeholder("Meadow <no-reply@example.com>"),
        Field::text("credentials.smtp_host", "Host").required().placeholder("smtp.example.com"),
        Field::new("credentials.smtp_port", "Port", Kind::Number("")).nullable(),
        Field::text("credentials.smtp_user", "Username").nullable(),
        Field::new("credentials.smtp_pass", "Password", Kind::Password)
            .help("Stored, and never shown. Whoever changes host, port or username types it again."),
    ],
}];

/// The pages.
pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route(HOME, screen(show).merge(action(save)))
        .route("/dashboard/branding/provider/delete", screen(ask_delete).merge(action(delete)))
}

fn own_frame(desk: &Desk, stored: Option<&Value>) -> Frame {
    let may = stored.is_some() && desk.may("delete:email_provider");
    frame("Email Provider", "provider").action(
        may,
        "/dashboard/branding/provider/delete",
        "Remove…",
        "danger",
    )
}

/// A provider that only the API can change.
#[derive(Template)]
#[template(ext = "html", source = "{{ Alert::new(Tone::Warn, text) }}")]
struct Other {
    text: String,
}

async fn show(desk: Arc<Desk>) -> Result<Response, Failure> {
    let stored = desk.api.look(API).await?;
    let frame = own_frame(&desk, stored.as_ref());
    let form = match &stored {
        Some(stored) if text(stored, "name") == "smtp" => {
            Form::of(&desk, GROUPS, stored, (HOME, "update:email_provider"))
        }
        Some(other) => {
            let text = format!(
                "The provider {} was set through the API. Chancery sends by SMTP alone: remove it to set a server here.",
                text(other, "name")
            );
            return Ok(desk.page(&frame, &Other { text }));
        }
        None => {
            let suggested = json!({ "enabled": true, "credentials": { "smtp_port": 587 } });
            Form::new(&desk, GROUPS, &suggested, (HOME, "create:email_provider")).submit("Use this server")
        }
    };
    Ok(desk.page(&frame, &form))
}

/// Whether saving would lose the password: the server changes, and nobody typed it again.
fn loses_password(stored: &Value, posted: &Posted) -> bool {
    let credentials = stored.get("credentials");
    let now = |name: &str| match credentials.and_then(|own| own.get(name)) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let changes = SHOWN.iter().any(|name| posted.get(&format!("credentials.{name}")) != now(name));
    let has_user = !posted.get("credentials.smtp_user").is_empty();
    changes && has_user && posted.exact("credentials.smtp_pass").is_empty()
}

/// The API takes what is there, and nothing for what is not.
fn without_nothing(patch: &mut Map<String, Value>) {
    if let Some(Value::Object(credentials)) = patch.get_mut("credentials") {
        credentials.retain(|_, value| !value.is_null());
    }
}

async fn save(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let stored = desk.api.look(API).await?;
    let frame = own_frame(&desk, stored.as_ref());
    let sent = if let Some(stored) = &stored {
        if loses_password(stored, &posted) {
            let why = "Payload validation error: 'Type the password again: the server changes.' on property credentials.smtp_pass.";
            let form = Form::again(&desk, GROUPS, &posted, posted.get("seen").to_owned());
            let form = form.refused(&Failure::new(StatusCode::BAD_REQUEST, why));
            return Ok(desk.page_with(StatusCode::BAD_REQUEST, &frame, &form));
        }
        form::save_with(&desk, GROUPS, (API, API), &posted, |_, patch| without_nothing(patch)).await?
    } else {
        let given = json!({ "name": "smtp", "enabled": posted.has("enabled") });
        form::create_with(&desk, GROUPS, (API, given), &posted, without_nothing).await?
    };
    match sent {
        Sent::Done(_) => Ok(desk.done(HOME, "The email provider was saved.")),
        Sent::Again(status, form) if stored.is_none() => {
            Ok(desk.page_with(status, &frame, &form.submit("Use this server")))
        }
        Sent::Again(status, form) => Ok(desk.page_with(status, &frame, &*form)),
    }
}

fn deleting(desk: &Desk) -> (Frame, Confirm) {
    let confirm = Confirm::new(desk, "Remove provider", HOME)
        .that("Mails of this tenant go where the operator sends them, or are kept for the operator to read.")
        .that("The password of the server is erased.")
        .name(&desk.tenant.stored.name, "name of the tenant");
    (frame("Remove the email provider?", "provider").up(HOME, "Email Provider"), confirm)
}

async fn ask_delete(desk: Arc<Desk>) -> Result<Response, Failure> {
    let (frame, confirm) = deleting(&desk);
    Ok(desk.page(&frame, &confirm))
}

async fn delete(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let (frame, confirm) = deleting(&desk);
    if let Some(missing) = confirm.missing(&desk, &frame, &posted) {
        return Ok(missing);
    }
    desk.api.delete(API, None).await?;
    Ok(desk.done(HOME, "The email provider was removed."))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::loses_password;
    use crate::dashboard::Posted;

    #[test]
    fn a_password_is_typed_again_where_its_server_changes() {
        let stored =
            json!({ "credentials": { "smtp_host": "a.example", "smtp_port": 587, "smtp_user": "u" } });
        let loses = |host: &str, user: &str, password: &str| {
            let form = format!(
                "credentials.smtp_host={host}&credentials.smtp_port=587&credentials.smtp_user={user}&credentials.smtp_pass={password}"
            );
            loses_password(&stored, &Posted::read(form.as_bytes()))
        };
        assert!(!loses("a.example", "u", ""), "nothing changes");
        assert!(loses("b.example", "u", ""));
        assert!(!loses("b.example", "u", "x"));
        assert!(!loses("b.example", "", ""), "a server without accounts has no password");
    }
}
