//! The authorization endpoint (RFC 6749 section 3.1, OpenID Connect Core section 3).
//!
//! A request goes three ways: [`Opening::parse`] finds out which client speaks and where the parameters are,
//! [`Opening::resolve`] brings them together (by value, signed, or pushed), and [`check`] turns them into a
//! [`Request`] that cannot be wrong. What happens then depends on the user: [`decide`]. Until the redirect
//! URI is known to be the client's, errors are for a page; from then on they go back to the client.

mod check_connection;
mod check_features;
mod check_hint;
mod check_max_age;
mod check_nonce;
mod check_pkce;
mod check_prompt;
mod check_redirect_uri;
mod check_request_form;
mod check_response_mode;
mod check_response_type;
mod check_scope;
mod check_ui_locales;
mod decide;
mod error;
mod opening;
mod request_object;
mod respond;

#[cfg(test)]
mod tests;

pub use check_prompt::Prompts;
pub use check_response_mode::ResponseMode;
pub use check_response_type::ResponseType;
pub use decide::{Consent, Decision, Session, Standing, consent_needed, decide};
pub use error::{Error, PageError, Refusal};
pub use opening::{Opening, Pushed, REQUEST_URN, Raw};
pub use respond::{Answer, Channel, Success};

use chancery_keyring::KeyRing;
use jiff::Timestamp;

use crate::client::Client;
use crate::id_token::Hint;
use crate::pkce::Challenge;
use crate::scope::Scopes;

/// What the checks need to know beside the request.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The client that the request names.
    pub client: &'a Client,
    /// What the tenant is set to.
    pub settings: &'a Settings,
    /// The tenant's keys, for `id_token_hint`.
    pub ring: &'a KeyRing,
    /// When the request is looked at.
    pub now: Timestamp,
}

/// The settings of a tenant that requests depend on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// The issuer, with its trailing slash.
    pub issuer: String,
    /// The API that is meant where none is named.
    pub default_audience: Option<String>,
    /// Whether `resource` names an API (`resource_parameter_profile` is `compatibility`).
    pub resource_parameter: bool,
    /// Whether answers name the issuer (RFC 9207).
    pub response_issuer: bool,
    /// Whether the question about callbacks that cannot be verified is left out.
    pub skip_callback_confirmation: bool,
}

impl Settings {
    /// The address of `/userinfo`, which is the audience of tokens without an API.
    pub fn userinfo(&self) -> String {
        [self.issuer.as_str(), "userinfo"].concat()
    }
}

/// A request that may be answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The client.
    pub client_id: String,
    /// How the client is answered.
    pub channel: Channel,
    /// What it asks to be answered with.
    pub response_type: ResponseType,
    /// What it asks for.
    pub scopes: Scopes,
    /// The API that it asks for; none means `/userinfo` alone.
    pub audience: Option<String>,
    /// The proof that the exchange of the code has to bring.
    pub challenge: Option<Challenge>,
    /// What ID tokens repeat.
    pub nonce: Option<String>,
    /// What the user has to see.
    pub prompts: Prompts,
    /// The most seconds since the user proved who they are.
    pub max_age: Option<i64>,
    /// The user that the client has in mind, proved by an ID token.
    pub hint: Option<Hint>,
    /// The languages of the pages, by preference.
    pub ui_locales: Vec<String>,
    /// What the user probably signs in as.
    pub login_hint: Option<String>,
    /// Whether the pages begin with a new account (`screen_hint=signup`).
    pub signup_first: bool,
    /// The connection to sign in with.
    pub connection: Option<String>,
}

/// All checks in their order. Each is one file, takes what it reads and gives what it finds.
pub fn check(raw: &Raw, known: &Known<'_>) -> Result<Request, Refusal> {
    let Known { client, settings, .. } = *known;
    let redirect_uri = check_redirect_uri::check(raw, client).map_err(Refusal::Page)?;
    // From here on the client hears what is wrong.
    let channel = Channel {
        mode: check_response_mode::for_errors(raw),
        state: raw.state(),
        issuer: settings.response_issuer.then(|| settings.issuer.clone()),
        redirect_uri,
    };
    let refuse = |error: Error| Refusal::Client(Box::new((channel.clone(), error)));
    check_request_form::check(raw, client).map_err(refuse)?;
    check_features::check(raw).map_err(refuse)?;
    let response_type = check_response_type::check(raw, client).map_err(refuse)?;
    let mode = check_response_mode::check(raw, response_type, &channel.redirect_uri).map_err(refuse)?;
    let scopes = check_scope::check(raw, response_type).map_err(refuse)?;
    let challenge = check_pkce::check(raw, client, response_type).map_err(refuse)?;
    let nonce = check_nonce::check(raw, response_type).map_err(refuse)?;
    let prompts = check_prompt::check(raw).map_err(refuse)?;
    let max_age = check_max_age::check(raw).map_err(refuse)?;
    let hint = check_hint::check(raw, known).map_err(refuse)?;
    let connection = check_connection::check(raw).map_err(refuse)?;
    Ok(Request {
        client_id: client.id.clone(),
        channel: Channel { mode, ..channel },
        response_type,
        scopes,
        audience: raw.audience(settings),
        challenge,
        nonce,
        prompts,
        max_age,
        hint,
        ui_locales: check_ui_locales::check(raw),
        login_hint: raw.text("login_hint").map(str::to_owned),
        signup_first: raw.text("screen_hint") == Some("signup"),
        connection,
    })
}
