//! Who is signed in to the Dashboard, in which browser, until when.
//!
//! Apart from the sessions of the login pages: those may live for weeks. The browser holds a random value of which
//! only a keyed digest is stored. Must never tell the value again, nor accept one that it did not make.

use chancery_crypto::seal::Label;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::sql;
use crate::app::App;
use crate::db::{DbError, Tx};
use crate::tenants::TenantId;

/// How long a session lives without being used.
const IDLE: SignedDuration = SignedDuration::from_hours(8);
/// How long it lives in any case.
const WHOLE: SignedDuration = SignedDuration::from_hours(24);
/// How long after its last use it is written again.
const TOUCH_AFTER: SignedDuration = SignedDuration::from_secs(60);
/// Characters of the value in the cookie: 256 bits.
const VALUE: usize = 43;

/// A session of the Dashboard.
#[derive(Debug, Clone, PartialEq)]
pub struct DashboardSession {
    /// Who is signed in.
    pub user_id: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub updated_at: Timestamp,
    /// When it ends, if it is not used until then.
    pub expires_at: Timestamp,
    /// Whatever the Dashboard keeps with it. It is not sealed, so no secret belongs there.
    pub document: Map<String, Value>,
}

/// When a session ends that began at one moment and is used at another.
fn end_of(created_at: Timestamp, now: Timestamp) -> Timestamp {
    let after = |moment: Timestamp, span| moment.saturating_add(span).unwrap_or(moment);
    after(now, IDLE).min(after(created_at, WHOLE))
}

fn digest(app: &App, tenant: &TenantId, value: &str) -> [u8; 32] {
    app.sealer.digest(Label { tenant: tenant.as_str(), kind: "dashboard-session", id: value })
}

/// Opens a session; answers the value that the browser has to hold.
pub async fn open(
    app: &App,
    tx: &mut Tx,
    tenant: &TenantId,
    user_id: &str,
    document: Map<String, Value>,
) -> Result<String, DbError> {
    let now = app.clock.now();
    let session = DashboardSession {
        user_id: user_id.to_owned(),
        created_at: now,
        updated_at: now,
        expires_at: end_of(now, now),
        document,
    };
    let value = app.entropy.url_safe(VALUE);
    sql::insert_session(tx, tenant, digest(app, tenant, &value), &session).await?;
    Ok(value)
}

/// The live session that a value stands for. Using it makes it live longer; written at most once a minute.
pub async fn find(app: &App, tenant: &TenantId, value: &str) -> Result<Option<DashboardSession>, DbError> {
    // Nothing else is ever handed out; a longer text is not worth a look into the database.
    if value.len() != VALUE {
        return Ok(None);
    }
    let (digest, now) = (digest(app, tenant, value), app.clock.now());
    let found = sql::find_session(&app.db, tenant, digest).await?;
    let Some(mut session) = found.filter(|session| now < session.expires_at) else { return Ok(None) };
    if session.updated_at.saturating_add(TOUCH_AFTER).unwrap_or(now) <= now {
        session.updated_at = now;
        session.expires_at = end_of(session.created_at, now);
        let mut tx = app.db.begin().await?.passing();
        sql::touch_session(&mut tx, tenant, digest, &session).await?;
        tx.commit().await?;
    }
    Ok(Some(session))
}

/// Ends the session that a value stands for, if it is there.
pub async fn end(app: &App, tx: &mut Tx, tenant: &TenantId, value: &str) -> Result<(), DbError> {
    sql::delete_session(tx, tenant, digest(app, tenant, value)).await
}

/// Ends every session of a user.
pub async fn end_all(tx: &mut Tx, tenant: &TenantId, user_id: &str) -> Result<(), DbError> {
    sql::delete_sessions_of(tx, tenant, user_id).await
}

/// Deletes sessions and invitations of all tenants that are over.
pub async fn sweep(app: &App) -> Result<(), DbError> {
    let mut tx = app.db.begin().await?;
    sql::sweep(&mut tx, app.clock.now()).await?;
    tx.commit().await
}
