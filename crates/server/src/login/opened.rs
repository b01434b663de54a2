//! The session that a login opens in a browser, and its end.
//!
//! Must never leave another user's session alive in the browser.

use std::sync::Arc;

use chancery_oauth::client::Client;
use http::HeaderValue;

use super::cookies;
use super::identify::of_client;
use super::under_way::Step;
use super::visit::Visit;
use crate::app::App;
use crate::connections::Connection;
use crate::db::DbError;
use crate::federation::{self, UpstreamSession};
use crate::in_flight::LOGINS;
use crate::logs::{Entry, Kind};
use crate::protection::{self, Attempt};
use crate::sessions::{self, Cause, Login, Opened, Session};
use crate::tenants::Tenant;
use crate::users::{self, User};
use crate::write::Write;

/// The way of a password (RFC 8176).
pub const PASSWORD: &str = "pwd";
/// The way of another provider, as Auth0 calls it.
pub const FEDERATED: &str = "federated";

/// What the log says of a login.
const LOGGED_IN: &str = "Successful login";

/// Who has proved to be whom, where, and how.
#[derive(Clone, Copy)]
pub struct Proof<'a> {
    /// The user.
    pub user: &'a User,
    /// The connection.
    pub connection: &'a Connection,
    /// The way.
    pub method: &'a str,
    /// The attempt that succeeded, where attempts are counted.
    pub attempt: Option<&'a Attempt>,
    /// As what another provider knows the user, where a logout has to say so.
    pub upstream: Option<&'a UpstreamSession>,
}

impl<'a> Proof<'a> {
    /// A proof of which no attempts are counted.
    pub fn of(user: &'a User, connection: &'a Connection, method: &'a str) -> Self {
        Self { user, connection, method, attempt: None, upstream: None }
    }
}

/// Signs a user in in this browser, for this login; answers the cookie. None: the login is over.
pub(super) async fn sign_in(
    visit: &mut Visit,
    login: &Step,
    proof: Proof<'_>,
) -> Result<Option<HeaderValue>, DbError> {
    let before = visit.session().await?;
    let write = Write::begin(&visit.app, visit.tenant.id()).await?;
    end_in_session(visit, login, (write, before), proof).await
}

/// The same as the end of a change that has begun; `before` is the session that the browser came with.
///
/// Whoever was signed in there before is so no more, and the same user goes on under a new value: what somebody may
/// have planted in the browser is worth nothing afterwards.
pub async fn end_in_session(
    visit: &mut Visit,
    login: &Step,
    begun: (Write, Option<Session>),
    proof: Proof<'_>,
) -> Result<Option<HeaderValue>, DbError> {
    let written = async {
        let (mut write, opened) = begin_session(visit, begun, proof).await?;
        let (app, tenant) = (&visit.app, visit.tenant.id());
        let mut under_way = login.login.clone();
        under_way.proved = Some(opened.session.id.clone());
        under_way.consent = None;
        LOGINS.update(app, write.tx(), tenant, (&login.text, &under_way)).await?;
        let entry = of_client(visit, login, Kind::S, LOGGED_IN);
        write.commit(proof.user.named_in(entry, proof.connection)).await?;
        Ok(opened)
    };
    let opened = DbError::unless_missed(written.await)?;
    Ok(opened.and_then(|opened| hand_over(visit, opened)))
}

/// The same for somebody who comes by themselves, for this application.
pub async fn end_unasked(
    visit: &mut Visit,
    client: &Client,
    begun: (Write, Option<Session>),
    proof: Proof<'_>,
) -> Result<Option<HeaderValue>, DbError> {
    let (write, opened) = begin_session(visit, begun, proof).await?;
    let entry = visit.entry(Kind::S, LOGGED_IN).by_client(client);
    write.commit(proof.user.named_in(entry, proof.connection)).await?;
    Ok(hand_over(visit, opened))
}

/// Ends a session of this browser; `told` says of the entry in the log who did.
pub async fn close(
    visit: &Visit,
    (session, cause): (Session, Cause),
    told: impl FnOnce(Entry) -> Entry,
) -> Result<(), DbError> {
    let mut write = Write::begin(&visit.app, visit.tenant.id()).await?;
    let entry = told(visit.entry(Kind::Slo, "User successfully logged out"));
    let entry = Entry { user_id: Some(session.user_id.clone()), ..entry };
    sessions::end(write.tx(), visit.tenant.id(), &[session], (cause, visit.app.clock.now())).await?;
    write.commit(entry).await
}

/// Opens the session in a change, with all that goes with a login.
async fn begin_session(
    visit: &Visit,
    (mut write, before): (Write, Option<Session>),
    Proof { user, connection, method, attempt, upstream }: Proof<'_>,
) -> Result<(Write, Opened), DbError> {
    let (app, tenant) = (&visit.app, &visit.tenant);
    let proof = Login { user_id: &user.user_id, method, origin: &visit.origin };
    let opened = open(app, &mut write, tenant, (before, proof)).await?;
    let (ip, now) = (visit.origin.ip.to_string(), app.clock.now());
    users::record_login(write.tx(), tenant.id(), &user.user_id, (&ip, now)).await?;
    if let Some(attempt) = attempt {
        protection::after_success(write.tx(), tenant, attempt).await?;
    }
    if let Some(upstream) = upstream {
        let place = (opened.session.id.as_str(), connection.id.as_str());
        federation::sql::put(write.tx(), tenant.id(), place, upstream).await?;
    }
    Ok((write, opened))
}

/// Tells the browser of its session.
fn hand_over(visit: &mut Visit, opened: Opened) -> Option<HeaderValue> {
    let now = visit.app.clock.now();
    let seconds = opened.session.persistent.then(|| opened.session.expires_at.duration_since(now).as_secs());
    let cookie = cookies::set_session(&visit.tenant, &opened.value, seconds);
    visit.signed_in(opened.session);
    cookie
}

/// Opens a session in place of the one before, or renews that one if it is the same user's.
async fn open(
    app: &Arc<App>,
    write: &mut Write,
    tenant: &Tenant,
    (before, login): (Option<Session>, Login<'_>),
) -> Result<Opened, DbError> {
    // What was written into it since it was read has to stay, and one that ended meanwhile does not come back.
    let before = match before {
        Some(session) => sessions::sql::find_for_update(write.tx(), tenant.id(), &session.id).await?,
        None => None,
    };
    match before {
        Some(session) if session.user_id == login.user_id => {
            sessions::reauthenticate(app, write.tx(), tenant, (session, login)).await
        }
        before => {
            let ended: Vec<Session> = before.into_iter().collect();
            let of = (Cause::Replaced, app.clock.now());
            sessions::end(write.tx(), tenant.id(), &ended, of).await?;
            sessions::open(app, write.tx(), tenant, login).await
        }
    }
}
