//! Around every request: its id, its metrics, the headers that every answer has.
//!
//! Must never write a query, a body or a header into the log: secrets travel there. Every request passes
//! here, so nothing is made that is not needed: where a request comes from is worked out when somebody asks, and
//! nothing stands between the connection and the router but one function.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use tower::Service;

use super::serve::Peer;
use super::{Origin, forwarded};
use crate::app::App;
use crate::clock::Stopwatch;
use crate::request_id;

const CORRELATION: HeaderName = HeaderName::from_static("x-correlation-id");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What answers every request: a router, and what surrounds it.
pub struct Front {
    app: Arc<App>,
    router: Router,
}

impl Front {
    /// Puts itself around `router`.
    pub fn new(app: Arc<App>, router: Router) -> Arc<Self> {
        Arc::new(Self { app, router })
    }

    /// Answers a request.
    pub async fn answer(self: Arc<Self>, request: Request) -> Response {
        let id = correlation(request.headers()).unwrap_or_else(|| request_id::fresh(&*self.app.entropy));
        let told = tracing::enabled!(tracing::Level::DEBUG)
            .then(|| (request.method().clone(), request.uri().path().to_owned(), Stopwatch::start()));
        let serving = async {
            let Ok(response) = self.router.clone().call(request).await;
            if let Some((method, path, watch)) = told {
                let (status, micros) = (response.status().as_u16(), watch.elapsed().as_micros());
                tracing::debug!(%method, path, status, micros, "answered");
            }
            response
        };
        let (id, mut response) = request_id::scope(id, serving).await;
        surround(response.headers_mut(), id);
        response
    }
}

fn surround(headers: &mut HeaderMap, id: Option<HeaderValue>) {
    if let Some(id) = id {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

/// Puts in what every answer gets. Headers that are kept ready have it already, so that their copies need not grow.
pub fn prepare(headers: &mut HeaderMap) {
    surround(headers, Some(HeaderValue::from_static("-")));
}

/// Counts and measures. A layer of the router, because that knows which route it was; there only where somebody
/// looks at the metrics.
pub async fn measure(request: Request, next: Next) -> Response {
    let watch = Stopwatch::start();
    let method = known(request.method());
    // By the route's pattern, never by the path: paths hold ids, and there is no end of them.
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let response = next.run(request).await;
    let status = response.status().as_u16().to_string();
    metrics::counter!("chancery_requests_total", "method" => method, "route" => route.clone(), "status" => status)
        .increment(1);
    metrics::histogram!("chancery_request_seconds", "route" => route).record(watch.elapsed());
    response
}

/// The address that a request comes from, as far as it can be known.
pub fn client_ip(app: &App, request: &Request) -> IpAddr {
    let peer = request.extensions().get::<Peer>().map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.0.ip());
    forwarded::client_ip(peer, request.headers(), &app.trusted_proxies)
}

/// What the client calls itself, at most 256 characters.
pub fn user_agent(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::USER_AGENT)?.to_str().ok()?;
    Some(text.chars().take(256).collect())
}

impl Origin {
    /// Where a request comes from.
    pub fn of(app: &App, request: &Request) -> Self {
        Self {
            ip: client_ip(app, request),
            user_agent: user_agent(request.headers()),
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
fn correlation(headers: &HeaderMap) -> Option<HeaderValue> {
    let text = headers.get(CORRELATION)?;
    let fits = (1..=64).contains(&text.len())
        && text
            .as_bytes()
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':'));
    fits.then(|| text.clone())
}
