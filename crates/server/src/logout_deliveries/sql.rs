//! The statements of what applications still have to be told.

use jiff::Timestamp;
use serde_json::{Map, Value as Json};

use crate::db::{Db, DbError, Row, Tx, Value};
use crate::tenants::TenantId;
use crate::tenants::sql::{json, parse};

const INSERT: &str = "INSERT INTO logout_deliveries (tenant_id, session_id, client_id, address, user_id, initiator, \
     session_metadata, attempts, next_attempt_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $8, $8)";
const DUE: &str = "SELECT tenant_id, session_id, client_id, address, user_id, initiator, session_metadata, attempts, \
     next_attempt_at FROM logout_deliveries WHERE next_attempt_at <= $1 ORDER BY next_attempt_at LIMIT $2";
// Of several processes that saw it due, one finds it as it was.
const CLAIM: &str = "UPDATE logout_deliveries SET attempts = attempts + 1, next_attempt_at = $6 \
     WHERE tenant_id = $1 AND session_id = $2 AND client_id = $3 AND address = $4 AND attempts = $5";
const POSTPONE: &str = "UPDATE logout_deliveries SET next_attempt_at = $4 \
     WHERE tenant_id = $1 AND client_id = $2 AND next_attempt_at <= $3";
// A claim that ran out meanwhile is another process's.
const RETRY: &str = "UPDATE logout_deliveries SET next_attempt_at = $6 \
     WHERE tenant_id = $1 AND session_id = $2 AND client_id = $3 AND address = $4 AND attempts = $5";
const END: &str = "DELETE FROM logout_deliveries \
     WHERE tenant_id = $1 AND session_id = $2 AND client_id = $3 AND address = $4 AND attempts = $5";

/// What an application still has to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Whose it is.
    pub tenant: TenantId,
    /// The session that is over.
    pub session_id: String,
    /// The application.
    pub client_id: String,
    /// Which of the application's addresses is meant, from 0.
    pub address: i64,
    /// Whose session it was.
    pub user_id: String,
    /// Why it ended, as Auth0 calls it.
    pub initiator: String,
    /// What administrators had written on the session, if the application wants to know.
    pub session_metadata: Option<Map<String, Json>>,
    /// How often it was tried.
    pub attempts: i64,
    /// When it is tried next, in milliseconds.
    pub next_attempt_at: i64,
}

fn from_row(row: &Row) -> Result<Delivery, DbError> {
    Ok(Delivery {
        tenant: TenantId::from_stored(row.text("tenant_id")?),
        session_id: row.text("session_id")?,
        client_id: row.text("client_id")?,
        address: row.int("address")?,
        user_id: row.text("user_id")?,
        initiator: row.text("initiator")?,
        session_metadata: row.opt_text("session_metadata")?.as_deref().map(parse).transpose()?,
        attempts: row.int("attempts")?,
        next_attempt_at: row.int("next_attempt_at")?,
    })
}

/// What names a delivery as this process knows it.
fn known(delivery: &Delivery) -> Vec<Value> {
    vec![
        delivery.tenant.as_str().into(),
        delivery.session_id.as_str().into(),
        delivery.client_id.as_str().into(),
        Value::Int(delivery.address),
        Value::Int(delivery.attempts),
    ]
}

/// Writes a delivery that waits.
pub(super) async fn insert(tx: &mut Tx, delivery: &Delivery, now: Timestamp) -> Result<(), DbError> {
    let Delivery {
        tenant,
        session_id,
        client_id,
        address,
        user_id,
        initiator,
        session_metadata,
        attempts: _,
        next_attempt_at: _,
    } = delivery;
    let values = [
        tenant.as_str().into(),
        session_id.as_str().into(),
        client_id.as_str().into(),
        Value::Int(*address),
        user_id.as_str().into(),
        initiator.as_str().into(),
        session_metadata.as_ref().map_or(Ok(Value::Null), json)?,
        Value::Int(now.as_millisecond()),
    ];
    tx.execute(INSERT, &values).await.map(drop)
}

/// What should be sent now, the longest due first.
pub async fn due(db: &Db, now: Timestamp, most: i64) -> Result<Vec<Delivery>, DbError> {
    db.query(DUE, &[Value::Int(now.as_millisecond()), Value::Int(most)]).await?.iter().map(from_row).collect()
}

/// Takes a delivery for this process until a moment. False: another has it.
pub(super) async fn claim(tx: &mut Tx, delivery: &Delivery, until: Timestamp) -> Result<bool, DbError> {
    let mut values = known(delivery);
    values.push(Value::Int(until.as_millisecond()));
    Ok(tx.execute(CLAIM, &values).await? == 1)
}

/// Puts off everything that is due of an application.
pub(super) async fn postpone(
    tx: &mut Tx,
    (tenant, client_id): (&TenantId, &str),
    (now, until): (Timestamp, Timestamp),
) -> Result<(), DbError> {
    let values = [
        tenant.as_str().into(),
        client_id.into(),
        Value::Int(now.as_millisecond()),
        Value::Int(until.as_millisecond()),
    ];
    tx.execute(POSTPONE, &values).await.map(drop)
}

/// Says when to try again.
pub(super) async fn retry(tx: &mut Tx, delivery: &Delivery, at: Timestamp) -> Result<(), DbError> {
    let mut values = known(delivery);
    values.push(Value::Int(at.as_millisecond()));
    tx.execute(RETRY, &values).await.map(drop)
}

/// Forgets a delivery, told or given up. False: another process has taken it over.
pub(super) async fn end(tx: &mut Tx, delivery: &Delivery) -> Result<bool, DbError> {
    Ok(tx.execute(END, &known(delivery)).await? == 1)
}
