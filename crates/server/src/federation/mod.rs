//! Signing in at another provider: the way there, and the answer that comes back.
//!
//! [`begin`] sends the browser away with a text that nobody else has, `callback.rs` takes the answer, the protocol of the
//! connection's strategy makes a [`Profile`] out of it (one file each), and `accounts.rs` signs that user in. Must never
//! believe an answer that this browser did not ask for, and never take one twice.

mod accounts;
mod callback;
mod failed;
mod memory;
mod oauth2;
mod oidc;
mod permissions;
mod refresh;
pub mod saml;
mod settings;
pub mod sql;
mod strangers;
#[cfg(test)]
mod tests;
pub mod trial;
pub mod wsfed;

use std::sync::Arc;

use axum::Router;
use axum::response::Response;
use axum::routing::get;
use chancery_crypto::digest;
use chancery_jose::base64url;
use chancery_oauth::parameters::Parameters;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use accounts::{Profile, UpstreamSession};
pub use failed::Failed;
pub use memory::Memory;

use crate::app::App;
use crate::connections::{self, Connection, Strategy};
use crate::in_flight::{upstream, used_assertions};
use crate::login::pages::paths;
use crate::login::under_way::{self, Step};
use crate::login::visit::Visit;

/// Where answers come in.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route(paths::CALLBACK, get(callback::endpoint).post(callback::endpoint))
        .route(paths::TRY, get(trial::endpoint))
        .merge(saml::router())
}

/// The protocol that a strategy speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Protocol {
    OpenIdConnect,
    OAuth2,
    Saml,
    WsFederation,
}

impl Protocol {
    fn of(connection: &Connection) -> Result<Self, Failed> {
        match connection.served() {
            Some(
                Strategy::Oidc
                | Strategy::Okta
                | Strategy::GoogleOAuth2
                | Strategy::WindowsLive
                | Strategy::Apple,
            ) => Ok(Self::OpenIdConnect),
            Some(Strategy::AzureAd) if !connection.speaks_wsfed() => Ok(Self::OpenIdConnect),
            Some(Strategy::GitHub | Strategy::OAuth2) => Ok(Self::OAuth2),
            Some(Strategy::Samlp) => Ok(Self::Saml),
            Some(Strategy::Adfs | Strategy::AzureAd) => Ok(Self::WsFederation),
            Some(Strategy::Database) | None => {
                Err(Failed::Settings(format!("the strategy {} leads to no provider", connection.strategy)))
            }
        }
    }
}

/// A browser that is sent to a provider.
pub(crate) struct Outbound<'a> {
    /// The visit that leads there.
    pub(crate) visit: &'a Visit,
    /// The login that it belongs to; a trial has none.
    pub(crate) step: Option<&'a Step>,
    /// The connection.
    pub(crate) connection: &'a Connection,
    /// Its options, the secret ones included.
    pub(crate) options: Map<String, Value>,
    /// The text that has to come back (`state`, `RelayState`, `wctx`).
    pub(crate) state: String,
}

/// The answer of a provider, in the browser that was sent there.
pub(crate) struct Inbound<'a> {
    /// The visit that brings it.
    pub(crate) visit: &'a Visit,
    /// The connection.
    pub(crate) connection: &'a Connection,
    /// Its options, the secret ones included.
    pub(crate) options: Map<String, Value>,
    /// What came: of the query or of the form.
    pub(crate) parameters: Parameters,
}

/// What a protocol needs again when the answer comes.
#[derive(Debug, Serialize, Deserialize)]
enum Kept {
    OpenIdConnect(oidc::Kept),
    OAuth2(oauth2::Kept),
    Saml(saml::Kept),
    WsFederation(wsfed::Kept),
}

/// What is stored under a text.
#[derive(Debug, Serialize, Deserialize)]
enum Stored {
    /// A browser that is away.
    Journey(Journey),
    /// A trial that may begin.
    Offer(trial::Offer),
    /// How a trial ended.
    Outcome(trial::Outcome),
}

/// A browser that is away.
#[derive(Debug, Serialize, Deserialize)]
struct Journey {
    /// The digest of the value of the browser.
    browser: String,
    /// What it is away for.
    purpose: Purpose,
    /// The connection.
    connection_id: String,
    kept: Kept,
}

/// What a browser is away for.
#[derive(Debug, Serialize, Deserialize)]
enum Purpose {
    /// The login with this text.
    Login(String),
    /// A trial, whose result an administrator waits for at this address.
    Trial(String),
}

/// Sends the browser to the provider of a connection, for this login.
pub async fn begin(visit: &Visit, step: &Step, connection: &Connection) -> Response {
    match depart(visit, (Purpose::Login(step.text.clone()), Some(step)), connection).await {
        Ok(response) => response,
        Err(failed) => failed.answer(visit, Some(step), Some(connection)).await,
    }
}

async fn depart(
    visit: &Visit,
    (purpose, step): (Purpose, Option<&Step>),
    connection: &Connection,
) -> Result<Response, Failed> {
    let (app, tenant) = (&visit.app, visit.tenant.id());
    let options = connections::whole_options(app, tenant, connection)?;
    let out = Outbound { visit, step, connection, options, state: upstream::fresh(app) };
    let (kept, response) = match Protocol::of(connection)? {
        Protocol::OpenIdConnect => {
            let (kept, to) = oidc::begin(&out).await?;
            (Kept::OpenIdConnect(kept), visit.redirect(&to))
        }
        Protocol::OAuth2 => {
            let (kept, to) = oauth2::begin(&out)?;
            (Kept::OAuth2(kept), visit.redirect(&to))
        }
        Protocol::Saml => {
            let (kept, response) = saml::begin(&out).await?;
            (Kept::Saml(kept), response)
        }
        Protocol::WsFederation => {
            let (kept, to) = wsfed::begin(&out).await?;
            (Kept::WsFederation(kept), visit.redirect(&to))
        }
    };
    let browser = under_way::of_browser(visit);
    let journey = Journey { browser, purpose, connection_id: connection.id.clone(), kept };
    let mut tx = app.db.begin().await?.passing();
    upstream::begin(app, &mut tx, tenant, (&out.state, &Stored::Journey(journey))).await?;
    tx.commit().await?;
    Ok(response)
}

/// Uses an assertion of a connection up, which counts until then; false if it was used before.
async fn use_up(
    visit: &Visit,
    connection: &Connection,
    (assertion_id, until): (&str, Timestamp),
) -> Result<bool, Failed> {
    // Whatever its length.
    let id = base64url::encode(&digest::sha256(assertion_id.as_bytes()));
    let key = (connection.id.as_str(), id.as_str());
    Ok(used_assertions::remember(&visit.app, visit.tenant.id(), key, until).await?)
}

impl Outbound<'_> {
    /// Where the answer has to come.
    pub(crate) fn callback(&self) -> String {
        callback_of(self.visit)
    }

    /// Who the user probably is there: what was typed, or what the application expects.
    pub(crate) fn login_hint(&self) -> Option<&str> {
        self.step?.identifier()
    }

    /// Whether a session at the provider does not spare the login: what the application wants counts there too, where else
    /// nobody would be asked.
    pub(crate) fn is_forced(&self) -> bool {
        self.step.is_some_and(Step::is_forced)
    }

    /// A parameter of the application's request.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        self.step?.parameter(name)
    }
}

impl Inbound<'_> {
    /// Where the answer came.
    pub(crate) fn callback(&self) -> String {
        callback_of(self.visit)
    }
}

fn callback_of(visit: &Visit) -> String {
    format!("{}{}", visit.tenant.base, paths::CALLBACK)
}

/// The same for protocols that name the connection in the address.
fn named_callback(visit: &Visit, connection: &Connection) -> String {
    let mut url = callback_of(visit) + "?connection=";
    url.extend(form_urlencoded::byte_serialize(connection.name.as_bytes()));
    url
}
