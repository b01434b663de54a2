//! Base64url without padding, the only form JOSE uses (RFC 7515 section 2).
//!
//! Decoding is strict, so that one value has exactly one spelling: it must never accept padding, white space, the
//! characters `+` and `/`, or left-over bits.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The text is not base64url in its one allowed spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not base64url without padding")]
pub struct NotBase64Url;

/// Encodes bytes.
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Encodes bytes at the end of a text.
pub fn encode_into(bytes: &[u8], out: &mut String) {
    URL_SAFE_NO_PAD.encode_string(bytes, out);
}

/// Decodes a text; the empty text is no bytes.
///
/// # Errors
///
/// [`NotBase64Url`].
pub fn decode(text: &str) -> Result<Vec<u8>, NotBase64Url> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| NotBase64Url)
}

/// How many characters a number of bytes becomes.
pub(crate) fn encoded_len(bytes: usize) -> usize {
    bytes / 3 * 4 + [0, 2, 3][bytes % 3]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_read_back_from_their_text() {
        for length in 0..=70u8 {
            let bytes: Vec<u8> = (0..length).map(|byte| byte.wrapping_mul(37)).collect();
            let text = encode(&bytes);
            assert_eq!(text.len(), encoded_len(bytes.len()));
            assert_eq!(decode(&text).unwrap(), bytes);
        }
    }

    #[test]
    fn any_second_spelling_is_refused() {
        assert_eq!(decode("-_8").unwrap(), [0xfb, 0xff]);
        for (name, text) in [
            ("padding", "-_8="),
            ("the other alphabet", "+/8"),
            ("a space", "-_ 8"),
            ("a leading space", " -_8"),
            ("a line end", "-_8\n"),
            ("left-over bits", "-_9"),
            ("left-over bits in one byte", "AB"),
            ("a lonely character", "A"),
            ("another alphabet altogether", "é"),
        ] {
            assert_eq!(decode(text), Err(NotBase64Url), "{name}");
        }
    }
}
