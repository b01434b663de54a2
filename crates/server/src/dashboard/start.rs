//! Getting started: what exists, what to do next, and a call of the API to copy.
//!
//! Must never show a token but to whoever asked for it, once.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use chancery_oauth::scope::Scopes;
use http::StatusCode;
use serde_json::Value;

use super::api::Failure;
use super::desk::Desk;
use super::posted::Posted;
use super::shell::{Frame, Room};
use super::snippets::{self, Call, Snippet};
use super::ui::{Badge, Code, Csrf, Tone};
use crate::oidc;

/// What the token of the page may do. Not read connections or APIs: those answers hold secrets, which only some roles
/// may see.
const SCOPES: &str = "read:signing_keys read:clients read:users read:logs";
/// What stands where a token would.
const PLACEHOLDER: &str = "YOUR_TOKEN";

/// One kind of thing that exists.
struct Count {
    label: &'static str,
    href: &'static str,
    number: Option<u64>,
}

/// One thing to do.
struct Step {
    title: &'static str,
    text: &'static str,
    href: &'static str,
    link: &'static str,
    done: bool,
}

#[derive(Template)]
#[template(path = "dashboard/start.html")]
struct Start {
    counts: Vec<Count>,
    steps: Vec<Step>,
    snippets: Vec<Snippet>,
    /// Which of them is shown.
    shown: String,
    /// Whether a token stands in them.
    with_token: bool,
    csrf: Csrf,
    domain: String,
    issuer: String,
    audience: String,
}

pub(super) async fn show(desk: Arc<Desk>) -> Result<Response, Failure> {
    page(&desk, None).await
}

/// Shows the page with a token in its code.
pub(super) async fn with_token(desk: Arc<Desk>, _: Posted) -> Result<Response, Failure> {
    let scopes = Scopes::parse(SCOPES).unwrap_or_default();
    let token = oidc::issue_for_administrator(&desk.app, &desk.tenant, &desk.api.insider, &scopes).await;
    let token = token.map_err(|error| Failure::new(StatusCode::SERVICE_UNAVAILABLE, error.to_string()))?;
    page(&desk, Some(&token)).await
}

async fn page(desk: &Desk, token: Option<&str>) -> Result<Response, Failure> {
    let total = async |path: &str| -> Result<Option<u64>, Failure> {
        let answer = desk.api.look(&format!("{path}per_page=1&include_totals=true")).await?;
        Ok(answer.and_then(|answer| answer.get("total").and_then(Value::as_u64)))
    };
    // Without their secrets: counting is no reading of secrets.
    let applications = total("/clients?fields=client_id&is_global=false&").await?;
    let apis = total("/resource-servers?").await?;
    let connections = total("/connections?").await?;
    let users = total("/users?").await?;
    let revoked_once = desk.api.look("/keys/ring").await?.is_some_and(|ring| {
        let keys = ring.get("keys").and_then(Value::as_array);
        keys.is_some_and(|keys| keys.len() > 2)
    });
    let more = |number: Option<u64>, than: u64| number.is_some_and(|number| number > than);
    let url = format!("{}keys/signing", desk.tenant.management_audience);
    let bearer = format!("Bearer {}", token.unwrap_or(PLACEHOLDER));
    let call = Call { method: "GET", url: &url, headers: &[("authorization", &bearer)], body: None };
    let wanted = desk.query.get("language");
    let snippets = snippets::all(&call);
    let shown = snippets.iter().find(|snippet| snippet.id == wanted).map_or("curl", |snippet| snippet.id);
    let body = Start {
        counts: vec![
            Count { label: "Applications", href: "/dashboard/applications", number: applications },
            Count { label: "APIs", href: "/dashboard/apis", number: apis },
            Count { label: "Connections", href: "/dashboard/connections", number: connections },
            Count { label: "Users", href: "/dashboard/users", number: users },
        ],
        steps: vec![
            Step {
                title: "Add an application",
                text: "A web site, an app or a program that signs people in or calls an API.",
                href: "/dashboard/applications/new",
                link: "Create an application",
                // Every tenant starts with one for its tools.
                done: more(applications, 1),
            },
            Step {
                title: "Describe your API",
                text: "So that applications can get access tokens for it, with the permissions that you name.",
                href: "/dashboard/apis/new",
                link: "Create an API",
                done: more(apis, 1),
            },
            Step {
                title: "Let people in",
                text: "Make the first user, or let people sign up at the login page of an application.",
                href: "/dashboard/users/new",
                link: "Create a user",
                done: more(users, 0),
            },
            Step {
                title: "Look at your signing keys",
                text: "They sign everything that the tenant issues. Rotate them when you like: nothing breaks that uses the key set.",
                href: "/dashboard/settings/signing-keys",
                link: "Signing Keys",
                done: revoked_once,
            },
            Step {
                title: "Make it look like yours",
                text: "Logo, colours and texts of the login pages.",
                href: "/dashboard/branding",
                link: "Branding",
                done: false,
            },
        ],
        shown: shown.to_owned(),
        snippets,
        with_token: token.is_some(),
        csrf: desk.csrf(),
        domain: desk.tenant.stored.domain.clone(),
        issuer: desk.tenant.issuer.clone(),
        audience: desk.tenant.management_audience.clone(),
    };
    let lead = format!("What there is at {}, and what to do next.", desk.tenant.stored.domain);
    Ok(desk.page(&Frame::new(Room::Start, "Getting started").lead(lead), &body))
}

impl Start {
    fn snippet(&self) -> Option<&Snippet> {
        self.snippets.iter().find(|snippet| snippet.id == self.shown)
    }

    fn left(&self) -> usize {
        self.steps.iter().filter(|step| !step.done).count()
    }
}
