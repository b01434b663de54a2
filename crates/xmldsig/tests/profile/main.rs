//! The profile: what is read, what counts, and what does not.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod documents;
mod encryption;
mod inclusive;
mod kit;
mod signatures;
