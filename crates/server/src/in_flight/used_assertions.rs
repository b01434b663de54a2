//! Assertions that were used, of which each counts once: those of applications (RFC 7523 section 3, `jti`) and those of
//! identity providers (SAML profiles, section 4.1.4.5; the `ID` of an assertion).
//!
//! Kept in the database, so that all processes know them; forgotten when they expire.

use jiff::Timestamp;

use super::sql;
use crate::app::App;
use crate::db::DbError;
use crate::tenants::TenantId;

/// How far the clocks of two processes may lie apart, in milliseconds.
const SKEW_MILLIS: i64 = 60_000;
/// The longest id that is kept, in bytes.
const MAX_JTI: usize = 512;

/// Remembers an assertion of an application or of a connection. False: it was used before, or its id cannot be kept.
pub async fn remember(
    app: &App,
    tenant: &TenantId,
    (issuer, jti): (&str, &str),
    expires_at: Timestamp,
) -> Result<bool, DbError> {
    if jti.len() > MAX_JTI || jti.contains('\0') {
        return Ok(false);
    }
    let mut tx = app.db.begin().await?;
    let fresh = sql::remember_assertion(&mut tx, tenant, (issuer, jti), expires_at.as_millisecond()).await?;
    // Whoever adds one removes those that are over: the table stays as large as some minutes of traffic. Over
    // for everybody, that is: another process may be a moment behind.
    sql::forget_assertions(&mut tx, app.clock.now().as_millisecond() - SKEW_MILLIS).await?;
    tx.commit().await?;
    Ok(fresh)
}
