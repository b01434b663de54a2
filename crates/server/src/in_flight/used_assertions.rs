//! Assertions that were used, of which each counts once: those of applications (RFC 7523 section 3, `jti`) and those of
//! identity providers (SAML profiles, section 4.1.4.5; the `ID` of an assertion).
//!
//! Kept in the database, so that all processes know them; forgotten when they expire.

use jiff::Timestamp;

use crate::app::App;
use crate::db::{DbError, Value};
use crate::tenants::TenantId;

const REMEMBER: &str = "INSERT INTO used_assertions (tenant_id, client_id, jti, expires_at) \
     VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
const FORGET: &str = "DELETE FROM used_assertions WHERE expires_at < $1";

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
    let values = [tenant.as_str().into(), issuer.into(), jti.into(), Value::Int(expires_at.as_millisecond())];
    let fresh = tx.execute(REMEMBER, &values).await? == 1;
    // Whoever adds one removes those that are over: the table stays as large as some minutes of traffic. Over
    // for everybody, that is: another process may be a moment behind.
    tx.execute(FORGET, &[Value::Int(app.clock.now().as_millisecond() - SKEW_MILLIS)]).await?;
    tx.commit().await?;
    Ok(fresh)
}
