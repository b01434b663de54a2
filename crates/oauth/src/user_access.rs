//! What an application may get on behalf of a user: the same rules for every way to a token.
//!
//! Must never grant a scope that the API does not know, that the user does not have where the API enforces
//! policies, or that the application was not granted where the API requires a client grant.

use chancery_keyring::RingAlgorithm;
use jiff::{SignedDuration, Timestamp};

use crate::access_token::{Issue, Permissions};
use crate::api::{Api, ApiSigning, Granted, UserAccess};
use crate::client::Client;
use crate::profile::OIDC_SCOPES;
use crate::scope::Scopes;

/// Seconds that an opaque token lives which came by a code.
pub const OPAQUE_LIFETIME: i64 = 86_400;
/// Seconds that an opaque token lives which a browser got without a code.
pub const OPAQUE_LIFETIME_FOR_WEB: i64 = 7200;

/// What the decision needs to know of the application, the API and the user.
#[derive(Debug, Clone, Copy)]
pub struct Access<'a> {
    /// The application.
    pub client: &'a Client,
    /// The API, if one is asked for.
    pub api: Option<&'a Api>,
    /// The client grant of subject type `user` for this application and API, if there is one.
    pub granted: Option<&'a Granted>,
    /// What the user may do at the API, by roles and directly. Needed only where it enforces policies.
    pub permissions: Option<&'a Scopes>,
}

/// Why an application gets nothing on behalf of a user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The API is closed, or open only to applications with a client grant.
    #[error(
        "Client \"{client_id}\" is not authorized to access resource server \"{audience}\" on behalf of users."
    )]
    NoClientGrant {
        /// The application.
        client_id: String,
        /// The API.
        audience: String,
    },
    /// Something that is not offered yet.
    #[error("{what} requires {feature}, which this server does not offer yet. No token was issued.")]
    Unsupported {
        /// Who requires it.
        what: String,
        /// What it is.
        feature: &'static str,
    },
}

/// What is granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowance {
    /// The scopes, in the order in which they were asked for.
    pub scopes: Scopes,
    /// The claim `permissions`.
    pub permissions: Permissions,
}

impl Access<'_> {
    /// Decides what of `requested` is granted. What is not known here is left out, as Auth0 does it; the
    /// answer says what was granted.
    pub fn decide(&self, requested: &Scopes) -> Result<Allowance, Denied> {
        let Self { client, api, granted, permissions } = *self;
        if let Some(feature) = client.unsupported {
            return Err(Denied::Unsupported { what: format!("The application \"{}\"", client.id), feature });
        }
        let Some(api) = api else {
            let scopes = requested.filtered(|scope| self.is_granted_by_us(scope));
            return Ok(Allowance { scopes, permissions: Permissions::Absent });
        };
        let missing = api.unsupported.or(api.unsupported_for_public.filter(|_| client.is_public()));
        if let Some(feature) = missing {
            return Err(Denied::Unsupported { what: format!("The API \"{}\"", api.identifier), feature });
        }
        let grant = match (api.user_access, granted) {
            (UserAccess::AllowAll, _) | (UserAccess::RequireClientGrant, Some(Granted::All)) => None,
            (UserAccess::RequireClientGrant, Some(Granted::Only(scopes))) => Some(scopes),
            (UserAccess::DenyAll, _) | (UserAccess::RequireClientGrant, None) => {
                let (client_id, audience) = (client.id.clone(), api.identifier.clone());
                return Err(Denied::NoClientGrant { client_id, audience });
            }
        };
        let nothing = Scopes::default();
        let of_user = api.enforce_policies.then(|| permissions.unwrap_or(&nothing));
        // Looked up in lists that may be thousands long: the sets are made once.
        let for_users = api.user_scopes.as_ref();
        let mut known = requested.common_with(&api.scopes);
        for limit in [for_users, grant, of_user].into_iter().flatten() {
            known = known.common_with(limit);
        }
        let ours = requested.filtered(|scope| self.is_granted_by_us(scope));
        let both = ours.and(&known);
        let scopes = requested.common_with(&both);
        let permissions = match of_user.filter(|_| api.dialect.has_permissions()) {
            Some(permissions) => {
                Permissions::These(permissions.common_with(for_users.unwrap_or(&api.scopes)))
            }
            None => Permissions::Absent,
        };
        Ok(Allowance { scopes, permissions })
    }

    fn is_granted_by_us(&self, scope: &str) -> bool {
        if scope == "offline_access" {
            return self.client.may_use("refresh_token")
                && self.api.is_none_or(|api| api.allow_offline_access);
        }
        OIDC_SCOPES.contains(&scope)
    }
}

/// How a token for a user came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By a code, also that of a device.
    Code,
    /// Straight through the browser (implicit and hybrid).
    Browser,
    /// By a password that the application was told.
    Password,
    /// By a refresh token.
    Refresh,
}

impl Way {
    fn gty(self) -> Option<&'static str> {
        match self {
            Self::Code | Self::Browser => None,
            Self::Password => Some("password"),
            Self::Refresh => Some("refresh_token"),
        }
    }
}

/// The access token that `allowance` gives for an API. `userinfo` is the address of `/userinfo` at the issuer.
pub fn issue<'a>(
    (issuer, userinfo): (&'a str, &'a str),
    (client, api): (&'a Client, &'a Api),
    (user_id, allowance): (&str, &Allowance),
    way: Way,
    (jti, now): (String, Timestamp),
) -> Issue<'a> {
    let by_rs256 = matches!(api.signing, ApiSigning::Ring(RingAlgorithm::Rs256));
    let lifetime = if way == Way::Browser { api.token_lifetime_for_web } else { api.token_lifetime };
    Issue {
        issuer,
        subject: user_id.to_owned(),
        audience: &api.identifier,
        userinfo: (by_rs256 && allowance.scopes.contains("openid")).then_some(userinfo),
        client_id: &client.id,
        scopes: allowance.scopes.clone(),
        gty: way.gty(),
        permissions: allowance.permissions.clone(),
        dialect: api.dialect,
        issued_at: now,
        expires_at: after(now, lifetime),
        jti,
    }
}

/// What an opaque access token stands for. It opens `/userinfo` and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Opaque {
    /// The user.
    pub user_id: String,
    /// The application.
    pub client_id: String,
    /// What `/userinfo` shows.
    pub scopes: Scopes,
    /// Until when, in seconds since 1970.
    pub expires_at: i64,
}

impl Opaque {
    /// What a token that is issued now, without an API, stands for.
    pub fn issue(client: &Client, user_id: &str, scopes: &Scopes, way: Way, now: Timestamp) -> Self {
        let lifetime = if way == Way::Browser { OPAQUE_LIFETIME_FOR_WEB } else { OPAQUE_LIFETIME };
        Self {
            user_id: user_id.to_owned(),
            client_id: client.id.clone(),
            scopes: scopes.clone(),
            expires_at: after(now, lifetime).as_second(),
        }
    }

    /// Whether it still works.
    pub fn is_good(&self, now: Timestamp) -> bool {
        now.as_second() < self.expires_at
    }
}

pub(crate) fn after(moment: Timestamp, seconds: i64) -> Timestamp {
    moment.saturating_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}
