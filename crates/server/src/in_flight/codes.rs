//! Authorization codes (RFC 6749 section 4.1.2): issued, redeemed once, recognised when they come again.
//!
//! Must never redeem twice: of two at once, one wins, and whoever comes second is told what the first one got, so
//! that it can be revoked (RFC 9700 section 2.1.1).

use chancery_oauth::token::authorization_code::{Code, LIFETIME};
use jiff::{SignedDuration, Timestamp};

use super::{TEXT, digest, sql};
use crate::app::App;
use crate::db::{DbError, Tx};
use crate::tenants::TenantId;

const KIND: &str = "authorization code";

/// What a presented code turned out to be.
#[derive(Debug)]
pub enum Presented {
    /// Nothing of ours, or over.
    Unknown,
    /// Good so far.
    Good(Box<Issued>),
    /// Used before.
    Again {
        /// The client that it was given to.
        client_id: String,
        /// The family of refresh tokens that the first use began, if it did.
        refresh_token_id: Option<String>,
    },
}

/// A code that was issued.
#[derive(Debug, Clone)]
pub struct Issued {
    /// What it stands for.
    pub code: Code,
    /// The session that it came from.
    pub session_id: Option<String>,
    /// When it is over.
    pub expires_at: Timestamp,
}

impl Issued {
    /// A code that is issued now.
    pub fn new(app: &App, code: Code, session_id: String) -> Self {
        let now = app.clock.now();
        let expires_at = now.saturating_add(SignedDuration::from_secs(LIFETIME)).unwrap_or(now);
        Self { code, session_id: Some(session_id), expires_at }
    }
}

/// The text of a new code. It is made before it is issued, because an ID token beside it holds its digest.
pub fn fresh(app: &App) -> String {
    app.entropy.url_safe(TEXT)
}

/// Issues a code under this text.
///
/// What it stands for never changes, so this process also remembers it, for the application that comes at once. Whether
/// it is good is for the database to say, when it is redeemed.
pub async fn issue(
    app: &App,
    tx: &mut Tx,
    tenant: &TenantId,
    (text, issued): (&str, Issued),
) -> Result<(), DbError> {
    let digest = digest(app, tenant, KIND, text);
    sql::insert_code(tx, tenant, digest, &issued).await?;
    app.memory.note_code(digest, issued);
    Ok(())
}

/// Looks what a code is. Changes nothing, so that tokens can be signed before [`redeem`].
pub async fn look(app: &App, tenant: &TenantId, text: &str) -> Result<Presented, DbError> {
    if text.len() != TEXT {
        return Ok(Presented::Unknown);
    }
    let (digest, now) = (digest(app, tenant, KIND, text), app.clock.now());
    if let Some(issued) = app.memory.take_code(digest).filter(|issued| now < issued.expires_at) {
        return Ok(Presented::Good(Box::new(issued)));
    }
    sql::look_at_code(&app.db, tenant, digest, now.as_millisecond()).await
}

/// Uses a code up. [`DbError::Missed`], at the commit at the latest: somebody did so before, or it is over.
pub async fn redeem(app: &App, tx: &mut Tx, tenant: &TenantId, text: &str) -> Result<(), DbError> {
    let now = app.clock.now().as_millisecond();
    sql::use_code(tx, tenant, digest(app, tenant, KIND, text), now).await
}

/// Uses a code up that gives nothing; false if somebody did so before, or if it is over.
pub async fn use_up(app: &App, tx: &mut Tx, tenant: &TenantId, text: &str) -> Result<bool, DbError> {
    let now = app.clock.now().as_millisecond();
    sql::use_code_up(tx, tenant, digest(app, tenant, KIND, text), now).await
}

/// Notes which family of refresh tokens a code gave, so that using it again can revoke that.
pub async fn gave(
    app: &App,
    tx: &mut Tx,
    tenant: &TenantId,
    (text, refresh_token_id): (&str, &str),
) -> Result<(), DbError> {
    sql::note_refresh_token(tx, tenant, digest(app, tenant, KIND, text), refresh_token_id).await
}
