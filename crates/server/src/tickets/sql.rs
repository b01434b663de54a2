//! The statements of the tickets.

use jiff::Timestamp;

use super::{Kind, Ticket};
use crate::clock;
use crate::db::{Db, DbError, Row, Tx, Value};
use crate::tenants::TenantId;
use crate::tenants::sql::{json, parse};

const INSERT: &str = "INSERT INTO tickets (tenant_id, digest, kind, user_id, document, expires_at, used_at) \
     VALUES ($1, $2, $3, $4, $5, $6, NULL)";
const LOOK: &str = "SELECT kind, user_id, document, expires_at FROM tickets \
     WHERE tenant_id = $1 AND digest = $2 AND kind = $3 AND used_at IS NULL AND expires_at > $4";
// One statement: of two that present the same ticket, one finds it unused.
const REDEEM: &str = "UPDATE tickets SET used_at = $4 \
     WHERE tenant_id = $1 AND digest = $2 AND kind = $3 AND used_at IS NULL AND expires_at > $4 \
     RETURNING kind, user_id, document, expires_at";
const VOID: &str =
    "DELETE FROM tickets WHERE tenant_id = $1 AND user_id = $2 AND kind = $3 AND used_at IS NULL";
const SWEEP: &str = "DELETE FROM tickets WHERE expires_at < $1";
const BY_EMAIL: &str = "SELECT i.user_id, i.identity_id FROM database_accounts a JOIN identities i \
     ON i.tenant_id = a.tenant_id AND i.provider = a.provider AND i.identity_id = a.identity_id \
     WHERE a.tenant_id = $1 AND a.connection_id = $2 AND a.email = $3";

fn from_row(row: &Row) -> Result<Ticket, DbError> {
    Ok(Ticket {
        user_id: row.text("user_id")?,
        terms: parse(&row.text("document")?)?,
        expires_at: clock::from_millis(row.int("expires_at")?)?,
    })
}

fn named(tenant: &TenantId, digest: [u8; 32], kind: Kind, now: Timestamp) -> [Value; 4] {
    [tenant.as_str().into(), digest.as_slice().into(), kind.text().into(), Value::Int(now.as_millisecond())]
}

/// Writes a ticket.
pub(super) async fn insert(
    tx: &mut Tx,
    tenant: &TenantId,
    (digest, kind): ([u8; 32], Kind),
    ticket: &Ticket,
) -> Result<(), DbError> {
    let values = [
        tenant.as_str().into(),
        digest.as_slice().into(),
        kind.text().into(),
        ticket.user_id.as_str().into(),
        json(&ticket.terms)?,
        Value::Int(ticket.expires_at.as_millisecond()),
    ];
    tx.execute(INSERT, &values).await.map(drop)
}

/// A ticket that is still good.
pub(super) async fn look(
    db: &Db,
    tenant: &TenantId,
    (digest, kind): ([u8; 32], Kind),
    now: Timestamp,
) -> Result<Option<Ticket>, DbError> {
    db.query_opt(LOOK, &named(tenant, digest, kind, now)).await?.as_ref().map(from_row).transpose()
}

/// Uses a ticket that is still good.
pub(super) async fn redeem(
    tx: &mut Tx,
    tenant: &TenantId,
    (digest, kind): ([u8; 32], Kind),
    now: Timestamp,
) -> Result<Option<Ticket>, DbError> {
    tx.query_opt(REDEEM, &named(tenant, digest, kind, now)).await?.as_ref().map(from_row).transpose()
}

/// Takes back the unused tickets of a kind that a user has.
pub(super) async fn void(tx: &mut Tx, tenant: &TenantId, user_id: &str, kind: Kind) -> Result<(), DbError> {
    tx.execute(VOID, &[tenant.as_str().into(), user_id.into(), kind.text().into()]).await.map(drop)
}

/// Deletes tickets that ended before a moment.
pub(super) async fn sweep(tx: &mut Tx, before: Timestamp) -> Result<(), DbError> {
    tx.execute(SWEEP, &[Value::Int(before.as_millisecond())]).await.map(drop)
}

/// The user with this address at a connection, and the identity that has it.
pub(super) async fn by_email(
    tx: &mut Tx,
    tenant: &TenantId,
    (connection_id, email): (&str, &str),
) -> Result<Option<(String, String)>, DbError> {
    let values = [tenant.as_str().into(), connection_id.into(), email.into()];
    let row = tx.query_opt(BY_EMAIL, &values).await?;
    row.map(|row| Ok((row.text("user_id")?, row.text("identity_id")?))).transpose()
}
