//! The statements of applications.

use super::{Application, Sealed};
use crate::administrators::is_hidden_client;
use crate::clock;
use crate::db::{Db, DbError, Row, Statement, Tx, Value};
use crate::tenants::TenantId;
use crate::tenants::sql::{json, parse};

// The Dashboard is hidden: lists, counts and what looks for one application leave it out.
const FIND: &str = "SELECT client_id, is_global, secret, addons, document, created_at, updated_at FROM clients \
     WHERE tenant_id = $1 AND client_id = $2";
const LOCK: &str = "UPDATE clients SET updated_at = updated_at \
     WHERE tenant_id = $1 AND client_id = $2 AND client_id <> 'chancery-dashboard' \
     RETURNING client_id, is_global, secret, addons, document, created_at, updated_at";
const INSERT: &str = "INSERT INTO clients (tenant_id, client_id, name, app_type, is_first_party, is_global, secret, \
     addons, document, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
const UPDATE: &str = "UPDATE clients SET name = $3, app_type = $4, is_first_party = $5, secret = $6, addons = $7, \
     document = $8, updated_at = $9 WHERE tenant_id = $1 AND client_id = $2";
const FIND_BY_ALIAS: &str = "SELECT client_id FROM client_aliases WHERE tenant_id = $1 AND alias = $2";
const FORGET_ALIASES: &str = "DELETE FROM client_aliases WHERE tenant_id = $1 AND client_id = $2";
const INSERT_ALIAS: &str = "INSERT INTO client_aliases (tenant_id, client_id, alias) VALUES ($1, $2, $3)";
const WITHOUT_GLOBAL: &str = "SELECT id FROM tenants WHERE NOT EXISTS \
     (SELECT 1 FROM clients WHERE clients.tenant_id = tenants.id AND clients.is_global)";
const DELETE: &str = "DELETE FROM clients WHERE tenant_id = $1 AND client_id = $2";
// The kinds come as ",spa,native,": every name in the column is one of ours, so nothing needs escaping but
// the underscore, which matches itself.
const PAGE: &str = "SELECT client_id, is_global, secret, addons, document, created_at, updated_at FROM clients \
     WHERE tenant_id = $1 AND client_id <> 'chancery-dashboard' \
     AND (CAST($2 AS BOOLEAN) IS NULL OR is_global = CAST($2 AS BOOLEAN)) \
     AND (CAST($3 AS BOOLEAN) IS NULL OR is_first_party = CAST($3 AS BOOLEAN)) \
     AND (CAST($4 AS TEXT) IS NULL OR CAST($4 AS TEXT) LIKE '%,' || app_type || ',%') \
     ORDER BY created_at, client_id LIMIT $5 OFFSET $6";
const PAGE_AFTER: &str = "SELECT client_id, is_global, secret, addons, document, created_at, updated_at FROM clients \
     WHERE tenant_id = $1 AND client_id <> 'chancery-dashboard' \
     AND (CAST($2 AS BOOLEAN) IS NULL OR is_global = CAST($2 AS BOOLEAN)) \
     AND (CAST($3 AS BOOLEAN) IS NULL OR is_first_party = CAST($3 AS BOOLEAN)) \
     AND (CAST($4 AS TEXT) IS NULL OR CAST($4 AS TEXT) LIKE '%,' || app_type || ',%') \
     AND (created_at, client_id) > (CAST($5 AS BIGINT), CAST($6 AS TEXT)) \
     ORDER BY created_at, client_id LIMIT $7";
const SECRETS: &str = "SELECT COUNT(*) AS total FROM (SELECT 1 AS one FROM clients WHERE tenant_id = $1 AND secret IS NOT NULL LIMIT $2) counted";
const ADDONS: &str = "SELECT COUNT(*) AS total FROM (SELECT 1 AS one FROM clients WHERE tenant_id = $1 AND addons IS NOT NULL LIMIT $2) counted";
const WITH_ADDONS: &str =
    "SELECT client_id, addons FROM clients WHERE tenant_id = $1 AND addons IS NOT NULL AND NOT is_global";
// The pieces of a search.
const FOUND: &str = "SELECT client_id, is_global, secret, addons, document, created_at, updated_at FROM clients \
     WHERE client_id <> 'chancery-dashboard' AND tenant_id = ";
const AND: &str = " AND ";
const AFTER: &str = " AND (created_at, client_id) > (";
const AFTER_ID: &str = ", ";
const IN_ORDER: &str = ") ORDER BY created_at, client_id LIMIT ";
const COUNT: &str = "SELECT COUNT(*) AS total FROM clients \
     WHERE tenant_id = $1 AND client_id <> 'chancery-dashboard' \
     AND (CAST($2 AS BOOLEAN) IS NULL OR is_global = CAST($2 AS BOOLEAN)) \
     AND (CAST($3 AS BOOLEAN) IS NULL OR is_first_party = CAST($3 AS BOOLEAN)) \
     AND (CAST($4 AS TEXT) IS NULL OR CAST($4 AS TEXT) LIKE '%,' || app_type || ',%')";

/// Which applications are meant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those that stand for all applications, or those that do not.
    pub is_global: Option<bool>,
    /// Those of the tenant's owner, or those of others.
    pub is_first_party: Option<bool>,
    /// Those of one of these kinds; empty: of any kind, or of none.
    pub app_types: Vec<String>,
}

impl Filter {
    fn values(&self, tenant: &TenantId) -> Vec<Value> {
        let kinds = (!self.app_types.is_empty()).then(|| format!(",{},", self.app_types.join(",")));
        vec![tenant.as_str().into(), self.is_global.into(), self.is_first_party.into(), kinds.into()]
    }
}

fn from_row(row: &Row) -> Result<Application, DbError> {
    Ok(Application {
        client_id: row.text("client_id")?,
        is_global: row.bool("is_global")?,
        document: parse(&row.text("document")?)?,
        secret: row.opt_bytes("secret")?.map(Sealed),
        addons: row.opt_bytes("addons")?.map(Sealed),
        created_at: clock::from_millis(row.int("created_at")?)?,
        updated_at: clock::from_millis(row.int("updated_at")?)?,
    })
}

fn sealed(bytes: Option<&Sealed>) -> Value {
    bytes.map(|Sealed(bytes)| bytes.as_slice()).into()
}

/// The application with this `client_id`, unless it is hidden.
pub async fn find(db: &Db, tenant: &TenantId, client_id: &str) -> Result<Option<Application>, DbError> {
    if is_hidden_client(client_id) { Ok(None) } else { find_any(db, tenant, client_id).await }
}

/// The application with this `client_id`, hidden or not: for the protocol, never for the Management API.
pub async fn find_any(db: &Db, tenant: &TenantId, client_id: &str) -> Result<Option<Application>, DbError> {
    db.query_opt(FIND, &[tenant.as_str().into(), client_id.into()]).await?.as_ref().map(from_row).transpose()
}

/// Like [`find_any`], inside a transaction.
pub async fn find_within(
    tx: &mut Tx,
    tenant: &TenantId,
    client_id: &str,
) -> Result<Option<Application>, DbError> {
    tx.query_opt(FIND, &[tenant.as_str().into(), client_id.into()]).await?.as_ref().map(from_row).transpose()
}

/// The tenants without the application that stands for all others.
pub async fn tenants_without_global(db: &Db) -> Result<Vec<TenantId>, DbError> {
    db.query(WITHOUT_GLOBAL, &[])
        .await?
        .iter()
        .map(|row| Ok(TenantId::from_stored(row.text("id")?)))
        .collect()
}

/// Makes these the aliases of an application. [`DbError::Unique`]: another application has one of them.
pub async fn replace_aliases(
    tx: &mut Tx,
    (tenant, client_id): (&TenantId, &str),
    aliases: &[&str],
) -> Result<(), DbError> {
    tx.execute(FORGET_ALIASES, &[tenant.as_str().into(), client_id.into()]).await?;
    for alias in aliases {
        let values = [tenant.as_str().into(), client_id.into(), (*alias).into()];
        tx.execute(INSERT_ALIAS, &values).await?;
    }
    Ok(())
}

/// Reads an application that is not hidden and keeps others from changing it until the transaction ends.
pub async fn lock(tx: &mut Tx, tenant: &TenantId, client_id: &str) -> Result<Option<Application>, DbError> {
    tx.query_opt(LOCK, &[tenant.as_str().into(), client_id.into()]).await?.as_ref().map(from_row).transpose()
}

/// Writes a new application.
pub async fn insert(tx: &mut Tx, tenant: &TenantId, application: &Application) -> Result<(), DbError> {
    let Application { client_id, is_global, document, secret, addons, created_at, updated_at } = application;
    let values = [
        tenant.as_str().into(),
        client_id.into(),
        application.name().into(),
        application.app_type().into(),
        application.is_first_party().into(),
        (*is_global).into(),
        sealed(secret.as_ref()),
        sealed(addons.as_ref()),
        json(document)?,
        created_at.as_millisecond().into(),
        updated_at.as_millisecond().into(),
    ];
    tx.execute(INSERT, &values).await.map(drop)
}

/// Writes what can change of an application.
pub async fn update(tx: &mut Tx, tenant: &TenantId, application: &Application) -> Result<(), DbError> {
    let Application { client_id, is_global: _, document, secret, addons, created_at: _, updated_at } =
        application;
    let values = [
        tenant.as_str().into(),
        client_id.into(),
        application.name().into(),
        application.app_type().into(),
        application.is_first_party().into(),
        sealed(secret.as_ref()),
        sealed(addons.as_ref()),
        json(document)?,
        updated_at.as_millisecond().into(),
    ];
    tx.execute(UPDATE, &values).await.map(drop)
}

/// Deletes an application with its credentials and grants. False: there was none.
pub async fn delete(tx: &mut Tx, tenant: &TenantId, client_id: &str) -> Result<bool, DbError> {
    Ok(tx.execute(DELETE, &[tenant.as_str().into(), client_id.into()]).await? > 0)
}

/// A page by number, the oldest application first.
pub async fn page(
    db: &Db,
    tenant: &TenantId,
    filter: &Filter,
    (limit, offset): (i64, i64),
) -> Result<Vec<Application>, DbError> {
    let mut values = filter.values(tenant);
    values.extend([limit.into(), offset.into()]);
    db.query(PAGE, &values).await?.iter().map(from_row).collect()
}

/// The applications after a place, the oldest first.
pub async fn page_after(
    db: &Db,
    tenant: &TenantId,
    filter: &Filter,
    ((created_at, client_id), limit): ((i64, &str), i64),
) -> Result<Vec<Application>, DbError> {
    let mut values = filter.values(tenant);
    values.extend([created_at.into(), client_id.into(), limit.into()]);
    db.query(PAGE_AFTER, &values).await?.iter().map(from_row).collect()
}

/// The applications after a place that a condition holds for, the oldest first.
pub async fn search(
    db: &Db,
    tenant: &TenantId,
    condition: Statement,
    ((created_at, client_id), limit): ((i64, &str), i64),
) -> Result<Vec<Application>, DbError> {
    let statement = Statement::new(FOUND).value(tenant.as_str()).text(AND).with(condition);
    let statement = statement.text(AFTER).value(created_at).text(AFTER_ID).value(client_id);
    db.search(&statement.text(IN_ORDER).value(limit)).await?.iter().map(from_row).collect()
}

/// How many applications there are.
pub async fn count(db: &Db, tenant: &TenantId, filter: &Filter) -> Result<i64, DbError> {
    let row = db.query_opt(COUNT, &filter.values(tenant)).await?;
    row.map_or(Ok(0), |row| row.int("total"))
}

/// The sealed add-ons of the applications that have any, with their `client_id`.
pub(super) async fn addons(db: &Db, tenant: &TenantId) -> Result<Vec<(String, Sealed)>, DbError> {
    let of = |row: &Row| Ok((row.text("client_id")?, Sealed(row.bytes("addons")?)));
    db.query(WITH_ADDONS, &[tenant.as_str().into()]).await?.iter().map(of).collect()
}

/// The applications with a client secret, counted up to `most`.
pub async fn count_secrets(db: &Db, tenant: &TenantId, most: i64) -> Result<i64, DbError> {
    let row = db.query_opt(SECRETS, &[tenant.as_str().into(), Value::Int(most)]).await?;
    row.map_or(Ok(0), |row| row.int("total"))
}

/// The applications with add-ons, counted up to `most`.
pub async fn count_addons(db: &Db, tenant: &TenantId, most: i64) -> Result<i64, DbError> {
    let row = db.query_opt(ADDONS, &[tenant.as_str().into(), Value::Int(most)]).await?;
    row.map_or(Ok(0), |row| row.int("total"))
}

/// The application that has this alias.
pub async fn find_by_alias(db: &Db, tenant: &TenantId, alias: &str) -> Result<Option<String>, DbError> {
    let row = db.query_opt(FIND_BY_ALIAS, &[tenant.as_str().into(), alias.into()]).await?;
    row.map(|row| row.text("client_id")).transpose()
}
