//! The Management API of consents: list, delete one, delete those of a user.

use std::sync::{Arc, LazyLock};

use axum::extract::State;
use axum::response::Response;
use http::{Method, StatusCode};

use super::UserGrant;
use super::sql::{self, Filter};
use crate::app::App;
use crate::management::operation::{Operation, Required, operation};
use crate::management::query::{self, Paging, listing, refused};
use crate::management::shape::{Object, field, list as list_of, object, text};
use crate::management::{ApiError, Caller, Path, Query};
use crate::refresh_tokens;
use crate::refresh_tokens::sql::{Audience, Matching};
use crate::write::Write;

/// The lines of this slice.
pub fn operations() -> Vec<Operation> {
    let filters = vec![field("user_id", text()), field("client_id", text()), field("audience", text())];
    vec![
        operation(
            "get_grants",
            (Method::GET, "/grants"),
            Required::Any(&["read:grants"]),
            "List what users allowed applications",
            list,
        )
        .asks([query::by_number(), filters])
        .lists(LIST, &SHAPE),
        operation(
            "delete_grants_by_user_id",
            (Method::DELETE, "/grants"),
            Required::Any(&["delete:grants"]),
            "Delete all that a user allowed applications",
            delete_of_user,
        )
        .asks([vec![field("user_id", text()).required()]]),
        operation(
            "delete_grants_by_id",
            (Method::DELETE, "/grants/{id}"),
            Required::Any(&["delete:grants"]),
            "Delete what a user allowed an application",
            delete,
        ),
    ]
}

/// The name of the list on the wire.
const LIST: &str = "grants";

/// A consent.
static SHAPE: LazyLock<Object> = LazyLock::new(|| {
    object([
        field("id", text()).read_only(),
        field("clientID", text()).read_only(),
        field("user_id", text()).read_only(),
        field("audience", text()).read_only(),
        field("scope", list_of(text().at_least(1))).read_only(),
    ])
});

async fn list(State(app): State<Arc<App>>, caller: Caller, query: Query) -> Result<Response, ApiError> {
    let paging = query.offset()?;
    let tenant = caller.tenant.id();
    let filter = Filter {
        user_id: query.text("user_id"),
        client_id: query.text("client_id"),
        audience: query.text("audience"),
    };
    let (part, counted) = match &paging {
        Paging::Offset { page, per_page, totals } => ((*per_page, page * per_page), *totals),
        Paging::Checkpoint { take, .. } => ((*take, 0), false),
    };
    let grants = sql::page(&app.db, tenant, &filter, part).await?;
    let total = if counted { sql::count(&app.db, tenant, &filter).await? } else { 0 };
    Ok(listing(LIST, grants.iter().map(UserGrant::view).collect(), &paging, (total, None)))
}

async fn delete(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let mut write = Write::begin(&app, caller.tenant.id()).await?;
    let deleted = sql::delete(write.tx(), caller.tenant.id(), &id).await?;
    finish(write, &caller, &deleted).await
}

async fn delete_of_user(
    State(app): State<Arc<App>>,
    caller: Caller,
    query: Query,
) -> Result<StatusCode, ApiError> {
    let user_id =
        query.text("user_id").ok_or_else(|| refused("Missing required property: user_id", "user_id"))?;
    let mut write = Write::begin(&app, caller.tenant.id()).await?;
    let deleted = sql::delete_of_user(write.tx(), caller.tenant.id(), user_id).await?;
    finish(write, &caller, &deleted).await
}

/// What was allowed no longer is, so the refresh tokens that rest on it end as well.
async fn finish(mut write: Write, caller: &Caller, deleted: &[UserGrant]) -> Result<StatusCode, ApiError> {
    for UserGrant { user_id, client_id, audience, .. } in deleted {
        let for_user_info = *audience == caller.tenant.userinfo;
        let audience = if for_user_info { Audience::UserInfo } else { Audience::Api(audience) };
        let matching = Matching { user_id: Some(user_id), client_id: Some(client_id), audience };
        refresh_tokens::sql::delete_matching(write.tx(), caller.tenant.id(), matching).await?;
    }
    if deleted.is_empty() {
        write.nothing_to_do().await?;
    } else {
        write.commit(caller.entry(204)).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
