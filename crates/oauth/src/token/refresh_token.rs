//! The refresh token grant (RFC 6749 section 6): what an exchange may ask for.
//!
//! Must never widen: an exchange gets at most what the user agreed to, or what a policy of the application
//! names for another API. Whether the token itself is good is judged in [`crate::refresh`].

use super::Error;
use crate::client::Client;
use crate::scope::Scopes;

/// The name of the grant on the wire.
pub const GRANT_TYPE: &str = "refresh_token";

/// The refusal for every token that is unknown, over, reused, or another client's.
pub const INVALID: Error = Error::InvalidGrant("Unknown or invalid refresh token.");

/// What a refresh token was issued for.
#[derive(Debug, Clone, Copy)]
pub struct Issued<'a> {
    /// The client that it was issued to.
    pub client_id: &'a str,
    /// The API, if any.
    pub audience: Option<&'a str>,
    /// What was granted.
    pub scopes: &'a Scopes,
}

/// What an exchange is for: the API, and the scopes to ask for there before the usual rules of
/// [`crate::user_access`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The API, if any.
    pub audience: Option<String>,
    /// The scopes.
    pub scopes: Scopes,
}

/// Decides what the exchange is for.
pub fn target(
    issued: &Issued<'_>,
    client: &Client,
    audience: Option<&str>,
    requested: Option<&Scopes>,
) -> Result<Target, Error> {
    if !client.may_use(GRANT_TYPE) {
        return Err(Error::GrantNotAllowed(GRANT_TYPE));
    }
    if issued.client_id != client.id {
        return Err(INVALID);
    }
    let elsewhere = audience.filter(|audience| Some(*audience) != issued.audience);
    let allowed = match elsewhere {
        None => issued.scopes.clone(),
        // Of the scopes that were agreed to, those that belong to no API go along.
        Some(audience) => {
            let policy =
                client.refresh.scopes_at(audience).ok_or_else(|| Error::UnknownApi(audience.to_owned()))?;
            let of_oidc = |scope: &str| crate::profile::OIDC_SCOPES.contains(&scope);
            issued.scopes.filtered(of_oidc).and(policy)
        }
    };
    // What was not agreed to is left out, as at every grant: clients that know several APIs ask for all they know.
    let scopes = requested.map_or_else(|| allowed.clone(), |requested| requested.common_with(&allowed));
    Ok(Target { audience: audience.or(issued.audience).map(str::to_owned), scopes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Authentication;
    use crate::kit::{self, scopes};
    use crate::refresh::AudiencePolicy;

    #[test]
    fn an_exchange_narrows_and_never_widens() {
        let mut client = kit::client(Authentication::None);
        client.refresh.policies =
            vec![AudiencePolicy { audience: "https://b.example".to_owned(), scopes: scopes("see") }];
        let own = scopes("openid read offline_access");
        let issued = Issued { client_id: "app", audience: Some("https://a.example"), scopes: &own };
        for (audience, requested, expected) in [
            (None, None, Ok((Some("https://a.example"), "openid read offline_access"))),
            (None, Some("read"), Ok((Some("https://a.example"), "read"))),
            (None, Some("read write"), Ok((Some("https://a.example"), "read"))),
            (Some("https://a.example"), Some("openid"), Ok((Some("https://a.example"), "openid"))),
            (Some("https://b.example"), None, Ok((Some("https://b.example"), "openid offline_access see"))),
            (Some("https://b.example"), Some("read openid"), Ok((Some("https://b.example"), "openid"))),
            (Some("https://c.example"), None, Err(Error::UnknownApi("https://c.example".to_owned()))),
        ] {
            let requested = requested.map(scopes);
            let expected = expected.map(|(audience, text)| Target {
                audience: audience.map(str::to_owned),
                scopes: scopes(text),
            });
            assert_eq!(target(&issued, &client, audience, requested.as_ref()), expected, "{audience:?}");
        }
    }

    #[test]
    fn another_client_gets_the_answer_for_an_unknown_token() {
        let own = scopes("openid");
        let issued = Issued { client_id: "other", audience: None, scopes: &own };
        let client = kit::client(Authentication::None);
        assert_eq!(target(&issued, &client, None, None), Err(INVALID));
    }
}
