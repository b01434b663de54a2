//! Addresses of pictures and fonts: `https` alone, and in a form that neither HTML, nor CSS, nor a policy can
//! take for anything else.
//!
//! Pure. Must never fetch anything.

use std::fmt::Write;

/// The longest address.
const LONGEST: usize = 2048;

/// The address of a picture or a font.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    text: String,
    origin_end: usize,
}

impl Address {
    /// Reads an `https` address; what has a meaning in CSS is percent-encoded.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("https://")?;
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        };
        let plain_host = !host.is_empty()
            && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte));
        let plain_port = port.is_none_or(|port| port.parse::<u16>().is_ok());
        let plain_path = !path.chars().any(|character| character.is_whitespace() || character.is_control());
        if !(plain_host && plain_port && plain_path && text.len() <= LONGEST) {
            return None;
        }
        let mut address = format!("https://{}", authority.to_ascii_lowercase());
        let origin_end = address.len();
        for byte in path.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~:/?#@!$&*+,;=%".contains(&byte) {
                address.push(char::from(byte));
            } else {
                let _ = write!(address, "%{byte:02X}");
            }
        }
        Some(Self { text: address, origin_end })
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its origin, as a policy names it.
    pub fn origin(&self) -> &str {
        &self.text[..self.origin_end]
    }
}
