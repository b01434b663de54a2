//! Errors of SAML as people see them, and as the tenant log keeps them.
//!
//! Must never send what went wrong to an address that the message named.

use axum::response::Response;
use chancery_oauth::client::Client;

use crate::login::pages::Failure;
use crate::login::visit::Visit;
use crate::logs::{Entry, Kind};

/// A page, and an entry with the exact reason.
pub(super) async fn refuse(visit: &Visit, client: &Client, why: &str) -> Response {
    note(visit, client, Kind::F, why).await;
    visit.failure(Failure::Request, Some(("invalid_request", why)))
}

/// The page about an application that does not speak SAML.
pub(super) async fn no_add_on(visit: &Visit, client: &Client) -> Response {
    let why = "The application has no SAML add-on. Enable the add-on SAML2 Web App (addons.samlp) for it.";
    refuse(visit, client, why).await
}

/// Like [`refuse`], for a logout.
pub(super) async fn refuse_logout(visit: &Visit, client: &Client, why: &str) -> Response {
    note(visit, client, Kind::Flo, why).await;
    visit.failure(Failure::Request, Some(("invalid_request", why)))
}

/// An entry of the log about an application. What happens to a browser at a door is worth one, not an error of its own.
pub(super) async fn note(visit: &Visit, client: &Client, kind: Kind, why: &str) {
    let entry = Entry {
        client_id: Some(client.id.clone()),
        client_name: Some(client.name.clone()),
        ..visit.entry(kind, why)
    };
    let _ = visit.app.log.append(&visit.app, visit.tenant.id(), entry).await;
}
