//! The statements of the mails.

use jiff::Timestamp;

use super::Mail;
use crate::clock;
use crate::db::{Db, DbError, Row, Tx, Value};
use crate::tenants::TenantId;

const INSERT: &str = "INSERT INTO mails (tenant_id, id, template, recipient, subject, message, state, attempts, \
     next_attempt_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, 'waiting', 0, $7, $7)";
const LIST: &str = "SELECT tenant_id, id, template, recipient, subject, message, state, attempts, next_attempt_at, \
     created_at FROM mails WHERE tenant_id = $1 ORDER BY created_at DESC, id DESC LIMIT 200";
const FIND: &str = "SELECT tenant_id, id, template, recipient, subject, message, state, attempts, next_attempt_at, \
     created_at FROM mails WHERE tenant_id = $1 AND id = $2";
const DUE: &str = "SELECT tenant_id, id, template, recipient, subject, message, state, attempts, next_attempt_at, \
     created_at FROM mails WHERE state = 'waiting' AND next_attempt_at <= $1 ORDER BY next_attempt_at LIMIT 10";
// Of several processes that saw the mail due, one finds it as it was.
const CLAIM: &str = "UPDATE mails SET attempts = attempts + 1, next_attempt_at = $4 \
     WHERE tenant_id = $1 AND id = $2 AND state = 'waiting' AND next_attempt_at = $3";
const RETRY: &str =
    "UPDATE mails SET next_attempt_at = $3 WHERE tenant_id = $1 AND id = $2 AND state = 'waiting'";
const END: &str = "UPDATE mails SET state = $3 WHERE tenant_id = $1 AND id = $2 AND state = 'waiting'";
// What was sent opens accounts: it does not stay here.
const ERASE: &str = "UPDATE mails SET message = $3 WHERE tenant_id = $1 AND id = $2";
const SEALED: &str = "SELECT COUNT(*) AS total FROM (SELECT 1 AS one FROM mails WHERE tenant_id = $1 AND state <> 'sent' LIMIT $2) counted";
const SWEEP: &str = "DELETE FROM mails WHERE state <> 'waiting' AND created_at < $1";

/// A mail as it is stored.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its id.
    pub id: String,
    /// The name of its template.
    pub template: String,
    /// To whom.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// The sealed mail; empty once it was sent.
    pub message: Vec<u8>,
    /// `waiting`, `sent`, `kept` or `failed`.
    pub state: String,
    /// How often it was tried.
    pub attempts: i64,
    /// When it is tried next, in milliseconds.
    pub next_attempt_at: i64,
    /// When it was written.
    pub created_at: Timestamp,
}

fn from_row(row: &Row) -> Result<Stored, DbError> {
    Ok(Stored {
        tenant: TenantId::from_stored(row.text("tenant_id")?),
        id: row.text("id")?,
        template: row.text("template")?,
        to: row.text("recipient")?,
        subject: row.text("subject")?,
        message: row.bytes("message")?,
        state: row.text("state")?,
        attempts: row.int("attempts")?,
        next_attempt_at: row.int("next_attempt_at")?,
        created_at: clock::from_millis(row.int("created_at")?)?,
    })
}

fn one(stored: &Stored) -> Vec<Value> {
    vec![stored.tenant.as_str().into(), stored.id.as_str().into()]
}

/// Writes a mail that waits to be sent.
pub async fn insert(
    tx: &mut Tx,
    tenant: &TenantId,
    (id, mail, sealed): (&str, &Mail, Vec<u8>),
    now: Timestamp,
) -> Result<(), DbError> {
    let values = [
        tenant.as_str().into(),
        id.into(),
        mail.template.as_str().into(),
        mail.to.as_str().into(),
        mail.subject.as_str().into(),
        sealed.into(),
        Value::Int(now.as_millisecond()),
    ];
    tx.execute(INSERT, &values).await.map(drop)
}

/// The youngest mails of a tenant, youngest first.
pub async fn list(db: &Db, tenant: &TenantId) -> Result<Vec<Stored>, DbError> {
    db.query(LIST, &[tenant.as_str().into()]).await?.iter().map(from_row).collect()
}

/// One mail.
pub async fn find(db: &Db, tenant: &TenantId, id: &str) -> Result<Option<Stored>, DbError> {
    db.query_opt(FIND, &[tenant.as_str().into(), id.into()]).await?.as_ref().map(from_row).transpose()
}

/// Mails that should be sent now.
pub(super) async fn due(db: &Db, now: Timestamp) -> Result<Vec<Stored>, DbError> {
    db.query(DUE, &[Value::Int(now.as_millisecond())]).await?.iter().map(from_row).collect()
}

/// Takes a mail for this process until a moment. False: another has it.
pub(super) async fn claim(tx: &mut Tx, mail: &Stored, until: Timestamp) -> Result<bool, DbError> {
    let mut values = one(mail);
    values.extend([Value::Int(mail.next_attempt_at), Value::Int(until.as_millisecond())]);
    Ok(tx.execute(CLAIM, &values).await? == 1)
}

/// Says when to try again.
pub(super) async fn retry(tx: &mut Tx, mail: &Stored, at: Timestamp) -> Result<(), DbError> {
    let mut values = one(mail);
    values.push(Value::Int(at.as_millisecond()));
    tx.execute(RETRY, &values).await.map(drop)
}

/// Says how it ended.
pub(super) async fn end(tx: &mut Tx, mail: &Stored, state: &str) -> Result<(), DbError> {
    let mut values = one(mail);
    values.push(state.into());
    tx.execute(END, &values).await?;
    if state == "sent" {
        let mut values = one(mail);
        values.push(Value::Bytes(Vec::new()));
        tx.execute(ERASE, &values).await?;
    }
    Ok(())
}

/// Deletes mails that wait no more and are older than this.
pub(super) async fn sweep(tx: &mut Tx, before: Timestamp) -> Result<(), DbError> {
    tx.execute(SWEEP, &[Value::Int(before.as_millisecond())]).await.map(drop)
}

/// The mails that are kept sealed: all but those that were sent, counted up to `most`.
pub async fn count_sealed(db: &Db, tenant: &TenantId, most: i64) -> Result<i64, DbError> {
    let row = db.query_opt(SEALED, &[tenant.as_str().into(), Value::Int(most)]).await?;
    row.map_or(Ok(0), |row| row.int("total"))
}
