//! SAML 2.0 over HTTP, as identity provider: sign-on, logout and metadata of the applications that have the add-on.
//!
//! Unpack, let the pure crate decide, answer through the browser. Must never send a message anywhere but to an address
//! of the application.

pub mod logout;
mod metadata;
pub mod respond;
pub mod rounds;
mod sso;

use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use chancery_oauth::client::Client;
use chancery_saml::binding::{BindingError, Received, post, redirect};
use chancery_saml::idp::Party;
use chancery_saml::idp::admit::Admitted;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::app::App;
use crate::applications::saml_party::SamlParty;
use crate::login::pages::paths;
use crate::login::visit::Visit;
use crate::logs::{Entry, Kind};
use crate::oidc::authorize;
use crate::partners::answers::{self, refuse};

const NO_ADD_ON: &str =
    "The application has no SAML add-on. Enable the add-on SAML2 Web App (addons.samlp) for it.";

/// The routes.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/samlp/metadata/{client_id}", get(metadata::of_application))
        .route("/samlp/{client_id}", get(sso::endpoint).post(sso::endpoint))
        .route("/samlp/{client_id}/logout", get(logout::endpoint).post(logout::endpoint))
        .route(paths::LOGOUT_NEXT, get(logout::onward))
}

/// A request that was admitted, as a login under way keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Where the answer goes.
    pub acs_url: String,
    /// The request that it answers.
    pub in_response_to: Option<String>,
    /// Who asked.
    pub issuer: Option<String>,
    /// Whether a session does not spare the login.
    pub force_authn: bool,
    /// Whether no page may be shown.
    pub is_passive: bool,
    /// Who is probably to be signed in.
    pub login_hint: Option<String>,
    /// What goes back unchanged.
    pub relay_state: Option<String>,
    /// The connection to sign in with.
    pub connection: Option<String>,
}

impl Asked {
    fn new(admitted: Admitted, connection: Option<String>) -> Self {
        let Admitted { acs_url, in_response_to, issuer, force_authn, is_passive, login_hint, relay_state } =
            admitted;
        Self { acs_url, in_response_to, issuer, force_authn, is_passive, login_hint, relay_state, connection }
    }
}

/// As what an application knows a user in a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participant {
    /// What the application calls itself, if it said so.
    pub issuer: Option<String>,
    /// The name of the user.
    pub name: String,
    /// The format of that name.
    pub format: Option<String>,
    /// The name of the session.
    pub session_index: String,
}

/// An application that speaks SAML.
struct Partner {
    client: Arc<Client>,
    party: Arc<SamlParty>,
}

impl Partner {
    /// The application with this id, or the page that says what is missing.
    async fn find(visit: &Visit, client_id: &str) -> Result<Self, Response> {
        let client = authorize::client(visit, client_id).await?;
        let found = visit.app.memory.saml_party(&visit.app, visit.tenant.id(), client_id).await;
        match found.map_err(|error| visit.broken(&error))? {
            Some(party) => Ok(Self { client, party }),
            None => Err(refuse(visit, &client, Kind::F, NO_ADD_ON).await),
        }
    }

    /// Its settings, or the page that says what is wrong with them.
    async fn party<'a>(&'a self, visit: &Visit) -> Result<&'a Party, Response> {
        match &*self.party {
            SamlParty::Usable { party, .. } => Ok(party),
            SamlParty::Unusable(why) => Err(refuse(visit, &self.client, Kind::F, why).await),
        }
    }
}

/// Writes a message to the log, for whoever sets a partner or a connection up. It may hold personal data: only where
/// somebody has asked for it.
pub async fn keep_message(visit: &Visit, entry: Entry, (parameter, xml): (&str, &str)) {
    /// The most characters of a message.
    const MOST: usize = 16 * 1024;
    let shown: String = xml.chars().filter(|one| !one.is_control() || *one == '\n').take(MOST).collect();
    let entry = Entry { details: Some(json!({ parameter: shown })), ..entry };
    let _ = visit.app.log.append(&visit.app, visit.tenant.id(), entry).await;
}

/// The message of a visit; none if there is none.
pub fn received(visit: &mut Visit) -> Result<Option<Received>, BindingError> {
    if visit.is_post() {
        let form = visit.parameters();
        if form.value("SAMLRequest").is_none() && form.value("SAMLResponse").is_none() {
            return Ok(None);
        }
        return post::decode(|name| form.value(name)).map(Some);
    }
    let query = &visit.query;
    if query.value("SAMLRequest").is_none() && query.value("SAMLResponse").is_none() {
        return Ok(None);
    }
    redirect::decode(&visit.raw_query).map(Some)
}

/// The name of the tenant as an identity provider.
fn entity_id(visit: &Visit, party: &Party) -> String {
    party.issuer.clone().unwrap_or_else(|| answers::entity_id(visit))
}
