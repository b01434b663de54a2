//! HTTP as all parts share it: who is asking, which tenant is asked, how connections are served.
//!
//! Must never believe a forwarding header from anybody but a trusted proxy.

mod alarm;
pub mod body;
pub mod forwarded;
pub mod host;
pub mod observe;
pub mod outgoing;
pub mod serve;
pub mod tls;

use std::net::IpAddr;

use http::Method;

/// Where a request comes from, learned once at the door.
#[derive(Debug)]
pub struct Origin {
    /// The client's address.
    pub ip: IpAddr,
    /// What the client calls itself, at most 256 characters.
    pub user_agent: Option<String>,
    /// The id that our log lines and its answer carry.
    pub request_id: String,
    /// The method.
    pub method: Method,
    /// The path, without the query.
    pub path: String,
}
