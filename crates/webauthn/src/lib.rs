//! Passkeys: Web Authentication (Level 3) as a relying party sees it.
//!
//! [`creation_options`] and [`request_options`] say what a browser is asked for; [`register`] and [`authenticate`] judge
//! what it answers, and [`claimed`] tells which stored credential an answer speaks of. Challenge, origin and stored
//! credential come in as arguments. It must never read a clock, draw randomness, store anything, or believe what an
//! answer says before it was compared or verified; it never judges who made an authenticator (attestation).

mod authenticate;
mod authenticator_data;
mod cbor;
mod client_data;
mod cose;
mod members;
mod options;
mod register;
mod response;

#[cfg(test)]
mod tests;

pub use authenticate::{AuthenticateError, Authenticated, Stored, authenticate};
pub use authenticator_data::AuthenticatorDataError;
pub use cbor::CborError;
pub use client_data::{ClientDataError, MIN_CHALLENGE};
pub use cose::{Algorithm, KeyError};
pub use members::MemberError;
pub use options::{TIMEOUT, User, creation_options, request_options};
pub use register::{Credential, RegisterError, register};
pub use response::{Claimed, MAX_RESPONSE, ResponseError, claimed};

/// Who asks for a passkey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RelyingParty<'a> {
    /// The RP ID: the host name that passkeys are bound to, without scheme and port.
    pub id: &'a str,
    /// What people may be shown as its name.
    pub name: &'a str,
    /// The one origin that the browser may be on, in its serialized form: `https://tenant.example` or
    /// `http://localhost:3000`, without a slash at the end.
    pub origin: &'a str,
}

/// What an answer has to fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected<'a> {
    /// Who asked.
    pub rp: RelyingParty<'a>,
    /// The challenge that was sent, which nobody could know before; it counts once, which the caller sees to.
    pub challenge: &'a [u8],
}
