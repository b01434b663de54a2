//! The statements of credentials.

use jiff::Timestamp;

use super::{Credential, Facts};
use crate::clock;
use crate::db::{Db, DbError, Row, Tx, Value};
use crate::tenants::TenantId;
use crate::tenants::sql::{json, parse};

const LIST: &str = "SELECT id, kid, public_key, document, created_at, updated_at, expires_at FROM client_credentials \
     WHERE tenant_id = $1 AND client_id = $2 ORDER BY created_at DESC, id";
const FIND: &str = "SELECT id, kid, public_key, document, created_at, updated_at, expires_at FROM client_credentials \
     WHERE tenant_id = $1 AND client_id = $2 AND id = $3";
const INSERT: &str = "INSERT INTO client_credentials (tenant_id, client_id, id, kid, public_key, document, \
     created_at, updated_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const UPDATE_EXPIRY: &str = "UPDATE client_credentials SET expires_at = $4, updated_at = $5 \
     WHERE tenant_id = $1 AND client_id = $2 AND id = $3";
const DELETE: &str = "DELETE FROM client_credentials WHERE tenant_id = $1 AND client_id = $2 AND id = $3";

fn from_row(row: &Row) -> Result<Credential, DbError> {
    let facts: Facts = parse(&row.text("document")?)?;
    Ok(Credential {
        id: row.text("id")?,
        kid: row.opt_text("kid")?,
        public_key: row.opt_bytes("public_key")?,
        facts,
        created_at: clock::from_millis(row.int("created_at")?)?,
        updated_at: clock::from_millis(row.int("updated_at")?)?,
        expires_at: row.opt_int("expires_at")?.map(clock::from_millis).transpose()?,
    })
}

/// The credentials of an application, the youngest first.
pub async fn list(db: &Db, tenant: &TenantId, client_id: &str) -> Result<Vec<Credential>, DbError> {
    db.query(LIST, &[tenant.as_str().into(), client_id.into()]).await?.iter().map(from_row).collect()
}

/// Like [`list`], inside a transaction.
pub async fn list_in(tx: &mut Tx, tenant: &TenantId, client_id: &str) -> Result<Vec<Credential>, DbError> {
    tx.query(LIST, &[tenant.as_str().into(), client_id.into()]).await?.iter().map(from_row).collect()
}

/// One credential of an application.
pub async fn find(
    db: &Db,
    tenant: &TenantId,
    (client_id, id): (&str, &str),
) -> Result<Option<Credential>, DbError> {
    let row = db.query_opt(FIND, &[tenant.as_str().into(), client_id.into(), id.into()]).await?;
    row.as_ref().map(from_row).transpose()
}

/// Writes a new credential.
pub async fn insert(
    tx: &mut Tx,
    (tenant, client_id): (&TenantId, &str),
    credential: &Credential,
) -> Result<(), DbError> {
    let Credential { id, kid, public_key, facts, created_at, updated_at, expires_at } = credential;
    let values = [
        tenant.as_str().into(),
        client_id.into(),
        id.into(),
        kid.as_deref().into(),
        public_key.as_deref().into(),
        json(facts)?,
        created_at.as_millisecond().into(),
        updated_at.as_millisecond().into(),
        expires_at.map(Timestamp::as_millisecond).into(),
    ];
    tx.execute(INSERT, &values).await.map(drop)
}

/// Writes when a credential expires, and when that was changed.
pub async fn update_expiry(
    tx: &mut Tx,
    (tenant, client_id): (&TenantId, &str),
    credential: &Credential,
) -> Result<(), DbError> {
    let values = [
        tenant.as_str().into(),
        client_id.into(),
        Value::from(&credential.id),
        credential.expires_at.map(Timestamp::as_millisecond).into(),
        credential.updated_at.as_millisecond().into(),
    ];
    tx.execute(UPDATE_EXPIRY, &values).await.map(drop)
}

/// Deletes a credential. False: there was none.
pub async fn delete(tx: &mut Tx, tenant: &TenantId, (client_id, id): (&str, &str)) -> Result<bool, DbError> {
    Ok(tx.execute(DELETE, &[tenant.as_str().into(), client_id.into(), id.into()]).await? > 0)
}
