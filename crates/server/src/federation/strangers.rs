//! Who has signed an answer that nobody vouches for: the certificates that came with it beside those that the connection
//! knows, so that whoever sets it up sees which one to add.
//!
//! Pure. For the reason in the log alone: must never let a certificate of a message count for anything.

use std::fmt::Display;

use chancery_xmldsig::beside::{Untrusted, shown};
use serde_json::{Map, Value};

use crate::connections::identity_provider;

/// Somebody has put a certificate beside a signature of another key.
const BORROWED: &str = "What was sent is configured, but another key has signed";

/// Why an answer is refused; where nobody who is known has signed it, with the certificates of both sides.
pub(super) fn reason(
    error: &impl Display,
    nobody: Option<&Untrusted>,
    options: &Map<String, Value>,
) -> String {
    let Some(Untrusted { sent, .. }) = nobody else { return error.to_string() };
    let known = identity_provider::certificates(options).unwrap_or_default();
    if known.is_empty() {
        // Only a certificate that a thumbprint pins gets as far as this.
        return format!("{error}. {BORROWED}");
    }
    let configured = format!("{error}. Configured: {}", shown(&known));
    if sent.iter().any(|one| known.contains(one)) { format!("{configured}. {BORROWED}") } else { configured }
}
