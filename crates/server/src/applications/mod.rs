//! Applications (OAuth clients): what is stored of them, and the Management API that changes it.
//!
//! Must never hand out a secret but to a caller who may read keys, nor keep one in the clear: secrets live in
//! sealed columns, everything else in one document.

mod addons;
pub mod api;
pub mod credentials;
mod defaults;
mod lifecycle;
pub mod oauth_client;
pub mod page;
mod patch;
mod rules;
pub mod saml_party;
mod search;
mod secrets;
pub mod shape;
pub mod sql;
mod view;
pub mod wsfed_party;

#[cfg(test)]
mod tests;

use std::fmt;

use jiff::Timestamp;
use serde_json::{Map, Value};

pub use lifecycle::{Created, create, create_as, create_global};
pub use secrets::{Addons, count_addons, secret};

/// An application as it is stored.
#[derive(Debug, Clone)]
pub struct Application {
    /// Its `client_id`.
    pub client_id: String,
    /// Whether it stands for all applications of the tenant.
    pub is_global: bool,
    /// Every member of the wire that is stored and no secret.
    pub document: Map<String, Value>,
    /// Its client secret.
    pub secret: Option<Sealed>,
    /// Its add-ons.
    pub addons: Option<Sealed>,
    /// Since when it exists.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// Sealed bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(pub Vec<u8>);

impl Application {
    /// Its name.
    pub fn name(&self) -> &str {
        self.text("name").unwrap_or_default()
    }

    /// What kind of application it is.
    pub fn app_type(&self) -> Option<&str> {
        self.text("app_type")
    }

    /// Whether it belongs to the owner of the tenant.
    pub fn is_first_party(&self) -> bool {
        self.document.get("is_first_party") != Some(&Value::Bool(false))
    }

    /// The identifier of the API that it acts for, if it is one.
    pub fn resource_server(&self) -> Option<&str> {
        self.text("resource_server_identifier")
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.document.get(name).and_then(Value::as_str)
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}
