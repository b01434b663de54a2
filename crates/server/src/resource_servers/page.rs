//! APIs in the Dashboard: the list, and for each its settings, its permissions, and the programs that may call it.
//!
//! Must never read the signing secret of an API before it is asked for, nor show it to a role that may not change APIs.

mod applications;
mod permissions;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::response::Response;
use serde_json::{Value, json};

use crate::app::App;
use crate::dashboard::ui::{self, Badge, Copy, CopyField, Csrf, Empty, Pager, Tone, rows, text};
use crate::dashboard::{
    Confirm, Desk, Failure, Field, Form, Frame, Group, Kind, Posted, Room, Search, Sent, action, escaped,
    form, screen,
};

const HOME: &str = "/dashboard/apis";
const PER_PAGE: u64 = 25;
/// How many are looked through for a name: the API has no search for it.
const MOST_SEARCHED: usize = 1_000;

const ALGORITHMS: &[(&str, &str)] =
    &[("RS256", "RS256"), ("RS512", "RS512"), ("PS256", "PS256"), ("HS256", "HS256")];

const NEW: &[Group] = &[Group {
    title: "New API",
    lead: "",
    fields: &[
        Field::text("name", "Name").required().placeholder("Plants"),
        Field::text("identifier", "Identifier")
            .required()
            .help("The audience of its access tokens. An address is usual; it is never called, and it can never be changed.")
            .placeholder("https://plants.example.com/"),
        Field::new("signing_alg", "Signing Algorithm", Kind::Select(ALGORITHMS)),
    ],
}];

const GENERAL: Group = Group {
    title: "General",
    lead: "",
    fields: &[
        Field::text("name", "Name").required(),
        Field::new("signing_alg", "Signing Algorithm", Kind::Select(ALGORITHMS)).help(
            "HS256 signs with a secret that the API has to know, and one is made; the others sign with the tenant's key.",
        ),
    ],
};
const SECRET: Group = Group {
    title: "Signing Secret",
    lead: "The API verifies its tokens with it, so both have to change at the same time.",
    fields: &[Field::new("signing_secret", "New signing secret", Kind::Password)
        .help("At least 16 characters. Left empty, the secret stays as it is.")],
};
const TOKENS: Group = Group {
    title: "Access Tokens",
    lead: "",
    fields: &[
        Field::new("token_lifetime", "Maximum Access Token Lifetime", Kind::Number("seconds"))
            .help("At most 2592000, which is 30 days."),
        Field::new("token_lifetime_for_web", "Lifetime for browser flows", Kind::Number("seconds"))
            .help("For tokens that browsers get straight from the authorization endpoint. Never longer than the maximum."),
        Field::new(
            "token_dialect",
            "Token dialect",
            Kind::Select(&[
                ("access_token", "As Auth0 issues them"),
                ("access_token_authz", "As Auth0 issues them, with permissions"),
                ("rfc9068_profile", "RFC 9068"),
                ("rfc9068_profile_authz", "RFC 9068, with permissions"),
            ]),
        )
        .help("With permissions, tokens name what the user may do, in addition to their scope."),
    ],
};
const ACCESS: Group = Group {
    title: "Access",
    lead: "",
    fields: &[
        Field::new("enforce_policies", "Enable RBAC", Kind::Toggle)
            .help("Users get those permissions alone that they have, by roles or directly."),
        Field::new(
            "skip_consent_for_verifiable_first_party_clients",
            "Allow skipping user consent",
            Kind::Toggle,
        )
        .help(
            "First-party applications at verifiable addresses need not ask. Those on localhost always ask.",
        ),
        Field::new("allow_offline_access", "Allow offline access", Kind::Toggle)
            .help("Applications may ask for refresh tokens."),
        Field::new(
            "subject_type_authorization.user.policy",
            "Access for users",
            Kind::Select(&[
                ("allow_all", "Every application may ask for it"),
                ("require_client_grant", "Applications that are authorized for it"),
                ("deny_all", "No application"),
            ]),
        )
        .help("Which applications get tokens on behalf of the people who sign in to them."),
        Field::new(
            "subject_type_authorization.client.policy",
            "Access for machines",
            Kind::Select(&[
                ("require_client_grant", "Applications that are authorized for it"),
                ("deny_all", "No application"),
            ]),
        )
        .help("Which applications get tokens for themselves, with the grant Client Credentials."),
    ],
};

/// The fields of an API: the system API keeps its name and its key.
fn groups(api: &Value) -> &'static [Group] {
    match (is_system(api), text(api, "signing_alg")) {
        (true, _) => &[TOKENS, ACCESS],
        (false, "HS256") => &[GENERAL, SECRET, TOKENS, ACCESS],
        (false, _) => &[GENERAL, TOKENS, ACCESS],
    }
}

/// The pages.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route(HOME, screen(list))
        .route("/dashboard/apis/new", screen(ask).merge(action(create)))
        .route("/dashboard/apis/{id}", screen(show).merge(action(save)))
        .route("/dashboard/apis/{id}/secret", action(reveal))
        .route("/dashboard/apis/{id}/delete", screen(ask_delete).merge(action(delete)))
        .route("/dashboard/apis/{id}/permissions", screen(permissions::show).merge(action(permissions::put)))
        .route(
            "/dashboard/apis/{id}/permissions/remove",
            screen(permissions::ask_remove).merge(action(permissions::remove)),
        )
        .route("/dashboard/apis/{id}/applications", screen(applications::list))
        .route("/dashboard/apis/{id}/applications/authorize", screen(applications::others))
}

#[derive(Template)]
#[template(path = "resource_servers/list.html")]
struct List {
    apis: Vec<(String, Value)>,
    search: Search,
    pager: Pager,
    /// Whether there were too many to look through all of them.
    cut: bool,
    may: bool,
}

fn is_system(api: &Value) -> bool {
    api.get("is_system") == Some(&Value::Bool(true))
}

impl List {
    /// Whether an API is the tenant's own.
    #[expect(clippy::unused_self, reason = "templates call methods of their page")]
    fn is_system(&self, api: &Value) -> bool {
        is_system(api)
    }
}

async fn list(desk: Arc<Desk>) -> Result<Response, Failure> {
    let (page, q) = (desk.page_number(), desk.query.get("q"));
    let path = "/resource-servers?fields=id,name,identifier,is_system,signing_alg";
    let (apis, total, cut) = if q.is_empty() {
        let paging = format!("&include_totals=true&per_page={PER_PAGE}&page={page}");
        let answer = desk.api.get(&format!("{path}{paging}")).await?;
        let (apis, total) = rows(&answer, "resource_servers");
        (apis.to_vec(), total, false)
    } else {
        let path = format!("{path}&take=100");
        let wanted = q.to_lowercase();
        let is_found = |api: &Value| {
            ["name", "identifier"].iter().any(|name| text(api, name).to_lowercase().contains(&wanted))
        };
        let pick = |api: &Value| is_found(api).then(|| api.clone());
        desk.api.picked((&path, "resource_servers"), MOST_SEARCHED, (page, PER_PAGE), pick).await?
    };
    let base = format!("?q={}&page=", escaped(q));
    let pager = Pager { list: "list", page, per_page: PER_PAGE, total, base };
    let body = List {
        apis: apis.into_iter().map(|api| (format!("{HOME}/{}", escaped(text(&api, "id"))), api)).collect(),
        search: Search::new("Search by name or identifier", q, &pager),
        pager,
        cut,
        may: desk.may("create:resource_servers"),
    };
    let frame = Frame::new(Room::Apis, "APIs").lead("What applications call with access tokens.").action(
        body.may,
        "/dashboard/apis/new",
        "Create API",
        "first",
    );
    Ok(desk.page(&frame, &body))
}

fn new_frame() -> Frame {
    Frame::new(Room::Apis, "Create API").up(HOME, "APIs")
}

async fn ask(desk: Arc<Desk>) -> Result<Response, Failure> {
    let suggested = json!({ "signing_alg": "RS256" });
    Ok(desk.page(&new_frame(), &Form::new(&desk, NEW, &suggested, (&desk.path, "create:resource_servers"))))
}

async fn create(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    match form::create(&desk, NEW, ("/resource-servers", json!({})), &posted).await? {
        Sent::Done(made) => {
            let to = format!("{HOME}/{}/permissions", escaped(text(&made, "id")));
            Ok(desk.done(&to, "The API was created. Name its permissions."))
        }
        Sent::Again(status, form) => Ok(desk.page_with(status, &new_frame(), &*form)),
    }
}

fn api_path(desk: &Desk) -> String {
    format!("/resource-servers/{}", escaped(desk.name("id")))
}

fn own_path(desk: &Desk) -> String {
    format!("{HOME}/{}", escaped(desk.name("id")))
}

/// Where the API is read without its secret, which is a matter of its own and leaves an entry in the log.
fn shown_path(desk: &Desk) -> String {
    format!("{}?fields=signing_secret&include_fields=false", api_path(desk))
}

async fn load(desk: &Desk) -> Result<Value, Failure> {
    desk.api.get(&shown_path(desk)).await
}

fn frame(desk: &Desk, api: &Value, tab: &str) -> Frame {
    let tabs = &[
        ("", "Settings"),
        ("permissions", "Permissions"),
        ("applications", "Machine to Machine Applications"),
    ];
    Frame::new(Room::Apis, text(api, "name")).up(HOME, "APIs").tabs(&own_path(desk), tabs, tab)
}

#[derive(Template)]
#[template(path = "resource_servers/settings.html")]
struct Settings<'a> {
    api: &'a Value,
    form: Form,
    csrf: Csrf,
    home: String,
    secret: Option<String>,
    may_delete: bool,
    may_reveal: bool,
}

impl<'a> Settings<'a> {
    fn new(desk: &Desk, api: &'a Value, form: Option<Form>) -> Self {
        let scope = "update:resource_servers";
        Self {
            form: form.unwrap_or_else(|| Form::of(desk, groups(api), api, (&own_path(desk), scope))),
            csrf: desk.csrf(),
            home: own_path(desk),
            secret: None,
            may_delete: desk.may("delete:resource_servers") && !is_system(api),
            may_reveal: desk.may(scope) && text(api, "signing_alg") == "HS256",
            api,
        }
    }
}

async fn show(desk: Arc<Desk>) -> Result<Response, Failure> {
    let api = load(&desk).await?;
    Ok(desk.page(&frame(&desk, &api, ""), &Settings::new(&desk, &api, None)))
}

async fn save(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let api = load(&desk).await?;
    let paths = (shown_path(&desk), api_path(&desk));
    match form::save_at(&desk, groups(&api), (&paths.0, &paths.1), &posted).await? {
        Sent::Done(_) => Ok(desk.done(&own_path(&desk), "The API was saved.")),
        Sent::Again(status, form) => {
            Ok(desk.page_with(status, &frame(&desk, &api, ""), &Settings::new(&desk, &api, Some(*form))))
        }
    }
}

async fn reveal(desk: Arc<Desk>, _: Posted) -> Result<Response, Failure> {
    desk.needs("update:resource_servers")?;
    let api = desk.api.get(&api_path(&desk)).await?;
    let mut page = Settings::new(&desk, &api, None);
    page.secret = Some(text(&api, "signing_secret").to_owned());
    Ok(desk.page(&frame(&desk, &api, ""), &page))
}

fn deleting(desk: &Desk, api: &Value) -> Confirm {
    Confirm::new(desk, "Delete API", own_path(desk))
        .that("No application gets access tokens for it any more.")
        .that("Roles and users lose its permissions, and applications their authorizations.")
        .that("Tokens that were issued for it stay good until they expire.")
        .name(text(api, "name"), "name of the API")
}

async fn ask_delete(desk: Arc<Desk>) -> Result<Response, Failure> {
    let api = load(&desk).await?;
    Ok(desk.page(&frame(&desk, &api, ""), &deleting(&desk, &api)))
}

async fn delete(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let api = load(&desk).await?;
    let (frame, confirm) = (frame(&desk, &api, ""), deleting(&desk, &api));
    if let Some(missing) = confirm.missing(&desk, &frame, &posted) {
        return Ok(missing);
    }
    match desk.api.delete(&api_path(&desk), None).await {
        Ok(_) => Ok(desk.done(HOME, "The API was deleted.")),
        Err(failure) if failure.is_mendable() => {
            Ok(desk.page_with(failure.status, &frame, &confirm.problem(failure.message)))
        }
        Err(failure) => Err(failure),
    }
}
