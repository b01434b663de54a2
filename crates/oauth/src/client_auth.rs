//! Client authentication (RFC 6749 section 2.3, RFC 7523): what was presented, and whether it convinces.
//!
//! Must never say more to the caller than that it failed: which part was wrong goes to the log alone.

use chancery_crypto::digest;
use chancery_jose::jws::Compact;
use chancery_jose::jwt::Claims;
use jiff::Timestamp;

use crate::client::{AssertionKey, Authentication, Client};

/// The value of `client_assertion_type` (RFC 7523 section 2.2).
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The longest assertion that is read, in bytes.
pub const MAX_ASSERTION: usize = 2048;

/// The longest life of an assertion, in seconds.
pub const MAX_ASSERTION_LIFETIME: i64 = 300;

/// How far `iat` and `nbf` may lie in the future, in seconds.
const SKEW: i64 = 10;

/// What a request presents to prove which client it comes from.
#[derive(Clone, PartialEq, Eq)]
pub enum Presented {
    /// A client id alone.
    Nothing,
    /// A secret, in the body or in the `Authorization` header.
    Secret(String),
    /// A signed assertion.
    Assertion(String),
}

/// A convincing proof, and what remains to be done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authenticated {
    /// Nothing remains.
    Done,
    /// The assertion must not have been used before: remember this id until then.
    OnceOnly {
        /// The `jti` of the assertion.
        jti: String,
        /// When the assertion expires and can be forgotten.
        expires_at: Timestamp,
    },
}

/// Why a proof does not convince. For the tenant log; the caller learns only that it failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The method is not the one that the application is set up for.
    #[error("the application authenticates with {expected}, and the request presented {presented}")]
    WrongMethod {
        /// What was expected.
        expected: &'static str,
        /// What came.
        presented: &'static str,
    },
    /// The secret differs.
    #[error("the client secret is wrong")]
    WrongSecret,
    /// The method is not offered.
    #[error("the application uses {0}, which this server does not offer yet")]
    Unsupported(&'static str),
    /// The assertion is no signed JWT of ours.
    #[error("the client assertion is not acceptable: {0}")]
    Assertion(String),
}

/// The client id that an assertion speaks for, unverified: good for finding the client and nothing else.
pub fn asserted_client(assertion: &str) -> Option<String> {
    let token = Compact::parse(assertion, MAX_ASSERTION).ok()?;
    let claims = Claims::parse(token.payload()).ok()?;
    // As in every other parameter, a control character is in nobody's name.
    claims.sub.filter(|sub| claims.iss.as_ref() == Some(sub) && !sub.chars().any(char::is_control))
}

/// Decides whether `presented` proves to be `client`. `audiences` are the names under which we are addressed.
pub fn authenticate(
    client: &Client,
    presented: &Presented,
    audiences: &[&str],
    now: Timestamp,
) -> Result<Authenticated, Error> {
    match (&client.authentication, presented) {
        (Authentication::None, Presented::Nothing) => Ok(Authenticated::Done),
        (Authentication::Secret(expected), Presented::Secret(secret)) => {
            if digest::equal(expected, &digest::sha256(secret.as_bytes())) {
                Ok(Authenticated::Done)
            } else {
                Err(Error::WrongSecret)
            }
        }
        (Authentication::PrivateKeyJwt(keys), Presented::Assertion(assertion)) => {
            verify_assertion(&client.id, keys, assertion, audiences, now)
        }
        (Authentication::Unsupported(method), _) => Err(Error::Unsupported(method)),
        (expected, presented) => {
            Err(Error::WrongMethod { expected: expected.name(), presented: presented.name() })
        }
    }
}

fn verify_assertion(
    client_id: &str,
    keys: &[AssertionKey],
    assertion: &str,
    audiences: &[&str],
    now: Timestamp,
) -> Result<Authenticated, Error> {
    let refuse = |reason: &str| Error::Assertion(reason.to_owned());
    let token =
        Compact::parse(assertion, MAX_ASSERTION).map_err(|error| Error::Assertion(error.to_string()))?;
    // An access token or a logout token is no client assertion, whoever signed it.
    if token.typ().is_some_and(|typ| {
        !typ.eq_ignore_ascii_case("JWT") && !typ.eq_ignore_ascii_case("client-authentication+jwt")
    }) {
        return Err(refuse("its typ is not JWT"));
    }
    let signed = keys.iter().any(|key| key.signed(&token, now));
    if !signed {
        return Err(refuse(
            "no valid credential of the application has this kid and alg and made this signature",
        ));
    }
    let claims = Claims::parse(token.payload()).map_err(|error| Error::Assertion(error.to_string()))?;
    if claims.iss.as_deref() != Some(client_id) || claims.sub.as_deref() != Some(client_id) {
        return Err(refuse("iss and sub must both be the client_id"));
    }
    let [audience] = claims.aud.as_slice() else {
        return Err(refuse("aud must name this issuer and nobody else"));
    };
    if !audiences.contains(&audience.as_str()) {
        return Err(refuse(
            "aud must be the issuer or the token endpoint of this tenant, or the endpoint that was called",
        ));
    }
    let seconds = now.as_second();
    claims.check_times(seconds, SKEW).map_err(|error| Error::Assertion(error.to_string()))?;
    let expires = claims.exp.ok_or_else(|| refuse("exp is missing"))?;
    // The skew that iat and nbf enjoy does not make an assertion live longer.
    if expires <= seconds {
        return Err(refuse("it has expired"));
    }
    if expires - seconds > MAX_ASSERTION_LIFETIME + SKEW
        || claims.iat.is_some_and(|issued| expires - issued > MAX_ASSERTION_LIFETIME)
    {
        return Err(refuse("it lives longer than 5 minutes"));
    }
    let jti = claims.jti.filter(|jti| !jti.is_empty()).ok_or_else(|| refuse("jti is missing"))?;
    let expires_at = Timestamp::from_second(expires).map_err(|_| refuse("exp is out of range"))?;
    Ok(Authenticated::OnceOnly { jti, expires_at })
}

impl Authentication {
    fn name(&self) -> &'static str {
        match self {
            Self::None => "nothing (it is a public client)",
            Self::Secret(_) => "a client secret",
            Self::PrivateKeyJwt(_) => "private_key_jwt",
            Self::Unsupported(method) => method,
        }
    }
}

impl Presented {
    fn name(&self) -> &'static str {
        match self {
            Self::Nothing => "no proof",
            Self::Secret(_) => "a client secret",
            Self::Assertion(_) => "a client assertion",
        }
    }
}

impl std::fmt::Debug for Presented {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
