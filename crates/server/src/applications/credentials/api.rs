//! The operations of credentials.
//!
//! Every change locks the application first: the limit counts, and what is attached stays true.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use serde_json::Value;

use super::shape::CREDENTIAL;
use super::{Credential, MOST, attached, moment, sql};
use crate::app::App;
use crate::applications::api::{NO_SUCH_CLIENT, locked};
use crate::applications::{self, lifecycle};
use crate::changes::Topic;
use crate::management::shape::When;
use crate::management::{ApiError, Body, Caller, Operation, Path, Required, operation};
use crate::write::Write;

/// The path of all credentials of an application.
const ALL: &str = "/clients/{client_id}/credentials";
/// The path of one of them.
const ONE: &str = "/clients/{client_id}/credentials/{credential_id}";

/// The operations.
pub fn operations() -> Vec<Operation> {
    let read = Required::Any(&["read:client_credentials"]);
    vec![
        operation(
            "get_credentials",
            (Method::GET, ALL),
            read,
            "List the credentials of an application",
            list,
        )
        .lists("credentials", &CREDENTIAL),
        operation(
            "post_credentials",
            (Method::POST, ALL),
            Required::Any(&["create:client_credentials"]),
            "Add a credential to an application",
            create,
        )
        .takes(&CREDENTIAL, When::Create)
        .answers(&CREDENTIAL),
        operation(
            "get_credentials_by_credential_id",
            (Method::GET, ONE),
            read,
            "Read a credential of an application",
            show,
        )
        .answers(&CREDENTIAL),
        operation(
            "delete_credentials_by_credential_id",
            (Method::DELETE, ONE),
            Required::Any(&["delete:client_credentials"]),
            "Delete a credential of an application",
            delete,
        ),
        operation(
            "patch_credentials_by_credential_id",
            (Method::PATCH, ONE),
            Required::Any(&["update:client_credentials"]),
            "Change when a credential of an application expires",
            update,
        )
        .takes(&CREDENTIAL, When::Update)
        .answers(&CREDENTIAL),
    ]
}

async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(client_id): Path<String>,
) -> Result<Response, ApiError> {
    let tenant = caller.tenant.id();
    applications::sql::find(&app.db, tenant, &client_id).await?.ok_or(NO_SUCH_CLIENT)?;
    let rows = sql::list(&app.db, tenant, &client_id).await?;
    let shown: Vec<_> = rows.iter().map(Credential::view).collect();
    Ok(Json(shown).into_response())
}

async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(client_id): Path<String>,
    body: Body,
) -> Result<Response, ApiError> {
    let body = body.checked(&CREDENTIAL, When::Create)?;
    let credential = Credential::new(&body, app.clock.now(), &*app.entropy)?;
    let tenant = caller.tenant.id();
    let mut write = Write::begin(&app, tenant).await?;
    locked(&mut write, &caller, &client_id).await?;
    if sql::list_in(write.tx(), tenant, &client_id).await?.len() >= MOST {
        let message = format!("An application has at most {MOST} credentials. Delete one of them first.");
        return Err(ApiError::NotSupported(message));
    }
    super::insert(&mut write, tenant, &client_id, &credential).await?;
    write.notice(Topic::Client, client_id);
    write.commit(caller.entry(201)).await?;
    Ok((StatusCode::CREATED, Json(credential.view())).into_response())
}

async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((client_id, id)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let tenant = caller.tenant.id();
    match sql::find(&app.db, tenant, (&client_id, &id)).await? {
        Some(credential) => Ok(Json(credential.view()).into_response()),
        None if applications::sql::find(&app.db, tenant, &client_id).await?.is_none() => Err(NO_SUCH_CLIENT),
        None => Err(NO_SUCH_CREDENTIAL),
    }
}

async fn delete(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((client_id, id)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    let tenant = caller.tenant.id();
    let mut write = Write::begin(&app, tenant).await?;
    // A credential that is gone already is what the caller wants, also when it went with its application.
    let Some(mut application) = applications::sql::lock(write.tx(), tenant, &client_id).await? else {
        write.nothing_to_do().await?;
        return Ok(StatusCode::NO_CONTENT);
    };
    if !sql::delete(write.tx(), tenant, (&client_id, &id)).await? {
        write.nothing_to_do().await?;
        return Ok(StatusCode::NO_CONTENT);
    }
    if attached::detach(&mut application.document, &id) {
        lifecycle::save(&app, &mut write, tenant, application).await?;
    } else {
        write.notice(Topic::Client, client_id);
    }
    write.commit(caller.entry(204)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn update(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((client_id, id)): Path<(String, String)>,
    body: Body,
) -> Result<Response, ApiError> {
    let body = body.checked(&CREDENTIAL, When::Update)?;
    let tenant = caller.tenant.id();
    let mut write = Write::begin(&app, tenant).await?;
    locked(&mut write, &caller, &client_id).await?;
    let own = sql::list_in(write.tx(), tenant, &client_id).await?;
    let mut credential = own.into_iter().find(|credential| credential.id == id).ok_or(NO_SUCH_CREDENTIAL)?;
    let now = app.clock.now();
    credential.expires_at = match body.get("expires_at").and_then(Value::as_str) {
        Some(text) => Some(moment(text, now)?),
        // Null, as the body holds nothing else: it never expires.
        None => None,
    };
    credential.updated_at = now;
    sql::update_expiry(write.tx(), (tenant, &client_id), &credential).await?;
    write.notice(Topic::Client, client_id);
    write.commit(caller.entry(200)).await?;
    Ok(Json(credential.view()).into_response())
}

/// The answer for a credential that the application does not have.
const NO_SUCH_CREDENTIAL: ApiError =
    ApiError::NotFound { code: None, message: "The application has no credential with this id." };
