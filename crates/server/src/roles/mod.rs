//! Roles: what they permit at APIs, who has them, and what a user may do because of them.
//!
//! A permission is a scope of an API. Must never grant one that its API no longer has.

pub mod api;
mod groups;
mod members;
pub mod page;
mod permissions;
mod shape;
pub mod sql;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

pub use shape::SHAPE;

use crate::db::{Db, DbError};
use crate::management::ApiError;
use crate::resource_servers;
use crate::tenants::TenantId;

/// A role.
#[derive(Debug, Clone)]
pub struct Role {
    /// Its id.
    pub id: String,
    /// Its name, unique in the tenant.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Since when it exists.
    pub created_at: Timestamp,
}

/// A scope of an API.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permission {
    /// The identifier of the API.
    pub audience: String,
    /// The scope.
    pub name: String,
}

impl Role {
    fn view(&self) -> Map<String, Value> {
        let mut view = Map::new();
        view.insert("id".to_owned(), json!(self.id));
        view.insert("name".to_owned(), json!(self.name));
        if let Some(description) = &self.description {
            view.insert("description".to_owned(), json!(description));
        }
        view
    }
}

/// What a user may do at an API, by roles and directly, in order and each once: the `permissions` of its tokens.
pub async fn permissions_of(
    db: &Db,
    tenant: &TenantId,
    user_id: &str,
    audience: &str,
) -> Result<Vec<String>, DbError> {
    if user_id.contains('\0') || audience.contains('\0') {
        return Ok(Vec::new());
    }
    let mut names = sql::permissions_at(db, tenant, user_id, audience).await?;
    if names.is_empty() {
        return Ok(names);
    }
    let api = resource_servers::sql::find_by_identifier(db, tenant, audience).await?;
    let Some(api) = api else { return Ok(Vec::new()) };
    names.retain(|name| permissions::scope(&api.document, name).is_some());
    names.sort_unstable();
    Ok(names)
}

fn no_role() -> ApiError {
    ApiError::NotFound { code: Some("inexistent_role"), message: "The role does not exist." }
}
