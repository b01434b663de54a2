//! Which tenant a request is for: exact match of its host on the registered domains.
//!
//! Must never put the text of a header into an answer as if it were true.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{StatusCode, header};
use tracing::error;

use super::forwarded;
use super::serve::Peer;
use crate::app::App;
use crate::management::ApiError;
use crate::tenants::Tenant;

/// The tenant that a request is for.
#[derive(Debug, Clone)]
pub struct Site(pub Arc<Tenant>);

impl FromRequestParts<Arc<App>> for Site {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Response> {
        let Some(host) = host(parts, app) else { return Err(unnamed()) };
        match app.tenants.find(app, &host).await {
            Ok(Some(tenant)) => Ok(Self(tenant)),
            Ok(None) => Err(unknown()),
            Err(cause) => {
                error!(%cause, %host, "a tenant could not be loaded");
                Err(ApiError::from(cause).into_response())
            }
        }
    }
}

impl FromRequestParts<(Arc<App>, crate::management::operation::Line)> for Site {
    type Rejection = Response;

    async fn from_request_parts(
        parts: &mut Parts,
        (app, _): &(Arc<App>, crate::management::operation::Line),
    ) -> Result<Self, Response> {
        Self::from_request_parts(parts, app).await
    }
}

/// The host of a request in lower case: what a trusted proxy says, else `:authority`, else `Host`. Nothing where none of
/// them names one, or two do (RFC 9112 section 3.2).
fn host<'a>(parts: &'a Parts, app: &App) -> Option<Cow<'a, str>> {
    if !app.trusted_proxies.is_empty() {
        let peer = parts.extensions.get::<Peer>().map(|peer| peer.0.ip());
        let forwarded = forwarded::client_host(
            peer.unwrap_or(IpAddr::from([0, 0, 0, 0])),
            &parts.headers,
            &app.trusted_proxies,
        );
        if let Some(host) = forwarded {
            return Some(host.to_ascii_lowercase().into());
        }
    }
    let mut headers = parts.headers.get_all(header::HOST).iter();
    let header = headers.next();
    // Two hosts in one request are an attempt to be understood differently by a proxy and by us.
    if headers.next().is_some() {
        return None;
    }
    let named = match parts.uri.authority() {
        Some(authority) => Some(authority.as_str()),
        None => header.and_then(|value| value.to_str().ok()),
    };
    let lower = |name: &'a str| {
        if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(name.to_ascii_lowercase())
        } else {
            Cow::Borrowed(name)
        }
    };
    named.map(lower)
}

fn unnamed() -> Response {
    (StatusCode::BAD_REQUEST, "The request has to name one host, in one Host header.\n").into_response()
}

fn unknown() -> Response {
    (
        StatusCode::NOT_FOUND,
        "There is no tenant at this host. Ask for one of the registered domains; the operator sees them with: chancery tenants list\n",
    )
        .into_response()
}
