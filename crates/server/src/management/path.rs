//! The path of a Management API request: its ids, decoded.
//!
//! Must never hand on what no id can be: broken UTF-8 and control characters get an error in the words of the API.

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::error::ApiError;

/// The ids of a path, in its order.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let refused =
            || ApiError::Path("Path validation error: 'String is not an id' on property id.".to_owned());
        let decoded = percent_encoding::percent_decode_str(parts.uri.path());
        if decoded.decode_utf8().map_or(true, |path| path.chars().any(char::is_control)) {
            return Err(refused());
        }
        let path = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(ids)| Self(ids)).map_err(|_| refused())
    }
}
