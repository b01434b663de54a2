//! The token request to another provider, and its answer.
//!
//! Must never print a secret or a token.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chancery_jose::json;
use form_urlencoded::{Serializer, byte_serialize};
use serde_json::Value;

/// How we prove to the provider who we are (OpenID Connect Core section 9).
#[derive(Clone)]
pub enum Authentication {
    /// Not at all: the verifier alone proves that the exchange is ours.
    None,
    /// The secret, in the form.
    Post(String),
    /// The secret, in the header.
    Basic(String),
    /// A signed assertion (RFC 7523).
    Assertion(String),
}

impl std::fmt::Debug for Authentication {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Post(_) => "Post",
            Self::Basic(_) => "Basic",
            Self::Assertion(_) => "Assertion",
        })
    }
}

/// An exchange of a code.
#[derive(Clone)]
pub struct Exchange<'a> {
    /// What the provider calls us.
    pub client_id: &'a str,
    /// How we prove it.
    pub authentication: &'a Authentication,
    /// The code.
    pub code: &'a str,
    /// Where it came.
    pub redirect_uri: &'a str,
    /// What answers the challenge.
    pub verifier: Option<&'a str>,
}

impl Exchange<'_> {
    /// The form of the request.
    pub fn form(&self) -> String {
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code");
        form.append_pair("code", self.code);
        form.append_pair("redirect_uri", self.redirect_uri);
        if let Some(verifier) = self.verifier {
            form.append_pair("code_verifier", verifier);
        }
        match self.authentication {
            Authentication::None => drop(form.append_pair("client_id", self.client_id)),
            Authentication::Post(secret) => {
                form.append_pair("client_id", self.client_id).append_pair("client_secret", secret);
            }
            Authentication::Basic(_) => {}
            Authentication::Assertion(assertion) => {
                form.append_pair("client_id", self.client_id)
                    .append_pair(
                        "client_assertion_type",
                        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                    )
                    .append_pair("client_assertion", assertion);
            }
        }
        form.finish()
    }

    /// The header of the request, if there is one. Both parts are encoded as in a form (RFC 6749 section 2.3.1).
    pub fn authorization(&self) -> Option<String> {
        let Authentication::Basic(secret) = self.authentication else { return None };
        let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        Some(format!("Basic {}", STANDARD.encode(format!("{}:{}", encoded(self.client_id), encoded(secret)))))
    }
}

/// What a provider gave for a code.
#[derive(Clone, PartialEq, Eq)]
pub struct Tokens {
    /// What opens its other addresses.
    pub access_token: Option<String>,
    /// Who the user is.
    pub id_token: Option<String>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens")
    }
}

/// Why there are no tokens.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExchangeError {
    /// The provider said no.
    #[error("{0}")]
    Refused(String),
    /// The answer cannot be read.
    #[error("the token endpoint answered {0} with something that is no token response")]
    Unreadable(u16),
    /// The access token is not of the kind that is carried (RFC 6749 section 7.1).
    #[error("the provider issued a token of another type than Bearer")]
    Type,
}

impl Tokens {
    /// Reads the answer of a token endpoint. GitHub answers errors with 200, so the body counts.
    pub fn read(status: u16, body: &[u8]) -> Result<Self, ExchangeError> {
        let unreadable = || ExchangeError::Unreadable(status);
        let Ok(Value::Object(mut members)) = json::parse(body) else { return Err(unreadable()) };
        let mut text = |name: &str| match members.remove(name) {
            Some(Value::String(text)) if !text.is_empty() => Some(text),
            _ => None,
        };
        if let Some(error) = text("error") {
            let said = text("error_description").map_or(error.clone(), |why| format!("{error}: {why}"));
            return Err(ExchangeError::Refused(said));
        }
        if !(200..300).contains(&status) {
            return Err(unreadable());
        }
        if text("token_type").is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
            return Err(ExchangeError::Type);
        }
        Ok(Self { access_token: text("access_token"), id_token: text("id_token") })
    }
}
