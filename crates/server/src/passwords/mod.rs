//! Passwords: how they are hashed and compared, and what a good one is.
//!
//! Argon2id with the parameters of one place. Must never hold, print or log a password longer than it is needed,
//! and never take less time for a person who does not exist.

mod common;
mod hash;
pub mod policy;
mod pool;

#[cfg(test)]
mod tests;

use std::fmt;

use zeroize::Zeroizing;

pub use hash::{Parameters, Verdict};
pub use pool::{PasswordPool, PoolError};

/// The most characters of a password.
pub const MOST_CHARACTERS: usize = 256;

/// The most bytes of a password.
pub const MOST_BYTES: usize = 1024;

/// A text that may be a password: short enough to be hashed, and one that a form can bring.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

/// A text that is too long to be a password, or holds what none can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a password has at most {MOST_CHARACTERS} characters and holds no control character")]
pub struct NoPassword;

impl Password {
    /// Takes a text, if it is short enough.
    pub fn new(text: &str) -> Result<Self, NoPassword> {
        let fits = text.len() <= MOST_BYTES && text.chars().count() <= MOST_CHARACTERS;
        if fits && !text.chars().any(char::is_control) {
            Ok(Self(Zeroizing::new(text.to_owned())))
        } else {
            Err(NoPassword)
        }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}
