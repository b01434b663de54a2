//! The statements of users and their identities.
//!
//! A user is read together with its identities: a row for each of them, folded into one user here. Lists are in
//! `listed/sql.rs`.

use jiff::Timestamp;

use super::{Identity, User};
use crate::administrators::is_hidden_user;
use crate::clock;
use crate::db::{Db, DbError, Row, Tx, Value, fold};
use crate::tenants::TenantId;
use crate::tenants::sql::{json, parse};

// The columns in the order in which they are read, and no others: this is asked for each token.
const FIND: &str = "SELECT u.user_id, u.email, u.email_verified, u.username, u.phone_number, u.phone_verified, \
     u.name, u.nickname, u.given_name, u.family_name, u.picture, u.blocked, u.user_metadata, u.app_metadata, \
     u.last_ip, u.last_login, u.logins_count, u.last_password_reset, u.created_at, u.updated_at, i.provider, \
     i.identity_id, i.connection_id, c.name AS connection, i.position, i.profile, i.created_at AS linked_at \
     FROM users u \
     LEFT JOIN identities i ON i.tenant_id = u.tenant_id AND i.user_id = u.user_id \
     LEFT JOIN connections c ON c.tenant_id = i.tenant_id AND c.id = i.connection_id \
     WHERE u.tenant_id = $1 AND u.user_id = $2 ORDER BY i.position";
const EXISTS: &str = "SELECT 1 AS one FROM users WHERE tenant_id = $1 AND user_id = $2";
const FIND_BY_EMAIL: &str = "SELECT u.*, i.provider, i.identity_id, i.position, i.connection_id, i.profile, \
     i.created_at AS linked_at, c.name AS connection FROM \
     (SELECT * FROM users WHERE tenant_id = $1 AND email = $2 \
     AND substr(user_id, 1, 21) <> 'auth0|chancery_admin_' ORDER BY user_id LIMIT 1000) u \
     LEFT JOIN identities i ON i.tenant_id = u.tenant_id AND i.user_id = u.user_id \
     LEFT JOIN connections c ON c.tenant_id = i.tenant_id AND c.id = i.connection_id \
     ORDER BY u.created_at, u.user_id, i.position";
const TOTAL: &str = "SELECT total FROM user_totals WHERE tenant_id = $1";
const ADD_TO_TOTAL: &str = "INSERT INTO user_totals (tenant_id, total) VALUES ($1, $2) \
     ON CONFLICT (tenant_id) DO UPDATE SET total = user_totals.total + EXCLUDED.total";
const INSERT: &str = "INSERT INTO users (tenant_id, user_id, email, email_verified, username, phone_number, \
     phone_verified, name, name_folded, nickname, nickname_folded, given_name, given_name_folded, family_name, \
     family_name_folded, picture, blocked, user_metadata, app_metadata, logins_count, created_at, updated_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)";
const UPDATE: &str = "UPDATE users SET email = $3, email_verified = $4, username = $5, phone_number = $6, \
     phone_verified = $7, name = $8, name_folded = $9, nickname = $10, nickname_folded = $11, given_name = $12, \
     given_name_folded = $13, family_name = $14, family_name_folded = $15, picture = $16, blocked = $17, \
     user_metadata = $18, app_metadata = $19, updated_at = $20 WHERE tenant_id = $1 AND user_id = $2";
const LOCK: &str = "UPDATE users SET updated_at = updated_at WHERE tenant_id = $1 AND user_id = $2";
const DELETE: &str = "DELETE FROM users WHERE tenant_id = $1 AND user_id = $2";
const OF_CONNECTION: &str = "SELECT user_id FROM identities WHERE tenant_id = $1 AND connection_id = $2 \
     AND position = 0 ORDER BY user_id LIMIT $3";
const DELETE_OF_CONNECTION: &str = "DELETE FROM users WHERE tenant_id = $1 AND user_id IN \
     (SELECT user_id FROM identities WHERE tenant_id = $1 AND connection_id = $2 AND position = 0 \
     AND user_id <= $3)";
const RECORD_LOGIN: &str = "UPDATE users SET last_login = $3, updated_at = $3, last_ip = $4, \
     logins_count = logins_count + 1 WHERE tenant_id = $1 AND user_id = $2";
const VERIFY_EMAIL: &str = "UPDATE users SET email_verified = TRUE, updated_at = $4 \
     WHERE tenant_id = $1 AND user_id = $2 AND email = $3";
const NOTE_PASSWORD_RESET: &str = "UPDATE users SET last_password_reset = $3, updated_at = $3 \
     WHERE tenant_id = $1 AND user_id = $2";
const OWNER: &str =
    "SELECT user_id FROM identities WHERE tenant_id = $1 AND provider = $2 AND identity_id = $3";
const INSERT_IDENTITY: &str = "INSERT INTO identities \
     (tenant_id, provider, identity_id, user_id, position, connection_id, profile, created_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const UPDATE_IDENTITY: &str = "UPDATE identities SET user_id = $4, position = $5, profile = $6 \
     WHERE tenant_id = $1 AND provider = $2 AND identity_id = $3";

/// A row for each identity becomes a user with all of them; rows of one user come together.
pub(super) fn fold_rows(rows: &[Row]) -> Result<Vec<User>, DbError> {
    let mut users: Vec<User> = Vec::new();
    for row in rows {
        let user_id = row.text("user_id")?;
        if users.last().is_none_or(|last| last.user_id != user_id) {
            users.push(user(row, user_id)?);
        }
        if let (Some(user), Some(provider)) = (users.last_mut(), row.opt_text("provider")?) {
            user.identities.push(Identity {
                provider,
                id: row.text("identity_id")?,
                connection_id: row.text("connection_id")?,
                connection: row.text("connection")?,
                position: row.int("position")?,
                profile: parse(&row.text("profile")?)?,
                created_at: clock::from_millis(row.int("linked_at")?)?,
            });
        }
    }
    Ok(users)
}

fn user(row: &Row, user_id: String) -> Result<User, DbError> {
    let time = |name: &str| row.opt_int(name)?.map(clock::from_millis).transpose();
    Ok(User {
        user_id,
        email: row.opt_text("email")?,
        email_verified: row.bool("email_verified")?,
        username: row.opt_text("username")?,
        phone_number: row.opt_text("phone_number")?,
        phone_verified: row.bool("phone_verified")?,
        name: row.opt_text("name")?,
        nickname: row.opt_text("nickname")?,
        given_name: row.opt_text("given_name")?,
        family_name: row.opt_text("family_name")?,
        picture: row.opt_text("picture")?,
        blocked: row.opt_bool("blocked")?,
        user_metadata: parse(&row.text("user_metadata")?)?,
        app_metadata: parse(&row.text("app_metadata")?)?,
        last_ip: row.opt_text("last_ip")?,
        last_login: time("last_login")?,
        logins_count: row.int("logins_count")?,
        last_password_reset: time("last_password_reset")?,
        created_at: clock::from_millis(row.int("created_at")?)?,
        updated_at: clock::from_millis(row.int("updated_at")?)?,
        identities: Vec::new(),
    })
}

/// The user whose rows these are.
pub fn only(rows: &[Row]) -> Result<Option<User>, DbError> {
    Ok(fold_rows(rows)?.pop())
}

/// The user with this id.
pub async fn find(db: &Db, tenant: &TenantId, user_id: &str) -> Result<Option<User>, DbError> {
    let rows = db.look_up(FIND, &[tenant.as_str().into(), user_id.into()]).await?;
    Ok(fold_rows(&rows)?.pop())
}

/// Whether a user has this id, hidden or not.
pub async fn exists(db: &Db, tenant: &TenantId, user_id: &str) -> Result<bool, DbError> {
    Ok(db.look_up_opt(EXISTS, &[tenant.as_str().into(), user_id.into()]).await?.is_some())
}

/// Reads a user who is not hidden and keeps others from changing it until the transaction ends.
pub async fn lock(tx: &mut Tx, tenant: &TenantId, user_id: &str) -> Result<Option<User>, DbError> {
    if is_hidden_user(user_id) {
        return Ok(None);
    }
    let values = [tenant.as_str().into(), user_id.into()];
    if tx.execute(LOCK, &values).await? == 0 {
        return Ok(None);
    }
    Ok(fold_rows(&tx.query(FIND, &values).await?)?.pop())
}

/// The users with this e-mail address, the oldest first.
pub async fn find_by_email(db: &Db, tenant: &TenantId, email: &str) -> Result<Vec<User>, DbError> {
    fold_rows(&db.look_up(FIND_BY_EMAIL, &[tenant.as_str().into(), email.into()]).await?)
}

/// How many users the tenant has.
pub async fn total(db: &Db, tenant: &TenantId) -> Result<i64, DbError> {
    let row = db.query_opt(TOTAL, &[tenant.as_str().into()]).await?;
    row.map_or(Ok(0), |row| row.int("total"))
}

/// Counts users that were made or deleted in this transaction.
pub async fn add_to_total(tx: &mut Tx, tenant: &TenantId, users: i64) -> Result<(), DbError> {
    tx.put(ADD_TO_TOTAL, &[tenant.as_str().into(), users.into()]).await
}

/// What can change of a user, in the order of both statements that write it.
fn values(tenant: &TenantId, user: &User) -> Result<Vec<Value>, DbError> {
    let text = |text: &Option<String>| Value::from(text.as_deref());
    let folded = |text: &Option<String>| Value::from(text.as_deref().map(fold));
    Ok(vec![
        tenant.as_str().into(),
        user.user_id.as_str().into(),
        text(&user.email),
        user.email_verified.into(),
        text(&user.username),
        text(&user.phone_number),
        user.phone_verified.into(),
        text(&user.name),
        folded(&user.name),
        text(&user.nickname),
        folded(&user.nickname),
        text(&user.given_name),
        folded(&user.given_name),
        text(&user.family_name),
        folded(&user.family_name),
        text(&user.picture),
        user.blocked.into(),
        json(&user.user_metadata)?,
        json(&user.app_metadata)?,
    ])
}

/// Writes a new user.
pub async fn insert(tx: &mut Tx, tenant: &TenantId, user: &User) -> Result<(), DbError> {
    let mut values = values(tenant, user)?;
    values.extend([
        user.logins_count.into(),
        user.created_at.as_millisecond().into(),
        user.updated_at.as_millisecond().into(),
    ]);
    tx.execute(INSERT, &values).await.map(drop)
}

/// Writes what can change of a user.
pub async fn update(tx: &mut Tx, tenant: &TenantId, user: &User) -> Result<(), DbError> {
    let mut values = values(tenant, user)?;
    values.push(user.updated_at.as_millisecond().into());
    tx.execute(UPDATE, &values).await.map(drop)
}

/// Deletes a user. False: there was none.
pub async fn delete(tx: &mut Tx, tenant: &TenantId, user_id: &str) -> Result<bool, DbError> {
    Ok(tx.execute(DELETE, &[tenant.as_str().into(), user_id.into()]).await? > 0)
}

/// The first users, by id, whose primary identity is of a connection.
pub async fn of_connection_within(
    tx: &mut Tx,
    tenant: &TenantId,
    connection_id: &str,
    most: i64,
) -> Result<Vec<String>, DbError> {
    let values = [tenant.as_str().into(), connection_id.into(), most.into()];
    tx.query(OF_CONNECTION, &values).await?.iter().map(|row| row.text("user_id")).collect()
}

/// Deletes users whose primary identity is of a connection, up to an id; answers how many they were.
pub async fn delete_of_connection(
    tx: &mut Tx,
    tenant: &TenantId,
    connection_id: &str,
    last: &str,
) -> Result<i64, DbError> {
    let values = [tenant.as_str().into(), connection_id.into(), last.into()];
    Ok(i64::try_from(tx.execute(DELETE_OF_CONNECTION, &values).await?).unwrap_or(i64::MAX))
}

/// Counts a login.
pub async fn record_login(
    tx: &mut Tx,
    tenant: &TenantId,
    user_id: &str,
    (ip, now): (&str, Timestamp),
) -> Result<(), DbError> {
    let values = [tenant.as_str().into(), user_id.into(), now.as_millisecond().into(), ip.into()];
    tx.put(RECORD_LOGIN, &values).await
}

/// Notes that a user has proved an address. False: the user has another one.
pub async fn verify_email(
    tx: &mut Tx,
    tenant: &TenantId,
    (user_id, email): (&str, &str),
    now: Timestamp,
) -> Result<bool, DbError> {
    let values = [tenant.as_str().into(), user_id.into(), email.into(), now.as_millisecond().into()];
    Ok(tx.execute(VERIFY_EMAIL, &values).await? > 0)
}

/// Notes when a password was set anew.
pub async fn note_password_reset(
    tx: &mut Tx,
    tenant: &TenantId,
    user_id: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    let values = [tenant.as_str().into(), user_id.into(), now.as_millisecond().into()];
    tx.put(NOTE_PASSWORD_RESET, &values).await
}

/// The id of the user who has an identity, as an open transaction sees it.
pub async fn owner(
    tx: &mut Tx,
    tenant: &TenantId,
    (provider, id): (&str, &str),
) -> Result<Option<String>, DbError> {
    let values = [tenant.as_str().into(), provider.into(), id.into()];
    tx.query_opt(OWNER, &values).await?.map(|row| row.text("user_id")).transpose()
}

/// Writes an identity of a user.
pub async fn insert_identity(
    tx: &mut Tx,
    tenant: &TenantId,
    user_id: &str,
    identity: &Identity,
) -> Result<(), DbError> {
    let Identity { provider, id, connection_id, connection: _, position, profile, created_at } = identity;
    let values = [
        tenant.as_str().into(),
        provider.into(),
        id.into(),
        user_id.into(),
        (*position).into(),
        connection_id.into(),
        json(profile)?,
        created_at.as_millisecond().into(),
    ];
    tx.execute(INSERT_IDENTITY, &values).await.map(drop)
}

/// Gives an identity to a user, at its place and with its profile.
pub async fn update_identity(
    tx: &mut Tx,
    tenant: &TenantId,
    user_id: &str,
    identity: &Identity,
) -> Result<(), DbError> {
    let Identity { provider, id, position, profile, .. } = identity;
    let values = [
        tenant.as_str().into(),
        provider.into(),
        id.into(),
        user_id.into(),
        (*position).into(),
        json(profile)?,
    ];
    tx.execute(UPDATE_IDENTITY, &values).await.map(drop)
}
