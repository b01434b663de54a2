//! Calls of the Management API from inside, as the administrator: the very operations, behind their very guards.
//!
//! Must never read or write anything in another way: what a page shows is what the API answers.

use std::fmt::Write as _;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use http::{Method, StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use tower::ServiceExt;

use super::listing::part;
use super::ui::rows;
use super::words::plain;
use crate::app::App;
use crate::management;
use crate::management::caller::Insider;
use crate::oidc;

/// The largest answer that is read, in bytes.
const MAX_ANSWER: usize = 32 * 1024 * 1024;
/// What need not be escaped in a path or a query (RFC 3986 section 2.3).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The operations, and the endpoints that applications call. Made when the first page asks for them: no start waits for
/// a second set of them.
#[derive(Clone, Default)]
pub struct Operations(Arc<OnceLock<Router>>);

impl Operations {
    pub(super) fn router(&self, app: &Arc<App>) -> Router {
        let make = || {
            let router =
                Router::new().nest("/api/v2", management::router(app)).merge(oidc::application_router());
            router.with_state(Arc::clone(app))
        };
        self.0.get_or_init(make).clone()
    }
}

/// The Management API as one administrator may use it.
#[derive(Clone)]
pub struct Api {
    pub(super) operations: Router,
    pub(super) insider: Arc<Insider>,
    pub(super) host: String,
}

/// An operation that did not succeed.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The status.
    pub status: StatusCode,
    /// What the API says.
    pub message: String,
}

impl Failure {
    /// A failure that the API never answered.
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }

    /// There is no such thing.
    pub fn missing(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    /// The role does not allow it; the page that says so has its own words.
    pub fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "The role does not allow this.")
    }

    /// Whether what was sent is at fault, so that it can be mended and sent again.
    pub fn is_mendable(&self) -> bool {
        matches!(self.status, StatusCode::BAD_REQUEST | StatusCode::CONFLICT)
    }

    /// Why, without the words that the API puts around a property at fault.
    pub fn reason(&self) -> String {
        self.property().map_or_else(|| self.message.clone(), |(reason, _)| reason)
    }

    /// The reason in the words of a form, and the property at fault, where the API names one.
    pub fn property(&self) -> Option<(String, &str)> {
        self.named().map(|(reason, property)| (plain(reason), property))
    }

    fn named(&self) -> Option<(&str, &str)> {
        if let Some((property, reason)) = self.message.split_once(" cannot be used: ") {
            return (!property.contains(' ')).then_some((reason, property));
        }
        let (_, rest) = self.message.split_once("validation error: '")?;
        let (reason, property) = rest.rsplit_once("' on property ")?;
        let property = property.split(" (").next().unwrap_or(property);
        Some((reason, property.trim_end_matches('.')))
    }
}

/// A text as one segment of a path, or one value of a query.
pub fn escaped(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

/// A path with a query; empty values are left out.
pub fn with_query(path: &str, parameters: &[(&str, &str)]) -> String {
    let mut address = path.to_owned();
    for (name, value) in parameters.iter().filter(|(_, value)| !value.is_empty()) {
        let separator = if address.contains('?') { '&' } else { '?' };
        // Writing to a text cannot fail.
        let _ = write!(address, "{separator}{name}={}", escaped(value));
    }
    address
}

impl Api {
    /// Reads; `path` is below `/api/v2`, with its query.
    pub async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.call(Method::GET, path, None).await
    }

    /// Makes.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.call(Method::POST, path, Some(body)).await
    }

    /// Changes.
    pub async fn patch(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.call(Method::PATCH, path, Some(body)).await
    }

    /// Puts.
    pub async fn put(&self, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        self.call(Method::PUT, path, body).await
    }

    /// Deletes.
    pub async fn delete(&self, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        self.call(Method::DELETE, path, body).await
    }

    /// Reads, where nothing is no failure: not there, or not for this role.
    pub async fn look(&self, path: &str) -> Result<Option<Value>, Failure> {
        match self.get(path).await {
            Ok(value) => Ok(Some(value)),
            Err(failure) if matches!(failure.status, StatusCode::NOT_FOUND | StatusCode::FORBIDDEN) => {
                Ok(None)
            }
            Err(failure) => Err(failure),
        }
    }

    /// All of a list that comes in numbered parts: up to a thousand, which nobody has, so that no list holds a page up.
    pub async fn all(&self, path: &str, name: &str) -> Result<Vec<Value>, Failure> {
        let mut all = Vec::new();
        for page in 0..10 {
            let address = with_query(path, &[("per_page", "100"), ("page", &page.to_string())]);
            let answer = self.get(&address).await?;
            let some = rows(&answer, name).0;
            all.extend_from_slice(some);
            if some.len() < 100 {
                break;
            }
        }
        Ok(all)
    }

    /// One page of what `pick` takes of a list with checkpoints, how much that is, and whether the list goes on beyond the
    /// `most` that are looked through: for lists that the API has no search for.
    pub async fn picked<T>(
        &self,
        (path, name): (&str, &str),
        most: usize,
        paging: (u64, u64),
        pick: impl Fn(&Value) -> Option<T>,
    ) -> Result<(Vec<T>, u64, bool), Failure> {
        let (mut from, mut found, mut searched) = (String::new(), Vec::new(), 0);
        let cut = loop {
            let (part, next) = self.part(path, name, &from).await?;
            searched += part.len();
            found.extend(part.iter().filter_map(&pick));
            let Some(next) = next else { break false };
            if searched >= most {
                break true;
            }
            from = next;
        };
        let total = found.len() as u64;
        Ok((part(found, paging), total, cut))
    }

    /// The part of a list with checkpoints that begins at `from`, and where the next part begins; none after the last.
    pub async fn part(
        &self,
        path: &str,
        name: &str,
        from: &str,
    ) -> Result<(Vec<Value>, Option<String>), Failure> {
        let answer = self.get(&with_query(path, &[("from", from)])).await?;
        let next =
            answer.get("next").and_then(Value::as_str).filter(|next| !next.is_empty() && *next != from);
        Ok((rows(&answer, name).0.to_vec(), next.map(str::to_owned)))
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        let broken = |error: &dyn std::fmt::Display| {
            tracing::error!(%error, path, "the Dashboard could not call the Management API");
            Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "The request could not be made.")
        };
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v2{path}"))
            .header(header::HOST, &self.host)
            .header(header::CONTENT_TYPE, "application/json")
            .extension(Arc::clone(&self.insider))
            .body(body.map_or_else(Body::empty, |body| Body::from(body.to_string())))
            .map_err(|error| broken(&error))?;
        let Ok(response) = self.operations.clone().oneshot(request).await;
        let status = response.status();
        let bytes = to_bytes(response.into_body(), MAX_ANSWER).await.map_err(|error| broken(&error))?;
        let value = if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&bytes).map_err(|error| broken(&error))?
        };
        if status.is_success() {
            return Ok(value);
        }
        let message = value.get("message").and_then(Value::as_str).unwrap_or("The request was refused.");
        Err(Failure::new(status, message))
    }
}

#[cfg(test)]
mod tests {
    use super::{Failure, escaped, with_query};
    use http::StatusCode;

    #[test]
    fn a_refusal_names_its_reason_and_its_property() {
        let failure = |message: &str| Failure::new(StatusCode::BAD_REQUEST, message);
        let one = failure(
            "Payload validation error: 'Expected type string but found type number' on property a.b.",
        );
        assert_eq!(one.named(), Some(("Expected type string but found type number", "a.b")));
        let two = failure("Payload validation error: 'Too short' on property name (The name).");
        assert_eq!(two.named(), Some(("Too short", "name")));
        let three = failure("options.metadataUrl cannot be used: it answered 404, expected 200.");
        assert_eq!(three.named(), Some(("it answered 404, expected 200.", "options.metadataUrl")));
        assert_eq!(failure("The client does not exist.").property(), None);
        assert_eq!(failure("The key cannot be used: it was revoked.").property(), None);
    }

    #[test]
    fn what_comes_into_an_address_cannot_leave_its_place() {
        assert_eq!(escaped("auth0|a/b?c#d e"), "auth0%7Ca%2Fb%3Fc%23d%20e");
        assert_eq!(
            with_query("/users", &[("q", "a&b=c"), ("page", ""), ("x", "1")]),
            "/users?q=a%26b%3Dc&x=1"
        );
    }
}
