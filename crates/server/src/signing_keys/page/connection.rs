//! The connection keys on the page of the signing keys: which there are, rotation and revocation.
//!
//! Everything comes from `GET /keys/connection`, and goes through `POST /keys/connection/rotate` and
//! `PUT /keys/connection/{kid}/revoke`. Must never act on a ring that changed since it was shown.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::response::Response;
use chancery_crypto::certificate::Certificate;
use http::StatusCode;
use jiff::Timestamp;
use serde_json::Value;

use super::{HOME, certificate_file};
use crate::app::App;
use crate::dashboard::ui::{Badge, Copy, Icon, Moment, Tone, rows, text, timestamp};
use crate::dashboard::{
    Confirm, Cut, Desk, Failure, Frame, Listing, Posted, action, escaped, screen, settings,
};

/// Where the pages are.
const CONNECTION: &str = "/dashboard/settings/connection-keys";

const CUT: Cut = Cut::new(3).page("connection-keys").keeping(&["keys"]);

/// The pages.
pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/dashboard/settings/connection-keys/rotate", screen(ask_rotate).merge(action(rotate)))
        .route("/dashboard/settings/connection-keys/{kid}/revoke", screen(ask_revoke).merge(action(revoke)))
        .route("/dashboard/settings/connection-keys/{kid}/certificate/{form}", screen(download))
}

/// A connection key as `GET /keys/connection` tells of it.
struct Key {
    kid: String,
    state: &'static str,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    revoked: Option<Timestamp>,
    expires: Option<Timestamp>,
    fingerprint: String,
}

impl Key {
    fn of(value: &Value) -> Self {
        let is = |name: &str| value.get(name) == Some(&Value::Bool(true));
        let states = ["next", "current", "previous"].into_iter();
        Self {
            kid: text(value, "kid").to_owned(),
            state: states.into_iter().find(|name| is(name)).unwrap_or("revoked"),
            since: timestamp(value.get("current_since")),
            until: timestamp(value.get("current_until")),
            revoked: timestamp(value.get("revoked_at")),
            expires: Certificate::from_pem(text(value, "cert")).ok().map(|own| own.not_after()),
            fingerprint: text(value, "fingerprint").to_owned(),
        }
    }

    fn path(&self) -> String {
        format!("{CONNECTION}/{}", escaped(&self.kid))
    }

    fn short(&self) -> String {
        self.kid.chars().take(10).collect()
    }

    fn badge(&self) -> Badge {
        let (tone, label) = match self.state {
            "next" => (Tone::Accent, "Next in queue"),
            "current" => (Tone::Good, "Currently used"),
            "previous" => (Tone::Warn, "Decrypts only"),
            _ => (Tone::Bad, "Revoked"),
        };
        Badge::new(tone, label)
    }
}

/// The section of the page.
#[derive(Template)]
#[template(path = "signing_keys/connection.html")]
pub(super) struct Section {
    keys: Listing<Key>,
    may_rotate: bool,
    may_revoke: bool,
    home: &'static str,
}

impl askama::filters::HtmlSafe for Section {}

async fn load(desk: &Desk) -> Result<Vec<Value>, Failure> {
    let answer = desk.api.get("/keys/connection").await?;
    Ok(rows(&answer, "keys").0.to_vec())
}

/// The section as it stands.
pub(super) async fn section(desk: &Desk) -> Result<Section, Failure> {
    let keys = load(desk).await?.iter().map(Key::of).collect();
    Ok(Section {
        keys: Listing::of(desk, CUT, keys),
        may_rotate: desk.may("create:signing_keys") && desk.may("update:signing_keys"),
        may_revoke: desk.may("update:signing_keys"),
        home: CONNECTION,
    })
}

fn frame(title: &str) -> Frame {
    settings::frame(title, "signing-keys").up(HOME, "Signing Keys")
}

const ROTATE: &str = "Rotate the connection key?";
const REVOKE: &str = "Revoke the connection key?";

/// What a rotation means; and the kid of the current key.
async fn rotating(desk: &Desk) -> Result<(Confirm, String), Failure> {
    let keys: Vec<Key> = load(desk).await?.iter().map(Key::of).collect();
    let in_state = |state| keys.iter().find(|key| key.state == state);
    let making = || Failure::new(StatusCode::SERVICE_UNAVAILABLE, "The connection keys are being made.");
    let (current, next) = in_state("current").zip(in_state("next")).ok_or_else(making)?;
    let confirm = Confirm::new(desk, "Rotate key", HOME)
        .that(format!(
            "At once, requests to SAML identity providers are signed by {} in place of {}. Providers that do not read the metadata refuse them until they are given its certificate. Give it to them first.",
            next.short(),
            current.short()
        ))
        .that(format!("What providers have encrypted for {} is still opened, until that key is revoked.", current.short()))
        .that("A new next key is made, and its certificate stands in the metadata of the connections.")
        .harmless()
        .carrying("current", current.kid.clone());
    Ok((confirm, current.kid.clone()))
}

async fn ask_rotate(desk: Arc<Desk>) -> Result<Response, Failure> {
    Ok(desk.page(&frame(ROTATE), &rotating(&desk).await?.0))
}

async fn rotate(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let (confirm, current) = rotating(&desk).await?;
    if current != posted.get("current") {
        let text = "Nothing was done: somebody rotated the key since you opened this page. Look at what would happen now.";
        return Ok(desk.page_with(StatusCode::CONFLICT, &frame(ROTATE), &confirm.problem(text)));
    }
    desk.api.post("/keys/connection/rotate", &serde_json::json!({})).await?;
    Ok(desk.done(HOME, "The connection key was rotated. The key before still decrypts."))
}

/// What a revocation means; and the address of the key in the API.
async fn revoking(desk: &Desk) -> Result<(Confirm, String), Failure> {
    let key = find(desk).await?;
    let key = Key::of(&key);
    if key.state != "previous" {
        let text = "Only a key that was used before can be revoked. Rotate first.";
        return Err(Failure::new(StatusCode::BAD_REQUEST, text));
    }
    let confirm = Confirm::new(desk, "Revoke key", HOME)
        .that(format!(
            "Assertions that an identity provider encrypts for {} are refused: whoever signs in there is turned away until the provider has another certificate.",
            key.kid
        ))
        .that("Its private half is erased. Nobody can bring it back.")
        .name(&desk.tenant.stored.name, "name of the tenant");
    Ok((confirm, format!("/keys/connection/{}/revoke", escaped(&key.kid))))
}

async fn ask_revoke(desk: Arc<Desk>) -> Result<Response, Failure> {
    Ok(desk.page(&frame(REVOKE), &revoking(&desk).await?.0))
}

async fn revoke(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let (confirm, path) = revoking(&desk).await?;
    if let Some(missing) = confirm.missing(&desk, &frame(REVOKE), &posted) {
        return Ok(missing);
    }
    desk.api.put(&path, None).await?;
    Ok(desk.done(HOME, "The connection key was revoked."))
}

async fn find(desk: &Desk) -> Result<Value, Failure> {
    let found = load(desk).await?.into_iter().find(|key| text(key, "kid") == desk.name("kid"));
    found.ok_or_else(|| {
        Failure::missing("There is no such connection key. It may have been revoked long ago.")
    })
}

/// The certificate of a key as a file.
async fn download(desk: Arc<Desk>) -> Result<Response, Failure> {
    certificate_file(&desk, &find(&desk).await?, desk.name("form"))
}
