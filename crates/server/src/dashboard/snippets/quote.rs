//! A text as a literal, one function for each language.
//!
//! A literal reads back as exactly the text and holds nothing that the language takes for code or for the end of
//! the literal. What nobody sees (controls, marks of direction, joiners) is written as an escape where the
//! language has one, so that what people copy is what they see. Nothing here knows what the text means.

/// What stands for a character that must not stand for itself.
type Hidden = fn(char) -> Option<String>;

/// The text with a backslash before each of `special` and escapes for what is hidden.
fn escaped(text: &str, special: &str, hidden: Hidden) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if special.contains(c) => out.extend(['\\', c]),
            _ => match hidden(c) {
                Some(escape) => out.push_str(&escape),
                None => out.push(c),
            },
        }
    }
    out
}

/// Controls, line separators, and characters of the format that change how the text around them looks.
fn invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// `\u{1f}`: JavaScript, PHP, Ruby, Swift.
fn braced(c: char) -> Option<String> {
    invisible(c).then(|| format!("\\u{{{:x}}}", u32::from(c)))
}

/// `\u001f`, or eight digits after `\U`: Python, Go, C#.
fn digits(c: char) -> Option<String> {
    let code = u32::from(c);
    invisible(c).then(|| if code > 0xffff { format!("\\U{code:08x}") } else { format!("\\u{code:04x}") })
}

/// For the shell. It has no escapes inside quotes; everything else stands for itself there.
pub(in crate::dashboard) fn shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

pub(in crate::dashboard) fn javascript(text: &str) -> String {
    format!("'{}'", escaped(text, "'\\", braced))
}

/// JSON has double quotes, so texts with those get the others.
pub(in crate::dashboard) fn python(text: &str) -> String {
    if text.contains('"') && !text.contains('\'') {
        format!("'{}'", escaped(text, "\\", digits))
    } else {
        format!("\"{}\"", escaped(text, "\"\\", digits))
    }
}

/// A raw literal where it saves escapes; it cannot hold backquotes, and Go drops carriage returns from it.
pub(super) fn go(text: &str) -> String {
    if text.contains(['"', '\\']) && !text.contains('`') && !text.contains(invisible) {
        format!("`{text}`")
    } else {
        format!("\"{}\"", escaped(text, "\"\\", digits))
    }
}

/// Only ASCII, because older compilers read sources in the encoding of the machine. Controls are octal: Java
/// replaces `\u000a` by the line break before it looks for literals.
pub(super) fn java(text: &str) -> String {
    let hidden: Hidden = |c| {
        if c.is_ascii() {
            return c.is_control().then(|| format!("\\{:03o}", u32::from(c)));
        }
        let units: Vec<_> = c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect();
        Some(units.concat())
    };
    format!("\"{}\"", escaped(text, "\"\\", hidden))
}

pub(super) fn csharp(text: &str) -> String {
    format!("\"{}\"", escaped(text, "\"\\", digits))
}

/// Single quotes know two escapes and no `$`; what needs more gets double quotes.
pub(super) fn php(text: &str) -> String {
    if text.contains(invisible) { format!("\"{}\"", escaped(text, "\"\\$", braced)) } else { single(text) }
}

/// Single quotes know two escapes and no `#{}`; what needs more gets double quotes.
pub(super) fn ruby(text: &str) -> String {
    if text.contains(invisible) { format!("\"{}\"", escaped(text, "\"\\#", braced)) } else { single(text) }
}

fn single(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

pub(super) fn swift(text: &str) -> String {
    format!("\"{}\"", escaped(text, "\"\\", braced))
}

/// Of question marks beside each other all but the first are escaped: two may begin a trigraph. C knows `\u` from U+00A0 on;
/// what is below is written byte by byte.
pub(super) fn objc(text: &str) -> String {
    let hidden: Hidden = |c| {
        if u32::from(c) >= 0xa0 {
            return digits(c);
        }
        let bytes: Vec<_> = c.encode_utf8(&mut [0; 4]).bytes().map(|byte| format!("\\{byte:03o}")).collect();
        invisible(c).then(|| bytes.concat())
    };
    // Twice, for the marks that a first round has left beside each other.
    let marks = |text: String| text.replace("??", "?\\?");
    format!("@\"{}\"", marks(marks(escaped(text, "\"\\", hidden))))
}
