//! Settings > Signing Keys: the ring at a glance, certificates to take away, rotation and revocation.
//!
//! Everything comes from `GET /keys/ring` and `GET /keys/signing/{kid}`, and goes through `POST /keys/signing/rotate` and
//! `PUT /keys/signing/{kid}/revoke`. Must never rotate a ring that is not the one that was shown.

mod change;
mod connection;
mod timeline;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::response::Response;
use chancery_crypto::certificate::Certificate;
use http::StatusCode;
use jiff::Timestamp;
use serde_json::Value;

use crate::app::App;
use crate::dashboard::ui::{Badge, Copy, CopyField, Icon, Moment, Tone, span, text, timestamp};
use crate::dashboard::{Cut, Desk, Failure, Listing, action, escaped, screen, settings};
use crate::oidc::WHILE_REVALIDATE;
use timeline::Timeline;

/// Where the page is.
const HOME: &str = "/dashboard/settings/signing-keys";
/// A tenant that never revokes has any number of previous keys.
const CUT: Cut = Cut::new(4).page("keys").keeping(&["connection-keys"]);

/// The pages.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .merge(connection::router())
        .route(HOME, screen(list))
        .route(
            "/dashboard/settings/signing-keys/rotate",
            screen(change::ask_rotate).merge(action(change::rotate)),
        )
        .route(
            "/dashboard/settings/signing-keys/rotate-and-revoke",
            screen(change::ask_rotate_and_revoke).merge(action(change::rotate_and_revoke)),
        )
        .route("/dashboard/settings/signing-keys/{kid}", screen(one))
        .route(
            "/dashboard/settings/signing-keys/{kid}/revoke",
            screen(change::ask_revoke).merge(action(change::revoke)),
        )
        .route("/dashboard/settings/signing-keys/{kid}/certificate/{form}", screen(download))
        .route("/dashboard/settings/signing-keys/{kid}/jwk", screen(jwk))
}

/// A key as `GET /keys/ring` tells of it.
#[derive(Debug, Clone)]
struct Key {
    kid: String,
    state: String,
    alg: String,
    published: Option<Timestamp>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    revoked: Option<Timestamp>,
    expires: Option<Timestamp>,
    fingerprint: String,
    thumbprint: String,
    jwk: Value,
    last_hour: u64,
    last_day: u64,
    last_token: Option<Timestamp>,
    promoted_by: String,
    revoked_by: String,
}

impl Key {
    fn of(value: &Value) -> Self {
        let text = |name: &str| text(value, name).to_owned();
        let signed =
            |name: &str| value.get("tokens_signed").and_then(|own| own.get(name)?.as_u64()).unwrap_or(0);
        Self {
            kid: text("kid"),
            state: text("state"),
            alg: text("alg"),
            published: timestamp(value.get("published_at")),
            since: timestamp(value.get("current_since")),
            until: timestamp(value.get("current_until")),
            revoked: timestamp(value.get("revoked_at")),
            expires: timestamp(value.get("certificate_expires_at")),
            fingerprint: text("fingerprint"),
            thumbprint: text("thumbprint"),
            jwk: value.get("jwk").cloned().unwrap_or_default(),
            last_hour: signed("last_hour"),
            last_day: signed("last_day"),
            last_token: timestamp(value.get("last_token_expires_at")),
            promoted_by: actor(value.get("promoted_by")),
            revoked_by: actor(value.get("revoked_by")),
        }
    }

    fn path(&self) -> String {
        format!("{HOME}/{}", escaped(&self.kid))
    }

    /// Where its certificate is, as PEM.
    fn pem_path(&self) -> String {
        format!("{}/certificate/pem", self.path())
    }

    /// Where its public half is, as a JWK.
    fn jwk_path(&self) -> String {
        format!("{}/jwk", self.path())
    }

    fn label(&self) -> &'static str {
        match self.state.as_str() {
            "next" => "Next in queue",
            "current" => "Currently used",
            "previous" => "Previously used",
            _ => "Revoked",
        }
    }

    fn jwk(&self) -> String {
        serde_json::to_string_pretty(&self.jwk).unwrap_or_default()
    }

    fn badge(&self) -> Badge {
        let tone = match self.state.as_str() {
            "next" => Tone::Accent,
            "current" => Tone::Good,
            "previous" => Tone::Warn,
            _ => Tone::Bad,
        };
        Badge::new(tone, self.label())
    }

    fn short(&self) -> String {
        self.kid.chars().take(10).collect()
    }

    /// The beginning of its fingerprint.
    fn mark(&self) -> &str {
        self.fingerprint.get(..17).unwrap_or(&self.fingerprint)
    }

    /// How long ago it was published.
    fn age(&self, now: Timestamp) -> String {
        let seconds = self.published.map_or(0, |at| now.duration_since(at).as_secs());
        span(seconds.max(0))
    }
}

/// Who did something, as people call it.
fn actor(value: Option<&Value>) -> String {
    let Some(value) = value.filter(|value| !value.is_null()) else { return String::new() };
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    text("name").or(text("subject")).unwrap_or_default().to_owned()
}

/// The ring as it stands.
struct Ring {
    keys: Vec<Key>,
    /// Seconds that relying parties may go on with an older set of keys.
    max_age: i64,
    left_today: Option<u64>,
    /// When the next rotation is allowed, if none is now.
    again: Option<Timestamp>,
    applications: u64,
    saml: u64,
    wsfed: u64,
}

impl Ring {
    async fn load(desk: &Desk) -> Result<Self, Failure> {
        let ring = desk.api.get("/keys/ring").await?;
        let impact = |name: &str| ring.get("impact").and_then(|own| own.get(name)?.as_u64()).unwrap_or(0);
        Ok(Self {
            keys: ring.get("keys").and_then(Value::as_array).into_iter().flatten().map(Key::of).collect(),
            max_age: ring.get("public_max_age").and_then(Value::as_i64).unwrap_or(0),
            left_today: ring.get("rotations_left_today").and_then(Value::as_u64),
            again: timestamp(ring.get("next_rotation_possible_at")),
            applications: impact("applications"),
            saml: impact("applications_saml"),
            wsfed: impact("applications_wsfed"),
        })
    }

    /// The longest that a copy of the key set is used, in seconds: what its answer says, with the time to renew it in.
    fn longest_copy(&self) -> i64 {
        self.max_age + i64::from(WHILE_REVALIDATE)
    }

    /// Until when copies of the key set may lack a key, if some may.
    fn unknown_until(&self, key: &Key, now: Timestamp) -> Option<Timestamp> {
        let age = jiff::SignedDuration::from_secs(self.longest_copy());
        key.published.and_then(|at| at.checked_add(age).ok()).filter(|safe| *safe > now)
    }

    fn in_state(&self, state: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.state == state)
    }

    fn find(&self, kid: &str) -> Result<&Key, Failure> {
        let found = self.keys.iter().find(|key| key.kid == kid);
        found.ok_or_else(|| {
            Failure::missing("There is no such signing key. It may have been revoked long ago.")
        })
    }
}

#[derive(Template)]
#[template(path = "signing_keys/page.html")]
struct List<'a> {
    valid: Listing<&'a Key>,
    revoked: Vec<&'a Key>,
    timeline: Timeline,
    connection: connection::Section,
    may_rotate: bool,
    may_revoke: bool,
    left_today: Option<u64>,
    again: Option<Timestamp>,
    now: Timestamp,
    home: &'static str,
}

async fn list(desk: Arc<Desk>) -> Result<Response, Failure> {
    let ring = Ring::load(&desk).await?;
    let now = desk.app.clock.now();
    let (revoked, valid): (Vec<&Key>, Vec<&Key>) = ring.keys.iter().partition(|key| key.state == "revoked");
    let valid = Listing::of(&desk, CUT, valid);
    // The picture shows what the lists below it show.
    let shown: Vec<&Key> = valid.rows.iter().chain(&revoked).copied().collect();
    let body = List {
        timeline: Timeline::of(&shown, now),
        valid,
        revoked,
        connection: connection::section(&desk).await?,
        may_rotate: desk.may("create:signing_keys") && desk.may("update:signing_keys"),
        may_revoke: desk.may("update:signing_keys"),
        left_today: ring.left_today,
        again: ring.again,
        now,
        home: HOME,
    };
    let lead = "These keys sign ID tokens, access tokens and assertions. Applications verify them with the public halves.";
    Ok(desk.page(&settings::frame("Signing Keys", "signing-keys").lead(lead), &body))
}

#[derive(Template)]
#[template(path = "signing_keys/key.html")]
struct One<'a> {
    key: &'a Key,
    pem: String,
    may_revoke: bool,
    now: Timestamp,
}

async fn one(desk: Arc<Desk>) -> Result<Response, Failure> {
    let ring = Ring::load(&desk).await?;
    let key = ring.find(desk.name("kid"))?;
    let stored = desk.api.get(&format!("/keys/signing/{}", escaped(&key.kid))).await?;
    let body = One {
        key,
        pem: text(&stored, "cert").trim_end().to_owned(),
        may_revoke: desk.may("update:signing_keys") && key.state == "previous",
        now: desk.app.clock.now(),
    };
    let frame = settings::frame("Signing key", "signing-keys").up(HOME, "Signing Keys").lead(key.label());
    Ok(desk.page(&frame, &body))
}

/// The certificate of a key as a file: `pem`, `cer` (DER) or `p7b` (PKCS#7).
async fn download(desk: Arc<Desk>) -> Result<Response, Failure> {
    let kid = desk.name("kid");
    let stored = desk.api.get(&format!("/keys/signing/{}", escaped(kid))).await?;
    certificate_file(&desk, &stored, desk.name("form"))
}

/// The public half of a key as a file (RFC 7517).
async fn jwk(desk: Arc<Desk>) -> Result<Response, Failure> {
    let ring = Ring::load(&desk).await?;
    let key = ring.find(desk.name("kid"))?;
    Ok(desk.file(&format!("{}.jwk", desk.tenant.stored.name), "application/jwk+json", key.jwk()))
}

/// A certificate that the API answered (`cert`, `pkcs7`), as a file.
pub fn certificate_file(desk: &Desk, stored: &Value, form: &str) -> Result<Response, Failure> {
    let text = |name: &str| text(stored, name).to_owned();
    let tenant = &desk.tenant.stored.name;
    match form {
        "pem" => Ok(desk.file(&format!("{tenant}.pem"), "application/x-pem-file", text("cert"))),
        "cer" => {
            let certificate = Certificate::from_pem(&text("cert")).map_err(|error| {
                Failure::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    format!("The certificate cannot be read: {error}"),
                )
            })?;
            Ok(desk.file(&format!("{tenant}.cer"), "application/pkix-cert", certificate.der().to_vec()))
        }
        "p7b" => Ok(desk.file(&format!("{tenant}.p7b"), "application/x-pkcs7-certificates", text("pkcs7"))),
        _ => Err(Failure::missing("Certificates come as pem, cer and p7b.")),
    }
}
