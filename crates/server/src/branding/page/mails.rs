//! Branding > Email Templates: which mails are sent, and what they say in place of Chancery's texts.
//!
//! Must never switch a mail off that nobody switched off.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::response::Response;
use serde_json::{Value, json};

use super::frame;
use crate::app::App;
use crate::dashboard::ui::{Badge, Tone};
use crate::dashboard::{
    Desk, Failure, Field, Form, Frame, Group, Kind, Posted, Sent, action, escaped, form, screen,
};

const HOME: &str = "/dashboard/branding/mails";
const SCOPE: &str = "update:email_templates";

const TEMPLATE: &[Group] = &[
    Group {
        title: "Mail",
        lead: "",
        fields: &[
            Field::new("enabled", "Send this mail", Kind::Toggle).help("While this is off, nobody gets it."),
            Field::text("from", "From")
                .nullable()
                .help("Empty: the address of the email provider.")
                .placeholder("Meadow <no-reply@example.com>"),
            Field::text("subject", "Subject")
                .nullable()
                .help("Empty: Chancery's, in the language of the reader."),
            Field::new("body", "Body (HTML)", Kind::Area(14)).nullable().help(
                "Empty: Chancery's, in the language of the reader. Liquid: {{ url }} is the link, {{ user.email }} \
                 the address, {{ friendly_name }} the tenant; {{ request_language }}, {{ support_email }} and \
                 {{ support_url }} are known too.",
            ),
        ],
    },
    Group {
        title: "Link",
        lead: "For mails that have one.",
        fields: &[
            Field::text("resultUrl", "Redirect to").nullable().help("Where the link leads in the end."),
            Field::new("urlLifetimeInSeconds", "Lifetime of the link", Kind::Number("seconds")),
        ],
    },
];

/// A mail that Chancery sends.
struct Known {
    name: &'static str,
    label: &'static str,
    /// Whether it is sent as long as nothing is stored of it.
    is_sent: bool,
}

const MAILS: &[Known] = &[
    Known { name: "verify_email", label: "Verification of the email address", is_sent: true },
    Known { name: "welcome_email", label: "Welcome", is_sent: false },
    Known { name: "reset_email", label: "Change of password", is_sent: true },
    Known { name: "blocked_account", label: "Blocked account", is_sent: true },
];

/// The pages.
pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route(HOME, screen(list))
        .route("/dashboard/branding/mails/{template}", screen(show).merge(action(save)))
}

struct Row {
    href: String,
    label: &'static str,
    /// Whether it says something of the tenant's own.
    own: bool,
    is_sent: bool,
}

#[derive(Template)]
#[template(path = "branding/mails.html")]
struct Mails {
    mails: Vec<Row>,
}

async fn stored(desk: &Desk, name: &str) -> Result<Option<Value>, Failure> {
    desk.api.look(&format!("/email-templates/{}", escaped(name))).await
}

async fn list(desk: Arc<Desk>) -> Result<Response, Failure> {
    let mut mails = Vec::new();
    for known in MAILS {
        let stored = stored(&desk, known.name).await?;
        let said = stored.as_ref().and_then(|stored| stored.get("enabled")).and_then(Value::as_bool);
        let own = stored.is_some_and(|stored| {
            ["subject", "body"].iter().any(|part| stored.get(part).is_some_and(|text| !text.is_null()))
        });
        let is_sent = said.unwrap_or(known.is_sent);
        mails.push(Row { href: format!("{HOME}/{}", known.name), label: known.label, own, is_sent });
    }
    Ok(desk.page(&frame("Email Templates", "mails"), &Mails { mails }))
}

/// The mail of this page.
fn of_page(desk: &Desk) -> Result<&'static Known, Failure> {
    let found = MAILS.iter().find(|known| known.name == desk.name("template"));
    found.ok_or_else(|| Failure::missing("There is no such mail."))
}

fn mail_frame(known: &Known) -> Frame {
    frame(known.label, "mails").up(HOME, "Email Templates")
}

async fn show(desk: Arc<Desk>) -> Result<Response, Failure> {
    let known = of_page(&desk)?;
    let form = if let Some(stored) = stored(&desk, known.name).await? {
        Form::of(&desk, TEMPLATE, &stored, (&desk.path, SCOPE))
    } else {
        let suggested = json!({ "enabled": known.is_sent });
        let form = Form::new(&desk, TEMPLATE, &suggested, (&desk.path, "create:email_templates"));
        form.submit("Save changes")
    };
    Ok(desk.page(&mail_frame(known), &form))
}

async fn save(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let known = of_page(&desk)?;
    let sent = if stored(&desk, known.name).await?.is_some() {
        form::save(&desk, TEMPLATE, &format!("/email-templates/{}", known.name), &posted).await?
    } else {
        let given = json!({
            "template": known.name,
            "syntax": "liquid",
            "body": null,
            "from": null,
            "subject": null,
            "enabled": posted.has("enabled"),
        });
        form::create(&desk, TEMPLATE, ("/email-templates", given), &posted).await?
    };
    match sent {
        Sent::Done(_) => Ok(desk.done(&desk.path, "The mail was saved.")),
        Sent::Again(status, form) => {
            Ok(desk.page_with(status, &mail_frame(known), &form.submit("Save changes")))
        }
    }
}
