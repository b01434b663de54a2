//! The APIs that an application may call: for itself, and for the people who sign in to it.
//!
//! Must never change a grant that is not the one that was shown.

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};

use super::Shown;
use crate::dashboard::form::stamp;
use crate::dashboard::ui::{Alert, Badge, Csrf, Empty, Pager, Tone, rows, text};
use crate::dashboard::{Confirm, Desk, Failure, Frame, Posted, escaped};

/// How many a page of the list holds.
const PER_PAGE: u64 = 25;
/// An API with more permissions than this has them written as lines: a page of so many boxes serves nobody.
const MANY: usize = 60;

/// For whom a grant is: the name on the wire, and what it is called.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Subject {
    name: &'static str,
    title: &'static str,
    lead: &'static str,
}

const CLIENT: Subject = Subject {
    name: "client",
    title: "Client access",
    lead: "What the application may do for itself, with the grant Client Credentials.",
};
const USER: Subject = Subject {
    name: "user",
    title: "User access",
    lead: "What the application may do for the people who sign in to it, as far as they may do it themselves.",
};

/// A client grant, or none.
#[derive(Default)]
struct Grant {
    id: String,
    scopes: BTreeSet<String>,
    all: bool,
    /// Whether it belongs to the platform itself.
    is_system: bool,
}

impl Grant {
    fn of(value: &Value) -> Self {
        let scopes = value.get("scope").and_then(Value::as_array).into_iter().flatten();
        Self {
            id: text(value, "id").to_owned(),
            scopes: scopes.filter_map(Value::as_str).map(str::to_owned).collect(),
            all: value.get("allow_all_scopes") == Some(&Value::Bool(true)),
            is_system: value.get("is_system") == Some(&Value::Bool(true)),
        }
    }

    /// What tells it from the same grant after a change.
    fn seen(&self) -> String {
        stamp(&json!([self.id, self.scopes, self.all]))
    }
}

/// An API as the pages show it.
struct Target {
    id: String,
    name: String,
    identifier: String,
    /// Value and description.
    scopes: Vec<(String, String)>,
    value: Value,
}

impl Target {
    fn has_many(&self) -> bool {
        self.scopes.len() > MANY
    }

    fn of(value: &Value) -> Self {
        let text = |value: &Value, name: &str| text(value, name).to_owned();
        let scopes = value.get("scopes").and_then(Value::as_array).into_iter().flatten();
        Self {
            id: text(value, "id"),
            name: Some(text(value, "name"))
                .filter(|name| !name.is_empty())
                .unwrap_or(text(value, "identifier")),
            identifier: text(value, "identifier"),
            scopes: scopes.map(|scope| (text(scope, "value"), text(scope, "description"))).collect(),
            value: value.clone(),
        }
    }

    /// What the API says about access without a grant.
    fn policy(&self, subject: Subject) -> &str {
        let policies = self.value.get("subject_type_authorization");
        let policy = policies.and_then(|own| own.get(subject.name)?.get("policy")?.as_str());
        policy.unwrap_or_default()
    }
}

/// One API in the list, with both kinds of access.
struct Row {
    target: Target,
    access: [Access; 2],
}

struct Access {
    title: &'static str,
    href: String,
    badge: Badge,
}

/// The grants of an application.
async fn grants(desk: &Desk, client_id: &str) -> Result<Vec<Value>, Failure> {
    desk.api.all(&format!("/client-grants?client_id={}", escaped(client_id)), "client_grants").await
}

fn granted(grants: &[Value], identifier: &str, subject: Subject) -> Option<Grant> {
    let found = grants
        .iter()
        .find(|grant| text(grant, "audience") == identifier && text(grant, "subject_type") == subject.name);
    found.map(Grant::of)
}

fn badge(target: &Target, grant: Option<&Grant>, subject: Subject) -> Badge {
    match (grant, target.policy(subject)) {
        (_, "deny_all") => Badge::new(Tone::Bad, "Refused by the API"),
        (_, "allow_all") => Badge::new(Tone::Good, "Allowed to all"),
        (None, _) => Badge::new(Tone::Plain, "Not authorized"),
        (Some(grant), _) if grant.all => Badge::new(Tone::Good, "Authorized: everything"),
        (Some(grant), _) => {
            let known = target.scopes.iter().filter(|(value, _)| grant.scopes.contains(value)).count();
            Badge::new(Tone::Good, format!("Authorized: {known} of {}", target.scopes.len()))
        }
    }
}

#[derive(Template)]
#[template(path = "applications/page/apis.html")]
struct List {
    rows: Vec<Row>,
    pager: Pager,
    may_create: bool,
}

pub(super) async fn list(desk: Arc<Desk>) -> Result<Response, Failure> {
    let shown = Shown::load(&desk).await?;
    let page = desk.page_number();
    let path = format!("/resource-servers?include_totals=true&per_page={PER_PAGE}&page={page}");
    let answer = desk.api.get(&path).await?;
    let (list, total) = rows(&answer, "resource_servers");
    let grants = grants(&desk, &shown.client_id).await?;
    let base = format!("{}/apis", shown.path());
    let row = |value: &Value| {
        let target = Target::of(value);
        let access = [USER, CLIENT].map(|subject| Access {
            title: subject.title,
            href: format!("{base}/{}/{}", escaped(&target.id), subject.name),
            badge: badge(&target, granted(&grants, &target.identifier, subject).as_ref(), subject),
        });
        Row { target, access }
    };
    let body = List {
        rows: list.iter().map(row).collect(),
        pager: Pager { list: "list", page, per_page: PER_PAGE, total, base: format!("{base}?page=") },
        may_create: desk.may("create:resource_servers"),
    };
    Ok(super::page(&desk, &shown, "apis", &body))
}

/// One kind of access to one API.
struct Pair {
    shown: Shown,
    target: Target,
    subject: Subject,
    grant: Option<Grant>,
}

impl Pair {
    async fn load(desk: &Desk) -> Result<Self, Failure> {
        let shown = Shown::load(desk).await?;
        let subject = [CLIENT, USER].into_iter().find(|subject| subject.name == desk.name("subject"));
        let subject = subject.ok_or_else(|| Failure::missing("Access is for a client or for a user."))?;
        let target = desk.api.get(&format!("/resource-servers/{}", escaped(desk.name("api")))).await?;
        let target = Target::of(&target);
        let grant = granted(&grants(desk, &shown.client_id).await?, &target.identifier, subject);
        Ok(Self { shown, target, subject, grant })
    }

    fn home(&self) -> String {
        format!("{}/apis", self.shown.path())
    }

    fn path(&self) -> String {
        format!("{}/{}/{}", self.home(), escaped(&self.target.id), self.subject.name)
    }

    fn frame(&self) -> Frame {
        let lead = format!("{}: {}", self.shown.name, self.subject.title);
        self.shown.frame_below("apis", self.target.name.clone()).lead(lead)
    }

    fn seen(&self) -> String {
        self.grant.as_ref().map(Grant::seen).unwrap_or_default()
    }
}

struct Scope {
    value: String,
    description: String,
    on: bool,
}

#[derive(Template)]
#[template(path = "applications/page/api.html")]
struct One<'a> {
    pair: &'a Pair,
    scopes: Vec<Scope>,
    /// Those that are granted, one a line.
    lines: String,
    all: bool,
    problem: Option<String>,
    csrf: Csrf,
    may_save: bool,
    may_remove: bool,
}

fn page(desk: &Desk, pair: &Pair, (status, problem): (StatusCode, Option<String>)) -> Response {
    let none = Grant::default();
    let grant = pair.grant.as_ref().unwrap_or(&none);
    let on = |value: &str| grant.scopes.contains(value);
    let own = pair.target.scopes.iter();
    let mut scopes: Vec<Scope> = own
        .map(|(value, description)| Scope {
            value: value.clone(),
            description: description.clone(),
            on: on(value),
        })
        .collect();
    let strange =
        grant.scopes.iter().filter(|scope| pair.target.scopes.iter().all(|(value, _)| value != *scope));
    scopes.extend(strange.map(|scope| Scope {
        value: scope.clone(),
        description: "The API does not have this permission (any more).".to_owned(),
        on: true,
    }));
    let needed = if pair.grant.is_some() { "update:client_grants" } else { "create:client_grants" };
    let lines = grant.scopes.iter().map(String::as_str).collect::<Vec<_>>().join("\n");
    let body = One {
        scopes,
        lines,
        all: grant.all,
        problem,
        csrf: desk.csrf(),
        may_save: desk.may(needed) && !grant.is_system,
        may_remove: pair.grant.is_some() && desk.may("delete:client_grants") && !grant.is_system,
        pair,
    };
    desk.page_with(status, &pair.frame(), &body)
}

pub(super) async fn show(desk: Arc<Desk>) -> Result<Response, Failure> {
    let pair = Pair::load(&desk).await?;
    Ok(page(&desk, &pair, (StatusCode::OK, None)))
}

/// Authorizes the application, or changes what it may do.
pub(super) async fn save(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let pair = Pair::load(&desk).await?;
    if posted.get("seen") != pair.seen() {
        let text = "Somebody changed this access while you were looking at it, and nothing of yours was saved. This is how it stands now.";
        return Ok(page(&desk, &pair, (StatusCode::CONFLICT, Some(text.to_owned()))));
    }
    let lines = posted.get("lines").lines().map(str::trim).filter(|line| !line.is_empty());
    let scopes: Vec<&str> = posted.all("scope").iter().map(String::as_str).chain(lines).collect();
    let was_all = pair.grant.as_ref().is_some_and(|grant| grant.all);
    // A grant of everything names nothing.
    let mut body = match (posted.get("all") == "true", was_all) {
        (true, _) => json!({ "allow_all_scopes": true }),
        (false, true) => json!({ "allow_all_scopes": false, "scope": scopes }),
        (false, false) => json!({ "scope": scopes }),
    };
    let done = if let Some(grant) = &pair.grant {
        desk.api.patch(&format!("/client-grants/{}", escaped(&grant.id)), &body).await
    } else {
        body["client_id"] = pair.shown.client_id.as_str().into();
        body["audience"] = pair.target.identifier.as_str().into();
        body["subject_type"] = pair.subject.name.into();
        desk.api.post("/client-grants", &body).await
    };
    match done {
        Ok(_) => Ok(desk.done(&pair.home(), &format!("The access to {} was saved.", pair.target.name))),
        Err(failure) if failure.is_mendable() => {
            Ok(page(&desk, &pair, (failure.status, Some(failure.reason()))))
        }
        Err(failure) => Err(failure),
    }
}

fn removing(desk: &Desk, pair: &Pair) -> (Frame, Confirm) {
    let confirm = Confirm::new(desk, "Remove access", pair.path())
        .that(format!(
            "{} gets no more tokens for {} ({}).",
            pair.shown.name, pair.target.name, pair.subject.title
        ))
        .that("Tokens that it has got already stay good until they expire.")
        .that("Which permissions it had is forgotten; access can be given again.")
        .name(&pair.target.name, "name of the API");
    let title = format!("Remove the access to {}?", pair.target.name);
    (pair.shown.frame_below("apis", title), confirm)
}

pub(super) async fn ask_remove(desk: Arc<Desk>) -> Result<Response, Failure> {
    let pair = Pair::load(&desk).await?;
    let (frame, confirm) = removing(&desk, &pair);
    Ok(desk.page(&frame, &confirm))
}

pub(super) async fn remove(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let pair = Pair::load(&desk).await?;
    let (frame, confirm) = removing(&desk, &pair);
    if let Some(missing) = confirm.missing(&desk, &frame, &posted) {
        return Ok(missing);
    }
    if let Some(grant) = &pair.grant {
        desk.api.delete(&format!("/client-grants/{}", escaped(&grant.id)), None).await?;
    }
    Ok(desk.done(&pair.home(), &format!("The access to {} was removed.", pair.target.name)))
}
