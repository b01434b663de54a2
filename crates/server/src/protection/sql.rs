//! The statements of failures, blocks and throttled addresses. An empty address means all of them.
//!
//! Counting is one statement each, so that failures that come at once are all counted.

use super::settings::{Bucket, Limits, Stage, TRY};
use crate::db::{Db, DbError, Tx, Value};
use crate::tenants::TenantId;

const IS_BLOCKED: &str = "SELECT 1 AS one FROM login_blocks \
     WHERE tenant_id = $1 AND identifier = $2 AND ip = $3 AND blocked_at >= $4";
const COUNT_FAILURE: &str = "INSERT INTO login_failures (tenant_id, identifier, ip, failures, last_failed_at) \
     VALUES ($1, $2, $3, 1, $4) ON CONFLICT (tenant_id, identifier, ip) DO UPDATE SET \
     failures = CASE WHEN login_failures.last_failed_at < $5 THEN 1 ELSE login_failures.failures + 1 END, \
     last_failed_at = excluded.last_failed_at RETURNING failures";
// A block that has run out is made anew; one that stands stays as it is.
const BLOCK: &str = "INSERT INTO login_blocks (tenant_id, identifier, ip, blocked_at) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (tenant_id, identifier, ip) DO UPDATE SET blocked_at = excluded.blocked_at \
     WHERE login_blocks.blocked_at < $5";
const FORGET_FAILURES: &str =
    "DELETE FROM login_failures WHERE tenant_id = $1 AND identifier = $2 AND ip = $3";
const BLOCKS: &str = "SELECT ip FROM login_blocks WHERE tenant_id = $1 AND identifier = $2 AND blocked_at >= $3 ORDER BY blocked_at, ip";
const UNBLOCK: &str = "DELETE FROM login_blocks WHERE tenant_id = $1 AND identifier = $2";
const FORGET_ALL_FAILURES: &str = "DELETE FROM login_failures WHERE tenant_id = $1 AND identifier = $2";
const BUCKET: &str =
    "SELECT available, updated_at FROM ip_throttles WHERE tenant_id = $1 AND stage = $2 AND ip = $3";
// $4 the most in thousandths, $5 now, $6 the milliseconds that one try takes to come back. A bucket without a whole try in
// it keeps what it has.
const TAKE: &str = "INSERT INTO ip_throttles (tenant_id, stage, ip, available, updated_at) \
     VALUES ($1, $2, $3, $4 - 1000, $5) ON CONFLICT (tenant_id, stage, ip) DO UPDATE SET \
     available = CASE \
         WHEN ip_throttles.available + ($5 - ip_throttles.updated_at) * 1000 / $6 >= $4 THEN $4 - 1000 \
         WHEN ip_throttles.available + ($5 - ip_throttles.updated_at) * 1000 / $6 < 1000 \
         THEN ip_throttles.available + ($5 - ip_throttles.updated_at) * 1000 / $6 \
         ELSE ip_throttles.available + ($5 - ip_throttles.updated_at) * 1000 / $6 - 1000 END, \
     updated_at = excluded.updated_at RETURNING available";
const REFILL: &str = "DELETE FROM ip_throttles WHERE tenant_id = $1 AND ip = $2";
const SWEEP_BLOCKS: &str = "DELETE FROM login_blocks WHERE blocked_at < $1";
const SWEEP_FAILURES: &str = "DELETE FROM login_failures WHERE last_failed_at < $1";
const SWEEP_THROTTLES: &str = "DELETE FROM ip_throttles WHERE updated_at < $1";

fn place(tenant: &TenantId, (identifier, ip): (&str, &str)) -> Vec<Value> {
    vec![tenant.as_str().into(), identifier.into(), ip.into()]
}

/// Whether an account was blocked for an address since a moment.
pub async fn is_blocked(
    db: &Db,
    tenant: &TenantId,
    account: (&str, &str),
    since: i64,
) -> Result<bool, DbError> {
    let mut values = place(tenant, account);
    values.push(since.into());
    Ok(db.look_up_opt(IS_BLOCKED, &values).await?.is_some())
}

/// Counts a failure and answers how many there are. Those from before a moment do not count.
pub async fn count_failure(
    tx: &mut Tx,
    tenant: &TenantId,
    account: (&str, &str),
    (now, since): (i64, i64),
) -> Result<i64, DbError> {
    let mut values = place(tenant, account);
    values.extend([now.into(), since.into()]);
    tx.query_opt(COUNT_FAILURE, &values).await?.map_or(Ok(0), |row| row.int("failures"))
}

/// Blocks an account for an address. False: it was already, since a moment.
pub async fn block(
    tx: &mut Tx,
    tenant: &TenantId,
    account: (&str, &str),
    (now, since): (i64, i64),
) -> Result<bool, DbError> {
    let mut values = place(tenant, account);
    values.extend([now.into(), since.into()]);
    Ok(tx.execute(BLOCK, &values).await? == 1)
}

/// Forgets the failures of an account from an address.
pub async fn forget_failures(tx: &mut Tx, tenant: &TenantId, account: (&str, &str)) -> Result<(), DbError> {
    tx.put(FORGET_FAILURES, &place(tenant, account)).await
}

/// The addresses for which an account was blocked since a moment.
pub async fn blocks(
    db: &Db,
    tenant: &TenantId,
    identifier: &str,
    since: i64,
) -> Result<Vec<String>, DbError> {
    let rows = db.query(BLOCKS, &[tenant.as_str().into(), identifier.into(), since.into()]).await?;
    rows.iter().map(|row| row.text("ip")).collect()
}

/// Lifts every block of an account and forgets its failures.
pub async fn unblock(tx: &mut Tx, tenant: &TenantId, identifier: &str) -> Result<(), DbError> {
    let values = [tenant.as_str().into(), identifier.into()];
    tx.execute(UNBLOCK, &values).await?;
    tx.execute(FORGET_ALL_FAILURES, &values).await.map(drop)
}

/// What is left of the tries of an address; none if it never used one.
pub async fn bucket(
    db: &Db,
    tenant: &TenantId,
    (stage, ip): (Stage, &str),
) -> Result<Option<Bucket>, DbError> {
    let row = db.look_up_opt(BUCKET, &[tenant.as_str().into(), stage.name().into(), ip.into()]).await?;
    let bucket = |row: crate::db::Row| {
        Ok(Bucket { available: row.int("available")?, updated_at: row.int("updated_at")? })
    };
    row.map(bucket).transpose()
}

/// Takes a try of an address. True: it has none left.
pub async fn take(
    tx: &mut Tx,
    tenant: &TenantId,
    (stage, ip): (Stage, &str),
    (limits, now): (Limits, i64),
) -> Result<bool, DbError> {
    let values = [
        tenant.as_str().into(),
        stage.name().into(),
        ip.into(),
        (limits.max_attempts * TRY).into(),
        now.into(),
        limits.rate.into(),
    ];
    let row = tx.query_opt(TAKE, &values).await?;
    row.map_or(Ok(false), |row| Ok(row.int("available")? < TRY))
}

/// Gives an address all its tries back.
pub async fn refill(tx: &mut Tx, tenant: &TenantId, ip: &str) -> Result<(), DbError> {
    tx.put(REFILL, &[tenant.as_str().into(), ip.into()]).await
}

/// Deletes blocks and failures from before one moment, buckets from before another, of every tenant.
pub async fn sweep(tx: &mut Tx, (failures, throttles): (i64, i64)) -> Result<(), DbError> {
    tx.execute(SWEEP_BLOCKS, &[failures.into()]).await?;
    tx.execute(SWEEP_FAILURES, &[failures.into()]).await?;
    tx.execute(SWEEP_THROTTLES, &[throttles.into()]).await.map(drop)
}
