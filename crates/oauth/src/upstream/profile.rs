//! What another provider says of a user, as the members that users have here.
//!
//! Must never take what it says of one user for another's (OpenID Connect Core section 5.3.2).

use chancery_jose::json;
use chancery_jose::jwt::Claims;
use serde_json::{Map, Value};

/// Claims about a token or a login, not about a user.
const OF_TOKENS: &[&str] = &[
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "azp",
    "nonce",
    "at_hash",
    "c_hash",
    "s_hash",
    "auth_time",
    "acr",
    "amr",
    "sid",
    "client_id",
    "scope",
];

/// Why a profile is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// It is no object of JSON.
    #[error("the profile cannot be read")]
    Unreadable,
    /// It is of somebody else.
    #[error("the profile is of another user than the ID token")]
    Subject,
}

/// The claims of an ID token that are about the user.
pub fn claims_of(claims: &Claims) -> Map<String, Value> {
    let mut members = claims.other.clone();
    members.retain(|name, _| !OF_TOKENS.contains(&name.as_str()));
    members
}

/// Reads a profile. With `sub` it has to be that user's.
pub fn userinfo(body: &[u8], sub: Option<&str>) -> Result<Map<String, Value>, ProfileError> {
    let Ok(Value::Object(mut members)) = json::parse(body) else { return Err(ProfileError::Unreadable) };
    if let Some(sub) = sub {
        if members.get("sub").and_then(Value::as_str) != Some(sub) {
            return Err(ProfileError::Subject);
        }
        members.retain(|name, _| !OF_TOKENS.contains(&name.as_str()));
    }
    Ok(members)
}

/// What an `attribute_map` makes of the claims of the ID token and of userinfo. Values are texts with one or more
/// places like `${context.tokenset.email}`; a text that is one place alone keeps the kind of its value.
pub fn mapped(
    map: &Map<String, Value>,
    (token, userinfo): (&Map<String, Value>, &Map<String, Value>),
) -> Map<String, Value> {
    let look = |place: &str| {
        let (source, name) = place.trim().strip_prefix("context.")?.split_once('.')?;
        match source {
            "tokenset" => token.get(name),
            "userinfo" => userinfo.get(name),
            _ => None,
        }
    };
    let mut members = Map::new();
    for (name, template) in map {
        let Some(template) = template.as_str() else { continue };
        let alone = template.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
        if let Some(place) = alone.filter(|place| !place.contains("${")) {
            if let Some(value) = look(place) {
                members.insert(name.clone(), value.clone());
            }
            continue;
        }
        members.insert(name.clone(), Value::String(filled(template, &look)));
    }
    members
}

fn filled<'a>(template: &str, look: &impl Fn(&str) -> Option<&'a Value>) -> String {
    let mut filled = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("${") {
        filled.push_str(before);
        let Some((place, after)) = after.split_once('}') else {
            filled.push_str("${");
            rest = after;
            break;
        };
        match look(place) {
            Some(Value::String(text)) => filled.push_str(text),
            Some(value) => filled.push_str(&value.to_string()),
            None => {}
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}
