//! Requests that the client signed (JAR by value, RFC 9101).
//!
//! Must never fetch anything, and never believe a request that is unsigned, signed by somebody else, or meant
//! for another server.

use chancery_crypto::algorithm::Algorithm;
use chancery_jose::json;
use chancery_jose::jws::Compact;
use chancery_jose::jwt::Claims;
use jiff::Timestamp;
use serde_json::Value;

use super::PageError;
use crate::client::Client;
use crate::parameters::Parameters;

/// The longest signed request that is read, in bytes.
pub(super) const MAX_LENGTH: usize = 16 * 1024;

/// The algorithms that are accepted.
const ALGORITHMS: [Algorithm; 3] = [Algorithm::Rs256, Algorithm::Rs384, Algorithm::Ps256];

/// How far clocks may differ, in seconds.
const SKEW: i64 = 10;

/// Claims of the token itself, which are no parameters.
const REGISTERED: [&str; 7] = ["iss", "aud", "exp", "nbf", "iat", "jti", "sub"];

/// Reads the parameters out of a request that `client` signed for `issuer`.
pub(super) fn read(
    text: &str,
    client: &Client,
    issuer: &str,
    now: Timestamp,
) -> Result<Parameters, PageError> {
    let refuse = |reason: &str| PageError::RequestObject(reason.to_owned());
    let token = Compact::parse(text, MAX_LENGTH).map_err(|error| refuse(&error.to_string()))?;
    if token.typ().is_some_and(|typ| {
        !typ.eq_ignore_ascii_case("JWT") && !typ.eq_ignore_ascii_case("oauth-authz-req+jwt")
    }) {
        return Err(refuse("its typ is neither JWT nor oauth-authz-req+jwt"));
    }
    if !ALGORITHMS.contains(&token.algorithm()) {
        return Err(refuse("it must be signed with RS256, RS384 or PS256"));
    }
    if !client.signed_requests.keys.iter().any(|key| key.signed(&token, now)) {
        return Err(refuse(
            "no valid credential of the application has this kid and alg and made this signature",
        ));
    }
    let claims = Claims::parse(token.payload()).map_err(|error| refuse(&error.to_string()))?;
    if claims.iss.as_deref() != Some(client.id.as_str()) {
        return Err(refuse("its iss must be the client_id"));
    }
    if claims.client_id.as_ref().is_some_and(|named| *named != client.id) {
        return Err(refuse("its client_id is another one"));
    }
    // RFC 9101 section 10.8: what is signed for one purpose must not serve another.
    if claims.sub.as_deref() == Some(client.id.as_str()) {
        return Err(refuse("its sub must not be the client_id, as in a client assertion"));
    }
    if !claims.aud.iter().any(|audience| audience == issuer) {
        return Err(refuse("its aud must be the issuer of this tenant"));
    }
    let seconds = now.as_second();
    if claims.exp.is_some_and(|end| end <= seconds) {
        return Err(refuse("it has expired"));
    }
    if [claims.nbf, claims.iat].into_iter().flatten().any(|from| from > seconds + SKEW) {
        return Err(refuse("it is not valid yet"));
    }
    let members = json::parse(token.payload()).map_err(|error| refuse(&error.to_string()))?;
    parameters(&members).map_err(|reason| refuse(&reason))
}

/// The members that are parameters. Numbers and structures are taken as their JSON text.
fn parameters(members: &Value) -> Result<Parameters, String> {
    let mut parameters = Parameters::default();
    for (name, value) in members.as_object().into_iter().flatten() {
        if REGISTERED.contains(&name.as_str()) || name == "client_id" {
            continue;
        }
        if name == "request" || name == "request_uri" {
            return Err(format!("it must not hold {name}"));
        }
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Null => continue,
            Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
        };
        parameters.add(name.clone(), text).map_err(|error| error.to_string())?;
    }
    Ok(parameters)
}
