//! Rotation and revocation: what each will do, in plain words, before it does it.
//!
//! Must never act on a ring that changed since it was shown.

use std::sync::Arc;

use axum::response::Response;
use http::StatusCode;
use jiff::Timestamp;

use super::{HOME, Key, Ring};
use crate::clock;
use crate::dashboard::{Confirm, Desk, Failure, Frame, Posted, escaped, settings};

fn frame(title: &str) -> Frame {
    settings::frame(title, "signing-keys").up(HOME, "Signing Keys")
}

fn exact(at: Timestamp) -> String {
    at.strftime("%-d %b %Y, %H:%M UTC").to_string()
}

fn counted(number: u64, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

/// What a rotation means, whether or not the old key is revoked with it.
fn rotation(confirm: Confirm, ring: &Ring, (current, next): (&Key, &Key), now: Timestamp) -> Confirm {
    let applications = counted(ring.applications, "application gets", "applications get");
    let confirm = confirm
        .that(format!(
            "At once, the next key {} signs all tokens and assertions in place of {}: {applications} them.",
            next.short(),
            current.short()
        ))
        .that("A new next key is made and published.");
    let old = clock::in_words(ring.longest_copy());
    let confirm = match ring.unknown_until(next, now) {
        None => confirm.that(format!(
            "Who verifies with the key set (JWKS) knows the next key already; a copy of it may be {old} old."
        )),
        Some(safe) => confirm.that(format!(
            "Wait until {}, if you can: the next key has just been published. Copies of the key set (JWKS) may be {old} old, and who verifies with one of them refuses what the key signs before.",
            safe.strftime("%-d %b %Y, %H:%M:%S UTC")
        )),
    };
    if ring.saml + ring.wsfed == 0 {
        return confirm
            .that("No application uses SAML or WS-Federation, so nobody has to be given a certificate.");
    }
    confirm.that(format!(
        "{} and {}: their partners refuse assertions from this moment on, until they trust the certificate of {}. Give it to them first.",
        counted(ring.saml, "application uses SAML", "applications use SAML"),
        counted(ring.wsfed, "uses WS-Federation", "use WS-Federation"),
        next.short()
    ))
}

fn last_token(key: &Key, now: Timestamp) -> Option<String> {
    key.last_token.filter(|at| *at > now).map(exact)
}

fn rotating(desk: &Desk, ring: &Ring, revokes: bool) -> Result<Confirm, Failure> {
    let current = ring.in_state("current").ok_or_else(no_ring)?;
    let next = ring.in_state("next").ok_or_else(no_ring)?;
    let button = if revokes { "Rotate & revoke key" } else { "Rotate key" };
    let now = desk.app.clock.now();
    let confirm = rotation(Confirm::new(desk, button, HOME), ring, (current, next), now);
    let last = last_token(current, now);
    let confirm = match (revokes, last) {
        (false, Some(last)) => confirm
            .that(format!(
                "Tokens that {} has signed stay good until they expire: the last of them on {last}. Revoke it after that.",
                current.short()
            ))
            .harmless(),
        (false, None) => {
            confirm.that(format!("{} has signed no token that is still good.", current.short())).harmless()
        }
        (true, Some(last)) => confirm.that(format!(
            "Every token that {} has signed is refused, although the last of them would be good until {last}: here at once, elsewhere when a copy of the key set is renewed, within {}. Users and programs have to get new ones.",
            current.short(),
            clock::in_words(ring.longest_copy())
        )),
        (true, None) => confirm.that(format!("{} has signed no token that is still good.", current.short())),
    };
    let confirm = if revokes {
        confirm
            .that("The private half of the revoked key is erased. Nobody can bring it back.")
            .name(&desk.tenant.stored.name, "name of the tenant")
    } else {
        confirm
    };
    Ok(confirm.carrying("current", current.kid.clone()))
}

fn no_ring() -> Failure {
    Failure::new(StatusCode::SERVICE_UNAVAILABLE, "The keys of the tenant are being made.")
}

pub(super) async fn ask_rotate(desk: Arc<Desk>) -> Result<Response, Failure> {
    let ring = Ring::load(&desk).await?;
    Ok(desk.page(&frame("Rotate the signing key?"), &rotating(&desk, &ring, false)?))
}

pub(super) async fn ask_rotate_and_revoke(desk: Arc<Desk>) -> Result<Response, Failure> {
    let ring = Ring::load(&desk).await?;
    Ok(desk.page(&frame("Rotate the signing key and revoke the old one?"), &rotating(&desk, &ring, true)?))
}

/// The answer if somebody else has rotated meanwhile.
fn overtaken(
    desk: &Desk,
    ring: &Ring,
    (confirm, frame): (&Confirm, &Frame),
    posted: &Posted,
) -> Option<Response> {
    let current = ring.in_state("current").map(|key| key.kid.as_str());
    if current == Some(posted.get("current")) {
        return None;
    }
    let text = "Nothing was done: somebody rotated the key since you opened this page. Look at what would happen now.";
    Some(desk.page_with(StatusCode::CONFLICT, frame, &confirm.clone().problem(text)))
}

pub(super) async fn rotate(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let ring = Ring::load(&desk).await?;
    let confirm = rotating(&desk, &ring, false)?;
    let frame = frame("Rotate the signing key?");
    if let Some(conflict) = overtaken(&desk, &ring, (&confirm, &frame), &posted) {
        return Ok(conflict);
    }
    desk.api.post("/keys/signing/rotate", &serde_json::json!({})).await?;
    Ok(desk.done(HOME, "The key was rotated. The key that signed before still verifies."))
}

pub(super) async fn rotate_and_revoke(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let ring = Ring::load(&desk).await?;
    let confirm = rotating(&desk, &ring, true)?;
    let frame = frame("Rotate the signing key and revoke the old one?");
    if let Some(conflict) = overtaken(&desk, &ring, (&confirm, &frame), &posted) {
        return Ok(conflict);
    }
    if let Some(missing) = confirm.missing(&desk, &frame, &posted) {
        return Ok(missing);
    }
    desk.api.post("/keys/signing/rotate", &serde_json::json!({})).await?;
    desk.api.put(&format!("/keys/signing/{}/revoke", escaped(posted.get("current"))), None).await?;
    Ok(desk.done(HOME, "The key was rotated, and the one before it was revoked."))
}

fn revoking(desk: &Desk, ring: &Ring, key: &Key) -> Confirm {
    let confirm = Confirm::new(desk, "Revoke key", HOME).that(format!(
        "{} is taken out of the key set (JWKS). It is accepted nowhere once older copies are renewed, within {}.",
        key.kid,
        clock::in_words(ring.longest_copy())
    ));
    let confirm = match last_token(key, desk.app.clock.now()) {
        Some(last) => confirm.that(format!(
            "Tokens that it has signed are refused from then on, although the last of them would be good until {last}."
        )),
        None => confirm.that("It has signed no token that is still good."),
    };
    confirm
        .that("SAML and WS-Federation partners accept what it signed until they remove its certificate: ask them to.")
        .that("Its private half is erased. Nobody can bring it back.")
        .name(&desk.tenant.stored.name, "name of the tenant")
}

pub(super) async fn ask_revoke(desk: Arc<Desk>) -> Result<Response, Failure> {
    let ring = Ring::load(&desk).await?;
    let key = ring.find(desk.name("kid"))?;
    if key.state != "previous" {
        let text = "Only a key that was used before can be revoked. Rotate first.";
        return Err(Failure::new(StatusCode::BAD_REQUEST, text));
    }
    Ok(desk.page(&frame("Revoke the signing key?"), &revoking(&desk, &ring, key)))
}

pub(super) async fn revoke(desk: Arc<Desk>, posted: Posted) -> Result<Response, Failure> {
    let ring = Ring::load(&desk).await?;
    let key = ring.find(desk.name("kid"))?;
    let confirm = revoking(&desk, &ring, key);
    if let Some(missing) = confirm.missing(&desk, &frame("Revoke the signing key?"), &posted) {
        return Ok(missing);
    }
    desk.api.put(&format!("/keys/signing/{}/revoke", escaped(&key.kid)), None).await?;
    Ok(desk.done(HOME, "The key was revoked."))
}
