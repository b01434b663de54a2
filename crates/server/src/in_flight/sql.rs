//! The statements of what is under way. Each that ends something says whether it did.

use chancery_oauth::device::State;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use super::codes::{Issued, Presented};
use super::devices::{Asked, Verdict, Waiting};
use crate::clock;
use crate::db::{Db, DbError, Row, Tx, Value};
use crate::tenants::TenantId;
use crate::tenants::sql::{json, parse};

const INSERT_CODE: &str = "INSERT INTO authorization_codes (tenant_id, digest, client_id, user_id, session_id, document, \
     expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
const USE_CODE: &str = "UPDATE authorization_codes SET used_at = $3 WHERE tenant_id = $1 AND digest = $2 \
     AND used_at IS NULL AND expires_at > $3";
const LOOK_AT_CODE: &str = "SELECT client_id, session_id, refresh_token_id, document, expires_at, used_at \
     FROM authorization_codes WHERE tenant_id = $1 AND digest = $2";
const NOTE_REFRESH_TOKEN: &str =
    "UPDATE authorization_codes SET refresh_token_id = $3 WHERE tenant_id = $1 AND digest = $2";
const SWEEP_CODES: &str = "DELETE FROM authorization_codes WHERE expires_at < $1";

const INSERT_LOGIN: &str =
    "INSERT INTO login_transactions (tenant_id, digest, document, expires_at) VALUES ($1, $2, $3, $4)";
const FIND_LOGIN: &str =
    "SELECT document FROM login_transactions WHERE tenant_id = $1 AND digest = $2 AND expires_at > $3";
const UPDATE_LOGIN: &str = "UPDATE login_transactions SET document = $3 WHERE tenant_id = $1 AND digest = $2";
const DELETE_LOGIN: &str = "DELETE FROM login_transactions WHERE tenant_id = $1 AND digest = $2";
const SWEEP_LOGINS: &str = "DELETE FROM login_transactions WHERE expires_at < $1";

const INSERT_PUSHED: &str = "INSERT INTO pushed_requests (tenant_id, digest, client_id, document, expires_at) \
     VALUES ($1, $2, $3, $4, $5)";
const TAKE_PUSHED: &str = "DELETE FROM pushed_requests WHERE tenant_id = $1 AND digest = $2 AND client_id = $3 \
     RETURNING document, expires_at";
const SWEEP_PUSHED: &str = "DELETE FROM pushed_requests WHERE expires_at < $1";

const REMEMBER_ASSERTION: &str = "INSERT INTO used_assertions (tenant_id, client_id, jti, expires_at) \
     VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
const FORGET_ASSERTIONS: &str = "DELETE FROM used_assertions WHERE expires_at < $1";

const INSERT_DEVICE: &str = "INSERT INTO device_codes (tenant_id, digest, user_code, client_id, state, document, \
     expires_at) VALUES ($1, $2, $3, $4, 'pending', $5, $6)";
const FIND_DEVICE: &str = "UPDATE device_codes SET state = state WHERE tenant_id = $1 AND digest = $2 \
     RETURNING client_id, state, user_id, session_id, document, last_polled_at, expires_at";
const FIND_DEVICE_BY_USER_CODE: &str = "SELECT client_id, state, user_id, session_id, document, last_polled_at, expires_at \
     FROM device_codes WHERE tenant_id = $1 AND user_code = $2 AND state = 'pending' AND expires_at > $3";
const NOTE_POLL: &str = "UPDATE device_codes SET last_polled_at = $3 WHERE tenant_id = $1 AND digest = $2";
const APPROVE_DEVICE: &str = "UPDATE device_codes SET state = 'approved', user_id = $4, session_id = $5, document = $6 \
     WHERE tenant_id = $1 AND user_code = $2 AND state = 'pending' AND expires_at > $3";
const DENY_DEVICE: &str = "UPDATE device_codes SET state = 'denied' WHERE tenant_id = $1 AND user_code = $2 \
     AND state = 'pending' AND expires_at > $3";
const DELETE_DEVICE: &str = "DELETE FROM device_codes WHERE tenant_id = $1 AND digest = $2";
const SWEEP_DEVICES: &str = "DELETE FROM device_codes WHERE expires_at < $1";

type Digest = [u8; 32];

fn key(tenant: &TenantId, digest: Digest) -> [Value; 2] {
    [tenant.as_str().into(), digest.as_slice().into()]
}

pub(super) async fn insert_code(
    tx: &mut Tx,
    tenant: &TenantId,
    digest: Digest,
    Issued { code, session_id, expires_at }: &Issued,
) -> Result<(), DbError> {
    let values = [
        tenant.as_str().into(),
        digest.as_slice().into(),
        code.client_id.as_str().into(),
        code.user_id.as_str().into(),
        session_id.as_deref().into(),
        json(code)?,
        Value::Int(expires_at.as_millisecond()),
    ];
    tx.put(INSERT_CODE, &values).await
}

/// [`DbError::Missed`], at the commit at the latest: it was used, or is over.
pub(super) async fn use_code(
    tx: &mut Tx,
    tenant: &TenantId,
    digest: Digest,
    now: i64,
) -> Result<(), DbError> {
    let [tenant, digest] = key(tenant, digest);
    tx.put_one(USE_CODE, &[tenant, digest, Value::Int(now)]).await
}

/// Like [`use_code`]; false if it was used, or is over.
pub(super) async fn use_code_up(
    tx: &mut Tx,
    tenant: &TenantId,
    digest: Digest,
    now: i64,
) -> Result<bool, DbError> {
    let [tenant, digest] = key(tenant, digest);
    Ok(tx.execute(USE_CODE, &[tenant, digest, Value::Int(now)]).await? == 1)
}

pub(super) async fn look_at_code(
    db: &Db,
    tenant: &TenantId,
    digest: Digest,
    now: i64,
) -> Result<Presented, DbError> {
    let Some(row) = db.look_up_opt(LOOK_AT_CODE, &key(tenant, digest)).await? else {
        return Ok(Presented::Unknown);
    };
    if row.opt_int("used_at")?.is_some() {
        let (client_id, refresh_token_id) = (row.text("client_id")?, row.opt_text("refresh_token_id")?);
        return Ok(Presented::Again { client_id, refresh_token_id });
    }
    let expires_at = row.int("expires_at")?;
    if expires_at <= now {
        return Ok(Presented::Unknown);
    }
    let (code, session_id) = (parse(&row.text("document")?)?, row.opt_text("session_id")?);
    let expires_at = clock::from_millis(expires_at)?;
    Ok(Presented::Good(Box::new(Issued { code, session_id, expires_at })))
}

pub(super) async fn note_refresh_token(
    tx: &mut Tx,
    tenant: &TenantId,
    digest: Digest,
    id: &str,
) -> Result<(), DbError> {
    let [tenant, digest] = key(tenant, digest);
    tx.put(NOTE_REFRESH_TOKEN, &[tenant, digest, id.into()]).await
}

pub(super) async fn insert_login<D: Serialize>(
    tx: &mut Tx,
    tenant: &TenantId,
    digest: Digest,
    (document, expires_at): (&D, i64),
) -> Result<(), DbError> {
    let [tenant, digest] = key(tenant, digest);
    tx.put(INSERT_LOGIN, &[tenant, digest, json(document)?, Value::Int(expires_at)]).await
}

pub(super) async fn find_login<D: DeserializeOwned>(
    db: &Db,
    tenant: &TenantId,
    digest: Digest,
    now: i64,
) -> Result<Option<D>, DbError> {
    let [tenant, digest] = key(tenant, digest);
    let row = db.look_up_opt(FIND_LOGIN, &[tenant, digest, Value::Int(now)]).await?;
    row.map(|row| parse(&row.text("document")?)).transpose()
}

pub(super) async fn update_login<D: Serialize>(
    tx: &mut Tx,
    tenant: &TenantId,
    digest: Digest,
    document: &D,
) -> Result<(), DbError> {
    let [tenant, digest] = key(tenant, digest);
    tx.put_one(UPDATE_LOGIN, &[tenant, digest, json(document)?]).await
}

pub(super) async fn delete_login(tx: &mut Tx, tenant: &TenantId, digest: Digest) -> Result<(), DbError> {
    tx.put_one(DELETE_LOGIN, &key(tenant, digest)).await
}

pub(super) async fn insert_pushed(
    tx: &mut Tx,
    tenant: &TenantId,
    digest: Digest,
    (client_id, document, expires_at): (&str, &Json, i64),
) -> Result<(), DbError> {
    let [tenant, digest] = key(tenant, digest);
    let values = [tenant, digest, client_id.into(), json(document)?, Value::Int(expires_at)];
    tx.put(INSERT_PUSHED, &values).await
}

pub(super) async fn take_pushed(
    tx: &mut Tx,
    tenant: &TenantId,
    digest: Digest,
    client_id: &str,
) -> Result<Option<(Json, i64)>, DbError> {
    let [tenant, digest] = key(tenant, digest);
    let row = tx.query_opt(TAKE_PUSHED, &[tenant, digest, client_id.into()]).await?;
    row.map(|row| Ok((parse(&row.text("document")?)?, row.int("expires_at")?))).transpose()
}

pub(super) async fn insert_device(
    tx: &mut Tx,
    tenant: &TenantId,
    (digest, user_code): (Digest, String),
    (client_id, asked, expires_at): (&str, &Asked, i64),
) -> Result<(), DbError> {
    let [tenant, digest] = key(tenant, digest);
    let values = [tenant, digest, user_code.into(), client_id.into(), json(asked)?, Value::Int(expires_at)];
    tx.execute(INSERT_DEVICE, &values).await.map(drop)
}

pub(super) async fn find_device(
    tx: &mut Tx,
    tenant: &TenantId,
    digest: Digest,
) -> Result<Option<Waiting>, DbError> {
    tx.query_opt(FIND_DEVICE, &key(tenant, digest)).await?.as_ref().map(waiting).transpose()
}

pub(super) async fn find_device_by_user_code(
    db: &Db,
    tenant: &TenantId,
    user_code: &str,
    now: i64,
) -> Result<Option<Waiting>, DbError> {
    let values = [tenant.as_str().into(), user_code.into(), Value::Int(now)];
    db.look_up_opt(FIND_DEVICE_BY_USER_CODE, &values).await?.as_ref().map(waiting).transpose()
}

fn waiting(row: &Row) -> Result<Waiting, DbError> {
    let state = match row.text("state")?.as_str() {
        "pending" => State::Pending,
        "approved" => State::Authorized,
        "denied" => State::Denied,
        other => return Err(DbError::inconsistent(format!("a device code has the state {other}"))),
    };
    Ok(Waiting {
        client_id: row.text("client_id")?,
        state,
        user_id: row.opt_text("user_id")?,
        session_id: row.opt_text("session_id")?,
        polled_at: row.opt_int("last_polled_at")?.map(clock::from_millis).transpose()?,
        expires_at: clock::from_millis(row.int("expires_at")?)?,
        asked: parse(&row.text("document")?)?,
    })
}

pub(super) async fn note_poll(
    tx: &mut Tx,
    tenant: &TenantId,
    digest: Digest,
    now: i64,
) -> Result<(), DbError> {
    let [tenant, digest] = key(tenant, digest);
    tx.put(NOTE_POLL, &[tenant, digest, Value::Int(now)]).await
}

pub(super) async fn decide_device(
    tx: &mut Tx,
    tenant: &TenantId,
    user_code: &str,
    (verdict, now): (&Verdict, i64),
) -> Result<bool, DbError> {
    let (tenant, user_code, now) = (Value::from(tenant.as_str()), Value::from(user_code), Value::Int(now));
    let changed = match verdict {
        Verdict::Approved { user_id, session_id, asked } => {
            let values = [tenant, user_code, now, user_id.into(), session_id.into(), json(asked)?];
            tx.execute(APPROVE_DEVICE, &values).await?
        }
        Verdict::Denied => tx.execute(DENY_DEVICE, &[tenant, user_code, now]).await?,
    };
    Ok(changed == 1)
}

pub(super) async fn delete_device(tx: &mut Tx, tenant: &TenantId, digest: Digest) -> Result<(), DbError> {
    tx.put_one(DELETE_DEVICE, &key(tenant, digest)).await
}

/// Deletes what expired before this moment, of all tenants.
pub(super) async fn sweep(tx: &mut Tx, before: i64) -> Result<(), DbError> {
    for sweep in [SWEEP_CODES, SWEEP_LOGINS, SWEEP_PUSHED, SWEEP_DEVICES] {
        tx.execute(sweep, &[Value::Int(before)]).await?;
    }
    Ok(())
}

/// Notes that an assertion was used; false if it was before.
pub async fn remember_assertion(
    tx: &mut Tx,
    tenant: &TenantId,
    (issuer, id): (&str, &str),
    expires_at: i64,
) -> Result<bool, DbError> {
    let values = [tenant.as_str().into(), issuer.into(), id.into(), Value::Int(expires_at)];
    Ok(tx.execute(REMEMBER_ASSERTION, &values).await? == 1)
}

/// Forgets the assertions that expired before a moment.
pub async fn forget_assertions(tx: &mut Tx, before: i64) -> Result<(), DbError> {
    tx.execute(FORGET_ASSERTIONS, &[Value::Int(before)]).await.map(drop)
}
