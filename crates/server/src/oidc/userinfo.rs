//! `/userinfo` (OpenID Connect Core section 5.3): who a token speaks for.
//!
//! Must never show more than the token's scopes, nor anything of a user who is gone or kept out.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use chancery_oauth::access_token;
use chancery_oauth::parameters::Parameters;
use chancery_oauth::scope::Scopes;
use http::{HeaderValue, Method, StatusCode, header};
use serde_json::Value;

use super::{error, opaque, user_tokens};
use crate::app::App;
use crate::http::body::read;
use crate::http::host::Site;
use crate::tenants::Tenant;

/// The largest form, in bytes: a token and little else.
const MAX_FORM: usize = 64 * 1024;

/// GET and POST.
pub(super) async fn endpoint(State(app): State<Arc<App>>, Site(tenant): Site, request: Request) -> Response {
    let mut response = match bearer(request).await {
        Ok(Some(token)) => answer(&app, &tenant, &token).await,
        Ok(None) => refused(None),
        Err(text) => refused(Some(("invalid_request", text))),
    };
    error::no_store(&mut response);
    response
}

/// The token: in the header, the form or the query (RFC 6750 section 2), in one of them alone. Auth0's own clients of
/// old still send the query.
async fn bearer(request: Request) -> Result<Option<String>, &'static str> {
    const NAME: &str = "access_token";
    const FORM: &str = "application/x-www-form-urlencoded";
    let (parts, body) = request.into_parts();
    let mut headers = parts.headers.get_all(header::AUTHORIZATION).iter();
    let in_header = match (headers.next(), headers.next()) {
        (None, _) => None,
        (Some(value), None) => {
            let text = value.to_str().map_err(|_| "The Authorization header is not readable.")?;
            let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
            if !scheme.eq_ignore_ascii_case("bearer") {
                return Ok(None);
            }
            Some(token.trim().to_owned())
        }
        (Some(_), Some(_)) => return Err("The Authorization header is there more than once."),
    };
    let query = Parameters::from_form(parts.uri.query().unwrap_or_default().as_bytes());
    let in_query = query.map_err(|_| "The query is malformed.")?.take(NAME);
    let is_form = parts
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|kind| kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(FORM));
    let in_form = if parts.method == Method::POST && is_form {
        let body =
            read(body, MAX_FORM).await.map_err(|_| "The body is too large, or did not arrive in time.")?;
        Parameters::from_form(&body).map_err(|_| "The body is malformed.")?.take(NAME)
    } else {
        None
    };
    let mut found = [in_header, in_query, in_form].into_iter().flatten();
    let token = found.next();
    if found.next().is_some() {
        return Err("The access token is there more than once.");
    }
    Ok(token.filter(|token| !token.is_empty()))
}

async fn answer(app: &Arc<App>, tenant: &Tenant, token: &str) -> Response {
    const NOT_GOOD: Option<(&str, &str)> = Some(("invalid_token", "The access token is not valid."));
    let Some((user_id, scopes)) = whose(app, tenant, token) else { return refused(NOT_GOOD) };
    match app.people.user(&app.db, tenant.id(), &user_id).await {
        Ok(Some(user)) if !user.is_blocked() => {
            let mut claims = user_tokens::profile(&user).claims(&scopes);
            claims.insert("sub".to_owned(), Value::from(user_id));
            Json(claims).into_response()
        }
        Ok(_) => refused(NOT_GOOD),
        Err(error) => {
            tracing::error!(%error, "a user could not be read for /userinfo");
            let wait = [(header::RETRY_AFTER, HeaderValue::from_static("1"))];
            (StatusCode::SERVICE_UNAVAILABLE, wait, "Service Unavailable").into_response()
        }
    }
}

fn whose(app: &App, tenant: &Tenant, token: &str) -> Option<(String, Scopes)> {
    if let Some(opaque) = opaque::open(app, tenant.id(), token) {
        return Some((opaque.user_id, opaque.scopes));
    }
    let now = app.clock.now();
    let verified =
        access_token::verify(token, (&tenant.ring, &app.proved), &tenant.issuer, &tenant.userinfo, now)
            .ok()?;
    Some((verified.subject, verified.scopes))
}

/// 401 with a challenge (RFC 6750 section 3); without an error where no token was sent.
fn refused(error: Option<(&str, &str)>) -> Response {
    let challenge = match error {
        None => "Bearer realm=\"Users\"".to_owned(),
        Some((code, text)) => {
            format!("Bearer realm=\"Users\", error=\"{code}\", error_description=\"{text}\"")
        }
    };
    let status = match error {
        Some(("invalid_request", _)) => StatusCode::BAD_REQUEST,
        _ => StatusCode::UNAUTHORIZED,
    };
    let mut response = (status, status.canonical_reason().unwrap_or_default()).into_response();
    if let Ok(challenge) = HeaderValue::from_str(&challenge) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}
