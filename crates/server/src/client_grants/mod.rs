//! Client grants: which applications may ask for which scopes of which APIs.
//!
//! A grant may name scopes that its API does not have yet, or no longer: tools write both in any order. Such a
//! scope must never stand in a token; it is left out when tokens are issued.

pub mod api;
mod shape;
pub mod sql;

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::sync::Arc;

use chancery_oauth::api::Granted;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

pub use shape::SHAPE;

use crate::administrators::is_hidden_client;
use crate::app::App;
use crate::applications;
use crate::changes::Topic;
use crate::db::DbError;
use crate::management::ApiError;
use crate::resource_servers;
use crate::tenants::TenantId;
use crate::write::Write;

/// The kind of applications of others, in `default_for`.
const THIRD_PARTY: &str = "third_party_clients";

/// A client grant.
#[derive(Debug, Clone)]
pub struct ClientGrant {
    /// Its id.
    pub id: String,
    /// The application; none for a default.
    pub client_id: Option<String>,
    /// The identifier of the API.
    pub audience: String,
    /// Whether it is for the application itself (`client`) or on behalf of users (`user`).
    pub subject_type: String,
    /// The kind of applications that it is a default for.
    pub default_for: Option<String>,
    /// Whether it is ours and not to be changed.
    pub is_system: bool,
    /// Everything else that was set, under its names on the wire.
    pub document: Map<String, Value>,
    /// Since when it exists.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl ClientGrant {
    /// Whether it grants every scope of the API.
    pub fn allows_all_scopes(&self) -> bool {
        self.document.get("allow_all_scopes") == Some(&Value::Bool(true))
    }

    /// The scopes that it names.
    pub fn scopes(&self) -> impl Iterator<Item = &str> {
        named_scopes(&self.document)
    }

    /// What the token endpoint makes of it for an application that asks for itself.
    fn granted(&self) -> Option<Granted> {
        // Such a token would have to name an organization, and there are none yet.
        if self.document.get("organization_usage") == Some(&json!("require")) {
            return None;
        }
        Some(if self.allows_all_scopes() {
            Granted::All
        } else {
            Granted::Only(self.scopes().map(str::to_owned).collect())
        })
    }

    /// Says what memory has to forget of it: what one application may ask for, or, for a default, all may.
    fn notice(&self, write: &mut Write) {
        match &self.client_id {
            Some(client_id) => write.notice(Topic::Grant, format!("{client_id} {}", self.audience)),
            None => write.notice(Topic::Apis, ""),
        }
    }

    /// The grant as the wire shows it.
    fn view(&self) -> Map<String, Value> {
        let mut view = Map::new();
        for name in SHAPE.names() {
            let value = match name {
                "id" => Some(json!(self.id)),
                "client_id" => self.client_id.as_ref().map(|id| json!(id)),
                "audience" => Some(json!(self.audience)),
                "subject_type" => Some(json!(self.subject_type)),
                "default_for" => self.default_for.as_ref().map(|kind| json!(kind)),
                "is_system" => Some(json!(self.is_system)),
                // A list of scopes next to "all of them" would only mislead.
                "scope" if self.allows_all_scopes() => None,
                "scope" => Some(self.document.get(name).cloned().unwrap_or_else(|| json!([]))),
                name => self.document.get(name).cloned(),
            };
            if let Some(value) = value {
                view.insert(name.to_owned(), value);
            }
        }
        view
    }
}

/// What an application may ask for on its own behalf at an API.
pub async fn granted(
    app: &Arc<App>,
    tenant: &TenantId,
    client_id: &str,
    audience: &str,
) -> Result<Option<Granted>, DbError> {
    // PostgreSQL has no text with NUL in it, so nothing has such a name.
    if client_id.contains('\0') || audience.contains('\0') {
        return Ok(None);
    }
    let grant = match sql::find_for_client(&app.db, tenant, client_id, audience).await? {
        None if third_party(app, tenant, client_id).await? => {
            sql::find_default(&app.db, tenant, (THIRD_PARTY, audience)).await?
        }
        own => own,
    };
    Ok(grant.and_then(|grant| grant.granted()))
}

/// What an application may ask for at an API on behalf of users, if there is a grant for that.
pub async fn granted_for_users(
    app: &App,
    tenant: &TenantId,
    (client_id, audience): (&str, &str),
) -> Result<Option<Granted>, DbError> {
    let grant = sql::find_for_users(&app.db, tenant, (client_id, audience)).await?;
    Ok(grant.and_then(|grant| grant.granted()))
}

async fn third_party(app: &App, tenant: &TenantId, client_id: &str) -> Result<bool, DbError> {
    let application = applications::sql::find(&app.db, tenant, client_id).await?;
    Ok(application.is_some_and(|application| !application.is_first_party()))
}

/// Adds a grant to a change. `body` has been checked against [`SHAPE`].
pub async fn create(
    app: &Arc<App>,
    write: &mut Write,
    tenant: &TenantId,
    mut body: Map<String, Value>,
    is_system: bool,
) -> Result<ClientGrant, ApiError> {
    let mut take = |name: &str| match body.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    let (client_id, default_for) = (take("client_id"), take("default_for"));
    let audience = take("audience").unwrap_or_default();
    let subject_type = take("subject_type").unwrap_or_else(|| "client".to_owned());
    if client_id.is_some() == default_for.is_some() {
        return Err(ApiError::Body("Give exactly one of client_id and default_for.".to_owned()));
    }
    resource_servers::sql::find_within(write.tx(), tenant, &audience).await?.ok_or_else(no_api)?;
    if client_id.as_deref().is_some_and(is_hidden_client) {
        return Err(no_client());
    }
    let document = merged(&Map::new(), body)?;
    let now = app.clock.now();
    let grant = ClientGrant {
        id: format!("cgr_{}", app.entropy.alphanumeric(16)),
        client_id,
        audience,
        subject_type,
        default_for,
        is_system,
        document,
        created_at: now,
        updated_at: now,
    };
    match sql::insert(write.tx(), tenant, &grant).await {
        Ok(()) => {}
        Err(error) if error.is_unique() => return Err(taken()),
        // The API was found above, so the other reference is the one that leads nowhere.
        Err(DbError::Constraint(_)) if grant.client_id.is_some() => return Err(no_client()),
        Err(error) => return Err(error.into()),
    }
    grant.notice(write);
    Ok(grant)
}

/// The settings of a grant after a checked body was merged into them: null clears, a value replaces.
fn merged(before: &Map<String, Value>, mut body: Map<String, Value>) -> Result<Map<String, Value>, ApiError> {
    let mut seen = HashSet::new();
    let asked: Vec<String> =
        named_scopes(&body).filter(|scope| seen.insert(*scope)).map(str::to_owned).collect();
    if !asked.is_empty() {
        body.insert("scope".to_owned(), json!(asked));
    }
    let mut after = before.clone();
    for (name, value) in body {
        if value.is_null() {
            after.remove(&name);
        } else {
            after.insert(name, value);
        }
    }
    if after.get("allow_all_scopes") == Some(&Value::Bool(true)) {
        if !asked.is_empty() {
            return Err(ApiError::Body(
                "This grant allows all scopes. To grant single ones, set allow_all_scopes to false with them."
                    .to_owned(),
            ));
        }
        after.remove("scope");
    }
    Ok(after)
}

fn named_scopes(document: &Map<String, Value>) -> impl Iterator<Item = &str> {
    document.get("scope").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn taken() -> ApiError {
    ApiError::Conflict {
        code: None,
        message: "There is already a grant for this application, API and subject type. Update that one."
            .to_owned(),
    }
}

fn no_api() -> ApiError {
    ApiError::NotFound {
        code: Some("inexistent_resource_server"),
        message: "The resource server does not exist",
    }
}

fn no_client() -> ApiError {
    ApiError::NotFound { code: Some("inexistent_client"), message: "The client does not exist" }
}
