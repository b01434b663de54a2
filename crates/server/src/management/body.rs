//! The JSON body of a request: at most 1 MB, strict, an object, checked against a shape.
//!
//! Must never accept a member twice or one that the shape does not know.

use axum::body::HttpBody;
use axum::extract::{FromRequest, Request};
use http::header;
use serde_json::{Map, Value};

use super::error::ApiError;
use super::shape::{Object, When};
use crate::http::body::{Unread, read};

/// The largest body, in bytes.
pub const MAX_BODY: usize = 1024 * 1024;

/// A JSON object as it came, not checked yet.
#[derive(Debug)]
pub struct Body(Map<String, Value>);

impl Body {
    /// Checks the body and gives it away.
    pub fn checked(self, shape: &Object, when: When) -> Result<Map<String, Value>, ApiError> {
        shape.check(&self.0, when).map_err(|error| ApiError::Body(error.to_string()))?;
        Ok(self.0)
    }
}

/// The body of a request that may come without one, or with `null` instead.
#[derive(Debug)]
pub struct OptionalBody(Body);

impl OptionalBody {
    /// Checks the body and gives it away; it has no members if there was none.
    pub fn checked(self, shape: &Object, when: When) -> Result<Map<String, Value>, ApiError> {
        self.0.checked(shape, when)
    }
}

/// A JSON array of objects as it came, not checked yet.
#[derive(Debug)]
pub struct ListBody(Vec<Value>);

impl ListBody {
    /// Checks that there are so many objects, checks each, and gives them away.
    pub fn checked(
        self,
        shape: &Object,
        when: When,
        (least, most): (usize, usize),
    ) -> Result<Vec<Map<String, Value>>, ApiError> {
        let refuse = |reason: String| ApiError::Body(format!("Payload validation error: '{reason}'."));
        let length = self.0.len();
        if length < least {
            return Err(refuse(format!("Array is too short ({length}), minimum {least}")));
        }
        if length > most {
            return Err(refuse(format!("Array is too long ({length}), maximum {most}")));
        }
        let checked = |item| match item {
            Value::Object(members) => {
                shape.check(&members, when).map_err(|error| ApiError::Body(error.to_string()))?;
                Ok(members)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                Err(refuse("Expected type object for every member of the array".to_owned()))
            }
        };
        self.0.into_iter().map(checked).collect()
    }
}

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        Self::of(value(request).await?)
    }
}

impl Body {
    fn of(value: Value) -> Result<Self, ApiError> {
        match value {
            Value::Object(members) => Ok(Self(members)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                Err(ApiError::Body(
                    "Payload validation error: 'Expected type object' on the payload itself.".to_owned(),
                ))
            }
        }
    }
}

impl<S: Send + Sync> FromRequest<S> for OptionalBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        if request.body().is_end_stream() {
            return Ok(Self(Body(Map::new())));
        }
        let value = value(request).await?;
        if value.is_null() { Ok(Self(Body(Map::new()))) } else { Body::of(value).map(Self) }
    }
}

impl<S: Send + Sync> FromRequest<S> for ListBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        match value(request).await? {
            Value::Array(items) => Ok(Self(items)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
                Err(ApiError::Body(
                    "Payload validation error: 'Expected type array' on the payload itself.".to_owned(),
                ))
            }
        }
    }
}

/// The JSON of a request.
async fn value(request: Request) -> Result<Value, ApiError> {
    let media_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = media_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(ApiError::MediaType(
            "The body must be JSON: send the header Content-Type: application/json.".to_owned(),
        ));
    }
    let bytes = read(request.into_body(), MAX_BODY).await.map_err(|unread| match unread {
        Unread::TooLarge => ApiError::TooLarge,
        Unread::TooSlow => ApiError::TooSlow,
    })?;
    match chancery_jose::json::parse(&bytes) {
        Ok(value) => Ok(value),
        Err(error) => Err(ApiError::Body(format!("Invalid request payload JSON format: {error}"))),
    }
}
