//! What can be wrong with an authorization request, without any HTTP in it.
//!
//! Must never send anything to a redirect URI that is not known to be the client's: such errors have a type
//! of their own that no channel takes.

use super::Channel;
use crate::parameters::ParametersError;

/// An error for a page: there is nobody else to tell. `Display` is for the reader of the page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// The parameters cannot be read.
    #[error("{0}")]
    Parameters(#[from] ParametersError),
    /// A parameter is missing.
    #[error("Missing required parameter: {0}")]
    Missing(&'static str),
    /// A parameter is longer than anything that is accepted.
    #[error("The parameter {0} is too long.")]
    TooLong(&'static str),
    /// No such client.
    #[error("Unknown client: {0}")]
    UnknownClient(String),
    /// The client may not be answered there.
    #[error(
        "Callback URL mismatch. The redirect_uri {0} is not in the list of allowed callback URLs of the application. Add it to the list, character by character as it is sent."
    )]
    CallbackMismatch(String),
    /// `request` and `request_uri` at once, or a `request_uri` that is none of ours.
    #[error("{0}")]
    RequestUri(&'static str),
    /// The pushed request is unknown, has expired, was used, or belongs to another client.
    #[error("The request_uri is unknown, has expired or was used before. Start again in the application.")]
    UnknownRequestUri,
    /// The signed request cannot be believed.
    #[error("The request object is not acceptable: {0}.")]
    RequestObject(String),
}

impl PageError {
    /// The `error` code (RFC 6749 section 4.1.2.1, OpenID Connect Core section 3.1.2.6).
    pub fn code(&self) -> &'static str {
        match self {
            Self::Parameters(_) | Self::Missing(_) | Self::TooLong(_) => "invalid_request",
            Self::UnknownClient(_) => "invalid_client",
            Self::CallbackMismatch(_) => "unauthorized_client",
            Self::RequestUri(_) | Self::UnknownRequestUri => "invalid_request_uri",
            Self::RequestObject(_) => "invalid_request_object",
        }
    }
}

/// An error for the client. `Display` is the `error_description`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A parameter is missing, malformed or contradicts another.
    #[error("{0}")]
    InvalidRequest(String),
    /// The client may not ask in this way.
    #[error("{0}")]
    UnauthorizedClient(String),
    /// A response type that does not exist here.
    #[error("Unsupported response type: {0}")]
    UnsupportedResponseType(String),
    /// The scope is malformed or does not go with the response type.
    #[error("{0}")]
    InvalidScope(String),
    /// The user or a rule said no.
    #[error("{0}")]
    AccessDenied(String),
    /// Somebody has to sign in, and nobody may be asked.
    #[error("Login required")]
    LoginRequired,
    /// Somebody has to consent, and nobody may be asked.
    #[error("Consent required")]
    ConsentRequired,
    /// Something else has to be done by the user, and nobody may be asked.
    #[error("Interaction required")]
    InteractionRequired,
    /// Too much to do at the moment.
    #[error("The server is busy. Try again in a moment.")]
    Busy,
    /// A fault of ours.
    #[error("The server could not answer. The log of the server says why.")]
    Internal,
}

impl Error {
    /// The `error` code (RFC 6749 section 4.1.2.1, OpenID Connect Core section 3.1.2.6).
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidRequest(_) => "invalid_request",
            Self::UnauthorizedClient(_) => "unauthorized_client",
            Self::UnsupportedResponseType(_) => "unsupported_response_type",
            Self::InvalidScope(_) => "invalid_scope",
            Self::AccessDenied(_) => "access_denied",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::InteractionRequired => "interaction_required",
            Self::Busy => "temporarily_unavailable",
            Self::Internal => "server_error",
        }
    }

    pub(super) fn invalid(text: &str) -> Self {
        Self::InvalidRequest(text.to_owned())
    }
}

impl From<crate::user_access::Denied> for Error {
    fn from(denied: crate::user_access::Denied) -> Self {
        Self::AccessDenied(denied.to_string())
    }
}

/// A refused request: who hears of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The user, on a page.
    Page(PageError),
    /// The client, through this channel.
    Client(Box<(Channel, Error)>),
}
