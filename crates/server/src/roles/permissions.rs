//! The Management API of permissions: those of a role, and those that a user has directly.
//!
//! Must never give a permission that its API does not have.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::shape::{PERMISSION, PERMISSIONS};
use super::sql::{self, Holder};
use super::{Permission, no_role};
use crate::app::App;
use crate::db::{Db, DbError};
use crate::management::operation::{Operation, Required, operation};
use crate::management::query::{self, Paging, listing};
use crate::management::shape::When;
use crate::management::{ApiError, Body, Caller, Path, Query};
use crate::resource_servers::{self, ResourceServer};
use crate::tenants::TenantId;
use crate::users;
use crate::write::Write;

/// The lines of this file.
pub(super) fn operations() -> Vec<Operation> {
    let (of_role, of_user) = ("/roles/{id}/permissions", "/users/{id}/permissions");
    vec![
        operation(
            "get_role_permission",
            (Method::GET, of_role),
            Required::Any(&["read:roles"]),
            "List the permissions of a role",
            list_of_role,
        )
        .asks([query::by_number()])
        .lists(LIST, &PERMISSION),
        operation(
            "post_role_permission_assignment",
            (Method::POST, of_role),
            Required::Any(&["update:roles"]),
            "Give permissions to a role",
            add_to_role,
        )
        .takes(&PERMISSIONS, When::Create),
        operation(
            "delete_role_permission_assignment",
            (Method::DELETE, of_role),
            Required::Any(&["update:roles"]),
            "Take permissions from a role",
            remove_from_role,
        )
        .takes(&PERMISSIONS, When::Create),
        operation(
            "get_permissions",
            (Method::GET, of_user),
            Required::Any(&["read:users"]),
            "List the permissions of a user",
            list_of_user,
        )
        .asks([query::by_number()])
        .lists(LIST, &PERMISSION),
        operation(
            "post_permissions",
            (Method::POST, of_user),
            Required::Any(&["update:users"]),
            "Give permissions to a user",
            add_to_user,
        )
        .takes(&PERMISSIONS, When::Create),
        operation(
            "delete_permissions",
            (Method::DELETE, of_user),
            Required::Any(&["update:users"]),
            "Take permissions from a user",
            remove_from_user,
        )
        .takes(&PERMISSIONS, When::Create),
    ]
}

/// The name of the list on the wire.
const LIST: &str = "permissions";

/// The scope of this name in the settings of an API.
pub(super) fn scope<'a>(document: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let scopes = document.get("scopes").and_then(Value::as_array)?;
    scopes.iter().find(|scope| scope["value"] == name)
}

/// The APIs that permissions are of, each loaded once.
async fn apis(
    db: &Db,
    tenant: &TenantId,
    permissions: impl Iterator<Item = &Permission>,
) -> Result<HashMap<String, ResourceServer>, DbError> {
    let mut apis = HashMap::new();
    for Permission { audience, .. } in permissions {
        if !apis.contains_key(audience)
            && let Some(api) = resource_servers::sql::find_by_identifier(db, tenant, audience).await?
        {
            apis.insert(audience.clone(), api);
        }
    }
    Ok(apis)
}

fn view(permission: &Permission, apis: &HashMap<String, ResourceServer>) -> Value {
    let Permission { audience, name } = permission;
    let document = apis.get(audience).map(|api| &api.document);
    let described = document.and_then(|document| scope(document, name));
    json!({
        "permission_name": name,
        "description": described.and_then(|scope| scope["description"].as_str()).unwrap_or_default(),
        "resource_server_name": document.and_then(|own| own.get("name")).and_then(Value::as_str).unwrap_or(audience),
        "resource_server_identifier": audience,
    })
}

async fn list_of_role(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    query: Query,
) -> Result<Response, ApiError> {
    let paging = query.offset()?;
    let tenant = caller.tenant.id();
    sql::find(&app.db, tenant, &id).await?.ok_or_else(no_role)?;
    let part = part(&paging);
    let permissions = sql::permissions(&app.db, tenant, &id, part).await?;
    let total = sql::count_permissions(&app.db, tenant, &id).await?;
    let apis = apis(&app.db, tenant, permissions.iter()).await?;
    let views = permissions.iter().map(|permission| view(permission, &apis)).collect();
    Ok(listing(LIST, views, &paging, (total, None)))
}

/// At most how many of a list, after how many.
pub(super) fn part(paging: &Paging) -> sql::Part {
    match paging {
        Paging::Offset { page, per_page, .. } => (*per_page, page * per_page),
        Paging::Checkpoint { take, .. } => (*take, 0),
    }
}

async fn list_of_user(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    query: Query,
) -> Result<Response, ApiError> {
    let paging = query.offset()?;
    let tenant = caller.tenant.id();
    users::must_exist(&app, tenant, &id).await?;
    // A user has few of them, each from some roles: they are put together here.
    let mut found: BTreeMap<Permission, Vec<Value>> = BTreeMap::new();
    for source in sql::sources(&app.db, tenant, &id).await? {
        let (kind, (id, name)) = match source.role {
            Some(role) => ("ROLE", role),
            None => ("DIRECT", Default::default()),
        };
        let shown = json!({ "source_id": id, "source_name": name, "source_type": kind });
        found.entry(source.permission).or_default().push(shown);
    }
    let total = i64::try_from(found.len()).unwrap_or(i64::MAX);
    let (limit, offset) = part(&paging);
    let skipped = usize::try_from(offset).unwrap_or(usize::MAX);
    let page: Vec<_> =
        found.into_iter().skip(skipped).take(usize::try_from(limit).unwrap_or_default()).collect();
    let apis = apis(&app.db, tenant, page.iter().map(|(permission, _)| permission)).await?;
    let shown = |(permission, mut sources): (Permission, Vec<Value>)| {
        sources.sort_by_key(|source| source["source_id"].as_str().unwrap_or_default().to_owned());
        let mut view = view(&permission, &apis);
        view["sources"] = Value::Array(sources);
        view
    };
    Ok(listing(LIST, page.into_iter().map(shown).collect(), &paging, (total, None)))
}

/// The permissions that a checked body names.
fn named(body: &Map<String, Value>) -> Vec<Permission> {
    let items = body.get("permissions").and_then(Value::as_array).into_iter().flatten();
    let text = |item: &Value, name: &str| item[name].as_str().unwrap_or_default().to_owned();
    items
        .map(|item| Permission {
            audience: text(item, "resource_server_identifier"),
            name: text(item, "permission_name"),
        })
        .collect()
}

/// Gives permissions to a role or a user that is there.
async fn add(app: &Arc<App>, caller: &Caller, holder: Holder<'_>, body: Body) -> Result<(), ApiError> {
    let permissions = named(&body.checked(&PERMISSIONS, When::Create)?);
    let tenant = caller.tenant.id();
    let apis = apis(&app.db, tenant, permissions.iter()).await?;
    for Permission { audience, name } in &permissions {
        let api = apis.get(audience).ok_or_else(no_api)?;
        if scope(&api.document, name).is_none() {
            return Err(ApiError::Body(format!(
                "The API {audience} has no permission {name}. Add it to the scopes of the API first."
            )));
        }
    }
    let mut write = Write::begin(app, tenant).await?;
    for permission in &permissions {
        match sql::permit(write.tx(), tenant, holder, permission).await {
            // It was all there a moment ago: somebody has just deleted the holder or the API.
            Err(DbError::Constraint(_)) => return Err(no_api()),
            outcome => outcome?,
        }
    }
    write.commit(caller.entry(201)).await?;
    Ok(())
}

async fn remove(app: &Arc<App>, caller: &Caller, holder: Holder<'_>, body: Body) -> Result<(), ApiError> {
    let permissions = named(&body.checked(&PERMISSIONS, When::Create)?);
    let tenant = caller.tenant.id();
    let mut write = Write::begin(app, tenant).await?;
    for permission in &permissions {
        sql::forbid(write.tx(), tenant, holder, permission).await?;
    }
    write.commit(caller.entry(204)).await?;
    Ok(())
}

async fn add_to_role(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    sql::find(&app.db, caller.tenant.id(), &id).await?.ok_or_else(no_role)?;
    add(&app, &caller, Holder::Role(&id), body).await?;
    Ok((StatusCode::CREATED, Json(json!({}))))
}

async fn remove_from_role(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body,
) -> Result<StatusCode, ApiError> {
    sql::find(&app.db, caller.tenant.id(), &id).await?.ok_or_else(no_role)?;
    remove(&app, &caller, Holder::Role(&id), body).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn add_to_user(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    users::must_exist(&app, caller.tenant.id(), &id).await?;
    add(&app, &caller, Holder::User(&id), body).await?;
    Ok((StatusCode::CREATED, Json(json!({}))))
}

async fn remove_from_user(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body,
) -> Result<StatusCode, ApiError> {
    users::must_exist(&app, caller.tenant.id(), &id).await?;
    remove(&app, &caller, Holder::User(&id), body).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn no_api() -> ApiError {
    ApiError::NotFound {
        code: Some("inexistent_resource_server"),
        message: "The resource server does not exist",
    }
}
