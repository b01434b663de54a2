//! The statements about as what identity providers know the users of our sessions. They go with the session.

use super::UpstreamSession;
use crate::db::{Db, DbError, Tx};
use crate::tenants::TenantId;
use crate::tenants::sql::{json, parse};

const PUT: &str = "INSERT INTO upstream_sessions (tenant_id, session_id, connection_id, document) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (tenant_id, session_id) DO UPDATE SET connection_id = EXCLUDED.connection_id, document = EXCLUDED.document";
const FIND: &str =
    "SELECT connection_id, document FROM upstream_sessions WHERE tenant_id = $1 AND session_id = $2";

/// Writes it down.
pub async fn put(
    tx: &mut Tx,
    tenant: &TenantId,
    (session_id, connection_id): (&str, &str),
    session: &UpstreamSession,
) -> Result<(), DbError> {
    let values = [tenant.as_str().into(), session_id.into(), connection_id.into(), json(session)?];
    tx.put(PUT, &values).await
}

/// The connection that a session came by, and as what its user is known there.
pub async fn of_session(
    db: &Db,
    tenant: &TenantId,
    session_id: &str,
) -> Result<Option<(String, UpstreamSession)>, DbError> {
    let row = db.look_up_opt(FIND, &[tenant.as_str().into(), session_id.into()]).await?;
    row.map(|row| Ok((row.text("connection_id")?, parse(&row.text("document")?)?))).transpose()
}
