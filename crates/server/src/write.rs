//! A change: one transaction with its tenant-log entry and the notices that make every process see it.
//!
//! There is no way to commit without an entry. Must never hold a change open while keys are made or anything
//! else is awaited that is not the database.

use std::sync::Arc;

use crate::app::App;
use crate::changes::{self, Notice, Topic};
use crate::db::{DbError, Tx};
use crate::logs::{self, Entry};
use crate::tenants::TenantId;

/// An open change of one tenant. Dropped without [`Write::commit`], it leaves nothing.
pub struct Write {
    app: Arc<App>,
    tenant: TenantId,
    tx: Tx,
    notices: Vec<Notice>,
}

impl Write {
    /// Opens a change.
    pub async fn begin(app: &Arc<App>, tenant: &TenantId) -> Result<Self, DbError> {
        let tx = app.db.begin().await?;
        Ok(Self { app: Arc::clone(app), tenant: tenant.clone(), tx, notices: Vec::new() })
    }

    /// The same, for what nobody misses after a power failure; see [`Tx::passing`].
    #[must_use]
    pub fn passing(self) -> Self {
        Self { tx: self.tx.passing(), ..self }
    }

    /// The transaction, for the statements of the slices.
    pub fn tx(&mut self) -> &mut Tx {
        &mut self.tx
    }

    /// Says what memory has to forget once this is committed.
    pub fn notice(&mut self, topic: Topic, subject: impl Into<String>) {
        self.notices.push(Notice { tenant: self.tenant.clone(), topic, subject: subject.into() });
    }

    /// Ends a change that turned out to have nothing to do, once all that it saw is committed: what it saw may
    /// belong to a neighbour in the same group, whom readers do not see yet.
    pub async fn nothing_to_do(self) -> Result<(), DbError> {
        self.tx.commit().await
    }

    /// Writes the entry, commits, and makes this process see the change before it answers.
    pub async fn commit(mut self, entry: Entry) -> Result<(), DbError> {
        let now = self.app.clock.now();
        logs::sql::append(&mut self.tx, &self.tenant, &entry.into_row(self.app.log_ids.next(now))).await?;
        let last = changes::sql::record(&mut self.tx, &self.notices, now).await?;
        self.tx.commit().await?;
        self.app.changes.applied_here(last, self.notices.len());
        for notice in &self.notices {
            self.app.forget(notice);
        }
        Ok(())
    }
}
