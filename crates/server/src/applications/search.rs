//! What applications can be searched by: their grants.

use crate::client_grants::sql::OF_CLIENT;
use crate::db::Statement;
use crate::management::ApiError;
use crate::management::query::{Paging, Query, refused};
use crate::management::search::{Case, Column, Fields, QUERY};

static SEARCHED: Fields = Fields {
    known: &[(
        "client_grant",
        Column::Related {
            rows: OF_CLIENT,
            columns: &[
                (
                    "allow_any_organization",
                    Column::json("client_grants.document", &["allow_any_organization"], Case::Exact),
                ),
                // There are no organizations that a grant could belong to.
                ("organization_id", Column::Nothing),
            ],
        },
    )],
    bare: &[],
};

/// What `q` asks for; none if it is not there.
pub(super) fn condition(query: &Query, paging: &Paging) -> Result<Option<Statement>, ApiError> {
    let Some(condition) = SEARCHED.condition(query, "q", QUERY)? else { return Ok(None) };
    let filters = ["is_global", "is_first_party", "app_type", "external_client_id"];
    if let Some(filter) = filters.into_iter().find(|filter| query.text(filter).is_some()) {
        return Err(refused(&format!("q and {filter} exclude each other"), "q"));
    }
    if matches!(paging, Paging::Offset { .. }) {
        return Err(refused("A search is paged by from and take", "q"));
    }
    Ok(Some(condition))
}
