//! Sessions: who is signed in at this tenant, in which browser, until when.
//!
//! Kept on the server; the browser holds a random value of which only a keyed digest is stored. There is one door
//! for each end of a session, [`end`], so that nothing that hangs on a session can be forgotten. Must never tell
//! what the value in the cookie is, nor accept one that it did not make.

pub mod api;
mod kept;
mod lifetimes;
pub mod sql;
mod view;

use std::sync::Arc;

use chancery_crypto::seal::Label;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use kept::{Kept, WATCHED};
pub use lifetimes::Lifetimes;

use crate::app::App;
use crate::db::{DbError, Tx};
use crate::http::Origin;
use crate::logout_deliveries::Listeners;
use crate::tenants::{Tenant, TenantId};
use crate::users::User;

/// How long after its last use a session is written again: the price of one write a minute and browser.
const TOUCH_AFTER: SignedDuration = SignedDuration::from_secs(60);
/// Characters of the value in the cookie: 256 bits.
const VALUE: usize = 43;
/// Characters of a session's id, the `sid` of ID tokens.
const ID: usize = 32;

/// A session as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its public id: `sid` in ID tokens, and its name in the Management API.
    pub id: String,
    /// Who is signed in.
    pub user_id: String,
    /// Whether the cookie survives the end of the browser.
    pub persistent: bool,
    /// When the user last proved who they are (`auth_time`).
    pub authenticated_at: Timestamp,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub updated_at: Timestamp,
    /// When it ends if it is not used.
    pub idle_expires_at: Timestamp,
    /// When it ends in any case.
    pub expires_at: Timestamp,
    /// Everything else.
    pub details: Details,
}

/// What is known of a session beyond its times.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// Where it began and where it was last used.
    pub device: Device,
    /// The ways in which the user proved who they are.
    pub methods: Vec<AuthenticationMethod>,
    /// What administrators wrote on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Map<String, Value>>,
}

/// A browser or a program, as far as its requests tell.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// The address at the beginning.
    pub initial_ip: Option<String>,
    /// What it called itself at the beginning.
    pub initial_user_agent: Option<String>,
    /// The address of the last use.
    pub last_ip: Option<String>,
    /// What it called itself at the last use.
    pub last_user_agent: Option<String>,
}

impl Device {
    /// A device that is seen for the first time.
    pub fn seen(origin: &Origin) -> Self {
        let (ip, user_agent) = (Some(origin.ip.to_string()), origin.user_agent.clone());
        Self {
            initial_ip: ip.clone(),
            initial_user_agent: user_agent.clone(),
            last_ip: ip,
            last_user_agent: user_agent,
        }
    }

    /// The device is seen again.
    pub fn seen_again(&mut self, origin: &Origin) {
        self.last_ip = Some(origin.ip.to_string());
        self.last_user_agent.clone_from(&origin.user_agent);
    }
}

/// One way in which a user proved who they are, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthenticationMethod {
    /// `pwd` for a password (RFC 8176).
    pub name: String,
    /// When, in milliseconds since 1970.
    pub at: i64,
}

/// A login that has just succeeded.
#[derive(Debug, Clone, Copy)]
pub struct Login<'a> {
    /// Who.
    pub user_id: &'a str,
    /// How, as RFC 8176 calls it.
    pub method: &'a str,
    /// From where.
    pub origin: &'a Origin,
}

/// A session together with the value that its browser has to hold.
#[derive(Clone)]
pub struct Opened {
    /// The session.
    pub session: Session,
    /// What goes into the cookie, this once.
    pub value: String,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened").field("session", &self.session).finish_non_exhaustive()
    }
}

/// Why a session ends; applications that listen to back-channel logout choose among these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The user signed out.
    Logout,
    /// The identity provider that the user came from ended it.
    ProviderLogout,
    /// An administrator ended it.
    Revoked,
    /// The password was changed.
    PasswordChanged,
    /// Another user signed in in the same browser.
    Replaced,
    /// The user was deleted.
    AccountDeleted,
    /// The user was blocked.
    AccountDeactivated,
    /// It lived as long as it may, used or not.
    Expired,
}

impl Cause {
    /// What Auth0 calls it where applications choose.
    pub fn initiator(self) -> &'static str {
        match self {
            // Whoever signs in as somebody else leaves the applications as surely as by a logout.
            Self::Logout | Self::Replaced => "rp-logout",
            Self::ProviderLogout => "idp-logout",
            Self::Revoked => "session-revoked",
            Self::PasswordChanged => "password-changed",
            Self::AccountDeleted => "account-deleted",
            Self::AccountDeactivated => "account-deactivated",
            Self::Expired => "session-expired",
        }
    }
}

fn digest(app: &App, tenant: &TenantId, value: &str) -> [u8; 32] {
    app.sealer.digest(Label { tenant: tenant.as_str(), kind: "session", id: value })
}

/// Opens a session for a login. The browser always gets a new value, whatever it came with: a value that
/// somebody planted there before the login is worth nothing after it.
pub async fn open(app: &Arc<App>, tx: &mut Tx, tenant: &Tenant, login: Login<'_>) -> Result<Opened, DbError> {
    let now = app.clock.now();
    let lifetimes = Lifetimes::of(tenant.settings());
    let session = Session {
        id: app.entropy.url_safe(ID),
        user_id: login.user_id.to_owned(),
        persistent: lifetimes.persistent,
        authenticated_at: now,
        created_at: now,
        updated_at: now,
        idle_expires_at: lifetimes.idle_end(now),
        expires_at: lifetimes.end(now),
        details: Details {
            device: Device::seen(login.origin),
            methods: vec![AuthenticationMethod { name: login.method.to_owned(), at: now.as_millisecond() }],
            metadata: None,
        },
    };
    let value = app.entropy.url_safe(VALUE);
    sql::insert(tx, tenant.id(), &session, digest(app, tenant.id(), &value)).await?;
    Ok(Opened { session, value })
}

/// The user of a session proved again who they are: the session goes on under a new value.
pub async fn reauthenticate(
    app: &Arc<App>,
    tx: &mut Tx,
    tenant: &Tenant,
    (mut session, login): (Session, Login<'_>),
) -> Result<Opened, DbError> {
    let now = app.clock.now();
    let lifetimes = Lifetimes::of(tenant.settings());
    session.authenticated_at = now;
    session.updated_at = now;
    session.persistent = lifetimes.persistent;
    session.idle_expires_at = lifetimes.idle_end(now);
    session.expires_at = lifetimes.end(now);
    session.details.device.seen_again(login.origin);
    session.details.methods.retain(|method| method.name != login.method);
    let method = AuthenticationMethod { name: login.method.to_owned(), at: now.as_millisecond() };
    session.details.methods.push(method);
    let value = app.entropy.url_safe(VALUE);
    sql::renew(tx, tenant.id(), &session, digest(app, tenant.id(), &value)).await?;
    Ok(Opened { session, value })
}

/// The live session that a cookie's value stands for.
pub async fn current(app: &App, tenant: &Tenant, value: &str) -> Result<Option<Session>, DbError> {
    // Nothing else is ever handed out; a longer text is not worth a look into the database.
    if value.len() != VALUE {
        return Ok(None);
    }
    let found = sql::find_by_digest(&app.db, tenant.id(), digest(app, tenant.id(), value)).await?;
    let now = app.clock.now();
    Ok(found.filter(|session| session.is_live(now)))
}

/// The same, together with its user.
pub async fn current_with_user(
    app: &App,
    tenant: &Tenant,
    value: &str,
) -> Result<Option<(Arc<Session>, Arc<User>)>, DbError> {
    if value.len() != VALUE {
        return Ok(None);
    }
    let digest = digest(app, tenant.id(), value);
    let found = app.people.session_and_user(&app.db, tenant.id(), digest).await?;
    let now = app.clock.now();
    Ok(found.filter(|(session, _)| session.is_live(now)))
}

/// Notes that a session was used: its idle time begins anew. Writes at most once a minute.
pub async fn touch(
    app: &Arc<App>,
    tenant: &Tenant,
    session: &Session,
    origin: &Origin,
) -> Result<(), DbError> {
    let now = app.clock.now();
    if session.updated_at.saturating_add(TOUCH_AFTER).unwrap_or(now) > now {
        return Ok(());
    }
    let mut tx = app.db.begin().await?.passing();
    // What else was written into it since it was read has to stay.
    let Some(mut session) = sql::find_for_update(&mut tx, tenant.id(), &session.id).await? else {
        return Ok(());
    };
    session.updated_at = now;
    session.idle_expires_at = Lifetimes::of(tenant.settings()).idle_end(now).min(session.expires_at);
    session.details.device.seen_again(origin);
    sql::touch(&mut tx, tenant.id(), &session).await?;
    tx.commit().await
}

impl Session {
    /// Whether it still counts.
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.expires_at && now < self.idle_expires_at
    }

    /// The way in which the user last proved who they are.
    pub fn last_method(&self) -> Option<&str> {
        self.details.methods.last().map(|method| method.name.as_str())
    }
}

/// Ends sessions, and has the applications that took part told; the only way to. Whoever calls this writes the log
/// entry.
pub async fn end(
    tx: &mut Tx,
    tenant: &TenantId,
    ended: &[Session],
    (cause, now): (Cause, Timestamp),
) -> Result<(), DbError> {
    let mut listeners = Listeners::default();
    for session in ended {
        // Another may be ending it at this moment.
        if !sql::close(tx, tenant, &session.id).await? {
            continue;
        }
        let participants = sql::clients_within(tx, tenant, &session.id).await?;
        sql::delete(tx, tenant, &session.id).await?;
        listeners.tell(tx, tenant, (session, &participants), (cause, now)).await?;
    }
    Ok(())
}

/// Ends every session of a user; answers how many there were.
pub async fn end_all_of_user(
    tx: &mut Tx,
    tenant: &TenantId,
    user_id: &str,
    of: (Cause, Timestamp),
) -> Result<usize, DbError> {
    let ended = sql::of_user_within(tx, tenant, user_id).await?;
    end(tx, tenant, &ended, of).await?;
    Ok(ended.len())
}

/// Ends the sessions of all tenants that are over, some at a time so that nobody waits long.
pub async fn sweep(app: &App) -> Result<(), DbError> {
    const AT_ONCE: i64 = 100;
    let now = app.clock.now();
    let mut place = (String::new(), String::new());
    loop {
        let over = sql::over(&app.db, now, (&place.0, &place.1), AT_ONCE).await?;
        let Some((tenant, session)) = over.last() else { return Ok(()) };
        place = (tenant.as_str().to_owned(), session.id.clone());
        let mut tx = app.db.begin().await?;
        for of_tenant in over.chunk_by(|(one, _), (other, _)| one == other) {
            let sessions: Vec<Session> = of_tenant.iter().map(|(_, session)| session.clone()).collect();
            if let Some((tenant, _)) = of_tenant.first() {
                end(&mut tx, tenant, &sessions, (Cause::Expired, now)).await?;
            }
        }
        tx.commit().await?;
    }
}
