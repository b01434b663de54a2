//! The service provider: we ask an identity provider who somebody is, and judge its answer.
//!
//! [`request`] or a [`template`] asks, [`consume`] judges, and [`profile`] says what of it belongs where; [`metadata`] is
//! what we publish, [`idp_metadata`] what the other side does. A [`token`] is an assertion that comes in another
//! protocol. What is read of an answer is what a trusted key has signed, and nothing else of it. Must never take a key,
//! an audience or an address from the answer.

pub mod consume;
pub mod error;
pub mod idp_metadata;
pub mod metadata;
pub mod profile;
pub mod request;
pub mod template;
pub mod token;

#[cfg(test)]
mod tests;
