//! What we tell another provider about ourselves in a signed text, instead of a shared secret: a client assertion
//! (RFC 7523 section 3), or the secret that Apple wants.
//!
//! Pure: the caller signs. Must never be good for long, nor twice.

use jiff::Timestamp;
use serde_json::{Value, json};

/// Seconds that it counts.
const LIFETIME: i64 = 60;
/// Seconds that a secret for Apple counts; Apple allows half a year.
const APPLE: i64 = 300;

/// A client assertion.
#[derive(Debug, Clone, Copy)]
pub struct Assertion<'a> {
    /// What the provider calls us.
    pub client_id: &'a str,
    /// The provider: its issuer or the address of its token endpoint.
    pub audience: &'a str,
    /// A new random text.
    pub jti: &'a str,
    /// The time.
    pub now: Timestamp,
}

impl Assertion<'_> {
    /// The claims.
    pub fn claims(&self) -> Value {
        let now = self.now.as_second();
        json!({
            "iss": self.client_id, "sub": self.client_id, "aud": self.audience, "jti": self.jti, "iat": now,
            "exp": now + LIFETIME,
        })
    }
}

/// The header of such a text.
pub fn header(kid: &str, algorithm: &str) -> Value {
    json!({ "alg": algorithm, "typ": "JWT", "kid": kid })
}

/// The claims of the secret that Apple wants: who we are to them, for one application of ours.
pub fn apple_secret((team_id, client_id): (&str, &str), now: Timestamp) -> Value {
    let now = now.as_second();
    json!({
        "iss": team_id, "iat": now, "exp": now + APPLE, "aud": "https://appleid.apple.com", "sub": client_id,
    })
}
