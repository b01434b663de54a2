//! What happens with a request that may be answered: sign in, ask for consent, grant, or refuse.
//!
//! Must never grant while something that the request demands is missing, and never show a page to a request
//! with `prompt=none`.

use jiff::Timestamp;

use super::{Error, Request, Settings};
use crate::api::Api;
use crate::client::Client;
use crate::scope::Scopes;
use crate::uri::Uri;

/// Who is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session<'a> {
    /// The user.
    pub user_id: &'a str,
    /// When the user last proved who they are.
    pub authenticated_at: Timestamp,
    /// Whether that was for this very request; then the request's wish for a login is fulfilled.
    pub for_this_request: bool,
    /// Whether the user has to do something first that needs a page.
    pub owes_interaction: bool,
}

/// Where the question for consent stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// Nothing is asked, or the user agreed some time ago.
    NotNeeded,
    /// It has to be asked.
    Needed,
    /// The user agreed on the page of this very request.
    GivenNow,
    /// The user said no there.
    Refused,
}

/// What is known when a request comes in or comes back from a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing<'a> {
    /// Who is signed in, if anybody.
    pub session: Option<Session<'a>>,
    /// The consent of that user; without a session it does not matter.
    pub consent: Consent,
}

/// What happens next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// To the login page. Whoever is signed in must sign in again if `again`.
    SignIn {
        /// Whether a session does not spare the login.
        again: bool,
    },
    /// To a page with whatever the user has to do first.
    Interact,
    /// To the consent page.
    AskConsent,
    /// The client gets what it asked for.
    Grant,
    /// The client is refused, through its channel.
    Refuse(Error),
}

/// Decides what happens next.
pub fn decide(request: &Request, standing: &Standing<'_>, now: Timestamp) -> Decision {
    let silent = request.prompts.none;
    let Some(session) = standing.session else {
        return if silent {
            Decision::Refuse(Error::LoginRequired)
        } else {
            Decision::SignIn { again: false }
        };
    };
    let another = request.hint.as_ref().is_some_and(|hint| hint.user_id != session.user_id);
    // Somebody else has signed in than the client has in mind: asking once more would never end.
    if another && (silent || session.for_this_request) {
        return Decision::Refuse(Error::LoginRequired);
    }
    if another || !session.for_this_request && wants_login(request, &session, now) {
        return if silent {
            Decision::Refuse(Error::LoginRequired)
        } else {
            Decision::SignIn { again: true }
        };
    }
    if session.owes_interaction {
        return if silent { Decision::Refuse(Error::InteractionRequired) } else { Decision::Interact };
    }
    match standing.consent {
        Consent::Refused => {
            Decision::Refuse(Error::AccessDenied("User did not authorize the request".to_owned()))
        }
        Consent::Needed if silent => Decision::Refuse(Error::ConsentRequired),
        Consent::Needed => Decision::AskConsent,
        Consent::NotNeeded if request.prompts.consent => Decision::AskConsent,
        Consent::NotNeeded | Consent::GivenNow => Decision::Grant,
    }
}

fn wants_login(request: &Request, session: &Session<'_>, now: Timestamp) -> bool {
    let age = now.as_second().saturating_sub(session.authenticated_at.as_second());
    let prompts = request.prompts;
    prompts.login
        || prompts.select_account
        || request.signup_first && !prompts.none
        || request.max_age.is_some_and(|most| age > most || most == 0)
}

/// Whether a user has to be asked, given the scopes that the user allowed this client at this API before.
///
/// Applications of somebody else ask once for each scope. The tenant's own ask at an API if it wants that, or if they
/// are answered at an address of the user's own machine: any program there could pretend to be them. Who the user is
/// they are told without asking.
pub fn consent_needed(
    (client, api): (&Client, Option<&Api>),
    redirect_uri: Option<&str>,
    requested: &Scopes,
    allowed: Option<&Scopes>,
    settings: &Settings,
) -> bool {
    let verifiable = || !redirect_uri.is_some_and(|uri| is_unverifiable(uri, client, settings));
    let spared =
        client.is_first_party && api.is_none_or(|api| api.skip_consent_for_first_party && verifiable());
    !spared && allowed.is_none_or(|allowed| !requested.within(allowed))
}

fn is_unverifiable(redirect_uri: &str, client: &Client, settings: &Settings) -> bool {
    let skip = client.skip_callback_confirmation.unwrap_or(settings.skip_callback_confirmation);
    !skip && Uri::parse(redirect_uri).is_ok_and(|uri| uri.is_local())
}
