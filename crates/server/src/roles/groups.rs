//! The Management API of the groups that have a role.
//!
//! Groups come from directories that are kept in step with a tenant (SCIM, directory provisioning), and Chancery keeps
//! none: so a tenant has no groups, and is asked about them like one at Auth0 that has none. Must never take a group
//! that does not exist.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::{Method, StatusCode};

use super::shape::{GROUP, GROUPS};
use super::{no_role, sql};
use crate::app::App;
use crate::management::checkpoint::Checkpoint;
use crate::management::operation::{Operation, Required, operation};
use crate::management::query::{self, Paging, listing};
use crate::management::shape::When;
use crate::management::{ApiError, Body, Caller, Path, Query};

const PATH: &str = "/roles/{id}/groups";

/// The lines of this file.
pub(super) fn operations() -> Vec<Operation> {
    vec![
        operation(
            "get_role_groups",
            (Method::GET, PATH),
            Required::Any(&["read:group_roles"]),
            "List the groups that have a role",
            list,
        )
        .asks([query::by_checkpoint()])
        .lists(LIST, &GROUP),
        operation(
            "post_role_groups",
            (Method::POST, PATH),
            Required::Any(&["create:group_roles"]),
            "Give a role to groups",
            change,
        )
        .takes(&GROUPS, When::Create)
        .succeeds_with(204),
        operation(
            "delete_role_groups",
            (Method::DELETE, PATH),
            Required::Any(&["delete:group_roles"]),
            "Take a role from groups",
            change,
        )
        .takes(&GROUPS, When::Create),
    ]
}

/// The name of the list on the wire.
const LIST: &str = "groups";

async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    query: Query,
) -> Result<Response, ApiError> {
    let (from, take) = query.checkpoint()?;
    if let Some(from) = &from {
        Checkpoint::parse(LIST, from)?;
    }
    sql::find(&app.db, caller.tenant.id(), &id).await?.ok_or_else(no_role)?;
    Ok(listing(LIST, Vec::new(), &Paging::Checkpoint { from, take }, (0, None)))
}

/// Names groups, none of which exists.
async fn change(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body,
) -> Result<StatusCode, ApiError> {
    body.checked(&GROUPS, When::Create)?;
    sql::find(&app.db, caller.tenant.id(), &id).await?.ok_or_else(no_role)?;
    Err(ApiError::NotFound { code: Some("inexistent_group"), message: "The group does not exist." })
}
