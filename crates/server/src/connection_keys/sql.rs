//! The statements of the connection key.

use chancery_crypto::certificate::Certificate;
use chancery_keyring::{Kid, SealedHalf};
use jiff::Timestamp;

use crate::clock;
use crate::db::{Db, DbError, Tx, Value};
use crate::tenants::TenantId;

const FIND: &str = "SELECT kid, certificate, private, created_at FROM connection_keys WHERE tenant_id = $1";
const INSERT: &str = "INSERT INTO connection_keys (tenant_id, kid, certificate, private, created_at) \
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";

/// The connection key of a tenant.
#[derive(Debug)]
pub struct ConnectionKey {
    /// Its id.
    pub kid: Kid,
    /// Its certificate.
    pub certificate: Certificate,
    /// Its private half, sealed.
    pub sealed: SealedHalf,
    /// Since when it exists.
    pub created_at: Timestamp,
}

/// The key, if it was made already.
pub async fn find(db: &Db, tenant: &TenantId) -> Result<Option<ConnectionKey>, DbError> {
    let Some(row) = db.query_opt(FIND, &[tenant.as_str().into()]).await? else { return Ok(None) };
    let broken = |error: &dyn std::fmt::Display| {
        DbError::Other(format!("the connection key of a tenant cannot be read: {error}"))
    };
    Ok(Some(ConnectionKey {
        kid: row.text("kid")?.parse().map_err(|error| broken(&error))?,
        certificate: Certificate::from_der(row.bytes("certificate")?).map_err(|error| broken(&error))?,
        sealed: SealedHalf::new(row.bytes("private")?),
        created_at: clock::from_millis(row.int("created_at")?)?,
    }))
}

/// Writes the key. False: there is one already, and it stays.
pub async fn insert(tx: &mut Tx, tenant: &TenantId, key: &ConnectionKey) -> Result<bool, DbError> {
    let values = [
        tenant.as_str().into(),
        key.kid.as_str().into(),
        key.certificate.der().into(),
        key.sealed.as_bytes().into(),
        Value::Int(key.created_at.as_millisecond()),
    ];
    Ok(tx.execute(INSERT, &values).await? == 1)
}
