//! The statements of the tenant log.

use crate::db::{Db, DbError, Statement, Tx, Value, json_path};
use crate::logs::Row;
use crate::tenants::TenantId;

const INSERT: &str = "INSERT INTO logs (tenant_id, log_id, type, logged_at, user_id, entry) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
const FIND: &str = "SELECT entry FROM logs WHERE tenant_id = $1 AND log_id = $2";
const NEWEST_FIRST: &str =
    "SELECT entry FROM logs WHERE tenant_id = $1 ORDER BY log_id DESC LIMIT $2 OFFSET $3";
const OLDEST_FIRST: &str = "SELECT entry FROM logs WHERE tenant_id = $1 ORDER BY log_id LIMIT $2 OFFSET $3";
const AFTER: &str =
    "SELECT entry FROM logs WHERE tenant_id = $1 AND log_id > $2 AND log_id < $3 ORDER BY log_id LIMIT $4";
const COUNT: &str = "SELECT COUNT(*) AS total FROM logs WHERE tenant_id = $1";
// The pieces of a search.
const FOUND: &str = "SELECT entry FROM logs WHERE tenant_id = ";
const FOUND_COUNT: &str = "SELECT COUNT(*) AS total FROM logs WHERE tenant_id = ";
pub(super) const AND: &str = " AND ";
pub(super) const ABOUT: &str = "user_id = ";
const BY_TIME: &str = " ORDER BY log_id";
const BY_TIME_BACKWARDS: &str = " ORDER BY log_id DESC";
const BY_MEMBER: &str = " ORDER BY COALESCE(search_json_text(entry, ";
const UPWARDS: &str = "), ''), log_id";
const DOWNWARDS: &str = "), '') DESC, log_id DESC";
const LIMIT: &str = " LIMIT ";
const OFFSET: &str = " OFFSET ";
/// Jumps from tenant to tenant in the index instead of reading the whole log.
const WITHOUT_TENANT: &str = "SELECT gone.id FROM (WITH RECURSIVE logged (id) AS (SELECT MIN(tenant_id) FROM logs \
     UNION ALL SELECT (SELECT MIN(l.tenant_id) FROM logs l WHERE l.tenant_id > logged.id) FROM logged WHERE logged.id IS NOT NULL) \
     SELECT id FROM logged WHERE id IS NOT NULL) gone WHERE NOT EXISTS (SELECT 1 FROM tenants t WHERE t.id = gone.id)";
const SWEEP: &str = "DELETE FROM logs WHERE tenant_id = $1 AND log_id < $2";

fn values(tenant: &TenantId, row: &Row) -> Vec<Value> {
    vec![
        tenant.as_str().into(),
        row.log_id.as_str().into(),
        row.kind.into(),
        Value::Int(row.date.as_millisecond()),
        row.user_id.as_deref().into(),
        row.entry.as_str().into(),
    ]
}

/// Adds an entry within a transaction.
pub async fn append(tx: &mut Tx, tenant: &TenantId, row: &Row) -> Result<(), DbError> {
    tx.put(INSERT, &values(tenant, row)).await
}

/// Adds many entries at once. Entries that are there already stay as they are.
pub async fn append_batch(db: &Db, rows: &[(TenantId, Row)]) -> Result<(), DbError> {
    db.execute_batch(INSERT, rows.iter().map(|(tenant, row)| values(tenant, row)).collect()).await
}

/// One entry, in JSON.
pub async fn find(db: &Db, tenant: &TenantId, log_id: &str) -> Result<Option<String>, DbError> {
    let row = db.query_opt(FIND, &[tenant.as_str().into(), log_id.into()]).await?;
    row.map(|row| row.text("entry")).transpose()
}

/// A page of entries by time.
pub async fn page(
    db: &Db,
    tenant: &TenantId,
    newest_first: bool,
    (limit, offset): (i64, i64),
) -> Result<Vec<String>, DbError> {
    let sql = if newest_first { NEWEST_FIRST } else { OLDEST_FIRST };
    let rows = db.query(sql, &[tenant.as_str().into(), Value::Int(limit), Value::Int(offset)]).await?;
    rows.iter().map(|row| row.text("entry")).collect()
}

/// The order of entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// The member of the entry that decides; none for the time.
    pub member: Option<&'static str>,
    /// Whether the greatest comes first.
    pub descending: bool,
}

/// A page of the entries that a condition holds for.
pub async fn search(
    db: &Db,
    tenant: &TenantId,
    condition: Option<&Statement>,
    order: Order,
    (limit, offset): (i64, i64),
) -> Result<Vec<String>, DbError> {
    let found = meant(FOUND, tenant, condition);
    let sorted = match order.member {
        None => found.text(if order.descending { BY_TIME_BACKWARDS } else { BY_TIME }),
        Some(member) => found.text(BY_MEMBER).value(json_path([member])).text(if order.descending {
            DOWNWARDS
        } else {
            UPWARDS
        }),
    };
    let rows = db.search(&sorted.text(LIMIT).value(limit).text(OFFSET).value(offset)).await?;
    rows.iter().map(|row| row.text("entry")).collect()
}

/// How many entries a condition holds for.
pub async fn count_found(db: &Db, tenant: &TenantId, condition: &Statement) -> Result<i64, DbError> {
    let row = db.search_opt(&meant(FOUND_COUNT, tenant, Some(condition))).await?;
    row.map_or(Ok(0), |row| row.int("total"))
}

fn meant(start: &'static str, tenant: &TenantId, condition: Option<&Statement>) -> Statement {
    let all = Statement::new(start).value(tenant.as_str());
    match condition {
        Some(condition) => all.text(AND).with(condition.clone()),
        None => all,
    }
}

/// The entries after `from` and before `settled`, oldest first.
pub async fn after(
    db: &Db,
    tenant: &TenantId,
    (from, settled): (&str, &str),
    limit: i64,
) -> Result<Vec<String>, DbError> {
    let rows =
        db.query(AFTER, &[tenant.as_str().into(), from.into(), settled.into(), Value::Int(limit)]).await?;
    rows.iter().map(|row| row.text("entry")).collect()
}

/// How many entries there are.
pub async fn count(db: &Db, tenant: &TenantId) -> Result<i64, DbError> {
    let row = db.query_opt(COUNT, &[tenant.as_str().into()]).await?;
    row.map_or(Ok(0), |row| row.int("total"))
}

/// The tenants that have entries and no longer exist.
pub async fn without_tenant(db: &Db) -> Result<Vec<TenantId>, DbError> {
    let rows = db.query(WITHOUT_TENANT, &[]).await?;
    rows.iter().map(|row| row.text("id").map(TenantId::from_stored)).collect()
}

/// Deletes the entries from before the moment that `cutoff`, the start of a log id, names.
pub async fn sweep(db: &Db, tenant: &TenantId, cutoff: &str) -> Result<(), DbError> {
    let mut tx = db.begin().await?;
    tx.execute(SWEEP, &[tenant.as_str().into(), cutoff.into()]).await?;
    tx.commit().await
}
