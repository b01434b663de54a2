//! PEM, the textual armour of DER (RFC 7468): one encoder, one strict decoder.
//!
//! The decoder reads exactly one block and nothing else, in the strict form of RFC 7468 section 3 (64 columns, LF or
//! CRLF). It must never guess: text that two programs could read differently is refused. It must never put the
//! body of a block into an error, because a private key may have been pasted by mistake.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Characters of base64 on a line (RFC 7468 section 2).
const COLUMNS: usize = 64;

/// How lines end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnd {
    /// `\n`.
    Lf,
    /// `\r\n`, as Auth0 answers.
    CrLf,
}

impl LineEnd {
    /// The characters of the line end.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lf => "\n",
            Self::CrLf => "\r\n",
        }
    }
}

/// One decoded block.
#[derive(Clone, PartialEq, Eq)]
pub struct Block<'a> {
    /// The words between `BEGIN` and the dashes.
    pub label: &'a str,
    /// The decoded body.
    pub der: Vec<u8>,
}

/// Why a text is not one PEM block.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PemError {
    /// The first line is not `-----BEGIN <label>-----`.
    #[error("the text must begin with a line -----BEGIN <label>-----")]
    NoBegin,
    /// The `END` line is missing or names another label.
    #[error("the text must end with a line -----END <label>----- of the same label")]
    NoEnd,
    /// There is text, or another block, after the `END` line.
    #[error("there is something after the -----END line; give exactly one block")]
    Trailing,
    /// A line is not 64 characters long, or the last one is empty or longer (lines count from 1).
    #[error("line {0} must have 64 base64 characters (the last one may have fewer)")]
    LineLength(usize),
    /// The body is not padded standard base64.
    #[error("the text between BEGIN and END is not base64")]
    NotBase64,
}

/// Encodes a block; there is no line end after the `END` line, the caller adds one where it is wanted.
pub fn encode(label: &str, der: &[u8], line_end: LineEnd) -> String {
    let line_end = line_end.as_str();
    let body = crate::base64::encode(der);
    let mut out = String::with_capacity(body.len() + body.len() / COLUMNS * 2 + 2 * label.len() + 40);
    out.push_str("-----BEGIN ");
    out.push_str(label);
    out.push_str("-----");
    out.push_str(line_end);
    let mut rest = body.as_str();
    while !rest.is_empty() {
        // Base64 is ASCII, so every index is a character boundary.
        let (line, tail) = rest.split_at(rest.len().min(COLUMNS));
        out.push_str(line);
        out.push_str(line_end);
        rest = tail;
    }
    out.push_str("-----END ");
    out.push_str(label);
    out.push_str("-----");
    out
}

/// Decodes a text that is exactly one block; white space before and after it is allowed.
///
/// # Errors
///
/// [`PemError`] says which line rule is broken.
pub fn decode(text: &str) -> Result<Block<'_>, PemError> {
    let mut lines = text.trim().lines();
    let label = lines
        .next()
        .and_then(|line| line.strip_prefix("-----BEGIN "))
        .and_then(|line| line.strip_suffix("-----"))
        .filter(|label| is_label(label))
        .ok_or(PemError::NoBegin)?;

    let mut body = String::with_capacity(text.len());
    let mut last_seen = false;
    let mut number = 1;
    loop {
        let line = lines.next().ok_or(PemError::NoEnd)?;
        number += 1;
        if line.starts_with("-----") {
            let end = line.strip_prefix("-----END ").and_then(|line| line.strip_suffix("-----"));
            if end != Some(label) {
                return Err(PemError::NoEnd);
            }
            break;
        }
        if last_seen || line.is_empty() || line.len() > COLUMNS {
            return Err(PemError::LineLength(number));
        }
        last_seen = line.len() < COLUMNS;
        body.push_str(line);
    }
    if lines.next().is_some() {
        return Err(PemError::Trailing);
    }
    let der = STANDARD.decode(body).map_err(|_| PemError::NotBase64)?;
    Ok(Block { label, der })
}

/// Whether a label is made of upper-case words and digits, as all registered ones are.
fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= 64
        && label.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_written_in_64_columns_and_reads_back() {
        for length in [1, 47, 48, 49, 96, 200] {
            let der: Vec<u8> = (0..length).collect();
            for line_end in [LineEnd::Lf, LineEnd::CrLf] {
                let text = encode("TEST DATA", &der, line_end);
                assert!(text.split(line_end.as_str()).all(|line| line.len() <= 64));
                assert!(text.ends_with("-----END TEST DATA-----"));
                let block = decode(&text).unwrap();
                assert_eq!((block.label, block.der.as_slice()), ("TEST DATA", der.as_slice()));
                assert!(decode(&format!("\n{text}\r\n\n")).is_ok());
            }
        }
    }

    #[test]
    fn text_that_is_not_exactly_one_block_is_refused() {
        let one = encode("A", &[7; 60], LineEnd::Lf);
        let cases = [
            ("nothing", String::new(), PemError::NoBegin),
            ("no armour", "AAAA".to_owned(), PemError::NoBegin),
            ("a preamble", format!("Bag Attributes\n{one}"), PemError::NoBegin),
            ("lower-case label", one.replace('A', "a"), PemError::NoBegin),
            ("no end", one.replace("-----END A-----", ""), PemError::NoEnd),
            ("end of another label", one.replace("END A", "END B"), PemError::NoEnd),
            ("two blocks", format!("{one}\n{one}"), PemError::Trailing),
            ("trailing text", format!("{one}\nmore"), PemError::Trailing),
            ("an empty line", one.replacen('\n', "\n\n", 1), PemError::LineLength(2)),
            ("headers", one.replacen('\n', "\nProc-Type: 4,ENCRYPTED\n", 1), PemError::LineLength(3)),
            ("a long line", one.replacen("Bw", "BwcHBw", 1), PemError::LineLength(2)),
            ("base64url", one.replacen("Bw", "_-", 1), PemError::NotBase64),
            ("white space inside", one.replacen("Bw", " w", 1), PemError::NotBase64),
        ];
        for (name, text, error) in cases {
            assert_eq!(decode(&text).err(), Some(error), "{name}");
        }
    }
}
