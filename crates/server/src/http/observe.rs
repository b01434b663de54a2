//! Around every request: its id, its metrics, the headers that every answer has.
//!
//! Must never write a query, a body or a header into the log: secrets travel there. Every request passes
//! here, so nothing is made that is not needed: where a request comes from is worked out when somebody asks.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

use super::serve::Peer;
use super::{Origin, forwarded};
use crate::app::App;
use crate::clock::Stopwatch;
use crate::{probes, request_id};

const CORRELATION: HeaderName = HeaderName::from_static("x-correlation-id");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The middleware.
pub async fn observe(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let watch = Stopwatch::start();
    let id = correlation(request.headers()).unwrap_or_else(|| request_id::fresh(&*app.entropy));
    let header_id = HeaderValue::from_str(&id);
    let seen = Seen::of(&request);
    let serving = async {
        let response = next.run(request).await;
        if let Some(seen) = seen {
            seen.report(response.status().as_u16(), watch);
        }
        response
    };
    let mut response = request_id::scope(id, serving).await;
    let headers = response.headers_mut();
    if let Ok(id) = header_id {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// What the log and the metrics want to know of a request; nothing, where neither listens.
struct Seen {
    method: Method,
    path: String,
    route: Option<MatchedPath>,
}

impl Seen {
    fn of(request: &Request) -> Option<Self> {
        (probes::measuring() || tracing::enabled!(tracing::Level::DEBUG)).then(|| Self {
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            route: request.extensions().get::<MatchedPath>().cloned(),
        })
    }

    fn report(self, status: u16, watch: Stopwatch) {
        let Self { method, path, route } = self;
        tracing::debug!(%method, path, status, micros = watch.elapsed().as_micros(), "answered");
        // By the route's pattern, never by the path: paths hold ids, and there is no end of them.
        let route = route.as_ref().map_or("unmatched", MatchedPath::as_str).to_owned();
        metrics::counter!("chancery_requests_total", "method" => known(&method), "route" => route.clone(), "status" => status.to_string())
            .increment(1);
        metrics::histogram!("chancery_request_seconds", "route" => route).record(watch.elapsed());
    }
}

impl Origin {
    /// Where a request comes from.
    pub fn of(app: &App, request: &Request) -> Self {
        let peer = request.extensions().get::<Peer>().map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.0.ip());
        let user_agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        Self {
            ip: forwarded::client_ip(peer, request.headers(), &app.trusted_proxies),
            user_agent: user_agent.map(|text| text.chars().take(256).collect()),
            request_id: request_id::current().unwrap_or_default(),
            method: request.method().clone(),
            path: full_path(request).to_owned(),
        }
    }
}

/// The path as the client sent it, also inside a nested router.
fn full_path(request: &Request) -> &str {
    request
        .extensions()
        .get::<axum::extract::OriginalUri>()
        .map_or_else(|| request.uri().path(), |uri| uri.0.path())
}

/// The method as a label: clients may invent methods, and there is no end of them either.
fn known(method: &Method) -> &'static str {
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
        .into_iter()
        .find(|name| method.as_str() == *name)
        .unwrap_or("OTHER")
}

/// The id that the client sent: up to 64 characters that can do no harm in a log.
fn correlation(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(CORRELATION)?.to_str().ok()?;
    let fits = (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':'));
    fits.then(|| text.to_owned())
}
