//! The keys of one connection on its page: made, rotated, and where the provider reads the public halves.
//!
//! Everything comes from `GET /connections/{id}/keys`. Must never rotate keys that changed since they were shown.

use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use chancery_crypto::certificate::Certificate;
use http::StatusCode;
use serde_json::{Value, json};

use super::{api_path, frame, own_path, read};
use crate::connection_keys::own::ALGORITHMS;
use crate::dashboard::ui::{Badge, Copy, CopyField, Csrf, Moment, Tone, rows, text};
use crate::dashboard::{Confirm, Desk, Failure, Frame, Posted, escaped};

struct Key {
    kid: String,
    algorithm: String,
    badge: Badge,
    current: bool,
    next: bool,
    since: Moment,
    until: Moment,
    fingerprint: String,
}

impl Key {
    fn of(value: &Value) -> Self {
        let is = |name: &str| value.get(name) == Some(&Value::Bool(true));
        let badge = match (is("current"), is("next")) {
            (true, _) => Badge::new(Tone::Good, "Currently used"),
            (_, true) => Badge::new(Tone::Accent, "Next in queue"),
            _ => Badge::new(Tone::Plain, "Previously used"),
        };
        let certificate = Certificate::from_pem(text(value, "cert")).ok();
        Self {
            kid: text(value, "kid").to_owned(),
            algorithm: text(value, "algorithm").to_owned(),
            badge,
            current: is("current"),
            next: is("next"),
            since: Moment::of(value.get("current_since")).date(),
            until: Moment::at(certificate.map(|own| own.not_after())).date(),
            fingerprint: text(value, "fingerprint").to_owned(),
        }
    }
}

/// The section of the settings.
#[derive(Template)]
#[template(path = "connections/keys.html")]
pub(super) struct Section {
    keys: Vec<Key>,
    /// What new keys may be for, and what they are for unless somebody chooses.
    algorithms: &'static [&'static str],
    usual: String,
    address: String,
    home: String,
    csrf: Csrf,
    may_create: bool,
    may_rotate: bool,
}

impl askama::filters::HtmlSafe for Section {}

fn keys_path(desk: &Desk) -> String {
    format!("{}/keys", api_path(desk))
}

async fn load(desk: &Desk) -> Result<Option<Vec<Key>>, Failure> {
    let answer = desk.api.look(&keys_path(desk)).await?;
    Ok(answer.map(|answer| rows(&answer, "keys").0.iter().map(Key::of).collect()))
}

/// The section as it stands; none for a role that may not see it.
pub(super) async fn section(desk: &Desk, connection: &Value) -> Result<Option<Section>, Failure> {
    let Some(keys) = load(desk).await? else { return Ok(None) };
    let usual = connection.pointer("/options/token_endpoint_auth_signing_alg").and_then(Value::as_str);
    let may_create = desk.may("create:connections_keys");
    Ok(Some(Section {
        keys,
        algorithms: ALGORITHMS,
        usual: usual.filter(|name| ALGORITHMS.contains(name)).unwrap_or("RS256").to_owned(),
        address: key_set(desk),
        home: own_path(desk),
        csrf: desk.csrf(),
        may_create,
        may_rotate: may_create && desk.may("update:connections_keys"),
    }))
}

/// Where the public halves are.
pub(super) fn key_set(desk: &Desk) -> String {
    format!("{}/.well-known/connections/{}/jwks.json", desk.tenant.base, escaped(desk.name("id")))
}

/// What is asked of new keys.
fn wish(posted: &Posted) -> Value {
    match posted.get("signing_alg") {
        "" => json!({}),
        algorithm => json!({ "signing_alg": algorithm }),
    }
}

pub(super) async fn create(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    desk.api.post(&keys_path(&desk), &wish(&posted)).await?;
    Ok(desk.done(
        &format!("{}#keys", own_path(&desk)),
        "The keys were created. Tell the provider their address.",
    ))
}

/// What a rotation means, and the kid of the current key.
async fn rotating(desk: &Desk) -> Result<(Frame, Confirm, String), Failure> {
    let connection = read(desk).await?;
    let keys = load(desk).await?.ok_or_else(Failure::forbidden)?;
    let current = keys.iter().find(|key| key.current);
    let current =
        current.ok_or_else(|| Failure::missing("This connection has no keys yet. Create them first."))?;
    let before = keys.iter().find(|key| key.next).map_or("", |key| key.algorithm.as_str());
    let confirm = Confirm::new(desk, "Rotate keys", own_path(desk))
        .that("At once, Chancery proves itself to the provider with the next key.")
        .that("A provider that reads the key set knows that key already. One that was given a certificate or a key refuses every login until it is given the new one.")
        .that("A new next key is made, and stands in the key set.")
        .harmless()
        .choosing(("signing_alg", "Algorithm of the new next key"), ALGORITHMS, before)
        .carrying("current", current.kid.clone());
    let mut frame = frame(desk, &connection, "");
    frame.title = format!("Rotate the keys of {}?", text(&connection, "name"));
    Ok((frame, confirm, current.kid.clone()))
}

pub(super) async fn ask_rotate(desk: Arc<Desk>) -> Result<Response, Failure> {
    let (frame, confirm, _) = rotating(&desk).await?;
    Ok(desk.page(&frame, &confirm))
}

pub(super) async fn rotate(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let (frame, confirm, current) = rotating(&desk).await?;
    if current != posted.get("current") {
        let text = "Nothing was done: somebody rotated the keys since you opened this page. Look at what would happen now.";
        return Ok(desk.page_with(StatusCode::CONFLICT, &frame, &confirm.problem(text)));
    }
    desk.api.post(&format!("{}/rotate", keys_path(&desk)), &wish(&posted)).await?;
    Ok(desk.done(&format!("{}#keys", own_path(&desk)), "The keys were rotated."))
}
