//! Settings of the tenant in the Dashboard: General, Advanced, Custom Domains.
//!
//! General and Advanced are two forms over the same object. Must never offer a setting that the server does not obey.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::response::Response;
use serde_json::Value;

use crate::app::App;
use crate::dashboard::ui::{Badge, CopyField, Empty, Tone, rows, text};
use crate::dashboard::{Desk, Editor, Failure, Field, Group, Kind, Posted, action, screen, settings};

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
        title: "Error Pages",
        lead: "",
        fields: &[Field::new("error_page.url", "Error page URL", Kind::Text("url"))
            .help("Where people are sent with an error, instead of the page that Chancery shows.")],
    },
    Group {
        title: "Languages",
        lead: "Of the login pages and mails. The first one is for people whose language is none of these.",
        fields: &[Field::new("enabled_locales", "Supported languages", Kind::Lines)
            .help("Codes such as en, de or pt-BR, one a line.")],
    },
];

const ADVANCED: &[Group] = &[
    Group {
        title: "Login and Logout",
        lead: "",
        fields: &[
            Field::new("default_redirection_uri", "Tenant Login URI", Kind::Text("url"))
                .help("Where people are sent who come to a login page without a request; https."),
            Field::new("allowed_logout_urls", "Allowed Logout URLs", Kind::Lines)
                .help("Where people may be sent after a logout that names no application."),
            Field::new(
                "sessions.oidc_logout_prompt_enabled",
                "Ask people before an RP-initiated logout",
                Kind::Toggle,
            )
            .help("Only where the request does not prove whose session it is."),
            Field::new(
                "oidc_logout.rp_logout_end_session_endpoint_discovery",
                "Publish the end session endpoint in the OpenID Configuration",
                Kind::Toggle,
            ),
        ],
    },
    Group {
        title: "Sessions",
        lead: "How long people stay signed in.",
        fields: &[
            Field::new("idle_session_lifetime", "Inactivity timeout", Kind::Number("hours")),
            Field::new("session_lifetime", "Require log in after", Kind::Number("hours")),
            Field::new(
                "session_cookie.mode",
                "Cookie",
                Kind::Select(&[
                    ("persistent", "Kept when the browser is closed"),
                    ("non-persistent", "Gone when the browser is closed"),
                ]),
            ),
        ],
    },
    Group {
        title: "Devices",
        lead: "The code that people type to connect a device.",
        fields: &[
            Field::new(
                "device_flow.charset",
                "Characters",
                Kind::Select(&[("base20", "Letters without vowels"), ("digits", "Digits")]),
            ),
            Field::text("device_flow.mask", "Mask")
                .help("A star for each character, with hyphens: ****-****"),
        ],
    },
    Group {
        title: "Protocols",
        lead: "",
        fields: &[
            Field::new(
                "pushed_authorization_requests_supported",
                "Pushed authorization requests",
                Kind::Toggle,
            ),
            Field::new(
                "authorization_response_iss_parameter_supported",
                "Name the issuer in authorization responses (RFC 9207)",
                Kind::Toggle,
            ),
            Field::new(
                "resource_parameter_profile",
                "Resource parameter",
                Kind::Select(&[
                    ("audience", "Only audience names an API"),
                    ("compatibility", "resource is understood as well (RFC 8707)"),
                ]),
            ),
            Field::new(
                "flags.enable_dynamic_client_registration",
                "Dynamic client registration",
                Kind::Toggle,
            )
            .help(
                "Anybody may register an application. Third-party applications ask their users for consent.",
            ),
            Field::new("flags.remove_alg_from_jwks", "Leave alg out of the key set (JWKS)", Kind::Toggle)
                .help("For older libraries that stumble over it."),
        ],
    },
];

/// The pages.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/dashboard/settings", screen(general).merge(action(save_general)))
        .route("/dashboard/settings/advanced", screen(advanced).merge(action(save_advanced)))
        .route("/dashboard/settings/custom-domains", screen(domains))
}

fn editor(groups: &'static [Group], title: &str, tab: &str) -> Editor {
    Editor {
        groups,
        object: "/tenants/settings".to_owned(),
        scope: "update:tenant_settings",
        frame: settings::frame(title, tab),
    }
}

async fn general(desk: Arc<Desk>) -> Result<Response, Failure> {
    editor(GENERAL, "General", "").show(&desk).await
}

async fn save_general(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    editor(GENERAL, "General", "").save(&desk, &posted, "The settings were saved.").await
}

async fn advanced(desk: Arc<Desk>) -> Result<Response, Failure> {
    editor(ADVANCED, "Advanced", "advanced").show(&desk).await
}

async fn save_advanced(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    editor(ADVANCED, "Advanced", "advanced").save(&desk, &posted, "The settings were saved.").await
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
        canonical: desk.tenant.stored.domain.clone(),
        issuer: desk.tenant.issuer.clone(),
        others: list.iter().map(domain).collect(),
    };
    Ok(desk.page(&settings::frame("Custom Domains", "custom-domains"), &body))
}
