//! The Management API of who has which role, seen from the role and from the user.
//!
//! A request that names several changes all of them or, if one does not exist, none.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::permissions::part;
use super::shape::{ROLES, USER, USERS};
use super::sql::{self, Member};
use super::{SHAPE, api, no_role};
use crate::administrators::is_hidden_user;
use crate::app::App;
use crate::db::DbError;
use crate::management::checkpoint::Checkpoint;
use crate::management::operation::{Operation, Required, operation};
use crate::management::query::{self, Paging, listing};
use crate::management::shape::When;
use crate::management::{ApiError, Body, Caller, Path, Query};
use crate::users;
use crate::write::Write;

/// The lines of this file.
pub(super) fn operations() -> Vec<Operation> {
    let (of_role, of_user) = ("/roles/{id}/users", "/users/{id}/roles");
    vec![
        operation(
            "get_role_user",
            (Method::GET, of_role),
            Required::Any(&["read:users", "read:roles", "read:role_members"]),
            "List the users who have a role",
            list_users,
        )
        .asks([query::by_number(), query::by_checkpoint()])
        .lists(LIST, &USER),
        operation(
            "post_role_users",
            (Method::POST, of_role),
            Required::Any(&["update:roles", "create:role_members"]),
            "Give a role to users",
            give_to_users,
        )
        .takes(&USERS, When::Create)
        .succeeds_with(200),
        operation(
            "get_user_roles",
            (Method::GET, of_user),
            Required::Any(&["read:users", "read:roles", "read:role_members"]),
            "List the roles of a user",
            list_roles,
        )
        .asks([query::by_number()])
        .lists(api::LIST, &SHAPE),
        operation(
            "post_user_roles",
            (Method::POST, of_user),
            Required::Any(&["update:users", "create:role_members"]),
            "Give roles to a user",
            give_roles,
        )
        .takes(&ROLES, When::Create)
        .succeeds_with(204),
        operation(
            "delete_user_roles",
            (Method::DELETE, of_user),
            Required::Any(&["update:users", "delete:role_members"]),
            "Take roles from a user",
            take_roles,
        )
        .takes(&ROLES, When::Create),
    ]
}

/// The name of the list on the wire.
const LIST: &str = "users";

/// Refuses a token that may see roles or users, but not who has which.
fn must_see_members(caller: &Caller) -> Result<(), ApiError> {
    if caller.has("read:role_members") || (caller.has("read:users") && caller.has("read:roles")) {
        return Ok(());
    }
    let message = "Insufficient scope, expected all of: read:users,read:roles";
    Err(ApiError::InsufficientScope(message.to_owned()))
}

async fn list_users(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    query: Query,
) -> Result<Response, ApiError> {
    must_see_members(&caller)?;
    let paging = query.paging()?;
    let tenant = caller.tenant.id();
    sql::find(&app.db, tenant, &id).await?.ok_or_else(no_role)?;
    match &paging {
        Paging::Offset { totals, .. } => {
            let members = sql::members(&app.db, tenant, &id, part(&paging)).await?;
            let total = if *totals { sql::count_members(&app.db, tenant, &id).await? } else { 0 };
            Ok(listing(LIST, members.iter().map(view).collect(), &paging, (total, None)))
        }
        Paging::Checkpoint { from, take } => {
            let place = from
                .as_deref()
                .map_or_else(|| Ok(Checkpoint::start()), |from| Checkpoint::parse(LIST, from))?;
            // One more than asked for, to know whether the list goes on.
            let mut members = sql::members_after(&app.db, tenant, &id, &place, take + 1).await?;
            let next = Checkpoint::end_page(&mut members, *take, LIST, |last| Checkpoint {
                created_at: last.assigned_at,
                id: last.user_id.clone(),
            });
            Ok(listing(LIST, members.iter().map(view).collect(), &paging, (0, next)))
        }
    }
}

fn view(member: &Member) -> Value {
    let Member { user_id, assigned_at: _, email, name, picture } = member;
    let mut view = Map::from_iter([("user_id".to_owned(), json!(user_id))]);
    for (label, value) in [("email", email), ("picture", picture), ("name", name)] {
        if let Some(value) = value {
            view.insert(label.to_owned(), json!(value));
        }
    }
    Value::Object(view)
}

/// The texts of a list in a checked body.
fn texts(body: &Map<String, Value>, name: &str) -> Vec<String> {
    let items = body.get(name).and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

async fn give_to_users(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body,
) -> Result<Json<Value>, ApiError> {
    let user_ids = texts(&body.checked(&USERS, When::Create)?, "users");
    let tenant = caller.tenant.id();
    let mut write = Write::begin(&app, tenant).await?;
    sql::lock(write.tx(), tenant, &id).await?.ok_or_else(no_role)?;
    let now = app.clock.now().as_millisecond();
    for user_id in &user_ids {
        if is_hidden_user(user_id) {
            return Err(no_user());
        }
        match sql::assign(write.tx(), tenant, (user_id, &id), now).await {
            Err(DbError::Constraint(_)) => return Err(no_user()),
            outcome => outcome?,
        }
    }
    write.commit(caller.entry(200)).await?;
    Ok(Json(json!({})))
}

fn no_user() -> ApiError {
    ApiError::NotFound { code: Some("inexistent_user"), message: "The user does not exist." }
}

async fn list_roles(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    query: Query,
) -> Result<Response, ApiError> {
    must_see_members(&caller)?;
    let paging = query.offset()?;
    let tenant = caller.tenant.id();
    users::must_exist(&app, tenant, &id).await?;
    let roles = sql::roles_of_user(&app.db, tenant, &id, part(&paging)).await?;
    let total = sql::count_roles(&app.db, tenant, &id).await?;
    Ok(listing(api::LIST, api::views(&roles), &paging, (total, None)))
}

async fn give_roles(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body,
) -> Result<StatusCode, ApiError> {
    let role_ids = texts(&body.checked(&ROLES, When::Create)?, "roles");
    let tenant = caller.tenant.id();
    users::must_exist(&app, tenant, &id).await?;
    let mut write = Write::begin(&app, tenant).await?;
    let now = app.clock.now().as_millisecond();
    for role_id in &role_ids {
        match sql::assign(write.tx(), tenant, (&id, role_id), now).await {
            Err(DbError::Constraint(_)) => return Err(no_role()),
            outcome => outcome?,
        }
    }
    write.commit(caller.entry(204)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn take_roles(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body,
) -> Result<StatusCode, ApiError> {
    let role_ids = texts(&body.checked(&ROLES, When::Create)?, "roles");
    let tenant = caller.tenant.id();
    users::must_exist(&app, tenant, &id).await?;
    let mut write = Write::begin(&app, tenant).await?;
    for role_id in &role_ids {
        sql::withdraw(write.tx(), tenant, (&id, role_id)).await?;
    }
    write.commit(caller.entry(204)).await?;
    Ok(StatusCode::NO_CONTENT)
}
