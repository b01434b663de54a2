//! Around every request: its id, its place in the log, its metrics, the headers that every answer has.
//!
//! Must never write a query, a body or a header into the log: secrets travel there.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderName, HeaderValue, Method, header};
use tracing::Instrument;

use super::serve::Peer;
use super::{Origin, forwarded};
use crate::app::App;
use crate::clock::Stopwatch;

const CORRELATION: HeaderName = HeaderName::from_static("x-correlation-id");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The middleware.
pub async fn observe(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let watch = Stopwatch::start();
    let request_id = correlation(&request).unwrap_or_else(|| app.entropy.hex(16));
    let peer = request.extensions().get::<Peer>().map_or(IpAddr::from([0, 0, 0, 0]), |peer| peer.0.ip());
    let header_id = HeaderValue::from_str(&request_id);
    let span = tracing::info_span!("request", id = %request_id);
    let user_agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let origin = Origin {
        ip: forwarded::client_ip(peer, request.headers(), &app.trusted_proxies),
        user_agent: user_agent.map(|text| text.chars().take(256).collect()),
        request_id,
        method: request.method().clone(),
        path: request.uri().path().to_owned(),
    };
    let origin = Arc::new(origin);
    request.extensions_mut().insert(Arc::clone(&origin));
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).instrument(span.clone()).await;
    let headers = response.headers_mut();
    if let Ok(id) = header_id {
        headers.insert(REQUEST_ID, id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let status = response.status().as_u16();
    tracing::debug!(
        parent: &span,
        method = %origin.method,
        path = origin.path,
        status,
        micros = watch.elapsed().as_micros(),
        "answered"
    );
    measure(&origin, route.as_ref(), status, watch);
    response
}

/// Counts by the route's pattern, never by the path: paths hold ids, and there is no end of them.
fn measure(origin: &Origin, route: Option<&MatchedPath>, status: u16, watch: Stopwatch) {
    let route = route.map_or("unmatched", MatchedPath::as_str).to_owned();
    let method = known(&origin.method);
    metrics::counter!("chancery_requests_total", "method" => method, "route" => route.clone(), "status" => status.to_string())
        .increment(1);
    metrics::histogram!("chancery_request_seconds", "route" => route).record(watch.elapsed());
}

/// The method as a label: clients may invent methods, and there is no end of them either.
fn known(method: &Method) -> &'static str {
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
        .into_iter()
        .find(|name| method.as_str() == *name)
        .unwrap_or("OTHER")
}

/// The id that the client sent: up to 64 characters that can do no harm in a log.
fn correlation(request: &Request) -> Option<String> {
    let text = request.headers().get(CORRELATION)?.to_str().ok()?;
    let fits = (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':'));
    fits.then(|| text.to_owned())
}
