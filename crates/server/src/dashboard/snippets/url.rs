//! URLs that every language takes.
//!
//! Java and Ruby refuse what RFC 3986 does not allow, curl gives braces and brackets a meaning of its own. What
//! may not stand in a URL is therefore encoded, and `'` with it, as browsers and Node.js do in queries. Nothing is decoded, and nothing that is encoded is encoded again.

use std::fmt::Write;

/// The URL with everything encoded that may not stand there as it is.
pub(super) fn encoded(url: &str) -> String {
    let start = url.find("://").map_or(0, |scheme| scheme + 3);
    let path = url[start..].find(['/', '?', '#']).map_or(url.len(), |length| start + length);
    let (authority, rest) = url.split_at(path);
    // The brackets of an IPv6 address are allowed where they are, and only there.
    let mut text = String::from(authority);
    let mut fragment = false;
    for (at, byte) in rest.bytes().enumerate() {
        let kept = match byte {
            b'%' => is_encoded(&rest.as_bytes()[at..]),
            b'#' => !std::mem::replace(&mut fragment, true),
            _ => byte.is_ascii_alphanumeric() || b"-._~!$&()*+,;=:@/?".contains(&byte),
        };
        if kept {
            text.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

fn is_encoded(bytes: &[u8]) -> bool {
    matches!(bytes, [b'%', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::encoded;

    #[test]
    fn what_a_url_must_not_hold_is_encoded_once() {
        for (given, expected) in [
            ("https://a.example/api/v2/clients", "https://a.example/api/v2/clients"),
            ("http://[::1]:3000/a[0]?b={c}", "http://[::1]:3000/a%5B0%5D?b=%7Bc%7D"),
            ("https://a.example/auth0|1?q=a b%20c%", "https://a.example/auth0%7C1?q=a%20b%20c%25"),
            ("https://a.example/ü\"`\\<>^", "https://a.example/%C3%BC%22%60%5C%3C%3E%5E"),
            ("https://a.example?x='$(y)#f#g", "https://a.example?x=%27$(y)#f%23g"),
            ("https://a.example", "https://a.example"),
        ] {
            assert_eq!(encoded(given), expected);
        }
    }
}
