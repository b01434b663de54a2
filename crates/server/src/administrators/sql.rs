//! The statements of administrators, their invitations, and the sessions of the Dashboard.
//!
//! Reads `users` beside its own tables: name, address and last login of an administrator stand there.

use jiff::Timestamp;

use super::sessions::DashboardSession;
use super::{Administrator, Invitation, Role};
use crate::clock;
use crate::db::{Db, DbError, Row, Tx, Value};
use crate::tenants::TenantId;
use crate::tenants::sql::{json, parse};

const FIND: &str = "SELECT a.user_id, a.role, a.invited_by, a.created_at, u.email, u.name, u.last_login \
     FROM administrators a JOIN users u ON u.tenant_id = a.tenant_id AND u.user_id = a.user_id \
     WHERE a.tenant_id = $1 AND a.user_id = $2 AND (u.blocked IS NULL OR NOT u.blocked)";
const LIST: &str = "SELECT a.user_id, a.role, a.invited_by, a.created_at, u.email, u.name, u.last_login \
     FROM administrators a JOIN users u ON u.tenant_id = a.tenant_id AND u.user_id = a.user_id \
     WHERE a.tenant_id = $1 ORDER BY a.created_at, a.user_id";
const TENANTS_OF: &str = "SELECT t.name, d.scheme, d.domain FROM administrators a \
     JOIN users u ON u.tenant_id = a.tenant_id AND u.user_id = a.user_id \
     JOIN tenants t ON t.id = a.tenant_id JOIN domains d ON d.tenant_id = t.id AND d.canonical \
     WHERE ((a.tenant_id = $1 AND a.user_id = $2) OR u.email = (SELECT own.email FROM administrators me \
         JOIN users own ON own.tenant_id = me.tenant_id AND own.user_id = me.user_id \
         WHERE me.tenant_id = $1 AND me.user_id = $2 AND (me.invited_by IS NULL OR own.email_verified))) \
     AND (u.blocked IS NULL OR NOT u.blocked) ORDER BY t.name";
const INSERT: &str = "INSERT INTO administrators (tenant_id, user_id, role, invited_by, created_at) \
     VALUES ($1, $2, $3, $4, $5)";
const UPDATE_ROLE: &str = "UPDATE administrators SET role = $3 WHERE tenant_id = $1 AND user_id = $2";

const INSERT_INVITATION: &str = "INSERT INTO administrator_invitations \
     (tenant_id, id, digest, email, role, invited_by, created_at, expires_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const FIND_INVITATION: &str = "SELECT id, email, role, invited_by, created_at, expires_at \
     FROM administrator_invitations \
     WHERE tenant_id = $1 AND digest = $2 AND (expires_at IS NULL OR expires_at > $3)";
// One statement: of two that present the same text, one finds nothing.
const USE_INVITATION: &str = "DELETE FROM administrator_invitations \
     WHERE tenant_id = $1 AND digest = $2 AND (expires_at IS NULL OR expires_at > $3) \
     RETURNING id, email, role, invited_by, created_at, expires_at";
const INVITATIONS: &str = "SELECT id, email, role, invited_by, created_at, expires_at \
     FROM administrator_invitations \
     WHERE tenant_id = $1 AND (expires_at IS NULL OR expires_at > $2) ORDER BY created_at, id";
const DELETE_INVITATION: &str = "DELETE FROM administrator_invitations WHERE tenant_id = $1 AND id = $2";
const DELETE_ENDLESS: &str =
    "DELETE FROM administrator_invitations WHERE tenant_id = $1 AND expires_at IS NULL";
const SWEEP_INVITATIONS: &str = "DELETE FROM administrator_invitations WHERE expires_at < $1";

const INSERT_SESSION: &str = "INSERT INTO dashboard_sessions \
     (tenant_id, digest, user_id, created_at, updated_at, expires_at, document) \
     VALUES ($1, $2, $3, $4, $5, $6, $7)";
const FIND_SESSION: &str = "SELECT user_id, created_at, updated_at, expires_at, document \
     FROM dashboard_sessions WHERE tenant_id = $1 AND digest = $2";
const TOUCH_SESSION: &str = "UPDATE dashboard_sessions SET updated_at = $3, expires_at = $4 \
     WHERE tenant_id = $1 AND digest = $2 AND updated_at < $3";
const DELETE_SESSION: &str = "DELETE FROM dashboard_sessions WHERE tenant_id = $1 AND digest = $2";
const DELETE_SESSIONS_OF: &str = "DELETE FROM dashboard_sessions WHERE tenant_id = $1 AND user_id = $2";
const SWEEP_SESSIONS: &str = "DELETE FROM dashboard_sessions WHERE expires_at < $1";

fn role(row: &Row) -> Result<Role, DbError> {
    row.text("role")?.parse().map_err(|error| DbError::Other(format!("a stored role is none: {error}")))
}

fn administrator(row: &Row) -> Result<Administrator, DbError> {
    Ok(Administrator {
        user_id: row.text("user_id")?,
        email: row.opt_text("email")?.unwrap_or_default(),
        name: row.opt_text("name")?,
        role: role(row)?,
        created_at: clock::from_millis(row.int("created_at")?)?,
        last_login: row.opt_int("last_login")?.map(clock::from_millis).transpose()?,
        invited_by: row.opt_text("invited_by")?,
    })
}

fn invitation(row: &Row) -> Result<Invitation, DbError> {
    Ok(Invitation {
        id: row.text("id")?,
        email: row.opt_text("email")?,
        role: role(row)?,
        invited_by: row.opt_text("invited_by")?,
        created_at: clock::from_millis(row.int("created_at")?)?,
        expires_at: row.opt_int("expires_at")?.map(clock::from_millis).transpose()?,
    })
}

fn session(row: &Row) -> Result<DashboardSession, DbError> {
    let moment = |name: &str| clock::from_millis(row.int(name)?);
    Ok(DashboardSession {
        user_id: row.text("user_id")?,
        created_at: moment("created_at")?,
        updated_at: moment("updated_at")?,
        expires_at: moment("expires_at")?,
        document: parse(&row.text("document")?)?,
    })
}

/// The administrator with this id who is not blocked.
pub(super) async fn find(
    db: &Db,
    tenant: &TenantId,
    user_id: &str,
) -> Result<Option<Administrator>, DbError> {
    let row = db.look_up_opt(FIND, &[tenant.as_str().into(), user_id.into()]).await?;
    row.as_ref().map(administrator).transpose()
}

/// All administrators, the first one first.
pub(super) async fn list(db: &Db, tenant: &TenantId) -> Result<Vec<Administrator>, DbError> {
    db.query(LIST, &[tenant.as_str().into()]).await?.iter().map(administrator).collect()
}

/// The same, as an open transaction sees them.
pub(super) async fn list_in(tx: &mut Tx, tenant: &TenantId) -> Result<Vec<Administrator>, DbError> {
    tx.query(LIST, &[tenant.as_str().into()]).await?.iter().map(administrator).collect()
}

/// Name, scheme and domain of the tenant of an administrator, and of those where somebody with their proved address is
/// one too.
pub(super) async fn tenants_of(
    db: &Db,
    tenant: &TenantId,
    user_id: &str,
) -> Result<Vec<(String, String, String)>, DbError> {
    let rows = db.query(TENANTS_OF, &[tenant.as_str().into(), user_id.into()]).await?;
    rows.iter().map(|row| Ok((row.text("name")?, row.text("scheme")?, row.text("domain")?))).collect()
}

/// Writes a new administrator.
pub(super) async fn insert(
    tx: &mut Tx,
    tenant: &TenantId,
    administrator: &Administrator,
) -> Result<(), DbError> {
    let Administrator { user_id, role, created_at, invited_by, .. } = administrator;
    let values = [
        tenant.as_str().into(),
        user_id.into(),
        role.name().into(),
        invited_by.as_deref().into(),
        created_at.as_millisecond().into(),
    ];
    tx.execute(INSERT, &values).await.map(drop)
}

/// Writes a role.
pub(super) async fn update_role(
    tx: &mut Tx,
    tenant: &TenantId,
    user_id: &str,
    role: Role,
) -> Result<(), DbError> {
    let values = [tenant.as_str().into(), user_id.into(), role.name().into()];
    tx.execute(UPDATE_ROLE, &values).await.map(drop)
}

/// Writes a new invitation.
pub(super) async fn insert_invitation(
    tx: &mut Tx,
    tenant: &TenantId,
    digest: [u8; 32],
    invitation: &Invitation,
) -> Result<(), DbError> {
    let Invitation { id, email, role, invited_by, created_at, expires_at } = invitation;
    let values = [
        tenant.as_str().into(),
        id.into(),
        digest.as_slice().into(),
        email.as_deref().into(),
        role.name().into(),
        invited_by.as_deref().into(),
        created_at.as_millisecond().into(),
        expires_at.map(Timestamp::as_millisecond).into(),
    ];
    tx.execute(INSERT_INVITATION, &values).await.map(drop)
}

fn presented(tenant: &TenantId, digest: [u8; 32], now: Timestamp) -> [Value; 3] {
    [tenant.as_str().into(), digest.as_slice().into(), now.as_millisecond().into()]
}

/// The invitation with this digest that is still good.
pub(super) async fn find_invitation(
    db: &Db,
    tenant: &TenantId,
    digest: [u8; 32],
    now: Timestamp,
) -> Result<Option<Invitation>, DbError> {
    let row = db.look_up_opt(FIND_INVITATION, &presented(tenant, digest, now)).await?;
    row.as_ref().map(invitation).transpose()
}

/// Uses the invitation with this digest up.
pub(super) async fn use_invitation(
    tx: &mut Tx,
    tenant: &TenantId,
    digest: [u8; 32],
    now: Timestamp,
) -> Result<Option<Invitation>, DbError> {
    let row = tx.query_opt(USE_INVITATION, &presented(tenant, digest, now)).await?;
    row.as_ref().map(invitation).transpose()
}

/// The invitations that are still good, the oldest first.
pub(super) async fn invitations(
    db: &Db,
    tenant: &TenantId,
    now: Timestamp,
) -> Result<Vec<Invitation>, DbError> {
    let values = [tenant.as_str().into(), now.as_millisecond().into()];
    db.query(INVITATIONS, &values).await?.iter().map(invitation).collect()
}

/// Deletes an invitation. False: there was none.
pub(super) async fn delete_invitation(tx: &mut Tx, tenant: &TenantId, id: &str) -> Result<bool, DbError> {
    Ok(tx.execute(DELETE_INVITATION, &[tenant.as_str().into(), id.into()]).await? > 0)
}

/// Deletes the invitations that have no end.
pub(super) async fn delete_endless_invitations(tx: &mut Tx, tenant: &TenantId) -> Result<(), DbError> {
    tx.execute(DELETE_ENDLESS, &[tenant.as_str().into()]).await.map(drop)
}

/// Writes a new session.
pub(super) async fn insert_session(
    tx: &mut Tx,
    tenant: &TenantId,
    digest: [u8; 32],
    session: &DashboardSession,
) -> Result<(), DbError> {
    let DashboardSession { user_id, created_at, updated_at, expires_at, document } = session;
    let values = [
        tenant.as_str().into(),
        digest.as_slice().into(),
        user_id.into(),
        created_at.as_millisecond().into(),
        updated_at.as_millisecond().into(),
        expires_at.as_millisecond().into(),
        json(document)?,
    ];
    tx.execute(INSERT_SESSION, &values).await.map(drop)
}

/// The session with this digest, over or not.
pub(super) async fn find_session(
    db: &Db,
    tenant: &TenantId,
    digest: [u8; 32],
) -> Result<Option<DashboardSession>, DbError> {
    let row = db.look_up_opt(FIND_SESSION, &[tenant.as_str().into(), digest.as_slice().into()]).await?;
    row.as_ref().map(session).transpose()
}

/// Writes when a session was last used and when it ends.
pub(super) async fn touch_session(
    tx: &mut Tx,
    tenant: &TenantId,
    digest: [u8; 32],
    session: &DashboardSession,
) -> Result<(), DbError> {
    let values = [
        tenant.as_str().into(),
        digest.as_slice().into(),
        session.updated_at.as_millisecond().into(),
        session.expires_at.as_millisecond().into(),
    ];
    tx.execute(TOUCH_SESSION, &values).await.map(drop)
}

/// Deletes the session with this digest.
pub(super) async fn delete_session(tx: &mut Tx, tenant: &TenantId, digest: [u8; 32]) -> Result<(), DbError> {
    tx.execute(DELETE_SESSION, &[tenant.as_str().into(), digest.as_slice().into()]).await.map(drop)
}

/// Deletes the sessions of a user.
pub(super) async fn delete_sessions_of(tx: &mut Tx, tenant: &TenantId, user_id: &str) -> Result<(), DbError> {
    tx.execute(DELETE_SESSIONS_OF, &[tenant.as_str().into(), user_id.into()]).await.map(drop)
}

/// Deletes sessions and invitations of all tenants that ended before a moment.
pub(super) async fn sweep(tx: &mut Tx, before: Timestamp) -> Result<(), DbError> {
    tx.execute(SWEEP_SESSIONS, &[before.as_millisecond().into()]).await?;
    tx.execute(SWEEP_INVITATIONS, &[before.as_millisecond().into()]).await.map(drop)
}
