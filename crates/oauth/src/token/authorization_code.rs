//! The authorization code grant (RFC 6749 section 4.1.3): what a code stands for, and who may redeem it.
//!
//! Must never tell which part did not fit: a thief would learn it. That a code works once is for the storage;
//! a second use revokes what the first one gave (RFC 9700 section 2.1.1).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Error;
use crate::client::Client;
use crate::id_token::Login;
use crate::pkce::{self, Challenge};
use crate::scope::Scopes;

/// The name of the grant on the wire.
pub const GRANT_TYPE: &str = "authorization_code";

/// Seconds that a code lives.
pub const LIFETIME: i64 = 60;

/// What a code stands for: the document that is stored beside its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// The client that it was given to.
    pub client_id: String,
    /// The user who signed in.
    pub user_id: String,
    /// Where it was sent.
    pub redirect_uri: String,
    /// What was granted.
    pub scopes: Scopes,
    /// The API, if any.
    pub audience: Option<String>,
    /// The proof that the exchange has to bring.
    pub challenge: Option<Challenge>,
    /// What the ID token will say of the login.
    pub login: Login,
    /// Until when it is good, in seconds since 1970.
    pub expires_at: i64,
}

/// Decides whether `client` may redeem `code`.
pub fn redeem(
    code: &Code,
    client: &Client,
    redirect_uri: Option<&str>,
    verifier: Option<&str>,
    now: Timestamp,
) -> Result<(), Error> {
    if !client.may_use(GRANT_TYPE) {
        return Err(Error::GrantNotAllowed(GRANT_TYPE));
    }
    let fits = code.client_id == client.id
        && redirect_uri == Some(code.redirect_uri.as_str())
        && now.as_second() < code.expires_at;
    if !fits {
        return Err(Error::InvalidGrant("Invalid authorization code"));
    }
    if code.challenge.is_none() && client.is_public() {
        return Err(Error::InvalidGrant("Failed to verify code verifier"));
    }
    pkce::verify(code.challenge.as_ref(), verifier)
        .map_err(|_| Error::InvalidGrant("Failed to verify code verifier"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Authentication;
    use crate::kit::{self, NOW, at, now, scopes};

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const URI: &str = "https://app.example/cb";

    fn code(challenge: bool) -> Code {
        let value = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        Code {
            client_id: "app".to_owned(),
            user_id: "auth0|1".to_owned(),
            redirect_uri: URI.to_owned(),
            scopes: scopes("openid"),
            audience: None,
            challenge: Challenge::parse(
                Some(value).filter(|_| challenge),
                Some("S256").filter(|_| challenge),
            )
            .unwrap(),
            login: Login::default(),
            expires_at: NOW + LIFETIME,
        }
    }

    #[test]
    fn a_code_is_redeemed_only_by_its_client_at_its_address_in_time_with_its_proof() {
        let client = kit::client(Authentication::Secret([0; 32]));
        let other = Client { id: "other".to_owned(), ..client.clone() };
        let closed = Client { grant_types: Vec::new(), ..client.clone() };
        let invalid = Err(Error::InvalidGrant("Invalid authorization code"));
        let unproved = Err(Error::InvalidGrant("Failed to verify code verifier"));
        for (client, challenge, uri, verifier, now, expected) in [
            (&client, true, Some(URI), Some(VERIFIER), now(), Ok(())),
            (&client, false, Some(URI), None, now(), Ok(())),
            (&client, true, Some(URI), Some(VERIFIER), at(59), Ok(())),
            (&client, true, Some(URI), Some(VERIFIER), at(60), invalid.clone()),
            (&client, true, None, Some(VERIFIER), now(), invalid.clone()),
            (&client, true, Some("https://app.example/cb/"), Some(VERIFIER), now(), invalid.clone()),
            (&other, true, Some(URI), Some(VERIFIER), now(), invalid.clone()),
            (&client, true, Some(URI), None, now(), unproved.clone()),
            (&client, false, Some(URI), Some(VERIFIER), now(), unproved.clone()),
            (&closed, true, Some(URI), Some(VERIFIER), now(), Err(Error::GrantNotAllowed(GRANT_TYPE))),
        ] {
            assert_eq!(
                redeem(&code(challenge), client, uri, verifier, now),
                expected,
                "{uri:?} {verifier:?}"
            );
        }
    }

    #[test]
    fn a_public_client_never_redeems_a_code_without_a_challenge() {
        let public = kit::client(Authentication::None);
        let refused = redeem(&code(false), &public, Some(URI), None, now());
        assert_eq!(refused, Err(Error::InvalidGrant("Failed to verify code verifier")));
    }

    #[test]
    fn a_code_survives_its_storage() {
        let text = serde_json::to_string(&code(true)).unwrap();
        assert_eq!(serde_json::from_str::<Code>(&text).unwrap(), code(true));
    }
}
