//! The other side of the protocol: asking another provider who somebody is (OpenID Connect Core section 3.1, RFC 6749
//! section 4.1, RFC 9700).
//!
//! The way of a login: [`Metadata`] says where things are, [`Asking::url`] sends the browser, [`Answer::read`] takes
//! what it brings back, [`Exchange`] makes the token request, [`Tokens::read`] its answer, and [`id_token::check`] with
//! [`Keys`] says who it is. Must never believe a claim before its signature, issuer, audience and nonce are right.

mod answer;
mod asking;
pub mod assertion;
mod exchange;
pub mod id_token;
mod keys;
mod metadata;
mod profile;
#[cfg(test)]
mod tests;

pub use answer::{Answer, AnswerError};
pub use asking::Asking;
pub use exchange::{Authentication, Exchange, ExchangeError, Tokens};
pub use keys::{Keys, KeysError};
pub use metadata::{IssuerRule, Metadata, MetadataError};
pub use profile::{ProfileError, claims_of, mapped, userinfo};
