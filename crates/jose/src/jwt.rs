//! The claims of a JWT (RFC 7519 section 4.1), read strictly from a payload that has been verified.
//!
//! Registered claims get their type here and nowhere else: a date that is a string is refused, not ignored
//! (CVE-2026-25537 was exactly that). It must never judge issuer or audience, which only the caller knows.

use serde_json::{Map, Value};

use crate::json::{self, JsonError};

/// The last second of the year 9999, the largest date accepted.
const LAST_SECOND: i64 = 253_402_300_799;

/// The claims of a token. Dates are Unix seconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Claims {
    /// Issuer.
    pub iss: Option<String>,
    /// Subject.
    pub sub: Option<String>,
    /// Audience; one string and an array of one are the same. Empty when the claim is absent.
    pub aud: Vec<String>,
    /// The second from which on the token is no longer valid.
    pub exp: Option<i64>,
    /// The second before which the token is not yet valid.
    pub nbf: Option<i64>,
    /// The second at which the token was issued.
    pub iat: Option<i64>,
    /// Token id.
    pub jti: Option<String>,
    /// Authorized party (OpenID Connect Core section 2).
    pub azp: Option<String>,
    /// Client the token was issued to (RFC 9068 section 2.2).
    pub client_id: Option<String>,
    /// Space-separated scopes (RFC 9068 section 2.2.3).
    pub scope: Option<String>,
    /// Every other claim, as it stands, in the order of the token.
    pub other: Map<String, Value>,
}

/// Why a payload is not a set of claims.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClaimsError {
    /// The payload is not strict JSON.
    #[error("the claims cannot be read: {0}")]
    Json(#[from] JsonError),
    /// The payload is JSON, but not an object.
    #[error("the claims must be a JSON object")]
    NotAnObject,
    /// This claim must be a string.
    #[error("the claim {0} must be a string")]
    NotAString(&'static str),
    /// `aud` is neither a string nor an array of strings.
    #[error("the claim aud must be a string or an array of strings")]
    Audience,
    /// This claim must be an integer of seconds between 1970 and 9999.
    #[error("the claim {0} must be an integer between 0 and 253402300799")]
    NotADate(&'static str),
}

/// Why a token is not valid at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// `exp` has passed.
    #[error("the token has expired")]
    Expired,
    /// `nbf` is still to come.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// `iat` is still to come.
    #[error("the token was issued in the future")]
    IssuedInFuture,
    /// There is no `exp`.
    #[error("the token has no expiry")]
    MissingExp,
}

impl Claims {
    /// Reads claims from the payload of a verified token.
    ///
    /// # Errors
    ///
    /// [`ClaimsError`], which names the claim that is wrong.
    pub fn parse(payload: &[u8]) -> Result<Self, ClaimsError> {
        let Value::Object(members) = json::parse(payload)? else {
            return Err(ClaimsError::NotAnObject);
        };
        let mut claims = Self::default();
        for (name, value) in members {
            match name.as_str() {
                "iss" => claims.iss = Some(string("iss", value)?),
                "sub" => claims.sub = Some(string("sub", value)?),
                "aud" => claims.aud = audience(value)?,
                "exp" => claims.exp = Some(date("exp", &value)?),
                "nbf" => claims.nbf = Some(date("nbf", &value)?),
                "iat" => claims.iat = Some(date("iat", &value)?),
                "jti" => claims.jti = Some(string("jti", value)?),
                "azp" => claims.azp = Some(string("azp", value)?),
                "client_id" => claims.client_id = Some(string("client_id", value)?),
                "scope" => claims.scope = Some(string("scope", value)?),
                _ => {
                    claims.other.insert(name, value);
                }
            }
        }
        Ok(claims)
    }

    /// Checks the dates at a moment, forgiving clocks that differ by `leeway` seconds.
    ///
    /// # Errors
    ///
    /// [`TimeError`]; a token without `exp` is refused, because it would be valid for ever.
    pub fn check_times(&self, now_seconds: i64, leeway: i64) -> Result<(), TimeError> {
        let exp = self.exp.ok_or(TimeError::MissingExp)?;
        // RFC 7519 section 4.1.4: on the second of exp the token is no longer valid.
        if now_seconds >= exp.saturating_add(leeway) {
            return Err(TimeError::Expired);
        }
        let latest = now_seconds.saturating_add(leeway);
        if self.nbf.is_some_and(|nbf| nbf > latest) {
            return Err(TimeError::NotYetValid);
        }
        if self.iat.is_some_and(|iat| iat > latest) {
            return Err(TimeError::IssuedInFuture);
        }
        Ok(())
    }
}

fn string(name: &'static str, value: Value) -> Result<String, ClaimsError> {
    match value {
        Value::String(text) => Ok(text),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Err(ClaimsError::NotAString(name))
        }
    }
}

fn audience(value: Value) -> Result<Vec<String>, ClaimsError> {
    match value {
        Value::String(one) => Ok(vec![one]),
        Value::Array(many) => {
            many.into_iter().map(|one| string("aud", one).map_err(|_| ClaimsError::Audience)).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Err(ClaimsError::Audience),
    }
}

fn date(name: &'static str, value: &Value) -> Result<i64, ClaimsError> {
    value
        // None for floats, also for 1.0 and 1e9: a date has one spelling.
        .as_i64()
        .filter(|seconds| (0..=LAST_SECOND).contains(seconds))
        .ok_or(ClaimsError::NotADate(name))
}
