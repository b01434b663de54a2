//! How the request came: pushed if the client must push (RFC 9126 section 6), signed if it must sign
//! (RFC 9101 section 10.5).

use super::{Error, Raw};
use crate::client::Client;

pub(super) fn check(raw: &Raw, client: &Client) -> Result<(), Error> {
    if client.require_pushed_requests && !raw.pushed {
        return Err(Error::invalid(
            "The application must push its authorization requests to the pushed authorization request endpoint.",
        ));
    }
    if client.signed_requests.required && !raw.signed {
        return Err(Error::invalid("The application must sign its authorization requests."));
    }
    Ok(())
}
