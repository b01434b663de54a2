//! The statements of APIs.

use crate::clock;
use crate::db::{Db, DbError, Row, Tx, Value};
use crate::tenants::TenantId;
use crate::tenants::sql::{json, parse};

use super::ResourceServer;

// The id goes before the identifier: nobody can hide an API by naming another one after its id.
const FIND: &str = "SELECT id, identifier, is_system, signing_secret, document, created_at, updated_at \
     FROM resource_servers WHERE tenant_id = $1 AND (id = $2 OR identifier = $2) \
     ORDER BY CASE WHEN id = $2 THEN 0 ELSE 1 END LIMIT 1";
const FIND_BY_IDENTIFIER: &str = "SELECT id, identifier, is_system, signing_secret, document, created_at, updated_at \
     FROM resource_servers WHERE tenant_id = $1 AND identifier = $2";
const FIND_FOR_UPDATE: &str = "UPDATE resource_servers SET updated_at = updated_at WHERE tenant_id = $1 AND id = \
     (SELECT id FROM resource_servers WHERE tenant_id = $1 AND (id = $2 OR identifier = $2) \
     ORDER BY CASE WHEN id = $2 THEN 0 ELSE 1 END LIMIT 1) \
     RETURNING id, identifier, is_system, signing_secret, document, created_at, updated_at";
const PAGE: &str = "SELECT id, identifier, is_system, signing_secret, document, created_at, updated_at \
     FROM resource_servers WHERE tenant_id = $1 ORDER BY created_at, id LIMIT $2 OFFSET $3";
const COUNT: &str = "SELECT COUNT(*) AS total FROM resource_servers WHERE tenant_id = $1";
const SECRETS: &str = "SELECT COUNT(*) AS total FROM (SELECT 1 AS one FROM resource_servers WHERE tenant_id = $1 AND signing_secret IS NOT NULL LIMIT $2) counted";
const INSERT: &str = "INSERT INTO resource_servers \
     (tenant_id, id, identifier, is_system, signing_secret, document, created_at, updated_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const UPDATE: &str = "UPDATE resource_servers SET signing_secret = $3, document = $4, updated_at = $5 \
     WHERE tenant_id = $1 AND id = $2";
const DELETE: &str = "DELETE FROM resource_servers WHERE tenant_id = $1 AND id = $2";

fn from_row(row: &Row) -> Result<ResourceServer, DbError> {
    Ok(ResourceServer {
        id: row.text("id")?,
        identifier: row.text("identifier")?,
        is_system: row.bool("is_system")?,
        sealed_secret: row.opt_bytes("signing_secret")?,
        document: parse(&row.text("document")?)?,
        created_at: clock::from_millis(row.int("created_at")?)?,
        updated_at: clock::from_millis(row.int("updated_at")?)?,
    })
}

/// The API with this id or identifier.
pub async fn find(db: &Db, tenant: &TenantId, name: &str) -> Result<Option<ResourceServer>, DbError> {
    let row = db.query_opt(FIND, &[tenant.as_str().into(), name.into()]).await?;
    row.as_ref().map(from_row).transpose()
}

/// The API with this identifier.
pub async fn find_by_identifier(
    db: &Db,
    tenant: &TenantId,
    identifier: &str,
) -> Result<Option<ResourceServer>, DbError> {
    let row = db.query_opt(FIND_BY_IDENTIFIER, &[tenant.as_str().into(), identifier.into()]).await?;
    row.as_ref().map(from_row).transpose()
}

/// The API with this identifier, within a transaction.
pub async fn find_within(
    tx: &mut Tx,
    tenant: &TenantId,
    identifier: &str,
) -> Result<Option<ResourceServer>, DbError> {
    let row = tx.query_opt(FIND_BY_IDENTIFIER, &[tenant.as_str().into(), identifier.into()]).await?;
    row.as_ref().map(from_row).transpose()
}

/// The API with this id or identifier; others who want to change it wait until the transaction ends.
pub async fn find_for_update(
    tx: &mut Tx,
    tenant: &TenantId,
    name: &str,
) -> Result<Option<ResourceServer>, DbError> {
    let row = tx.query_opt(FIND_FOR_UPDATE, &[tenant.as_str().into(), name.into()]).await?;
    row.as_ref().map(from_row).transpose()
}

/// A page of APIs, the oldest first.
pub async fn page(
    db: &Db,
    tenant: &TenantId,
    (limit, offset): (i64, i64),
) -> Result<Vec<ResourceServer>, DbError> {
    let rows = db.query(PAGE, &[tenant.as_str().into(), Value::Int(limit), Value::Int(offset)]).await?;
    rows.iter().map(from_row).collect()
}

/// How many APIs there are.
pub async fn count(db: &Db, tenant: &TenantId) -> Result<i64, DbError> {
    let row = db.query_opt(COUNT, &[tenant.as_str().into()]).await?;
    row.map_or(Ok(0), |row| row.int("total"))
}

/// Writes a new API.
pub async fn insert(tx: &mut Tx, tenant: &TenantId, server: &ResourceServer) -> Result<(), DbError> {
    let ResourceServer { id, identifier, is_system, sealed_secret, document, created_at, updated_at } =
        server;
    let values = [
        tenant.as_str().into(),
        id.as_str().into(),
        identifier.as_str().into(),
        Value::Bool(*is_system),
        sealed_secret.clone().into(),
        json(document)?,
        Value::Int(created_at.as_millisecond()),
        Value::Int(updated_at.as_millisecond()),
    ];
    tx.execute(INSERT, &values).await.map(drop)
}

/// Writes what can change of an API.
pub async fn update(tx: &mut Tx, tenant: &TenantId, server: &ResourceServer) -> Result<(), DbError> {
    let values = [
        tenant.as_str().into(),
        server.id.as_str().into(),
        server.sealed_secret.clone().into(),
        json(&server.document)?,
        Value::Int(server.updated_at.as_millisecond()),
    ];
    tx.execute(UPDATE, &values).await.map(drop)
}

/// Deletes an API together with the grants to it.
pub async fn delete(tx: &mut Tx, tenant: &TenantId, id: &str) -> Result<(), DbError> {
    tx.execute(DELETE, &[tenant.as_str().into(), id.into()]).await.map(drop)
}

/// The APIs with a signing secret, counted up to `most`.
pub async fn count_secrets(db: &Db, tenant: &TenantId, most: i64) -> Result<i64, DbError> {
    let row = db.query_opt(SECRETS, &[tenant.as_str().into(), Value::Int(most)]).await?;
    row.map_or(Ok(0), |row| row.int("total"))
}
