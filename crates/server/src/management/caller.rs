//! Who calls an operation: the guard before every one of them, and what it learned.
//!
//! Must never let a request through whose token, audience, issuer or scopes were not checked.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use chancery_oauth::access_token::{self, Verified, VerifyError};
use chancery_oauth::scope::Scopes;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use serde_json::json;

use super::error::{ApiError, Refusal};
use super::operation::Line;
use super::rate_limit::Admission;
use crate::app::App;
use crate::changes;
use crate::http::Origin;
use crate::http::host::Site;
use crate::logs::{Entry, Kind};
use crate::tenants::Tenant;

/// An administrator whom the Dashboard has recognised, in place of a token. Travels with a request inside the process,
/// as an extension: nothing that comes in through a connection can carry one.
#[derive(Debug)]
pub struct Insider {
    /// The administrator's user id.
    pub user_id: String,
    /// The administrator's e-mail address.
    pub email: String,
    /// The application of the Dashboard.
    pub client_id: String,
    /// What the administrator may do.
    pub scopes: Scopes,
    /// Where the browser is.
    pub ip: IpAddr,
    /// What it calls itself.
    pub user_agent: Option<String>,
}

impl Insider {
    /// An entry of the log about something that the administrator did and that is no operation.
    pub fn entry(&self, kind: Kind, description: &str) -> Entry {
        let Self { user_id, email, client_id, scopes: _, ip, user_agent } = self;
        Entry {
            user_id: Some(user_id.clone()),
            user_name: Some(email.clone()),
            client_id: Some(client_id.clone()),
            ip: Some(ip.to_string()),
            user_agent: user_agent.clone(),
            ..Entry::new(kind, description)
        }
    }
}

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
    /// The administrator at the Dashboard; none for a token.
    pub insider: Option<Arc<Insider>>,
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
        let insider = self.insider.as_deref();
        let mut auth =
            json!({ "strategy": "jwt", "subject": self.token.subject, "client_id": self.token.client_id });
        if let Some(Insider { user_id, email, .. }) = insider {
            auth["strategy"] = json!("session");
            auth["user"] = json!({ "user_id": user_id, "email": email });
        }
        Entry {
            client_id: Some(self.token.client_id.clone()),
            ip: Some(ip.to_string()),
            user_agent: user_agent.clone(),
            user_id: insider.map(|insider| insider.user_id.clone()),
            user_name: insider.map(|insider| insider.email.clone()),
            details: Some(json!({
                "request": {
                    "method": method.as_str().to_ascii_lowercase(),
                    "path": path,
                    "channel": if insider.is_some() { "dashboard" } else { "api" },
                    "auth": auth,
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

/// Runs before every operation: token, rate limit, scopes; and after a refused write, for its log entry.
pub async fn guard(
    State((app, line)): State<(Arc<App>, Line)>,
    site: Site,
    mut request: Request,
    next: Next,
) -> Response {
    let origin = Origin::of(&app, &request);
    let caller = match request.extensions_mut().remove::<Arc<Insider>>() {
        Some(insider) => recognised(site.0, line, origin, insider),
        None => match identify(&app, site.0, line, request.headers(), Arc::new(origin)).await {
            Ok(caller) => caller,
            Err(error) => return error.into_response(),
        },
    };
    // Only those who belong here can use up what the tenant is granted.
    let tenant = &caller.tenant;
    let admission = tenant.requests.admit(tenant.policy(), app.clock.now());
    let mut response = match admit(&app, &caller, admission) {
        Ok(()) => {
            request.extensions_mut().insert(caller.clone());
            next.run(request).await
        }
        Err(error) => error.into_response(),
    };
    if let Some(entry) = refused_write(&caller, &response)
        && let Err(busy) = app.log.append(&app, caller.tenant.id(), entry).await
    {
        // The refusal itself is worth more to the caller than its entry.
        tracing::warn!(error = %busy, "a refused write could not be logged");
    }
    if let Some(Admission { limit, remaining, reset, .. }) = admission {
        for (name, value) in
            [("x-ratelimit-limit", limit), ("x-ratelimit-remaining", remaining), ("x-ratelimit-reset", reset)]
        {
            response.headers_mut().insert(HeaderName::from_static(name), HeaderValue::from(value));
        }
    }
    response
}

/// An administrator at the Dashboard.
fn recognised(tenant: Arc<Tenant>, line: Line, origin: Origin, insider: Arc<Insider>) -> Caller {
    let token = Verified {
        subject: insider.user_id.clone(),
        client_id: insider.client_id.clone(),
        scopes: insider.scopes.clone(),
        kid: String::new(),
        jti: None,
    };
    let origin = Origin { ip: insider.ip, user_agent: insider.user_agent.clone(), ..origin };
    Caller { tenant, token: Arc::new(token), line, origin: Arc::new(origin), insider: Some(insider) }
}

/// Who calls, by the token alone.
async fn identify(
    app: &Arc<App>,
    tenant: Arc<Tenant>,
    line: Line,
    headers: &HeaderMap,
    origin: Arc<Origin>,
) -> Result<Caller, ApiError> {
    let mut tenant = tenant;
    let text = bearer(headers)?;
    let mut verified = verify(app, &tenant, text);
    // A key that another process has just promoted: its notice may be on the way still. One look is enough.
    if verified == Err(VerifyError::Signature)
        && changes::catch_up_soon(app).await
        && let Ok(Some(fresh)) = app.tenants.find(app, &tenant.stored.domain).await
    {
        verified = verify(app, &fresh, text);
        tenant = fresh;
    }
    let token = verified.map_err(|error| ApiError::Unauthorized(refusal(&error).to_owned()))?;
    Ok(Caller { tenant, token: Arc::new(token), line, origin, insider: None })
}

fn verify(app: &App, tenant: &Tenant, token: &str) -> Result<Verified, VerifyError> {
    let by = (&tenant.ring, &app.proved);
    access_token::verify(token, by, &tenant.issuer, &tenant.management_audience, app.clock.now())
}

fn admit(app: &App, caller: &Caller, admission: Option<Admission>) -> Result<(), ApiError> {
    if let Some(Admission { admitted: false, reset, .. }) = admission {
        let message = "Global limit has been reached. Slow down, or raise requests_per_second of the tenant.";
        // Half a bucket is enough to go on; waiting for a full one would waste the client's time.
        let retry_after = (reset - app.clock.now().as_second()).clamp(1, 2);
        return Err(ApiError::TooManyRequests { message: message.to_owned(), retry_after });
    }
    // No user is granted any of these scopes, and should one be in a token all the same, it is worth nothing here.
    if caller.insider.is_none() && !caller.token.is_of_application() {
        let message =
            "Insufficient scope: this token speaks for a user, and the Management API is for applications.";
        return Err(ApiError::InsufficientScope(message.to_owned()));
    }
    let required = caller.line.required;
    if !required.admits(&caller.token.scopes) {
        return Err(ApiError::InsufficientScope(format!("Insufficient scope, {}", required.expected())));
    }
    Ok(())
}

/// The entry of a write that was refused. Faults of ours go to the log of the process instead.
fn refused_write(caller: &Caller, response: &Response) -> Option<Entry> {
    let status = response.status();
    if caller.origin.method == Method::GET || !status.is_client_error() {
        return None;
    }
    let kind = if status == StatusCode::TOO_MANY_REQUESTS { Kind::ApiLimit } else { Kind::Fapi };
    let mut entry = caller.logged(kind, status.as_u16());
    if let Some(Refusal(message)) = response.extensions().get() {
        entry.description.clone_from(message);
    }
    Some(entry)
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

/// What the caller is told; the exact reason could help somebody who forges tokens.
fn refusal(error: &VerifyError) -> &'static str {
    match error {
        VerifyError::Malformed(_) | VerifyError::Issuer(_) => "Invalid token",
        VerifyError::Signature => "Invalid signature received for JSON Web Token validation",
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
