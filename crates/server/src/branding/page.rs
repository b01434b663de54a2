//! Branding in the Dashboard: how the login pages look and ask, their texts, and what mails say.
//!
//! Each tab is over one object of the API. Must never show the password of a mail server.

mod mails;
mod provider;
mod texts;
mod theme;

use std::sync::Arc;

use axum::Router;
use axum::response::Response;

use crate::app::App;
use crate::dashboard::{Desk, Editor, Failure, Field, Frame, Group, Kind, Posted, Room, action, screen};

const LOOK: &[Group] = &[Group {
    title: "Look of the login pages",
    lead: "A theme says all of it in more detail, and goes before what stands here.",
    fields: &[
        Field::new("logo_url", "Logo", Kind::Text("url"))
            .nullable()
            .help("The https address of a picture.")
            .placeholder("https://example.com/logo.png"),
        Field::new("favicon_url", "Favicon", Kind::Text("url"))
            .nullable()
            .help("The https address of the small picture in the tab of the browser."),
        Field::text("colors.primary", "Primary colour")
            .nullable()
            .help("Of buttons and links, such as #3a4fc4. Empty: Chancery's.")
            .placeholder("#3a4fc4"),
        Field::text("colors.page_background", "Background colour")
            .nullable()
            .help("Empty: Chancery's, which is light or dark as the reader likes it.")
            .placeholder("#f1f2f7"),
        Field::new("font.url", "Font", Kind::Text("url"))
            .nullable()
            .help("The https address of a font file."),
    ],
}];

const FLOW: &[Group] = &[Group {
    title: "Login",
    lead: "",
    fields: &[Field::new("identifier_first", "Ask for the email address first", Kind::Toggle)
        .help("And for the password on a page of its own. Otherwise both are asked for on one page.")],
}];

/// The pages.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/dashboard/branding", screen(look).merge(action(save_look)))
        .route("/dashboard/branding/login", screen(flow).merge(action(save_flow)))
        .merge(mails::router())
        .merge(provider::router())
        .merge(texts::router())
        .merge(theme::router())
}

fn frame(title: &str, tab: &str) -> Frame {
    let tabs = &[
        ("", "Universal Login"),
        ("theme", "Theme"),
        ("texts", "Texts"),
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
<<<<<<< HEAD

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
        None => Form::new(&desk, TEMPLATE, &json!({}), (&desk.path, scope)).submit("Save changes"),
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
=======
>>>>>>> p3
