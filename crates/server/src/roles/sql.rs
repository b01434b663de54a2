//! The statements of roles, their permissions and their members.

use super::{Permission, Role};
use crate::clock;
use crate::db::{Db, DbError, Row, Tx, Value, fold};
use crate::management::checkpoint::Checkpoint;
use crate::tenants::TenantId;

const FIND: &str = "SELECT id, name, description, created_at FROM roles WHERE tenant_id = $1 AND id = $2";
const LOCK: &str = "UPDATE roles SET name = name WHERE tenant_id = $1 AND id = $2 \
     RETURNING id, name, description, created_at";
const PAGE: &str = "SELECT id, name, description, created_at FROM roles WHERE tenant_id = $1 \
     AND (CAST($2 AS TEXT) IS NULL OR search_like(folded_name, CAST($2 AS TEXT))) \
     ORDER BY created_at, id LIMIT $3 OFFSET $4";
const COUNT: &str = "SELECT COUNT(*) AS total FROM roles WHERE tenant_id = $1 \
     AND (CAST($2 AS TEXT) IS NULL OR search_like(folded_name, CAST($2 AS TEXT)))";
const INSERT: &str = "INSERT INTO roles (tenant_id, id, name, folded_name, description, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
const UPDATE: &str =
    "UPDATE roles SET name = $3, folded_name = $4, description = $5 WHERE tenant_id = $1 AND id = $2";
const DELETE: &str = "DELETE FROM roles WHERE tenant_id = $1 AND id = $2";

const PERMISSIONS: &str = "SELECT audience, permission FROM role_permissions \
     WHERE tenant_id = $1 AND role_id = $2 ORDER BY audience, permission LIMIT $3 OFFSET $4";
const COUNT_PERMISSIONS: &str =
    "SELECT COUNT(*) AS total FROM role_permissions WHERE tenant_id = $1 AND role_id = $2";
const PERMIT_ROLE: &str = "INSERT INTO role_permissions (tenant_id, role_id, audience, permission) \
     VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
const FORBID_ROLE: &str = "DELETE FROM role_permissions \
     WHERE tenant_id = $1 AND role_id = $2 AND audience = $3 AND permission = $4";
const PERMIT_USER: &str = "INSERT INTO user_permissions (tenant_id, user_id, audience, permission) \
     VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
const FORBID_USER: &str = "DELETE FROM user_permissions \
     WHERE tenant_id = $1 AND user_id = $2 AND audience = $3 AND permission = $4";
const SOURCES: &str = "SELECT audience, permission, NULL AS role_id, NULL AS role_name FROM user_permissions \
     WHERE tenant_id = $1 AND user_id = $2 \
     UNION ALL SELECT p.audience, p.permission, r.id, r.name FROM user_roles u \
     JOIN role_permissions p ON p.tenant_id = u.tenant_id AND p.role_id = u.role_id \
     JOIN roles r ON r.tenant_id = u.tenant_id AND r.id = u.role_id \
     WHERE u.tenant_id = $1 AND u.user_id = $2";
const PERMISSIONS_AT: &str = "SELECT permission FROM user_permissions \
     WHERE tenant_id = $1 AND user_id = $2 AND audience = $3 \
     UNION SELECT p.permission FROM user_roles u \
     JOIN role_permissions p ON p.tenant_id = u.tenant_id AND p.role_id = u.role_id AND p.audience = $3 \
     WHERE u.tenant_id = $1 AND u.user_id = $2";

const ROLES_OF_USER: &str = "SELECT r.id, r.name, r.description, r.created_at FROM user_roles u \
     JOIN roles r ON r.tenant_id = u.tenant_id AND r.id = u.role_id \
     WHERE u.tenant_id = $1 AND u.user_id = $2 ORDER BY u.assigned_at, u.role_id LIMIT $3 OFFSET $4";
const COUNT_ROLES: &str = "SELECT COUNT(*) AS total FROM user_roles WHERE tenant_id = $1 AND user_id = $2";
const MEMBERS: &str = "SELECT m.user_id, m.assigned_at, u.email, u.name, u.picture FROM user_roles m \
     JOIN users u ON u.tenant_id = m.tenant_id AND u.user_id = m.user_id \
     WHERE m.tenant_id = $1 AND m.role_id = $2 ORDER BY m.assigned_at, m.user_id LIMIT $3 OFFSET $4";
const MEMBERS_AFTER: &str = "SELECT m.user_id, m.assigned_at, u.email, u.name, u.picture FROM user_roles m \
     JOIN users u ON u.tenant_id = m.tenant_id AND u.user_id = m.user_id \
     WHERE m.tenant_id = $1 AND m.role_id = $2 AND (m.assigned_at, m.user_id) > ($3, $4) \
     ORDER BY m.assigned_at, m.user_id LIMIT $5";
const COUNT_MEMBERS: &str = "SELECT COUNT(*) AS total FROM user_roles WHERE tenant_id = $1 AND role_id = $2";
const ASSIGN: &str = "INSERT INTO user_roles (tenant_id, user_id, role_id, assigned_at) \
     VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
const WITHDRAW: &str = "DELETE FROM user_roles WHERE tenant_id = $1 AND user_id = $2 AND role_id = $3";

/// Which part of a list: at most so many, after so many.
pub type Part = (i64, i64);

/// Who permissions belong to.
#[derive(Debug, Clone, Copy)]
pub enum Holder<'a> {
    /// The role with this id.
    Role(&'a str),
    /// The user with this id.
    User(&'a str),
}

/// A permission of a user and the role that it comes from; none if the user has it directly.
#[derive(Debug, Clone)]
pub struct Source {
    /// The permission.
    pub permission: Permission,
    /// Id and name of the role.
    pub role: Option<(String, String)>,
}

/// A user who has a role.
#[derive(Debug, Clone)]
pub struct Member {
    /// The id of the user.
    pub user_id: String,
    /// Since when, in milliseconds.
    pub assigned_at: i64,
    /// What else is known of the user.
    pub email: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// Where a picture is.
    pub picture: Option<String>,
}

fn from_row(row: &Row) -> Result<Role, DbError> {
    Ok(Role {
        id: row.text("id")?,
        name: row.text("name")?,
        description: row.opt_text("description")?,
        created_at: clock::from_millis(row.int("created_at")?)?,
    })
}

fn permission(row: &Row) -> Result<Permission, DbError> {
    Ok(Permission { audience: row.text("audience")?, name: row.text("permission")? })
}

fn member(row: &Row) -> Result<Member, DbError> {
    Ok(Member {
        user_id: row.text("user_id")?,
        assigned_at: row.int("assigned_at")?,
        email: row.opt_text("email")?,
        name: row.opt_text("name")?,
        picture: row.opt_text("picture")?,
    })
}

fn total(row: Option<Row>) -> Result<i64, DbError> {
    row.map_or(Ok(0), |row| row.int("total"))
}

fn part(tenant: &TenantId, owner: &str, (limit, offset): Part) -> [Value; 4] {
    [tenant.as_str().into(), owner.into(), limit.into(), offset.into()]
}

/// The role with this id.
pub async fn find(db: &Db, tenant: &TenantId, id: &str) -> Result<Option<Role>, DbError> {
    db.query_opt(FIND, &[tenant.as_str().into(), id.into()]).await?.as_ref().map(from_row).transpose()
}

/// The role with this id, kept from others until the transaction ends.
pub async fn lock(tx: &mut Tx, tenant: &TenantId, id: &str) -> Result<Option<Role>, DbError> {
    tx.query_opt(LOCK, &[tenant.as_str().into(), id.into()]).await?.as_ref().map(from_row).transpose()
}

/// Roles whose folded names are like a pattern, oldest first.
pub async fn page(
    db: &Db,
    tenant: &TenantId,
    pattern: Option<&str>,
    (limit, offset): Part,
) -> Result<Vec<Role>, DbError> {
    let values = [tenant.as_str().into(), pattern.into(), limit.into(), offset.into()];
    db.query(PAGE, &values).await?.iter().map(from_row).collect()
}

/// How many roles have names like a pattern.
pub async fn count(db: &Db, tenant: &TenantId, pattern: Option<&str>) -> Result<i64, DbError> {
    total(db.query_opt(COUNT, &[tenant.as_str().into(), pattern.into()]).await?)
}

/// Writes a new role.
pub async fn insert(tx: &mut Tx, tenant: &TenantId, role: &Role) -> Result<(), DbError> {
    let Role { id, name, description, created_at } = role;
    let values = [
        tenant.as_str().into(),
        id.into(),
        name.into(),
        fold(name).into(),
        description.as_deref().into(),
        created_at.as_millisecond().into(),
    ];
    tx.execute(INSERT, &values).await.map(drop)
}

/// Writes what can change of a role.
pub async fn update(tx: &mut Tx, tenant: &TenantId, role: &Role) -> Result<(), DbError> {
    let Role { id, name, description, created_at: _ } = role;
    let values =
        [tenant.as_str().into(), id.into(), name.into(), fold(name).into(), description.as_deref().into()];
    tx.execute(UPDATE, &values).await.map(drop)
}

/// Deletes a role with all that it permits. False: there was none.
pub async fn delete(tx: &mut Tx, tenant: &TenantId, id: &str) -> Result<bool, DbError> {
    Ok(tx.execute(DELETE, &[tenant.as_str().into(), id.into()]).await? == 1)
}

/// What a role permits.
pub async fn permissions(
    db: &Db,
    tenant: &TenantId,
    role_id: &str,
    of: Part,
) -> Result<Vec<Permission>, DbError> {
    db.query(PERMISSIONS, &part(tenant, role_id, of)).await?.iter().map(permission).collect()
}

/// How much a role permits.
pub async fn count_permissions(db: &Db, tenant: &TenantId, role_id: &str) -> Result<i64, DbError> {
    total(db.query_opt(COUNT_PERMISSIONS, &[tenant.as_str().into(), role_id.into()]).await?)
}

/// Gives a permission; one that is there already stays.
pub async fn permit(
    tx: &mut Tx,
    tenant: &TenantId,
    holder: Holder<'_>,
    permission: &Permission,
) -> Result<(), DbError> {
    let (statement, id) = match holder {
        Holder::Role(id) => (PERMIT_ROLE, id),
        Holder::User(id) => (PERMIT_USER, id),
    };
    let Permission { audience, name } = permission;
    tx.execute(statement, &[tenant.as_str().into(), id.into(), audience.into(), name.into()]).await.map(drop)
}

/// Takes a permission away, if it is there.
pub async fn forbid(
    tx: &mut Tx,
    tenant: &TenantId,
    holder: Holder<'_>,
    permission: &Permission,
) -> Result<(), DbError> {
    let (statement, id) = match holder {
        Holder::Role(id) => (FORBID_ROLE, id),
        Holder::User(id) => (FORBID_USER, id),
    };
    let Permission { audience, name } = permission;
    tx.execute(statement, &[tenant.as_str().into(), id.into(), audience.into(), name.into()]).await.map(drop)
}

/// Every permission of a user, once for each place that it comes from.
pub async fn sources(db: &Db, tenant: &TenantId, user_id: &str) -> Result<Vec<Source>, DbError> {
    let rows = db.query(SOURCES, &[tenant.as_str().into(), user_id.into()]).await?;
    let source = |row: &Row| {
        let role = row.opt_text("role_id")?.zip(row.opt_text("role_name")?);
        Ok(Source { permission: permission(row)?, role })
    };
    rows.iter().map(source).collect()
}

/// The permissions of a user at one API, by roles and directly, each once.
pub async fn permissions_at(
    db: &Db,
    tenant: &TenantId,
    user_id: &str,
    audience: &str,
) -> Result<Vec<String>, DbError> {
    let values = [tenant.as_str().into(), user_id.into(), audience.into()];
    db.look_up(PERMISSIONS_AT, &values).await?.iter().map(|row| row.text("permission")).collect()
}

/// The roles that a user has, in the order in which they were given.
pub async fn roles_of_user(
    db: &Db,
    tenant: &TenantId,
    user_id: &str,
    of: Part,
) -> Result<Vec<Role>, DbError> {
    db.query(ROLES_OF_USER, &part(tenant, user_id, of)).await?.iter().map(from_row).collect()
}

/// How many roles a user has.
pub async fn count_roles(db: &Db, tenant: &TenantId, user_id: &str) -> Result<i64, DbError> {
    total(db.query_opt(COUNT_ROLES, &[tenant.as_str().into(), user_id.into()]).await?)
}

/// Who has a role.
pub async fn members(db: &Db, tenant: &TenantId, role_id: &str, of: Part) -> Result<Vec<Member>, DbError> {
    db.query(MEMBERS, &part(tenant, role_id, of)).await?.iter().map(member).collect()
}

/// Who has a role, from a place on.
pub async fn members_after(
    db: &Db,
    tenant: &TenantId,
    role_id: &str,
    place: &Checkpoint,
    limit: i64,
) -> Result<Vec<Member>, DbError> {
    let place = [place.created_at.into(), place.id.as_str().into(), limit.into()];
    let values: Vec<Value> = [tenant.as_str().into(), role_id.into()].into_iter().chain(place).collect();
    db.query(MEMBERS_AFTER, &values).await?.iter().map(member).collect()
}

/// How many users have a role.
pub async fn count_members(db: &Db, tenant: &TenantId, role_id: &str) -> Result<i64, DbError> {
    total(db.query_opt(COUNT_MEMBERS, &[tenant.as_str().into(), role_id.into()]).await?)
}

/// Gives a role to a user. [`DbError::Constraint`]: there is no such role or no such user.
pub async fn assign(
    tx: &mut Tx,
    tenant: &TenantId,
    (user_id, role_id): (&str, &str),
    now: i64,
) -> Result<(), DbError> {
    tx.execute(ASSIGN, &[tenant.as_str().into(), user_id.into(), role_id.into(), now.into()]).await.map(drop)
}

/// Takes a role from a user, if it has it.
pub async fn withdraw(
    tx: &mut Tx,
    tenant: &TenantId,
    (user_id, role_id): (&str, &str),
) -> Result<(), DbError> {
    tx.execute(WITHDRAW, &[tenant.as_str().into(), user_id.into(), role_id.into()]).await.map(drop)
}
