//! The crypto crate held against OpenSSL, an implementation that is not ours.
//!
//! `openssl` is a declared test tool: without it these tests fail and say so.

#![expect(clippy::unwrap_used, reason = "a test whose set-up fails should stop at once")]

mod certificates;
mod curves;
mod keys;
mod kit;
mod signatures;
