//! What OAuth needs to know of an API (resource server) and of what an application may do there.
//!
//! Must never hold display data: names and descriptions stay in `server`.

use chancery_crypto::hmac::HmacKey;
use chancery_keyring::RingAlgorithm;

use crate::scope::Scopes;

/// An API that tokens can be issued for.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own that operators set")]
pub struct Api {
    /// Its identifier: the audience of its tokens.
    pub identifier: String,
    /// Every scope that it knows.
    pub scopes: Scopes,
    /// What signs its access tokens.
    pub signing: ApiSigning,
    /// Seconds that an access token lives.
    pub token_lifetime: i64,
    /// Seconds that an access token lives which a browser got without a code.
    pub token_lifetime_for_web: i64,
    /// The form of its access tokens.
    pub dialect: Dialect,
    /// Whether role-based access control is on.
    pub enforce_policies: bool,
    /// Whether applications may ask for tokens on their own behalf at all.
    pub clients_allowed: bool,
    /// Which applications may ask for tokens on behalf of users.
    pub user_access: UserAccess,
    /// Those of its scopes that are granted on behalf of users; `None` where all are.
    pub user_scopes: Option<Scopes>,
    /// Whether refresh tokens are issued for it.
    pub allow_offline_access: bool,
    /// Whether applications of the tenant's own are spared the question for consent.
    pub skip_consent_for_first_party: bool,
    /// What its tokens would need and we cannot give yet; no token is issued then.
    pub unsupported: Option<&'static str>,
    /// The same for tokens of public clients alone.
    pub unsupported_for_public: Option<&'static str>,
}

/// Which applications may ask for tokens on behalf of users (`subject_type_authorization.user`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserAccess {
    /// All of them.
    AllowAll,
    /// None.
    DenyAll,
    /// Those with a client grant of subject type `user`, for its scopes.
    RequireClientGrant,
}

impl UserAccess {
    /// The policy that a wire name stands for.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "allow_all" => Some(Self::AllowAll),
            "deny_all" => Some(Self::DenyAll),
            "require_client_grant" => Some(Self::RequireClientGrant),
            _ => None,
        }
    }
}

/// What signs the access tokens of an API.
#[derive(Debug, Clone)]
#[expect(
    clippy::large_enum_variant,
    reason = "there are few APIs, and a prepared HMAC key saves work on each token"
)]
pub enum ApiSigning {
    /// The tenant's current key with this algorithm.
    Ring(RingAlgorithm),
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
