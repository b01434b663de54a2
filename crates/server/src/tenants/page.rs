//! Settings of the tenant in the Dashboard: General, Advanced, Custom Domains.
//!
//! General and Advanced (`advanced.rs`) are two forms over the same object. Must never offer a setting that the server does not obey.

mod advanced;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::response::Response;
use serde_json::Value;

use crate::app::App;
use crate::dashboard::ui::{Badge, CopyField, Empty, Tone, rows, text};
use crate::dashboard::{Desk, Editor, Failure, Field, Group, Kind, Posted, action, screen, settings};

/// The object.
const SETTINGS: &str = "/tenants/settings";
/// What it takes to change it.
const UPDATE: &str = "update:tenant_settings";

const GENERAL: &[Group] = &[
    Group {
        title: "Tenant",
        lead: "What people see on the login pages and in mails.",
        fields: &[
            Field::text("friendly_name", "Friendly Name").placeholder("Meadow & Co"),
            Field::new("picture_url", "Logo URL", Kind::Text("url"))
                .placeholder("https://example.com/logo.png"),
            Field::new("support_email", "Support Email", Kind::Text("email")).placeholder("help@example.com"),
            Field::new("support_url", "Support URL", Kind::Text("url"))
                .help("Shown as a way to help on the login pages.")
                .placeholder("https://example.com/help"),
        ],
    },
    Group {
        title: "API Authorization Settings",
        lead: "What counts where an application does not say.",
        fields: &[
            Field::text("default_audience", "Default Audience")
                .help("The identifier of the API that tokens are for if none is asked for."),
            Field::text("default_directory", "Default Directory")
                .help("The name of the database that passwords are checked in if none is asked for."),
        ],
    },
    Group {
        title: "Languages",
        lead: "Of the login pages and mails. The first one is for people whose language is none of these.",
        fields: &[Field::new("enabled_locales", "Supported languages", Kind::Lines)
            .help("Codes such as en, de or pt-BR, one a line.")],
    },
];

/// The pages.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/dashboard/settings", screen(general).merge(action(save_general)))
        .route(advanced::HOME, screen(advanced::show).merge(action(advanced::save)))
        .route("/dashboard/settings/advanced/switch", action(advanced::switch))
        .route("/dashboard/settings/custom-domains", screen(domains))
}

fn editor() -> Editor {
    Editor {
        groups: GENERAL,
        object: SETTINGS.to_owned(),
        scope: UPDATE,
        frame: settings::frame("General", ""),
    }
}

async fn general(desk: Arc<Desk>) -> Result<Response, Failure> {
    editor().show(&desk).await
}

async fn save_general(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    editor().save(&desk, &posted, "The settings were saved.").await
}

struct Domain {
    name: String,
    status: String,
}

#[derive(Template)]
#[template(path = "tenants/domains.html")]
struct Domains {
    canonical: String,
    issuer: String,
    others: Vec<Domain>,
}

async fn domains(desk: Arc<Desk>) -> Result<Response, Failure> {
    let answer = desk.api.get("/custom-domains").await?;
    let (list, _) = rows(&answer, "custom_domains");
    let domain = |value: &Value| Domain {
        name: text(value, "domain").to_owned(),
        status: text(value, "status").to_owned(),
    };
    let body = Domains {
        canonical: desk.tenant.stored.canonical.clone(),
        issuer: desk.tenant.issuer.clone(),
        others: list.iter().map(domain).collect(),
    };
    Ok(desk.page(&settings::frame("Custom Domains", "custom-domains"), &body))
}
