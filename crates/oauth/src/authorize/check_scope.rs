//! `scope`: well-formed, and with `openid` where an ID token is asked for (OpenID Connect Core section
//! 3.1.2.1).

use super::{Error, Raw, ResponseType};
use crate::scope::Scopes;

pub(super) fn check(raw: &Raw, response_type: ResponseType) -> Result<Scopes, Error> {
    let scopes = Scopes::parse(raw.text("scope").unwrap_or_default())
        .map_err(|error| Error::InvalidScope(error.to_string()))?;
    if response_type.id_token && !scopes.contains("openid") {
        return Err(Error::InvalidScope("An ID token needs the scope openid.".to_owned()));
    }
    Ok(scopes)
}
