//! How many tokens each signing key signed lately, and until when the last of them is good.
//!
//! Counted in memory where tokens are signed, written every other second and on an orderly stop; a process that is
//! killed loses the seconds between. Must never make a token wait, nor decide anything: these are statistics.

pub mod sql;

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chancery_keyring::Kid;
use jiff::Timestamp;

use crate::app::App;
use crate::db::DbError;
use crate::tenants::TenantId;

/// How often what was counted is written.
const PAUSE: Duration = Duration::from_secs(2);
/// What is counted together: five minutes, in milliseconds.
const PIECE: i64 = 300_000;
/// How long pieces are kept, in milliseconds: a day can be summed up of them at any time.
const KEPT: i64 = 2 * 86_400_000;
/// Keys in one transaction at most.
const BATCH: usize = 1024;

/// What one key signed in this process. Each token costs two operations on memory and no lock.
#[derive(Debug, Default)]
pub struct Signed {
    tokens: AtomicI64,
    written: AtomicI64,
    last_expires_at: AtomicI64,
}

impl Signed {
    /// Counts a token that is good until then.
    pub fn note(&self, expires_at: Timestamp) {
        // The time first: whoever sees the token counted may see a later end, never an earlier one.
        // Tokens name whole seconds.
        self.last_expires_at.fetch_max(expires_at.as_second() * 1000, Ordering::Relaxed);
        self.tokens.fetch_add(1, Ordering::Release);
    }

    fn unwritten(&self) -> i64 {
        let written = self.written.load(Ordering::Acquire);
        self.tokens.load(Ordering::Acquire) - written
    }
}

/// What the keys signed in this process.
#[derive(Debug, Default)]
pub struct KeyUses {
    keys: Mutex<HashMap<(TenantId, Kid), Arc<Signed>>>,
    writing: tokio::sync::Mutex<()>,
}

/// Some tokens that a key signed.
#[derive(Debug, Clone)]
pub struct Use {
    /// The tenant.
    pub tenant: TenantId,
    /// The key.
    pub kid: Kid,
    /// How many.
    pub tokens: i64,
    /// Until when the last of them is good, in milliseconds.
    pub last_expires_at: i64,
}

impl KeyUses {
    /// Where the tokens of a key are counted. It survives every reload of the tenant.
    pub fn of(&self, tenant: &TenantId, kid: &Kid) -> Arc<Signed> {
        Arc::clone(self.keys().entry((tenant.clone(), kid.clone())).or_default())
    }

    /// What is counted of a tenant and not written yet.
    pub fn unwritten_of(&self, tenant: &TenantId) -> Vec<Use> {
        self.keys().iter().filter(|((own, _), _)| own == tenant).filter_map(unwritten).collect()
    }

    fn unwritten(&self) -> Vec<(Use, Arc<Signed>)> {
        let keys = self.keys();
        let fresh = keys.iter().filter_map(|entry| Some((unwritten(entry)?, Arc::clone(entry.1))));
        let mut fresh: Vec<_> = fresh.collect();
        // Every process in the same order, so that none waits for another in a circle.
        fresh.sort_by(|(a, _), (b, _)| (&a.tenant, &a.kid).cmp(&(&b.tenant, &b.kid)));
        fresh
    }

    /// Forgets the keys that no tenant in memory signs with, once all is written.
    fn forget_idle(&self) {
        // Nobody gets hold of one meanwhile: that takes the lock.
        self.keys().retain(|_, signed| Arc::strong_count(signed) > 1 || signed.unwritten() > 0);
    }

    fn keys(&self) -> MutexGuard<'_, HashMap<(TenantId, Kid), Arc<Signed>>> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unwritten(((tenant, kid), signed): (&(TenantId, Kid), &Arc<Signed>)) -> Option<Use> {
    let tokens = signed.unwritten();
    (tokens > 0).then(|| Use {
        tenant: tenant.clone(),
        kid: kid.clone(),
        tokens,
        last_expires_at: signed.last_expires_at.load(Ordering::Relaxed),
    })
}

/// Writes what was counted. What cannot be written stays, and is written with the next.
pub async fn write(app: &App) -> Result<(), DbError> {
    let _alone = app.key_uses.writing.lock().await;
    let since = app.clock.now().as_millisecond().div_euclid(PIECE) * PIECE;
    for batch in app.key_uses.unwritten().chunks(BATCH) {
        sql::add(&app.db, batch.iter().map(|(one, _)| one), since).await?;
        for (one, signed) in batch {
            signed.written.fetch_add(one.tokens, Ordering::Release);
        }
    }
    app.key_uses.forget_idle();
    Ok(())
}

/// Writes until `stop` resolves, then once more, and ends.
pub async fn run(app: Arc<App>, stop: impl Future<Output = ()>) {
    let mut stop = std::pin::pin!(stop);
    loop {
        let last = tokio::select! {
            () = tokio::time::sleep(PAUSE) => false,
            () = &mut stop => true,
        };
        if let Err(error) = write(&app).await {
            tracing::warn!(%error, "what the signing keys were used for could not be written");
        }
        if last {
            return;
        }
    }
}

/// Deletes the pieces that are too old to be summed up, but of each key the one that knows its last token.
pub async fn forget_old(app: &App) -> Result<(), DbError> {
    sql::sweep(&app.db, app.clock.now().as_millisecond() - KEPT).await
}
