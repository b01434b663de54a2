//! Settings > Advanced: how long sessions last, logout, devices, what the protocol offers, where errors lead.
//!
//! Must never show a setting as off that is on while nobody has chosen: those have switches of their own.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{SETTINGS, UPDATE};
use crate::dashboard::ui::{Badge, CopyField, Csrf, Tone};
use crate::dashboard::{Desk, Failure, Field, Form, Frame, Group, Kind, Posted, Sent, form, settings};

/// Where the page is.
pub(super) const HOME: &str = "/dashboard/settings/advanced";

const COOKIES: &[(&str, &str)] = &[
    ("persistent", "Persistent: signed in after the browser was closed"),
    ("non-persistent", "Non-persistent: until the browser is closed"),
];
const CHARSETS: &[(&str, &str)] =
    &[("base20", "Base20: 20 letters that are hard to confuse"), ("digits", "Digits")];
const RESOURCES: &[(&str, &str)] =
    &[("audience", "audience alone"), ("compatibility", "audience, and resource where there is no audience")];

const GROUPS: &[Group] = &[
    Group {
        title: "Login sessions",
        lead: "How long users stay signed in here. Applications decide themselves how long they trust that.",
        fields: &[
            Field::new("session_cookie.mode", "Session cookie", Kind::Select(COOKIES))
                .help("Persistent while nothing is chosen."),
            Field::new("session_lifetime", "Require login after", Kind::Number("hours"))
                .help("For persistent sessions: they end this long after the login in any case."),
            Field::new("idle_session_lifetime", "Inactivity timeout", Kind::Number("hours"))
                .help("For persistent sessions: they end when nobody uses them for this long."),
            Field::new("ephemeral_session_lifetime", "Non-persistent: require login after", Kind::Number("hours"))
                .help("The same for sessions that end with the browser."),
            Field::new(
                "idle_ephemeral_session_lifetime",
                "Non-persistent: inactivity timeout",
                Kind::Number("hours"),
            )
            .help("The same for sessions that end with the browser."),
        ],
    },
    Group {
        title: "Logout",
        lead: "Where users may be sent after they have signed out. Applications have a list of their own.",
        fields: &[
            Field::new("allowed_logout_urls", "Allowed Logout URLs", Kind::Lines)
                .help("One URL a line. These are allowed where the logout names no application.")
                .placeholder("https://www.example.com/goodbye"),
        ],
    },
    Group {
        title: "Device flow",
        lead: "How the codes look that devices show and users type.",
        fields: &[
            Field::new("device_flow.charset", "Characters", Kind::Select(CHARSETS))
                .help("Base20 while nothing is chosen."),
            Field::text("device_flow.mask", "Mask")
                .help("Each * is a character; hyphens and spaces make the code easier to read. At most 20 in all.")
                .placeholder("****-****"),
        ],
    },
    Group {
        title: "Authorization requests",
        lead: "What applications may ask for, and how they are answered.",
        fields: &[
            Field::new("pushed_authorization_requests_supported", "Pushed Authorization Requests (PAR)", Kind::Toggle)
                .help("Applications may send their request to /oauth/par first, so that it does not travel in the address."),
            Field::new(
                "authorization_response_iss_parameter_supported",
                "Issuer in authorization responses",
                Kind::Toggle,
            )
            .help("Adds iss to every response, so that an application that uses several providers cannot mix them up. Some old applications refuse unknown parameters."),
            Field::new(
                "skip_non_verifiable_callback_uri_confirmation_prompt",
                "No question before callbacks to a device",
                Kind::Toggle,
            )
            .help("Callbacks to localhost or with a scheme of an application's own can be taken over by other programs on the device. Users are asked before they are sent there, unless this is on. An application can decide otherwise for itself."),
            Field::new("resource_parameter_profile", "Parameter that names the API", Kind::Select(RESOURCES))
                .help("Clients that follow RFC 8707, such as those of the Model Context Protocol, send resource."),
        ],
    },
    Group {
        title: "When a login cannot go on",
        lead: "Where people are sent who would otherwise read an error here.",
        fields: &[
            Field::new("default_redirection_uri", "Tenant Login URI", Kind::Text("url"))
                .help("A page of yours that starts a login: for people whose login has expired, such as after a bookmark of the login page.")
                .placeholder("https://www.example.com/login"),
            Field::new("error_page.url", "Error page", Kind::Text("url"))
                .help("A page of yours for errors that cannot be told to an application. It gets error, error_description, client_id, connection, lang and tracking as parameters.")
                .placeholder("https://www.example.com/error"),
        ],
    },
    Group {
        title: "Flags",
        lead: "What is off unless somebody needs it.",
        fields: &[
            Field::new("flags.enable_dynamic_client_registration", "Dynamic client registration", Kind::Toggle)
                .help("Anybody can register an application at /oidc/register, without a token."),
            Field::new(
                "flags.enable_public_signup_user_exists_error",
                "Say at sign-up that a user exists",
                Kind::Toggle,
            )
            .help("The sign-up API then answers user_exists. This tells strangers who has an account."),
            Field::new("flags.remove_alg_from_jwks", "Leave the algorithm out of the key set", Kind::Toggle)
                .help("For programs that cannot read keys in the JWKS that name their algorithm."),
        ],
    },
];

/// A setting that is on unless somebody turned it off.
#[derive(Debug, Clone, Copy)]
struct Switch {
    group: &'static str,
    name: &'static str,
    title: &'static str,
    text: &'static str,
}

const SWITCHES: &[Switch] = &[
    Switch {
        group: "sessions",
        name: "oidc_logout_prompt_enabled",
        title: "Ask before signing out",
        text: "Users confirm a logout that an application asks for without proving which session it means.",
    },
    Switch {
        group: "oidc_logout",
        name: "rp_logout_end_session_endpoint_discovery",
        title: "Announce the logout endpoint",
        text: "The discovery document names end_session_endpoint, so that libraries sign users out here as well.",
    },
    Switch {
        group: "flags",
        name: "enable_client_connections",
        title: "Enable Application Connections",
        text: "Each new application may use every connection of the tenant. Turned off, none is until it is chosen.",
    },
];

impl Switch {
    fn is_on(&self, stored: &Value) -> bool {
        stored.get(self.group).and_then(|own| own.get(self.name)) != Some(&Value::Bool(false))
    }
}

/// A switch as it stands.
struct Row {
    switch: Switch,
    on: bool,
}

impl Row {
    fn badge(&self) -> Badge {
        if self.on { Badge::new(Tone::Good, "On") } else { Badge::new(Tone::Plain, "Off") }
    }
}

#[derive(Template)]
#[template(path = "tenants/advanced.html")]
struct Advanced {
    form: Form,
    rows: Vec<Row>,
    may: bool,
    csrf: Csrf,
    global_client: Option<String>,
}

fn frame() -> Frame {
    settings::frame("Advanced", "advanced").lead("Sessions, logout, devices, and what the protocol offers.")
}

async fn page(desk: &Desk, (status, form): (StatusCode, Option<Form>)) -> Result<Response, Failure> {
    let stored = desk.api.get(SETTINGS).await?;
    let global = desk.api.look("/clients?is_global=true&fields=client_id&include_fields=true").await?;
    let global = global.as_ref().and_then(|list| list.get(0)?.get("client_id")?.as_str());
    let body = Advanced {
        form: form.unwrap_or_else(|| Form::of(desk, GROUPS, &stored, (HOME, UPDATE))),
        rows: SWITCHES.iter().map(|switch| Row { switch: *switch, on: switch.is_on(&stored) }).collect(),
        may: desk.may(UPDATE),
        csrf: desk.csrf(),
        global_client: global.map(str::to_owned),
    };
    Ok(desk.page_with(status, &frame(), &body))
}

pub(super) async fn show(desk: Arc<Desk>) -> Result<Response, Failure> {
    page(&desk, (StatusCode::OK, None)).await
}

pub(super) async fn save(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    match form::save(&desk, GROUPS, SETTINGS, &posted).await? {
        Sent::Done(_) => Ok(desk.done(HOME, "The settings were saved.")),
        Sent::Again(status, form) => page(&desk, (status, Some(*form))).await,
    }
}

/// Turns one of the switches to where its button said.
pub(super) async fn switch(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let switch = SWITCHES.iter().find(|switch| switch.name == posted.get("name"));
    let switch = switch.ok_or_else(|| Failure::missing("There is no such setting."))?;
    let on = posted.get("on") == "true";
    let patch = Map::from_iter([(switch.group.to_owned(), json!({ switch.name: on }))]);
    desk.api.patch(SETTINGS, &Value::Object(patch)).await?;
    let said = format!("“{}” is {}.", switch.title, if on { "on" } else { "off" });
    Ok(desk.done(HOME, &said))
}
