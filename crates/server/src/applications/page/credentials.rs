//! How an application proves who it is, and the public keys that it does it with.
//!
//! Must never leave an application that proves itself with keys without saying that it has none.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{Shown, api_path};
use crate::dashboard::ui::{Alert, Badge, Copy, Csrf, Empty, Icon, Moment, Tone, text};
use crate::dashboard::{
    Confirm, Desk, Failure, Field, Form, Frame, Group, Kind, Posted, Sent, escaped, form,
};

/// The methods that can be chosen here.
const METHODS: &[(&str, &str)] = &[
    ("none", "None: it runs where no secret can be kept"),
    ("client_secret_post", "Client Secret (Post)"),
    ("client_secret_basic", "Client Secret (Basic)"),
    (BY_KEY, "Private Key JWT: it signs with a key of its own"),
];
/// The method with keys.
const BY_KEY: &str = "private_key_jwt";

struct Row {
    id: String,
    name: String,
    kind: String,
    kid: String,
    alg: String,
    created: Moment,
    expires: Moment,
    endless: bool,
    /// Whether the application signs in with it.
    used: bool,
    path: String,
}

impl Row {
    /// What it is called; a name is not needed.
    fn label(&self) -> &str {
        if self.name.is_empty() { &self.id } else { &self.name }
    }
}

/// The application with what it proves itself with.
struct Own {
    shown: Shown,
    rows: Vec<Row>,
    /// Whether the role may see the credentials at all.
    open: bool,
}

/// The method of an application: a member of `client_authentication_methods`, or how it sends its secret.
fn method(shown: &Shown) -> &str {
    let methods = shown.value.get("client_authentication_methods").and_then(Value::as_object);
    let by_key = methods.and_then(|methods| methods.keys().next()).map(String::as_str);
    let sent = shown.text("token_endpoint_auth_method");
    // Without a choice a server sends its secret.
    by_key.unwrap_or(if sent.is_empty() { "client_secret_post" } else { sent })
}

/// The ids of the credentials that an application signs in with.
fn used(shown: &Shown) -> Vec<&str> {
    let holder = shown.value.get("client_authentication_methods").and_then(|own| own.get(method(shown)));
    super::super::credentials::attached::ids(holder).collect()
}

impl Own {
    async fn load(desk: &Desk) -> Result<Self, Failure> {
        let shown = Shown::load(desk).await?;
        let answer = desk.api.look(&format!("{}/credentials", api_path(desk))).await?;
        let base = format!("{}/credentials", shown.path());
        let used = used(&shown);
        let row = |value: &Value| {
            let text = |name: &str| text(value, name).to_owned();
            let id = text("id");
            Row {
                path: format!("{base}/{}", escaped(&id)),
                used: used.contains(&id.as_str()),
                name: text("name"),
                kind: text("credential_type"),
                kid: text("kid"),
                alg: text("alg"),
                created: Moment::of(value.get("created_at")).date(),
                expires: Moment::of(value.get("expires_at")),
                endless: value.get("expires_at").is_none_or(Value::is_null),
                id,
            }
        };
        let open = answer.is_some();
        let rows = answer.as_ref().and_then(Value::as_array).into_iter().flatten().map(row).collect();
        Ok(Self { shown, rows, open })
    }

    fn find(&self, desk: &Desk) -> Result<&Row, Failure> {
        let id = desk.name("credential");
        let found = self.rows.iter().find(|row| row.id == id);
        found.ok_or_else(|| {
            Failure::missing("The application has no such credential. It may have been deleted.")
        })
    }

    fn home(&self) -> String {
        format!("{}/credentials", self.shown.path())
    }

    fn frame_below(&self, title: &str) -> Frame {
        self.shown.frame_below("credentials", title)
    }
}

#[derive(Template)]
#[template(path = "applications/page/credentials.html")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "what the page shows and offers, each apart from the others"
)]
struct Page<'a> {
    rows: &'a [Row],
    open: bool,
    methods: &'static [(&'static str, &'static str)],
    method: String,
    /// What is wrong with what was chosen.
    problem: Option<String>,
    base: String,
    csrf: Csrf,
    may_choose: bool,
    may_add: bool,
    may_change: bool,
    may_delete: bool,
}

impl Page<'_> {
    fn is_beside(&self) -> bool {
        self.methods.iter().all(|(name, _)| *name != self.method)
    }

    fn is_unable(&self) -> bool {
        self.method == BY_KEY && self.open && self.rows.iter().all(|row| !row.used)
    }
}

fn page(desk: &Desk, own: &Own, (status, problem): (StatusCode, Option<String>)) -> Response {
    let body = Page {
        rows: &own.rows,
        open: own.open,
        methods: METHODS,
        method: method(&own.shown).to_owned(),
        problem,
        base: own.home(),
        csrf: desk.csrf(),
        may_choose: desk.may("update:clients") && desk.may("update:client_credentials"),
        may_add: desk.may("create:client_credentials"),
        may_change: desk.may("update:client_credentials"),
        may_delete: desk.may("delete:client_credentials"),
    };
    desk.page_with(status, &own.shown.frame("credentials"), &body)
}

pub(super) async fn show(desk: Arc<Desk>) -> Result<Response, Failure> {
    let own = Own::load(&desk).await?;
    Ok(page(&desk, &own, (StatusCode::OK, None)))
}

/// Names the credentials with which an application signs in.
fn with_keys<'a>(ids: impl IntoIterator<Item = &'a str>) -> Value {
    let credentials: Vec<Value> = ids.into_iter().map(|id| json!({ "id": id })).collect();
    json!({ BY_KEY: { "credentials": credentials } })
}

/// Chooses the method.
pub(super) async fn choose(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let own = Own::load(&desk).await?;
    let chosen = posted.get("method");
    let before = method(&own.shown);
    if posted.get("seen") != before {
        let text = "Somebody changed the method while you were choosing one, and nothing of yours was saved. This is how it stands now.";
        return Ok(page(&desk, &own, (StatusCode::CONFLICT, Some(text.to_owned()))));
    }
    if chosen == before || METHODS.iter().all(|(name, _)| *name != chosen) {
        return Ok(desk.done(&own.home(), "The authentication method stays as it is."));
    }
    let mut patch = Map::new();
    if chosen == BY_KEY {
        let keys = own.rows.iter().filter(|row| row.kind == "public_key").map(|row| row.id.as_str());
        patch.insert("client_authentication_methods".to_owned(), with_keys(keys));
        patch.insert("token_endpoint_auth_method".to_owned(), Value::Null);
    } else {
        if own.shown.value.get("client_authentication_methods").is_some() {
            patch.insert("client_authentication_methods".to_owned(), Value::Null);
        }
        patch.insert("token_endpoint_auth_method".to_owned(), chosen.into());
    }
    match desk.api.patch(&api_path(&desk), &Value::Object(patch)).await {
        Ok(_) => Ok(desk.done(&own.home(), "The authentication method was changed.")),
        Err(failure) if failure.is_mendable() => {
            Ok(page(&desk, &own, (failure.status, Some(failure.reason()))))
        }
        Err(failure) => Err(failure),
    }
}

/// Has the application sign in with a credential, or no longer.
pub(super) async fn attach(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let own = Own::load(&desk).await?;
    let row = own.find(&desk)?;
    let on = posted.get("use") == "true";
    let others = used(&own.shown).into_iter().filter(|id| *id != row.id);
    let keys = with_keys(others.chain(on.then_some(row.id.as_str())));
    desk.api.patch(&api_path(&desk), &json!({ "client_authentication_methods": keys })).await?;
    let said =
        if on { "The application may sign in with this key." } else { "The key is no longer accepted." };
    Ok(desk.done(&own.home(), said))
}

const ALGORITHMS: &[(&str, &str)] = &[("RS256", "RS256"), ("RS384", "RS384"), ("PS256", "PS256")];
const EXPIRES: Field = Field::new("expires_at", "Expires", Kind::Text("date"))
    .nullable()
    .help("The last day on which it is accepted, in UTC. Empty: it never expires.");

const NEW: &[Group] = &[Group {
    title: "Public key",
    lead: "The application keeps the private half for itself. Paste the public half, or a certificate that holds it.",
    fields: &[
        Field::text("name", "Name").placeholder("Key of 2027"),
        Field::new("pem", "Public Key (PEM)", Kind::Area(8))
            .required()
            .placeholder("-----BEGIN PUBLIC KEY-----"),
        Field::new("alg", "Algorithm", Kind::Select(ALGORITHMS)),
        Field::new("parse_expiry_from_cert", "Expires with the certificate", Kind::Toggle)
            .help("If the PEM is a certificate: its end is the end of the key."),
        EXPIRES,
    ],
}];

pub(super) async fn ask_new(desk: Arc<Desk>) -> Result<Response, Failure> {
    let own = Own::load(&desk).await?;
    let suggested = json!({ "alg": "RS256" });
    let form = Form::new(&desk, NEW, &suggested, (&desk.path, "create:client_credentials")).submit("Add");
    Ok(desk.page(&own.frame_below("Add a public key"), &form))
}

/// Adds a key; where the application signs in with keys, with this one too.
pub(super) async fn create(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let own = Own::load(&desk).await?;
    let path = format!("{}/credentials", api_path(&desk));
    let given = json!({ "credential_type": "public_key" });
    let sent = form::create_with(&desk, NEW, (&path, given), &posted, |body| {
        match body.get("expires_at").and_then(Value::as_str).map(end_of) {
            Some(end) => drop(body.insert("expires_at".to_owned(), end.into())),
            None => drop(body.shift_remove("expires_at")),
        }
    });
    match sent.await? {
        Sent::Again(status, form) => {
            Ok(desk.page_with(status, &own.frame_below("Add a public key"), &form.submit("Add")))
        }
        Sent::Done(_) if method(&own.shown) != BY_KEY => {
            Ok(desk.done(&own.home(), "The key was added. It counts once Private Key JWT is the method."))
        }
        Sent::Done(made) => {
            let id = text(&made, "id");
            let keys = with_keys(used(&own.shown).into_iter().chain([id]));
            desk.api.patch(&api_path(&desk), &json!({ "client_authentication_methods": keys })).await?;
            Ok(desk.done(&own.home(), "The key was added, and the application may sign in with it."))
        }
    }
}

/// The end of a day, as the API takes it; whatever is no day is left for the API to refuse.
fn end_of(day: &str) -> String {
    format!("{day}T23:59:59Z")
}

const EXPIRY: &[Group] = &[Group { title: "Expiry", lead: "", fields: &[EXPIRES] }];

/// A credential with its end as a day.
async fn with_day(desk: &Desk) -> Result<(String, Value), Failure> {
    let path = format!("{}/credentials/{}", api_path(desk), escaped(desk.name("credential")));
    let mut stored = desk.api.get(&path).await?;
    let day = stored.get("expires_at").and_then(Value::as_str).and_then(|at| at.get(..10)).map(str::to_owned);
    stored["expires_at"] = day.map_or(Value::Null, Value::from);
    Ok((path, stored))
}

fn expiry_form(desk: &Desk, stored: &Value) -> Form {
    let day = text(stored, "expires_at");
    Form::of(desk, EXPIRY, stored, (&desk.path, "update:client_credentials")).carrying("was", day)
}

pub(super) async fn ask_expiry(desk: Arc<Desk>) -> Result<Response, Failure> {
    let own = Own::load(&desk).await?;
    let (_, stored) = with_day(&desk).await?;
    let title = format!("Expiry of {}", own.find(&desk)?.label());
    Ok(desk.page(&own.frame_below(&title), &expiry_form(&desk, &stored)))
}

pub(super) async fn change_expiry(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let own = Own::load(&desk).await?;
    let title = format!("Expiry of {}", own.find(&desk)?.label());
    let (path, stored) = with_day(&desk).await?;
    let day = posted.get("expires_at");
    let now = text(&stored, "expires_at");
    let failure = if posted.get("was") == now {
        let end = if day.is_empty() { Value::Null } else { end_of(day).into() };
        match desk.api.patch(&path, &json!({ "expires_at": end })).await {
            Ok(_) => return Ok(desk.done(&own.home(), "The expiry was changed.")),
            Err(failure) if failure.is_mendable() => failure,
            Err(failure) => return Err(failure),
        }
    } else {
        let text = "Somebody changed the expiry meanwhile, and nothing of yours was saved. This is how it stands now.";
        Failure::new(StatusCode::CONFLICT, text)
    };
    let form = expiry_form(&desk, &stored).refused(&failure);
    Ok(desk.page_with(failure.status, &own.frame_below(&title), &form))
}

fn deleting(desk: &Desk, own: &Own, row: &Row) -> (Frame, Confirm) {
    let confirm = Confirm::new(desk, "Delete credential", own.home());
    let confirm = match (row.used, used(&own.shown).len()) {
        (false, _) => confirm.that("The application does not sign in with it at present."),
        (true, 1) => confirm.that(
            "It is the only one that the application signs in with: until you add another, it gets no tokens at all.",
        ),
        (true, _) => confirm.that("At once, the application is refused if it signs with this key."),
    };
    let confirm =
        confirm.that("The key itself stays with the application; its public half can be added again.").name(
            row.label(),
            if row.name.is_empty() { "id of the credential" } else { "name of the credential" },
        );
    (own.frame_below("Delete the credential?"), confirm)
}

pub(super) async fn ask_delete(desk: Arc<Desk>) -> Result<Response, Failure> {
    let own = Own::load(&desk).await?;
    let (frame, confirm) = deleting(&desk, &own, own.find(&desk)?);
    Ok(desk.page(&frame, &confirm))
}

pub(super) async fn delete(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let own = Own::load(&desk).await?;
    let row = own.find(&desk)?;
    let (frame, confirm) = deleting(&desk, &own, row);
    if let Some(missing) = confirm.missing(&desk, &frame, &posted) {
        return Ok(missing);
    }
    desk.api.delete(&format!("{}/credentials/{}", api_path(&desk), escaped(&row.id)), None).await?;
    Ok(desk.done(&own.home(), "The credential was deleted."))
}
