//! `POST /oidc/register` (RFC 7591): anybody makes an application of their own, where the tenant says so.
//!
//! Must never make anything but a third party's application, nor answer where the tenant has not opened this.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use chancery_oauth::registration::{self, Registration};
use chancery_oauth::token;
use http::{StatusCode, header};
use serde_json::{Map, Value, json};

use super::error;
use crate::app::App;
use crate::applications::{self, Created};
use crate::db::DbError;
use crate::http::body::read;
use crate::http::host::Site;
use crate::http::observe;
use crate::logs::{Entry, Kind};
use crate::management::ApiError;
use crate::tenants::Tenant;
use crate::write::Write;

/// The largest request, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// Why nothing was made.
enum Refused {
    /// Not open here.
    Closed,
    /// Too many at once.
    TooMany,
    /// What was sent.
    Request(registration::Error),
    /// A fault of ours.
    Fault(ApiError),
}

impl From<DbError> for Refused {
    fn from(error: DbError) -> Self {
        Self::Fault(error.into())
    }
}

pub(super) async fn endpoint(State(app): State<Arc<App>>, Site(tenant): Site, request: Request) -> Response {
    let mut response = match register(&app, &tenant, request).await {
        Ok(registered) => (StatusCode::CREATED, Json(registered)).into_response(),
        Err(Refused::Closed) => return error::respond(&token::Error::EndpointDisabled),
        Err(Refused::TooMany) => {
            let text = "Too many applications are registered at once. Try again in a second.";
            (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "1")], body("too_many_requests", text))
                .into_response()
        }
        Err(Refused::Request(refused)) => {
            (StatusCode::BAD_REQUEST, body(refused.code(), &refused.to_string())).into_response()
        }
        Err(Refused::Fault(ApiError::Body(text))) => {
            (StatusCode::BAD_REQUEST, body("invalid_client_metadata", &text)).into_response()
        }
        Err(Refused::Fault(fault)) => return error::respond(&super::token::internal(fault)),
    };
    error::no_store(&mut response);
    response
}

fn body(code: &str, text: &str) -> Json<Value> {
    Json(json!({ "error": code, "error_description": text }))
}

async fn register(app: &Arc<App>, tenant: &Tenant, request: Request) -> Result<Value, Refused> {
    if !tenant.offers.registration {
        return Err(Refused::Closed);
    }
    if !tenant.registrations.admit_at((5, 5), app.clock.now()).admitted {
        return Err(Refused::TooMany);
    }
    let entry = Entry {
        ip: Some(observe::client_ip(app, &request).to_string()),
        user_agent: observe::user_agent(request.headers()),
        ..Entry::new(Kind::Sapi, "Dynamic client registration")
    };
    let wanted = Registration::read(&sent(request).await?).map_err(Refused::Request)?;
    let mut write = Write::begin(app, tenant.id()).await?;
    let client_id = format!("tpc_{}", app.entropy.alphanumeric(22));
    let made = applications::create_as(app, &mut write, tenant.id(), (client_id, members(&wanted))).await;
    let made = made.map_err(Refused::Fault)?;
    let entry = Entry {
        client_id: Some(made.client_id.clone()),
        client_name: Some(wanted.client_name.clone()),
        ..entry
    };
    write.commit(entry).await?;
    Ok(answer(wanted, made))
}

async fn sent(request: Request) -> Result<Map<String, Value>, Refused> {
    let bad = |text: &str| Refused::Request(registration::Error::Metadata(text.to_owned()));
    let bytes = read(request.into_body(), MAX_BODY).await;
    let bytes = bytes.map_err(|_| bad("The body is larger than 64 kB, or did not arrive in time."))?;
    match chancery_jose::json::parse(&bytes) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(bad("The body must be a JSON object.")),
        Err(error) => Err(bad(&format!("The body is no JSON: {error}."))),
    }
}

/// The application as the Management API would be asked for it.
fn members(wanted: &Registration) -> Map<String, Value> {
    let members = json!({
        "name": wanted.client_name,
        "callbacks": wanted.redirect_uris,
        "grant_types": wanted.grant_types,
        "token_endpoint_auth_method": wanted.token_endpoint_auth_method,
        "is_first_party": false,
        "oidc_conformant": true,
        "jwt_configuration": { "alg": "RS256" },
    });
    let Value::Object(mut members) = members else { return Map::new() };
    if let Some(logo) = &wanted.logo_uri {
        members.insert("logo_uri".to_owned(), logo.as_str().into());
    }
    members
}

/// What the client has to know (RFC 7591 section 3.2.1).
fn answer(wanted: Registration, made: Created) -> Value {
    let confidential = wanted.is_confidential();
    let mut answer = json!({
        "client_name": wanted.client_name,
        "client_id": made.client_id,
        "client_id_issued_at": made.application.created_at.as_second(),
        "redirect_uris": wanted.redirect_uris,
        "grant_types": wanted.grant_types,
        "response_types": ["code"],
        "token_endpoint_auth_method": wanted.token_endpoint_auth_method,
    });
    if let Some(logo) = wanted.logo_uri {
        answer["logo_uri"] = logo.into();
    }
    if let Some(secret) = made.client_secret.filter(|_| confidential) {
        answer["client_secret"] = secret.into();
        answer["client_secret_expires_at"] = 0.into();
    }
    answer
}
