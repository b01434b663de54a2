//! What the browser says that it was asked, by whom and where: `clientDataJSON` (Web Authentication Level 3 section
//! 5.8.1).
//!
//! This is where an answer for another site, another ceremony or another moment is refused. It must never compare an
//! origin by anything but its whole text, and never accept an answer that was given inside a frame of another origin.

use chancery_crypto::digest;
use serde_json::Value;

use crate::Expected;
use crate::members::{MemberError, Members};

/// The shortest challenge that counts, in bytes (section 13.4.3).
pub const MIN_CHALLENGE: usize = 16;

/// How much of a foreign text an error repeats, in characters.
const EXCERPT: usize = 100;

/// Why the client data does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientDataError {
    /// The JSON or one of its members cannot be read.
    #[error("clientDataJSON cannot be read: {0}")]
    Member(#[from] MemberError),
    /// The answer belongs to another ceremony.
    #[error("the type of the client data must be {expected:?}, found {found:?}")]
    Type {
        /// What it says.
        found: String,
        /// What was asked for.
        expected: &'static str,
    },
    /// The caller's challenge could be guessed.
    #[error("a challenge must have at least 16 bytes, the one that was sent has {0}")]
    ShortChallenge(usize),
    /// The answer is to another challenge.
    #[error("the challenge is not the one that was sent")]
    Challenge,
    /// The browser was somewhere else.
    #[error("the origin must be {expected:?}, found {found:?}")]
    Origin {
        /// Where the browser was.
        found: String,
        /// Where it should have been.
        expected: String,
    },
    /// The page was in a frame of another origin.
    #[error("the answer was given inside a frame of another origin (crossOrigin)")]
    CrossOrigin,
    /// The page was in a frame, says the name of the origin around it.
    #[error("the answer was given inside a frame (topOrigin)")]
    TopOrigin,
}

/// What the browser was asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ceremony {
    /// Make a passkey.
    Create,
    /// Use one.
    Get,
}

impl Ceremony {
    fn name(self) -> &'static str {
        match self {
            Self::Create => "webauthn.create",
            Self::Get => "webauthn.get",
        }
    }
}

/// Checks the client data (sections 7.1 and 7.2, up to the hash of it).
pub(crate) fn check(json: &[u8], ceremony: Ceremony, expected: &Expected<'_>) -> Result<(), ClientDataError> {
    let members = Members::parse(json)?;
    let found = members.text("type")?;
    if found != ceremony.name() {
        return Err(ClientDataError::Type { found: excerpt(found), expected: ceremony.name() });
    }
    if expected.challenge.len() < MIN_CHALLENGE {
        return Err(ClientDataError::ShortChallenge(expected.challenge.len()));
    }
    if !digest::equal(&members.bytes("challenge")?, expected.challenge) {
        return Err(ClientDataError::Challenge);
    }
    let found = members.text("origin")?;
    if found != expected.rp.origin {
        let expected = expected.rp.origin.to_owned();
        return Err(ClientDataError::Origin { found: excerpt(found), expected });
    }
    match members.any("crossOrigin") {
        None | Some(Value::Bool(false)) => {}
        Some(Value::Bool(true)) => return Err(ClientDataError::CrossOrigin),
        Some(_) => return Err(MemberError::Kind { member: "crossOrigin", expected: "true or false" }.into()),
    }
    if members.any("topOrigin").is_some() {
        return Err(ClientDataError::TopOrigin);
    }
    Ok(())
}

fn excerpt(text: &str) -> String {
    text.chars().take(EXCERPT).collect()
}
