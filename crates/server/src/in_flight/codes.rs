//! Authorization codes (RFC 6749 section 4.1.2): issued, redeemed once, recognised when they come again.
//!
//! Must never redeem twice: of two at once, one wins, and whoever comes second is told what the first one got, so
//! that it can be revoked (RFC 9700 section 2.1.1).

use chancery_oauth::token::authorization_code::{Code, LIFETIME};
use jiff::SignedDuration;

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
#[derive(Debug)]
pub struct Issued {
    /// What it stands for.
    pub code: Code,
    /// The session that it came from.
    pub session_id: Option<String>,
}

/// The text of a new code. It is made before it is issued, because an ID token beside it holds its digest.
pub fn fresh(app: &App) -> String {
    app.entropy.url_safe(TEXT)
}

/// Issues a code under this text.
pub async fn issue(
    app: &App,
    tx: &mut Tx,
    tenant: &TenantId,
    (text, code, session_id): (&str, &Code, Option<&str>),
) -> Result<(), DbError> {
    let now = app.clock.now();
    let expires_at = now.saturating_add(SignedDuration::from_secs(LIFETIME)).unwrap_or(now);
    let stored = sql::Code { document: code, session_id, expires_at: expires_at.as_millisecond() };
    sql::insert_code(tx, tenant, digest(app, tenant, KIND, text), &stored).await
}

/// Looks what a code is. Changes nothing, so that tokens can be signed before [`redeem`].
pub async fn look(app: &App, tenant: &TenantId, text: &str) -> Result<Presented, DbError> {
    if text.len() != TEXT {
        return Ok(Presented::Unknown);
    }
    let now = app.clock.now().as_millisecond();
    sql::look_at_code(&app.db, tenant, digest(app, tenant, KIND, text), now).await
}

/// Uses a code up; false if somebody did so before, or if it is over.
pub async fn redeem(app: &App, tx: &mut Tx, tenant: &TenantId, text: &str) -> Result<bool, DbError> {
    let now = app.clock.now().as_millisecond();
    sql::use_code(tx, tenant, digest(app, tenant, KIND, text), now).await
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
