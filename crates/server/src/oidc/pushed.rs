//! `POST /oauth/par` (RFC 9126): an authenticated client leaves its authorization request with us.
//!
//! Must never keep a request that would be refused later: the client hears here what is wrong.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use chancery_oauth::authorize::{self, Known, Opening, PageError, REQUEST_URN, Refusal};
use chancery_oauth::token::Error;
use http::StatusCode;
use serde_json::json;

use super::error;
use super::token::{authenticated, internal};
use crate::app::App;
use crate::db::DbError;
use crate::http::host::Site;
use crate::in_flight::pushed;
use crate::tenants::Tenant;

pub(super) async fn endpoint(State(app): State<Arc<App>>, Site(tenant): Site, request: Request) -> Response {
    match push(&app, &tenant, request).await {
        Ok((text, seconds)) => {
            let body = json!({ "request_uri": format!("{REQUEST_URN}{text}"), "expires_in": seconds });
            let mut response = (StatusCode::CREATED, Json(body)).into_response();
            error::no_store(&mut response);
            response
        }
        Err(Refused::Client(refused)) => error::respond(&refused),
        Err(Refused::Request(code, text)) => {
            let body = json!({ "error": code, "error_description": text });
            let mut response = (StatusCode::BAD_REQUEST, Json(body)).into_response();
            error::no_store(&mut response);
            response
        }
    }
}

/// Why a request is not kept.
enum Refused {
    /// The client, or a fault of ours.
    Client(Error),
    /// The request itself: what `/authorize` would say of it.
    Request(&'static str, String),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Client(error)
    }
}

impl From<PageError> for Refused {
    fn from(error: PageError) -> Self {
        Self::Request(error.code(), error.to_string())
    }
}

async fn push(app: &Arc<App>, tenant: &Tenant, request: Request) -> Result<(String, i64), Refused> {
    if !tenant.offers.pushed_requests {
        return Err(Error::EndpointDisabled.into());
    }
    let (client, mut parameters) = authenticated(app, tenant, request).await?;
    let bad = |text: String| Error::InvalidRequest(text);
    // What proved the client is no part of its request.
    if parameters.value("client_id").is_none() {
        parameters.add("client_id".to_owned(), client.id.clone()).map_err(|error| bad(error.to_string()))?;
    }
    let now = app.clock.now();
    let opening = Opening::parse(parameters)?;
    let raw = opening.push(&client, &tenant.authorize, now)?;
    let known = Known { client: &client, settings: &tenant.authorize, ring: &tenant.ring, now };
    authorize::check(&raw, &known).map_err(|refusal| match refusal {
        Refusal::Page(error) => Refused::from(error),
        Refusal::Client(refused) => Refused::Request(refused.1.code(), refused.1.to_string()),
    })?;
    let seconds = client.pushed_request_lifetime;
    let fault = |error: DbError| internal(error.into());
    let mut tx = app.db.begin().await.map_err(fault)?.passing();
    let of = (client.id.as_str(), &raw, seconds);
    let text = pushed::store(app, &mut tx, tenant.id(), of).await.map_err(fault)?;
    tx.commit().await.map_err(fault)?;
    Ok((text, seconds))
}
