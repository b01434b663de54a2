//! The protocol endpoints.

mod assertions;
mod token;

pub(crate) use assertions::use_an_assertion;
