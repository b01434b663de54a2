//! The statements of consents.

use super::{Between, UserGrant};
use crate::clock;
use crate::db::{Db, DbError, Row, Tx, Value};
use crate::tenants::TenantId;

const FIND_BETWEEN: &str = "SELECT id, user_id, client_id, audience, scope, created_at FROM user_grants \
     WHERE tenant_id = $1 AND user_id = $2 AND client_id = $3 AND audience = $4";
// The row is made if need be, so that two logins that allow something at once wait for each other.
const LOCK: &str = "INSERT INTO user_grants (tenant_id, id, user_id, client_id, audience, scope, created_at) \
     VALUES ($1, $2, $3, $4, $5, '', $6) \
     ON CONFLICT (tenant_id, user_id, client_id, audience) DO UPDATE SET audience = excluded.audience \
     RETURNING id, user_id, client_id, audience, scope, created_at";
const UPDATE: &str = "UPDATE user_grants SET scope = $3 WHERE tenant_id = $1 AND id = $2";
const PAGE: &str = "SELECT id, user_id, client_id, audience, scope, created_at FROM user_grants \
     WHERE tenant_id = $1 AND client_id <> 'chancery-dashboard' AND (CAST($2 AS TEXT) IS NULL OR user_id = $2) \
     AND (CAST($3 AS TEXT) IS NULL OR client_id = $3) AND (CAST($4 AS TEXT) IS NULL OR audience = $4) \
     ORDER BY created_at, id LIMIT $5 OFFSET $6";
const COUNT: &str = "SELECT COUNT(*) AS total FROM user_grants \
     WHERE tenant_id = $1 AND client_id <> 'chancery-dashboard' AND (CAST($2 AS TEXT) IS NULL OR user_id = $2) \
     AND (CAST($3 AS TEXT) IS NULL OR client_id = $3) AND (CAST($4 AS TEXT) IS NULL OR audience = $4)";
const DELETE: &str = "DELETE FROM user_grants WHERE tenant_id = $1 AND id = $2 \
     AND client_id <> 'chancery-dashboard' RETURNING *";
const DELETE_OF_USER: &str = "DELETE FROM user_grants WHERE tenant_id = $1 AND user_id = $2 \
     AND client_id <> 'chancery-dashboard' RETURNING *";

/// What a list is narrowed to; none means everything.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter<'a> {
    /// A user.
    pub user_id: Option<&'a str>,
    /// An application.
    pub client_id: Option<&'a str>,
    /// An API.
    pub audience: Option<&'a str>,
}

impl Filter<'_> {
    fn values(&self, tenant: &TenantId) -> Vec<Value> {
        let Self { user_id, client_id, audience } = *self;
        vec![tenant.as_str().into(), user_id.into(), client_id.into(), audience.into()]
    }
}

fn from_row(row: &Row) -> Result<UserGrant, DbError> {
    Ok(UserGrant {
        id: row.text("id")?,
        user_id: row.text("user_id")?,
        client_id: row.text("client_id")?,
        audience: row.text("audience")?,
        scopes: row.text("scope")?.split_ascii_whitespace().map(str::to_owned).collect(),
        created_at: clock::from_millis(row.int("created_at")?)?,
    })
}

/// The consent between these three.
pub async fn find_between(
    db: &Db,
    tenant: &TenantId,
    Between { user_id, client_id, audience }: Between<'_>,
) -> Result<Option<UserGrant>, DbError> {
    let values = [tenant.as_str().into(), user_id.into(), client_id.into(), audience.into()];
    db.look_up_opt(FIND_BETWEEN, &values).await?.as_ref().map(from_row).transpose()
}

/// The consent between the same three as `new`, which is written if there is none yet; kept from others until
/// the transaction ends.
pub async fn lock(tx: &mut Tx, tenant: &TenantId, new: &UserGrant) -> Result<UserGrant, DbError> {
    let UserGrant { id, user_id, client_id, audience, scopes: _, created_at } = new;
    let values = [
        tenant.as_str().into(),
        id.into(),
        user_id.into(),
        client_id.into(),
        audience.into(),
        created_at.as_millisecond().into(),
    ];
    let row = tx.query_opt(LOCK, &values).await?;
    from_row(&row.ok_or_else(|| DbError::Other("a consent was not written".to_owned()))?)
}

/// Writes the scopes of a consent.
pub async fn update(tx: &mut Tx, tenant: &TenantId, grant: &UserGrant) -> Result<(), DbError> {
    let scope = grant.scopes.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
    tx.execute(UPDATE, &[tenant.as_str().into(), (&grant.id).into(), scope.into()]).await.map(drop)
}

/// Some consents, oldest first.
pub async fn page(
    db: &Db,
    tenant: &TenantId,
    filter: &Filter<'_>,
    (limit, offset): (i64, i64),
) -> Result<Vec<UserGrant>, DbError> {
    let mut values = filter.values(tenant);
    values.extend([limit.into(), offset.into()]);
    db.query(PAGE, &values).await?.iter().map(from_row).collect()
}

/// How many consents there are.
pub async fn count(db: &Db, tenant: &TenantId, filter: &Filter<'_>) -> Result<i64, DbError> {
    let row = db.query_opt(COUNT, &filter.values(tenant)).await?;
    row.map_or(Ok(0), |row| row.int("total"))
}

/// Deletes a consent, if it is there.
pub async fn delete(tx: &mut Tx, tenant: &TenantId, id: &str) -> Result<Vec<UserGrant>, DbError> {
    tx.query(DELETE, &[tenant.as_str().into(), id.into()]).await?.iter().map(from_row).collect()
}

/// Deletes all consents of a user.
pub async fn delete_of_user(
    tx: &mut Tx,
    tenant: &TenantId,
    user_id: &str,
) -> Result<Vec<UserGrant>, DbError> {
    tx.query(DELETE_OF_USER, &[tenant.as_str().into(), user_id.into()]).await?.iter().map(from_row).collect()
}
