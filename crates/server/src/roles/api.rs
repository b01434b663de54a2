//! The Management API of roles: list, create, get, update, delete.
//!
//! What roles permit and who has them is in the files beside this one.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::Method;
use serde_json::{Map, Value, json};

use super::{Role, SHAPE, groups, members, no_role, permissions, sql};
use crate::app::App;
use crate::clock;
use crate::db::DbError;
use crate::db::fold;
use crate::management::operation::{Operation, Required, operation};
use crate::management::query::{self, Paging, listing};
use crate::management::shape::{When, field, text};
use crate::management::{ApiError, Body, Caller, Path, Query};
use crate::write::Write;

/// The lines of this slice.
pub fn operations() -> Vec<Operation> {
    let mut operations = vec![
        operation(
            "get_roles",
            (Method::GET, "/roles"),
            Required::Any(&["read:roles"]),
            "List the roles",
            list,
        )
        .asks([query::by_number(), vec![field("name_filter", text())]])
        .lists(LIST, &SHAPE),
        operation(
            "post_roles",
            (Method::POST, "/roles"),
            Required::Any(&["create:roles"]),
            "Create a role",
            create,
        )
        .takes(&SHAPE, When::Create)
        .answers(&SHAPE)
        .succeeds_with(200),
        operation(
            "get_roles_by_id",
            (Method::GET, "/roles/{id}"),
            Required::Any(&["read:roles"]),
            "Get a role",
            get,
        )
        .answers(&SHAPE),
        operation(
            "patch_roles_by_id",
            (Method::PATCH, "/roles/{id}"),
            Required::Any(&["update:roles"]),
            "Update a role",
            update,
        )
        .takes(&SHAPE, When::Update)
        .answers(&SHAPE),
        operation(
            "delete_roles_by_id",
            (Method::DELETE, "/roles/{id}"),
            Required::Any(&["delete:roles"]),
            "Delete a role",
            delete,
        )
        .succeeds_with(200),
    ];
    operations.extend(permissions::operations());
    operations.extend(members::operations());
    operations.extend(groups::operations());
    operations
}

/// The name of the list on the wire.
pub(super) const LIST: &str = "roles";

async fn list(State(app): State<Arc<App>>, caller: Caller, query: Query) -> Result<Response, ApiError> {
    let paging = query.offset()?;
    let tenant = caller.tenant.id();
    let pattern = query.text("name_filter").map(containing);
    let (page, total) = match &paging {
        Paging::Offset { page, per_page, totals } => {
            let part = (*per_page, page * per_page);
            let roles = sql::page(&app.db, tenant, pattern.as_deref(), part).await?;
            let total = if *totals { sql::count(&app.db, tenant, pattern.as_deref()).await? } else { 0 };
            (roles, total)
        }
        Paging::Checkpoint { .. } => (Vec::new(), 0),
    };
    Ok(listing(LIST, views(&page), &paging, (total, None)))
}

/// The pattern that every folded text with `part` in it is like.
fn containing(part: &str) -> String {
    let mut pattern = String::from("%");
    for character in fold(part).chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

pub(super) fn views(roles: &[Role]) -> Vec<Value> {
    roles.iter().map(|role| Value::Object(role.view())).collect()
}

async fn create(State(app): State<Arc<App>>, caller: Caller, body: Body) -> Result<Json<Value>, ApiError> {
    let body = body.checked(&SHAPE, When::Create)?;
    let tenant = caller.tenant.id();
    let mut role = Role {
        id: format!("rol_{}", app.entropy.alphanumeric(16)),
        name: String::new(),
        description: None,
        created_at: clock::truncate(app.clock.now()),
    };
    apply(&mut role, body)?;
    let mut write = Write::begin(&app, tenant).await?;
    sql::insert(write.tx(), tenant, &role).await.map_err(taken)?;
    write.commit(caller.entry(200)).await?;
    Ok(Json(Value::Object(role.view())))
}

/// Merges a checked body into a role.
fn apply(role: &mut Role, body: Map<String, Value>) -> Result<(), ApiError> {
    for (name, value) in body {
        match (name.as_str(), value) {
            ("name", Value::String(text)) => role.name = text,
            ("name", _) => {
                let message =
                    "Payload validation error: 'Expected type string but found type null' on property name.";
                return Err(ApiError::Body(message.to_owned()));
            }
            ("description", Value::String(text)) => role.description = Some(text),
            _ => role.description = None,
        }
    }
    Ok(())
}

fn taken(error: DbError) -> ApiError {
    if error.is_unique() {
        let message = "There is already a role with this name. Choose another name, or update that role.";
        return ApiError::Conflict { code: None, message: message.to_owned() };
    }
    error.into()
}

async fn get(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let role = sql::find(&app.db, caller.tenant.id(), &id).await?.ok_or_else(no_role)?;
    Ok(Json(Value::Object(role.view())))
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
    let mut role = sql::lock(write.tx(), tenant, &id).await?.ok_or_else(no_role)?;
    apply(&mut role, body)?;
    sql::update(write.tx(), tenant, &role).await.map_err(taken)?;
    write.commit(caller.entry(200)).await?;
    Ok(Json(Value::Object(role.view())))
}

async fn delete(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let tenant = caller.tenant.id();
    let mut write = Write::begin(&app, tenant).await?;
    if !sql::delete(write.tx(), tenant, &id).await? {
        return Err(no_role());
    }
    write.commit(caller.entry(200)).await?;
    Ok(Json(json!({})))
}
