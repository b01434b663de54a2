//! Trying a connection out: an administrator signs in at the provider and is shown what it said, or which check failed.
//! Nobody is signed in here by it, and no user is made.
//!
//! Must never show what a provider said to anybody but who holds the text of the outcome and may read connections.

use axum::response::Response;
use chancery_oauth::parameters::Parameters;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Failed, Kept, Purpose, Stored, accounts, callback, depart};
use crate::app::App;
use crate::connections::{self, Connection};
use crate::db::DbError;
use crate::in_flight::upstream;
use crate::login::pages::{Failure, paths};
use crate::login::visit::Visit;
use crate::tenants::TenantId;

/// The parameter with which the address of an administrator gets the outcome.
pub const OUTCOME: &str = "outcome";

/// A trial that may begin.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Offer {
    connection_id: String,
    /// Where the administrator waits.
    back: String,
}

/// How a trial ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The connection.
    pub connection_id: String,
    /// What came of it.
    pub result: Result<Shown, Reason>,
}

/// What a provider said of whoever tried.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    /// The id that the user would have here.
    pub user_id: String,
    /// The members that the user would get.
    pub members: Map<String, Value>,
    /// The same in the provider's own words.
    pub said: Map<String, Value>,
}

/// Why nobody could have signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The place to look at.
    pub place: String,
    /// The check that failed, and what it expected.
    pub why: String,
}

/// A text with which one browser may begin a trial; the outcome comes to the path `back`.
pub async fn offer(app: &App, tenant: &TenantId, connection_id: &str, back: &str) -> Result<String, DbError> {
    let offer = Offer { connection_id: connection_id.to_owned(), back: back.to_owned() };
    let text = upstream::fresh(app);
    store(app, tenant, &text, &Stored::Offer(offer)).await?;
    Ok(text)
}

/// The outcome that a text stands for.
pub async fn outcome(app: &App, tenant: &TenantId, text: &str) -> Result<Option<Outcome>, DbError> {
    Ok(match upstream::find::<Stored>(app, tenant, text).await? {
        Some(Stored::Outcome(outcome)) => Some(outcome),
        Some(Stored::Journey(_) | Stored::Offer(_)) | None => None,
    })
}

async fn store(app: &App, tenant: &TenantId, text: &str, stored: &Stored) -> Result<(), DbError> {
    let mut tx = app.db.begin().await?;
    upstream::begin(app, &mut tx, tenant, (text, stored)).await?;
    tx.commit().await
}

/// `/u/login/try`: the browser of the administrator, on its way.
pub(super) async fn endpoint(visit: Visit) -> Response {
    let (app, tenant) = (&visit.app, visit.tenant.id());
    let text = visit.query.value(paths::STATE).unwrap_or_default().to_owned();
    let found = async {
        let Some(Stored::Offer(offer)) = upstream::find::<Stored>(app, tenant, &text).await? else {
            return Ok(None);
        };
        let ended = upstream::end(app, tenant, &text).await?;
        let connection = connections::sql::find(&app.db, tenant, &offer.connection_id).await?;
        Ok::<_, DbError>(connection.filter(|_| ended).map(|connection| (offer, connection)))
    };
    let (Offer { back, .. }, connection) = match found.await {
        Ok(Some(found)) => found,
        Ok(None) => return visit.failure(Failure::Expired, None),
        Err(error) => return visit.broken(&error),
    };
    match depart(&visit, (Purpose::Trial(back.clone()), None), &connection).await {
        Ok(response) => response,
        Err(failed) => tell(&visit, &back, (&connection.id, Err(failed))).await,
    }
}

/// The answer of the provider.
pub(super) async fn ended(
    visit: &Visit,
    back: &str,
    (id, named, kept): (&str, Option<&str>, Kept),
    parameters: Parameters,
) -> Response {
    let result = async {
        let found = connections::sql::find(&visit.app.db, visit.tenant.id(), id).await?;
        let connection = found.ok_or_else(|| Failed::Settings("the connection was deleted".to_owned()))?;
        callback::right_address(&connection, named)?;
        let mut profile = callback::finish(visit, &connection, kept, parameters).await?;
        accounts::settle(&connection, &mut profile)?;
        let user_id = user_id(&connection, &profile.user_id);
        Ok(Shown { user_id, members: profile.members, said: profile.said })
    };
    let result = result.await;
    tell(visit, back, (id, result)).await
}

fn user_id(connection: &Connection, subject: &str) -> String {
    format!("{}|{}", connection.strategy, connection.identity_id(subject))
}

/// Keeps the outcome, and sends the browser back to where it is shown.
async fn tell(visit: &Visit, back: &str, (id, result): (&str, Result<Shown, Failed>)) -> Response {
    if let Err(failed @ Failed::Internal(_)) = &result {
        return visit.broken(failed);
    }
    let result =
        result.map_err(|failed| Reason { place: failed.place().to_owned(), why: failed.to_string() });
    let outcome = Outcome { connection_id: id.to_owned(), result };
    let text = upstream::fresh(&visit.app);
    match store(&visit.app, visit.tenant.id(), &text, &Stored::Outcome(outcome)).await {
        Ok(()) => visit.redirect(&format!("{back}?{OUTCOME}={text}")),
        Err(error) => visit.broken(&error),
    }
}
