//! `/samlp/{client_id}/logout`: an application asks for the end of a session, or answers that it has ended its own.
//!
//! A request counts that is signed, or else that names the session as only whoever was told of it can. Must never end
//! a session because of a message that another site could have made up.

use axum::extract::Path;
use axum::response::Response;
use chancery_crypto::digest;
use chancery_saml::binding::{Direction, Received};
use chancery_saml::idp::{Party, TrustError};
use chancery_saml::logout::{LogoutRequest, LogoutResponse};

use super::rounds::{Finish, Rounds, Told};
use super::{Participant, Partner, received};
use crate::db::DbError;
use crate::federation::UpstreamSession;
use crate::login::pages::{Failure, paths};
use crate::login::visit::{Visit, with_cookie};
use crate::login::{cookies, opened};
use crate::logs::Kind;
use crate::partners;
use crate::partners::answers::refuse;
use crate::sessions::Cause;

/// GET by redirection, POST by form.
pub(super) async fn endpoint(Path(client_id): Path<String>, visit: Visit) -> Response {
    Box::pin(answer(client_id, visit)).await.unwrap_or_else(std::convert::identity)
}

async fn answer(client_id: String, mut visit: Visit) -> Result<Response, Response> {
    let partner = Partner::find(&visit, &client_id).await?;
    let party = partner.party(&visit).await?;
    let refused = async |visit: &Visit, why: &str| refuse(visit, &partner.client, Kind::Flo, why).await;
    let received = match received(&mut visit) {
        Ok(Some(received)) => received,
        Ok(None) => return Err(refused(&visit, "expected one parameter SAMLRequest or SAMLResponse").await),
        Err(error) => return Err(refused(&visit, &error.to_string()).await),
    };
    let signed = match octets(&received, party) {
        Ok(signed) => signed,
        Err(why) => return Err(refused(&visit, &why).await),
    };
    let next = match received.direction {
        Direction::Request => asked(&visit, &partner, (&received, signed)).await,
        Direction::Response => answered(&visit, &partner, (&received, signed)).await,
    };
    match next {
        Ok(Ok(response)) => Ok(response),
        Ok(Err(why)) => Err(refused(&visit, &why).await),
        Err(error) => Err(visit.broken(&error)),
    }
}

/// What was signed: all of the message, or a part; none of it where the application has named no certificate.
enum Signed {
    Octets(String),
    Whole,
    Nothing,
}

impl Signed {
    fn is_signed(&self) -> bool {
        !matches!(self, Self::Nothing)
    }

    fn text<'a>(&'a self, received: &'a Received) -> &'a str {
        match self {
            Self::Octets(octets) => octets,
            Self::Whole | Self::Nothing => &received.xml,
        }
    }
}

fn octets(received: &Received, party: &Party) -> Result<Signed, String> {
    let Some(trust) = &party.requests else { return Ok(Signed::Nothing) };
    match trust.signed_octets(received) {
        Ok(Some(octets)) => Ok(Signed::Octets(octets)),
        Ok(None) => Ok(Signed::Whole),
        Err(TrustError::Unsigned) => {
            Err(format!("{} message MUST be signed", received.direction.parameter()))
        }
        Err(error @ (TrustError::Xml(_) | TrustError::Signature(_))) => Err(error.to_string()),
    }
}

/// Where an application sends what it has to say of logouts.
fn here(visit: &Visit, partner: &Partner) -> String {
    format!("{}/samlp/{}/logout", visit.tenant.base, partner.client.id)
}

async fn asked(
    visit: &Visit,
    partner: &Partner,
    (received, signed): (&Received, Signed),
) -> Result<Result<Response, String>, DbError> {
    let request = match LogoutRequest::read(signed.text(received)) {
        Ok(request) => request,
        Err(error) => return Ok(Err(error.to_string())),
    };
    if let Err(error) = request.check_time(visit.app.clock.now()) {
        return Ok(Err(error.to_string()));
    }
    if let Err(error) = request.check_destination(&here(visit, partner), signed.is_signed()) {
        return Ok(Err(error.to_string()));
    }
    let finish = Finish::Partner {
        client_id: partner.client.id.clone(),
        in_response_to: request.id.clone(),
        relay_state: received.relay_state.clone(),
        by_form: visit.is_post(),
    };
    let Some(session) = visit.session().await? else {
        // It is over already, which is what was asked for.
        return Ok(Ok(Rounds::new(visit, Vec::new(), (None, finish)).next(visit).await));
    };
    let participants = partners::sql::of_session(&visit.app.db, visit.tenant.id(), &session.id).await?;
    let own = participants.iter().find(|(client_id, _)| *client_id == partner.client.id);
    let own = own.map(|(_, participant)| participant);
    if !own.is_some_and(|own| means(&request, own, signed.is_signed())) {
        let why = "Invalid Session Participant: the LogoutRequest names no session of this browser that the \
                   application takes part in";
        return Ok(Err(why.to_owned()));
    }
    opened::close(visit, (session, Cause::Logout), |entry| entry.by_client(&partner.client)).await?;
    let except = Some(partner.client.id.as_str());
    let response = Rounds::new(visit, participants, (except, finish)).next(visit).await;
    Ok(Ok(with_cookie(response, cookies::clear_session(&visit.tenant))))
}

/// Whether a request means this session. One that nobody signed has to name it: its name is known to the application
/// alone.
fn means(request: &LogoutRequest, own: &partners::Participant, is_signed: bool) -> bool {
    let partners::Participant::Samlp(Participant { issuer, name, session_index, .. }) = own else {
        return false;
    };
    let same = |one: &str, other: &str| digest::equal(one.as_bytes(), other.as_bytes());
    let named = request.session_indexes.iter().any(|index| same(index, session_index));
    issuer.as_ref().is_none_or(|issuer| *issuer == request.issuer)
        && request.name_id.value == *name
        && (named || is_signed && request.session_indexes.is_empty())
}

async fn answered(
    visit: &Visit,
    partner: &Partner,
    (received, signed): (&Received, Signed),
) -> Result<Result<Response, String>, DbError> {
    let response = match LogoutResponse::read(signed.text(received)) {
        Ok(response) => response,
        Err(error) => return Ok(Err(error.to_string())),
    };
    if let Err(error) = response.check_destination(&here(visit, partner), signed.is_signed()) {
        return Ok(Err(error.to_string()));
    }
    let text = received.relay_state.as_deref().unwrap_or_default();
    let told = Told::Application(partner.client.id.clone());
    match Rounds::take(visit, text, (&told, &response)).await? {
        Some(rounds) => Ok(Ok(rounds.next(visit).await)),
        None => Ok(Err("Invalid RelayState: no logout is under way that this answers".to_owned())),
    }
}

/// GET: on with a logout, after the page that told those who can be told all at once.
pub(super) async fn onward(visit: Visit) -> Response {
    let text = visit.query.value(paths::STATE).unwrap_or_default();
    match Rounds::resume(&visit, text).await {
        Ok(Some(rounds)) => rounds.next(&visit).await,
        Ok(None) => visit.failure(Failure::Expired, None),
        Err(error) => visit.broken(&error),
    }
}

/// Who took part in a session that is over.
#[derive(Debug, Default)]
pub struct Ended {
    /// The applications, and as what each knows the user.
    pub participants: Vec<(String, partners::Participant)>,
    /// The connection whose identity provider is to be told, and as what it knows the user.
    pub provider: Option<(String, UpstreamSession)>,
}

/// Tells the applications of a session that is over in this browser, and the identity provider that its user came from
/// if that is wanted, and goes on to an address or to the page that says so. None: there is nobody to tell.
pub async fn tell_others(
    visit: &Visit,
    Ended { participants, provider }: Ended,
    then: Option<&str>,
) -> Option<Response> {
    if provider.is_none() && participants.is_empty() {
        return None;
    }
    let finish = then.map_or(Finish::Page, |url| Finish::Address { url: url.to_owned() });
    Some(Rounds::new(visit, participants, (None, finish)).with_provider(provider).next(visit).await)
}
