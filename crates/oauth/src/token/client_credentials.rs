//! The client credentials grant (RFC 6749 section 4.4): a token for the application itself.
//!
//! Must never grant a scope that the API does not know, even if an old client grant still names it.

use jiff::{SignedDuration, Timestamp};

use super::Error;
use crate::access_token::{Issue, Permissions};
use crate::api::{Api, Granted};
use crate::client::{Authentication, Client};
use crate::scope::Scopes;

/// The name of the grant on the wire.
pub const GRANT_TYPE: &str = "client_credentials";

/// What the decision needs to know beside the request.
#[derive(Debug)]
pub struct Known<'a> {
    /// The issuer that the request was sent to.
    pub issuer: &'a str,
    /// The authenticated client.
    pub client: &'a Client,
    /// The API that it asks for.
    pub api: &'a Api,
    /// What it may ask for there, if anything.
    pub granted: Option<&'a Granted>,
}

/// Decides which token is issued.
pub fn decide<'a>(
    known: &Known<'a>,
    requested: &Scopes,
    jti: String,
    now: Timestamp,
) -> Result<Issue<'a>, Error> {
    let Known { issuer, client, api, granted } = *known;
    // RFC 6749 section 4.4: only confidential clients. A public one has proved nothing.
    if matches!(client.authentication, Authentication::None) || !client.may_use(GRANT_TYPE) {
        return Err(Error::GrantNotAllowed(GRANT_TYPE));
    }
    let allowed = match granted.filter(|_| api.clients_allowed) {
        None => return Err(Error::NoClientGrant(api.identifier.clone())),
        Some(Granted::All) => api.scopes.clone(),
        Some(Granted::Only(scopes)) => scopes.common_with(&api.scopes),
    };
    if let Some(feature) = api.unsupported {
        return Err(Error::Unsupported { audience: api.identifier.clone(), feature });
    }
    let beyond = requested.missing_from(&allowed);
    if !beyond.is_empty() {
        return Err(Error::ScopesNotGranted(beyond));
    }
    let scopes = if requested.is_empty() { allowed } else { requested.clone() };
    Ok(Issue {
        issuer,
        subject: format!("{}@clients", client.id),
        audience: &api.identifier,
        userinfo: None,
        client_id: &client.id,
        scopes,
        gty: Some("client-credentials"),
        permissions: if api.enforce_policies && api.dialect.has_permissions() {
            Permissions::OfScopes
        } else {
            Permissions::Absent
        },
        dialect: api.dialect,
        issued_at: now,
        expires_at: now
            .saturating_add(SignedDuration::from_secs(api.token_lifetime))
            .unwrap_or(Timestamp::MAX),
        // Auth0 gives an id to tokens of applications only in the form of RFC 9068.
        jti: if known.api.dialect.is_rfc9068() { jti } else { String::new() },
    })
}
