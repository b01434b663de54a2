//! ID tokens (OpenID Connect Core section 2): their claims, and reading one again as a hint.
//!
//! Must never sign by itself, and never accept a hint by its own word: the key comes from the ring of the
//! tenant or from the client that it names, and never from a revoked key.

use chancery_crypto::algorithm::Algorithm;
use chancery_crypto::digest;
use chancery_jose::base64url;
use chancery_jose::jws::{Compact, VerifyingKey};
use chancery_jose::jwt::Claims;
use chancery_keyring::KeyRing;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::client::{Client, IdTokenSigning};
use crate::profile::Profile;
use crate::scope::Scopes;
use crate::user_access::after;

/// The longest ID token that is read as a hint, in bytes.
pub const MAX_HINT: usize = 16 * 1024;

/// How a user signed in, as ID tokens tell it.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Login {
    /// The id of the session, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sid: Option<String>,
    /// When the user last proved who they are, in seconds since 1970; shown if `max_age` was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// What the application sent to recognise its own request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
}

/// An ID token about to be signed.
#[derive(Debug, Clone)]
pub struct Issue<'a> {
    /// The issuer, with its trailing slash.
    pub issuer: &'a str,
    /// The application.
    pub client: &'a Client,
    /// The user.
    pub profile: &'a Profile,
    /// What of the profile is shown.
    pub scopes: &'a Scopes,
    /// How the user signed in.
    pub login: &'a Login,
    /// The access token that comes with it in the same answer of `/authorize`.
    pub access_token: Option<&'a str>,
    /// The code that comes with it.
    pub code: Option<&'a str>,
    /// From when.
    pub issued_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
}

impl<'a> Issue<'a> {
    /// A token that is issued now and lives as long as the client wants.
    pub fn now(
        issuer: &'a str,
        client: &'a Client,
        (profile, scopes): (&'a Profile, &'a Scopes),
        login: &'a Login,
        now: Timestamp,
    ) -> Self {
        Self {
            issuer,
            client,
            profile,
            scopes,
            login,
            access_token: None,
            code: None,
            issued_at: now,
            expires_at: after(now, client.id_token_lifetime),
        }
    }

    /// The claims as JSON. `algorithm` is what will sign them: it decides the digest of `at_hash` and `c_hash`.
    pub fn claims(&self, algorithm: Algorithm) -> Result<Vec<u8>, serde_json::Error> {
        let Self { issuer, client, profile, scopes, login, access_token, code, issued_at, expires_at } = self;
        let mut claims: Map<String, Value> = profile.claims(scopes);
        let mut add = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                claims.insert(name.to_owned(), value);
            }
        };
        add("iss", Some(json!(issuer)));
        add("aud", Some(json!(client.id)));
        add("sub", Some(json!(profile.user_id)));
        add("iat", Some(json!(issued_at.as_second())));
        add("exp", Some(json!(expires_at.as_second())));
        add("auth_time", login.auth_time.map(Value::from));
        add("sid", login.sid.clone().map(Value::from));
        add("nonce", login.nonce.clone().map(Value::from));
        add("at_hash", access_token.map(|token| json!(half_hash(algorithm, token))));
        add("c_hash", code.map(|code| json!(half_hash(algorithm, code))));
        serde_json::to_vec(&claims)
    }

    /// The header as JSON. A token signed by a secret names no key.
    pub fn header(algorithm: Algorithm, kid: Option<&str>) -> Result<String, serde_json::Error> {
        header("JWT", algorithm, kid)
    }
}

/// The header of a token that is signed like an ID token.
pub(crate) fn header(
    typ: &str,
    algorithm: Algorithm,
    kid: Option<&str>,
) -> Result<String, serde_json::Error> {
    let mut header = Map::new();
    header.insert("alg".to_owned(), json!(algorithm.name()));
    header.insert("typ".to_owned(), json!(typ));
    if let Some(kid) = kid {
        header.insert("kid".to_owned(), json!(kid));
    }
    serde_json::to_string(&header)
}

/// The left half of the digest that belongs to the algorithm (OpenID Connect Core section 3.3.2.11).
pub fn half_hash(algorithm: Algorithm, text: &str) -> String {
    match algorithm {
        Algorithm::Rs512 => base64url::encode(&digest::sha512(text.as_bytes())[..32]),
        Algorithm::Es384 | Algorithm::Rs384 | Algorithm::Ps384 => {
            base64url::encode(&digest::sha384(text.as_bytes())[..24])
        }
        Algorithm::Es256 | Algorithm::Hs256 | Algorithm::Rs256 | Algorithm::Ps256 => {
            base64url::encode(&digest::sha256(text.as_bytes())[..16])
        }
    }
}

/// Whom a hint speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// The user.
    pub user_id: String,
    /// The session.
    pub sid: Option<String>,
    /// The application that the token was issued to.
    pub client_id: String,
}

/// Why a hint is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HintError {
    /// It is no JWT, or none of ours.
    #[error("id_token_hint is not an ID token of this tenant.")]
    Malformed,
    /// Its key is unknown or revoked, or the signature is false.
    #[error("id_token_hint is not signed by a valid key of this tenant.")]
    Signature,
    /// It was issued to another application.
    #[error("id_token_hint was issued to another application.")]
    OtherClient,
}

/// The client that a hint names, unverified: good for finding the client and nothing else.
pub fn hinted_client(text: &str) -> Option<String> {
    let token = Compact::parse(text, MAX_HINT).ok()?;
    let claims = Claims::parse(token.payload()).ok()?;
    let [audience] = claims.aud.as_slice() else { return None };
    Some(audience.clone())
}

/// Reads an ID token that was issued to `client` some time ago. It may have expired (OpenID Connect
/// RP-Initiated Logout section 2), but its key must not have been revoked.
pub fn read_hint(
    text: &str,
    ring: &KeyRing,
    client: &Client,
    issuer: &str,
    now: Timestamp,
) -> Result<Hint, HintError> {
    let token = Compact::parse(text, MAX_HINT).map_err(|_| HintError::Malformed)?;
    let algorithm = token.algorithm();
    let verified = match (algorithm, &client.id_token_signing) {
        (Algorithm::Rs256 | Algorithm::Rs512 | Algorithm::Ps256, _) => {
            let kid = token.kid().ok_or(HintError::Malformed)?;
            let key = ring.verifier(kid, now).ok_or(HintError::Signature)?;
            token.verify(&[algorithm], VerifyingKey::Rsa(key))
        }
        (Algorithm::Hs256, IdTokenSigning::Secret(secret)) => {
            token.verify(&[Algorithm::Hs256], VerifyingKey::Hmac(secret))
        }
        _ => return Err(HintError::Signature),
    };
    verified.map_err(|_| HintError::Signature)?;
    let mut claims = Claims::parse(token.payload()).map_err(|_| HintError::Malformed)?;
    // A logout token has `events`; an access token for users has `azp`, `client_id` or `scope`.
    let of_another_kind = claims.other.contains_key("events")
        || claims.azp.is_some()
        || claims.client_id.is_some()
        || claims.scope.is_some()
        || token.typ().is_some_and(|typ| typ != "JWT");
    if of_another_kind || claims.iss.as_deref() != Some(issuer) {
        return Err(HintError::Malformed);
    }
    if claims.aud != [client.id.as_str()] {
        return Err(HintError::OtherClient);
    }
    let user_id = claims.sub.take().filter(|sub| !sub.is_empty()).ok_or(HintError::Malformed)?;
    let sid = claims.other.get("sid").and_then(Value::as_str).map(str::to_owned);
    Ok(Hint { user_id, sid, client_id: client.id.clone() })
}
