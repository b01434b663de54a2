//! What browsers need to call the endpoints of the protocol from pages of other origins (Fetch standard, CORS).
//!
//! Every origin may: these endpoints take no cookies, and whoever has the token or the code has it anywhere. Must
//! never allow credentials.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use axum::routing::MethodRouter;
use http::{HeaderValue, StatusCode, header};
use tower::util::MapResponseLayer;

use crate::app::App;

/// Opens an endpoint: browsers may ask first, and may read what is answered.
pub(super) fn open(endpoint: MethodRouter<Arc<App>>) -> MethodRouter<Arc<App>> {
    // Not a middleware function, which would put a future on the heap for every token.
    endpoint.options(preflight).layer(MapResponseLayer::new(allow))
}

/// Lets browsers ask before they read a document that says itself that everybody may.
pub(super) fn asked(document: MethodRouter<Arc<App>>) -> MethodRouter<Arc<App>> {
    document.options(async || allow(preflight().await))
}

fn allow(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    let shown = HeaderValue::from_static("www-authenticate, retry-after, x-request-id");
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, shown);
    response
}

async fn preflight() -> Response {
    let sent = "authorization, content-type, auth0-client, dpop, x-request-language";
    let allowed = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST")),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(sent)),
        (header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600")),
    ];
    (StatusCode::NO_CONTENT, allowed).into_response()
}
