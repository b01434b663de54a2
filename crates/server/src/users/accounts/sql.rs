//! The statements of accounts of database connections.

use jiff::Timestamp;
use serde_json::Value as Json;

use super::{Account, Found, hashes};
use crate::db::{Db, DbError, Row, Tx, Value};
use crate::tenants::TenantId;
use crate::tenants::sql::{json, parse};

const BY_EMAIL: &str = "SELECT a.identity_id, a.password, i.user_id FROM database_accounts a \
     JOIN identities i ON i.tenant_id = a.tenant_id AND i.provider = a.provider AND i.identity_id = a.identity_id \
     WHERE a.tenant_id = $1 AND a.connection_id = $2 AND a.email = $3";
const BY_USERNAME: &str = "SELECT a.identity_id, a.password, i.user_id FROM database_accounts a \
     JOIN identities i ON i.tenant_id = a.tenant_id AND i.provider = a.provider AND i.identity_id = a.identity_id \
     WHERE a.tenant_id = $1 AND a.connection_id = $2 AND a.username = $3";
const BY_PHONE_NUMBER: &str = "SELECT a.identity_id, a.password, i.user_id FROM database_accounts a \
     JOIN identities i ON i.tenant_id = a.tenant_id AND i.provider = a.provider AND i.identity_id = a.identity_id \
     WHERE a.tenant_id = $1 AND a.connection_id = $2 AND a.phone_number = $3";
const FIND: &str = "SELECT identity_id, connection_id, email, username, phone_number, password, password_history \
     FROM database_accounts WHERE tenant_id = $1 AND identity_id = $2";
const INSERT: &str = "INSERT INTO database_accounts \
     (tenant_id, connection_id, identity_id, email, username, phone_number, password, password_set_at, password_history) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '[]')";
const UPDATE: &str = "UPDATE database_accounts SET email = $3, username = $4, phone_number = $5 \
     WHERE tenant_id = $1 AND identity_id = $2";
const SET_PASSWORD: &str = "UPDATE database_accounts SET password = $3, password_history = $4, password_set_at = $5 \
     WHERE tenant_id = $1 AND identity_id = $2";
const REPLACE_HASH: &str = "UPDATE database_accounts SET password = $4 \
     WHERE tenant_id = $1 AND identity_id = $2 AND password = $3";

fn found(row: &Row) -> Result<Found, DbError> {
    Ok(Found {
        user_id: row.text("user_id")?,
        identity_id: row.text("identity_id")?,
        password: row.opt_text("password")?,
    })
}

fn from_row(row: &Row) -> Result<Account, DbError> {
    Ok(Account {
        identity_id: row.text("identity_id")?,
        connection_id: row.text("connection_id")?,
        email: row.opt_text("email")?,
        username: row.opt_text("username")?,
        phone_number: row.opt_text("phone_number")?,
        password: row.opt_text("password")?,
        history: hashes(&parse(&row.text("password_history")?)?),
    })
}

/// Who has an e-mail address at a connection.
pub async fn by_email(
    db: &Db,
    (tenant, connection_id): (&TenantId, &str),
    email: &str,
) -> Result<Option<Found>, DbError> {
    let values = [tenant.as_str().into(), connection_id.into(), email.into()];
    db.look_up_opt(BY_EMAIL, &values).await?.as_ref().map(found).transpose()
}

/// Who has a username at a connection.
pub async fn by_username(
    db: &Db,
    (tenant, connection_id): (&TenantId, &str),
    username: &str,
) -> Result<Option<Found>, DbError> {
    let values = [tenant.as_str().into(), connection_id.into(), username.into()];
    db.look_up_opt(BY_USERNAME, &values).await?.as_ref().map(found).transpose()
}

/// Who has a phone number at a connection.
pub async fn by_phone_number(
    db: &Db,
    (tenant, connection_id): (&TenantId, &str),
    phone_number: &str,
) -> Result<Option<Found>, DbError> {
    let values = [tenant.as_str().into(), connection_id.into(), phone_number.into()];
    db.look_up_opt(BY_PHONE_NUMBER, &values).await?.as_ref().map(found).transpose()
}

/// The id of the user who has an e-mail address at a connection, as an open transaction sees it.
pub async fn user_by_email(
    tx: &mut Tx,
    tenant: &TenantId,
    connection_id: &str,
    email: &str,
) -> Result<Option<String>, DbError> {
    let values = [tenant.as_str().into(), connection_id.into(), email.into()];
    tx.query_opt(BY_EMAIL, &values).await?.map(|row| row.text("user_id")).transpose()
}

/// The account of an identity.
pub async fn find(db: &Db, (tenant, identity_id): (&TenantId, &str)) -> Result<Option<Account>, DbError> {
    let row = db.look_up_opt(FIND, &[tenant.as_str().into(), identity_id.into()]).await?;
    row.as_ref().map(from_row).transpose()
}

/// The account of an identity, as an open transaction sees it.
pub async fn find_in(
    tx: &mut Tx,
    (tenant, identity_id): (&TenantId, &str),
) -> Result<Option<Account>, DbError> {
    let row = tx.query_opt(FIND, &[tenant.as_str().into(), identity_id.into()]).await?;
    row.as_ref().map(from_row).transpose()
}

/// Writes the account of a new user.
pub async fn insert(
    tx: &mut Tx,
    tenant: &TenantId,
    (account, now): (&Account, Timestamp),
) -> Result<(), DbError> {
    let Account { identity_id, connection_id, email, username, phone_number, password, history: _ } = account;
    let values = [
        tenant.as_str().into(),
        connection_id.into(),
        identity_id.into(),
        email.as_deref().into(),
        username.as_deref().into(),
        phone_number.as_deref().into(),
        password.as_deref().into(),
        password.as_ref().map(|_| now.as_millisecond()).into(),
    ];
    tx.execute(INSERT, &values).await.map(drop)
}

/// Writes the identifiers of an account.
pub async fn update(tx: &mut Tx, tenant: &TenantId, account: &Account) -> Result<(), DbError> {
    let values = [
        tenant.as_str().into(),
        account.identity_id.as_str().into(),
        account.email.as_deref().into(),
        account.username.as_deref().into(),
        account.phone_number.as_deref().into(),
    ];
    tx.execute(UPDATE, &values).await.map(drop)
}

/// Writes a new password.
pub async fn set_password(
    tx: &mut Tx,
    (tenant, identity_id): (&TenantId, &str),
    (hash, history): (&str, &Json),
    now: Timestamp,
) -> Result<(), DbError> {
    let values = [
        tenant.as_str().into(),
        identity_id.into(),
        hash.into(),
        json(history)?,
        Value::Int(now.as_millisecond()),
    ];
    tx.put(SET_PASSWORD, &values).await
}

/// Writes another hash of the same password, if it still is the same.
pub async fn replace_hash(
    tx: &mut Tx,
    (tenant, identity_id): (&TenantId, &str),
    (before, after): (&str, &str),
) -> Result<(), DbError> {
    let values = [tenant.as_str().into(), identity_id.into(), before.into(), after.into()];
    tx.put(REPLACE_HASH, &values).await
}
