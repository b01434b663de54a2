//! The statements that count.

use crate::db::{Db, DbError};
use crate::tenants::TenantId;

const ACTIVE: &str = "SELECT COUNT(*) AS total FROM users WHERE tenant_id = $1 AND last_login >= $2";
// The ids of log entries begin with their time, so this reads a range of the primary key.
const DAILY: &str = "SELECT logged_at / 86400000 AS day, type, COUNT(*) AS total, MIN(logged_at) AS first, \
     MAX(logged_at) AS last FROM logs \
     WHERE tenant_id = $1 AND log_id >= $2 AND log_id < $3 AND type IN ('s', 'ss', 'pwd_leak') \
     GROUP BY logged_at / 86400000, type ORDER BY logged_at / 86400000, type";

/// How often something happened on a day.
#[derive(Debug, Clone)]
pub struct Counted {
    /// The day, counted from 1970.
    pub day: i64,
    /// The code of the log.
    pub kind: String,
    /// How often.
    pub total: i64,
    /// When it first happened on that day, in milliseconds.
    pub first: i64,
    /// When it last happened.
    pub last: i64,
}

/// How many users signed in since a moment in milliseconds.
pub async fn active_since(db: &Db, tenant: &TenantId, since: i64) -> Result<i64, DbError> {
    let row = db.query_opt(ACTIVE, &[tenant.as_str().into(), since.into()]).await?;
    row.map_or(Ok(0), |row| row.int("total"))
}

/// What happened from one moment to before another, both in milliseconds, day by day.
pub async fn daily(db: &Db, tenant: &TenantId, (from, to): (i64, i64)) -> Result<Vec<Counted>, DbError> {
    let values = [tenant.as_str().into(), format!("{from:013}").into(), format!("{to:013}").into()];
    let rows = db.query(DAILY, &values).await?;
    let counted = |row: &crate::db::Row| {
        Ok(Counted {
            day: row.int("day")?,
            kind: row.text("type")?,
            total: row.int("total")?,
            first: row.int("first")?,
            last: row.int("last")?,
        })
    };
    rows.iter().map(counted).collect()
}
