//! How a signing key looks on the wire of the Management API.
//!
//! Must never show anything of a private half.

use chancery_crypto::certificate::Certificate;
use chancery_crypto::pkcs7;
use chancery_keyring::{KeyRing, Kid, StoredKey, StoredPlace};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::clock;

/// The state of a key as its four booleans and three dates.
struct State {
    current: bool,
    next: bool,
    previous: bool,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
}

const NONE: State =
    State { current: false, next: false, previous: false, since: None, until: None, revoked_at: None };

/// Every key of the ring: current, next, previous, and the last three revoked ones.
pub fn of_ring(ring: &KeyRing) -> Vec<Value> {
    let current = ring.current();
    let mut views = vec![
        view(
            current.kid(),
            &current.public().certificate,
            &State { current: true, since: Some(current.since()), ..NONE },
        ),
        view(ring.next().kid(), &ring.next().public().certificate, &State { next: true, ..NONE }),
    ];
    views.extend(ring.previous().iter().map(|key| {
        let state = State { previous: true, since: Some(key.since()), until: Some(key.until()), ..NONE };
        view(key.kid(), &key.public().certificate, &state)
    }));
    views.extend(ring.revoked().iter().take(3).map(|key| {
        let state =
            State { since: key.since(), until: key.until(), revoked_at: Some(key.revoked_at()), ..NONE };
        view(key.kid(), &key.public().certificate, &state)
    }));
    views
}

/// One key, in whatever place it is.
pub fn of_stored(key: &StoredKey) -> Value {
    let state = match &key.place {
        StoredPlace::Current { since, .. } => State { current: true, since: Some(*since), ..NONE },
        StoredPlace::Next { .. } => State { next: true, ..NONE },
        StoredPlace::Previous { since, until, .. } => {
            State { previous: true, since: Some(*since), until: Some(*until), ..NONE }
        }
        StoredPlace::Revoked { since, until, at, farewell: _ } => {
            State { since: *since, until: *until, revoked_at: Some(*at), ..NONE }
        }
    };
    view(&key.kid, &key.certificate, &state)
}

/// The short answer of rotate and revoke.
pub fn brief(key: &StoredKey) -> Value {
    json!({ "cert": key.certificate.to_pem(), "kid": key.kid.as_str() })
}

fn view(kid: &Kid, certificate: &Certificate, state: &State) -> Value {
    let State { current, next, previous, since, until, revoked_at } = state;
    let mut view = Map::new();
    let mut put = |name: &str, value: Value| view.insert(name.to_owned(), value);
    put("kid", kid.as_str().into());
    put("cert", certificate.to_pem().into());
    if let Ok(der) = pkcs7::certs_only(&[certificate]) {
        put("pkcs7", pkcs7::to_pem(&der).into());
    }
    put("current", (*current).into());
    put("next", (*next).into());
    put("previous", (*previous).into());
    if let Some(since) = since {
        put("current_since", clock::wire(*since).into());
    }
    if let Some(until) = until {
        put("current_until", clock::wire(*until).into());
    }
    put("fingerprint", certificate.fingerprint().into());
    put("thumbprint", certificate.thumbprint().into());
    put("revoked", revoked_at.is_some().into());
    if let Some(at) = revoked_at {
        put("revoked_at", clock::wire(*at).into());
    }
    Value::Object(view)
}
