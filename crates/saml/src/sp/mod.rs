//! The service provider: we ask an identity provider who somebody is, and judge its answer.
//!
//! [`request`] asks, [`consume`] judges. What is read of an answer is what a trusted key has signed, and nothing else of
//! it. Must never take a key, an audience or an address from the answer.

pub mod consume;
pub mod request;

#[cfg(test)]
mod tests;
