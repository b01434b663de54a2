//! How memory learns what changed: notices that are committed with each change and read by every process.
//!
//! Must never be skipped: a cached answer that outlives its change is a security hole, most of all for a
//! revoked key. Numbers grow in the order of the commits, so reading from the last number seen misses none.

pub mod sql;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::app::App;
use crate::db::DbError;
use crate::sessions;
use crate::tenants::TenantId;

/// What kind of thing changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// The tenant itself, its settings or its keys. Subject: its canonical domain.
    Tenant,
    /// All APIs and grants of a tenant, as after the deletion of one with its grants. No subject.
    Apis,
    /// An application. Subject: its `client_id`.
    Client,
    /// An API. Subject: its identifier.
    Api,
    /// A client grant. Subject: `client_id`, a space, the audience.
    Grant,
    /// The connections of a tenant, or which applications may use them. No subject.
    Connections,
}

impl Topic {
    /// The name in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Apis => "apis",
            Self::Client => "client",
            Self::Api => "api",
            Self::Grant => "grant",
            Self::Connections => "connections",
        }
    }

    fn from_name(name: &str) -> Option<Self> {
        [Self::Tenant, Self::Apis, Self::Client, Self::Api, Self::Grant, Self::Connections]
            .into_iter()
            .find(|topic| topic.name() == name)
    }
}

/// One thing that memory has to forget.
#[derive(Debug, Clone)]
pub struct Notice {
    /// Whose.
    pub tenant: TenantId,
    /// What kind.
    pub topic: Topic,
    /// Which.
    pub subject: String,
}

/// How far this process has read.
#[derive(Debug, Default)]
pub struct Changes {
    seen: AtomicI64,
    own: Mutex<BTreeSet<i64>>,
    hurried: AtomicI64,
}

/// How often other processes' notices are looked for: four times within the second that is promised.
const INTERVAL: Duration = Duration::from_millis(200);
/// How long one look may take.
const TIMEOUT: Duration = Duration::from_millis(300);
/// Failed looks after which memory is no longer believed.
const TRUSTED_FAILURES: u32 = 2;
/// However the looks fail, what another process revoked is good for no longer than the second that is promised.
const _: () = assert!(INTERVAL.saturating_add(TIMEOUT).saturating_mul(TRUSTED_FAILURES).as_millis() <= 1000);
/// How often a request may make this process look ahead of time, in milliseconds.
const HURRY_MILLIS: i64 = 20;
/// How long notices are kept. A process that was suspended for longer forgets everything.
const KEPT_MILLIS: i64 = 3_600_000;
/// Reads between two sweeps of old notices: about ten minutes.
const SWEEP_EVERY: u32 = 3000;

impl Changes {
    /// Remembers notices that were applied right after their own commit.
    pub fn applied_here(&self, last: i64, count: usize) {
        let count = i64::try_from(count).unwrap_or(0);
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        own.extend(last - count + 1..=last);
    }

    /// Starts at the present: memory is empty, so there is nothing to forget yet.
    pub async fn start(&self, app: &App) -> Result<(), DbError> {
        app.db.watch(sessions::WATCHED).await?;
        self.seen.store(sql::last(&app.db).await?, Ordering::Release);
        Ok(())
    }
}

/// Reads what other processes changed and forgets it.
pub async fn catch_up(app: &App) -> Result<(), DbError> {
    let seen = app.changes.seen.load(Ordering::Acquire);
    let (last, notices) = sql::since(&app.db, seen).await?;
    if last == seen {
        return Ok(());
    }
    if i64::try_from(notices.len()).ok() == Some(last - seen) {
        for (number, notice) in notices {
            let own = app.changes.own.lock().unwrap_or_else(PoisonError::into_inner).remove(&number);
            if !own {
                app.forget(&notice);
            }
        }
    } else {
        // Some were swept before we came, or name a topic of a newer version: believe nothing.
        app.forget_everything();
    }
    app.changes.seen.store(last, Ordering::Release);
    // What was committed here and read already before it could be marked needs no mark any more.
    app.changes.own.lock().unwrap_or_else(PoisonError::into_inner).retain(|number| *number > last);
    Ok(())
}

/// Catches up ahead of time, unless that was done a moment ago: whoever sends forged tokens must not be able to
/// keep the database busy. True if it was done.
pub async fn catch_up_soon(app: &App) -> bool {
    let now = app.clock.now().as_millisecond();
    let before = app.changes.hurried.swap(now, Ordering::AcqRel);
    if (0..HURRY_MILLIS).contains(&(now - before)) {
        app.changes.hurried.store(before, Ordering::Release);
        return false;
    }
    catch_up(app).await.is_ok()
}

/// Keeps reading until the task is aborted.
pub async fn follow(app: Arc<App>) {
    let mut failures = 0_u32;
    for round in 1_u32.. {
        tokio::time::sleep(INTERVAL).await;
        let (outcome, others) = tokio::join!(
            tokio::time::timeout(TIMEOUT, catch_up(&app)),
            tokio::time::timeout(TIMEOUT, app.db.look_at_others()),
        );
        if !matches!(others, Ok(Ok(()))) {
            // Whoever holds the database that long may be signing somebody out.
            app.people.forget_everything();
        }
        let failure = match outcome {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some("the database does not answer".to_owned()),
        };
        failures = if failure.is_some() { failures + 1 } else { 0 };
        if let Some(error) = failure {
            if failures == 1 {
                tracing::error!(%error, "changes of other processes cannot be read");
            }
            // A moment's trouble is no reason to load everything anew. When it lasts, nobody knows any more what
            // was revoked elsewhere: answer from the database or not at all.
            if failures >= TRUSTED_FAILURES {
                app.forget_everything();
            }
        }
        if round % SWEEP_EVERY == 0
            && let Err(error) = sql::sweep(&app.db, app.clock.now().as_millisecond() - KEPT_MILLIS).await
        {
            tracing::warn!(%error, "old change notices could not be swept");
        }
    }
}
