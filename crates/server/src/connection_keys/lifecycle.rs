//! The transitions of the rings as they really happen: a key from the forge, one transaction, one log entry.
//!
//! Must never make a key inside a transaction.

use std::collections::HashMap;
use std::sync::Arc;

use chancery_crypto::algorithm::Algorithm;
use chancery_crypto::key::KeyPair;
use chancery_crypto::seal::{Label, Sealer};
use chancery_crypto::{key, rsa};
use chancery_keyring::{BrokenRing, ConnectionRing, Kid, RevokeError, StoredKey, StoredPlace};
use jiff::{SignedDuration, Timestamp};

use super::sql::{self, FirstKeys, Key};
use super::{Order, Owner, own};
use crate::app::App;
use crate::changes::Topic;
use crate::logs::{Entry, Kind};
use crate::signing_keys::sql::NewKey;
use crate::signing_keys::{self, KeyError, limit};
use crate::tenants::{TenantId, sql::Stored};
use crate::write::Write;

/// The kind in the label of a sealed connection key.
pub(super) const SEAL_KIND: &str = "connection-key";

/// What the keys of a ring sign with, by their kids.
pub(super) type Algorithms = HashMap<Kid, Algorithm>;

/// Restores a ring from its rows: that of a tenant with RSA keys, that of a connection with keys of either kind.
pub(super) fn open<K: KeyPair>(
    sealer: &Sealer,
    tenant: &TenantId,
    rows: Vec<Key>,
) -> Result<(ConnectionRing<K>, Algorithms), BrokenRing> {
    let named = |(key, algorithm): &Key| Some((key.kid.clone(), (*algorithm)?));
    let algorithms = rows.iter().filter_map(named).collect();
    let rows = rows.into_iter().map(|(key, _)| key).collect();
    let ring = ConnectionRing::restore(rows, |kid, sealed| {
        let label = Label { tenant: tenant.as_str(), kind: SEAL_KIND, id: kid.as_str() };
        let pkcs8 = sealer.open(label, sealed.as_bytes()).map_err(|error| error.to_string())?;
        K::from_pkcs8(&pkcs8).map_err(|error| error.to_string())
    })?;
    Ok((ring, algorithms))
}

/// Makes a key for a ring.
async fn prepare(
    app: &App,
    tenant: &Stored,
    order: Order<'_>,
    not_before: Timestamp,
) -> Result<NewKey, KeyError> {
    match order {
        Order::Tenant => signing_keys::prepare(app, tenant, SEAL_KIND, not_before).await,
        Order::Connection(connection, algorithm) => {
            own::prepare(app, &tenant.id, (connection, algorithm), not_before).await
        }
    }
}

/// Makes the ring of a tenant if it has none yet.
pub async fn ensure(app: &Arc<App>, tenant: &Stored) -> Result<(), KeyError> {
    let _alone = app.making_connection_key.0.lock().await;
    if !sql::load(&app.db, &tenant.id, Owner::Tenant).await?.is_empty() {
        return Ok(());
    }
    let entry = Entry::new(Kind::Sapi, "Create the connection keys");
    make(app, tenant, Order::Tenant, entry).await.map(drop)
}

/// Makes a ring: a next key, and a current one where there is none from before there were rings. False: somebody else
/// was first.
pub(super) async fn make(
    app: &Arc<App>,
    tenant: &Stored,
    order: Order<'_>,
    entry: Entry,
) -> Result<bool, KeyError> {
    let owner = order.owner();
    let now = app.clock.now();
    // The first certificate begins a second earlier, so that sorting by age tells the two apart.
    let earlier = now.saturating_sub(SignedDuration::from_secs(1)).unwrap_or(now);
    let current = match sql::current(&app.db, &tenant.id, owner).await? {
        Some(kid) => Err(kid),
        None => Ok(prepare(app, tenant, order, earlier).await?),
    };
    let next = prepare(app, tenant, order, now).await?;
    let keys = FirstKeys { current, next, algorithm: order.algorithm() };
    let mut write = Write::begin(app, &tenant.id).await?;
    if !sql::insert_ring(write.tx(), &tenant.id, owner, &keys, now).await? {
        write.nothing_to_do().await?;
        return Ok(false);
    }
    notice(&mut write, tenant, owner);
    write.commit(entry).await?;
    Ok(true)
}

/// The ring of a tenant is in memory; those of connections are read where they are asked for.
fn notice(write: &mut Write, tenant: &Stored, owner: Owner<'_>) {
    match owner {
        Owner::Tenant => write.notice(Topic::Tenant, tenant.canonical.as_str()),
        Owner::Connection(_) => {}
    }
}

/// Rotates: next becomes current, current becomes previous. Answers the new next key. The ring of a tenant is made
/// first if there is none; that of a connection has to be there.
pub async fn rotate(
    app: &Arc<App>,
    tenant: &Stored,
    order: Order<'_>,
    entry: Entry,
) -> Result<Key, KeyError> {
    let (owner, algorithm) = (order.owner(), order.algorithm());
    let limited = matches!(owner, Owner::Tenant);
    let now = app.clock.now();
    if limited {
        // Whoever may not rotate takes no key from those who may; the transaction looks again.
        ensure(app, tenant).await?;
        limit::room(&app.db, tenant, &sql::ROTATIONS, now).await?;
    }
    let fresh = prepare(app, tenant, order, now).await?;
    let mut write = Write::begin(app, &tenant.id).await?;
    if !sql::lock(write.tx(), &tenant.id, owner).await? {
        return Err(RevokeError::Unknown.into());
    }
    // Read after the lock: of two rotations at once, the later one happens later.
    let now = app.clock.now();
    if limited {
        limit::room_within(write.tx(), tenant, &sql::ROTATIONS, now).await?;
    }
    let rows = sql::load_with(write.tx(), &tenant.id, owner, "").await?;
    let rotating = match owner {
        Owner::Tenant => open::<rsa::PrivateKey>(&app.sealer, &tenant.id, rows)?.0.life().rotate(now),
        Owner::Connection(_) => open::<key::PrivateKey>(&app.sealer, &tenant.id, rows)?.0.life().rotate(now),
    };
    sql::rotate(write.tx(), &tenant.id, owner, &rotating, (&fresh, algorithm)).await?;
    notice(&mut write, tenant, owner);
    write.commit(entry).await?;
    let NewKey { kid, certificate, sealed } = fresh;
    Ok((StoredKey { kid, certificate, place: StoredPlace::Next { sealed } }, algorithm))
}

/// Revokes a previous key of a tenant's ring. Answers the key as it was.
pub async fn revoke(app: &Arc<App>, tenant: &Stored, kid: &str, entry: Entry) -> Result<StoredKey, KeyError> {
    let kid: Kid = kid.parse().map_err(|_| RevokeError::Unknown)?;
    let owner = Owner::Tenant;
    let mut write = Write::begin(app, &tenant.id).await?;
    if !sql::lock(write.tx(), &tenant.id, owner).await? {
        return Err(RevokeError::Unknown.into());
    }
    let rows = sql::load_with(write.tx(), &tenant.id, owner, kid.as_str()).await?;
    let key = rows.iter().find(|(row, _)| row.kid == kid).cloned().ok_or(RevokeError::Unknown)?;
    let (ring, _) = open::<rsa::PrivateKey>(&app.sealer, &tenant.id, rows)?;
    let revoking = ring.life().revoke(&kid, app.clock.now())?;
    sql::revoke(write.tx(), &tenant.id, owner, &revoking).await?;
    notice(&mut write, tenant, owner);
    write.commit(entry).await?;
    signing_keys::fold_in(app).await;
    Ok(key.0)
}
