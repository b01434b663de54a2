//! The statements of tenants and their domains.

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

use super::{Domain, Policy, TenantId};
use crate::clock;
use crate::db::{Db, DbError, Row, Tx, Value};

const FIND_BY_DOMAIN: &str = "SELECT t.id, t.name, t.settings, t.policy, t.management_client_id, t.created_at, d.domain, d.scheme, \
     (SELECT c.domain FROM domains c WHERE c.tenant_id = t.id AND c.canonical) AS canonical \
     FROM domains d JOIN tenants t ON t.id = d.tenant_id WHERE d.domain = $1";
const AT_HOST: &str = "SELECT COUNT(*) AS total FROM domains WHERE domain = $1 OR domain LIKE $2";
const LIST: &str = "SELECT t.id, t.name, t.settings, t.policy, t.management_client_id, t.created_at, d.domain, d.scheme, d.domain AS canonical \
     FROM tenants t JOIN domains d ON d.tenant_id = t.id AND d.canonical ORDER BY t.created_at, t.name";
const FIND_BY_NAME: &str = "SELECT t.id, t.name, t.settings, t.policy, t.management_client_id, t.created_at, d.domain, d.scheme, d.domain AS canonical \
     FROM tenants t JOIN domains d ON d.tenant_id = t.id AND d.canonical WHERE t.name = $1";
const FIND: &str = "SELECT t.id, t.name, t.settings, t.policy, t.management_client_id, t.created_at, d.domain, d.scheme, d.domain AS canonical \
     FROM tenants t JOIN domains d ON d.tenant_id = t.id AND d.canonical WHERE t.id = $1";
const CANONICAL_DOMAIN: &str = "SELECT domain FROM domains WHERE tenant_id = $1 AND canonical";
const WITHOUT_RING: &str = "SELECT d.domain FROM domains d WHERE d.canonical AND NOT EXISTS \
     (SELECT 1 FROM key_rings r WHERE r.tenant_id = d.tenant_id) LIMIT $1";
const INSERT: &str = "INSERT INTO tenants (id, name, settings, policy, created_at, management_client_id) \
     VALUES ($1, $2, $3, $4, $5, '')";
const INSERT_DOMAIN: &str =
    "INSERT INTO domains (domain, tenant_id, scheme, canonical) VALUES ($1, $2, $3, $4)";
const UPDATE_SETTINGS: &str = "UPDATE tenants SET settings = $2 WHERE id = $1";
const UPDATE_POLICY: &str = "UPDATE tenants SET policy = $2 WHERE id = $1";
const POLICY_FOR_UPDATE: &str = "UPDATE tenants SET policy = policy WHERE id = $1 RETURNING policy";
const SETTINGS_FOR_UPDATE: &str = "UPDATE tenants SET settings = settings WHERE id = $1 RETURNING settings";
const UPDATE_MANAGEMENT_CLIENT: &str = "UPDATE tenants SET management_client_id = $2 WHERE id = $1";
const DELETE: &str = "DELETE FROM tenants WHERE id = $1";
const DELETE_LOGS: &str = "DELETE FROM logs WHERE tenant_id = $1";

/// A tenant as storage keeps it, seen from one of its domains.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Its id.
    pub id: TenantId,
    /// Its name.
    pub name: String,
    /// The domain that was asked for.
    pub domain: String,
    /// Its canonical domain: what its certificates are made out to.
    pub canonical: String,
    /// `http` or `https`.
    pub scheme: String,
    /// What was set of Auth0's tenant settings.
    pub settings: Map<String, Json>,
    /// The operator's settings.
    pub policy: Policy,
    /// The application that was made with it for its Management API.
    pub management_client_id: String,
    /// Since when it exists.
    pub created_at: Timestamp,
}

fn from_row(row: &Row) -> Result<Stored, DbError> {
    Ok(Stored {
        id: TenantId::from_stored(row.text("id")?),
        name: row.text("name")?,
        domain: row.text("domain")?,
        canonical: row.text("canonical")?,
        scheme: row.text("scheme")?,
        settings: parse(&row.text("settings")?)?,
        policy: parse(&row.text("policy")?)?,
        management_client_id: row.text("management_client_id")?,
        created_at: clock::from_millis(row.int("created_at")?)?,
    })
}

/// Reads a JSON column.
pub fn parse<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, DbError> {
    serde_json::from_str(text)
        .map_err(|error| DbError::Other(format!("a JSON column cannot be read: {error}")))
}

/// Writes a JSON column.
pub fn json<T: serde::Serialize>(value: &T) -> Result<Value, DbError> {
    serde_json::to_string(value)
        .map(Value::Text)
        .map_err(|error| DbError::Other(format!("a JSON column cannot be written: {error}")))
}

/// The tenant that is reached under `domain`.
pub async fn find_by_domain(db: &Db, domain: &str) -> Result<Option<Stored>, DbError> {
    db.query_opt(FIND_BY_DOMAIN, &[domain.into()]).await?.as_ref().map(from_row).transpose()
}

/// The tenant with this id, seen from its canonical domain.
pub async fn find(db: &Db, id: &TenantId) -> Result<Option<Stored>, DbError> {
    db.query_opt(FIND, &[id.as_str().into()]).await?.as_ref().map(from_row).transpose()
}

/// The domain that a tenant goes by.
pub async fn canonical_domain(db: &Db, id: &TenantId) -> Result<Option<String>, DbError> {
    let row = db.query_opt(CANONICAL_DOMAIN, &[id.as_str().into()]).await?;
    row.map(|row| row.text("domain")).transpose()
}

/// Whether a tenant is reached at this host, at whatever port.
pub async fn is_registered_host(db: &Db, host: &Domain) -> Result<bool, DbError> {
    // Domains have no characters that mean something to LIKE.
    let values = [host.host().into(), format!("{}:%", host.host()).into()];
    let row = db.query_opt(AT_HOST, &values).await?;
    row.map_or(Ok(false), |row| Ok(row.int("total")? > 0))
}

/// The tenant of this name.
pub async fn find_by_name(db: &Db, name: &str) -> Result<Option<Stored>, DbError> {
    db.query_opt(FIND_BY_NAME, &[name.into()]).await?.as_ref().map(from_row).transpose()
}

/// All tenants, the oldest first.
pub async fn list(db: &Db) -> Result<Vec<Stored>, DbError> {
    db.query(LIST, &[]).await?.iter().map(from_row).collect()
}

/// Domains of some tenants whose key ring was never needed yet.
pub async fn without_ring(db: &Db, limit: i64) -> Result<Vec<String>, DbError> {
    db.query(WITHOUT_RING, &[Value::Int(limit)]).await?.iter().map(|row| row.text("domain")).collect()
}

/// Writes a new tenant and its canonical domain.
pub async fn insert(tx: &mut Tx, tenant: &Stored) -> Result<(), DbError> {
    let Stored {
        id,
        name,
        domain,
        canonical: _,
        scheme,
        settings,
        policy,
        created_at,
        management_client_id: _,
    } = tenant;
    tx.execute(
        INSERT,
        &[
            id.as_str().into(),
            name.as_str().into(),
            json(settings)?,
            json(policy)?,
            Value::Int(created_at.as_millisecond()),
        ],
    )
    .await?;
    let domain = [domain.as_str().into(), id.as_str().into(), scheme.as_str().into(), Value::Bool(true)];
    tx.execute(INSERT_DOMAIN, &domain).await.map(drop)
}

/// Reads the settings and keeps others from changing them until the transaction ends.
pub async fn settings_for_update(tx: &mut Tx, tenant: &TenantId) -> Result<Map<String, Json>, DbError> {
    let row = tx.query_opt(SETTINGS_FOR_UPDATE, &[tenant.as_str().into()]).await?;
    row.map_or(Ok(Map::new()), |row| parse(&row.text("settings")?))
}

/// Writes the settings.
pub async fn update_settings(
    tx: &mut Tx,
    tenant: &TenantId,
    settings: &Map<String, Json>,
) -> Result<(), DbError> {
    tx.execute(UPDATE_SETTINGS, &[tenant.as_str().into(), json(settings)?]).await.map(drop)
}

/// Reads the operator's settings and keeps others from changing them until the transaction ends. None: the tenant
/// is gone.
pub async fn policy_for_update(tx: &mut Tx, tenant: &TenantId) -> Result<Option<Policy>, DbError> {
    let row = tx.query_opt(POLICY_FOR_UPDATE, &[tenant.as_str().into()]).await?;
    row.map(|row| parse(&row.text("policy")?)).transpose()
}

/// Writes the operator's settings.
pub async fn update_policy(tx: &mut Tx, tenant: &TenantId, policy: &Policy) -> Result<(), DbError> {
    tx.execute(UPDATE_POLICY, &[tenant.as_str().into(), json(policy)?]).await.map(drop)
}

/// Remembers the application that was made with the tenant.
pub async fn update_management_client(
    tx: &mut Tx,
    tenant: &TenantId,
    client_id: &str,
) -> Result<(), DbError> {
    tx.execute(UPDATE_MANAGEMENT_CLIENT, &[tenant.as_str().into(), client_id.into()]).await.map(drop)
}

/// Deletes a tenant with everything that belongs to it.
pub async fn delete(tx: &mut Tx, tenant: &TenantId) -> Result<(), DbError> {
    tx.execute(DELETE, &[tenant.as_str().into()]).await?;
    tx.execute(DELETE_LOGS, &[tenant.as_str().into()]).await.map(drop)
}
