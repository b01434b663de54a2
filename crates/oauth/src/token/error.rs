//! What can be wrong with a token request, without any HTTP in it.
//!
//! Must never carry a secret, nor tell an unknown client from a wrong secret.

use crate::scope::Scopes;

/// Why no token was issued. `Display` is the description for the client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A parameter is missing, twice there, malformed or contradicts another.
    #[error("{0}")]
    InvalidRequest(String),
    /// The client could not be authenticated. `reason` is for the log.
    #[error("Unauthorized")]
    Unauthorized {
        /// What was wrong; never shown to the caller.
        reason: String,
    },
    /// A grant type that does not exist here.
    #[error("Unsupported grant type: {0}")]
    UnsupportedGrantType(String),
    /// A grant type that this application may not use.
    #[error("Grant type '{0}' not allowed for the client.")]
    GrantNotAllowed(&'static str),
    /// No audience, and the tenant has no default one.
    #[error(
        "Non-global clients are not allowed access to APIv1. Name the API in the audience parameter, or set a default audience in the tenant settings."
    )]
    MissingAudience,
    /// No such API.
    #[error("Service not found: {0}")]
    UnknownApi(String),
    /// The application has no grant for this API.
    #[error(
        "Client is not authorized to access \"{0}\". You need to create a \"client-grant\" associated to this API."
    )]
    NoClientGrant(String),
    /// Scopes beyond the grant.
    #[error("Client has not been granted scopes: {}", .0.iter().collect::<Vec<_>>().join(", "))]
    ScopesNotGranted(Scopes),
    /// The API's tokens need something that is not offered yet.
    #[error(
        "The API \"{audience}\" requires {feature}, which this server does not offer yet. No token was issued."
    )]
    Unsupported {
        /// The API.
        audience: String,
        /// What it asks for.
        feature: &'static str,
    },
    /// The code, token or password is not good, or not this client's.
    #[error("{0}")]
    InvalidGrant(&'static str),
    /// Too many failures for this account or address.
    #[error("{0}")]
    TooManyAttempts(&'static str),
    /// The user, a rule or the set-up of an API says no.
    #[error("{0}")]
    AccessDenied(#[from] crate::user_access::Denied),
    /// The user has not decided about the device.
    #[error("User has yet to authorize device code.")]
    AuthorizationPending,
    /// The device asks too often.
    #[error("You are polling faster than the specified interval of 5 seconds.")]
    SlowDown,
    /// The device code was not used in time.
    #[error("The device code has expired. Start again on the device.")]
    ExpiredDeviceCode,
    /// The user said no to the device.
    #[error("User cancelled the confirmation prompt.")]
    DeviceDenied,
    /// The tenant has not opened this endpoint.
    #[error("This endpoint is disabled for the tenant. An administrator opens it in the tenant settings.")]
    EndpointDisabled,
    /// Too much to do at the moment.
    #[error("The server is busy. Try again in a moment.")]
    Busy,
    /// A fault of ours. `reason` is for the log.
    #[error("The server could not issue a token. The log of the server says why.")]
    Internal {
        /// What went wrong.
        reason: String,
    },
}

impl Error {
    /// The `error` member (RFC 6749 section 5.2, and Auth0's own).
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidRequest(_) => "invalid_request",
            Self::UnsupportedGrantType(_) => "unsupported_grant_type",
            Self::GrantNotAllowed(_) => "unauthorized_client",
            Self::InvalidGrant(_) => "invalid_grant",
            Self::TooManyAttempts(_) => "too_many_attempts",
            Self::AuthorizationPending => "authorization_pending",
            Self::SlowDown => "slow_down",
            Self::ExpiredDeviceCode => "expired_token",
            Self::AccessDenied(_)
            | Self::DeviceDenied
            | Self::Unauthorized { .. }
            | Self::MissingAudience
            | Self::UnknownApi(_)
            | Self::NoClientGrant(_)
            | Self::ScopesNotGranted(_)
            | Self::Unsupported { .. } => "access_denied",
            Self::EndpointDisabled => "endpoint_disabled",
            Self::Busy => "temporarily_unavailable",
            Self::Internal { .. } => "server_error",
        }
    }
}
