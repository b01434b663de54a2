//! The public documents over HTTP: ready bytes, validators, caching.
//!
//! Must never compute anything: what is served was made when the tenant was loaded.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{RawQuery, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::cross_origin;
use crate::app::App;
use crate::connection_keys::{self, own, own::Named};
use crate::http::host::Site;
use crate::management::ApiError;
use crate::management::Path;
use crate::signing_keys::documents::{CertificateDocuments, Documents, Ready};
use crate::tenants::Tenant;

/// How long a cache may serve the old answer while it fetches the new one, in seconds.
pub const WHILE_REVALIDATE: u32 = 60;

/// The routes of the public documents.
pub fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/.well-known/jwks.json", public(|documents| &documents.jwks))
        .route("/.well-known/openid-configuration", public(|documents| &documents.discovery))
        .route("/.well-known/oauth-authorization-server", public(|documents| &documents.discovery))
        // Identity providers: what connections prove themselves with; the second address is Auth0's.
        .route("/.well-known/connections/{id}/jwks.json", get(keys_by_id))
        .route("/oauth/connection/{name}/.well-known/jwks.json", get(keys_by_name))
        .route("/pem", certificate(|forms| &forms.pem))
        .route("/cer", certificate(|forms| &forms.cer))
        .route("/rawpem", certificate(|forms| &forms.rawpem))
        .route("/pb7", certificate(|forms| &forms.pb7))
        .route("/fingerprint", certificate(|forms| &forms.fingerprint))
}

fn public(pick: fn(&Documents) -> &Ready) -> axum::routing::MethodRouter<Arc<App>> {
    cross_origin::asked(get(async move |Site(tenant): Site, request: Request| {
        respond(pick(&tenant.documents), request.headers())
    }))
}

fn certificate(pick: fn(&CertificateDocuments) -> &Ready) -> axum::routing::MethodRouter<Arc<App>> {
    get(
        async move |State(app): State<Arc<App>>,
                    Site(tenant): Site,
                    RawQuery(query): RawQuery,
                    request: Request| {
            let headers = request.headers();
            let of_connection = form_urlencoded::parse(query.unwrap_or_default().as_bytes())
                .any(|(name, value)| name == "cert" && value == "connection");
            if !of_connection {
                return respond(pick(&tenant.documents.certificate), headers);
            }
            match connection_keys::of(&app, &tenant).await {
                Ok(keys) => respond(pick(&keys.documents), headers),
                Err(error) => ApiError::from(error).into_response(),
            }
        },
    )
}

async fn keys_by_id(
    State(app): State<Arc<App>>,
    Site(tenant): Site,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    keys_of_connection(&app, &tenant, Named::Id(&id), &headers).await
}

async fn keys_by_name(
    State(app): State<Arc<App>>,
    Site(tenant): Site,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    keys_of_connection(&app, &tenant, Named::Name(&name), &headers).await
}

async fn keys_of_connection(app: &App, tenant: &Tenant, named: Named<'_>, asked: &HeaderMap) -> Response {
    match own::key_set(app, tenant, named).await {
        Ok(Some(ready)) => respond(&ready, asked),
        Ok(None) => ApiError::not_found("There is no connection with keys at this address.").into_response(),
        Err(error) => ApiError::from(error).into_response(),
    }
}

fn respond(ready: &Ready, asked: &HeaderMap) -> Response {
    let unchanged = asked.get_all(header::IF_NONE_MATCH).iter().any(|value| names(value, &ready.etag));
    let mut response = Response::new(if unchanged { Body::empty() } else { Body::from(ready.body.clone()) });
    if unchanged {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response.headers_mut().clone_from(&ready.unchanged);
    } else {
        response.headers_mut().clone_from(&ready.headers);
    }
    response
}

/// Whether an `If-None-Match` names this validator. Weak comparison (RFC 9110 section 13.1.2).
fn names(value: &HeaderValue, etag: &HeaderValue) -> bool {
    let (Ok(list), Ok(etag)) = (value.to_str(), etag.to_str()) else { return false };
    list.split(',').map(str::trim).any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == etag)
}

/// The `Cache-Control` of a tenant's public documents.
pub fn caching(max_age: u32) -> HeaderValue {
    let text = format!("public, max-age={max_age}, stale-while-revalidate={WHILE_REVALIDATE}");
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("public, max-age=15"))
}
