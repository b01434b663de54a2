//! The place in the list of applications from which the next page goes on, as text for the wire.
//!
//! Names nothing but a moment and a `client_id`, so it needs no seal; one that we did not write is refused.

use chancery_jose::base64url;

use super::Application;
use crate::management::ApiError;
use crate::management::query::refused;

/// A place: after the application with this age and this `client_id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Checkpoint {
    /// Its age, in milliseconds since 1970.
    pub created_at: i64,
    /// Its `client_id`.
    pub client_id: String,
}

impl Checkpoint {
    /// Before every application.
    pub(super) fn start() -> Self {
        Self { created_at: i64::MIN, client_id: String::new() }
    }

    /// After this application.
    pub(super) fn after(application: &Application) -> Self {
        Self { created_at: application.created_at.as_millisecond(), client_id: application.client_id.clone() }
    }

    /// The text for the wire.
    pub(super) fn to_text(&self) -> String {
        let mut bytes = self.created_at.to_be_bytes().to_vec();
        bytes.extend_from_slice(self.client_id.as_bytes());
        base64url::encode(&bytes)
    }

    /// Reads what [`Checkpoint::to_text`] wrote.
    pub(super) fn parse(text: &str) -> Result<Self, ApiError> {
        let read = || {
            let bytes = base64url::decode(text).ok()?;
            let (created_at, client_id) = bytes.split_first_chunk::<8>()?;
            let known = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
            let plausible = (1..=120).contains(&client_id.len()) && client_id.iter().all(known);
            let client_id = String::from_utf8(client_id.to_vec()).ok().filter(|_| plausible)?;
            Some(Self { created_at: i64::from_be_bytes(*created_at), client_id })
        };
        read().ok_or_else(|| {
            refused("Not a checkpoint of this list: take it from next of the page before", "from")
        })
    }
}
