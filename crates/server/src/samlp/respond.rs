//! The answer of a sign-on: made, noted, signed, and sent through the browser.
//!
//! Must never send an assertion whose participant is not written down: nobody could tell that application of the logout.

use std::sync::Arc;

use axum::response::Response;
use chancery_oauth::client::Client;
use chancery_saml::binding::{Direction, post};
use chancery_saml::idp::respond::{self, Envelope, Prepared, Subject};
use chancery_saml::idp::{Party, admit, claims};
use chancery_saml::status::{NO_PASSIVE, RESPONDER, Status};
use jiff::SignedDuration;
use serde_json::json;

use super::{Asked, Participant, Partner, entity_id, keep_message};
use crate::applications::saml_party::SamlParty;
use crate::login::pages::Failure;
use crate::login::under_way::Step;
use crate::login::visit::Visit;
use crate::logs::{Entry, Kind};
use crate::partners::answers::{SigningError, note, refuse, relay, session_index, sign};
use crate::partners::{self, SignedIn};

/// What the log calls an answer that is kept for whoever sets the application up.
pub const RESPONSE: &str = "A response of SAML";

/// The answer to an application, about who is signed in.
pub async fn answer(
    visit: &Visit,
    (client, asked): (&Arc<Client>, &Asked),
    signed_in: &SignedIn,
    login: Option<&Step>,
) -> Response {
    let answered = async {
        let partner = Partner::find(visit, &client.id).await?;
        let party = partner.party(visit).await?;
        if let Err(gone) = admit::still_registered(party, &asked.acs_url) {
            return Err(refuse(visit, client, Kind::F, &gone.to_string()).await);
        }
        let mut profile = signed_in.user.view();
        profile.insert("clientID".to_owned(), json!(client.id));
        let attributes = claims::attributes(&profile, &party.mapping);
        let name = match respond::name(party, &profile, &attributes) {
            Ok(name) => name,
            Err(nameless) => return Err(refuse(visit, client, Kind::F, &nameless.to_string()).await),
        };
        let participant = Participant {
            issuer: asked.issuer.clone(),
            name: name.value.clone(),
            format: name.format.clone(),
            session_index: session_index(visit, &signed_in.session, client),
        };
        let subject = Subject {
            assertion_id: format!("_{}", visit.app.entropy.alphanumeric(32)),
            session_index: participant.session_index.clone(),
            name,
            attributes,
            authenticated_at: signed_in.session.authenticated_at,
            audience: audience(party, asked),
            recipient: party.recipient.clone().unwrap_or_else(|| asked.acs_url.clone()),
        };
        let envelope = envelope(visit, party, asked);
        let prepared = respond::prepare(party, &envelope, &subject, visit.app.entropy.bytes());
        let prepared = prepared.map_err(|error| visit.broken(&error))?;
        let response = finished(visit, party, &prepared).await.map_err(|error| visit.broken(&error))?;
        if matches!(&*partner.party, SamlParty::Usable { debug: true, .. }) {
            let entry = visit.entry(Kind::W, RESPONSE).by_client(client);
            let entry = Entry { user_id: Some(signed_in.user.user_id.clone()), ..entry };
            keep_message(visit, entry, (Direction::Response.parameter(), &response)).await;
        }
        let participant = partners::Participant::Samlp(participant);
        match partners::note(visit, client, signed_in, (&participant, login)).await {
            Ok(true) => Ok(send(visit, asked, &response)),
            Ok(false) => Err(visit.failure(Failure::Expired, None)),
            Err(error) => Err(visit.broken(&error)),
        }
    };
    answered.await.unwrap_or_else(std::convert::identity)
}

/// The answer that nobody is signed in, to an application that does not want anybody to be asked.
pub async fn nobody(visit: &Visit, client: &Arc<Client>, asked: &Asked) -> Response {
    let answered = async {
        let partner = Partner::find(visit, &client.id).await?;
        let party = partner.party(visit).await?;
        let message = "Nobody is signed in, and the request allows no page (IsPassive).";
        note(visit, client, Kind::Fsa, message).await;
        let status = Status::failure(RESPONDER, NO_PASSIVE, message);
        let prepared = respond::refuse(&envelope(visit, party, asked), &status);
        let prepared = prepared.map_err(|error| visit.broken(&error))?;
        let response = finished(visit, party, &prepared).await.map_err(|error| visit.broken(&error))?;
        Ok(send(visit, asked, &response))
    };
    answered.await.unwrap_or_else(std::convert::identity)
}

async fn finished(visit: &Visit, party: &Party, prepared: &Prepared) -> Result<String, SigningError> {
    let lifetime = SignedDuration::from_secs(party.lifetime);
    let signature = sign(visit, prepared.message(), lifetime).await?;
    Ok(prepared.finish(&signature, &visit.tenant.ring.current().public().certificate)?)
}

fn envelope(visit: &Visit, party: &Party, asked: &Asked) -> Envelope {
    Envelope {
        id: format!("_{}", visit.app.entropy.hex(20)),
        issuer: entity_id(visit, party),
        destination: party.destination.clone().unwrap_or_else(|| asked.acs_url.clone()),
        in_response_to: asked.in_response_to.clone(),
        now: visit.app.clock.now(),
    }
}

/// Whom the assertion is for. Whoever comes by themselves comes to an application that has said it, or else to the
/// address that the assertion goes to.
fn audience(party: &Party, asked: &Asked) -> String {
    let said = party.audience.as_ref().or(asked.issuer.as_ref());
    said.cloned().unwrap_or_else(|| asked.acs_url.clone())
}

/// A form that sends itself.
fn send(visit: &Visit, asked: &Asked, response: &str) -> Response {
    let mut fields = vec![("SAMLResponse", post::encode(response))];
    fields.extend(asked.relay_state.clone().map(|state| ("RelayState", state)));
    relay(visit, &asked.acs_url, &fields)
}
