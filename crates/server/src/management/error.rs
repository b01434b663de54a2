//! Errors of the Management API, and the only place where they become HTTP.
//!
//! The client gets what happened and what to do; the cause of our own faults goes to the log alone.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use crate::db::DbError;
use crate::signing_keys::KeyError;
use crate::tenants::LoadError;

/// An error that the Management API answers.
#[derive(Debug)]
pub enum ApiError {
    /// 400: the body.
    Body(String),
    /// 400: the path.
    Path(String),
    /// 400: the query.
    Query(String),
    /// 400: well-formed, but not possible.
    NotSupported(String),
    /// 400: the list is longer than pages by number reach.
    TooFar(String),
    /// 400: the database of users refused.
    Directory(String),
    /// 401: no convincing token.
    Unauthorized(String),
    /// 403: a convincing token without the scopes.
    InsufficientScope(String),
    /// 404: with the code, where Auth0 has one.
    NotFound {
        /// The code.
        code: Option<&'static str>,
        /// The message.
        message: &'static str,
    },
    /// 409: it is there already, or in use.
    Conflict {
        /// The code.
        code: Option<&'static str>,
        /// The message.
        message: String,
    },
    /// 405
    MethodNotAllowed,
    /// 408
    TooSlow,
    /// 413
    TooLarge,
    /// 415
    MediaType(String),
    /// 429
    TooManyRequests {
        /// The message.
        message: String,
        /// Seconds until it makes sense to try again.
        retry_after: i64,
    },
    /// 503: it may work in a moment.
    Unavailable(String),
    /// 500: a fault of ours; the text is for the log.
    Internal(String),
}

/// Travels with an error's response to the guard, which puts it into the tenant log.
#[derive(Debug, Clone)]
pub struct Refusal(pub String);

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Body(text)
            | Self::Path(text)
            | Self::Query(text)
            | Self::NotSupported(text)
            | Self::TooFar(text)
            | Self::Directory(text)
            | Self::Unauthorized(text)
            | Self::InsufficientScope(text)
            | Self::Conflict { message: text, .. }
            | Self::MediaType(text)
            | Self::TooManyRequests { message: text, .. }
            | Self::Unavailable(text)
            | Self::Internal(text) => f.write_str(text),
            Self::NotFound { message, .. } => f.write_str(message),
            Self::MethodNotAllowed => f.write_str("the path does not answer to this method"),
            Self::TooSlow => f.write_str("the body did not arrive in time"),
            Self::TooLarge => f.write_str("the body is too large"),
        }
    }
}

impl ApiError {
    /// 404 for an unknown kind of object that has no code of its own.
    pub fn not_found(message: &'static str) -> Self {
        Self::NotFound { code: None, message }
    }
}

impl From<DbError> for ApiError {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Busy | DbError::TooSlow | DbError::Retry | DbError::Full | DbError::Unavailable(_) => {
                Self::Unavailable(error.to_string())
            }
            DbError::Unique { .. }
            | DbError::Missed
            | DbError::Constraint(_)
            | DbError::Inconsistent { .. }
            | DbError::NewerDatabase { .. }
            | DbError::OlderDatabase { .. }
            | DbError::ReadOnly
            | DbError::Other(_) => Self::Internal(error.to_string()),
        }
    }
}

impl From<KeyError> for ApiError {
    fn from(error: KeyError) -> Self {
        use chancery_keyring::RevokeError;
        match error {
            KeyError::Revoke(RevokeError::Unknown) => Self::not_found("Signing key not found."),
            KeyError::Revoke(refused) => Self::NotSupported(refused.to_string()),
            KeyError::TooManyRotations { wait, .. } => {
                Self::TooManyRequests { message: error.to_string(), retry_after: wait }
            }
            KeyError::Db(error) => error.into(),
            KeyError::Forge(_) | KeyError::Prepare(_) | KeyError::Broken(_) => {
                Self::Internal(error.to_string())
            }
        }
    }
}

impl From<LoadError> for ApiError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Db(error) => error.into(),
            LoadError::Keys(error) => error.into(),
            LoadError::Documents(error) => Self::Internal(error.to_string()),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut retry = None;
        let mut attributes = None;
        let (status, code, message) = match self {
            Self::Body(message) => (StatusCode::BAD_REQUEST, Some("invalid_body"), message),
            Self::Path(message) => (StatusCode::BAD_REQUEST, Some("invalid_uri"), message),
            Self::Query(message) => (StatusCode::BAD_REQUEST, Some("invalid_query_string"), message),
            Self::NotSupported(message) => {
                (StatusCode::BAD_REQUEST, Some("operation_not_supported"), message)
            }
            Self::TooFar(message) => (StatusCode::BAD_REQUEST, Some("invalid_paging"), message),
            Self::Directory(message) => (StatusCode::BAD_REQUEST, Some("auth0_idp_error"), message),
            Self::Unauthorized(message) => {
                attributes = Some(json!({ "error": message }));
                (StatusCode::UNAUTHORIZED, None, message)
            }
            Self::InsufficientScope(message) => (StatusCode::FORBIDDEN, Some("insufficient_scope"), message),
            Self::NotFound { code, message } => (StatusCode::NOT_FOUND, code, message.to_owned()),
            Self::Conflict { code, message } => (StatusCode::CONFLICT, code, message),
            Self::MethodNotAllowed => {
                (StatusCode::METHOD_NOT_ALLOWED, None, "This path does not answer to this method.".to_owned())
            }
            Self::TooSlow => {
                (StatusCode::REQUEST_TIMEOUT, None, "The body did not arrive in time.".to_owned())
            }
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                None,
                "The body is larger than 1 MB, the most that is accepted.".to_owned(),
            ),
            Self::MediaType(message) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, None, message),
            Self::TooManyRequests { message, retry_after } => {
                retry = Some(retry_after);
                (StatusCode::TOO_MANY_REQUESTS, Some("too_many_requests"), message)
            }
            Self::Unavailable(message) => {
                tracing::error!(%message, "a request could not be served");
                retry = Some(1);
                (StatusCode::SERVICE_UNAVAILABLE, None, message)
            }
            Self::Internal(cause) => {
                tracing::error!(%cause, "a request failed");
                (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    None,
                    "Something went wrong on our side. The log of the server says what.".to_owned(),
                )
            }
        };
        let mut body = json!({
            "statusCode": status.as_u16(),
            "error": status.canonical_reason().unwrap_or("Error"),
            "message": message,
        });
        if let Value::Object(body) = &mut body {
            if let Some(code) = code {
                body.insert("errorCode".to_owned(), code.into());
            }
            if let Some(attributes) = attributes {
                body.insert("attributes".to_owned(), attributes);
            }
        }
        let refusal = Refusal(body["message"].as_str().unwrap_or_default().to_owned());
        let mut response = (status, Json(body)).into_response();
        response.extensions_mut().insert(refusal);
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = retry {
            let name = HeaderName::from_static("retry-after");
            response.headers_mut().insert(name, HeaderValue::from(seconds.max(1)));
        }
        response
    }
}
