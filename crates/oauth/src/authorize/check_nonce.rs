//! `nonce`: there when an ID token goes through the browser (OpenID Connect Core section 3.2.2.1), where only
//! the nonce ties it to the request.

use super::{Error, Raw, ResponseType};

pub(super) fn check(raw: &Raw, response_type: ResponseType) -> Result<Option<String>, Error> {
    match raw.text("nonce") {
        None if response_type.id_token => Err(Error::invalid("Missing required parameter: nonce")),
        nonce => Ok(nonce.map(str::to_owned)),
    }
}
