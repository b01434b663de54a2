//! Access tokens: their claims, their header, and how the Management API reads them again.
//!
//! Must never sign by itself: it hands out what is to be signed, so that signing can run on its own threads.

use chancery_crypto::algorithm::Algorithm;
use chancery_crypto::digest;
use chancery_jose::jws::{Compact, JwsError, VerifyingKey};
use chancery_jose::jwt::Claims;
use chancery_keyring::KeyRing;
use jiff::Timestamp;
use quick_cache::UnitWeighter;
use quick_cache::sync::Cache;
use serde::Serialize;

use crate::api::Dialect;
use crate::scope::Scopes;

/// The longest access token that is read, in bytes: twice one with every scope and every permission.
pub const MAX_LENGTH: usize = 32 * 1024;

/// How far `iat` and `nbf` may lie in the future, in seconds.
const LEEWAY: i64 = 5;

/// An access token about to be signed.
#[derive(Debug, Clone)]
pub struct Issue<'a> {
    /// The issuer, with its trailing slash.
    pub issuer: &'a str,
    /// Whom the token speaks for.
    pub subject: String,
    /// The API.
    pub audience: &'a str,
    /// The address of `/userinfo`, if the token opens that too.
    pub userinfo: Option<&'a str>,
    /// The application.
    pub client_id: &'a str,
    /// What is granted.
    pub scopes: Scopes,
    /// The grant type where the dialect names it (`gty`).
    pub gty: Option<&'static str>,
    /// What `permissions` says.
    pub permissions: Permissions,
    /// The form.
    pub dialect: Dialect,
    /// From when.
    pub issued_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
    /// The id of the token; empty where it has none. Two tokens of one second differ by it.
    pub jti: String,
}

/// The claim `permissions` of an API with role-based access control.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Permissions {
    /// It is not there.
    Absent,
    /// It repeats the scopes: an application may do what it was granted.
    OfScopes,
    /// It lists what the user may do.
    These(Scopes),
}

/// One audience is a text, several are an array (RFC 7519 section 4.1.3).
#[derive(Serialize)]
#[serde(untagged)]
enum WireAudience<'a> {
    One(&'a str),
    Two([&'a str; 2]),
}

#[derive(Serialize)]
struct WireClaims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: WireAudience<'a>,
    iat: i64,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gty: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    azp: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    permissions: Option<Vec<&'a str>>,
}

#[derive(Serialize)]
struct WireHeader<'a> {
    alg: &'a str,
    typ: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
}

impl Issue<'_> {
    /// The claims as JSON: Auth0's own set, or RFC 9068 section 2.2.
    pub fn claims(&self) -> Result<Vec<u8>, serde_json::Error> {
        let rfc9068 = self.dialect.is_rfc9068();
        serde_json::to_vec(&WireClaims {
            iss: self.issuer,
            sub: &self.subject,
            aud: match self.userinfo {
                None => WireAudience::One(self.audience),
                Some(userinfo) => WireAudience::Two([self.audience, userinfo]),
            },
            iat: self.issued_at.as_second(),
            exp: self.expires_at.as_second(),
            scope: (!self.scopes.is_empty()).then(|| self.scopes.to_string()),
            gty: self.gty.filter(|_| !rfc9068),
            jti: Some(self.jti.as_str()).filter(|jti| !jti.is_empty()),
            client_id: rfc9068.then_some(self.client_id),
            azp: (!rfc9068).then_some(self.client_id),
            permissions: match &self.permissions {
                Permissions::Absent => None,
                Permissions::OfScopes => Some(self.scopes.iter().collect()),
                Permissions::These(permissions) => Some(permissions.iter().collect()),
            },
        })
    }

    /// The header as JSON. A token signed by a secret names no key.
    pub fn header(&self, algorithm: Algorithm, kid: Option<&str>) -> Result<String, serde_json::Error> {
        let typ = if self.dialect.is_rfc9068() { "at+jwt" } else { "JWT" };
        serde_json::to_string(&WireHeader { alg: algorithm.name(), typ, kid })
    }
}

/// An access token that convinced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Whom it speaks for.
    pub subject: String,
    /// The application that it was issued to.
    pub client_id: String,
    /// What it grants.
    pub scopes: Scopes,
    /// The id of the key that signed it.
    pub kid: String,
    /// Its id, in dialects that have one.
    pub jti: Option<String>,
}

impl Verified {
    /// Whether it speaks for an application itself and not for a user.
    pub fn is_of_application(&self) -> bool {
        is_of_application(&self.subject, &self.client_id)
    }
}

/// Whether the subject of a token that an application got is the application itself.
pub fn is_of_application(subject: &str, client_id: &str) -> bool {
    subject.strip_suffix("@clients") == Some(client_id)
}

/// Why an access token does not convince.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// It is no JWT, or not one that we issue.
    #[error("it is not an access token of this tenant: {0}")]
    Malformed(String),
    /// The signature is not by a valid key of this tenant.
    #[error("its signature is not by a valid key of this tenant")]
    Signature,
    /// Its time is over.
    #[error("it has expired")]
    Expired,
    /// It is for somebody else.
    #[error("it is for the audience {0}")]
    Audience(String),
    /// Another issuer, or another host of this one.
    #[error("its issuer is {0}")]
    Issuer(String),
}

/// Tokens whose signature was found good lately, by their digests: the same token comes with every call of a client,
/// and its signature costs half of a short answer. Everything else is looked at each time.
#[derive(Debug)]
pub struct Proved(Cache<[u8; 32], ()>);

/// Tokens that are remembered, some sixty bytes each.
const REMEMBERED: u64 = 16 * 1024;

impl Default for Proved {
    fn default() -> Self {
        Self(Cache::with_weighter(64, REMEMBERED, UnitWeighter))
    }
}

/// Reads an access token for one of our own APIs: RS256 by a current or previous key of `ring` whose certificate
/// has not expired, from `issuer`, for `audience`.
pub fn verify(
    text: &str,
    (ring, proved): (&KeyRing, &Proved),
    issuer: &str,
    audience: &str,
    now: Timestamp,
) -> Result<Verified, VerifyError> {
    let malformed = |reason: &str| VerifyError::Malformed(reason.to_owned());
    let token =
        Compact::parse(text, MAX_LENGTH).map_err(|error| VerifyError::Malformed(error.to_string()))?;
    if token.algorithm() != Algorithm::Rs256 {
        return Err(malformed("it is not signed with RS256"));
    }
    let kid = token.kid().ok_or_else(|| malformed("its header has no kid"))?;
    let digest = digest::sha256(text.as_bytes());
    // The key first: a token that was proved is worth nothing once its key is revoked or too old.
    let key =
        ring.verifier(kid, now).or_else(|| ring.farewell(kid, &digest, now)).ok_or(VerifyError::Signature)?;
    if proved.0.get(&digest).is_none() {
        token.verify(&[Algorithm::Rs256], VerifyingKey::Rsa(key)).map_err(|error| {
            if error == JwsError::BadSignature {
                VerifyError::Signature
            } else {
                VerifyError::Malformed(error.to_string())
            }
        })?;
        proved.0.insert(digest, ());
    }
    // Anything else that our keys sign (an ID token, a logout token) has another typ or other claims.
    if !token.typ().is_some_and(|typ| typ == "JWT" || typ == "at+jwt") {
        return Err(malformed("its typ is neither JWT nor at+jwt"));
    }
    let claims = Claims::parse(token.payload()).map_err(|error| VerifyError::Malformed(error.to_string()))?;
    if claims.other.contains_key("events") || claims.other.contains_key("nonce") {
        return Err(malformed("it is a token of another kind"));
    }
    // The leeway is for the start alone: another process of ours may be a moment ahead.
    let seconds = now.as_second();
    if claims.exp.is_some_and(|end| end <= seconds) {
        return Err(VerifyError::Expired);
    }
    claims.check_times(seconds, LEEWAY).map_err(|error| VerifyError::Malformed(error.to_string()))?;
    if claims.iss.as_deref() != Some(issuer) {
        return Err(VerifyError::Issuer(claims.iss.unwrap_or_default()));
    }
    if !claims.aud.iter().any(|own| own == audience) {
        return Err(VerifyError::Audience(claims.aud.join(" ")));
    }
    let scopes = Scopes::parse(claims.scope.as_deref().unwrap_or_default())
        .map_err(|_| malformed("its scope is malformed"))?;
    Ok(Verified {
        kid: kid.to_owned(),
        subject: claims.sub.ok_or_else(|| malformed("it has no sub"))?,
        client_id: claims.azp.or(claims.client_id).ok_or_else(|| malformed("it names no application"))?,
        scopes,
        jti: claims.jti,
    })
}
