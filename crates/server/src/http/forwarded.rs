//! `Forwarded` (RFC 7239) and `X-Forwarded-*`: what a proxy says of the client behind it.
//!
//! A proxy sets one family and passes the other on as the client wrote it, so where both are there, neither is
//! believed. Read from the right, and only as far as the senders are trusted: what stands to the left of the first
//! untrusted address was written by anybody.

use std::net::IpAddr;

use http::HeaderMap;
use ipnet::IpNet;

#[cfg(test)]
mod tests;

/// The client's address: the nearest one that is no trusted proxy.
pub fn client_ip(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let believed = |ip: IpAddr| trusted.iter().any(|net| net.contains(&ip));
    let mut client = peer.to_canonical();
    // Most requests come straight from a client, whose headers need not even be read.
    if !believed(client) {
        return client;
    }
    for hop in hops(headers).into_iter().rev() {
        if !believed(client) {
            break;
        }
        // An obfuscated or unreadable hop ends what can be known.
        let Some(ip) = hop else { break };
        client = ip.to_canonical();
    }
    client
}

/// The host that the client asked for, if the peer is a trusted proxy that says so.
pub fn client_host(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> Option<String> {
    if !trusted.iter().any(|net| net.contains(&peer.to_canonical())) {
        return None;
    }
    if ambiguous(headers) {
        return None;
    }
    let forwarded = values(headers, "forwarded").rev().find_map(|element| parameter(&element, "host"));
    forwarded.or_else(|| values(headers, "x-forwarded-host").next_back())
}

fn ambiguous(headers: &HeaderMap) -> bool {
    let legacy = headers.keys().any(|name| name.as_str().starts_with("x-forwarded-"));
    legacy && headers.contains_key("forwarded")
}

fn hops(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    if ambiguous(headers) {
        return Vec::new();
    }
    let forwarded: Vec<_> = values(headers, "forwarded")
        .map(|element| parameter(&element, "for").as_deref().and_then(address))
        .collect();
    if forwarded.is_empty() {
        values(headers, "x-forwarded-for").map(|value| address(&value)).collect()
    } else {
        forwarded
    }
}

/// The comma-separated values of a header, in order.
fn values(headers: &HeaderMap, name: &str) -> impl DoubleEndedIterator<Item = String> {
    let all: Vec<String> = headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|value| value.trim().to_owned())
        .filter(|value| !value.is_empty())
        .collect();
    all.into_iter()
}

/// The value of a parameter of one `Forwarded` element.
fn parameter(element: &str, name: &str) -> Option<String> {
    element.split(';').find_map(|pair| {
        let (own, value) = pair.split_once('=')?;
        own.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"').to_owned())
    })
}

/// An address with or without a port, IPv6 with or without brackets.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    if let Some(rest) = text.strip_prefix('[') {
        return rest.split_once(']')?.0.parse().ok();
    }
    text.parse().ok().or_else(|| text.rsplit_once(':')?.0.parse().ok())
}
