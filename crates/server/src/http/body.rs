//! The body of a request, read to its end: not too large and not too slow.
//!
//! Must never be bypassed: a client that sends a byte now and then would hold a request open for ever.

use axum::body::Body;
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};

use super::serve::BODY_PATIENCE;

/// A body that was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// It is larger than the limit, or broke off.
    TooLarge,
    /// It did not arrive in time.
    TooSlow,
}

/// Bytes beyond the limit that are read and thrown away. A connection that is closed with something unread loses the
/// answer too: the client would hear of a broken connection, and not of its body.
const THROWN_AWAY: usize = 8 * 1024 * 1024;

/// Reads a body of at most `limit` bytes.
pub async fn read(mut body: Body, limit: usize) -> Result<Bytes, Unread> {
    let reading = async {
        if let Ok(whole) = Limited::new(&mut body, limit).collect().await {
            return Ok(whole.to_bytes());
        }
        let mut rest = THROWN_AWAY;
        while let Some(Ok(frame)) = body.frame().await {
            let Some(left) = rest.checked_sub(frame.data_ref().map_or(0, Bytes::len)) else { break };
            rest = left;
        }
        Err(Unread::TooLarge)
    };
    tokio::time::timeout(BODY_PATIENCE, reading).await.unwrap_or(Err(Unread::TooSlow))
}
