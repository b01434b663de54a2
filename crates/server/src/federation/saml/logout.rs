//! `/logout`: an identity provider ends a session, or answers that it has ended its own.
//!
//! A request counts that the identity provider of the session has signed. Must never end a session for a message that
//! nobody signed, nor send an answer anywhere but where the connection says.

use axum::response::Response;
use chancery_crypto::digest;
use chancery_saml::HTTP_POST;
use chancery_saml::binding::{Direction, Received};
use chancery_saml::idp::SignatureTrust;
use chancery_saml::logout::{LIFETIME, LogoutRequest, LogoutResponse};
use chancery_saml::name_id::NameId;
use chancery_saml::status::{REQUEST_DENIED, REQUESTER, Status};
use chancery_xmldsig::sign::Halves;
use serde_json::{Map, Value};

use super::settings::{Saml, keys, sha1};
use super::{LOGOUT, Message, entity_id, send, sign_out};
use crate::connections::{self, Connection, Strategy, identity_provider, text};
use crate::federation::oidc::may_be_visited;
use crate::federation::{Failed, UpstreamSession, sql};
use crate::login::pages::{Failure, Page};
use crate::login::visit::{Setting, Visit, with_cookie};
use crate::login::{cookies, opened};
use crate::logs::{Entry, Kind};
use crate::partners;
use crate::samlp::received;
use crate::samlp::rounds::{Finish, Rounds, Told};
use crate::sessions::{Cause, Session};

/// The most connections that are looked through for the one of an issuer.
const MANY: i64 = 1000;

/// GET by redirection, POST by form.
pub(super) async fn endpoint(mut visit: Visit) -> Response {
    let received = match received(&mut visit) {
        Ok(Some(received)) => received,
        Ok(None) => return refuse(&visit, None, "expected one parameter SAMLRequest or SAMLResponse").await,
        Err(error) => return refuse(&visit, None, &error.to_string()).await,
    };
    let done = match received.direction {
        Direction::Request => Box::pin(asked(&visit, &received)).await,
        Direction::Response => Box::pin(answered(&visit, &received)).await,
    };
    match done {
        Ok(response) => response,
        Err(Failed::Internal(error)) => visit.broken(&error),
        Err(failed) => refuse(&visit, None, &failed.to_string()).await,
    }
}

/// A page that says what is wrong, and an entry with the exact reason.
async fn refuse(visit: &Visit, connection: Option<&Connection>, why: &str) -> Response {
    note(visit, connection, why).await;
    visit.failure(Failure::Request, Some(("invalid_request", "The logout request could not be accepted.")))
}

/// What happens at a door is worth an entry, not an error of its own.
async fn note(visit: &Visit, connection: Option<&Connection>, why: &str) {
    let entry = Entry {
        connection: connection.map(|own| own.name.clone()),
        connection_id: connection.map(|own| own.id.clone()),
        ..visit.entry(Kind::Flo, why)
    };
    let _ = visit.app.log.append(&visit.app, visit.tenant.id(), entry).await;
}

/// Somebody who asks us to end a session: the session of this browser, if there is one, and the connection.
struct Asker {
    session: Option<(Session, UpstreamSession)>,
    connection: Connection,
    options: Map<String, Value>,
    request: LogoutRequest,
}

impl Asker {
    /// Whoever has signed a request. The connection is the one of this browser's session, or the one whose identity
    /// provider calls itself as the request does; what the request says before it is verified chooses keys and no more.
    async fn find(visit: &Visit, received: &Received) -> Result<Self, Failed> {
        let unread = LogoutRequest::read(&received.xml).map_err(untrusted)?;
        let (app, tenant) = (&visit.app, visit.tenant.id());
        let session = match visit.session().await? {
            Some(session) => {
                let known = sql::of_session(&app.db, tenant, &session.id).await?;
                known.map(|known| (session, known))
            }
            None => None,
        };
        let connection = match &session {
            Some((_, (id, _))) => connections::sql::find(&app.db, tenant, id).await?,
            None => of_issuer(visit, &unread.issuer).await?,
        };
        let connection = connection.filter(|own| own.served() == Some(Strategy::Samlp));
        let connection = connection.ok_or_else(|| {
            Failed::Untrusted(
                "the LogoutRequest belongs to no connection and no session of this browser".to_owned(),
            )
        })?;
        let options = connections::whole_options(app, tenant, &connection)?;
        let trust = SignatureTrust { keys: keys(&options)?, sha1: sha1(&options) };
        let signed = trust.signed_octets(received).map_err(untrusted)?;
        let request = match signed {
            Some(octets) => LogoutRequest::read(&octets).map_err(untrusted)?,
            None => unread,
        };
        let session = session.map(|(session, (_, known))| (session, known));
        Ok(Self { session, connection, options, request })
    }

    /// Whether the request is of this time, for us, and of whom it is signed by.
    fn check(&self, visit: &Visit) -> Result<(), Failed> {
        self.request.check_time(visit.app.clock.now()).map_err(untrusted)?;
        let here = format!("{}{LOGOUT}", visit.tenant.base);
        self.request.check_destination(&here, true).map_err(untrusted)?;
        let known = text(&self.options, identity_provider::ENTITY_ID);
        let known = known.or_else(|| self.session.as_ref().map(|(_, known)| known.issuer.as_str()));
        if let Some(known) = known.filter(|known| *known != self.request.issuer) {
            let why =
                format!("the issuer of the LogoutRequest is {:?}, expected {known:?}", self.request.issuer);
            return Err(Failed::Untrusted(why));
        }
        Ok(())
    }

    /// Whether the request means the session of this browser.
    fn means(&self, known: &UpstreamSession) -> bool {
        let same = |one: &str, other: &str| digest::equal(one.as_bytes(), other.as_bytes());
        let indexes = &self.request.session_indexes;
        let named = known.session_index.as_ref().is_none_or(|own| indexes.iter().any(|one| same(one, own)));
        same(&self.request.name_id.value, &known.name) && (indexes.is_empty() || named)
    }
}

fn untrusted(error: impl std::fmt::Display) -> Failed {
    Failed::Untrusted(error.to_string())
}

/// The connection whose identity provider has this name.
async fn of_issuer(visit: &Visit, issuer: &str) -> Result<Option<Connection>, Failed> {
    let filter = connections::sql::Filter { strategies: vec![Strategy::Samlp.name().to_owned()], name: None };
    let all = connections::sql::page(&visit.app.db, visit.tenant.id(), &filter, (MANY, 0)).await?;
    Ok(all.into_iter().find(|own| own.option(identity_provider::ENTITY_ID) == Some(issuer)))
}

async fn asked(visit: &Visit, received: &Received) -> Result<Response, Failed> {
    let asker = Asker::find(visit, received).await?;
    if let Err(failed) = asker.check(visit) {
        return Ok(refuse(visit, Some(&asker.connection), &failed.to_string()).await);
    }
    let finish = Finish::Provider {
        connection_id: asker.connection.id.clone(),
        in_response_to: asker.request.id.clone(),
        relay_state: received.relay_state.clone(),
    };
    let Some((session, known)) = &asker.session else {
        // It is over already, which is what was asked for.
        return Ok(Rounds::new(visit, Vec::new(), (None, finish)).next(visit).await);
    };
    if !asker.means(known) {
        let why = "the LogoutRequest names another user or another session than that of this browser";
        // Whoever asks has proved who they are, and has others to tell of the logout.
        return match Provider::find(visit, &asker.connection.id).await? {
            Some(provider) => {
                note(visit, Some(&asker.connection), why).await;
                let status = Status::failure(REQUESTER, REQUEST_DENIED, why);
                let answered = (asker.request.id.clone(), received.relay_state.clone());
                provider.answer(visit, answered, status).await
            }
            None => Ok(refuse(visit, Some(&asker.connection), why).await),
        };
    }
    let participants = partners::sql::of_session(&visit.app.db, visit.tenant.id(), &session.id).await?;
    let of_provider = |entry| Entry {
        connection: Some(asker.connection.name.clone()),
        connection_id: Some(asker.connection.id.clone()),
        ..entry
    };
    opened::close(visit, (session.clone(), Cause::ProviderLogout), of_provider).await?;
    let response = Rounds::new(visit, participants, (None, finish)).next(visit).await;
    Ok(with_cookie(response, cookies::clear_session(&visit.tenant)))
}

/// The text that comes back proves that it is the logout of this browser; what the answer says can only make it an
/// incomplete one, so nobody has to have signed it.
async fn answered(visit: &Visit, received: &Received) -> Result<Response, Failed> {
    let response = LogoutResponse::read(&received.xml).map_err(untrusted)?;
    let text = received.relay_state.as_deref().unwrap_or_default();
    match Rounds::take(visit, text, (&Told::Provider, &response)).await? {
        Some(rounds) => Ok(rounds.next(visit).await),
        None => Err(Failed::Untrusted("no logout is under way that this LogoutResponse answers".to_owned())),
    }
}

/// An identity provider that takes part in logouts.
pub struct Provider {
    connection: Connection,
    options: Map<String, Value>,
    /// Where requests go.
    destination: String,
    /// Where answers go.
    answers: String,
}

impl Provider {
    /// That of the connection with this id; none if it does not take part.
    pub async fn find(visit: &Visit, connection_id: &str) -> Result<Option<Self>, Failed> {
        let (app, tenant) = (&visit.app, visit.tenant.id());
        let found = connections::sql::find(&app.db, tenant, connection_id).await?;
        let Some(connection) = found.filter(|own| own.served() == Some(Strategy::Samlp)) else {
            return Ok(None);
        };
        let options = connections::whole_options(app, tenant, &connection)?;
        let visited = |to: &&str| may_be_visited(visit, to);
        let Some(destination) = sign_out(&options).filter(visited).map(str::to_owned) else {
            return Ok(None);
        };
        let answers = text(&options, identity_provider::SIGN_OUT_RESPONSES).filter(visited);
        let answers = answers.map_or_else(|| destination.clone(), str::to_owned);
        Ok(Some(Self { connection, options, destination, answers }))
    }

    /// Sends the browser there, with the word that a session is over.
    pub async fn tell(
        self,
        visit: &Visit,
        known: &UpstreamSession,
        (id, text): (String, String),
    ) -> Result<Response, Failed> {
        let now = visit.app.clock.now();
        let UpstreamSession { name, format, session_index, issuer: _ } = known.clone();
        let request = LogoutRequest {
            id: id.clone(),
            issued_at: now,
            not_on_or_after: now.checked_add(LIFETIME).ok(),
            destination: Some(self.destination.clone()),
            issuer: entity_id(&visit.tenant.stored.name, &self.connection),
            name_id: NameId { value: name, format },
            session_indexes: session_index.into_iter().collect(),
        };
        self.send(visit, (Direction::Request, id, request.write()), Some(text)).await
    }

    /// Answers its request.
    async fn answer(
        self,
        visit: &Visit,
        (in_response_to, relay_state): (String, Option<String>),
        status: Status,
    ) -> Result<Response, Failed> {
        let id = format!("_{}", visit.app.entropy.hex(20));
        let response = LogoutResponse {
            id: id.clone(),
            issued_at: visit.app.clock.now(),
            destination: Some(self.answers.clone()),
            issuer: entity_id(&visit.tenant.stored.name, &self.connection),
            in_response_to: Some(in_response_to),
            status,
        };
        self.send(visit, (Direction::Response, id, response.write()), relay_state).await
    }

    /// A logout that nobody signed counts nowhere.
    async fn send(
        self,
        visit: &Visit,
        (direction, id, halves): (Direction, String, Halves),
        relay_state: Option<String>,
    ) -> Result<Response, Failed> {
        let Self { connection, options, destination, answers } = self;
        let destination = match direction {
            Direction::Request => destination,
            Direction::Response => answers,
        };
        let mut saml = Saml::of(visit, &connection, &options)?;
        if let Some(binding) = text(&options, identity_provider::SIGN_OUT_BINDING) {
            saml.by_form = binding == HTTP_POST;
        }
        let message = Message { direction, halves, id, destination, relay_state };
        send(visit, (&connection, &options), (&saml, true), message).await
    }
}

/// The answer to the identity provider that began a logout.
pub async fn confirm(
    visit: &Visit,
    (connection_id, in_response_to, relay_state): (&str, String, Option<String>),
    status: Status,
) -> Response {
    let confirmed = async {
        match Provider::find(visit, connection_id).await? {
            Some(provider) => provider.answer(visit, (in_response_to, relay_state), status).await,
            None => Ok(visit.page(&Page::LoggedOut { back: None, kept: false }, &Setting::default())),
        }
    };
    confirmed.await.unwrap_or_else(|failed: Failed| visit.broken(&failed))
}
