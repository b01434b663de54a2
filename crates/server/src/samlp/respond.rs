//! The answer of a sign-on: made, noted, signed, and sent through the browser.
//!
//! Must never send an assertion whose participant is not written down: nobody could tell that application of the logout.

use std::sync::Arc;

use axum::response::Response;
use chancery_crypto::seal::Label;
use chancery_oauth::client::Client;
use chancery_saml::binding::post;
use chancery_saml::idp::respond::{self, Envelope, Prepared, SIGNED_WITH, Subject};
use chancery_saml::idp::{Party, claims};
use chancery_saml::status::{NO_PASSIVE, RESPONDER, Status};
use chancery_xmldsig::algorithms;
use jiff::SignedDuration;
use serde_json::json;

use super::{Asked, Participant, Partner, entity_id, error};
use crate::login::pages::{Failure, Page};
use crate::login::under_way::Step;
use crate::login::visit::{Setting, Visit};
use crate::partners::{self, SignedIn};
use crate::sessions::Session;

/// Why something was not signed.
#[derive(Debug, thiserror::Error)]
pub(super) enum SigningError {
    /// The ring has no signer of this kind.
    #[error(transparent)]
    Signer(#[from] chancery_keyring::SignerError),
    /// The threads that sign could not.
    #[error(transparent)]
    Pool(#[from] crate::signing_pool::PoolError),
    /// The certificate of the key is over.
    #[error("the certificate of the current signing key has expired; rotate")]
    Expired,
    /// The assertion could not be encrypted.
    #[error(transparent)]
    Encrypt(#[from] chancery_crypto::cipher::CipherError),
}

/// Signs with the current key of the tenant; what is signed counts for so long.
pub(super) async fn sign(
    visit: &Visit,
    message: &str,
    counts: SignedDuration,
) -> Result<Vec<u8>, SigningError> {
    let (app, tenant) = (&visit.app, &visit.tenant);
    let signer = tenant.ring.signer(SIGNED_WITH)?;
    let now = app.clock.now();
    if signer.not_after() <= now {
        return Err(SigningError::Expired);
    }
    let (_, signature) = app.signing.sign(signer, message.to_owned()).await?;
    tenant.signed.note(now.saturating_add(counts).unwrap_or(now));
    Ok(signature)
}

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
        let mut profile = signed_in.user.view();
        profile.insert("clientID".to_owned(), json!(client.id));
        let attributes = claims::attributes(&profile, &party.mapping);
        let name = match respond::name(party, &attributes) {
            Ok(name) => name,
            Err(nameless) => return Err(error::refuse(visit, client, &nameless.to_string()).await),
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
        error::note(visit, client, crate::logs::Kind::Fsa, message).await;
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

/// What an application calls a session: always the same, and nothing that tells what the session is called elsewhere.
fn session_index(visit: &Visit, session: &Session, client: &Client) -> String {
    let id = [session.id.as_str(), " ", &client.id].concat();
    let label = Label { tenant: visit.tenant.id().as_str(), kind: "saml-session", id: &id };
    let digest = visit.app.sealer.digest(label);
    digest.iter().take(16).fold("_".to_owned(), |text, byte| text + &format!("{byte:02x}"))
}

/// A form that sends itself.
fn send(visit: &Visit, asked: &Asked, response: &str) -> Response {
    let mut fields = vec![("SAMLResponse", post::encode(response))];
    fields.extend(asked.relay_state.clone().map(|state| ("RelayState", state)));
    relay(visit, &asked.acs_url, &fields)
}

/// A form that sends itself to a partner.
pub(super) fn relay(visit: &Visit, action: &str, fields: &[(&'static str, String)]) -> Response {
    let setting = Setting { leads_to: Some(action), ..Setting::default() };
    visit.page(&Page::Relay { action, parameters: fields }, &setting)
}

/// The URI of the method that everything is signed with.
pub(super) const METHOD: &str = algorithms::RSA_SHA256;
