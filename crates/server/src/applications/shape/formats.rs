//! The looks of texts in an application: URLs, ids, times.
//!
//! They refuse what cannot be meant and what is dangerous in a browser; they must never refuse an address
//! only because it is unusual, since applications have schemes, ports and wildcards of every kind.

use std::net::IpAddr;

use http::Uri;
use ipnet::IpNet;
use jiff::Timestamp;

use crate::http::outgoing;
use crate::management::shape::Format;

/// A name that cannot break out of a page.
pub(super) const NAME: Format = Format { name: "^[^<>]+$", accepts: |text| !text.contains(['<', '>']) };

/// Any address with a scheme, or nothing.
pub(super) const URI_OR_EMPTY: Format =
    Format { name: "absolute-uri-or-empty", accepts: |text| text.is_empty() || is_address(text) };

/// A place to which a browser may be sent with a code or a token (RFC 6749 section 3.1.2: no fragment).
pub(super) const CALLBACK_URL: Format =
    Format { name: "callback-url", accepts: |text| is_address(text) && !text.contains('#') };

/// An address, perhaps with wildcards or placeholders.
pub(super) const URL_WITH_PLACEHOLDERS: Format =
    Format { name: "url-with-placeholders", accepts: is_address };

/// An address on the web, or nothing, which is how tools take one away.
pub(super) const URL: Format = Format { name: "url", accepts: |text| text.is_empty() || is_web(text) };

/// An https address, perhaps with placeholders, or nothing.
pub(super) const HTTPS_OR_EMPTY: Format = Format {
    name: "absolute-https-uri-with-placeholders-or-empty",
    accepts: |text| text.is_empty() || is_https(text),
};

/// Where an application listens: the same, and plain http on one's own machine, for development.
pub(super) const LISTENER_OR_EMPTY: Format = Format {
    name: "absolute-https-uri-with-placeholders-or-empty",
    accepts: |text| text.is_empty() || is_https(text) || is_local(text),
};

/// An https address with placeholders.
pub(super) const HTTPS_TEMPLATE: Format =
    Format { name: "ec-initiate-login-uri-template-url", accepts: is_https };

/// The id of an organization.
pub(super) const ORGANIZATION_ID: Format =
    Format { name: "organization-id", accepts: |text| is_id(text, "org_") };

/// The id of a user attribute profile.
pub(super) const USER_ATTRIBUTE_PROFILE_ID: Format =
    Format { name: "user-attribute-profile-id", accepts: |text| is_id(text, "uap_") };

/// The id of a connection profile.
pub(super) const CONNECTION_PROFILE_ID: Format =
    Format { name: "connection-profile-id", accepts: |text| is_id(text, "cop_") };

/// The id of an application.
pub(super) const CLIENT_ID: Format = Format {
    name: "client-id",
    accepts: |text| (1..=120).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()),
};

/// The id of a credential.
pub const CREDENTIAL_ID: Format = Format { name: "credential-id", accepts: |text| is_id(text, "cred_") };

/// The id that an application gives to a key.
pub const KEY_ID: Format =
    Format { name: "^([0-9a-zA-Z-_]{10,64})$", accepts: |text| text.bytes().all(is_url_safe) };

/// A moment with its offset from UTC (RFC 3339).
pub const DATE_TIME: Format = Format { name: "date-time", accepts: |text| text.parse::<Timestamp>().is_ok() };

/// An address or a network, of IPv4 or IPv6.
pub const IP_OR_NETWORK: Format = Format {
    name: "ipv4, ipv6, cidr or ipv6_cidr",
    accepts: |text| text.parse::<IpAddr>().is_ok() || text.parse::<IpNet>().is_ok(),
};

/// The name of a storage account at Azure.
pub(super) const AZURE_ACCOUNT: Format = Format {
    name: "^([a-z0-9]){3,24}$",
    accepts: |text| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()),
};

/// The key of a storage account at Azure: 64 bytes in base64.
pub(super) const AZURE_KEY: Format = Format {
    name: "^([A-Za-z0-9+/]){86}==$",
    accepts: |text| {
        text.strip_suffix("==").is_some_and(|key| {
            key.len() == 86
                && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
        })
    },
};

/// The name of a container at Azure.
pub(super) const AZURE_CONTAINER: Format = Format {
    name: "^([a-z0-9]){1}([a-z0-9-]){2,62}$",
    accepts: |text| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        text.bytes().next().is_some_and(plain) && text.bytes().all(|byte| plain(byte) || byte == b'-')
    },
};

/// The name of a blob at Azure: anything on one line.
pub(super) const AZURE_BLOB: Format =
    Format { name: "^(.){1,1024}$", accepts: |text| !text.contains(['\n', '\r']) };

/// Schemes whose addresses are programs or documents of their own: a browser sent there runs what stands in
/// the address.
const DANGEROUS: [&str; 3] = ["javascript", "data", "vbscript"];

/// A scheme (RFC 3986 section 3.1) with something after it, of characters that every parser reads alike.
fn is_address(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let mut bytes = scheme.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
        && !DANGEROUS.iter().any(|dangerous| scheme.eq_ignore_ascii_case(dangerous))
        && !rest.trim_start_matches('/').is_empty()
        && !text.chars().any(|one| one.is_control() || one.is_whitespace() || one == '\\')
}

fn is_web(text: &str) -> bool {
    let scheme = text.split_once("://").map_or("", |(scheme, _)| scheme);
    is_address(text) && (scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http"))
}

fn is_https(text: &str) -> bool {
    is_web(text) && text.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"))
}

fn is_local(text: &str) -> bool {
    is_web(text) && text.parse::<Uri>().is_ok_and(|uri| uri.host().is_some_and(outgoing::is_own_machine))
}

fn is_id(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|rest| {
        (1..=64).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

fn is_url_safe(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}
