//! Settings of a tenant that are read and written whole: branding, prompts, mail, attack protection.
//!
//! A document is named by its kind and a name within the kind. Must never know what a document means: its slice
//! does. Secrets are sealed by the slice and never held in memory.

pub mod sql;

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::{Map, Value};

/// A kind of document; each has one owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Kind(pub &'static str);

/// A document as it is stored.
#[derive(Debug, Clone)]
pub struct Stored {
    /// Its kind, as text.
    pub kind: String,
    /// Its name within the kind; empty where there is only one.
    pub name: String,
    /// What was set.
    pub document: Map<String, Value>,
    /// When it was first written.
    pub created_at: Timestamp,
    /// When it was last written.
    pub updated_at: Timestamp,
}

/// The documents of a tenant in memory, dropped together with the tenant when one of them changes.
#[derive(Debug, Default)]
pub struct TenantDocuments(HashMap<(String, String), Map<String, Value>>);

impl TenantDocuments {
    /// Puts together what was loaded.
    pub fn of(stored: Vec<Stored>) -> Self {
        Self(stored.into_iter().map(|one| ((one.kind, one.name), one.document)).collect())
    }

    /// What was set, if anything was.
    pub fn find(&self, kind: Kind, name: &str) -> Option<&Map<String, Value>> {
        self.0.get(&(kind.0.to_owned(), name.to_owned()))
    }

    /// Every document of a kind, with its name.
    pub fn all(&self, kind: Kind) -> impl Iterator<Item = (&str, &Map<String, Value>)> {
        let own = self.0.iter().filter(move |((own, _), _)| own == kind.0);
        own.map(|((_, name), document)| (name.as_str(), document))
    }
}
