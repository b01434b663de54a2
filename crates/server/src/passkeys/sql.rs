//! The statements of passkeys.

use jiff::Timestamp;

use super::{Passkey, Stored};
use crate::clock;
use crate::db::{Db, DbError, Row, Tx, Value};
use crate::tenants::TenantId;
use crate::tenants::sql::{json, parse};

const OF_USER: &str = "SELECT id, credential_id, user_id, sign_count, document, created_at, last_used_at FROM passkeys \
     WHERE tenant_id = $1 AND user_id = $2 ORDER BY created_at, id";
const FIND: &str = "SELECT id, credential_id, user_id, sign_count, document, created_at, last_used_at FROM passkeys \
     WHERE tenant_id = $1 AND credential_id = $2";
const INSERT: &str = "INSERT INTO passkeys \
     (tenant_id, id, credential_id, user_id, sign_count, document, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
// Of two that come with the same count, one finds another.
const USE: &str = "UPDATE passkeys SET sign_count = $4, document = $5, last_used_at = $6 \
     WHERE tenant_id = $1 AND id = $2 AND sign_count = $3";
const DELETE: &str = "DELETE FROM passkeys WHERE tenant_id = $1 AND user_id = $2 AND id = $3";

fn from_row(row: &Row) -> Result<Passkey, DbError> {
    let damaged = |what: &str| DbError::Other(format!("a stored passkey has no {what}"));
    let stored: Stored = parse(&row.text("document")?)?;
    Ok(Passkey {
        id: row.text("id")?,
        credential_id: row.text("credential_id")?,
        user_id: row.text("user_id")?,
        sign_count: u32::try_from(row.int("sign_count")?).map_err(|_| damaged("count"))?,
        stored,
        created_at: clock::from_millis(row.int("created_at")?)?,
        last_used_at: row.opt_int("last_used_at")?.map(clock::from_millis).transpose()?,
    })
}

/// The passkeys of a user, the oldest first.
pub async fn of_user(db: &Db, tenant: &TenantId, user_id: &str) -> Result<Vec<Passkey>, DbError> {
    db.query(OF_USER, &[tenant.as_str().into(), user_id.into()]).await?.iter().map(from_row).collect()
}

/// The passkey with this credential id, in base64url.
pub async fn find(db: &Db, tenant: &TenantId, credential_id: &str) -> Result<Option<Passkey>, DbError> {
    let row = db.look_up_opt(FIND, &[tenant.as_str().into(), credential_id.into()]).await?;
    row.as_ref().map(from_row).transpose()
}

/// Writes a new one.
pub async fn insert(tx: &mut Tx, tenant: &TenantId, passkey: &Passkey) -> Result<(), DbError> {
    let Passkey { id, credential_id, user_id, sign_count, stored, created_at, last_used_at: _ } = passkey;
    let values: [Value; 7] = [
        tenant.as_str().into(),
        id.as_str().into(),
        credential_id.as_str().into(),
        user_id.as_str().into(),
        i64::from(*sign_count).into(),
        json(stored)?,
        created_at.as_millisecond().into(),
    ];
    tx.execute(INSERT, &values).await.map(|_| ())
}

/// Notes that one was used, whose count was `before`; false if it is not so any more.
pub async fn note_use(
    tx: &mut Tx,
    tenant: &TenantId,
    (passkey, before): (&Passkey, u32),
    now: Timestamp,
) -> Result<bool, DbError> {
    let values: [Value; 6] = [
        tenant.as_str().into(),
        passkey.id.as_str().into(),
        i64::from(before).into(),
        i64::from(passkey.sign_count).into(),
        json(&passkey.stored)?,
        now.as_millisecond().into(),
    ];
    Ok(tx.execute(USE, &values).await? == 1)
}

/// Deletes one of a user; false if there is none with this id.
pub async fn delete(tx: &mut Tx, tenant: &TenantId, user_id: &str, id: &str) -> Result<bool, DbError> {
    Ok(tx.execute(DELETE, &[tenant.as_str().into(), user_id.into(), id.into()]).await? == 1)
}
