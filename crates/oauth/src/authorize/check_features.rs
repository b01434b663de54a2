//! Parameters whose meaning cannot be honoured yet.
//!
//! Must never ignore a parameter that makes a request safer or narrower: the client would rely on it.

use super::{Error, Raw};

const UNSUPPORTED: [(&str, &str); 6] = [
    ("organization", "this tenant has no organizations"),
    ("invitation", "this tenant has no organizations"),
    ("authorization_details", "rich authorization requests are not offered"),
    ("dpop_jkt", "sender-constrained tokens are not offered"),
    ("registration", "clients cannot register in an authorization request"),
    ("session_transfer_token", "sessions cannot be transferred"),
];

pub(super) fn check(raw: &Raw) -> Result<(), Error> {
    match UNSUPPORTED.into_iter().find(|(name, _)| raw.text(name).is_some()) {
        Some((name, why)) => {
            Err(Error::InvalidRequest(format!("The parameter {name} is not supported: {why}.")))
        }
        None => Ok(()),
    }
}
