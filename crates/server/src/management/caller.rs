//! Who calls an operation: the guard before every one of them, and what it learned.
//!
//! Must never let a request through whose token, audience, issuer or scopes were not checked.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chancery_oauth::access_token::{self, Verified, VerifyError};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde_json::json;

use super::error::ApiError;
use super::operation::Line;
use super::rate_limit::Admission;
use crate::app::App;
use crate::changes;
use crate::http::Origin;
use crate::http::host::Site;
use crate::logs::{Entry, Kind};
use crate::tenants::Tenant;

/// An admitted caller of one operation.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The tenant that was called.
    pub tenant: Arc<Tenant>,
    /// What the token says.
    pub token: Arc<Verified>,
    /// The operation.
    pub line: Line,
    /// Where the request comes from.
    pub origin: Arc<Origin>,
}

impl Caller {
    /// Whether the token has this scope.
    pub fn has(&self, scope: &str) -> bool {
        self.token.scopes.contains(scope)
    }

    /// The log entry of a successful write.
    pub fn entry(&self, status: u16) -> Entry {
        self.logged(Kind::Sapi, status)
    }

    /// The log entry of a read that returned secrets.
    pub fn secrets_read(&self) -> Entry {
        self.logged(Kind::MgmtApiRead, 200)
    }

    fn logged(&self, kind: Kind, status: u16) -> Entry {
        let Origin { ip, user_agent, request_id, method, path } = &*self.origin;
        Entry {
            client_id: Some(self.token.client_id.clone()),
            ip: Some(ip.to_string()),
            user_agent: user_agent.clone(),
            details: Some(json!({
                "request": {
                    "method": method.as_str().to_ascii_lowercase(),
                    "path": path,
                    "channel": "api",
                    "auth": { "strategy": "jwt", "subject": self.token.subject, "client_id": self.token.client_id },
                    "correlation_id": request_id,
                },
                "response": { "statusCode": status },
            })),
            ..Entry::new(kind, self.line.summary)
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let caller = parts.extensions.get::<Self>().cloned();
        caller.ok_or_else(|| ApiError::Internal("an operation is served without its guard".to_owned()))
    }
}

/// Runs before every operation: rate limit, token, scopes.
pub async fn guard(
    State((app, line)): State<(Arc<App>, Line)>,
    site: Site,
    mut request: Request,
    next: Next,
) -> Response {
    let Site(mut tenant) = site;
    let admission = tenant.requests.admit(tenant.policy(), app.clock.now());
    let mut admitted = admit(&app, &tenant, line, &request, admission);
    // A key that another process has just promoted: its notice may be on the way still. One look is enough.
    if matches!(&admitted, Err(ApiError::Unauthorized(message)) if message == UNKNOWN_KEY)
        && changes::catch_up_soon(&app).await
        && let Ok(Some(fresh)) = app.tenants.find(&app, &tenant.stored.domain).await
    {
        tenant = fresh;
        admitted = admit(&app, &tenant, line, &request, admission);
    }
    let mut response = match admitted {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(error) => error.into_response(),
    };
    if let Some(Admission { limit, remaining, reset, .. }) = admission {
        for (name, value) in
            [("x-ratelimit-limit", limit), ("x-ratelimit-remaining", remaining), ("x-ratelimit-reset", reset)]
        {
            response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from(value));
        }
    }
    response
}

fn admit(
    app: &App,
    tenant: &Arc<Tenant>,
    line: Line,
    request: &Request,
    admission: Option<Admission>,
) -> Result<Caller, ApiError> {
    if let Some(Admission { admitted: false, reset, .. }) = admission {
        let message = "Global limit has been reached. Slow down, or raise requests_per_second of the tenant.";
        // Half a bucket is enough to go on; waiting for a full one would waste the client's time.
        let retry_after = (reset - app.clock.now().as_second()).clamp(1, 2);
        return Err(ApiError::TooManyRequests { message: message.to_owned(), retry_after });
    }
    let token = bearer(request.headers())?;
    let verified = access_token::verify(
        token,
        &tenant.ring,
        &tenant.issuer,
        &tenant.management_audience,
        app.clock.now(),
    )
    .map_err(|error| ApiError::Unauthorized(refusal(&error).to_owned()))?;
    if !line.required.admits(&verified.scopes) {
        return Err(ApiError::InsufficientScope(format!(
            "Insufficient scope, expected {}: {}",
            if matches!(line.required, super::Required::All(_)) { "all of" } else { "any of" },
            line.required.scopes().join(",")
        )));
    }
    let origin = request.extensions().get::<Arc<Origin>>().cloned();
    Ok(Caller {
        tenant: Arc::clone(tenant),
        token: Arc::new(verified),
        line,
        origin: origin.ok_or_else(|| ApiError::Internal("a request has no origin".to_owned()))?,
    })
}

/// The access token of a request (RFC 6750 section 2.1).
pub fn bearer(headers: &HeaderMap) -> Result<&str, ApiError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let missing = || ApiError::Unauthorized("Missing authentication".to_owned());
    let invalid = || ApiError::Unauthorized("Invalid token".to_owned());
    let value = values.next().ok_or_else(missing)?.to_str().map_err(|_| invalid())?;
    if values.next().is_some() {
        return Err(invalid());
    }
    let (scheme, token) = value.split_once(' ').ok_or_else(invalid)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(token.trim()) } else { Err(invalid()) }
}

/// What the caller is told of a signature that no valid key made.
const UNKNOWN_KEY: &str = "Invalid signature received for JSON Web Token validation";

/// What the caller is told; the exact reason could help somebody who forges tokens.
fn refusal(error: &VerifyError) -> &'static str {
    match error {
        VerifyError::Malformed(_) | VerifyError::Issuer(_) => "Invalid token",
        VerifyError::Signature => UNKNOWN_KEY,
        VerifyError::Expired => "Expired token received for JSON Web Token validation",
        VerifyError::Audience(_) => "Bad audience: the token is not for the Management API of this tenant",
    }
}

/// The answer to a path that does not exist.
pub async fn unknown_path() -> ApiError {
    ApiError::not_found("There is no such operation of the Management API.")
}

/// The answer to a method that a path does not know.
pub async fn wrong_method() -> ApiError {
    ApiError::MethodNotAllowed
}
