//! Sends what waits: in every process, each mail by one of them, again and again until it is taken.
//!
//! A process that dies while it sends leaves a claim that runs out. Must never write what a mail says into a log.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::{Map, Value};
use tokio::task::JoinSet;

use super::smtp::SendError;
use super::sql::Stored;
use super::{Mail, PROVIDER, Relay, open, provider, sql};
use crate::app::App;
use crate::db::DbError;
use crate::tenant_documents;

/// How often a process looks for mails.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long a claim holds: longer than any attempt.
const CLAIM: SignedDuration = SignedDuration::from_secs(300);
/// Seconds before the second attempt; each further wait is twice as long.
const FIRST_WAIT: i64 = 30;
/// The longest wait, in seconds.
const LONGEST_WAIT: i64 = 6 * 3600;
/// Attempts until a mail is given up: some two days.
const ATTEMPTS: i64 = 18;
/// How long mails that wait no more are kept.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Sends until the process ends.
pub async fn run(app: Arc<App>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        if let Err(error) = deliver_due(&app).await {
            tracing::warn!(%error, "waiting mails could not be read");
        }
    }
}

/// Sends what is due, some mails at a time; answers how many were tried.
pub async fn deliver_due(app: &Arc<App>) -> Result<usize, DbError> {
    let mut tried = JoinSet::new();
    for mail in sql::due(&app.db, app.clock.now()).await? {
        let until = app.clock.now() + CLAIM;
        let mut tx = app.db.begin().await?;
        let claimed = sql::claim(&mut tx, &mail, until).await?;
        tx.commit().await?;
        if claimed {
            let app = Arc::clone(app);
            tried.spawn(async move {
                if let Err(error) = deliver(&app, &mail).await {
                    tracing::warn!(mail = %mail.id, %error, "the outcome of a mail could not be written");
                }
            });
        }
    }
    let count = tried.len();
    while tried.join_next().await.is_some() {}
    Ok(count)
}

/// Deletes old mails.
pub async fn forget_old(app: &App) -> Result<(), DbError> {
    let mut tx = app.db.begin().await?;
    sql::sweep(&mut tx, app.clock.now() - KEPT).await?;
    tx.commit().await
}

async fn deliver(app: &App, stored: &Stored) -> Result<(), DbError> {
    let outcome = match open(app, stored)? {
        Some(mail) => attempt(app, stored, &mail).await,
        None => Ok("sent"),
    };
    let Stored { id, template, to, .. } = stored;
    let mut tx = app.db.begin().await?;
    match outcome {
        Ok(state) => {
            sql::end(&mut tx, stored, state).await?;
            tx.commit().await?;
            if state == "kept" {
                tracing::info!(mail = %id, %template, %to, "no SMTP server is set, so a mail was kept: chancery mail show {id}");
            } else {
                tracing::debug!(mail = %id, %template, "a mail was sent");
            }
        }
        Err(SendError::Later(error)) if stored.attempts + 1 < ATTEMPTS => {
            let doublings = u32::try_from(stored.attempts).unwrap_or_default().min(20);
            let wait = (FIRST_WAIT << doublings).min(LONGEST_WAIT);
            sql::retry(&mut tx, stored, app.clock.now() + SignedDuration::from_secs(wait)).await?;
            tx.commit().await?;
            tracing::warn!(mail = %id, %template, %error, wait, "a mail was not taken and is tried again");
        }
        Err(SendError::Later(error) | SendError::Refused(error)) => {
            sql::end(&mut tx, stored, "failed").await?;
            tx.commit().await?;
            tracing::error!(mail = %id, %template, %error, "a mail was given up: chancery mail show {id}");
        }
    }
    Ok(())
}

async fn attempt(app: &App, stored: &Stored, mail: &Mail) -> Result<&'static str, SendError> {
    match relay(app, stored).await? {
        None => Ok("kept"),
        Some(relay) => relay.send(mail, (&stored.id, app.clock.now())).await.map(|()| "sent"),
    }
}

/// The server of a tenant, or else of the operator.
async fn relay(app: &App, stored: &Stored) -> Result<Option<Relay>, SendError> {
    let later = |error: &dyn std::fmt::Display| SendError::Later(error.to_string());
    let found = tenant_documents::sql::find(&app.db, &stored.tenant, PROVIDER, "").await;
    let set: Map<String, Value> =
        found.map_err(|error| later(&error))?.map(|one| one.document).unwrap_or_default();
    if set.is_empty() {
        return Ok(app.mail.relay.clone());
    }
    if set.get("enabled") == Some(&Value::Bool(false)) || set.get("name").is_none_or(|name| name != "smtp") {
        return Ok(None);
    }
    let credentials = provider::credentials(app, &stored.tenant).await.map_err(|error| later(&error))?;
    Relay::from_credentials(&credentials).map(Some)
}
