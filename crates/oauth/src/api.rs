//! What OAuth needs to know of an API (resource server) and of what an application may do there.
//!
//! Must never hold display data: names and descriptions stay in `server`.

use chancery_crypto::algorithm::Algorithm;
use chancery_crypto::hmac::HmacKey;

use crate::scope::Scopes;

/// An API that tokens can be issued for.
#[derive(Debug, Clone)]
pub struct Api {
    /// Its identifier: the audience of its tokens.
    pub identifier: String,
    /// Every scope that it knows.
    pub scopes: Scopes,
    /// What signs its access tokens.
    pub signing: ApiSigning,
    /// Seconds that an access token lives.
    pub token_lifetime: i64,
    /// The form of its access tokens.
    pub dialect: Dialect,
    /// Whether role-based access control is on.
    pub enforce_policies: bool,
    /// Whether applications may ask for tokens on their own behalf at all.
    pub clients_allowed: bool,
    /// What its tokens would need and we cannot give yet; no token is issued then.
    pub unsupported: Option<&'static str>,
}

/// What signs the access tokens of an API.
#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "there are few APIs, and a prepared HMAC key saves work on each token"
)]
pub enum ApiSigning {
    /// The tenant's current key with this algorithm.
    Ring(Algorithm),
    /// HS256 under the API's signing secret.
    Secret(HmacKey),
}

/// The form of an access token (`token_dialect`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Auth0's own claims.
    AccessToken,
    /// The same with `permissions`.
    AccessTokenAuthz,
    /// RFC 9068.
    Rfc9068,
    /// RFC 9068 with `permissions`.
    Rfc9068Authz,
}

impl Dialect {
    /// The dialect that a wire name stands for.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "access_token" => Some(Self::AccessToken),
            "access_token_authz" => Some(Self::AccessTokenAuthz),
            "rfc9068_profile" => Some(Self::Rfc9068),
            "rfc9068_profile_authz" => Some(Self::Rfc9068Authz),
            _ => None,
        }
    }

    /// Whether tokens follow RFC 9068.
    pub fn is_rfc9068(self) -> bool {
        matches!(self, Self::Rfc9068 | Self::Rfc9068Authz)
    }

    /// Whether tokens carry `permissions` when the API enforces policies.
    pub fn has_permissions(self) -> bool {
        matches!(self, Self::AccessTokenAuthz | Self::Rfc9068Authz)
    }
}

/// What a client grant lets an application ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Granted {
    /// Every scope of the API, also those added later.
    All,
    /// These scopes.
    Only(Scopes),
}
