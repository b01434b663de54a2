//! What a document may cost, found out in one pass before anything is built of it.
//!
//! A reader of tags and quotes, no parser: it only refuses. Whatever it misjudges, the parser after it sees the same
//! bytes. Must never be slower than one look at each byte.

use crate::tree::XmlError;

/// The largest document, in bytes.
pub(crate) const BYTES: usize = 1024 * 1024;
/// The most elements within each other.
const DEPTH: usize = 64;
/// The most attributes of one element, declarations of namespaces included.
const ATTRIBUTES: usize = 128;
/// The most declarations of namespaces in all.
const DECLARATIONS: usize = 4096;
/// The most of them that hold at one place: the parser looks through them for the name of each element.
const IN_SCOPE: usize = 128;

/// What a declaration may call the encoding, in lower case. .NET's `StringWriter` says UTF-16 of the text that it holds,
/// whatever octets are sent of it; UTF-8 holds all of ASCII. That makes no second reading: the octets were decided to be
/// UTF-8 before they came here (those of real UTF-16 are none, or hold NUL, which the parser refuses), and what a signature
/// covers is read of the very octets that were digested.
const ENCODINGS: [&str; 3] = ["utf-8", "utf-16", "us-ascii"];

/// Refuses documents with a document type, a processing instruction or another encoding, and such that are too large,
/// too deep or too wide.
pub(crate) fn check(text: &str) -> Result<(), XmlError> {
    if text.len() > BYTES {
        return Err(XmlError::TooLarge("is larger than 1 MiB"));
    }
    let bytes = text.as_bytes();
    let (mut at, mut declarations) = (0, 0_usize);
    // How many declarations hold within each element that is open.
    let mut open: Vec<usize> = Vec::new();
    while let Some(tag) = find(bytes, at, b"<") {
        let rest = &bytes[tag..];
        at = if rest.starts_with(b"<!--") {
            end(bytes, tag + 4, b"-->")?
        } else if rest.starts_with(b"<![CDATA[") {
            end(bytes, tag + 9, b"]]>")?
        } else if rest.starts_with(b"<!") {
            return Err(XmlError::DocumentType);
        } else if rest.starts_with(b"<?") {
            declaration(text, tag)?
        } else if rest.starts_with(b"</") {
            open.pop();
            end(bytes, tag, b">")?
        } else {
            let (after, empty) = opening(bytes, tag)?;
            let own = count(&bytes[tag..after], b"xmlns");
            declarations += own;
            let in_scope = open.last().copied().unwrap_or_default() + own;
            if in_scope > IN_SCOPE {
                return Err(XmlError::TooLarge(
                    "has an element with more than 128 namespaces declared around it",
                ));
            }
            if !empty {
                open.push(in_scope);
            }
            if open.len() > DEPTH {
                return Err(XmlError::TooLarge("has more than 64 elements within each other"));
            }
            after
        };
    }
    if declarations > DECLARATIONS {
        return Err(XmlError::TooLarge("declares more than 4096 namespaces"));
    }
    Ok(())
}

/// The end of a start tag, and whether it is empty.
fn opening(bytes: &[u8], tag: usize) -> Result<(usize, bool), XmlError> {
    let (mut quote, mut attributes) = (None, 0);
    // Where the name of the attribute begins whose value comes next.
    let (mut name, mut in_name) = (tag, true);
    for (at, byte) in bytes.iter().enumerate().skip(tag + 1) {
        match (quote, byte) {
            (None, b'"' | b'\'') => {
                // Only the default namespace can be undone (Namespaces in XML 1.0, section 5); the parser after us does
                // not mind, and canonical form has no words for it.
                if bytes.get(at + 1) == Some(byte) && bytes[name..at].starts_with(b"xmlns:") {
                    return Err(XmlError::Malformed("a prefix is declared for no namespace".to_owned()));
                }
                attributes += 1;
                if attributes > ATTRIBUTES {
                    return Err(XmlError::TooLarge("has an element with more than 128 attributes"));
                }
                (quote, in_name) = (Some(*byte), false);
            }
            (Some(open), byte) if open == *byte => quote = None,
            (None, b'>') => return Ok((at + 1, bytes[at - 1] == b'/')),
            (None, byte) if byte.is_ascii_whitespace() || *byte == b'=' => in_name = false,
            (None, _) if !in_name => (name, in_name) = (at, true),
            (Some(_) | None, _) => {}
        }
    }
    Err(XmlError::Malformed("a tag has no end".to_owned()))
}

/// The end of the XML declaration; there is no other instruction.
fn declaration(text: &str, tag: usize) -> Result<usize, XmlError> {
    let after = end(text.as_bytes(), tag, b"?>")?;
    let said = &text[tag..after];
    let is_first = tag == 0 || text[..tag] == *"\u{feff}";
    let is_declaration =
        is_first && said.strip_prefix("<?xml").is_some_and(|rest| rest.starts_with([' ', '\t', '\r', '\n']));
    if !is_declaration {
        return Err(XmlError::Instruction);
    }
    let said = said.to_ascii_lowercase();
    match said.split_once("encoding") {
        Some((_, value)) if !quoted(value).is_some_and(|name| ENCODINGS.contains(&name)) => {
            Err(XmlError::Encoding)
        }
        _ => Ok(after),
    }
}

/// The value after a name.
fn quoted(after: &str) -> Option<&str> {
    let value = after.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|one| matches!(one, '"' | '\''))?;
    value[1..].split_once(quote).map(|(value, _)| value)
}

fn find(bytes: &[u8], from: usize, wanted: &[u8]) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.windows(wanted.len()).position(|window| window == wanted).map(|found| from + found)
}

fn end(bytes: &[u8], from: usize, wanted: &[u8]) -> Result<usize, XmlError> {
    let unended = || XmlError::Malformed("something has no end".to_owned());
    find(bytes, from, wanted).map(|found| found + wanted.len()).ok_or_else(unended)
}

fn count(bytes: &[u8], wanted: &[u8]) -> usize {
    bytes.windows(wanted.len()).filter(|window| *window == wanted).count()
}
