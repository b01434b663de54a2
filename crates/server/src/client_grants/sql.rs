//! The statements of client grants.

use super::ClientGrant;
use crate::clock;
use crate::db::{Db, DbError, Row, Tx, Value};
use crate::management::checkpoint::Checkpoint;
use crate::tenants::TenantId;
use crate::tenants::sql::{json, parse};

/// The grants of the application that a statement about `clients` asks for; what they must be follows.
pub const OF_CLIENT: &str = "SELECT 1 FROM client_grants \
     WHERE client_grants.tenant_id = clients.tenant_id AND client_grants.client_id = clients.client_id AND ";
const FIND: &str = "SELECT id, client_id, audience, subject_type, default_for, is_system, document, created_at, updated_at \
     FROM client_grants WHERE tenant_id = $1 AND id = $2";
const FIND_FOR_CLIENT: &str = "SELECT id, client_id, audience, subject_type, default_for, is_system, document, created_at, updated_at \
     FROM client_grants WHERE tenant_id = $1 AND client_id = $2 AND audience = $3 AND subject_type = 'client'";
const FIND_FOR_USERS: &str = "SELECT id, client_id, audience, subject_type, default_for, is_system, document, created_at, updated_at \
     FROM client_grants WHERE tenant_id = $1 AND client_id = $2 AND audience = $3 AND subject_type = 'user'";
const FIND_DEFAULT: &str = "SELECT id, client_id, audience, subject_type, default_for, is_system, document, created_at, updated_at \
     FROM client_grants WHERE tenant_id = $1 AND default_for = $2 AND audience = $3 AND subject_type = 'client'";
const FIND_FOR_UPDATE: &str = "UPDATE client_grants SET updated_at = updated_at WHERE tenant_id = $1 AND id = $2 \
     RETURNING id, client_id, audience, subject_type, default_for, is_system, document, created_at, updated_at";
// allow_any_organization is asked for so seldom that it has no column: the document is our own compact JSON,
// in which a quotation mark inside a value is escaped, so the pattern fits the member alone.
const PAGE: &str = "SELECT id, client_id, audience, subject_type, default_for, is_system, document, created_at, updated_at \
     FROM client_grants WHERE tenant_id = $1 \
     AND (CAST($2 AS TEXT) IS NULL OR audience = $2) \
     AND (CAST($3 AS TEXT) IS NULL OR client_id = $3) \
     AND (CAST($4 AS TEXT) IS NULL OR subject_type = $4) \
     AND (CAST($5 AS TEXT) IS NULL OR default_for = $5) \
     AND (CAST($6 AS TEXT) IS NULL OR (document LIKE '%\"allow_any_organization\":true%') = ($6 = 'true')) \
     ORDER BY created_at, id LIMIT $7 OFFSET $8";
const AFTER: &str = "SELECT id, client_id, audience, subject_type, default_for, is_system, document, created_at, updated_at \
     FROM client_grants WHERE tenant_id = $1 \
     AND (CAST($2 AS TEXT) IS NULL OR audience = $2) \
     AND (CAST($3 AS TEXT) IS NULL OR client_id = $3) \
     AND (CAST($4 AS TEXT) IS NULL OR subject_type = $4) \
     AND (CAST($5 AS TEXT) IS NULL OR default_for = $5) \
     AND (CAST($6 AS TEXT) IS NULL OR (document LIKE '%\"allow_any_organization\":true%') = ($6 = 'true')) \
     AND (created_at, id) > ($7, $8) ORDER BY created_at, id LIMIT $9";
const COUNT: &str = "SELECT COUNT(*) AS total FROM client_grants WHERE tenant_id = $1 \
     AND (CAST($2 AS TEXT) IS NULL OR audience = $2) \
     AND (CAST($3 AS TEXT) IS NULL OR client_id = $3) \
     AND (CAST($4 AS TEXT) IS NULL OR subject_type = $4) \
     AND (CAST($5 AS TEXT) IS NULL OR default_for = $5) \
     AND (CAST($6 AS TEXT) IS NULL OR (document LIKE '%\"allow_any_organization\":true%') = ($6 = 'true'))";
const INSERT: &str = "INSERT INTO client_grants \
     (tenant_id, id, client_id, audience, subject_type, default_for, is_system, document, created_at, updated_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
const UPDATE: &str =
    "UPDATE client_grants SET document = $3, updated_at = $4 WHERE tenant_id = $1 AND id = $2";
const DELETE: &str = "DELETE FROM client_grants WHERE tenant_id = $1 AND id = $2";

/// What a list is narrowed to; none means everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The identifier of an API.
    pub audience: Option<String>,
    /// An application.
    pub client_id: Option<String>,
    /// `client` or `user`.
    pub subject_type: Option<String>,
    /// The kind of applications that a grant is a default for.
    pub default_for: Option<String>,
    /// Whether any organization may use it.
    pub allow_any_organization: Option<bool>,
}

impl Filter {
    /// The first parameters of the statements that list.
    fn values(&self, tenant: &TenantId) -> Vec<Value> {
        let Self { audience, client_id, subject_type, default_for, allow_any_organization } = self;
        let any_organization = allow_any_organization.map(|any| if any { "true" } else { "false" });
        vec![
            tenant.as_str().into(),
            audience.as_deref().into(),
            client_id.as_deref().into(),
            subject_type.as_deref().into(),
            default_for.as_deref().into(),
            any_organization.into(),
        ]
    }
}

fn from_row(row: &Row) -> Result<ClientGrant, DbError> {
    Ok(ClientGrant {
        id: row.text("id")?,
        client_id: row.opt_text("client_id")?,
        audience: row.text("audience")?,
        subject_type: row.text("subject_type")?,
        default_for: row.opt_text("default_for")?,
        is_system: row.bool("is_system")?,
        document: parse(&row.text("document")?)?,
        created_at: clock::from_millis(row.int("created_at")?)?,
        updated_at: clock::from_millis(row.int("updated_at")?)?,
    })
}

/// The grant with this id.
pub async fn find(db: &Db, tenant: &TenantId, id: &str) -> Result<Option<ClientGrant>, DbError> {
    let row = db.query_opt(FIND, &[tenant.as_str().into(), id.into()]).await?;
    row.as_ref().map(from_row).transpose()
}

/// The grant of an application for itself at an API.
pub async fn find_for_client(
    db: &Db,
    tenant: &TenantId,
    client_id: &str,
    audience: &str,
) -> Result<Option<ClientGrant>, DbError> {
    let values = [tenant.as_str().into(), client_id.into(), audience.into()];
    db.look_up_opt(FIND_FOR_CLIENT, &values).await?.as_ref().map(from_row).transpose()
}

/// The grant that an application has on behalf of users at an API.
pub async fn find_for_users(
    db: &Db,
    tenant: &TenantId,
    (client_id, audience): (&str, &str),
) -> Result<Option<ClientGrant>, DbError> {
    let values = [tenant.as_str().into(), client_id.into(), audience.into()];
    db.look_up_opt(FIND_FOR_USERS, &values).await?.as_ref().map(from_row).transpose()
}

/// The grant that applications of a kind have for themselves at an API where they have none of their own.
pub async fn find_default(
    db: &Db,
    tenant: &TenantId,
    (kind, audience): (&str, &str),
) -> Result<Option<ClientGrant>, DbError> {
    let values = [tenant.as_str().into(), kind.into(), audience.into()];
    db.look_up_opt(FIND_DEFAULT, &values).await?.as_ref().map(from_row).transpose()
}

/// The grant with this id; others who want to change it wait until the transaction ends.
pub async fn find_for_update(
    tx: &mut Tx,
    tenant: &TenantId,
    id: &str,
) -> Result<Option<ClientGrant>, DbError> {
    let row = tx.query_opt(FIND_FOR_UPDATE, &[tenant.as_str().into(), id.into()]).await?;
    row.as_ref().map(from_row).transpose()
}

/// A page of grants, the oldest first.
pub async fn page(
    db: &Db,
    tenant: &TenantId,
    filter: &Filter,
    (limit, offset): (i64, i64),
) -> Result<Vec<ClientGrant>, DbError> {
    let mut values = filter.values(tenant);
    values.extend([Value::Int(limit), Value::Int(offset)]);
    db.query(PAGE, &values).await?.iter().map(from_row).collect()
}

/// The grants after a place, the oldest first.
pub async fn after(
    db: &Db,
    tenant: &TenantId,
    filter: &Filter,
    place: &Checkpoint,
    limit: i64,
) -> Result<Vec<ClientGrant>, DbError> {
    let mut values = filter.values(tenant);
    values.extend([Value::Int(place.created_at), place.id.as_str().into(), Value::Int(limit)]);
    db.query(AFTER, &values).await?.iter().map(from_row).collect()
}

/// How many grants there are.
pub async fn count(db: &Db, tenant: &TenantId, filter: &Filter) -> Result<i64, DbError> {
    let row = db.query_opt(COUNT, &filter.values(tenant)).await?;
    row.map_or(Ok(0), |row| row.int("total"))
}

/// Writes a new grant.
pub async fn insert(tx: &mut Tx, tenant: &TenantId, grant: &ClientGrant) -> Result<(), DbError> {
    let ClientGrant {
        id,
        client_id,
        audience,
        subject_type,
        default_for,
        is_system,
        document,
        created_at,
        updated_at,
    } = grant;
    let values = [
        tenant.as_str().into(),
        id.as_str().into(),
        client_id.as_deref().into(),
        audience.as_str().into(),
        subject_type.as_str().into(),
        default_for.as_deref().into(),
        Value::Bool(*is_system),
        json(document)?,
        Value::Int(created_at.as_millisecond()),
        Value::Int(updated_at.as_millisecond()),
    ];
    tx.execute(INSERT, &values).await.map(drop)
}

/// Writes what can change of a grant.
pub async fn update(tx: &mut Tx, tenant: &TenantId, grant: &ClientGrant) -> Result<(), DbError> {
    let values = [
        tenant.as_str().into(),
        grant.id.as_str().into(),
        json(&grant.document)?,
        Value::Int(grant.updated_at.as_millisecond()),
    ];
    tx.execute(UPDATE, &values).await.map(drop)
}

/// Deletes a grant.
pub async fn delete(tx: &mut Tx, tenant: &TenantId, id: &str) -> Result<(), DbError> {
    tx.execute(DELETE, &[tenant.as_str().into(), id.into()]).await.map(drop)
}
