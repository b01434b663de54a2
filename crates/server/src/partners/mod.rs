//! Applications that speak other protocols than OAuth: what the logins of SAML and WS-Federation share.
//!
//! The protocol says what was asked ([`Asked`]) and how it is answered; whether somebody is signed in, may be, or has to
//! sign in again is decided here, for all of them alike. Must never answer for a user who is blocked, or whom the
//! connections of the application do not admit.

pub mod answers;
pub mod sql;

use std::sync::Arc;

use axum::response::Response;
use chancery_oauth::client::Client;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::connections;
use crate::db::{DbError, Tx};
use crate::in_flight::LOGINS;
use crate::login::under_way::{self, Step, UnderWay, first_page};
use crate::login::visit::Visit;
use crate::logs::{Entry, Kind};
use crate::sessions::{self, Session};
use crate::tenants::TenantId;
use crate::users::User;
use crate::write::Write;
use crate::{samlp, wsfed};

/// What an application asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "protocol", rename_all = "lowercase")]
pub enum Asked {
    /// In SAML 2.0.
    Samlp(samlp::Asked),
    /// In WS-Federation.
    Wsfed(wsfed::Asked),
}

/// Who an application is told about, as it is told: a logout speaks of the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "protocol", rename_all = "lowercase")]
pub enum Participant {
    /// In SAML 2.0.
    Samlp(samlp::Participant),
    /// In WS-Federation.
    Wsfed(wsfed::Participant),
}

/// Who is signed in.
pub struct SignedIn {
    /// In which session.
    pub session: Arc<Session>,
    /// Who.
    pub user: Arc<User>,
}

impl Asked {
    /// The connection that was asked for.
    pub fn connection(&self) -> Option<&str> {
        match self {
            Self::Samlp(asked) => asked.connection.as_deref(),
            Self::Wsfed(asked) => asked.connection.as_deref(),
        }
    }

    /// Who is probably to be signed in.
    pub fn login_hint(&self) -> Option<&str> {
        match self {
            Self::Samlp(asked) => asked.login_hint.as_deref(),
            Self::Wsfed(_) => None,
        }
    }

    /// Where the answer goes.
    pub fn leads_to(&self) -> &str {
        match self {
            Self::Samlp(asked) => &asked.acs_url,
            Self::Wsfed(asked) => &asked.reply,
        }
    }

    /// Whether a session does not spare the login, wherever it is.
    pub fn is_forced(&self) -> bool {
        self.max_age().is_some_and(|most| most.is_zero())
    }

    /// The most time that may have passed since the user proved who they are.
    fn max_age(&self) -> Option<SignedDuration> {
        match self {
            Self::Samlp(asked) => asked.force_authn.then_some(SignedDuration::ZERO),
            Self::Wsfed(asked) => {
                asked.max_age_minutes.map(|minutes| SignedDuration::from_mins(minutes.into()))
            }
        }
    }
}

/// Decides what comes next, and does it. `login` is the login that the request has led to.
pub async fn proceed(visit: &Visit, client: &Arc<Client>, asked: &Asked, login: Option<&Step>) -> Response {
    let next = async {
        let signed_in = signed_in(visit, client, asked).await?;
        let proved = login.and_then(|step| step.login.proved.as_deref());
        let suffices = |signed_in: &SignedIn| {
            proved == Some(signed_in.session.id.as_str())
                || asked
                    .max_age()
                    .is_none_or(|most| is_young(&signed_in.session, most, visit.app.clock.now()))
        };
        match signed_in.filter(suffices) {
            Some(signed_in) => {
                sessions::touch(&visit.app, &visit.tenant, &signed_in.session, &visit.origin).await?;
                Ok(match asked {
                    Asked::Samlp(asked) => {
                        samlp::respond::answer(visit, (client, asked), &signed_in, login).await
                    }
                    Asked::Wsfed(asked) => wsfed::answer(visit, (client, asked), &signed_in, login).await,
                })
            }
            None => match asked {
                Asked::Samlp(asked) if asked.is_passive => {
                    Ok(samlp::respond::nobody(visit, client, asked).await)
                }
                Asked::Samlp(_) | Asked::Wsfed(_) => to_login(visit, (client, asked), login).await,
            },
        }
    };
    next.await.unwrap_or_else(|error: DbError| visit.broken(&error))
}

fn is_young(session: &Session, most: SignedDuration, now: Timestamp) -> bool {
    !most.is_zero() && now.duration_since(session.authenticated_at) <= most
}

/// Who is signed in, unless that user is gone or kept out.
async fn signed_in(visit: &Visit, client: &Client, asked: &Asked) -> Result<Option<SignedIn>, DbError> {
    let found = visit.session_and_user().await?.filter(|(_, user)| !user.is_blocked());
    let Some((session, user)) = found else { return Ok(None) };
    let tenant = visit.tenant.id();
    let identities = user.identities.iter().map(|identity| identity.connection_id.as_str());
    let admitted =
        connections::admits(&visit.app, tenant, (&client.id, asked.connection()), identities).await?;
    Ok(admitted.then_some(SignedIn { session, user }))
}

async fn to_login(
    visit: &Visit,
    (client, asked): (&Client, &Asked),
    login: Option<&Step>,
) -> Result<Response, DbError> {
    if let (None, Some(name)) = (login, asked.connection())
        && let Some(unusable) =
            connections::unusable(&visit.app, visit.tenant.id(), (&client.id, name)).await?
    {
        // Nobody should begin a login that cannot end.
        return Ok(answers::refuse(visit, client, Kind::F, &unusable.to_string()).await);
    }
    let text = match login {
        Some(step) => step.text.clone(),
        None => UnderWay::for_partner(visit, client, asked).store(visit).await?,
    };
    let of = (client.id.as_str(), asked.connection());
    Ok(under_way::enter(visit, &text, first_page(&visit.tenant), of).await)
}

/// Writes that an application was told who is signed in, before it is; false if the session or the login is over.
///
/// An application that knows it already costs no transaction: its entry goes the way of entries without one.
pub async fn note(
    visit: &Visit,
    client: &Client,
    SignedIn { session, user }: &SignedIn,
    (participant, login): (&Participant, Option<&Step>),
) -> Result<bool, DbError> {
    let (app, tenant) = (&visit.app, visit.tenant.id());
    let place = (session.id.as_str(), client.id.as_str());
    let entry = || Entry {
        client_id: Some(client.id.clone()),
        client_name: Some(client.name.clone()),
        user_id: Some(user.user_id.clone()),
        user_name: user.log_name().map(str::to_owned),
        ..visit.entry(Kind::Ssa, "Login without interaction")
    };
    let of = (tenant, place.0, place.1);
    let remember = || app.memory.note_told(of, (user.updated_at, participant.clone()));
    if login.is_none() {
        let mut known = app.memory.was_told(of, (user.updated_at, participant));
        if !known && sql::find(&app.db, tenant, place).await?.as_ref() == Some(participant) {
            known = true;
            remember();
        }
        if known {
            let appended = app.log.append(app, tenant, entry()).await;
            return appended.map(|()| true).map_err(|_| DbError::Other("the log is full".to_owned()));
        }
    }
    let written = async {
        if let Some(step) = login {
            // The login itself has its entry.
            let mut tx = app.db.begin().await?;
            LOGINS.end(app, &mut tx, tenant, &step.text).await?;
            join(&mut tx, tenant, place, participant).await?;
            return tx.commit().await;
        }
        let mut write = Write::begin(app, tenant).await?;
        join(write.tx(), tenant, place, participant).await?;
        write.commit(entry()).await
    };
    let noted = DbError::unless_missed(written.await)?.is_some();
    if noted {
        remember();
    }
    Ok(noted)
}

/// [`DbError::Missed`], at the commit at the latest: the session is over.
async fn join(
    tx: &mut Tx,
    tenant: &TenantId,
    place: (&str, &str),
    participant: &Participant,
) -> Result<(), DbError> {
    sessions::sql::join(tx, tenant, place.0, place.1).await?;
    sql::put(tx, tenant, place, participant).await
}
