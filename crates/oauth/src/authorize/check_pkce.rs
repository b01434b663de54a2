//! `code_challenge` and `code_challenge_method` (RFC 7636): well-formed, and there for public clients
//! (RFC 9700 section 2.1.1).

use super::{Error, Raw, ResponseType};
use crate::client::Client;
use crate::pkce::Challenge;

pub(super) fn check(
    raw: &Raw,
    client: &Client,
    response_type: ResponseType,
) -> Result<Option<Challenge>, Error> {
    let challenge = Challenge::parse(raw.text("code_challenge"), raw.text("code_challenge_method"))
        .map_err(|error| Error::InvalidRequest(error.to_string()))?;
    if response_type.code && challenge.is_none() && client.is_public() {
        return Err(Error::invalid(
            "Missing required parameter: code_challenge. Applications that cannot keep a secret must use PKCE.",
        ));
    }
    Ok(challenge.filter(|_| response_type.code))
}
