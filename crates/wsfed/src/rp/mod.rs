//! The relying party: we send a browser to a service that issues tokens, and judge the one that it brings back.
//!
//! [`request`] is the way there, [`consume`] judges the answer, [`metadata`] is what the other side publishes. What is
//! read of a token is what a trusted key has signed; of the response around it nothing counts. Must never take a key, an
//! audience or an address from the answer.

pub mod consume;
pub mod metadata;
pub mod request;
mod saml11;
pub mod trust;

#[cfg(test)]
mod tests;
