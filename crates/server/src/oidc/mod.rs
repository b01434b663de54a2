//! The tenant's public protocol endpoints: tokens, keys, discovery, certificate downloads.
//!
//! Loads, asks the pure crates for a decision, saves, answers. Must never decide by itself.

mod documents;
mod error;
mod memory;
mod sql;
mod token;

pub use documents::{caching, router as documents_router};
pub use error::wrong_method;
pub use memory::Memory;
pub use token::{IssueError, issue_for_cli, router as token_router};
