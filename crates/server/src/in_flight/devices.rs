//! Device codes (RFC 8628): what a device asks with, and the short code that its user types.
//!
//! The user code is stored as a digest too, as it lets its finder approve the device. Must never give tokens twice.

use chancery_oauth::device::{self, LIFETIME, State};
use chancery_oauth::scope::Scopes;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{TEXT, digest, sql};
use crate::app::App;
use crate::db::{DbError, Tx};
use crate::tenants::TenantId;

const KIND: &str = "device code";
const USER_KIND: &str = "user code";

/// A device that waits for its user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The application on the device.
    pub client_id: String,
    /// Where it stands.
    pub state: State,
    /// Who approved it.
    pub user_id: Option<String>,
    /// From which session.
    pub session_id: Option<String>,
    /// When the device asked last.
    pub polled_at: Option<Timestamp>,
    /// Until when it may.
    pub expires_at: Timestamp,
    /// What it asks for.
    pub asked: Asked,
}

/// What a device asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The scopes; after the approval, those that were granted.
    pub scopes: Scopes,
    /// The API, if any.
    pub audience: Option<String>,
    /// The code as it is shown.
    pub user_code: String,
    /// When the user proved who they are, in seconds since 1970; known after the approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
}

/// The user's decision.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// Yes.
    Approved {
        /// Who.
        user_id: String,
        /// From which session.
        session_id: String,
        /// What was granted.
        asked: Asked,
    },
    /// No.
    Denied,
}

/// Stores a code for a device; answers its text. [`DbError::Unique`]: another device has this user code.
pub async fn issue(
    app: &App,
    tx: &mut Tx,
    tenant: &TenantId,
    (client_id, asked): (&str, &Asked),
) -> Result<String, DbError> {
    let text = app.entropy.url_safe(TEXT);
    let now = app.clock.now();
    let expires_at = now.saturating_add(SignedDuration::from_secs(LIFETIME)).unwrap_or(now).as_millisecond();
    let digests = (digest(app, tenant, KIND, &text), of_user_code(app, tenant, &asked.user_code));
    sql::insert_device(tx, tenant, digests, (client_id, asked, expires_at)).await?;
    Ok(text)
}

/// The device with this code; others that want to change it wait until the transaction ends.
pub async fn find(app: &App, tx: &mut Tx, tenant: &TenantId, text: &str) -> Result<Option<Waiting>, DbError> {
    if text.len() != TEXT {
        return Ok(None);
    }
    sql::find_device(tx, tenant, digest(app, tenant, KIND, text)).await
}

/// The device whose user types this, while it waits for a decision.
pub async fn find_by_user_code(
    app: &App,
    tenant: &TenantId,
    typed: &str,
) -> Result<Option<Waiting>, DbError> {
    let now = app.clock.now().as_millisecond();
    sql::find_device_by_user_code(&app.db, tenant, &of_user_code(app, tenant, typed), now).await
}

/// Notes that a device asked.
pub async fn polled(app: &App, tx: &mut Tx, tenant: &TenantId, text: &str) -> Result<(), DbError> {
    let now = app.clock.now().as_millisecond();
    sql::note_poll(tx, tenant, digest(app, tenant, KIND, text), now).await
}

/// Writes the user's decision; false if there is nothing left to decide.
pub async fn decide(
    app: &App,
    tx: &mut Tx,
    tenant: &TenantId,
    (typed, verdict): (&str, &Verdict),
) -> Result<bool, DbError> {
    let now = app.clock.now().as_millisecond();
    sql::decide_device(tx, tenant, &of_user_code(app, tenant, typed), (verdict, now)).await
}

/// Ends a device's wait, when its tokens are issued or it was told that there are none. [`DbError::Missed`], at the
/// commit at the latest: that happened before.
pub async fn end(app: &App, tx: &mut Tx, tenant: &TenantId, text: &str) -> Result<(), DbError> {
    sql::delete_device(tx, tenant, digest(app, tenant, KIND, text)).await
}

fn of_user_code(app: &App, tenant: &TenantId, typed: &str) -> String {
    let digest = digest(app, tenant, USER_KIND, &device::normalized(typed));
    chancery_jose::base64url::encode(&digest)
}
