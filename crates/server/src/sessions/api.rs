//! The Management API of sessions: one by its id, and those of a user.
//!
//! Must never end a session in any other way than [`super::end`] does.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::view::{SHAPE, view};
use super::{Cause, Session, sql};
use crate::administrators::is_hidden_user;
use crate::app::App;
use crate::management::checkpoint::Checkpoint;
use crate::management::operation::{Operation, Required, operation};
use crate::management::query::{self, Paging, listing};
use crate::management::shape::{When, boolean, field};
use crate::management::{ApiError, Body, Caller, Path, Query};
use crate::refresh_tokens;
use crate::tenants::TenantId;
use crate::users;
use crate::write::Write;

/// The lines of this slice.
pub fn operations() -> Vec<Operation> {
    vec![
        operation(
            "get_session",
            (Method::GET, "/sessions/{id}"),
            Required::Any(&["read:sessions"]),
            "Get a session",
            get,
        )
        .answers(&SHAPE),
        operation(
            "patch_sessions_by_id",
            (Method::PATCH, "/sessions/{id}"),
            Required::Any(&["update:sessions"]),
            "Update a session",
            update,
        )
        .takes(&SHAPE, When::Update)
        .answers(&SHAPE),
        operation(
            "delete_session",
            (Method::DELETE, "/sessions/{id}"),
            Required::Any(&["delete:sessions"]),
            "Delete a session",
            delete,
        )
        .succeeds_with(202),
        operation(
            "revoke_session",
            (Method::POST, "/sessions/{id}/revoke"),
            Required::All(&["delete:sessions", "delete:refresh_tokens"]),
            "Revoke a session with its refresh tokens",
            revoke,
        )
        .succeeds_with(202),
        operation(
            "get_sessions_for_user",
            (Method::GET, "/users/{user_id}/sessions"),
            Required::Any(&["read:sessions"]),
            "List the sessions of a user",
            of_user,
        )
        .asks([query::by_checkpoint(), vec![field("include_totals", boolean())]])
        .lists(LIST, &SHAPE),
        operation(
            "delete_sessions_for_user",
            (Method::DELETE, "/users/{user_id}/sessions"),
            Required::Any(&["delete:sessions"]),
            "Delete the sessions of a user",
            delete_of_user,
        )
        .succeeds_with(202),
    ]
}

const LIST: &str = "sessions";

async fn get(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let tenant = caller.tenant.id();
    let session = sql::find(&app.db, tenant, &id).await?;
    let session = session.filter(|session| is_shown(session, app.clock.now())).ok_or_else(unknown)?;
    shown(&app, tenant, &session).await.map(Json)
}

async fn update(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    let mut body = body.checked(&SHAPE, When::Update)?;
    let tenant = caller.tenant.id();
    let mut write = Write::begin(&app, tenant).await?;
    let session = sql::find_for_update(write.tx(), tenant, &id).await?;
    let mut session = session.filter(|session| is_shown(session, app.clock.now())).ok_or_else(unknown)?;
    if let Some(metadata) = body.remove("session_metadata") {
        session.details.metadata = metadata.as_object().cloned();
        sql::update_details(write.tx(), tenant, &session).await?;
    }
    write.commit(caller.entry(200)).await?;
    shown(&app, tenant, &session).await.map(Json)
}

async fn delete(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let tenant = caller.tenant.id();
    let mut write = Write::begin(&app, tenant).await?;
    let session = sql::find_for_update(write.tx(), tenant, &id).await?;
    let Some(session) = session.filter(|session| !is_hidden_user(&session.user_id)) else {
        write.nothing_to_do().await?;
        return Ok(StatusCode::ACCEPTED);
    };
    super::end(write.tx(), tenant, &[session], (Cause::Revoked, app.clock.now())).await?;
    write.commit(caller.entry(202)).await?;
    Ok(StatusCode::ACCEPTED)
}

async fn revoke(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let tenant = caller.tenant.id();
    let mut write = Write::begin(&app, tenant).await?;
    let session = sql::find_for_update(write.tx(), tenant, &id).await?;
    let session = session.filter(|session| !is_hidden_user(&session.user_id)).ok_or_else(unknown)?;
    refresh_tokens::sql::delete_of_session(write.tx(), tenant, &session.id).await?;
    super::end(write.tx(), tenant, &[session], (Cause::Revoked, app.clock.now())).await?;
    write.commit(caller.entry(202)).await?;
    Ok(StatusCode::ACCEPTED)
}

async fn of_user(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(user_id): Path<String>,
    query: Query,
) -> Result<Response, ApiError> {
    let (from, take) = query.checkpoint()?;
    let totals = query.flag("include_totals")?.unwrap_or(false);
    let tenant = caller.tenant.id();
    users::must_exist(&app, tenant, &user_id).await?;
    let place = from.as_deref().map_or(Ok(Checkpoint::start()), |from| Checkpoint::parse(LIST, from))?;
    let of = (user_id.as_str(), app.clock.now());
    let mut sessions = sql::of_user(&app.db, tenant, of, &place, take + 1).await?;
    let next = Checkpoint::end_page(&mut sessions, take, LIST, |last| Checkpoint {
        created_at: last.created_at.as_millisecond(),
        id: last.id.clone(),
    });
    let mut views = Vec::with_capacity(sessions.len());
    for session in &sessions {
        views.push(shown(&app, tenant, session).await?);
    }
    if totals && from.is_none() {
        let total = sql::count_of_user(&app.db, tenant, of).await?;
        let mut body = json!({ "start": 0, "limit": take, "total": total, LIST: views });
        if let Some(next) = next {
            body["next"] = next.into();
        }
        return Ok(axum::response::IntoResponse::into_response(Json(body)));
    }
    Ok(listing(LIST, views, &Paging::Checkpoint { from, take }, (0, next)))
}

async fn delete_of_user(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(user_id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let tenant = caller.tenant.id();
    users::must_exist(&app, tenant, &user_id).await?;
    let mut write = Write::begin(&app, tenant).await?;
    super::end_all_of_user(write.tx(), tenant, &user_id, (Cause::Revoked, app.clock.now())).await?;
    write.commit(caller.entry(202)).await?;
    Ok(StatusCode::ACCEPTED)
}

async fn shown(app: &App, tenant: &TenantId, session: &Session) -> Result<Value, ApiError> {
    let clients = sql::clients(&app.db, tenant, &session.id).await?;
    Ok(Value::Object(view(session, &clients)))
}

/// Whether a session is there for the Management API.
fn is_shown(session: &Session, now: Timestamp) -> bool {
    session.is_live(now) && !is_hidden_user(&session.user_id)
}

fn unknown() -> ApiError {
    ApiError::not_found("The session does not exist.")
}
