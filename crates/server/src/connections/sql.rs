//! The statements of connections and of the applications that may use them.

use super::Connection;
use crate::administrators::is_hidden_connection;
use crate::applications::Sealed;
use crate::clock;
use crate::db::{Db, DbError, Row, Tx, Value};
use crate::management::checkpoint::Checkpoint;
use crate::tenants::TenantId;
use crate::tenants::sql::{json, parse};

// The connection of administrators is hidden: lists, counts and what looks for one connection leave it out.
const FIND: &str = "SELECT id, name, strategy, secrets, document, created_at, updated_at FROM connections \
     WHERE tenant_id = $1 AND id = $2";
const FIND_BY_NAME: &str = "SELECT id, name, strategy, secrets, document, created_at, updated_at FROM connections \
     WHERE tenant_id = $1 AND name = $2 AND id <> 'con_00Administrators'";
const LOCK: &str = "UPDATE connections SET updated_at = updated_at \
     WHERE tenant_id = $1 AND id = $2 AND id <> 'con_00Administrators' \
     RETURNING id, name, strategy, secrets, document, created_at, updated_at";
const OF_CLIENT: &str = "SELECT c.id, c.name, c.strategy, c.secrets, c.document, c.created_at, c.updated_at \
     FROM connection_clients u JOIN connections c ON c.tenant_id = u.tenant_id AND c.id = u.connection_id \
     WHERE u.tenant_id = $1 AND u.client_id = $2 ORDER BY c.created_at, c.id";
const OF_CLIENT_AFTER: &str = "SELECT c.id, c.name, c.strategy, c.secrets, c.document, c.created_at, c.updated_at \
     FROM connection_clients u JOIN connections c ON c.tenant_id = u.tenant_id AND c.id = u.connection_id \
     WHERE u.tenant_id = $1 AND u.client_id = $4 AND c.id <> 'con_00Administrators' \
     AND (CAST($2 AS TEXT) IS NULL OR CAST($2 AS TEXT) LIKE '%,' || c.strategy || ',%') \
     AND (CAST($3 AS TEXT) IS NULL OR c.name = $3) \
     AND (c.created_at, c.id) > ($5, $6) ORDER BY c.created_at, c.id LIMIT $7";
const INSERT: &str = "INSERT INTO connections (tenant_id, id, name, strategy, secrets, document, created_at, updated_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const UPDATE: &str =
    "UPDATE connections SET secrets = $3, document = $4, updated_at = $5 WHERE tenant_id = $1 AND id = $2";
const DELETE: &str = "DELETE FROM connections WHERE tenant_id = $1 AND id = $2";
// The strategies come as ",auth0,oidc,", each of them one of ours.
const PAGE: &str = "SELECT id, name, strategy, secrets, document, created_at, updated_at FROM connections \
     WHERE tenant_id = $1 AND id <> 'con_00Administrators' \
     AND (CAST($2 AS TEXT) IS NULL OR CAST($2 AS TEXT) LIKE '%,' || strategy || ',%') \
     AND (CAST($3 AS TEXT) IS NULL OR name = $3) \
     ORDER BY created_at, id LIMIT $4 OFFSET $5";
const AFTER: &str = "SELECT id, name, strategy, secrets, document, created_at, updated_at FROM connections \
     WHERE tenant_id = $1 AND id <> 'con_00Administrators' \
     AND (CAST($2 AS TEXT) IS NULL OR CAST($2 AS TEXT) LIKE '%,' || strategy || ',%') \
     AND (CAST($3 AS TEXT) IS NULL OR name = $3) \
     AND (created_at, id) > ($4, $5) ORDER BY created_at, id LIMIT $6";
const COUNT: &str = "SELECT COUNT(*) AS total FROM connections \
     WHERE tenant_id = $1 AND id <> 'con_00Administrators' \
     AND (CAST($2 AS TEXT) IS NULL OR CAST($2 AS TEXT) LIKE '%,' || strategy || ',%') \
     AND (CAST($3 AS TEXT) IS NULL OR name = $3)";
const SECRETS: &str = "SELECT COUNT(*) AS total FROM (SELECT 1 AS one FROM connections WHERE tenant_id = $1 AND secrets IS NOT NULL LIMIT $2) counted";
const CLIENTS: &str = "SELECT client_id FROM connection_clients WHERE tenant_id = $1 AND connection_id = $2 \
     AND client_id > $3 ORDER BY client_id LIMIT $4";
const ALL_CLIENTS: &str = "SELECT client_id FROM connection_clients WHERE tenant_id = $1 AND connection_id = $2 \
     ORDER BY client_id";
const ENABLE: &str = "INSERT INTO connection_clients (tenant_id, connection_id, client_id) \
     SELECT tenant_id, $2, client_id FROM clients WHERE tenant_id = $1 AND client_id = $3 \
     AND client_id <> 'chancery-dashboard' ON CONFLICT DO NOTHING";
const HAS_CLIENT: &str = "SELECT 1 AS one FROM clients \
     WHERE tenant_id = $1 AND client_id = $2 AND client_id <> 'chancery-dashboard'";
const ENABLE_DASHBOARD: &str = "INSERT INTO connection_clients (tenant_id, connection_id, client_id) \
     VALUES ($1, 'con_00Administrators', 'chancery-dashboard') ON CONFLICT DO NOTHING";
const ENABLE_EVERYWHERE: &str = "INSERT INTO connection_clients (tenant_id, connection_id, client_id) \
     SELECT tenant_id, id, $2 FROM connections WHERE tenant_id = $1 AND id <> 'con_00Administrators' \
     ON CONFLICT DO NOTHING";
const DISABLE: &str =
    "DELETE FROM connection_clients WHERE tenant_id = $1 AND connection_id = $2 AND client_id = $3";
const DISABLE_ALL: &str = "DELETE FROM connection_clients WHERE tenant_id = $1 AND connection_id = $2";

/// What a list is narrowed to; none means everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Strategies; empty: any.
    pub strategies: Vec<String>,
    /// The name.
    pub name: Option<String>,
}

impl Filter {
    fn values(&self, tenant: &TenantId) -> Vec<Value> {
        let Self { strategies, name } = self;
        let strategies = (!strategies.is_empty()).then(|| format!(",{},", strategies.join(",")));
        vec![tenant.as_str().into(), strategies.into(), name.as_deref().into()]
    }
}

fn from_row(row: &Row) -> Result<Connection, DbError> {
    Ok(Connection {
        id: row.text("id")?,
        name: row.text("name")?,
        strategy: row.text("strategy")?,
        secrets: row.opt_bytes("secrets")?.map(Sealed),
        document: parse(&row.text("document")?)?,
        created_at: clock::from_millis(row.int("created_at")?)?,
        updated_at: clock::from_millis(row.int("updated_at")?)?,
    })
}

/// The connection with this id, unless it is hidden.
pub async fn find(db: &Db, tenant: &TenantId, id: &str) -> Result<Option<Connection>, DbError> {
    if is_hidden_connection(id) { Ok(None) } else { find_any(db, tenant, id).await }
}

/// The connection with this id, hidden or not: for those who sign in, never for the Management API.
pub async fn find_any(db: &Db, tenant: &TenantId, id: &str) -> Result<Option<Connection>, DbError> {
    db.look_up_opt(FIND, &[tenant.as_str().into(), id.into()]).await?.as_ref().map(from_row).transpose()
}

/// The connection of this name, unless it is hidden.
pub async fn find_by_name(db: &Db, tenant: &TenantId, name: &str) -> Result<Option<Connection>, DbError> {
    if name.contains('\0') {
        return Ok(None);
    }
    let row = db.look_up_opt(FIND_BY_NAME, &[tenant.as_str().into(), name.into()]).await?;
    row.as_ref().map(from_row).transpose()
}

/// Reads a connection that is not hidden and keeps others from changing it until the transaction ends.
pub async fn lock(tx: &mut Tx, tenant: &TenantId, id: &str) -> Result<Option<Connection>, DbError> {
    tx.query_opt(LOCK, &[tenant.as_str().into(), id.into()]).await?.as_ref().map(from_row).transpose()
}

/// The connections that are enabled for an application, oldest first.
pub async fn of_client(db: &Db, tenant: &TenantId, client_id: &str) -> Result<Vec<Connection>, DbError> {
    db.look_up(OF_CLIENT, &[tenant.as_str().into(), client_id.into()]).await?.iter().map(from_row).collect()
}

/// The connections that are enabled for an application, after a place, oldest first.
pub async fn of_client_after(
    db: &Db,
    tenant: &TenantId,
    (client_id, filter): (&str, &Filter),
    (place, limit): (&Checkpoint, i64),
) -> Result<Vec<Connection>, DbError> {
    let mut values = filter.values(tenant);
    values.extend([client_id.into(), Value::Int(place.created_at), place.id.as_str().into()]);
    values.push(Value::Int(limit));
    db.query(OF_CLIENT_AFTER, &values).await?.iter().map(from_row).collect()
}

/// A page of connections, the oldest first.
pub async fn page(
    db: &Db,
    tenant: &TenantId,
    filter: &Filter,
    (limit, offset): (i64, i64),
) -> Result<Vec<Connection>, DbError> {
    let mut values = filter.values(tenant);
    values.extend([Value::Int(limit), Value::Int(offset)]);
    db.query(PAGE, &values).await?.iter().map(from_row).collect()
}

/// The connections after a place, the oldest first.
pub async fn after(
    db: &Db,
    tenant: &TenantId,
    filter: &Filter,
    place: &Checkpoint,
    limit: i64,
) -> Result<Vec<Connection>, DbError> {
    let mut values = filter.values(tenant);
    values.extend([Value::Int(place.created_at), place.id.as_str().into(), Value::Int(limit)]);
    db.query(AFTER, &values).await?.iter().map(from_row).collect()
}

/// How many connections there are.
pub async fn count(db: &Db, tenant: &TenantId, filter: &Filter) -> Result<i64, DbError> {
    let row = db.query_opt(COUNT, &filter.values(tenant)).await?;
    row.map_or(Ok(0), |row| row.int("total"))
}

/// Writes a new connection.
pub async fn insert(tx: &mut Tx, tenant: &TenantId, connection: &Connection) -> Result<(), DbError> {
    let Connection { id, name, strategy, secrets, document, created_at, updated_at } = connection;
    let values = [
        tenant.as_str().into(),
        id.into(),
        name.into(),
        strategy.into(),
        sealed(secrets.as_ref()),
        json(document)?,
        created_at.as_millisecond().into(),
        updated_at.as_millisecond().into(),
    ];
    tx.execute(INSERT, &values).await.map(drop)
}

/// Writes what can change of a connection.
pub async fn update(tx: &mut Tx, tenant: &TenantId, connection: &Connection) -> Result<(), DbError> {
    let values = [
        tenant.as_str().into(),
        connection.id.as_str().into(),
        sealed(connection.secrets.as_ref()),
        json(&connection.document)?,
        connection.updated_at.as_millisecond().into(),
    ];
    tx.execute(UPDATE, &values).await.map(drop)
}

/// Deletes a connection with the identities that came from it.
pub async fn delete(tx: &mut Tx, tenant: &TenantId, id: &str) -> Result<(), DbError> {
    tx.execute(DELETE, &[tenant.as_str().into(), id.into()]).await.map(drop)
}

fn sealed(secrets: Option<&Sealed>) -> Value {
    secrets.map(|Sealed(bytes)| bytes.as_slice()).into()
}

/// The applications that may use a connection, by their ids, after one of them.
pub async fn clients(
    db: &Db,
    tenant: &TenantId,
    id: &str,
    (after, limit): (&str, i64),
) -> Result<Vec<String>, DbError> {
    let values = [tenant.as_str().into(), id.into(), after.into(), Value::Int(limit)];
    db.query(CLIENTS, &values).await?.iter().map(|row| row.text("client_id")).collect()
}

/// All applications that may use a connection.
pub async fn all_clients(db: &Db, tenant: &TenantId, id: &str) -> Result<Vec<String>, DbError> {
    let rows = db.query(ALL_CLIENTS, &[tenant.as_str().into(), id.into()]).await?;
    rows.iter().map(|row| row.text("client_id")).collect()
}

/// The same, as an open transaction sees them.
pub async fn all_clients_in(tx: &mut Tx, tenant: &TenantId, id: &str) -> Result<Vec<String>, DbError> {
    let rows = tx.query(ALL_CLIENTS, &[tenant.as_str().into(), id.into()]).await?;
    rows.iter().map(|row| row.text("client_id")).collect()
}

/// Lets an application use a connection. False: there is no such application, or it is hidden.
pub async fn enable(tx: &mut Tx, tenant: &TenantId, id: &str, client_id: &str) -> Result<bool, DbError> {
    let values = [tenant.as_str().into(), id.into(), client_id.into()];
    if tx.execute(ENABLE, &values).await? > 0 {
        return Ok(true);
    }
    // Nothing was written either because it is enabled already or because it does not exist.
    Ok(tx.query_opt(HAS_CLIENT, &[tenant.as_str().into(), client_id.into()]).await?.is_some())
}

/// Lets the Dashboard use the connection of administrators, which no application else may use.
pub async fn enable_dashboard(tx: &mut Tx, tenant: &TenantId) -> Result<(), DbError> {
    tx.execute(ENABLE_DASHBOARD, &[tenant.as_str().into()]).await.map(drop)
}

/// Lets an application use every connection that is not hidden.
pub async fn enable_everywhere(tx: &mut Tx, tenant: &TenantId, client_id: &str) -> Result<(), DbError> {
    tx.execute(ENABLE_EVERYWHERE, &[tenant.as_str().into(), client_id.into()]).await.map(drop)
}

/// Keeps an application from using a connection.
pub async fn disable(tx: &mut Tx, tenant: &TenantId, id: &str, client_id: &str) -> Result<(), DbError> {
    tx.execute(DISABLE, &[tenant.as_str().into(), id.into(), client_id.into()]).await.map(drop)
}

/// Keeps every application from using a connection.
pub async fn disable_all(tx: &mut Tx, tenant: &TenantId, id: &str) -> Result<(), DbError> {
    tx.execute(DISABLE_ALL, &[tenant.as_str().into(), id.into()]).await.map(drop)
}

/// The connections with secret options, counted up to `most`.
pub async fn count_secrets(db: &Db, tenant: &TenantId, most: i64) -> Result<i64, DbError> {
    let row = db.query_opt(SECRETS, &[tenant.as_str().into(), Value::Int(most)]).await?;
    row.map_or(Ok(0), |row| row.int("total"))
}
