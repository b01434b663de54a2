//! Whether an ID token of another provider says who somebody is (OpenID Connect Core section 3.1.3.7).
//!
//! Must never look at a claim before the signature has been verified with a key of the provider, and must never verify
//! with an algorithm whose key could be known to anybody else.

use chancery_crypto::algorithm::Algorithm;
use chancery_jose::jws::{Compact, JwsError, VerifyingKey};
use chancery_jose::jwt::{Claims, ClaimsError, TimeError};
use jiff::Timestamp;
use serde_json::Value;

use super::{Keys, KeysError, Metadata};

/// Seconds by which the clocks may differ.
pub const LEEWAY: i64 = 60;
/// The longest token, in bytes: some providers put the groups of a user into it.
const LONGEST: usize = 64 * 1024;
/// The longest subject (OpenID Connect Core section 2).
const LONGEST_SUBJECT: usize = 255;

/// The algorithms that count, unless a connection wants fewer: those where nobody else has the key.
pub const ALGORITHMS: &[Algorithm] = &[
    Algorithm::Rs256,
    Algorithm::Rs384,
    Algorithm::Rs512,
    Algorithm::Ps256,
    Algorithm::Ps384,
    Algorithm::Es256,
    Algorithm::Es384,
];

/// What a token has to agree with.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The provider.
    pub metadata: &'a Metadata,
    /// What the provider calls us.
    pub client_id: &'a str,
    /// What was sent along.
    pub nonce: &'a str,
    /// The algorithms that count.
    pub algorithms: &'a [Algorithm],
    /// The time.
    pub now: Timestamp,
}

/// Why a token does not say who somebody is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenError {
    /// It is no signed token, or the signature is not the provider's.
    #[error("ID token: {0}")]
    Jws(#[from] JwsError),
    /// No key for it.
    #[error("ID token: {0}")]
    Key(#[from] KeysError),
    /// Its type is that of another kind of token.
    #[error("ID token: the token is of another type")]
    Type,
    /// Its claims cannot be read.
    #[error("ID token: {0}")]
    Claims(#[from] ClaimsError),
    /// Its times are wrong.
    #[error("ID token: {0}")]
    Time(#[from] TimeError),
    /// It does not say when it was issued.
    #[error("ID token: iat is missing")]
    NoIssueTime,
    /// It is of another issuer.
    #[error("ID token: iss is another issuer than expected")]
    Issuer,
    /// It is for somebody else.
    #[error("ID token: aud does not name this client")]
    Audience,
    /// It was issued to somebody else.
    #[error("ID token: azp is another client")]
    AuthorizedParty,
    /// It belongs to another login.
    #[error("ID token: nonce is not the one that was sent")]
    Nonce,
    /// It names nobody.
    #[error("ID token: sub is missing or too long")]
    Subject,
}

/// Checks a token; its claims can be believed afterwards.
pub fn check(token: &str, keys: &Keys, expected: &Expected<'_>) -> Result<Claims, IdTokenError> {
    let compact = Compact::parse(token, LONGEST)?;
    let algorithm = compact.algorithm();
    if !expected.algorithms.contains(&algorithm) || algorithm.is_symmetric() {
        return Err(JwsError::AlgorithmNotAllowed(algorithm).into());
    }
    if compact.typ().is_some_and(|typ| !typ.eq_ignore_ascii_case("jwt")) {
        return Err(IdTokenError::Type);
    }
    let key = keys.find(compact.kid(), algorithm)?;
    compact.verify(expected.algorithms, VerifyingKey::from(key))?;
    let claims = Claims::parse(compact.payload())?;
    judge(&claims, expected)?;
    Ok(claims)
}

fn judge(claims: &Claims, expected: &Expected<'_>) -> Result<(), IdTokenError> {
    let directory = claims.other.get("tid").and_then(Value::as_str);
    let issuer = expected.metadata.issuer_for(directory).ok_or(IdTokenError::Issuer)?;
    if claims.iss.as_deref() != Some(issuer.as_str()) {
        return Err(IdTokenError::Issuer);
    }
    if !claims.aud.iter().any(|own| own == expected.client_id) {
        return Err(IdTokenError::Audience);
    }
    match claims.azp.as_deref() {
        Some(azp) if azp != expected.client_id => return Err(IdTokenError::AuthorizedParty),
        None if claims.aud.len() > 1 => return Err(IdTokenError::AuthorizedParty),
        Some(_) | None => {}
    }
    claims.check_times(expected.now.as_second(), LEEWAY)?;
    if claims.iat.is_none() {
        return Err(IdTokenError::NoIssueTime);
    }
    if claims.other.get("nonce").and_then(Value::as_str) != Some(expected.nonce) {
        return Err(IdTokenError::Nonce);
    }
    let fits = |sub: &String| !sub.is_empty() && sub.len() <= LONGEST_SUBJECT;
    if !claims.sub.as_ref().is_some_and(fits) {
        return Err(IdTokenError::Subject);
    }
    Ok(())
}
