//! Remembers which statements were run, for the conformance test that wants to see every one of them.
//!
//! Off in production; must never remember parameters.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// The statements seen so far, or nothing at all.
#[derive(Clone)]
pub(super) struct Trace(Option<Arc<Mutex<BTreeSet<&'static str>>>>);

impl Trace {
    pub(super) fn off() -> Self {
        Self(None)
    }

    pub(super) fn on() -> Self {
        Self(Some(Arc::default()))
    }

    pub(super) fn note(&self, sql: &'static str) {
        if let Some(seen) = &self.0 {
            seen.lock().unwrap_or_else(PoisonError::into_inner).insert(sql);
        }
    }

    pub(super) fn statements(&self) -> Vec<&'static str> {
        self.0.as_ref().map_or_else(Vec::new, |seen| {
            seen.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect()
        })
    }
}
