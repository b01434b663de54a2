//! The statements of the documents.
//!
//! Whoever writes one also gives the notice of its tenant, which holds all documents in memory.

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

use super::{Kind, Stored};
use crate::clock;
use crate::db::{Db, DbError, Row, Tx, Value};
use crate::tenants::TenantId;
use crate::tenants::sql::{json, parse};

const ALL: &str =
    "SELECT kind, name, document, created_at, updated_at FROM tenant_documents WHERE tenant_id = $1";
const FIND: &str = "SELECT kind, name, document, created_at, updated_at FROM tenant_documents \
     WHERE tenant_id = $1 AND kind = $2 AND name = $3";
const SECRETS: &str = "SELECT secrets FROM tenant_documents WHERE tenant_id = $1 AND kind = $2 AND name = $3";
// The row is made if need be, so that two writers of a new document wait for each other too.
const FOR_UPDATE: &str = "INSERT INTO tenant_documents (tenant_id, kind, name, document, created_at, updated_at) \
     VALUES ($1, $2, $3, '{}', $4, $4) ON CONFLICT (tenant_id, kind, name) DO UPDATE SET kind = excluded.kind \
     RETURNING kind, name, document, created_at, updated_at";
const UPDATE: &str = "UPDATE tenant_documents SET document = $4, updated_at = $5 \
     WHERE tenant_id = $1 AND kind = $2 AND name = $3";
const UPDATE_SECRETS: &str =
    "UPDATE tenant_documents SET secrets = $4 WHERE tenant_id = $1 AND kind = $2 AND name = $3";
const DELETE: &str = "DELETE FROM tenant_documents WHERE tenant_id = $1 AND kind = $2 AND name = $3";

fn named(tenant: &TenantId, kind: Kind, name: &str) -> [Value; 3] {
    [tenant.as_str().into(), kind.0.into(), name.into()]
}

fn from_row(row: &Row) -> Result<Stored, DbError> {
    Ok(Stored {
        kind: row.text("kind")?,
        name: row.text("name")?,
        document: parse(&row.text("document")?)?,
        created_at: clock::from_millis(row.int("created_at")?)?,
        updated_at: clock::from_millis(row.int("updated_at")?)?,
    })
}

/// Every document of a tenant.
pub async fn all(db: &Db, tenant: &TenantId) -> Result<Vec<Stored>, DbError> {
    db.query(ALL, &[tenant.as_str().into()]).await?.iter().map(from_row).collect()
}

/// One document.
pub async fn find(db: &Db, tenant: &TenantId, kind: Kind, name: &str) -> Result<Option<Stored>, DbError> {
    db.query_opt(FIND, &named(tenant, kind, name)).await?.as_ref().map(from_row).transpose()
}

/// The sealed secrets of a document.
pub async fn secrets(db: &Db, tenant: &TenantId, kind: Kind, name: &str) -> Result<Option<Vec<u8>>, DbError> {
    let row = db.query_opt(SECRETS, &named(tenant, kind, name)).await?;
    row.map_or(Ok(None), |row| row.opt_bytes("secrets"))
}

/// One document, empty where there is none yet, kept from others until the transaction ends.
pub async fn find_for_update(
    tx: &mut Tx,
    tenant: &TenantId,
    (kind, name): (Kind, &str),
    now: Timestamp,
) -> Result<Stored, DbError> {
    let mut values = named(tenant, kind, name).to_vec();
    values.push(Value::Int(now.as_millisecond()));
    let row = tx.query_opt(FOR_UPDATE, &values).await?;
    from_row(&row.ok_or_else(|| DbError::Other("a document was not written".to_owned()))?)
}

/// Writes a document that was read by [`find_for_update`].
pub async fn update(
    tx: &mut Tx,
    tenant: &TenantId,
    (kind, name): (Kind, &str),
    document: &Map<String, Json>,
    now: Timestamp,
) -> Result<(), DbError> {
    let mut values = named(tenant, kind, name).to_vec();
    values.extend([json(document)?, Value::Int(now.as_millisecond())]);
    tx.execute(UPDATE, &values).await.map(drop)
}

/// Writes the sealed secrets of a document, or erases them.
pub async fn update_secrets(
    tx: &mut Tx,
    tenant: &TenantId,
    (kind, name): (Kind, &str),
    secrets: Option<Vec<u8>>,
) -> Result<(), DbError> {
    let mut values = named(tenant, kind, name).to_vec();
    values.push(secrets.into());
    tx.execute(UPDATE_SECRETS, &values).await.map(drop)
}

/// Deletes a document; false if there was none.
pub async fn delete(tx: &mut Tx, tenant: &TenantId, kind: Kind, name: &str) -> Result<bool, DbError> {
    Ok(tx.execute(DELETE, &named(tenant, kind, name)).await? == 1)
}
