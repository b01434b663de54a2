//! The statements of the key ring.

use std::collections::HashMap;

use chancery_crypto::certificate::Certificate;
use chancery_keyring::{Farewell, Kid, Revoking, Rotating, SealedHalf, StoredKey, StoredPlace};
use jiff::Timestamp;

use super::Actor;
use crate::clock;
use crate::db::{Db, DbError, Row, Tx, Value};
use crate::tenants::TenantId;
use crate::tenants::sql::{json, parse};

const LOAD: &str = "SELECT kid, place, certificate, private, current_since, current_until, revoked_at, farewell FROM signing_keys \
     WHERE tenant_id = $1 AND (place <> 'revoked' OR kid = $2 OR kid IN \
     (SELECT kid FROM signing_keys WHERE tenant_id = $1 AND place = 'revoked' ORDER BY revoked_at DESC, kid LIMIT 3))";
const FIND: &str = "SELECT kid, place, certificate, private, current_since, current_until, revoked_at, farewell FROM signing_keys \
     WHERE tenant_id = $1 AND kid = $2";
const INSERT: &str = "INSERT INTO signing_keys (tenant_id, kid, place, certificate, private, current_since, created_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7)";
const INSERT_RING: &str = "INSERT INTO key_rings (tenant_id, current_kid, next_kid, version) VALUES ($1, $2, $3, 1) ON CONFLICT DO NOTHING";
const LOCK_RING: &str = "UPDATE key_rings SET version = version + 1 WHERE tenant_id = $1 RETURNING version";
const RETIRE: &str = "UPDATE signing_keys SET place = 'previous', current_until = $3 WHERE tenant_id = $1 AND kid = $2 AND place = 'current'";
const PROMOTE: &str = "UPDATE signing_keys SET place = 'current', current_since = $3, promoted_by = $4 \
     WHERE tenant_id = $1 AND kid = $2 AND place = 'next'";
const POINT: &str = "UPDATE key_rings SET current_kid = $2, next_kid = $3 WHERE tenant_id = $1";
const REVOKE: &str = "UPDATE signing_keys SET place = 'revoked', private = NULL, revoked_at = $3, farewell = $4, revoked_by = $5 \
     WHERE tenant_id = $1 AND kid = $2 AND place = 'previous'";
const INSERT_ROTATION: &str =
    "INSERT INTO rotations (tenant_id, promoted_kid, rotated_at) VALUES ($1, $2, $3)";
const SEALED: &str = "SELECT COUNT(*) AS total FROM (SELECT 1 AS one FROM signing_keys WHERE tenant_id = $1 AND place <> 'revoked' LIMIT $2) counted";
const ROTATIONS_AFTER: &str =
    "SELECT COUNT(*) AS total FROM rotations WHERE tenant_id = $1 AND rotated_at > $2";
const FACTS: &str = "SELECT kid, created_at, promoted_by, revoked_by FROM signing_keys WHERE tenant_id = $1 AND (place <> 'revoked' \
     OR kid IN (SELECT kid FROM signing_keys WHERE tenant_id = $1 AND place = 'revoked' ORDER BY revoked_at DESC, kid LIMIT 3))";
const FORGET_ROTATIONS: &str = "DELETE FROM rotations WHERE tenant_id = $1 AND rotated_at <= $2";

/// One row a tenant, also for those without a ring. Counts from the index alone: the rows hold certificates.
const TALLY: &str = "SELECT t.name, \
     COUNT(CASE WHEN k.place = 'next' THEN 1 END) AS next, COUNT(CASE WHEN k.place = 'current' THEN 1 END) AS current, \
     COUNT(CASE WHEN k.place = 'previous' THEN 1 END) AS previous, COUNT(CASE WHEN k.place = 'revoked' THEN 1 END) AS revoked, \
     (SELECT c.current_since FROM signing_keys c WHERE c.tenant_id = t.id AND c.place = 'current') AS since \
     FROM (SELECT id, name, created_at FROM tenants ORDER BY created_at, name LIMIT $1) t \
     LEFT JOIN signing_keys k ON k.tenant_id = t.id GROUP BY t.id, t.name, t.created_at ORDER BY t.created_at, t.name";

/// How many keys a tenant has in each place.
#[derive(Debug)]
pub struct Tally {
    /// The name of the tenant.
    pub tenant: String,
    /// One, once the tenant was first called.
    pub next: i64,
    /// One, once the tenant was first called.
    pub current: i64,
    /// Those that still verify.
    pub previous: i64,
    /// All that ever were.
    pub revoked: i64,
    /// Since when the current key is the current one.
    pub current_since: Option<Timestamp>,
}

/// A key about to be stored.
#[derive(Debug)]
pub struct NewKey {
    /// Its id.
    pub kid: Kid,
    /// Its certificate.
    pub certificate: Certificate,
    /// Its private half.
    pub sealed: SealedHalf,
}

fn from_row(row: &Row) -> Result<StoredKey, DbError> {
    let farewell = row.opt_bytes("farewell")?.and_then(|digest| digest.try_into().ok()).map(Farewell::new);
    stored_key(row, farewell)
}

/// A key out of the columns that the keys of every ring have.
pub fn stored_key(row: &Row, farewell: Option<Farewell>) -> Result<StoredKey, DbError> {
    let kid: Kid = row.text("kid")?.parse().map_err(|error| broken(&error))?;
    let certificate = Certificate::from_der(row.bytes("certificate")?).map_err(|error| broken(&error))?;
    let time = |name| row.opt_int(name)?.map(clock::from_millis).transpose();
    let needed = |time: Option<Timestamp>, name: &str| {
        time.ok_or_else(|| DbError::Other(format!("the signing key {kid} has no {name}")))
    };
    let sealed = || row.bytes("private").map(SealedHalf::new);
    let (since, until) = (time("current_since")?, time("current_until")?);
    let place = match row.text("place")?.as_str() {
        "next" => StoredPlace::Next { sealed: sealed()? },
        "current" => StoredPlace::Current { sealed: sealed()?, since: needed(since, "current_since")? },
        "previous" => StoredPlace::Previous {
            sealed: sealed()?,
            since: needed(since, "current_since")?,
            until: needed(until, "current_until")?,
        },
        "revoked" => {
            StoredPlace::Revoked { since, until, at: needed(time("revoked_at")?, "revoked_at")?, farewell }
        }
        other => return Err(DbError::Other(format!("the signing key {kid} has the unknown place {other}"))),
    };
    Ok(StoredKey { kid, certificate, place })
}

fn broken(error: &dyn std::fmt::Display) -> DbError {
    DbError::Other(format!("a signing key in the database cannot be read: {error}"))
}

/// The ring: every key that is not revoked and the last three that are.
pub async fn load(db: &Db, tenant: &TenantId) -> Result<Vec<StoredKey>, DbError> {
    db.query(LOAD, &[tenant.as_str().into(), "".into()]).await?.iter().map(from_row).collect()
}

/// The ring within a transaction, together with `kid` wherever it is.
pub async fn load_with(tx: &mut Tx, tenant: &TenantId, kid: &str) -> Result<Vec<StoredKey>, DbError> {
    tx.query(LOAD, &[tenant.as_str().into(), kid.into()]).await?.iter().map(from_row).collect()
}

/// Any key that ever was.
pub async fn find(db: &Db, tenant: &TenantId, kid: &str) -> Result<Option<StoredKey>, DbError> {
    db.query_opt(FIND, &[tenant.as_str().into(), kid.into()]).await?.as_ref().map(from_row).transpose()
}

/// The state of the rings of at most `limit` tenants, the oldest first.
pub async fn tally(db: &Db, limit: i64) -> Result<Vec<Tally>, DbError> {
    let tally = |row: &Row| {
        Ok(Tally {
            tenant: row.text("name")?,
            next: row.int("next")?,
            current: row.int("current")?,
            previous: row.int("previous")?,
            revoked: row.int("revoked")?,
            current_since: row.opt_int("since")?.map(clock::from_millis).transpose()?,
        })
    };
    db.query(TALLY, &[Value::Int(limit)]).await?.iter().map(tally).collect()
}

/// Makes everybody else who wants to change this ring wait until the transaction ends. False: no ring yet.
pub async fn lock(tx: &mut Tx, tenant: &TenantId) -> Result<bool, DbError> {
    Ok(tx.query_opt(LOCK_RING, &[tenant.as_str().into()]).await?.is_some())
}

/// Writes the first two keys of a tenant. False: somebody else was first, and nothing was written.
pub async fn insert_ring(
    tx: &mut Tx,
    tenant: &TenantId,
    (current, next): (&NewKey, &NewKey),
    now: Timestamp,
) -> Result<bool, DbError> {
    let kids = [tenant.as_str().into(), current.kid.as_str().into(), next.kid.as_str().into()];
    if tx.execute(INSERT_RING, &kids).await? == 0 {
        return Ok(false);
    }
    insert(tx, tenant, current, Some(now), now).await?;
    insert(tx, tenant, next, None, now).await?;
    Ok(true)
}

async fn insert(
    tx: &mut Tx,
    tenant: &TenantId,
    key: &NewKey,
    current_since: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), DbError> {
    let values = [
        tenant.as_str().into(),
        key.kid.as_str().into(),
        if current_since.is_some() { "current" } else { "next" }.into(),
        key.certificate.der().into(),
        key.sealed.as_bytes().into(),
        current_since.map(Timestamp::as_millisecond).into(),
        Value::Int(now.as_millisecond()),
    ];
    tx.execute(INSERT, &values).await.map(drop)
}

/// Writes a rotation, in the order that the one-of-each index allows.
pub async fn rotate(
    tx: &mut Tx,
    tenant: &TenantId,
    rotating: &Rotating,
    (fresh, by): (&NewKey, &Actor),
) -> Result<(), DbError> {
    let Rotating { retire, promote, now } = rotating;
    let millis = now.as_millisecond();
    let values = |kid: &Kid| vec![tenant.as_str().into(), kid.as_str().into(), Value::Int(millis)];
    let mut promoting = values(promote);
    promoting.push(json(by)?);
    for (sql, kid, values) in [(RETIRE, retire, values(retire)), (PROMOTE, promote, promoting)] {
        if tx.execute(sql, &values).await? != 1 {
            return Err(DbError::Other(format!("the signing key {kid} was not where the ring says")));
        }
    }
    insert(tx, tenant, fresh, None, *now).await?;
    let point = [tenant.as_str().into(), promote.as_str().into(), fresh.kid.as_str().into()];
    tx.execute(POINT, &point).await?;
    let rotation = [tenant.as_str().into(), promote.as_str().into(), Value::Int(millis)];
    tx.execute(INSERT_ROTATION, &rotation).await.map(drop)
}

/// Writes a revocation, erasing the private half.
pub async fn revoke(
    tx: &mut Tx,
    tenant: &TenantId,
    revoking: &Revoking,
    (farewell, by): (Option<&Farewell>, &Actor),
) -> Result<(), DbError> {
    let values = [
        tenant.as_str().into(),
        revoking.kid.as_str().into(),
        Value::Int(revoking.now.as_millisecond()),
        farewell.map(|farewell| farewell.digest().as_slice()).into(),
        json(by)?,
    ];
    match tx.execute(REVOKE, &values).await? {
        1 => Ok(()),
        _ => Err(DbError::Other(format!("the signing key {} was not where the ring says", revoking.kid))),
    }
}

/// Which rotations count.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    /// Those after this moment.
    pub since: Timestamp,
    /// How many of them there may be.
    pub limit: i64,
}

impl Window {
    /// The tenant, the moment and how many rotations may be passed over, as statements take them.
    fn values(self, tenant: &TenantId) -> [Value; 3] {
        // The youngest is number 0. A limit of 0 is none, and its answer is not looked at.
        [tenant.as_str().into(), Value::Int(self.since.as_millisecond()), Value::Int((self.limit - 1).max(0))]
    }
}

/// The rotations of a kind of ring, by the statement that finds the one in the way of the next: it takes a [`Window`]
/// and answers `rotated_at`.
#[derive(Debug)]
pub struct Rotations(pub &'static str);

/// Those of the application signing keys.
pub const ROTATIONS: Rotations = Rotations(
    "SELECT rotated_at FROM rotations WHERE tenant_id = $1 AND rotated_at > $2 \
     ORDER BY rotated_at DESC LIMIT 1 OFFSET $3",
);

impl Rotations {
    /// The rotation that has to fall out of the window before there is room for another; none if there is room.
    pub async fn in_the_way(
        &self,
        db: &Db,
        tenant: &TenantId,
        window: Window,
    ) -> Result<Option<Timestamp>, DbError> {
        rotated_at(db.query_opt(self.0, &window.values(tenant)).await?.as_ref())
    }

    /// The same within a transaction.
    pub async fn in_the_way_within(
        &self,
        tx: &mut Tx,
        tenant: &TenantId,
        window: Window,
    ) -> Result<Option<Timestamp>, DbError> {
        rotated_at(tx.query_opt(self.0, &window.values(tenant)).await?.as_ref())
    }
}

fn rotated_at(row: Option<&Row>) -> Result<Option<Timestamp>, DbError> {
    row.map(|row| clock::from_millis(row.int("rotated_at")?)).transpose()
}

/// How many rotations were made after a moment.
pub async fn rotations_after(db: &Db, tenant: &TenantId, since: Timestamp) -> Result<i64, DbError> {
    let values = [tenant.as_str().into(), Value::Int(since.as_millisecond())];
    db.query_opt(ROTATIONS_AFTER, &values).await?.map_or(Ok(0), |row| row.int("total"))
}

/// What is known of a key beside what the ring needs.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Since when it exists, and is published.
    pub created_at: Option<Timestamp>,
    /// Who made it the current key.
    pub promoted_by: Option<Actor>,
    /// Who revoked it.
    pub revoked_by: Option<Actor>,
}

/// The facts of the keys that [`load`] finds, by their kids.
pub async fn facts(db: &Db, tenant: &TenantId) -> Result<HashMap<String, Facts>, DbError> {
    let actor = |text: Option<String>| text.map(|text| parse(&text)).transpose();
    let facts = |row: &Row| {
        let facts = Facts {
            created_at: Some(clock::from_millis(row.int("created_at")?)?),
            promoted_by: actor(row.opt_text("promoted_by")?)?,
            revoked_by: actor(row.opt_text("revoked_by")?)?,
        };
        Ok((row.text("kid")?, facts))
    };
    db.query(FACTS, &[tenant.as_str().into()]).await?.iter().map(facts).collect()
}

/// Forgets the rotations until `cutoff`, which no longer count.
pub async fn forget_rotations(tx: &mut Tx, tenant: &TenantId, cutoff: Timestamp) -> Result<(), DbError> {
    let values = [tenant.as_str().into(), Value::Int(cutoff.as_millisecond())];
    tx.execute(FORGET_ROTATIONS, &values).await.map(drop)
}

/// The private halves that are kept, counted up to `most`.
pub async fn count_sealed(db: &Db, tenant: &TenantId, most: i64) -> Result<i64, DbError> {
    let row = db.query_opt(SEALED, &[tenant.as_str().into(), Value::Int(most)]).await?;
    row.map_or(Ok(0), |row| row.int("total"))
}
