//! `POST /oauth/par` (RFC 9126): an authenticated client leaves its authorization request with us.
//!
//! Must never keep a request that would be refused later: the client hears here what is wrong.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use chancery_oauth::authorize::{self, Known, Opening, REQUEST_URN, Refusal};
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
        Err(refused) => error::respond(&refused),
    }
}

async fn push(app: &Arc<App>, tenant: &Tenant, request: Request) -> Result<(String, i64), Error> {
    if !tenant.offers.pushed_requests {
        return Err(Error::EndpointDisabled);
    }
    let (client, mut parameters) = authenticated(app, tenant, request).await?;
    let bad = |text: String| Error::InvalidRequest(text);
    // What proved the client is no part of its request.
    if parameters.value("client_id").is_none() {
        parameters.add("client_id".to_owned(), client.id.clone()).map_err(|error| bad(error.to_string()))?;
    }
    let now = app.clock.now();
    let opening = Opening::parse(parameters).map_err(|error| bad(error.to_string()))?;
    let raw = opening.push(&client, &tenant.authorize, now).map_err(|error| bad(error.to_string()))?;
    let known = Known { client: &client, settings: &tenant.authorize, ring: &tenant.ring, now };
    authorize::check(&raw, &known).map_err(|refusal| match refusal {
        Refusal::Page(error) => bad(error.to_string()),
        Refusal::Client(refused) => bad(refused.1.to_string()),
    })?;
    let seconds = client.pushed_request_lifetime;
    let fault = |error: DbError| internal(error.into());
    let mut tx = app.db.begin().await.map_err(fault)?;
    let of = (client.id.as_str(), &raw, seconds);
    let text = pushed::store(app, &mut tx, tenant.id(), of).await.map_err(fault)?;
    tx.commit().await.map_err(fault)?;
    Ok((text, seconds))
}
