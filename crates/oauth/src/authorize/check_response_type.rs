//! `response_type` (OAuth 2.0 Multiple Response Types): any set of `code`, `token` and `id_token`, where the
//! grants of the client allow it.

use super::{Error, Raw};
use crate::client::Client;

/// What the client wants to be answered with; at least one is true.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ResponseType {
    /// An authorization code.
    pub code: bool,
    /// An access token.
    pub token: bool,
    /// An ID token.
    pub id_token: bool,
}

impl ResponseType {
    /// Whether a token goes through the browser.
    pub fn is_front_channel(self) -> bool {
        self.token || self.id_token
    }

    /// Reads the set; the order does not matter, and nothing is named twice.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut wanted = Self::default();
        for name in text.split(' ') {
            let one = match name {
                "code" => &mut wanted.code,
                "token" => &mut wanted.token,
                "id_token" => &mut wanted.id_token,
                _ => return None,
            };
            if std::mem::replace(one, true) {
                return None;
            }
        }
        Some(wanted)
    }
}

pub(super) fn check(raw: &Raw, client: &Client) -> Result<ResponseType, Error> {
    let text = raw
        .text("response_type")
        .ok_or_else(|| Error::invalid("Missing required parameter: response_type"))?;
    let wanted = ResponseType::parse(text)
        .ok_or_else(|| Error::UnsupportedResponseType(text.chars().take(100).collect()))?;
    for (needed, grant) in [(wanted.code, "authorization_code"), (wanted.is_front_channel(), "implicit")] {
        if needed && !client.may_use(grant) {
            return Err(Error::UnauthorizedClient(format!(
                "Grant type '{grant}' not allowed for the client."
            )));
        }
    }
    Ok(wanted)
}
