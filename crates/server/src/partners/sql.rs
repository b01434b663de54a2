//! The statements of the applications that were told in another protocol who is signed in.

use crate::db::{Db, DbError, Tx};
use crate::partners::Participant;
use crate::tenants::TenantId;
use crate::tenants::sql::{json, parse};

const PUT: &str = "INSERT INTO session_partners (tenant_id, session_id, client_id, document) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (tenant_id, session_id, client_id) DO UPDATE SET document = EXCLUDED.document";
const FIND: &str =
    "SELECT document FROM session_partners WHERE tenant_id = $1 AND session_id = $2 AND client_id = $3";
const OF_SESSION: &str = "SELECT client_id, document FROM session_partners WHERE tenant_id = $1 AND session_id = $2 \
     ORDER BY client_id";

/// Writes what an application was told in a session.
pub async fn put(
    tx: &mut Tx,
    tenant: &TenantId,
    (session_id, client_id): (&str, &str),
    participant: &Participant,
) -> Result<(), DbError> {
    tx.put(PUT, &[tenant.as_str().into(), session_id.into(), client_id.into(), json(participant)?]).await
}

/// What an application was told in a session.
pub async fn find(
    db: &Db,
    tenant: &TenantId,
    (session_id, client_id): (&str, &str),
) -> Result<Option<Participant>, DbError> {
    let row = db.look_up_opt(FIND, &[tenant.as_str().into(), session_id.into(), client_id.into()]).await?;
    row.map(|row| parse(&row.text("document")?)).transpose()
}

/// Who was told what in a session.
pub async fn of_session(
    db: &Db,
    tenant: &TenantId,
    session_id: &str,
) -> Result<Vec<(String, Participant)>, DbError> {
    let rows = db.query(OF_SESSION, &[tenant.as_str().into(), session_id.into()]).await?;
    rows.iter().map(|row| Ok((row.text("client_id")?, parse(&row.text("document")?)?))).collect()
}
