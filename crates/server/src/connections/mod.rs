//! Connections: where users come from, and which applications may ask there.
//!
//! Databases of ours (strategy `auth0`), and other providers that people sign in at. Must never keep a secret option
//! in the clear.

pub mod api;
mod certificates;
mod clients;
pub mod identity_provider;
mod lifecycle;
mod options;
pub mod page;
mod rules;
mod secrets;
mod shape;
pub mod sql;
mod strategy;
mod upstream;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

pub use lifecycle::{create, create_as, enable_for_new_application};
pub use options::{Attribute, Options, Signup};
pub use secrets::whole_options;
pub use shape::SHAPE;
pub use strategy::{Family, Strategy};

use crate::app::App;
use crate::applications::Sealed;
use crate::db::DbError;
use crate::tenants::TenantId;

/// The connection that every tenant starts with.
pub const DEFAULT: &str = "Username-Password-Authentication";
/// The strategy of databases of ours.
pub const DATABASE: &str = "auth0";

/// A connection.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Its id.
    pub id: String,
    /// Its name: what applications call it. It never changes.
    pub name: String,
    /// How users prove who they are.
    pub strategy: String,
    /// The options that are secret.
    pub secrets: Option<Sealed>,
    /// Everything else that was set, under its names on the wire.
    pub document: Map<String, Value>,
    /// Since when it exists.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Connection {
    /// The options of a database, the defaults filled in; without the secret ones.
    pub fn options(&self) -> Options {
        Options::of(self.document.get("options").and_then(Value::as_object))
    }

    /// The options as the wire shows them, without the secret ones; only those of databases have defaults.
    fn shown_options(&self) -> Map<String, Value> {
        if self.is_database() {
            return self.options().into_members();
        }
        self.document.get("options").and_then(Value::as_object).cloned().unwrap_or_default()
    }

    /// Whether users sign in with it at all (`authentication.active`).
    pub fn is_active(&self) -> bool {
        self.document.get("authentication").and_then(|own| own.get("active")) != Some(&Value::Bool(false))
    }

    /// The names by which a password grant may ask for it.
    pub fn realms(&self) -> Vec<&str> {
        match self.document.get("realms").and_then(Value::as_array) {
            Some(realms) => realms.iter().filter_map(Value::as_str).collect(),
            None => vec![&self.name],
        }
    }

    /// The connection as the wire shows it; `secret` are its opened secret options.
    fn view(&self, secret: Option<&Map<String, Value>>, clients: Option<&[String]>) -> Map<String, Value> {
        let mut view = Map::new();
        for name in SHAPE.names() {
            let value = match name {
                "id" => Some(json!(self.id)),
                "name" => Some(json!(self.name)),
                "strategy" => Some(json!(self.strategy)),
                "options" => {
                    let mut options = self.shown_options();
                    options.extend(secret.cloned().unwrap_or_default());
                    Some(Value::Object(options))
                }
                "realms" => Some(json!(self.realms())),
                "enabled_clients" => clients.map(|clients| json!(clients)),
                "is_domain_connection" => {
                    Some(self.document.get(name).cloned().unwrap_or(Value::Bool(false)))
                }
                "authentication" => Some(json!({ "active": self.is_active() })),
                "connected_accounts" => {
                    Some(self.document.get(name).cloned().unwrap_or_else(|| json!({ "active": false })))
                }
                name => self.document.get(name).cloned(),
            };
            if let Some(value) = value {
                view.insert(name.to_owned(), value);
            }
        }
        view
    }
}

/// What a tenant calls itself towards the provider of a connection of this name: what the options say (`entityId`), or
/// the usual.
pub fn entity_id(tenant: &str, name: &str, own: Option<&str>) -> String {
    own.map_or_else(|| format!("urn:auth0:{tenant}:{name}"), str::to_owned)
}

/// A text among options; an empty one counts as absent.
pub fn text<'a>(options: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    options.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
}

/// The connections that an application may use, oldest first.
pub async fn usable_by(app: &App, tenant: &TenantId, client_id: &str) -> Result<Arc<[Connection]>, DbError> {
    if client_id.contains('\0') {
        return Ok(Arc::default());
    }
    app.memory.connections(app, tenant, client_id).await
}

/// The database of this name, if the application may use it.
pub async fn usable_database(
    app: &App,
    tenant: &TenantId,
    client_id: &str,
    name: &str,
) -> Result<Option<Connection>, DbError> {
    Ok(usable(app, tenant, client_id, name).await?.filter(Connection::is_database))
}

/// Whether somebody with identities in these connections may sign in to an application: by the connection of this
/// name, where one is asked for.
pub async fn admits<'a>(
    app: &App,
    tenant: &TenantId,
    (client_id, wanted): (&str, Option<&str>),
    mut identities: impl Iterator<Item = &'a str>,
) -> Result<bool, DbError> {
    let usable = usable_by(app, tenant, client_id).await?;
    let counts = |connection: &Connection| wanted.is_none_or(|wanted| connection.name == wanted);
    Ok(identities.any(|id| usable.iter().any(|connection| connection.id == id && counts(connection))))
}

/// Why nobody can sign in by the connection that an application has asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable {
    /// How it was called.
    name: String,
    /// Whether there is one of that name, for others.
    exists: bool,
}

impl Unusable {
    /// What is wrong with it, in Auth0's words.
    pub fn what(&self) -> &'static str {
        if self.exists { "disabled" } else { "not found" }
    }
}

/// For the page and the log.
impl std::fmt::Display for Unusable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name: String = self.name.chars().filter(|one| !one.is_control()).take(300).collect();
        write!(f, "the connection \"{name}\" was {}", self.what())
    }
}

/// Whether the connection of this name is one that nobody can sign in by at an application; none if people can.
pub async fn unusable(
    app: &App,
    tenant: &TenantId,
    (client_id, name): (&str, &str),
) -> Result<Option<Unusable>, DbError> {
    if usable(app, tenant, client_id, name).await?.is_some() {
        return Ok(None);
    }
    let exists = sql::find_by_name(&app.db, tenant, name).await?.is_some();
    Ok(Some(Unusable { name: name.to_owned(), exists }))
}

/// The connection of this name, if the application may use it.
pub async fn usable(
    app: &App,
    tenant: &TenantId,
    client_id: &str,
    name: &str,
) -> Result<Option<Connection>, DbError> {
    let found = usable_by(app, tenant, client_id).await?;
    Ok(found.iter().find(|connection| connection.name == name).cloned())
}
