//! Errors of the token endpoint, and the only place where they become HTTP (RFC 6749 section 5.2).

use axum::Json;
use axum::response::{IntoResponse, Response};
use chancery_oauth::token::Error;
use http::{HeaderValue, StatusCode, header};
use serde_json::json;

/// The answer to a refused token request.
pub(super) fn respond(error: &Error) -> Response {
    let status = match error {
        Error::InvalidRequest(_) | Error::UnsupportedGrantType(_) => StatusCode::BAD_REQUEST,
        Error::Unauthorized { .. } => StatusCode::UNAUTHORIZED,
        Error::GrantNotAllowed(_)
        | Error::MissingAudience
        | Error::UnknownApi(_)
        | Error::NoClientGrant(_)
        | Error::ScopesNotGranted(_)
        | Error::InvalidGrant(_)
        | Error::AccessDenied(_)
        | Error::AuthorizationPending
        | Error::ExpiredDeviceCode
        | Error::DeviceDenied
        | Error::Unsupported { .. } => StatusCode::FORBIDDEN,
        Error::SlowDown | Error::TooManyAttempts(_) => StatusCode::TOO_MANY_REQUESTS,
        Error::EndpointDisabled => StatusCode::NOT_FOUND,
        Error::Busy => StatusCode::SERVICE_UNAVAILABLE,
        Error::Internal { reason } => {
            tracing::error!(%reason, "a token could not be issued");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    };
    let body = json!({ "error": error.code(), "error_description": error.to_string() });
    let mut response = (status, Json(body)).into_response();
    no_store(&mut response);
    match error {
        Error::Unauthorized { .. } => {
            let challenge = HeaderValue::from_static("Basic realm=\"oauth/token\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        Error::Busy => {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        Error::InvalidRequest(_)
        | Error::UnsupportedGrantType(_)
        | Error::GrantNotAllowed(_)
        | Error::MissingAudience
        | Error::UnknownApi(_)
        | Error::NoClientGrant(_)
        | Error::ScopesNotGranted(_)
        | Error::InvalidGrant(_)
        | Error::AccessDenied(_)
        | Error::AuthorizationPending
        | Error::SlowDown
        | Error::TooManyAttempts(_)
        | Error::ExpiredDeviceCode
        | Error::DeviceDenied
        | Error::EndpointDisabled
        | Error::Unsupported { .. }
        | Error::Internal { .. } => {}
    }
    response
}

/// The answer to a method that a protocol endpoint does not know. The router adds `Allow`.
pub async fn wrong_method() -> Response {
    let body = json!({
        "error": "method_not_allowed",
        "error_description": "This path does not answer to this method. The Allow header names those that it answers to.",
    });
    let mut response = (StatusCode::METHOD_NOT_ALLOWED, Json(body)).into_response();
    // Caches may keep a 405 unless they are told otherwise (RFC 9110 section 15.5.6).
    no_store(&mut response);
    response
}

/// Tokens and what is said about them belong in no cache (RFC 6749 section 5.1).
pub(super) fn no_store(response: &mut Response) {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response.headers_mut().insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
}
