//! OAuth 2.0 as pure decisions: a request and what is known in, a decision or a precise error out.
//!
//! Owns the rules of the token endpoint, client authentication, access tokens and the discovery document.
//! Deliberately absent: storage, HTTP, clocks, randomness, and our aggregates — `server` translates those
//! into the small types of this crate.
//!
//! The way of a request, for whoever writes its handler:
//!
//! - `/authorize`: [`authorize::Opening::parse`], load the client (and take the pushed request out of storage),
//!   [`authorize::Opening::resolve`], [`authorize::check`], then [`authorize::decide`] as often as the user comes
//!   back from a page; [`authorize::Channel`] makes the answer.
//! - `/oauth/par`: [`token::Request`]'s way of authenticating, [`authorize::Opening::push`], [`authorize::check`],
//!   and store [`authorize::Raw::to_document`].
//! - `/oidc/register`: [`registration::Registration::read`].
//! - `/oauth/token`: [`token::Request::parse`], [`client_auth::authenticate`], then the decision of the grant:
//!   [`token::client_credentials::decide`], [`token::authorization_code::redeem`],
//!   [`refresh::RefreshPolicy::judge`] with [`token::refresh_token::target`], [`device::poll`].
//! - Every token for a user: [`user_access::Access::decide`], then [`user_access::issue`] or
//!   [`user_access::Opaque::issue`], and [`id_token::Issue::now`] where `openid` was granted.
//! - Another provider: [`upstream`].
//! - Logout: [`id_token::hinted_client`] to find the client, [`id_token::read_hint`], [`logout::decide_v2`] or
//!   [`logout::decide_oidc`], and a [`logout::LogoutToken`] for each application that wants one.

pub mod access_token;
pub mod api;
pub mod authorize;
pub mod client;
pub mod client_auth;
pub mod device;
pub mod discovery;
pub mod id_token;
pub mod logout;
pub mod parameters;
pub mod pkce;
pub mod profile;
pub mod refresh;
pub mod registration;
pub mod scope;
pub mod token;
pub mod upstream;
pub mod uri;
pub mod user_access;

#[cfg(test)]
mod kit;
