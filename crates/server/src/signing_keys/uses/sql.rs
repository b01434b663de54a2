//! The statements of what the signing keys were used for.

use super::Use;
use crate::db::{Db, DbError, Row, Value};
use crate::tenants::TenantId;

// Nothing is added for a tenant that was deleted meanwhile.
const ADD: &str = "INSERT INTO signing_key_uses (tenant_id, kid, since, tokens, last_expires_at) \
     SELECT id, CAST($2 AS TEXT), CAST($3 AS BIGINT), CAST($4 AS BIGINT), CAST($5 AS BIGINT) FROM tenants WHERE id = $1 \
     ON CONFLICT (tenant_id, kid, since) DO UPDATE SET tokens = signing_key_uses.tokens + excluded.tokens, \
     last_expires_at = CASE WHEN excluded.last_expires_at > signing_key_uses.last_expires_at \
     THEN excluded.last_expires_at ELSE signing_key_uses.last_expires_at END";
const OF_TENANT: &str = "SELECT kid, CAST(SUM(CASE WHEN since >= $2 THEN tokens ELSE 0 END) AS BIGINT) AS last_hour, \
     CAST(SUM(CASE WHEN since >= $3 THEN tokens ELSE 0 END) AS BIGINT) AS last_day, MAX(last_expires_at) AS last_expires_at \
     FROM signing_key_uses WHERE tenant_id = $1 GROUP BY kid";
const SWEEP: &str = "DELETE FROM signing_key_uses WHERE since < $1 AND EXISTS (SELECT 1 FROM signing_key_uses o \
     WHERE o.tenant_id = signing_key_uses.tenant_id AND o.kid = signing_key_uses.kid AND \
     (o.last_expires_at, o.since) > (signing_key_uses.last_expires_at, signing_key_uses.since))";

/// What a key signed lately.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lately {
    /// Tokens of the last hour.
    pub last_hour: i64,
    /// Tokens of the last day.
    pub last_day: i64,
    /// Until when the last token of all is good, in milliseconds.
    pub last_expires_at: Option<i64>,
}

/// Adds tokens to the piece that begins at `since`, in milliseconds.
pub async fn add(db: &Db, uses: impl Iterator<Item = &Use>, since: i64) -> Result<(), DbError> {
    let values = |one: &Use| -> Vec<Value> {
        vec![
            one.tenant.as_str().into(),
            one.kid.as_str().into(),
            since.into(),
            one.tokens.into(),
            one.last_expires_at.into(),
        ]
    };
    db.execute_batch(ADD, uses.map(values).collect()).await
}

/// What the keys of a tenant signed in the hour and in the day before `now`, in milliseconds: kids, and what is known
/// of them.
pub async fn of_tenant(db: &Db, tenant: &TenantId, now: i64) -> Result<Vec<(String, Lately)>, DbError> {
    let values = [tenant.as_str().into(), Value::Int(now - 3_600_000), Value::Int(now - 86_400_000)];
    let lately = |row: &Row| {
        let lately = Lately {
            last_hour: row.int("last_hour")?,
            last_day: row.int("last_day")?,
            last_expires_at: row.opt_int("last_expires_at")?,
        };
        Ok((row.text("kid")?, lately))
    };
    db.query(OF_TENANT, &values).await?.iter().map(lately).collect()
}

/// Deletes the pieces from before `cutoff`, in milliseconds; of each key one remains that knows its last token.
pub async fn sweep(db: &Db, cutoff: i64) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    tx.execute(SWEEP, &[Value::Int(cutoff)]).await?;
    tx.commit().await
}
