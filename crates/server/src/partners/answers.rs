//! What the answers to applications share that do not speak OAuth: who answers, with which key, and in which form.
//!
//! Must never sign with a key whose certificate is over: partners would have to refuse it.

use axum::response::Response;
use chancery_crypto::seal::Label;
use chancery_keyring::RingAlgorithm;
use chancery_oauth::client::Client;
use http::header::{self, HeaderValue};
use jiff::SignedDuration;

use crate::login::pages::{Failure, Page};
use crate::login::visit::{Setting, Visit};
use crate::logs::Kind;
use crate::sessions::Session;

/// Why something was not signed.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// The threads that sign could not.
    #[error(transparent)]
    Pool(#[from] crate::signing_pool::PoolError),
    /// The certificate of the key is over.
    #[error("the certificate of the current signing key has expired; rotate")]
    Expired,
    /// The message could not be prepared for signing.
    #[error(transparent)]
    Prepare(#[from] chancery_crypto::sign::SignError),
    /// The assertion could not be encrypted.
    #[error(transparent)]
    Encrypt(#[from] chancery_crypto::cipher::CipherError),
}

/// Signs with the current key of the tenant; what is signed counts for so long.
pub async fn sign(visit: &Visit, message: &str, counts: SignedDuration) -> Result<Vec<u8>, SigningError> {
    let (app, tenant) = (&visit.app, &visit.tenant);
    // That is what the documents name: `chancery_saml::idp::respond::SIGNED_WITH`.
    let signer = tenant.ring.signer(RingAlgorithm::Rs256);
    let now = app.clock.now();
    if signer.not_after() <= now {
        return Err(SigningError::Expired);
    }
    let (_, signature) = app.signing.sign(signer, message.to_owned()).await?;
    tenant.signed.note(now.saturating_add(counts).unwrap_or(now));
    Ok(signature)
}

/// The name of the tenant as an identity provider.
pub fn entity_id(visit: &Visit) -> String {
    format!("urn:{}", visit.tenant.stored.canonical.as_str())
}

/// What an application calls a session: always the same, and nothing that tells what the session is called elsewhere.
pub fn session_index(visit: &Visit, session: &Session, client: &Client) -> String {
    let id = [session.id.as_str(), " ", &client.id].concat();
    let label = Label { tenant: visit.tenant.id().as_str(), kind: "saml-session", id: &id };
    let digest = visit.app.sealer.digest(label);
    digest.iter().take(16).fold("_".to_owned(), |text, byte| text + &format!("{byte:02x}"))
}

/// A form that sends itself to a partner.
pub fn relay(visit: &Visit, action: &str, fields: &[(&'static str, String)]) -> Response {
    let setting = Setting { leads_to: Some(action), ..Setting::default() };
    visit.page(&Page::Relay { action, parameters: fields }, &setting)
}

/// A document of metadata.
pub fn document(body: String) -> Response {
    let mut response = Response::new(body.into());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/xml; charset=utf-8"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// A page that says what is wrong, and an entry with the exact reason.
pub async fn refuse(visit: &Visit, client: &Client, kind: Kind, why: &str) -> Response {
    note(visit, client, kind, why).await;
    visit.failure(Failure::Request, Some(("invalid_request", why)))
}

/// An entry of the log about an application. What happens to a browser at a door is worth one, not an error of its own.
pub async fn note(visit: &Visit, client: &Client, kind: Kind, why: &str) {
    let entry = visit.entry(kind, why).by_client(client);
    let _ = visit.app.log.append(&visit.app, visit.tenant.id(), entry).await;
}
