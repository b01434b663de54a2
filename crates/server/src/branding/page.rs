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
