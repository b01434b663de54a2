//! Writing XML in the form that canonicalisation would give it, so that what is sent is what is digested.
//!
//! The caller gives declarations and attributes in canonical order (declarations by prefix, then attributes by
//! namespace and name) and declares a prefix on the outermost element that uses it. Must never let text through
//! unescaped.

/// A document that is being written.
#[derive(Debug, Default, Clone)]
pub struct Writer {
    out: String,
}

impl Writer {
    /// With room for a message of the usual size.
    pub fn new() -> Self {
        Self { out: String::with_capacity(4096) }
    }

    /// Opens an element.
    pub fn open(&mut self, name: &str, attributes: &[(&str, &str)]) -> &mut Self {
        self.out.push('<');
        self.out.push_str(name);
        for (name, value) in attributes {
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            escape_attribute(&mut self.out, value);
            self.out.push('"');
        }
        self.out.push('>');
        self
    }

    /// Closes an element.
    pub fn close(&mut self, name: &str) -> &mut Self {
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
        self
    }

    /// Text.
    pub fn text(&mut self, text: &str) -> &mut Self {
        escape_text(&mut self.out, text);
        self
    }

    /// An element that holds text alone.
    pub fn leaf(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) -> &mut Self {
        self.open(name, attributes).text(text).close(name)
    }

    /// An element that holds nothing.
    pub fn empty(&mut self, name: &str, attributes: &[(&str, &str)]) -> &mut Self {
        self.open(name, attributes).close(name)
    }

    /// XML that was written by this crate.
    pub fn written(&mut self, xml: &str) -> &mut Self {
        self.out.push_str(xml);
        self
    }

    /// What was written.
    pub fn finish(self) -> String {
        self.out
    }
}

/// Characters that XML 1.0 has no place for become U+FFFD: a name with a control character in it must not keep its
/// bearer from signing in.
fn legal(one: char) -> bool {
    !matches!(one, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// Escapes text as canonical form does.
pub(crate) fn escape_text(out: &mut String, text: &str) {
    escape(out, text, |one| match one {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '\r' => Some("&#xD;"),
        _ => None,
    });
}

/// Escapes the value of an attribute as canonical form does; text that is escaped like this is safe in an element too.
pub fn escape_attribute(out: &mut String, text: &str) {
    escape(out, text, |one| match one {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '"' => Some("&quot;"),
        '\t' => Some("&#x9;"),
        '\n' => Some("&#xA;"),
        '\r' => Some("&#xD;"),
        _ => None,
    });
}

fn escape(out: &mut String, text: &str, replaced: impl Fn(char) -> Option<&'static str>) {
    if is_plain(text.as_bytes()) {
        out.push_str(text);
        return;
    }
    let mut plain = 0;
    for (at, one) in text.char_indices() {
        let instead = if legal(one) { replaced(one) } else { Some("\u{fffd}") };
        if let Some(instead) = instead {
            out.push_str(&text[plain..at]);
            out.push_str(instead);
            plain = at + one.len_utf8();
        }
    }
    out.push_str(&text[plain..]);
}

/// Whether nothing is ever replaced in this text. That holds of nearly all text, and it is all looked at: so many bytes
/// at once.
fn is_plain(text: &[u8]) -> bool {
    let (words, rest) = text.as_chunks::<16>();
    // Within a word every byte is looked at, whatever the ones before it are: that is what can be done side by side.
    words.iter().all(|word| word.iter().fold(true, |plain, byte| plain & is_plain_byte(*byte)))
        && rest.iter().all(|byte| is_plain_byte(*byte))
}

#[expect(clippy::needless_bitwise_bool, reason = "without a branch it is asked of many bytes side by side")]
fn is_plain_byte(byte: u8) -> bool {
    (byte.wrapping_sub(b' ') < 0x5f) & (byte != b'&') & (byte != b'<') & (byte != b'>') & (byte != b'"')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What [`escape`] does to text that is not plain, character by character.
    fn written(text: &str, attribute: bool) -> String {
        let mut out = String::new();
        for one in text.chars() {
            match one {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' if !attribute => out.push_str("&gt;"),
                '"' if attribute => out.push_str("&quot;"),
                '\t' if attribute => out.push_str("&#x9;"),
                '\n' if attribute => out.push_str("&#xA;"),
                '\r' => out.push_str("&#xD;"),
                one if legal(one) => out.push(one),
                _ => out.push('\u{fffd}'),
            }
        }
        out
    }

    #[test]
    fn every_character_is_found_wherever_it_stands() {
        let characters =
            (0..0x100).chain([0x2028, 0xfffd, 0xfffe, 0xffff, 0x1_f600]).filter_map(char::from_u32);
        for one in characters {
            for length in [0, 1, 15, 16, 17, 31, 32, 40] {
                for at in 0..=length {
                    let mut text = "a".repeat(length);
                    text.insert(at, one);
                    let (mut as_text, mut as_attribute) = (String::new(), String::new());
                    escape_text(&mut as_text, &text);
                    escape_attribute(&mut as_attribute, &text);
                    assert_eq!(as_text, written(&text, false), "{one:?} at {at} of {length}");
                    assert_eq!(as_attribute, written(&text, true), "{one:?} at {at} of {length}");
                }
            }
        }
    }
}
