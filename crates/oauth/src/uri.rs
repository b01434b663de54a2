//! Addresses that a browser may be sent to: strict reading, and the lists that applications register.
//!
//! A requested address is compared as text with what is registered (RFC 9700 section 2.1). The exceptions are
//! Auth0's wildcard in the first label of a host, and the port of a loopback address for native applications
//! (RFC 8252 section 7.3). Must never repair an address: what two parsers could read differently is refused.

mod allowed;

/// An address with this query, encoded already, behind the one that it may have and before its fragment.
pub fn with_query(address: &str, query: &str) -> String {
    let (place, fragment) = address.split_at(address.find('#').unwrap_or(address.len()));
    let glue = if place.contains('?') { "&" } else { "?" };
    [place, glue, query, fragment].concat()
}

#[cfg(test)]
mod tests;

pub use allowed::Allowed;

/// The longest address that is read, in bytes.
pub const MAX_LENGTH: usize = 2048;

/// Schemes whose addresses are programs, documents or files of their own.
const DANGEROUS: [&str; 8] =
    ["javascript", "data", "vbscript", "file", "blob", "about", "filesystem", "view-source"];

/// Whether a browser that is sent to an address of this scheme runs or shows what stands in it.
pub fn is_dangerous(scheme: &str) -> bool {
    DANGEROUS.iter().any(|dangerous| scheme.eq_ignore_ascii_case(dangerous))
}

/// An absolute address, taken apart. Every part is as it stood in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Uri<'a> {
    /// Before the colon, in lower case.
    pub scheme: &'a str,
    /// The host, of addresses that have one; IPv6 with its brackets.
    pub host: Option<&'a str>,
    /// The digits after the host, with their colon, or nothing.
    pub port: &'a str,
    /// The path.
    pub path: &'a str,
    /// The query, with its question mark, or nothing.
    pub query: &'a str,
}

/// A text that is no address a browser may be sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    /// Longer than is read.
    #[error("it is longer than 2048 bytes")]
    TooLong,
    /// A character that RFC 3986 does not allow, or a fragment, or a broken percent sign.
    #[error("it holds a character that no address holds, or a fragment")]
    Character,
    /// No scheme, or one in capitals.
    #[error("it has no scheme in lower case")]
    Scheme,
    /// A scheme that browsers run.
    #[error("browsers run addresses of this scheme")]
    Dangerous,
    /// User information, an empty host, a bad port.
    #[error("its host is not acceptable")]
    Host,
    /// A path with `.` or `..`, encoded or not.
    #[error("its path holds a dot segment")]
    DotSegment,
}

impl<'a> Uri<'a> {
    /// Reads an absolute address without a fragment.
    pub fn parse(text: &'a str) -> Result<Self, UriError> {
        if text.len() > MAX_LENGTH {
            return Err(UriError::TooLong);
        }
        let (scheme, rest) = text.split_once(':').ok_or(UriError::Scheme)?;
        if !is_scheme(scheme) {
            return Err(UriError::Scheme);
        }
        if is_dangerous(scheme) {
            return Err(UriError::Dangerous);
        }
        check_characters(rest)?;
        let (rest, query) = match rest.find('?') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let is_web = matches!(scheme, "http" | "https");
        let (host, port, path) = match rest.strip_prefix("//") {
            Some(rest) => {
                let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
                // `app:///callback` has an empty authority; a web address has none.
                if authority.is_empty() && !is_web {
                    (None, "", path)
                } else {
                    let (host, port) = host_and_port(authority)?;
                    (Some(host), port, path)
                }
            }
            None if is_web => return Err(UriError::Host),
            None => (None, "", rest),
        };
        if path.contains(['[', ']']) || query.contains(['[', ']']) && is_web {
            return Err(UriError::Character);
        }
        if has_dot_segment(path) {
            return Err(UriError::DotSegment);
        }
        if host.is_none()
            && path.trim_start_matches('/').is_empty()
            && query.is_empty()
            && !rest.starts_with("//")
        {
            return Err(UriError::Host);
        }
        Ok(Self { scheme, host, port, path, query })
    }

    /// Whether it is an address of the web.
    pub fn is_web(&self) -> bool {
        matches!(self.scheme, "http" | "https")
    }

    /// Whether it leads to the machine of the user: any program there can listen.
    pub fn is_local(&self) -> bool {
        self.is_web()
            && self.host.is_some_and(|host| {
                host == "localhost" || host.ends_with(".localhost") || is_loopback_address(host)
            })
    }

    /// Its origin (RFC 6454): scheme, host and port, where the usual port is left out.
    pub fn origin(&self) -> Option<String> {
        let host = self.host.filter(|_| self.is_web())?;
        let usual = if self.scheme == "https" { ":443" } else { ":80" };
        let port = if self.port == usual { "" } else { self.port };
        Some(format!("{}://{host}{port}", self.scheme))
    }
}

/// Whether this is `127.0.0.1` or `[::1]`, the two that RFC 8252 section 7.3 names.
pub(crate) fn is_loopback_address(host: &str) -> bool {
    matches!(host, "127.0.0.1" | "[::1]")
}

fn is_scheme(text: &str) -> bool {
    text.bytes().next().is_some_and(|first| first.is_ascii_lowercase())
        && text.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.')
        })
}

/// RFC 3986 section 2: unreserved, reserved without `#`, and whole percent encodings of no control character.
fn check_characters(text: &str) -> Result<(), UriError> {
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        let fine = match byte {
            b'%' => bytes
                .get(at + 1..at + 3)
                .and_then(|pair| std::str::from_utf8(pair).ok())
                .filter(|pair| pair.bytes().all(|digit| digit.is_ascii_hexdigit()))
                .and_then(|pair| u8::from_str_radix(pair, 16).ok())
                .is_some_and(|decoded| !decoded.is_ascii_control()),
            byte => byte.is_ascii_alphanumeric() || b"-._~:/?[]@!$&'()*+,;=".contains(byte),
        };
        if !fine {
            return Err(UriError::Character);
        }
    }
    Ok(())
}

fn host_and_port(authority: &str) -> Result<(&str, &str), UriError> {
    let (host, port) = if authority.starts_with('[') {
        authority.split_at(authority.find(']').ok_or(UriError::Host)? + 1)
    } else {
        authority.split_at(authority.find(':').unwrap_or(authority.len()))
    };
    let host_is_fine = match host.strip_prefix('[') {
        Some(inner) => {
            let inner = inner.strip_suffix(']').unwrap_or_default();
            inner.contains(':')
                && inner
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f' | b':' | b'.'))
        }
        // The host of an application's own scheme may be anything, so capitals are refused in all alike.
        None => {
            !host.is_empty()
                && !host.starts_with('.')
                && !host.contains("..")
                && host.bytes().all(|byte| {
                    byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b'_')
                })
        }
    };
    let port_is_fine = port.is_empty()
        || port.strip_prefix(':').is_some_and(|digits| {
            (1..=5).contains(&digits.len())
                && digits.bytes().all(|digit| digit.is_ascii_digit())
                && digits.parse::<u16>().is_ok_and(|number| number > 0)
        });
    if host_is_fine && port_is_fine { Ok((host, port)) } else { Err(UriError::Host) }
}

/// Whether a segment is `.` or `..` once decoded, also with a parameter behind it (`..;`), and also when the
/// slash or the percent sign before it is encoded.
fn has_dot_segment(path: &str) -> bool {
    let is_dot = |segment: &str| matches!(segment.split(';').next().unwrap_or_default(), "." | "..");
    // Nearly every path, and nothing in it has to be decoded.
    if !path.contains('%') {
        return path.split('/').any(is_dot);
    }
    let mut text = path.to_ascii_lowercase();
    // Twice, because a proxy may decode once more than we do.
    for _ in 0..2 {
        text = text
            .replace("%2e", ".")
            .replace("%2f", "/")
            .replace("%5c", "/")
            .replace("%3b", ";")
            .replace("%25", "%");
    }
    text.split('/').any(is_dot)
}
