//! The authorization request to another provider.
//!
//! Must never let what an administrator or an application adds replace what protects the exchange.

use form_urlencoded::Serializer;

/// What stands in every request, and may not be replaced.
const OURS: &[&str] = &[
    "client_id",
    "response_type",
    "redirect_uri",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "response_mode",
    "request",
    "request_uri",
];

/// An authorization request for a code.
#[derive(Debug, Clone, Default)]
pub struct Asking<'a> {
    /// Where the browser is sent.
    pub endpoint: &'a str,
    /// What the provider calls us.
    pub client_id: &'a str,
    /// Where the answer has to come.
    pub redirect_uri: &'a str,
    /// What is asked for.
    pub scope: &'a str,
    /// The text that has to come back.
    pub state: &'a str,
    /// The text that the ID token has to hold.
    pub nonce: Option<&'a str>,
    /// The S256 challenge that the exchange answers (RFC 7636).
    pub challenge: Option<&'a str>,
    /// How the answer travels, where that is not the usual way.
    pub response_mode: Option<&'a str>,
    /// Further parameters.
    pub more: Vec<(String, String)>,
}

impl Asking<'_> {
    /// The address that the browser is sent to.
    pub fn url(&self) -> String {
        let mut query = Serializer::new(String::new());
        query.append_pair("response_type", "code");
        for (name, value) in [
            ("client_id", Some(self.client_id)),
            ("redirect_uri", Some(self.redirect_uri)),
            ("scope", Some(self.scope).filter(|scope| !scope.is_empty())),
            ("state", Some(self.state)),
            ("nonce", self.nonce),
            ("code_challenge", self.challenge),
            ("code_challenge_method", self.challenge.map(|_| "S256")),
            ("response_mode", self.response_mode),
        ] {
            if let Some(value) = value {
                query.append_pair(name, value);
            }
        }
        let mut seen: Vec<&str> = Vec::new();
        for (name, value) in &self.more {
            let taken = OURS.contains(&name.as_str()) || (name == "scope" && !self.scope.is_empty());
            if !taken && !seen.contains(&name.as_str()) {
                query.append_pair(name, value);
                seen.push(name);
            }
        }
        // The endpoint may have a query of its own (RFC 6749 section 3.1), but no fragment.
        let endpoint = self.endpoint.split('#').next().unwrap_or_default();
        let joint = if endpoint.contains('?') { '&' } else { '?' };
        format!("{endpoint}{joint}{}", query.finish())
    }
}
