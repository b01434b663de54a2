//! Applications in the Dashboard: the list, a new one, and the tabs of each.
//!
//! Pages read applications without their secret, so that looking around neither shows one nor writes the log entry of
//! a secret that was read; `secret.rs` asks for it when somebody wants to see it.

mod advanced;
mod certificates;
mod connections;
mod credentials;
mod grants;
mod quickstart;
mod secret;
mod settings;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::response::Response;
use serde_json::{Value, json};

use crate::app::App;
use crate::dashboard::ui::{Badge, Copy, Empty, Pager, Tone, text};
use crate::dashboard::{
    Desk, Failure, Field, Form, Frame, Group, Kind, Posted, Room, Sent, action, escaped, form, screen,
};

/// Where the list is.
const HOME: &str = "/dashboard/applications";
/// How many a page of the list holds.
const PER_PAGE: u64 = 25;
/// What is left out of every reading.
const WITHOUT_SECRET: &str = "fields=client_secret,signing_keys&include_fields=false";

/// The pages.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route(HOME, screen(list))
        .route("/dashboard/applications/new", screen(ask).merge(action(create)))
        .route("/dashboard/applications/{id}", screen(settings::show).merge(action(settings::save)))
        .route(
            "/dashboard/applications/{id}/delete",
            screen(settings::ask_delete).merge(action(settings::delete)),
        )
        .route("/dashboard/applications/{id}/secret", action(secret::reveal))
        .route(
            "/dashboard/applications/{id}/rotate-secret",
            screen(secret::ask).merge(action(secret::rotate)),
        )
        .route("/dashboard/applications/{id}/quickstart", screen(quickstart::show))
        .route("/dashboard/applications/{id}/credentials", screen(credentials::show))
        .route("/dashboard/applications/{id}/credentials/method", action(credentials::method))
        .route("/dashboard/applications/{id}/credentials/add", action(credentials::add))
        .route(
            "/dashboard/applications/{id}/credentials/{credential}",
            screen(credentials::one).merge(action(credentials::expire)),
        )
        .route(
            "/dashboard/applications/{id}/credentials/{credential}/delete",
            screen(credentials::ask_delete).merge(action(credentials::delete)),
        )
        .route("/dashboard/applications/{id}/apis", screen(grants::show).merge(action(grants::save)))
        .route(
            "/dashboard/applications/{id}/connections",
            screen(connections::show).merge(action(connections::save)),
        )
        .route("/dashboard/applications/{id}/certificates", screen(certificates::show))
        .route("/dashboard/applications/{id}/certificates/certificate/{form}", screen(certificates::download))
        .route("/dashboard/applications/{id}/endpoints", screen(certificates::endpoints))
        .route(
            "/dashboard/applications/{id}/metadata",
            screen(advanced::metadata).merge(action(advanced::save_metadata)),
        )
        .route(
            "/dashboard/applications/{id}/device",
            screen(advanced::device).merge(action(advanced::save_device)),
        )
        .route(
            "/dashboard/applications/{id}/oauth",
            screen(advanced::oauth).merge(action(advanced::save_oauth)),
        )
        .route(
            "/dashboard/applications/{id}/grant-types",
            screen(advanced::grants).merge(action(advanced::save_grants)),
        )
}

/// The kinds that people make.
const KINDS: &[(&str, &str)] = &[
    ("regular_web", "Regular Web Application"),
    ("spa", "Single Page Application"),
    ("native", "Native"),
    ("non_interactive", "Machine to Machine"),
];

fn kind_name(kind: &str) -> &str {
    KINDS.iter().find(|(value, _)| *value == kind).map_or(kind, |(_, label)| label)
}

/// An application, without its secret.
struct Application {
    value: Value,
}

impl Application {
    async fn load(desk: &Desk) -> Result<Self, Failure> {
        let value = desk.api.get(&format!("{}?{WITHOUT_SECRET}", api_path(desk))).await?;
        Ok(Self { value })
    }

    fn id(&self) -> &str {
        text(&self.value, "client_id")
    }

    fn name(&self) -> &str {
        text(&self.value, "name")
    }

    fn home(&self) -> String {
        format!("{HOME}/{}", escaped(self.id()))
    }

    /// The algorithm of its ID tokens.
    fn alg(&self) -> &str {
        let alg = self.value.get("jwt_configuration").map(|own| text(own, "alg")).unwrap_or_default();
        if alg.is_empty() { "HS256" } else { alg }
    }

    fn frame(&self, tab: &str) -> Frame {
        let tabs = &[
            ("", "Settings"),
            ("quickstart", "Quickstart"),
            ("credentials", "Credentials"),
            ("apis", "APIs"),
            ("connections", "Connections"),
            ("metadata", "Advanced Settings"),
        ];
        let lead = kind_name(text(&self.value, "app_type"));
        let frame = Frame::new(Room::Applications, self.name()).up(HOME, "Applications").tabs(
            &self.home(),
            tabs,
            tab,
        );
        if lead.is_empty() { frame } else { frame.lead(lead) }
    }

    /// A page of the advanced settings.
    fn advanced(&self, part: &str) -> Frame {
        let parts = &[
            ("metadata", "Application Metadata"),
            ("device", "Device Settings"),
            ("oauth", "OAuth"),
            ("grant-types", "Grant Types"),
            ("certificates", "Certificates"),
            ("endpoints", "Endpoints"),
        ];
        self.frame("metadata").subtabs(&self.home(), parts, part)
    }
}

/// The path of the application of this page in the API.
fn api_path(desk: &Desk) -> String {
    format!("/clients/{}", escaped(desk.name("id")))
}

/// Its path in the Dashboard.
fn own_path(desk: &Desk) -> String {
    format!("{HOME}/{}", escaped(desk.name("id")))
}

struct Row {
    id: String,
    name: String,
    kind: String,
    alg: String,
    href: String,
}

#[derive(Template)]
#[template(path = "applications/page.html")]
struct List {
    rows: Vec<Row>,
    pager: Pager,
    kinds: &'static [(&'static str, &'static str)],
    kind: String,
    may_create: bool,
}

async fn list(desk: Arc<Desk>) -> Result<Response, Failure> {
    let page = desk.query.number("page").unwrap_or(0);
    let kind =
        KINDS.iter().map(|(value, _)| *value).find(|value| *value == desk.query.get("type")).unwrap_or("");
    let path = format!(
        "/clients?{WITHOUT_SECRET}&is_global=false&include_totals=true&per_page={PER_PAGE}&page={page}&app_type={kind}"
    );
    let answer = desk.api.get(path.trim_end_matches("&app_type=")).await?;
    let clients = answer.get("clients").and_then(Value::as_array);
    let row = |client: &Value| Row {
        id: text(client, "client_id").to_owned(),
        name: text(client, "name").to_owned(),
        kind: kind_name(text(client, "app_type")).to_owned(),
        alg: client.get("jwt_configuration").map(|own| text(own, "alg")).unwrap_or_default().to_owned(),
        href: format!("{HOME}/{}", escaped(text(client, "client_id"))),
    };
    let body = List {
        rows: clients.into_iter().flatten().map(row).collect(),
        pager: Pager {
            page,
            per_page: PER_PAGE,
            total: answer.get("total").and_then(Value::as_u64).unwrap_or(0),
            base: format!("?type={kind}&page="),
        },
        kinds: KINDS,
        kind: kind.to_owned(),
        may_create: desk.may("create:clients"),
    };
    let frame = Frame::new(Room::Applications, "Applications")
        .lead("Web sites, apps and programs that sign people in or call APIs.")
        .action(desk.may("create:clients"), "/dashboard/applications/new", "Create Application", "first");
    Ok(desk.page(&frame, &body))
}

const NEW: &[Group] = &[Group {
    title: "New application",
    lead: "All of this can be changed later.",
    fields: &[
        Field::text("name", "Name").required().placeholder("Garden Shop"),
        Field::new("app_type", "Type", Kind::Select(KINDS)).help(
            "Regular: pages from a server, with a secret. Single page and native: on the machines of users, without \
             one. Machine to machine: a program that calls an API as itself.",
        ),
        Field::new("callbacks", "Allowed Callback URLs", Kind::Lines)
            .help("Where people may be sent back to after the login, one a line. Machine to machine needs none.")
            .placeholder("https://shop.example.com/callback"),
    ],
}];

fn new_frame() -> Frame {
    Frame::new(Room::Applications, "Create application").up(HOME, "Applications")
}

async fn ask(desk: Arc<Desk>) -> Result<Response, Failure> {
    let form = Form::new(&desk, NEW, &json!({ "app_type": "regular_web" }), (&desk.path, "create:clients"));
    Ok(desk.page(&new_frame(), &form))
}

async fn create(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let public = matches!(posted.get("app_type"), "spa" | "native");
    let machine = posted.get("app_type") == "non_interactive";
    // What current recommendations ask for, whatever older defaults are.
    let mut given = json!({
        "jwt_configuration": { "alg": "RS256" },
        "oidc_conformant": true,
        "grant_types": if machine { json!(["client_credentials"]) } else { json!(["authorization_code", "refresh_token"]) },
        "token_endpoint_auth_method": if public { "none" } else { "client_secret_post" },
    });
    if !machine {
        given["refresh_token"] = json!({
            "rotation_type": "rotating", "expiration_type": "expiring", "leeway": 0,
            "token_lifetime": 2_592_000, "idle_token_lifetime": 1_296_000,
        });
    }
    match form::create(&desk, NEW, ("/clients", given), &posted).await? {
        Sent::Done(made) => {
            let to = format!("{HOME}/{}/quickstart", escaped(text(&made, "client_id")));
            Ok(desk.done(&to, "The application was created."))
        }
        Sent::Again(status, form) => Ok(desk.page_with(status, &new_frame(), &*form)),
    }
}
