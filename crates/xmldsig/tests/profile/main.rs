//! The profile: what is read, what counts, and what does not.

mod documents;
mod encryption;
mod kit;
mod signatures;
