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
    if text.bytes().all(|byte| PLAIN[usize::from(byte)]) {
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

/// Bytes of text in which nothing is ever replaced. Nearly all text consists of them, and it is all looked at.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = b' ';
    while byte < 0x7f {
        plain[byte as usize] = !matches!(byte, b'&' | b'<' | b'>' | b'"');
        byte += 1;
    }
    plain
};
