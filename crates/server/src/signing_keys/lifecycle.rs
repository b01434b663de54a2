//! The transitions of the ring as they really happen: a key from the forge, one transaction, one log entry.
//!
//! Must never make a key inside a transaction, and never sign anything but certificates.

use std::sync::Arc;

use chancery_crypto::certificate::{Certificate, SelfSigned};
use chancery_crypto::key;
use chancery_crypto::rsa::PrivateKey;
use chancery_crypto::seal::{Label, Sealer};
use chancery_keyring::{BrokenRing, Farewell, KeyRing, Kid, RevokeError, SealedHalf, StoredKey};
use jiff::{SignedDuration, Timestamp};

use super::sql::{self, NewKey};
use super::{Actor, limit};
use crate::app::App;
use crate::changes::Topic;
use crate::clock;
use crate::db::DbError;
use crate::forge::ForgeError;
use crate::logs::Entry;
use crate::tenants::{TenantId, sql::Stored};
use crate::write::Write;

/// The kind in the label of a sealed signing key.
const SEAL_KIND: &str = "signing-key";

/// Why the ring was not changed or not opened.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The key is in no state to be revoked.
    #[error(transparent)]
    Revoke(#[from] RevokeError),
    /// The daily limit is reached.
    #[error(
        "The limit of {limit} rotations in 24 hours is reached. The next rotation is possible in {}, at {again}.",
        clock::in_words(*.wait)
    )]
    TooManyRotations {
        /// The limit.
        limit: u32,
        /// Seconds until then.
        wait: i64,
        /// When there are fewer rotations than that in the last 24 hours.
        again: Timestamp,
    },
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// No key could be made.
    #[error(transparent)]
    Forge(#[from] ForgeError),
    /// A certificate or a seal could not be made.
    #[error("a signing key could not be prepared: {0}")]
    Prepare(String),
    /// The stored keys are no ring.
    #[error(transparent)]
    Broken(#[from] BrokenRing),
}

/// The first two keys of a tenant, made before its transaction is opened.
#[derive(Debug)]
pub struct PreparedRing {
    current: NewKey,
    next: NewKey,
}

impl PreparedRing {
    /// Writes the ring. False: somebody else was first, and nothing was written.
    pub async fn insert(
        &self,
        tx: &mut crate::db::Tx,
        tenant: &TenantId,
        now: Timestamp,
    ) -> Result<bool, DbError> {
        sql::insert_ring(tx, tenant, (&self.current, &self.next), now).await
    }
}

/// Makes the first two keys of a tenant. The current key's certificate began a second earlier, so that sorting
/// by age tells them apart and both are valid at once.
pub async fn prepare_ring(app: &App, tenant: &Stored, now: Timestamp) -> Result<PreparedRing, KeyError> {
    let earlier = now.saturating_sub(SignedDuration::from_secs(1)).unwrap_or(now);
    let current = prepare(app, tenant, SEAL_KIND, earlier).await?;
    Ok(PreparedRing { current, next: prepare(app, tenant, SEAL_KIND, now).await? })
}

/// Takes a key from the forge, gives it a certificate and seals its private half as one of this kind.
pub async fn prepare(
    app: &App,
    tenant: &Stored,
    seal_kind: &str,
    not_before: Timestamp,
) -> Result<NewKey, KeyError> {
    let private = app.forge.take().await?.into();
    let kid = app.entropy.kid();
    let made_out = (tenant.canonical.as_str(), not_before, tenant.policy.certificate_days);
    finish(app, &tenant.id, seal_kind, (kid, &private), made_out)
}

/// Gives a key its self-signed certificate, made out to a name, from a moment on for so many days; and seals its
/// private half.
pub fn finish(
    app: &App,
    tenant: &TenantId,
    seal_kind: &str,
    (kid, private): (Kid, &key::PrivateKey),
    (common_name, not_before, days): (&str, Timestamp, u32),
) -> Result<NewKey, KeyError> {
    let failed = |error: &dyn std::fmt::Display| KeyError::Prepare(error.to_string());
    let request = SelfSigned { common_name, serial: app.entropy.bytes(), not_before, days };
    let certificate = Certificate::self_signed(request, private).map_err(|error| failed(&error))?;
    let pkcs8 = private.to_pkcs8().map_err(|error| failed(&error))?;
    let label = Label { tenant: tenant.as_str(), kind: seal_kind, id: kid.as_str() };
    let sealed = app.sealer.seal(label, app.entropy.bytes(), &pkcs8).map_err(|error| failed(&error))?;
    Ok(NewKey { kid, certificate, sealed: SealedHalf::new(sealed) })
}

/// Restores a ring from its rows, opening the current key alone.
pub fn open_ring(sealer: &Sealer, tenant: &TenantId, rows: Vec<StoredKey>) -> Result<KeyRing, BrokenRing> {
    KeyRing::restore(rows, |kid, sealed| {
        let label = Label { tenant: tenant.as_str(), kind: SEAL_KIND, id: kid.as_str() };
        let pkcs8 = sealer.open(label, sealed.as_bytes()).map_err(|error| error.to_string())?;
        PrivateKey::from_pkcs8(&pkcs8).map_err(|error| error.to_string())
    })
}

/// The rows of a tenant's ring; makes the ring if the tenant was never used before.
pub async fn ensure_ring(app: &Arc<App>, tenant: &Stored) -> Result<Vec<StoredKey>, KeyError> {
    let rows = sql::load(&app.db, &tenant.id).await?;
    if !rows.is_empty() {
        return Ok(rows);
    }
    let prepared = prepare_ring(app, tenant, app.clock.now()).await?;
    let mut write = Write::begin(app, &tenant.id).await?;
    if prepared.insert(write.tx(), &tenant.id, app.clock.now()).await? {
        write.notice(Topic::Tenant, tenant.canonical.as_str());
        write.commit(Entry::new(crate::logs::Kind::Sapi, "Create the application signing keys")).await?;
    } else {
        write.nothing_to_do().await?;
    }
    Ok(sql::load(&app.db, &tenant.id).await?)
}

/// Rotates: next becomes current, current becomes previous. Answers the new next key.
pub async fn rotate(
    app: &Arc<App>,
    tenant: &Stored,
    (by, entry): (Actor, Entry),
) -> Result<StoredKey, KeyError> {
    // Whoever may not rotate takes no key from those who may; the transaction looks again.
    let now = app.clock.now();
    limit::room(&app.db, tenant, &sql::ROTATIONS, now).await?;
    let fresh = prepare(app, tenant, SEAL_KIND, now).await?;
    let mut write = Write::begin(app, &tenant.id).await?;
    if !sql::lock(write.tx(), &tenant.id).await? {
        drop(write);
        ensure_ring(app, tenant).await?;
        write = Write::begin(app, &tenant.id).await?;
        sql::lock(write.tx(), &tenant.id).await?;
    }
    // Read after the lock: of two rotations at once, the later one happens later.
    let now = app.clock.now();
    limit::room_within(write.tx(), tenant, &sql::ROTATIONS, now).await?;
    sql::forget_rotations(write.tx(), &tenant.id, limit::since(now)).await?;
    let rows = sql::load_with(write.tx(), &tenant.id, "").await?;
    let rotating = open_ring(&app.sealer, &tenant.id, rows)?.rotate(now);
    sql::rotate(write.tx(), &tenant.id, &rotating, (&fresh, &by)).await?;
    write.notice(Topic::Tenant, tenant.canonical.as_str());
    write.commit(entry).await?;
    let NewKey { kid, certificate, sealed } = fresh;
    Ok(StoredKey { kid, certificate, place: chancery_keyring::StoredPlace::Next { sealed } })
}

/// Revokes a previous key. Answers the key as it was. `farewell` is the token that asks for it, if this very
/// key signed it.
pub async fn revoke(
    app: &Arc<App>,
    tenant: &Stored,
    kid: &str,
    farewell: Option<Farewell>,
    (by, entry): (Actor, Entry),
) -> Result<StoredKey, KeyError> {
    let kid: Kid = kid.parse().map_err(|_| RevokeError::Unknown)?;
    let mut write = Write::begin(app, &tenant.id).await?;
    if !sql::lock(write.tx(), &tenant.id).await? {
        return Err(RevokeError::Unknown.into());
    }
    let rows = sql::load_with(write.tx(), &tenant.id, kid.as_str()).await?;
    let key = rows.iter().find(|row| row.kid == kid).cloned().ok_or(RevokeError::Unknown)?;
    let revoking = open_ring(&app.sealer, &tenant.id, rows)?.revoke(&kid, app.clock.now())?;
    sql::revoke(write.tx(), &tenant.id, &revoking, (farewell.as_ref(), &by)).await?;
    write.notice(Topic::Tenant, tenant.canonical.as_str());
    write.commit(entry).await?;
    fold_in(app).await;
    Ok(key)
}

/// What ends a revocation: the old pages of the write-ahead log still hold the sealed private half until they are
/// folded in.
pub async fn fold_in(app: &App) {
    if let Err(error) = app.db.checkpoint().await {
        tracing::warn!(%error, "the write-ahead log could not be folded in after a revocation");
    }
}
