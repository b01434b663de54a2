//! The Management API of client grants: list, create, get, update, delete.
//!
//! Must never change a grant that is ours: the platform itself stands on it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::{Method, StatusCode};
use serde_json::Value;

use super::shape::{DEFAULTS, SUBJECT_TYPES};
use super::sql::{self, Filter};
use super::{ClientGrant, SHAPE, merged};
use crate::app::App;
use crate::management::checkpoint::Checkpoint;
use crate::management::operation::{Operation, Required, operation};
use crate::management::query::{self, Paging, listing};
use crate::management::shape::{Field, When, boolean, field, one_of, text};
use crate::management::{ApiError, Body, Caller, Path, Query};
use crate::tenants::TenantId;
use crate::write::Write;

/// The lines of this slice.
pub fn operations() -> Vec<Operation> {
    vec![
        operation(
            "get_client-grants",
            (Method::GET, "/client-grants"),
            Required::Any(&["read:client_grants"]),
            "List the client grants",
            list,
        )
        .asks([query::by_number(), query::by_checkpoint(), filters()])
        .lists(LIST, &SHAPE),
        operation(
            "post_client-grants",
            (Method::POST, "/client-grants"),
            Required::Any(&["create:client_grants"]),
            "Create a client grant",
            create,
        )
        .takes(&SHAPE, When::Create)
        .answers(&SHAPE),
        operation(
            "get_client-grant",
            (Method::GET, "/client-grants/{id}"),
            Required::Any(&["read:client_grants"]),
            "Get a client grant",
            get,
        )
        .answers(&SHAPE),
        operation(
            "patch_client-grants_by_id",
            (Method::PATCH, "/client-grants/{id}"),
            Required::Any(&["update:client_grants"]),
            "Update a client grant",
            update,
        )
        .takes(&SHAPE, When::Update)
        .answers(&SHAPE),
        operation(
            "delete_client-grants_by_id",
            (Method::DELETE, "/client-grants/{id}"),
            Required::Any(&["delete:client_grants"]),
            "Delete a client grant",
            delete,
        ),
    ]
}

/// The name of the list on the wire.
const LIST: &str = "client_grants";

async fn list(State(app): State<Arc<App>>, caller: Caller, query: Query) -> Result<Response, ApiError> {
    let paging = query.paging()?;
    let filter = filter(&query)?;
    let tenant = caller.tenant.id();
    match &paging {
        Paging::Offset { page, per_page, totals } => {
            let grants = sql::page(&app.db, tenant, &filter, (*per_page, page * per_page)).await?;
            let total = if *totals { sql::count(&app.db, tenant, &filter).await? } else { 0 };
            Ok(listing(LIST, views(&grants), &paging, (total, None)))
        }
        Paging::Checkpoint { from, take } => {
            let (grants, next) = following(&app, tenant, &filter, (from.as_deref(), *take)).await?;
            Ok(listing(LIST, views(&grants), &paging, (0, next)))
        }
    }
}

/// The grants from a checkpoint on, with the checkpoint after them if more follow.
async fn following(
    app: &App,
    tenant: &TenantId,
    filter: &Filter,
    (from, take): (Option<&str>, i64),
) -> Result<(Vec<ClientGrant>, Option<String>), ApiError> {
    // One more than asked for, to know whether the list goes on.
    let mut grants = match from {
        None => sql::page(&app.db, tenant, filter, (take + 1, 0)).await?,
        Some(from) => sql::after(&app.db, tenant, filter, &Checkpoint::parse(LIST, from)?, take + 1).await?,
    };
    let next = Checkpoint::end_page(&mut grants, take, LIST, |last| Checkpoint {
        created_at: last.created_at.as_millisecond(),
        id: last.id.clone(),
    });
    Ok((grants, next))
}

fn views(grants: &[ClientGrant]) -> Vec<Value> {
    grants.iter().map(|grant| Value::Object(grant.view())).collect()
}

/// What a list can be narrowed to, for the description.
fn filters() -> Vec<Field> {
    vec![
        field("audience", text()),
        field("client_id", text()),
        field("allow_any_organization", boolean()),
        field("subject_type", one_of(SUBJECT_TYPES)),
        field("default_for", one_of(DEFAULTS)),
    ]
}

/// What the query narrows the list to.
pub(super) fn filter(query: &Query) -> Result<Filter, ApiError> {
    Ok(Filter {
        audience: query.text("audience").map(str::to_owned),
        client_id: query.text("client_id").map(str::to_owned),
        subject_type: query.one_of("subject_type", SUBJECT_TYPES)?.map(str::to_owned),
        default_for: query.one_of("default_for", DEFAULTS)?.map(str::to_owned),
        allow_any_organization: query.flag("allow_any_organization")?,
    })
}

async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    body: Body,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    let body = body.checked(&SHAPE, When::Create)?;
    let tenant = caller.tenant.id();
    let mut write = Write::begin(&app, tenant).await?;
    let grant = super::create(&app, &mut write, tenant, body, false).await?;
    write.commit(caller.entry(201)).await?;
    Ok((StatusCode::CREATED, Json(Value::Object(grant.view()))))
}

async fn get(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let grant = sql::find(&app.db, caller.tenant.id(), &id).await?.ok_or_else(unknown)?;
    Ok(Json(Value::Object(grant.view())))
}

async fn update(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    let body = body.checked(&SHAPE, When::Update)?;
    let tenant = caller.tenant.id();
    let mut write = Write::begin(&app, tenant).await?;
    let mut grant = sql::find_for_update(write.tx(), tenant, &id).await?.ok_or_else(unknown)?;
    grant.document = merged(&grant.document, body)?;
    grant.updated_at = app.clock.now();
    sql::update(write.tx(), tenant, ours_stays(&grant)?).await?;
    grant.notice(&mut write);
    write.commit(caller.entry(200)).await?;
    Ok(Json(Value::Object(grant.view())))
}

async fn delete(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let tenant = caller.tenant.id();
    let mut write = Write::begin(&app, tenant).await?;
    let Some(grant) = sql::find_for_update(write.tx(), tenant, &id).await? else {
        write.nothing_to_do().await?;
        return Ok(StatusCode::NO_CONTENT);
    };
    sql::delete(write.tx(), tenant, &ours_stays(&grant)?.id).await?;
    grant.notice(&mut write);
    write.commit(caller.entry(204)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets a grant through that is not ours.
fn ours_stays(grant: &ClientGrant) -> Result<&ClientGrant, ApiError> {
    if grant.is_system {
        return Err(ApiError::NotSupported(
            "This grant belongs to the platform itself. It cannot be changed or deleted.".to_owned(),
        ));
    }
    Ok(grant)
}

fn unknown() -> ApiError {
    ApiError::not_found("The client grant does not exist")
}
