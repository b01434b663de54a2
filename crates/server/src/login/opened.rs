//! The session that a login opens in a browser.
//!
//! Must never leave another user's session alive in the browser.

use std::sync::Arc;

use http::HeaderValue;

use super::cookies;
use super::identify::of_client;
use super::under_way::Step;
use super::visit::Visit;
use crate::app::App;
use crate::connections::Connection;
use crate::db::DbError;
use crate::in_flight::LOGINS;
use crate::logs::Kind;
use crate::protection::{self, Attempt};
use crate::sessions::{self, Cause, Login, Opened, Session};
use crate::tenants::Tenant;
use crate::users::{self, User};
use crate::write::Write;

/// The way of a password (RFC 8176).
pub(super) const PASSWORD: &str = "pwd";
/// The way of another provider, as Auth0 calls it.
pub const FEDERATED: &str = "federated";

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
}

impl<'a> Proof<'a> {
    /// A proof of which no attempts are counted.
    pub fn of(user: &'a User, connection: &'a Connection, method: &'a str) -> Self {
        Self { user, connection, method, attempt: None }
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
    (mut write, before): (Write, Option<Session>),
    Proof { user, connection, method, attempt }: Proof<'_>,
) -> Result<Option<HeaderValue>, DbError> {
    let app = Arc::clone(&visit.app);
    let tenant = Arc::clone(&visit.tenant);
    let proof = Login { user_id: &user.user_id, method, origin: &visit.origin };
    let opened = open(&app, &mut write, &tenant, (before, proof)).await?;
    let (ip, now) = (visit.origin.ip.to_string(), app.clock.now());
    users::record_login(write.tx(), tenant.id(), &user.user_id, (&ip, now)).await?;
    if let Some(attempt) = attempt {
        protection::after_success(write.tx(), &tenant, attempt).await?;
    }
    let mut under_way = login.login.clone();
    under_way.proved = Some(opened.session.id.clone());
    under_way.consent = None;
    if !LOGINS.update(&app, write.tx(), tenant.id(), (&login.text, &under_way)).await? {
        return Ok(None);
    }
    let entry = of_client(visit, login, Kind::S, "Successful login");
    write.commit(user.named_in(entry, connection)).await?;
    let seconds = opened.session.persistent.then(|| opened.session.expires_at.duration_since(now).as_secs());
    let cookie = cookies::set_session(&tenant, &opened.value, seconds);
    visit.signed_in(opened.session);
    Ok(cookie)
}

/// Opens a session in place of the one before, or renews that one if it is the same user's.
async fn open(
    app: &Arc<App>,
    write: &mut Write,
    tenant: &Tenant,
    (before, login): (Option<Session>, Login<'_>),
) -> Result<Opened, DbError> {
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
