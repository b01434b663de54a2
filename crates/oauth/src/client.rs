//! What OAuth needs to know of an application.
//!
//! Must never hold a client secret in the clear: a digest is enough to recognise it, and a prepared HMAC key
//! is enough to sign with it.

use std::fmt;

use chancery_crypto::algorithm::Algorithm;
use chancery_crypto::hmac::HmacKey;
use chancery_crypto::rsa::PublicKey;
use chancery_keyring::RingAlgorithm;
use jiff::Timestamp;

use crate::refresh::RefreshPolicy;
use crate::token::{PASSWORD, PASSWORD_REALM};
use crate::uri::Allowed;

/// An OAuth client.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its `client_id`.
    pub id: String,
    /// Its name, for the tenant log and for the pages.
    pub name: String,
    /// How it proves who it is.
    pub authentication: Authentication,
    /// The grant types that it may use.
    pub grant_types: Vec<String>,
    /// What kind of program it is.
    pub app_type: AppType,
    /// Whether it belongs to the tenant; the others belong to somebody else and always ask for consent.
    pub is_first_party: bool,
    /// Whether it follows the specifications where Auth0 once did not.
    pub oidc_conformant: bool,
    /// Where its users are when it asks for tokens on their behalf.
    pub users_at: UsersAt,
    /// Where it may be answered.
    pub callbacks: Allowed,
    /// Where a browser may go after a logout.
    pub logout_urls: Allowed,
    /// Whose pages may ask for answers in a message.
    pub web_origins: Allowed,
    /// What signs its ID tokens.
    pub id_token_signing: IdTokenSigning,
    /// Seconds that an ID token lives.
    pub id_token_lifetime: i64,
    /// How its refresh tokens live.
    pub refresh: RefreshPolicy,
    /// Whether its authorization requests must have been pushed (RFC 9126).
    pub require_pushed_requests: bool,
    /// Seconds that a pushed request lives.
    pub pushed_request_lifetime: i64,
    /// How its authorization requests may or must be signed (RFC 9101).
    pub signed_requests: SignedRequests,
    /// Whether the question about callbacks that cannot be verified is left out, where it was said.
    pub skip_callback_confirmation: Option<bool>,
    /// Who is told of logouts.
    pub backchannel_logout: BackchannelLogout,
    /// What its tokens would need and we cannot give yet; no token for a user is issued then.
    pub unsupported: Option<&'static str>,
}

/// What says where the users of an application are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsersAt {
    /// The address that its requests come from.
    Sender,
    /// Its word (`auth0-forwarded-for`), if it proves who it is.
    Header,
}

impl Client {
    /// Whether the application may use this grant type. One of somebody else never sees a password, whatever its settings
    /// say: its users agree on a page of ours.
    pub fn may_use(&self, grant_type: &str) -> bool {
        let allowed = self.is_first_party || ![PASSWORD, PASSWORD_REALM].contains(&grant_type);
        allowed && self.grant_types.iter().any(|own| own == grant_type)
    }

    /// Whether it cannot keep a secret (RFC 6749 section 2.1): by its setting, or because it runs on the
    /// machines of its users.
    pub fn is_public(&self) -> bool {
        matches!(self.authentication, Authentication::None)
            || matches!(self.app_type, AppType::Native | AppType::Spa)
    }
}

/// The kind of an application, as far as rules depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppType {
    /// Runs on a phone or a desktop.
    Native,
    /// Runs in a browser.
    Spa,
    /// Runs on a server, for people.
    RegularWeb,
    /// Runs on a server, for itself.
    NonInteractive,
    /// Of another kind, or of none.
    Other,
}

impl AppType {
    /// The kind that a wire name stands for.
    pub fn from_name(name: Option<&str>) -> Self {
        match name {
            Some("native") => Self::Native,
            Some("spa") => Self::Spa,
            Some("regular_web") => Self::RegularWeb,
            Some("non_interactive") => Self::NonInteractive,
            Some(_) | None => Self::Other,
        }
    }
}

/// What signs the ID tokens of a client.
#[derive(Debug, Clone)]
pub enum IdTokenSigning {
    /// HS256 under the client secret.
    Secret(Box<HmacKey>),
    /// The tenant's current key with this algorithm.
    Ring(RingAlgorithm),
    /// It is set to HS256 and has no secret, or one that is too short; the text says which.
    Unusable(&'static str),
}

impl IdTokenSigning {
    /// HS256 under this client secret, as it is typed. RFC 7518 section 3.2: a key is at least as long as the
    /// digest.
    pub fn of_secret(secret: &[u8]) -> Self {
        if secret.len() < 32 {
            return Self::Unusable("its client secret is shorter than the 32 bytes that HS256 needs");
        }
        Self::Secret(Box::new(HmacKey::new(secret)))
    }
}

/// How a client's authorization requests are signed.
#[derive(Debug, Clone, Default)]
pub struct SignedRequests {
    /// Whether requests without a signature are refused.
    pub required: bool,
    /// The keys that may have signed.
    pub keys: Vec<AssertionKey>,
}

/// Whom an application wants to be told of logouts (OpenID Connect Back-Channel Logout).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BackchannelLogout {
    /// Where logout tokens are sent.
    pub urls: Vec<String>,
    /// The events it wants to hear of beside a logout by an application and by an identity provider; none
    /// means all of them.
    pub initiators: Option<Vec<String>>,
    /// Whether it is told what administrators wrote on the session.
    pub session_metadata: bool,
}

impl BackchannelLogout {
    /// Whether the application wants to hear of this event. Auth0 always tells of logouts.
    pub fn wants(&self, initiator: &str) -> bool {
        !self.urls.is_empty()
            && (matches!(initiator, "rp-logout" | "idp-logout")
                || self.initiators.as_ref().is_none_or(|chosen| chosen.iter().any(|own| own == initiator)))
    }
}

/// How a client authenticates at the token endpoint.
#[derive(Clone)]
pub enum Authentication {
    /// A public client: it does not.
    None,
    /// With its secret, of which this is the SHA-256.
    Secret([u8; 32]),
    /// With an assertion signed by one of these keys (`private_key_jwt`).
    PrivateKeyJwt(Vec<AssertionKey>),
    /// With a method that is stored but not offered yet.
    Unsupported(&'static str),
}

impl fmt::Debug for Authentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            // People choose secrets too, and a digest lets their guesses be tried.
            Self::Secret(_) => f.write_str("Secret(..)"),
            Self::PrivateKeyJwt(keys) => f.debug_tuple("PrivateKeyJwt").field(keys).finish(),
            Self::Unsupported(method) => f.debug_tuple("Unsupported").field(method).finish(),
        }
    }
}

/// A public key that an application registered for its assertions.
#[derive(Debug, Clone)]
pub struct AssertionKey {
    /// The key id that an assertion may name.
    pub kid: String,
    /// The only algorithm that is accepted with this key.
    pub algorithm: Algorithm,
    /// The key.
    pub key: PublicKey,
    /// From when on it is no longer accepted.
    pub expires_at: Option<Timestamp>,
}

impl AssertionKey {
    /// Whether this key made the signature of `token`.
    pub fn signed(&self, token: &chancery_jose::jws::Compact<'_>, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
            && token.kid().is_none_or(|kid| kid == self.kid)
            && token.algorithm() == self.algorithm
            && token.verify(&[self.algorithm], chancery_jose::jws::VerifyingKey::Rsa(&self.key)).is_ok()
    }
}
