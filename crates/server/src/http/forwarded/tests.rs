//! Who the client is, behind proxies that are trusted and proxies that are not.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName, HeaderValue};
use ipnet::IpNet;

use super::{client_host, client_ip};

fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let header = |(name, value): &(&'static str, &'static str)| {
        (HeaderName::from_static(name), HeaderValue::from_static(value))
    };
    pairs.iter().map(header).collect()
}

fn client(peer: &str, pairs: &[(&'static str, &'static str)]) -> String {
    let trusted: [IpNet; 2] = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
    client_ip(peer.parse::<IpAddr>().unwrap(), &headers(pairs), &trusted).to_string()
}

#[test]
fn a_stranger_is_taken_for_who_it_is_whatever_it_says() {
    assert_eq!(client("1.2.3.4", &[("x-forwarded-for", "9.9.9.9"), ("forwarded", "for=8.8.8.8")]), "1.2.3.4");
}

#[test]
fn a_trusted_proxy_is_believed() {
    assert_eq!(client("10.0.0.1", &[("x-forwarded-for", "9.9.9.9")]), "9.9.9.9");
    assert_eq!(client("10.0.0.1", &[("forwarded", "for=9.9.9.9;proto=https")]), "9.9.9.9");
    assert_eq!(client("fd00::1", &[("forwarded", "For=\"[2001:db8::1]:4711\"")]), "2001:db8::1");
    assert_eq!(client("::ffff:10.0.0.1", &[("x-forwarded-for", "9.9.9.9:80")]), "9.9.9.9");
}

#[test]
fn what_stands_left_of_the_first_untrusted_address_was_written_by_anybody() {
    assert_eq!(client("10.0.0.1", &[("x-forwarded-for", "6.6.6.6, 9.9.9.9, 10.0.0.2")]), "9.9.9.9");
    assert_eq!(
        client("10.0.0.1", &[("x-forwarded-for", "6.6.6.6"), ("x-forwarded-for", "9.9.9.9")]),
        "9.9.9.9"
    );
}

#[test]
fn a_hop_that_cannot_be_read_ends_what_can_be_known() {
    assert_eq!(client("10.0.0.1", &[("forwarded", "for=6.6.6.6, for=_hidden, for=10.0.0.2")]), "10.0.0.2");
    assert_eq!(client("10.0.0.1", &[("x-forwarded-for", "nonsense")]), "10.0.0.1");
}

#[test]
fn two_families_of_headers_at_once_are_not_believed() {
    let both = [("x-forwarded-for", "9.9.9.9"), ("forwarded", "for=6.6.6.6;host=evil.example")];
    assert_eq!(client("10.0.0.1", &both), "10.0.0.1");
    let trusted: [IpNet; 1] = ["10.0.0.0/8".parse().unwrap()];
    assert_eq!(client_host("10.0.0.1".parse().unwrap(), &headers(&both), &trusted), None);
}

#[test]
fn the_host_is_believed_from_a_trusted_proxy_alone() {
    let trusted: [IpNet; 1] = ["10.0.0.0/8".parse().unwrap()];
    let of = |peer: &str, pairs: &[(&'static str, &'static str)]| {
        client_host(peer.parse::<IpAddr>().unwrap(), &headers(pairs), &trusted)
    };
    assert_eq!(of("10.0.0.1", &[("x-forwarded-host", "a.example")]).as_deref(), Some("a.example"));
    assert_eq!(
        of("10.0.0.1", &[("forwarded", "for=1.1.1.1;host=\"b.example:8443\"")]).as_deref(),
        Some("b.example:8443")
    );
    assert_eq!(of("1.2.3.4", &[("x-forwarded-host", "a.example")]), None);
    assert_eq!(of("10.0.0.1", &[]), None);
}
