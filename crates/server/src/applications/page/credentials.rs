//! How an application proves who it is: with a secret, with keys, or not at all; and its public keys.
//!
//! Must never ask for a private key.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::{Application, api_path, own_path, text};
use crate::dashboard::ui::{Badge, Csrf, Empty, Moment, Tone};
use crate::dashboard::{Confirm, Desk, Failure, Field, Form, Group, Kind, Posted, Sent, escaped, form};

/// The ways that people choose among: value, label, what it means.
const METHODS: &[(&str, &str, &str)] = &[
    (
        "none",
        "None",
        "A public application: on the machines of users, it cannot keep a secret. It proves nothing.",
    ),
    ("client_secret_post", "Client Secret (Post)", "The secret is sent in the body."),
    ("client_secret_basic", "Client Secret (Basic)", "The secret is sent in the Authorization header."),
    (
        "private_key_jwt",
        "Private Key JWT",
        "The application signs an assertion; only public keys are known here.",
    ),
];

const NEW: &[Group] = &[Group {
    title: "Add a public key",
    lead: "The application keeps the private half. A certificate is taken too.",
    fields: &[
        Field::text("name", "Name").placeholder("Key of 2026"),
        Field::new("pem", "Public Key (PEM)", Kind::Area(6))
            .required()
            .placeholder("-----BEGIN PUBLIC KEY-----"),
        Field::new(
            "alg",
            "Algorithm",
            Kind::Select(&[("RS256", "RS256"), ("RS384", "RS384"), ("PS256", "PS256")]),
        ),
        Field::text("expires_at", "Expires at (UTC)")
            .help("Empty: it does not expire. Otherwise a time such as 2027-12-31T00:00:00Z.")
            .placeholder("2027-12-31T00:00:00Z"),
    ],
}];

const EXPIRY: &[Group] = &[Group {
    title: "Expiration",
    lead: "The only thing about a credential that can be changed.",
    fields: &[Field::text("expires_at", "Expires at (UTC)")
        .nullable()
        .help("A time such as 2027-12-31T00:00:00Z.")],
}];

struct Row {
    name: String,
    kid: String,
    alg: String,
    href: String,
    /// Whether the application authenticates with it.
    used: bool,
    value: Value,
}

#[derive(Template)]
#[template(path = "applications/credentials.html")]
struct Page {
    rows: Vec<Row>,
    csrf: Csrf,
    methods: &'static [(&'static str, &'static str, &'static str)],
    method: &'static str,
    form: Form,
    home: String,
    may_change: bool,
    may_add: bool,
    may_read: bool,
}

/// The way that is in use.
fn method_of(application: &Application) -> &'static str {
    if application.value.get("client_authentication_methods").is_some_and(Value::is_object) {
        return "private_key_jwt";
    }
    let own = text(&application.value, "token_endpoint_auth_method");
    METHODS.iter().map(|(value, ..)| *value).find(|value| *value == own).unwrap_or("none")
}

/// The ids of the credentials in use.
fn used(application: &Application) -> Vec<String> {
    let methods = application.value.get("client_authentication_methods").and_then(Value::as_object);
    let lists =
        methods.into_iter().flat_map(Map::values).filter_map(|own| own.get("credentials")?.as_array());
    lists.flatten().map(|one| text(one, "id").to_owned()).collect()
}

async fn page(desk: &Desk, application: &Application, form: Option<Form>) -> Result<Page, Failure> {
    let all = desk.api.look(&format!("{}/credentials", api_path(desk))).await?;
    let used = used(application);
    let row = |value: &Value| Row {
        name: text(value, "name").to_owned(),
        kid: text(value, "kid").to_owned(),
        alg: text(value, "alg").to_owned(),
        href: format!("{}/credentials/{}", application.home(), escaped(text(value, "id"))),
        used: used.iter().any(|id| id == text(value, "id")),
        value: value.clone(),
    };
    let action = format!("{}/credentials/add", application.home());
    let form = form.unwrap_or_else(|| {
        Form::new(desk, NEW, &json!({ "alg": "RS256" }), (&action, "create:client_credentials"))
            .submit("Add key")
    });
    Ok(Page {
        may_read: all.is_some(),
        rows: all.as_ref().and_then(Value::as_array).into_iter().flatten().map(row).collect(),
        csrf: desk.csrf(),
        methods: METHODS,
        method: method_of(application),
        form,
        home: application.home(),
        may_change: desk.may("update:clients") && desk.may("update:client_credentials"),
        may_add: desk.may("create:client_credentials"),
    })
}

pub(super) async fn show(desk: Arc<Desk>) -> Result<Response, Failure> {
    let application = Application::load(&desk).await?;
    let page = page(&desk, &application, None).await?;
    Ok(desk.page(&application.frame("credentials"), &page))
}

fn back(desk: &Desk) -> String {
    format!("{}/credentials", own_path(desk))
}

pub(super) async fn method(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let wanted = posted.get("method");
    let patch = if wanted == "private_key_jwt" {
        let chosen: Vec<Value> = posted.all("credential").iter().map(|id| json!({ "id": id })).collect();
        json!({
            "token_endpoint_auth_method": null,
            "client_authentication_methods": { "private_key_jwt": { "credentials": chosen } },
        })
    } else {
        json!({ "token_endpoint_auth_method": wanted, "client_authentication_methods": null })
    };
    desk.api.patch(&api_path(&desk), &patch).await?;
    Ok(desk.done(&back(&desk), "The authentication method was saved."))
}

pub(super) async fn add(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let path = format!("{}/credentials", api_path(&desk));
    match form::create(&desk, NEW, (&path, json!({ "credential_type": "public_key" })), &posted).await? {
        Sent::Done(_) => {
            Ok(desk.done(&back(&desk), "The key was added. Choose Private Key JWT and tick it to use it."))
        }
        Sent::Again(status, form) => {
            let application = Application::load(&desk).await?;
            let page = page(&desk, &application, Some(form.submit("Add key"))).await?;
            Ok(desk.page_with(status, &application.frame("credentials"), &page))
        }
    }
}

fn credential_path(desk: &Desk) -> String {
    format!("{}/credentials/{}", api_path(desk), escaped(desk.name("credential")))
}

pub(super) async fn one(desk: Arc<Desk>) -> Result<Response, Failure> {
    let application = Application::load(&desk).await?;
    let credential = desk.api.get(&credential_path(&desk)).await?;
    let form = Form::of(&desk, EXPIRY, &credential, (&desk.path, "update:client_credentials"));
    let frame = application.frame("credentials").lead(format!("Credential {}", text(&credential, "name")));
    Ok(desk.page(&frame, &form))
}

pub(super) async fn expire(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    match form::save(&desk, EXPIRY, &credential_path(&desk), &posted).await? {
        Sent::Done(_) => Ok(desk.done(&back(&desk), "The credential was saved.")),
        Sent::Again(status, form) => {
            let application = Application::load(&desk).await?;
            Ok(desk.page_with(status, &application.frame("credentials"), &*form))
        }
    }
}

fn deleting(desk: &Desk, application: &Application, credential: &Value) -> Confirm {
    let name = text(credential, "name");
    let named = if name.is_empty() { text(credential, "kid") } else { name };
    Confirm::new(desk, "Delete credential", format!("{}/credentials", application.home()))
        .that("The application cannot prove who it is with this key any more.")
        .that("A credential that is in use has to be unticked first.")
        .name(named, "name of the credential")
}

pub(super) async fn ask_delete(desk: Arc<Desk>) -> Result<Response, Failure> {
    let application = Application::load(&desk).await?;
    let credential = desk.api.get(&credential_path(&desk)).await?;
    Ok(desk.page(&application.frame("credentials"), &deleting(&desk, &application, &credential)))
}

pub(super) async fn delete(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let application = Application::load(&desk).await?;
    let credential = desk.api.get(&credential_path(&desk)).await?;
    let confirm = deleting(&desk, &application, &credential);
    let frame = application.frame("credentials");
    if let Some(missing) = confirm.missing(&desk, &frame, &posted) {
        return Ok(missing);
    }
    match desk.api.delete(&credential_path(&desk), None).await {
        Ok(_) => Ok(desk.done(&back(&desk), "The credential was deleted.")),
        Err(failure) if failure.is_mendable() => {
            Ok(desk.page_with(failure.status, &frame, &confirm.problem(failure.message)))
        }
        Err(failure) => Err(failure),
    }
}
