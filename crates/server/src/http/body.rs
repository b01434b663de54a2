//! The body of a request, read to its end: not too large and not too slow.
//!
//! Must never be bypassed: a client that sends a byte now and then would hold a request open for ever.

use axum::body::{Body, to_bytes};
use bytes::Bytes;

use super::serve::BODY_PATIENCE;

/// A body that was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// It is larger than the limit, or broke off.
    TooLarge,
    /// It did not arrive in time.
    TooSlow,
}

/// Reads a body of at most `limit` bytes.
pub async fn read(body: Body, limit: usize) -> Result<Bytes, Unread> {
    match tokio::time::timeout(BODY_PATIENCE, to_bytes(body, limit)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(_)) => Err(Unread::TooLarge),
        Err(_) => Err(Unread::TooSlow),
    }
}
