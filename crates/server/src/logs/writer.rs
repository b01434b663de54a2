//! Writes entries in batches, off the path of the requests that cause them.
//!
//! Must never lose an entry on an orderly stop, nor answer a request whose entry found no room: a full
//! queue makes the asker wait.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{self, error::TrySendError};

use super::{Entry, Row, sql};
use crate::app::App;
use crate::tenants::TenantId;

/// The asking end.
#[derive(Debug, Clone)]
pub struct LogWriter(mpsc::Sender<(TenantId, Row)>);

/// The writing end, to be run as a task. It ends, with everything written, after it was told to stop.
pub struct WriterTask(mpsc::Receiver<(TenantId, Row)>);

/// Entries that may wait.
const QUEUE: usize = 16 * 1024;
/// Entries in one transaction at most.
const BATCH: usize = 1024;
/// How long the first entry of a batch waits for company.
const PAUSE: Duration = Duration::from_millis(100);
/// How long a failed batch waits before it is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// How often a batch is tried again while the server is stopping.
const LAST_TRIES: u32 = 5;
/// How long an asker waits for room before it gives up.
const PATIENCE: Duration = Duration::from_secs(2);

/// The log cannot take more at the moment.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the tenant log cannot keep up")]
pub struct LogBusy;

impl LogWriter {
    /// Both ends.
    pub fn channel() -> (Self, WriterTask) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        (Self(sender), WriterTask(receiver))
    }

    /// Hands an entry over.
    pub async fn append(&self, app: &App, tenant: &TenantId, entry: Entry) -> Result<(), LogBusy> {
        let row = (tenant.clone(), entry.into_row(app.log_ids.next(app.clock.now())));
        let row = match self.0.try_send(row) {
            Ok(()) => return Ok(()),
            Err(TrySendError::Closed(_)) => return Err(LogBusy),
            Err(TrySendError::Full(row)) => row,
        };
        let room = tokio::time::timeout(PATIENCE, self.0.reserve()).await.map_err(|_| LogBusy)?;
        room.map_err(|_| LogBusy)?.send(row);
        Ok(())
    }
}

impl WriterTask {
    /// Writes until `stop` resolves, then what is still waiting, then ends.
    pub async fn run(mut self, app: Arc<App>, stop: impl Future<Output = ()>) {
        let mut stop = std::pin::pin!(stop);
        let mut batch = Vec::with_capacity(BATCH);
        let mut last_tries = 0;
        loop {
            let received = tokio::select! {
                received = self.0.recv_many(&mut batch, BATCH) => received,
                () = &mut stop, if !self.0.is_closed() => {
                    self.0.close();
                    continue;
                }
            };
            if received == 0 {
                return;
            }
            if batch.len() < BATCH && !self.0.is_closed() {
                tokio::time::sleep(PAUSE).await;
                while batch.len() < BATCH
                    && let Ok(entry) = self.0.try_recv()
                {
                    batch.push(entry);
                }
            }
            while let Err(error) = sql::append_batch(&app.db, &batch).await {
                tracing::error!(%error, entries = batch.len(), "the tenant log cannot be written; trying again");
                tokio::select! {
                    () = tokio::time::sleep(RETRY) => {}
                    () = &mut stop, if !self.0.is_closed() => self.0.close(),
                }
                // Once the server is stopping, entries that cannot be written must not keep it alive.
                if self.0.is_closed() {
                    last_tries += 1;
                    if last_tries > LAST_TRIES {
                        tracing::error!(entries = batch.len(), "entries of the tenant log are lost");
                        return;
                    }
                }
            }
            batch.clear();
        }
    }
}
