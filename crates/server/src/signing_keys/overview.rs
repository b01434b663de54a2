//! The life of a key ring in one answer: its keys, what they signed lately, who changed them, and what a change
//! of keys reaches.
//!
//! An operation of our own, for people who decide whether to rotate or to revoke.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use axum::Json;
use axum::extract::State;
use chancery_crypto::algorithm::Algorithm;
use chancery_jose::jwk::RsaJwk;
use chancery_keyring::{KeyRing, PublicHalf};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::limit::{Allowance, allowance};
use super::sql;
use super::uses::sql::Lately;
use super::{names_algorithm, uses};
use crate::app::App;
use crate::applications;
use crate::applications::sql::Filter;
use crate::clock;
use crate::db::DbError;
use crate::management::shape::{Kind, Object, field, integer, list, object, one_of, open, text};
use crate::management::{ApiError, Caller};
use crate::tenants::Tenant;

/// The revoked keys that are shown, the last revoked first.
const REVOKED: usize = 3;

/// The answer.
pub(super) static SHAPE: LazyLock<Object> = LazyLock::new(|| {
    let number = || integer(0, i64::MAX);
    let tokens = object([field("last_hour", number()), field("last_day", number())]);
    let impact =
        ["applications", "applications_saml", "applications_wsfed"].map(|name| field(name, number()));
    object([
        field("algorithm", text()),
        field("public_max_age", number()),
        field("rotations_left_today", number()).nullable(),
        field("next_rotation_possible_at", text()).nullable(),
        field(
            "keys",
            list(object([
                field("kid", text()),
                field("state", one_of(&["next", "current", "previous", "revoked"])),
                field("alg", text()),
                field("published_at", text()).nullable(),
                field("current_since", text()).nullable(),
                field("current_until", text()).nullable(),
                field("promoted_by", actor()).nullable(),
                field("revoked_at", text()).nullable(),
                field("revoked_by", actor()).nullable(),
                field("certificate_expires_at", text()),
                field("fingerprint", text()),
                field("thumbprint", text()),
                field("jwk", open([])),
                field("tokens_signed", tokens),
                field("last_token_expires_at", text()).nullable(),
            ])),
        ),
        field("impact", object(impact)),
    ])
});

fn actor() -> Kind {
    object([
        field("subject", text()),
        field("name", text()).nullable(),
        field("client_id", text()).nullable(),
    ])
    .into()
}

/// `GET /keys/ring`
pub(super) async fn get(State(app): State<Arc<App>>, caller: Caller) -> Result<Json<Value>, ApiError> {
    let tenant = &caller.tenant;
    let Allowance { left, again } = allowance(&app, &tenant.stored).await?;
    let mut facts = sql::facts(&app.db, tenant.id()).await?;
    let lately = lately(&app, tenant).await?;
    let algorithm = names_algorithm(tenant.settings()).then_some(Algorithm::Rs256);
    let mut keys = Vec::new();
    for life in lives(&tenant.ring) {
        let kid = life.public.kid.as_str();
        let known = facts.remove(kid).unwrap_or_default();
        let signed = lately.get(kid).cloned().unwrap_or_default();
        let mut view = life.view(algorithm, known.created_at, &signed)?;
        for (name, actor) in [("promoted_by", known.promoted_by), ("revoked_by", known.revoked_by)] {
            view[name] = match actor {
                Some(actor) => actor.view(&app, tenant.id()).await?,
                None => Value::Null,
            };
        }
        keys.push(view);
    }
    let filter = Filter { is_global: Some(false), ..Filter::default() };
    let addons = applications::count_addons(&app, tenant.id()).await?;
    Ok(Json(json!({
        "algorithm": Algorithm::Rs256.name(),
        "public_max_age": tenant.policy().public_max_age,
        "rotations_left_today": left,
        "next_rotation_possible_at": again.map(clock::wire),
        "keys": keys,
        "impact": {
            "applications": applications::sql::count(&app.db, tenant.id(), &filter).await?,
            "applications_saml": addons.samlp,
            "applications_wsfed": addons.wsfed,
        },
    })))
}

/// What each key signed: what is written, and what this process has counted since. Other processes write theirs
/// every other second.
async fn lately(app: &App, tenant: &Tenant) -> Result<HashMap<String, Lately>, DbError> {
    let now = app.clock.now().as_millisecond();
    let written = uses::sql::of_tenant(&app.db, tenant.id(), now).await?;
    let mut lately: HashMap<_, _> = written.into_iter().collect();
    for fresh in app.key_uses.unwritten_of(tenant.id()) {
        let one = lately.entry(fresh.kid.as_str().to_owned()).or_default();
        one.last_hour += fresh.tokens;
        one.last_day += fresh.tokens;
        one.last_expires_at = one.last_expires_at.max(Some(fresh.last_expires_at));
    }
    Ok(lately)
}

/// A key with what the ring knows of its life.
struct Life<'a> {
    public: &'a PublicHalf,
    state: &'static str,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
}

/// The keys in the order of their lives: next, current, previous, revoked.
fn lives(ring: &KeyRing) -> Vec<Life<'_>> {
    let life = |public, state| Life { public, state, since: None, until: None, revoked_at: None };
    let current = ring.current();
    let first = [
        life(ring.next().public(), "next"),
        Life { since: Some(current.since()), ..life(current.public(), "current") },
    ];
    let previous = ring.previous().iter().map(|key| Life {
        since: Some(key.since()),
        until: Some(key.until()),
        ..life(key.public(), "previous")
    });
    let revoked = ring.revoked().iter().take(REVOKED).map(|key| Life {
        public: key.public(),
        state: "revoked",
        since: key.since(),
        until: key.until(),
        revoked_at: Some(key.revoked_at()),
    });
    first.into_iter().chain(previous).chain(revoked).collect()
}

impl Life<'_> {
    fn view(
        &self,
        algorithm: Option<Algorithm>,
        published_at: Option<Timestamp>,
        signed: &Lately,
    ) -> Result<Value, ApiError> {
        let PublicHalf { kid, certificate, key } = self.public;
        let time = |moment: Option<Timestamp>| moment.map(clock::wire);
        let jwk = serde_json::to_value(RsaJwk::of_certificate(kid.as_str(), certificate, key, algorithm));
        Ok(json!({
            "kid": kid.as_str(),
            "state": self.state,
            "alg": Algorithm::Rs256.name(),
            "published_at": time(published_at),
            "current_since": time(self.since),
            "current_until": time(self.until),
            "promoted_by": null,
            "revoked_at": time(self.revoked_at),
            "revoked_by": null,
            "certificate_expires_at": clock::wire(certificate.not_after()),
            "fingerprint": certificate.fingerprint(),
            "thumbprint": certificate.thumbprint(),
            "jwk": jwk.map_err(|error| ApiError::Internal(error.to_string()))?,
            "tokens_signed": { "last_hour": signed.last_hour, "last_day": signed.last_day },
            "last_token_expires_at": time(signed.last_expires_at.map(clock::from_millis).transpose()?),
        }))
    }
}
