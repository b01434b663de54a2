//! The statements of sessions and of the applications that take part in them.

use crate::clock;
use crate::db::{Db, DbError, Row, Tx, Value};
use crate::management::checkpoint::Checkpoint;
use crate::sessions::Session;
use crate::tenants::TenantId;
use crate::tenants::sql::{json, parse};
use crate::users::{self, User};

const INSERT: &str = "INSERT INTO sessions (tenant_id, id, digest, user_id, persistent, authenticated_at, created_at, \
     updated_at, idle_expires_at, expires_at, document) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
const RENEW: &str = "UPDATE sessions SET digest = $3, persistent = $4, authenticated_at = $5, updated_at = $6, \
     idle_expires_at = $7, expires_at = $8, document = $9 WHERE tenant_id = $1 AND id = $2";
const TOUCH: &str = "UPDATE sessions SET updated_at = $3, idle_expires_at = $4, document = $5 \
     WHERE tenant_id = $1 AND id = $2 AND updated_at < $3";
const UPDATE_DOCUMENT: &str = "UPDATE sessions SET document = $3 WHERE tenant_id = $1 AND id = $2";
const FIND_BY_DIGEST: &str = "SELECT id, user_id, persistent, authenticated_at, created_at, updated_at, idle_expires_at, \
     expires_at, document FROM sessions WHERE tenant_id = $1 AND digest = $2";
const FIND_WITH_USER: &str = "SELECT s.id AS session_id, s.persistent, s.authenticated_at, \
     s.created_at AS session_created_at, s.updated_at AS session_updated_at, s.idle_expires_at, s.expires_at, \
     s.document, u.user_id, u.email, u.email_verified, u.username, u.phone_number, u.phone_verified, u.name, \
     u.nickname, u.given_name, u.family_name, u.picture, u.blocked, u.user_metadata, u.app_metadata, u.last_ip, \
     u.last_login, u.logins_count, u.last_password_reset, u.created_at, u.updated_at, i.provider, i.identity_id, \
     i.connection_id, c.name AS connection, i.position, i.profile, i.created_at AS linked_at FROM sessions s \
     JOIN users u ON u.tenant_id = s.tenant_id AND u.user_id = s.user_id \
     LEFT JOIN identities i ON i.tenant_id = u.tenant_id AND i.user_id = u.user_id \
     LEFT JOIN connections c ON c.tenant_id = i.tenant_id AND c.id = i.connection_id \
     WHERE s.tenant_id = $1 AND s.digest = $2 ORDER BY i.position";
const FIND: &str = "SELECT id, user_id, persistent, authenticated_at, created_at, updated_at, idle_expires_at, \
     expires_at, document FROM sessions WHERE tenant_id = $1 AND id = $2";
const FIND_FOR_UPDATE: &str = "UPDATE sessions SET updated_at = updated_at WHERE tenant_id = $1 AND id = $2 RETURNING id, \
     user_id, persistent, authenticated_at, created_at, updated_at, idle_expires_at, expires_at, document";
const OF_USER: &str = "SELECT id, user_id, persistent, authenticated_at, created_at, updated_at, idle_expires_at, \
     expires_at, document FROM sessions WHERE tenant_id = $1 AND user_id = $2 AND expires_at > $3 \
     AND idle_expires_at > $3 AND (created_at, id) > ($4, $5) ORDER BY created_at, id LIMIT $6";
const ALL_OF_USER: &str = "SELECT id, user_id, persistent, authenticated_at, created_at, updated_at, idle_expires_at, \
     expires_at, document FROM sessions WHERE tenant_id = $1 AND user_id = $2 ORDER BY id";
const COUNT_OF_USER: &str = "SELECT COUNT(*) AS total FROM sessions WHERE tenant_id = $1 AND user_id = $2 \
     AND expires_at > $3 AND idle_expires_at > $3";
const DELETE: &str = "DELETE FROM sessions WHERE tenant_id = $1 AND id = $2";
// The digest is part of a key of the table, so that on PostgreSQL whoever wants to join the session waits until this
// transaction ends, and then finds it gone; an id is no digest, so that no cookie opens it any more.
const CLOSE: &str = "UPDATE sessions SET digest = $3 WHERE tenant_id = $1 AND id = $2";
const OVER: &str = "SELECT tenant_id, id, user_id, persistent, authenticated_at, created_at, updated_at, \
     idle_expires_at, expires_at, document FROM sessions WHERE (tenant_id, id) > ($2, $3) \
     AND (expires_at < $1 OR idle_expires_at < $1) ORDER BY tenant_id, id LIMIT $4";
const HOLD: &str = "SELECT 1 AS one FROM sessions WHERE tenant_id = $1 AND id = $2";
const JOIN: &str = "INSERT INTO session_clients (tenant_id, session_id, client_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
const CLIENTS: &str =
    "SELECT client_id FROM session_clients WHERE tenant_id = $1 AND session_id = $2 ORDER BY client_id";

fn from_row(row: &Row) -> Result<Session, DbError> {
    let moment = |name: &str| clock::from_millis(row.int(name)?);
    Ok(Session {
        id: row.text("id")?,
        user_id: row.text("user_id")?,
        persistent: row.bool("persistent")?,
        authenticated_at: moment("authenticated_at")?,
        created_at: moment("created_at")?,
        updated_at: moment("updated_at")?,
        idle_expires_at: moment("idle_expires_at")?,
        expires_at: moment("expires_at")?,
        details: parse(&row.text("document")?)?,
    })
}

/// A session as [`FIND_WITH_USER`] names its columns.
fn beside_user(row: &Row, user_id: &str) -> Result<Session, DbError> {
    let moment = |name: &str| clock::from_millis(row.int(name)?);
    Ok(Session {
        id: row.text("session_id")?,
        user_id: user_id.to_owned(),
        persistent: row.bool("persistent")?,
        authenticated_at: moment("authenticated_at")?,
        created_at: moment("session_created_at")?,
        updated_at: moment("session_updated_at")?,
        idle_expires_at: moment("idle_expires_at")?,
        expires_at: moment("expires_at")?,
        details: parse(&row.text("document")?)?,
    })
}

/// Writes a new session.
pub async fn insert(
    tx: &mut Tx,
    tenant: &TenantId,
    session: &Session,
    digest: [u8; 32],
) -> Result<(), DbError> {
    let Session {
        id,
        user_id,
        persistent,
        authenticated_at,
        created_at,
        updated_at,
        idle_expires_at,
        expires_at,
        details,
    } = session;
    let values = [
        tenant.as_str().into(),
        id.as_str().into(),
        digest.as_slice().into(),
        user_id.as_str().into(),
        Value::Bool(*persistent),
        Value::Int(authenticated_at.as_millisecond()),
        Value::Int(created_at.as_millisecond()),
        Value::Int(updated_at.as_millisecond()),
        Value::Int(idle_expires_at.as_millisecond()),
        Value::Int(expires_at.as_millisecond()),
        json(details)?,
    ];
    tx.put(INSERT, &values).await
}

/// Gives a session a new value and new times.
pub async fn renew(
    tx: &mut Tx,
    tenant: &TenantId,
    session: &Session,
    digest: [u8; 32],
) -> Result<(), DbError> {
    let values = [
        tenant.as_str().into(),
        session.id.as_str().into(),
        digest.as_slice().into(),
        Value::Bool(session.persistent),
        Value::Int(session.authenticated_at.as_millisecond()),
        Value::Int(session.updated_at.as_millisecond()),
        Value::Int(session.idle_expires_at.as_millisecond()),
        Value::Int(session.expires_at.as_millisecond()),
        json(&session.details)?,
    ];
    tx.put(RENEW, &values).await
}

/// Notes a use, unless a later one is noted already.
pub async fn touch(tx: &mut Tx, tenant: &TenantId, session: &Session) -> Result<(), DbError> {
    let values = [
        tenant.as_str().into(),
        session.id.as_str().into(),
        Value::Int(session.updated_at.as_millisecond()),
        Value::Int(session.idle_expires_at.as_millisecond()),
        json(&session.details)?,
    ];
    tx.put(TOUCH, &values).await
}

/// Writes what is known of a session beyond its times.
pub async fn update_details(tx: &mut Tx, tenant: &TenantId, session: &Session) -> Result<(), DbError> {
    let values = [tenant.as_str().into(), session.id.as_str().into(), json(&session.details)?];
    tx.put(UPDATE_DOCUMENT, &values).await
}

/// The session with this digest, live or not.
pub async fn find_by_digest(
    db: &Db,
    tenant: &TenantId,
    digest: [u8; 32],
) -> Result<Option<Session>, DbError> {
    let values = [tenant.as_str().into(), digest.as_slice().into()];
    db.look_up_opt(FIND_BY_DIGEST, &values).await?.as_ref().map(from_row).transpose()
}

/// The session with this digest, live or not, and its user: one look instead of two.
pub async fn find_with_user(
    db: &Db,
    tenant: &TenantId,
    digest: [u8; 32],
) -> Result<Option<(Session, User)>, DbError> {
    let rows = db.look_up(FIND_WITH_USER, &[tenant.as_str().into(), digest.as_slice().into()]).await?;
    let (Some(row), Some(user)) = (rows.first(), users::sql::only(&rows)?) else { return Ok(None) };
    Ok(Some((beside_user(row, &user.user_id)?, user)))
}

/// The session with this id, live or not.
pub async fn find(db: &Db, tenant: &TenantId, id: &str) -> Result<Option<Session>, DbError> {
    db.look_up_opt(FIND, &[tenant.as_str().into(), id.into()]).await?.as_ref().map(from_row).transpose()
}

/// The session with this id; others who want to change it wait until the transaction ends.
pub async fn find_for_update(tx: &mut Tx, tenant: &TenantId, id: &str) -> Result<Option<Session>, DbError> {
    let row = tx.query_opt(FIND_FOR_UPDATE, &[tenant.as_str().into(), id.into()]).await?;
    row.as_ref().map(from_row).transpose()
}

/// The live sessions of a user after a place, the oldest first.
pub async fn of_user(
    db: &Db,
    tenant: &TenantId,
    (user_id, now): (&str, jiff::Timestamp),
    after: &Checkpoint,
    limit: i64,
) -> Result<Vec<Session>, DbError> {
    let values = [
        tenant.as_str().into(),
        user_id.into(),
        Value::Int(now.as_millisecond()),
        Value::Int(after.created_at),
        after.id.as_str().into(),
        Value::Int(limit),
    ];
    db.query(OF_USER, &values).await?.iter().map(from_row).collect()
}

/// How many live sessions a user has.
pub async fn count_of_user(
    db: &Db,
    tenant: &TenantId,
    (user_id, now): (&str, jiff::Timestamp),
) -> Result<i64, DbError> {
    let values = [tenant.as_str().into(), user_id.into(), Value::Int(now.as_millisecond())];
    db.query_opt(COUNT_OF_USER, &values).await?.map_or(Ok(0), |row| row.int("total"))
}

/// Every session of a user, live or not, in the order in which they are ended: everywhere the same, so that two who
/// end the same wait for each other.
pub async fn of_user_within(tx: &mut Tx, tenant: &TenantId, user_id: &str) -> Result<Vec<Session>, DbError> {
    tx.query(ALL_OF_USER, &[tenant.as_str().into(), user_id.into()]).await?.iter().map(from_row).collect()
}

/// Deletes a session.
pub(super) async fn delete(tx: &mut Tx, tenant: &TenantId, id: &str) -> Result<(), DbError> {
    tx.put(DELETE, &[tenant.as_str().into(), id.into()]).await
}

/// Makes a session worth nothing, and keeps others from changing or joining it until the transaction ends. False:
/// there is none.
pub(super) async fn close(tx: &mut Tx, tenant: &TenantId, id: &str) -> Result<bool, DbError> {
    let values = [tenant.as_str().into(), id.into(), id.as_bytes().into()];
    Ok(tx.execute(CLOSE, &values).await? == 1)
}

/// Sessions after a place, by tenant and id, that were over before a moment, with their tenants.
pub(super) async fn over(
    db: &Db,
    before: jiff::Timestamp,
    (tenant, id): (&str, &str),
    most: i64,
) -> Result<Vec<(TenantId, Session)>, DbError> {
    let values = [Value::Int(before.as_millisecond()), tenant.into(), id.into(), Value::Int(most)];
    let rows = db.query(OVER, &values).await?;
    rows.iter().map(|row| Ok((TenantId::from_stored(row.text("tenant_id")?), from_row(row)?))).collect()
}

/// Keeps a session from ending until the transaction does. [`DbError::Missed`], at the commit at the latest: it is over.
pub async fn hold(tx: &mut Tx, tenant: &TenantId, session_id: &str) -> Result<(), DbError> {
    tx.hold(HOLD, &[tenant.as_str().into(), session_id.into()]).await
}

/// Notes that an application takes part in a session. [`DbError::Missed`], at the commit at the latest: it is over.
pub async fn join(tx: &mut Tx, tenant: &TenantId, session_id: &str, client_id: &str) -> Result<(), DbError> {
    hold(tx, tenant, session_id).await?;
    tx.put(JOIN, &[tenant.as_str().into(), session_id.into(), client_id.into()]).await
}

/// The applications that take part in a session.
pub async fn clients(db: &Db, tenant: &TenantId, session_id: &str) -> Result<Vec<String>, DbError> {
    let rows = db.query(CLIENTS, &[tenant.as_str().into(), session_id.into()]).await?;
    rows.iter().map(|row| row.text("client_id")).collect()
}

/// Like [`clients`], inside a transaction.
pub(super) async fn clients_within(
    tx: &mut Tx,
    tenant: &TenantId,
    session_id: &str,
) -> Result<Vec<String>, DbError> {
    let rows = tx.query(CLIENTS, &[tenant.as_str().into(), session_id.into()]).await?;
    rows.iter().map(|row| row.text("client_id")).collect()
}
