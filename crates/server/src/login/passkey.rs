//! A login with a passkey in place of a password, where the connection has them: that of administrators.
//!
//! Must never sign anybody in whose proof was made for another login.

use axum::response::Response;

use super::identify;
use super::opened::{self, Proof};
use super::pages::{Failure, Problem, paths};
use super::under_way::Step;
use super::visit::{Visit, with_cookie};
use crate::connections::{self, Connection};
use crate::db::DbError;
use crate::logs::{Entry, Kind};
use crate::passkeys::{self, Passkey, ProofError};
use crate::users::User;
use crate::write::Write;

/// What the browser answers with.
pub(super) async fn prove(mut visit: Visit) -> Response {
    let login = match Step::find(&visit, visit.query.value(paths::STATE).map(str::to_owned)).await {
        Ok(login) => login,
        Err(over) => return over,
    };
    let Some(mut form) = visit.form(&login.text) else {
        return identify::again(visit, login, Problem::Stale).await;
    };
    let response = form.take(paths::CREDENTIAL).unwrap_or_default();
    let found = passkeys::recognise(&visit.app, &visit.tenant, (&login.text, &response)).await;
    let (user, passkey, before) = match found {
        Ok(found) => found,
        Err(ProofError::Db(error)) => return visit.broken(&error),
        Err(error) => return refused(visit, login, &error).await,
    };
    let connection = match home(&visit, &login, &user).await {
        Ok(Some(connection)) => connection,
        Ok(None) => return refused(visit, login, &ProofError::Closed).await,
        Err(error) => return visit.broken(&error),
    };
    match sign_in(&mut visit, &login, (&user, &connection), (&passkey, before)).await {
        Ok(Some(cookie)) => {
            let next = match Step::find(&visit, Some(login.text)).await {
                Ok(login) => login.resume(&visit).await,
                Err(over) => over,
            };
            with_cookie(next, Some(cookie))
        }
        Ok(None) => visit.failure(Failure::Expired, None),
        Err(error) => visit.broken(&error),
    }
}

/// The connection of the user, if the application may use it.
async fn home(visit: &Visit, login: &Step, user: &User) -> Result<Option<Connection>, DbError> {
    let usable = connections::usable_by(&visit.app, visit.tenant.id(), &login.client.id).await?;
    let own = |connection: &&Connection| user.identities.iter().any(|one| one.connection_id == connection.id);
    Ok(usable.iter().find(own).cloned())
}

async fn sign_in(
    visit: &mut Visit,
    login: &Step,
    (user, connection): (&User, &Connection),
    (passkey, before): (&Passkey, u32),
) -> Result<Option<http::HeaderValue>, DbError> {
    let session = visit.session().await?;
    let mut write = Write::begin(&visit.app, visit.tenant.id()).await?;
    let now = visit.app.clock.now();
    if !passkeys::sql::note_use(write.tx(), visit.tenant.id(), (passkey, before), now).await? {
        return Ok(None);
    }
    let proof = Proof::of(user, connection, passkeys::METHOD);
    opened::end_in_session(visit, login, (write, session), proof).await
}

async fn refused(visit: Visit, login: Step, error: &ProofError) -> Response {
    let entry = Entry {
        details: Some(serde_json::json!({ "error": error.to_string() })),
        ..identify::of_client(&visit, &login, Kind::F, "A passkey was refused")
    };
    if let Err(error) = visit.app.log.append(&visit.app, visit.tenant.id(), entry).await {
        tracing::warn!(%error, "a refused passkey is not in the log");
    }
    identify::again(visit, login, Problem::Passkey).await
}
