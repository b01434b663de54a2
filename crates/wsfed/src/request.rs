//! What a browser asks for (WS-Federation 1.2, section 13.2).

use jiff::SignedDuration;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// `wsignin1.0`: a token.
    SignIn,
    /// `wsignout1.0`: the end of the session.
    SignOut,
    /// `wsignoutcleanup1.0`: the end of what is left of one.
    CleanUp,
}

/// A request for a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// Where the answer goes: a callback of the application.
    pub reply: String,
    /// What goes back unchanged (`wctx`).
    pub context: Option<String>,
    /// Whom the token is for.
    pub realm: String,
    /// The connection to sign in with (`whr`).
    pub connection: Option<String>,
    /// The most time that may have passed since the user proved who they are (`wfresh`).
    pub max_age: Option<SignedDuration>,
}

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// It does not say what for, or something unknown.
    #[error("the parameter wa is {0:?}; expected wsignin1.0, wsignout1.0 or wsignoutcleanup1.0")]
    Action(String),
    /// It names another application.
    #[error(
        "the parameter wtrealm {0} names no application; expected urn: and its client_id, or one of its \
         client_aliases"
    )]
    Realm(String),
    /// The application has no callback.
    #[error("postUrl is required: the application has no callback; add one to its Allowed Callback URLs")]
    NoCallback,
    /// The time is no number.
    #[error("the parameter wfresh is no number of minutes")]
    Freshness,
}

/// What a request asks for; an application that says nothing wants a token.
pub fn action(wa: Option<&str>) -> Result<Action, RequestError> {
    match wa {
        None | Some("wsignin1.0") => Ok(Action::SignIn),
        Some("wsignout1.0") => Ok(Action::SignOut),
        Some("wsignoutcleanup1.0") => Ok(Action::CleanUp),
        Some(other) => Err(RequestError::Action(shortened(other))),
    }
}

/// The application as the protocol sees it.
#[derive(Debug, Clone, Copy)]
pub struct Party<'a> {
    /// Its client id.
    pub client_id: &'a str,
    /// Other names of its realm.
    pub aliases: &'a [String],
    /// Where answers may go; the first where a request does not say.
    pub callbacks: &'a [String],
}

/// The client id that a realm names, if it names one.
pub fn client_of_realm(realm: &str) -> Option<&str> {
    realm.strip_prefix("urn:").filter(|client_id| !client_id.is_empty())
}

/// Reads a request for a token; `parameter` gives the value of a parameter.
pub fn sign_in<'a>(
    party: Party<'_>,
    parameter: impl Fn(&str) -> Option<&'a str>,
) -> Result<SignIn, RequestError> {
    let own = format!("urn:{}", party.client_id);
    let realm = match parameter("wtrealm") {
        None => own,
        Some(realm) if realm == own || party.aliases.iter().any(|alias| alias == realm) => realm.to_owned(),
        Some(other) => return Err(RequestError::Realm(shortened(other))),
    };
    let first = party.callbacks.first().ok_or(RequestError::NoCallback)?;
    // A place that nobody registered is not an error at Auth0: the token goes where it may.
    let registered = |url: &str| party.callbacks.iter().find(|own| *own == url);
    let reply = parameter("wreply").and_then(registered).unwrap_or(first);
    let max_age = parameter("wfresh").map(|text| text.parse::<u32>().map_err(|_| RequestError::Freshness));
    let max_age = max_age.transpose()?.map(|minutes| SignedDuration::from_mins(minutes.into()));
    Ok(SignIn {
        reply: reply.clone(),
        context: parameter("wctx").map(str::to_owned),
        realm,
        connection: parameter("whr").map(|realm| realm.strip_prefix("urn:").unwrap_or(realm).to_owned()),
        max_age,
    })
}

/// What a stranger wrote, short enough for a page.
fn shortened(text: &str) -> String {
    text.chars().take(300).collect()
}
