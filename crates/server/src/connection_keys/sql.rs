//! The statements of the keys of connections.

use chancery_crypto::algorithm::Algorithm;
use chancery_keyring::{Kid, Revoking, Rotating, StoredKey};
use jiff::Timestamp;

use super::Owner;
use crate::db::{Db, DbError, Row, Tx, Value};
use crate::signing_keys::sql::{NewKey, Rotations, stored_key};
use crate::tenants::TenantId;

// A key without a ring is one from before there were rings: it comes with the first next key.
const LOAD: &str = "SELECT k.kid, k.place, k.algorithm, k.certificate, k.private, k.current_since, k.current_until, k.revoked_at \
     FROM connection_key_rings r JOIN connection_keys k ON k.tenant_id = r.tenant_id AND k.owner = r.owner \
     WHERE r.tenant_id = $1 AND r.owner = $2 AND (k.place <> 'revoked' OR k.kid = $3 OR k.kid IN \
     (SELECT kid FROM connection_keys WHERE tenant_id = $1 AND owner = $2 AND place = 'revoked' ORDER BY revoked_at DESC, kid LIMIT 3))";
const CURRENT: &str =
    "SELECT kid FROM connection_keys WHERE tenant_id = $1 AND owner = $2 AND place = 'current'";
const INSERT: &str = "INSERT INTO connection_keys (tenant_id, owner, connection_id, kid, place, algorithm, certificate, private, current_since, created_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
const INSERT_RING: &str = "INSERT INTO connection_key_rings (tenant_id, owner, connection_id, current_kid, next_kid, version) \
     VALUES ($1, $2, $3, $4, $5, 1) ON CONFLICT DO NOTHING";
const LOCK_RING: &str = "UPDATE connection_key_rings SET version = version + 1 WHERE tenant_id = $1 AND owner = $2 RETURNING version";
const FORGET_PREVIOUS: &str =
    "DELETE FROM connection_keys WHERE tenant_id = $1 AND owner = $2 AND place = 'previous'";
const RETIRE: &str = "UPDATE connection_keys SET place = 'previous', current_until = $4 \
     WHERE tenant_id = $1 AND owner = $2 AND kid = $3 AND place = 'current'";
const PROMOTE: &str = "UPDATE connection_keys SET place = 'current', current_since = $4 \
     WHERE tenant_id = $1 AND owner = $2 AND kid = $3 AND place = 'next'";
const POINT: &str =
    "UPDATE connection_key_rings SET current_kid = $3, next_kid = $4 WHERE tenant_id = $1 AND owner = $2";
const REVOKE: &str = "UPDATE connection_keys SET place = 'revoked', private = NULL, revoked_at = $4 \
     WHERE tenant_id = $1 AND owner = $2 AND kid = $3 AND place = 'previous'";
const SEALED: &str = "SELECT COUNT(*) AS total FROM (SELECT 1 AS one FROM connection_keys WHERE tenant_id = $1 AND private IS NOT NULL LIMIT $2) counted";

/// The rotations of a tenant's ring: each has retired one key.
pub const ROTATIONS: Rotations = Rotations(
    "SELECT current_until AS rotated_at FROM connection_keys \
     WHERE tenant_id = $1 AND owner = 'tenant' AND current_until > $2 ORDER BY current_until DESC LIMIT 1 OFFSET $3",
);

/// A key as it is stored, with the algorithm that it signs with if it is a connection's own.
pub type Key = (StoredKey, Option<Algorithm>);

fn from_row(row: &Row) -> Result<Key, DbError> {
    let algorithm = row.opt_text("algorithm")?.map(|name| name.parse()).transpose();
    let algorithm = algorithm.map_err(|error| {
        DbError::Other(format!("the algorithm of a connection key cannot be read: {error}"))
    })?;
    Ok((stored_key(row, None)?, algorithm))
}

/// The ring: every key that is not revoked and the last three that are; nothing if there is no ring yet.
pub async fn load(db: &Db, tenant: &TenantId, owner: Owner<'_>) -> Result<Vec<Key>, DbError> {
    let values = [tenant.as_str().into(), owner.text().into(), "".into()];
    db.query(LOAD, &values).await?.iter().map(from_row).collect()
}

/// The ring within a transaction, together with `kid` wherever it is.
pub async fn load_with(
    tx: &mut Tx,
    tenant: &TenantId,
    owner: Owner<'_>,
    kid: &str,
) -> Result<Vec<Key>, DbError> {
    let values = [tenant.as_str().into(), owner.text().into(), kid.into()];
    tx.query(LOAD, &values).await?.iter().map(from_row).collect()
}

/// The current key, whether it has a ring or is from before there were any.
pub async fn current(db: &Db, tenant: &TenantId, owner: Owner<'_>) -> Result<Option<Kid>, DbError> {
    let row = db.query_opt(CURRENT, &[tenant.as_str().into(), owner.text().into()]).await?;
    let kid = |text: String| {
        text.parse().map_err(|error| DbError::Other(format!("a connection key in the database: {error}")))
    };
    row.map(|row| kid(row.text("kid")?)).transpose()
}

/// The first keys of a ring.
#[derive(Debug)]
pub struct FirstKeys {
    /// The current one, unless it is there already.
    pub current: Result<NewKey, Kid>,
    /// The next one.
    pub next: NewKey,
    /// What they sign with, where that is fixed.
    pub algorithm: Option<Algorithm>,
}

/// Writes a ring. False: there is one already, and nothing was written.
pub async fn insert_ring(
    tx: &mut Tx,
    tenant: &TenantId,
    owner: Owner<'_>,
    FirstKeys { current, next, algorithm }: &FirstKeys,
    now: Timestamp,
) -> Result<bool, DbError> {
    let current_kid = match current {
        Ok(key) => &key.kid,
        Err(kid) => kid,
    };
    let ring = [
        tenant.as_str().into(),
        owner.text().into(),
        owner.connection_id().into(),
        current_kid.as_str().into(),
        next.kid.as_str().into(),
    ];
    if tx.execute(INSERT_RING, &ring).await? == 0 {
        return Ok(false);
    }
    if let Ok(key) = current {
        insert(tx, tenant, owner, (key, *algorithm), (Some(now), now)).await?;
    }
    insert(tx, tenant, owner, (next, *algorithm), (None, now)).await?;
    Ok(true)
}

async fn insert(
    tx: &mut Tx,
    tenant: &TenantId,
    owner: Owner<'_>,
    (key, algorithm): (&NewKey, Option<Algorithm>),
    (current_since, now): (Option<Timestamp>, Timestamp),
) -> Result<(), DbError> {
    let values = [
        tenant.as_str().into(),
        owner.text().into(),
        owner.connection_id().into(),
        key.kid.as_str().into(),
        if current_since.is_some() { "current" } else { "next" }.into(),
        algorithm.map(Algorithm::name).into(),
        key.certificate.der().into(),
        key.sealed.as_bytes().into(),
        current_since.map(Timestamp::as_millisecond).into(),
        Value::Int(now.as_millisecond()),
    ];
    tx.execute(INSERT, &values).await.map(drop)
}

/// Makes everybody else who wants to change this ring wait until the transaction ends. False: no ring yet.
pub async fn lock(tx: &mut Tx, tenant: &TenantId, owner: Owner<'_>) -> Result<bool, DbError> {
    Ok(tx.query_opt(LOCK_RING, &[tenant.as_str().into(), owner.text().into()]).await?.is_some())
}

/// Writes a rotation, in the order that the one-of-each index allows. A ring of a connection's own keeps one previous
/// key; that of a tenant keeps them until they are revoked.
pub async fn rotate(
    tx: &mut Tx,
    tenant: &TenantId,
    owner: Owner<'_>,
    Rotating { retire, promote, now }: &Rotating,
    (fresh, algorithm): (&NewKey, Option<Algorithm>),
) -> Result<(), DbError> {
    let ring: [Value; 2] = [tenant.as_str().into(), owner.text().into()];
    if owner.connection_id().is_some() {
        tx.execute(FORGET_PREVIOUS, &ring).await?;
    }
    for (sql, kid) in [(RETIRE, retire), (PROMOTE, promote)] {
        moved(tx, sql, &ring, (kid, *now)).await?;
    }
    insert(tx, tenant, owner, (fresh, algorithm), (None, *now)).await?;
    let mut point = ring.to_vec();
    point.extend([promote.as_str().into(), fresh.kid.as_str().into()]);
    tx.execute(POINT, &point).await.map(drop)
}

/// Writes a revocation, erasing the private half.
pub async fn revoke(
    tx: &mut Tx,
    tenant: &TenantId,
    owner: Owner<'_>,
    Revoking { kid, now }: &Revoking,
) -> Result<(), DbError> {
    moved(tx, REVOKE, &[tenant.as_str().into(), owner.text().into()], (kid, *now)).await
}

/// Moves a key to another place.
async fn moved(
    tx: &mut Tx,
    sql: &'static str,
    ring: &[Value; 2],
    (kid, now): (&Kid, Timestamp),
) -> Result<(), DbError> {
    let mut values = ring.to_vec();
    values.extend([kid.as_str().into(), Value::Int(now.as_millisecond())]);
    match tx.execute(sql, &values).await? {
        1 => Ok(()),
        _ => Err(DbError::Other(format!("the connection key {kid} was not where the ring says"))),
    }
}

/// The private halves that are kept, counted up to `most`.
pub async fn count_sealed(db: &Db, tenant: &TenantId, most: i64) -> Result<i64, DbError> {
    let row = db.query_opt(SEALED, &[tenant.as_str().into(), Value::Int(most)]).await?;
    row.map_or(Ok(0), |row| row.int("total"))
}
