//! Sends what waits: in every process, each delivery by one of them, again and again until it is taken.
//!
//! A process that dies while it sends leaves a claim that runs out. An application that does not answer holds up
//! nobody else. Must never follow an answer elsewhere, nor write a token into a log.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use chancery_oauth::client::Client;
use chancery_oauth::logout::LogoutToken;
use http::StatusCode;
use jiff::SignedDuration;
use serde_json::json;
use tokio::task::{Id, JoinError, JoinSet};

use super::sql::{self, Delivery};
use crate::app::App;
use crate::db::DbError;
use crate::http::outgoing::SendError;
use crate::logs::{Entry, Kind};
use crate::oidc;
use crate::probes;
use crate::tenants::{self, Tenant, TenantId};
use crate::write::Write;

/// How often a process looks for deliveries.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Deliveries on their way at once.
const AT_ONCE: usize = 64;
/// Of these, to one application: one that does not answer leaves room for the others.
const AT_ONCE_TO_ONE: usize = 8;
/// How long an application that has as many waits for more.
const CROWDED: SignedDuration = SignedDuration::from_secs(2);
/// How long a claim holds: longer than any attempt.
const CLAIM: SignedDuration = SignedDuration::from_secs(60);
/// Seconds after an attempt that failed; after the last of them a delivery is given up.
const WAITS: [i64; 5] = [5, 30, 120, 600, 3600];

/// Sends until the process ends.
pub async fn run(app: Arc<App>) {
    let mut sender = Sender::new(app);
    loop {
        let more = sender.look().await.unwrap_or_else(|error| {
            tracing::warn!(%error, "waiting logout deliveries could not be read");
            false
        });
        sender.rest(more).await;
    }
}

/// Sends what is due now, all of it; answers how many were tried.
pub async fn deliver_due(app: &Arc<App>) -> Result<usize, DbError> {
    let mut sender = Sender::new(Arc::clone(app));
    let mut tried = 0;
    loop {
        let more = sender.look().await?;
        if !more && sender.under_way.is_empty() {
            return Ok(tried);
        }
        while let Some(was_own) = sender.reap().await {
            tried += usize::from(was_own);
        }
    }
}

/// What tells two applications apart.
type Application = (TenantId, String);

/// The deliveries that this process has under way.
struct Sender {
    app: Arc<App>,
    /// Each says in the end whether it was this process's to try.
    tasks: JoinSet<bool>,
    under_way: HashMap<Id, Application>,
}

impl Sender {
    fn new(app: Arc<App>) -> Self {
        Self { app, tasks: JoinSet::new(), under_way: HashMap::new() }
    }

    /// Starts what is due and finds room; answers whether there may be more.
    async fn look(&mut self) -> Result<bool, DbError> {
        let room = AT_ONCE.saturating_sub(self.under_way.len());
        if room == 0 {
            return Ok(true);
        }
        let now = self.app.clock.now();
        let due = sql::due(&self.app.db, now, i64::try_from(room).unwrap_or(i64::MAX)).await?;
        let more = due.len() == room;
        let mut crowded = HashSet::new();
        for delivery in due {
            let application = (delivery.tenant.clone(), delivery.client_id.clone());
            let own = self.under_way.values().filter(|one| **one == application).count();
            if own < AT_ONCE_TO_ONE {
                let task = self.tasks.spawn(handle(Arc::clone(&self.app), delivery));
                self.under_way.insert(task.id(), application);
            } else {
                crowded.insert(application);
            }
        }
        for (tenant, client_id) in crowded {
            let mut tx = self.app.db.begin().await?;
            sql::postpone(&mut tx, (&tenant, &client_id), (now, now + CROWDED)).await?;
            tx.commit().await?;
        }
        Ok(more)
    }

    /// Waits for the next look: until one is done if there is more to do, but not for long.
    async fn rest(&mut self, more: bool) {
        let pause = tokio::time::sleep(LOOK_EVERY);
        if more && !self.tasks.is_empty() {
            tokio::select! {
                () = pause => {}
                _ = self.reap() => {}
            }
        } else {
            pause.await;
        }
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            self.note(ended);
        }
    }

    /// Waits for one that is under way, if there is any.
    async fn reap(&mut self) -> Option<bool> {
        let ended = self.tasks.join_next_with_id().await?;
        Some(self.note(ended))
    }

    fn note(&mut self, ended: Result<(Id, bool), JoinError>) -> bool {
        let (id, was_own) = ended.unwrap_or_else(|error| (error.id(), false));
        self.under_way.remove(&id);
        was_own
    }
}

/// Takes a delivery and tries it; false if another process has it.
async fn handle(app: Arc<App>, due: Delivery) -> bool {
    let Delivery { client_id, session_id, .. } = &due;
    match take(&app, &due).await {
        Ok(None) => false,
        Ok(Some(delivery)) => {
            if let Err(error) = deliver(&app, &delivery).await {
                tracing::warn!(%client_id, %session_id, %error, "the outcome of a logout delivery could not be written");
            }
            true
        }
        Err(error) => {
            tracing::warn!(%client_id, %session_id, %error, "a logout delivery could not be taken");
            false
        }
    }
}

/// Each in a transaction of its own: processes that take several at once could lock each other up.
async fn take(app: &App, due: &Delivery) -> Result<Option<Delivery>, DbError> {
    let mut tx = app.db.begin().await?;
    let is_own = sql::claim(&mut tx, due, app.clock.now() + CLAIM).await?;
    tx.commit().await?;
    Ok(is_own.then(|| Delivery { attempts: due.attempts + 1, ..due.clone() }))
}

/// Tries once, and writes what came of it.
async fn deliver(app: &Arc<App>, delivery: &Delivery) -> Result<(), DbError> {
    let found = app.memory.client(app, &delivery.tenant, &delivery.client_id).await;
    let client = found.map_err(|error| DbError::Other(error.to_string()))?;
    let url = client.as_ref().and_then(|client| {
        usize::try_from(delivery.address).ok().and_then(|at| client.backchannel_logout.urls.get(at))
    });
    let (Some(client), Some(url)) = (&client, url) else {
        // It no longer wants to be told.
        let mut tx = app.db.begin().await?;
        sql::end(&mut tx, delivery).await?;
        return tx.commit().await;
    };
    let outcome = attempt(app, delivery, (client, url)).await;
    let again = usize::try_from(delivery.attempts - 1).ok().and_then(|before| WAITS.get(before));
    match (outcome, again) {
        (Ok(()), _) => end(app, delivery, (client, url), None).await,
        (Err(SendError::Failed(error)), Some(wait)) => {
            let mut tx = app.db.begin().await?;
            sql::retry(&mut tx, delivery, app.clock.now() + SignedDuration::from_secs(*wait)).await?;
            tx.commit().await?;
            count("retried");
            let Delivery { client_id, session_id, .. } = delivery;
            tracing::warn!(%client_id, %session_id, %error, wait, "a logout was not taken and is told again");
            Ok(())
        }
        (Err(SendError::Failed(error) | SendError::Refused(error)), _) => {
            end(app, delivery, (client, url), Some(error)).await
        }
    }
}

/// Forgets the delivery with an entry in the tenant's log.
async fn end(
    app: &Arc<App>,
    delivery: &Delivery,
    (client, url): (&Client, &str),
    error: Option<String>,
) -> Result<(), DbError> {
    let Delivery { tenant, session_id, user_id, initiator, attempts, .. } = delivery;
    let (kind, description, counted) = match error {
        None => (Kind::BackchannelLogoutSucceeded, "The application was told of the logout", "delivered"),
        Some(_) => (Kind::BackchannelLogoutFailed, "The application was not told of the logout", "failed"),
    };
    // What follows may be a secret of the application.
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let mut details = json!({
        "session_id": session_id,
        "initiator": initiator,
        "backchannel_logout_url": url,
        "attempts": attempts,
    });
    if let Some(error) = error {
        details["error"] = error.into();
    }
    let entry = Entry {
        client_id: Some(client.id.clone()),
        client_name: Some(client.name.clone()),
        user_id: Some(user_id.clone()),
        details: Some(details),
        ..Entry::new(kind, description)
    };
    let mut write = Write::begin(app, tenant).await?;
    if !sql::end(write.tx(), delivery).await? {
        return write.nothing_to_do().await;
    }
    write.commit(entry).await?;
    count(counted);
    Ok(())
}

/// Signs a token of this moment and posts it.
async fn attempt(
    app: &Arc<App>,
    delivery: &Delivery,
    (client, url): (&Client, &str),
) -> Result<(), SendError> {
    let failed = |error: &dyn std::fmt::Display| SendError::Failed(error.to_string());
    let tenant = tenant(app, &delivery.tenant).await?;
    let jti = app.entropy.alphanumeric(22);
    let token = LogoutToken {
        issuer: &tenant.issuer,
        client_id: &client.id,
        user_id: &delivery.user_id,
        sid: &delivery.session_id,
        jti: &jti,
        session_metadata: delivery.session_metadata.as_ref(),
        issued_at: app.clock.now(),
    };
    let token = oidc::logout_token(app, &tenant, client, &token).await.map_err(|error| failed(&error))?;
    let form = form_urlencoded::Serializer::new(String::new()).append_pair("logout_token", &token).finish();
    let private = app.outgoing.may_be_private(&tenant.stored.domain);
    let status = app.outgoing.post_form(url, form, private).await?;
    match status {
        StatusCode::OK | StatusCode::NO_CONTENT => Ok(()),
        // The application has understood, and does not believe it (section 2.8).
        StatusCode::BAD_REQUEST => Err(SendError::Refused("the application refused it (400)".to_owned())),
        other => Err(SendError::Failed(format!("the application answered {}", other.as_u16()))),
    }
}

/// The tenant as its canonical domain shows it.
async fn tenant(app: &Arc<App>, id: &TenantId) -> Result<Arc<Tenant>, SendError> {
    let failed = |error: &dyn std::fmt::Display| SendError::Failed(error.to_string());
    let domain = tenants::sql::canonical_domain(&app.db, id).await.map_err(|error| failed(&error))?;
    let domain = domain.ok_or_else(|| failed(&"the tenant is gone"))?;
    let found = app.tenants.find(app, &domain).await.map_err(|error| failed(&error))?;
    found.ok_or_else(|| failed(&"the tenant is gone"))
}

fn count(outcome: &'static str) {
    if probes::measuring() {
        metrics::counter!("chancery_logout_deliveries_total", "outcome" => outcome).increment(1);
    }
}
