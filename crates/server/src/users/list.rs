//! The operations that list users: in order, searched, by e-mail address; and the log of one of them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use serde_json::Value;

use super::listed::{self, Part, Wanted};
use super::{SHAPE, User, identifiers, search, sql};
use crate::administrators::is_hidden_user;
use crate::app::App;
use crate::connections;
use crate::db::DbError;
use crate::logs;
use crate::management::checkpoint::Checkpoint;
use crate::management::query::{self, Fields, Paging, refused};
use crate::management::{ApiError, Caller, Path, Query};
use crate::tenants::TenantId;

/// The name of the list on the wire.
pub(super) const LIST: &str = "users";

/// How many users pages by number reach: skipping rows takes longer the more there are.
const REACH: i64 = 1000;

/// `GET /users`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    query: Query,
) -> Result<Response, ApiError> {
    let fields = query.fields(&SHAPE)?;
    let paging = query.paging()?;
    let tenant = caller.tenant.id();
    let connection = connection(&app, tenant, &query).await?;
    let wanted = search::wanted(&query, tenant, connection.as_deref())?;
    let (users, total, next) = match &paging {
        Paging::Offset { page, per_page, totals } => {
            if (page + 1).saturating_mul(*per_page) > REACH {
                return Err(ApiError::TooFar(format!(
                    "Pages by number reach the first {REACH} users alone. Ask with take, and go on with from."
                )));
            }
            let part = Part::Page(*per_page, page * per_page);
            let (users, total) = part_of(&app, tenant, wanted.as_ref(), (part, *totals)).await?;
            (users, total.unwrap_or(0), None)
        }
        Paging::Checkpoint { from, take } => {
            if query.text("sort").is_some() {
                return Err(refused(
                    "Users that are paged by from and take come in the order of their age",
                    "sort",
                ));
            }
            let from = from
                .as_deref()
                .map_or_else(|| Ok(Checkpoint::start()), |from| Checkpoint::parse(LIST, from))?;
            // One more than asked for tells whether anything comes after.
            let part = Part::After(&from, take + 1);
            let (mut found, _) = part_of(&app, tenant, wanted.as_ref(), (part, false)).await?;
            let next = Checkpoint::end_page(&mut found, *take, LIST, |last| Checkpoint {
                created_at: last.created_at.as_millisecond(),
                id: last.user_id.clone(),
            });
            (found, 0, next)
        }
    };
    Ok(query::listing(LIST, views(&users, &fields), &paging, (total, next)))
}

/// The id of the connection that is named; of one that is unknown an id that nothing has.
async fn connection(app: &App, tenant: &TenantId, query: &Query) -> Result<Option<String>, DbError> {
    let Some(name) = query.text("connection") else { return Ok(None) };
    let connection = connections::sql::find_by_name(&app.db, tenant, name).await?;
    Ok(Some(connection.map(|found| found.id).unwrap_or_default()))
}

/// A part of the list, and how many users all of it holds if that is asked for.
async fn part_of(
    app: &App,
    tenant: &TenantId,
    wanted: Option<&Wanted>,
    (part, is_counted): (Part<'_>, bool),
) -> Result<(Vec<User>, Option<i64>), DbError> {
    if let Some(wanted) = wanted {
        return listed::listed(&app.db, tenant, wanted, (part, is_counted)).await;
    }
    let users = listed::sql::in_order(&app.db, tenant, part).await?;
    let total = if is_counted { Some(sql::total(&app.db, tenant).await?) } else { None };
    Ok((users, total))
}

fn views(users: &[User], fields: &Fields) -> Vec<Value> {
    users.iter().map(|user| Value::Object(fields.trim(user.view()))).collect()
}

/// `GET /users-by-email`
pub(super) async fn by_email(
    State(app): State<Arc<App>>,
    caller: Caller,
    query: Query,
) -> Result<Json<Value>, ApiError> {
    let fields = query.fields(&SHAPE)?;
    let email = query.text("email").ok_or_else(|| refused("Missing required property: email", "email"))?;
    let email = identifiers::email(email)
        .ok_or_else(|| refused("Object didn't pass validation for format email", "email"))?;
    let users = sql::find_by_email(&app.db, caller.tenant.id(), &email).await?;
    Ok(Json(views(&users, &fields).into()))
}

/// `GET /users/{id}/logs`
pub(super) async fn logs(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    query: Query,
) -> Result<Response, ApiError> {
    // As of a user who does not exist: nobody has an empty id.
    let id = if is_hidden_user(&id) { String::new() } else { id };
    logs::api::of_user(&app, caller.tenant.id(), &id, &query).await
}
