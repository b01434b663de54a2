//! Branding in the Dashboard: how the login pages look, how they ask, and what mails say.
//!
//! Each tab is a form over one object of the API. Must never show the password of a mail server.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use crate::app::App;
use crate::dashboard::ui::{Badge, Tone, text};
use crate::dashboard::{
    Desk, Editor, Failure, Field, Form, Frame, Group, Kind, Posted, Room, Sent, action, escaped, form, screen,
};

const LOOK: &[Group] = &[Group {
    title: "Look of the login pages",
    lead: "",
    fields: &[
        Field::new("logo_url", "Logo", Kind::Text("url"))
            .nullable()
            .help("The https address of a picture.")
            .placeholder("https://example.com/logo.png"),
        Field::new("favicon_url", "Favicon", Kind::Text("url")).nullable(),
        Field::text("colors.primary", "Primary colour")
            .help("Of buttons and links, such as #3a4fc4.")
            .placeholder("#3a4fc4"),
        Field::text("colors.page_background", "Background colour").placeholder("#f1f2f7"),
        Field::new("font.url", "Font", Kind::Text("url"))
            .nullable()
            .help("The https address of a font file."),
    ],
}];

const FLOW: &[Group] = &[Group {
    title: "Login",
    lead: "",
    fields: &[Field::new("identifier_first", "Ask for the email address first", Kind::Toggle)
        .help("And for the password on a page of its own.")],
}];

const PROVIDER: &[Group] = &[Group {
    title: "SMTP server",
    lead: "Where mails of this tenant go. Without one they are kept, and the operator reads them at the command line.",
    fields: &[
        Field::new("default_from_address", "From", Kind::Text("text"))
            .required()
            .placeholder("Meadow <no-reply@example.com>"),
        Field::text("credentials.smtp_host", "Host").required().placeholder("smtp.example.com"),
        Field::new("credentials.smtp_port", "Port", Kind::Number("")),
        Field::text("credentials.smtp_user", "Username"),
        Field::new("credentials.smtp_pass", "Password", Kind::Password)
            .help("Never shown. Type it again to change the server."),
        Field::new("enabled", "Send mails", Kind::Toggle),
    ],
}];

const TEMPLATE: &[Group] = &[Group {
    title: "Mail",
    lead: "Subject and body are Liquid templates; {{ url }} is the link, {{ user.email }} the address.",
    fields: &[
        Field::new("enabled", "Use this template", Kind::Toggle)
            .help("Otherwise the text that Chancery brings is sent."),
        Field::text("from", "From").nullable().placeholder("Meadow <no-reply@example.com>"),
        Field::text("subject", "Subject").nullable(),
        Field::new("body", "Body (HTML)", Kind::Area(14)).nullable(),
        Field::text("resultUrl", "Redirect to").nullable().help("Where the link leads in the end."),
        Field::new("urlLifetimeInSeconds", "Lifetime of the link", Kind::Number("seconds")),
    ],
}];

/// The templates that are sent: name, label.
const MAILS: &[(&str, &str)] = &[
    ("verify_email", "Verification of the email address"),
    ("welcome_email", "Welcome"),
    ("reset_email", "Change of password"),
    ("blocked_account", "Blocked account"),
];

/// The pages.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/dashboard/branding", screen(look).merge(action(save_look)))
        .route("/dashboard/branding/login", screen(flow).merge(action(save_flow)))
        .route("/dashboard/branding/mails", screen(mails))
        .route("/dashboard/branding/mails/{template}", screen(mail).merge(action(save_mail)))
        .route("/dashboard/branding/provider", screen(provider).merge(action(save_provider)))
}

fn frame(title: &str, tab: &str) -> Frame {
    let tabs = &[
        ("", "Universal Login"),
        ("login", "Login Flow"),
        ("mails", "Email Templates"),
        ("provider", "Email Provider"),
    ];
    Frame::new(Room::Branding, title).tabs("/dashboard/branding", tabs, tab)
}

fn look_editor() -> Editor {
    let frame = frame("Universal Login", "");
    Editor { groups: LOOK, object: "/branding".to_owned(), scope: "update:branding", frame }
}

async fn look(desk: Arc<Desk>) -> Result<Response, Failure> {
    look_editor().show(&desk).await
}

async fn save_look(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    look_editor().save(&desk, &posted, "The login pages look like that now.").await
}

fn flow_editor() -> Editor {
    let frame = frame("Login Flow", "login");
    Editor { groups: FLOW, object: "/prompts".to_owned(), scope: "update:prompts", frame }
}

async fn flow(desk: Arc<Desk>) -> Result<Response, Failure> {
    flow_editor().show(&desk).await
}

async fn save_flow(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    flow_editor().save(&desk, &posted, "The login flow was saved.").await
}

struct Mail {
    href: String,
    label: &'static str,
    own: bool,
}

#[derive(Template)]
#[template(path = "branding/mails.html")]
struct Mails {
    mails: Vec<Mail>,
}

async fn mails(desk: Arc<Desk>) -> Result<Response, Failure> {
    let mut mails = Vec::new();
    for (name, label) in MAILS {
        let stored = desk.api.look(&format!("/email-templates/{name}")).await?;
        let own = stored.is_some_and(|template| template.get("enabled") == Some(&Value::Bool(true)));
        mails.push(Mail { href: format!("/dashboard/branding/mails/{name}"), label, own });
    }
    Ok(desk.page(&frame("Email Templates", "mails"), &Mails { mails }))
}

/// The mail of this page: its name and its label.
fn of_page(desk: &Desk) -> Result<(&'static str, &'static str), Failure> {
    let found = MAILS.iter().find(|(name, _)| *name == desk.name("template"));
    found.copied().ok_or_else(|| Failure::missing("There is no such mail."))
}

fn mail_frame(label: &str) -> Frame {
    frame(label, "mails").up("/dashboard/branding/mails", "Email Templates")
}

async fn mail(desk: Arc<Desk>) -> Result<Response, Failure> {
    let (name, label) = of_page(&desk)?;
    let stored = desk.api.look(&format!("/email-templates/{name}")).await?;
    let scope = "update:email_templates";
    let form = match &stored {
        Some(template) => Form::of(&desk, TEMPLATE, template, (&desk.path, scope)),
        None => Form::new(&desk, TEMPLATE, &json!({}), (&desk.path, scope)),
    };
    Ok(desk.page(&mail_frame(label), &form))
}

async fn save_mail(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let (name, label) = of_page(&desk)?;
    let path = format!("/email-templates/{}", escaped(name));
    let sent = if desk.api.look(&path).await?.is_some() {
        form::save(&desk, TEMPLATE, &path, &posted).await?
    } else {
        // Whatever was not filled in is what Chancery brings.
        let given = json!({ "template": name, "syntax": "liquid", "body": null, "from": null, "subject": null, "enabled": false });
        form::create(&desk, TEMPLATE, ("/email-templates", given), &posted).await?
    };
    match sent {
        Sent::Done(_) => Ok(desk.done(&desk.path, "The mail was saved.")),
        Sent::Again(status, form) => Ok(desk.page_with(status, &mail_frame(label), &*form)),
    }
}

async fn provider(desk: Arc<Desk>) -> Result<Response, Failure> {
    let stored =
        desk.api.look("/emails/provider?fields=name,enabled,credentials,default_from_address").await?;
    let scope = "update:email_provider";
    let form = match &stored {
        Some(stored) if text(stored, "name") == "smtp" => {
            Form::of(&desk, PROVIDER, stored, (&desk.path, scope))
        }
        _ => {
            let suggested = json!({ "enabled": true, "credentials": { "smtp_port": 587 } });
            Form::new(&desk, PROVIDER, &suggested, (&desk.path, scope)).submit("Use this server")
        }
    };
    Ok(desk.page(&frame("Email Provider", "provider"), &form))
}

async fn save_provider(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let stored = desk.api.look("/emails/provider").await?;
    let sent = if stored.is_some() {
        form::save(&desk, PROVIDER, "/emails/provider", &posted).await?
    } else {
        form::create(&desk, PROVIDER, ("/emails/provider", json!({ "name": "smtp" })), &posted).await?
    };
    match sent {
        Sent::Done(_) => Ok(desk.done(&desk.path, "Mails go to that server now.")),
        Sent::Again(status, form) => {
            let status = if status == StatusCode::CONFLICT { StatusCode::BAD_REQUEST } else { status };
            Ok(desk.page_with(status, &frame("Email Provider", "provider"), &*form))
        }
    }
}
