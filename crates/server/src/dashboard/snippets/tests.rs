//! What the snippets look like, and that no text becomes code: every literal, read as its language reads it,
//! is the text again. `tests/snippets/run` shows the same with the languages themselves.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::{Call, all, quote};

const BEARER: (&str, &str) = ("authorization", "Bearer eyJhbGciOiJSUzI1NiJ9.e30.c2ln");

fn together(call: &Call<'_>) -> String {
    let titled = |one: &super::Snippet| format!("=== {} ({})\n{}", one.language, one.id, one.code);
    all(call).iter().map(titled).collect()
}

#[track_caller]
fn assert_golden(name: &str, found: &str, expected: &str) {
    for (at, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
        assert_eq!(found, expected, "line {} of golden/{name}", at + 1);
    }
    assert_eq!(found.lines().count(), expected.lines().count(), "lines of golden/{name}");
}

#[test]
fn a_get_with_a_bearer_token() {
    let call = Call {
        method: "get",
        url: "https://meadow.example/api/v2/clients?fields=name&per_page=5",
        headers: &[BEARER],
        body: None,
    };
    assert_golden("get.txt", &together(&call), include_str!("golden/get.txt"));
}

#[test]
fn a_post_with_json() {
    let call = Call {
        method: "POST",
        url: "https://meadow.example/api/v2/clients",
        headers: &[BEARER, ("content-type", "application/json")],
        body: Some(r#"{"name":"Anna's $hop","logo_uri":"C:\\a"}"#),
    };
    assert_golden("post.txt", &together(&call), include_str!("golden/post.txt"));
}

#[test]
fn get_and_head_have_no_body_and_no_body_needs_no_import() {
    for method in ["GET", "HEAD", "get"] {
        let with = Call { method, url: "https://a.example/", headers: &[], body: Some("text") };
        assert_eq!(all(&with), all(&Call { body: None, ..with }));
    }
    let delete = Call { method: "DELETE", url: "https://a.example/", headers: &[], body: Some("text") };
    for snippet in all(&delete) {
        assert!(snippet.code.contains("text"), "{}", snippet.language);
    }
}

#[test]
fn every_snippet_ends_with_one_line_break_and_ids_differ() {
    let snippets = all(&Call { method: "GET", url: "https://a.example/", headers: &[], body: None });
    let mut ids: Vec<_> = snippets.iter().map(|snippet| snippet.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 10);
    for snippet in snippets {
        assert!(snippet.code.ends_with('\n') && !snippet.code.ends_with("\n\n"), "{}", snippet.language);
    }
}

type Quote = fn(&str) -> String;

const QUOTES: [(&str, Quote); 10] = [
    ("shell", quote::shell),
    ("javascript", quote::javascript),
    ("python", quote::python),
    ("go", quote::go),
    ("java", quote::java),
    ("csharp", quote::csharp),
    ("php", quote::php),
    ("ruby", quote::ruby),
    ("swift", quote::swift),
    ("objc", quote::objc),
];

const NASTY: [&str; 22] = [
    "",
    "'",
    "\"",
    "'\"`",
    "\\",
    "\\'",
    "\\\\\"",
    "a\nb\r\nc\td",
    "$HOME ${HOME} $(id) `id`",
    "#{1 + 1} #@a #$b",
    "%s %d %% %n",
    "\\(1 + 1) {0} {$x}",
    "\\u000a\\u0022 \\x41 \\101",
    "?>?<??=???/????",
    "*/ // /* <!-- </script> -->",
    "\u{0}\u{1}\u{7}1\u{1b}[31m\u{7f}\u{85}\u{9f}f",
    "\u{2028}\u{2029}\u{feff}\u{202e}abc\u{200d}",
    "ünïcödé 漢字 🦀 \u{10ffff}",
    "EOF\nEOF\n__END__\n=begin\n",
    "!! !$ ~ * ? [a] {b,c}",
    "@/etc/passwd",
    "\"\"\"'''",
];

#[test]
fn a_nasty_text_stays_a_text() {
    for text in NASTY {
        for (language, quote) in QUOTES {
            assert_eq!(read(language, &quote(text)).as_deref(), Some(text), "{language}: {}", quote(text));
        }
    }
}

#[test]
fn a_random_text_stays_a_text() {
    let pieces: Vec<char> =
        "'\"`\\$#{}()@%?!nrtuxU0019af \n\r\t\0\u{1}\u{7f}\u{85}\u{a0}é\u{2028}\u{202e}\u{feff}漢🦀"
            .chars()
            .collect();
    let mut random = StdRng::seed_from_u64(7);
    for _ in 0..2000 {
        let length = random.random_range(0..24);
        let text: String = (0..length).map(|_| pieces[random.random_range(0..pieces.len())]).collect();
        for (language, quote) in QUOTES {
            let literal = quote(&text);
            assert_eq!(read(language, &literal).as_deref(), Some(&*text), "{language}: {literal}");
        }
    }
}

#[test]
fn nothing_invisible_is_left_where_a_language_has_escapes() {
    for (language, quote) in QUOTES.iter().skip(1) {
        let literal = quote("a\u{202e}b\u{0}c\u{feff}d\u{85}e");
        assert!(literal.chars().all(|c| c.is_ascii_graphic()), "{language}: {literal:?}");
    }
    assert!(quote::java("é🦀").is_ascii());
}

/// Reads a literal as its language does; none if it ends early, or holds what the language would replace.
fn read(language: &str, literal: &str) -> Option<String> {
    if language == "shell" {
        return shell(literal);
    }
    let literal = literal.strip_prefix('@').unwrap_or(literal);
    let mark = literal.chars().next()?;
    let inner = literal.strip_prefix(mark)?.strip_suffix(mark)?;
    if mark == '`' {
        return (!inner.contains(['`', '\r'])).then(|| inner.to_owned());
    }
    if matches!((language, mark), ("php" | "ruby", '\'')) {
        return single(inner);
    }
    let forbidden: &[&str] = match language {
        "php" => &["$", "\n"],
        "ruby" => &["#{", "#@", "#$", "\n"],
        "objc" => &["\n", "??"],
        "csharp" => &["\n", "\r", "\u{85}", "\u{2028}", "\u{2029}"],
        _ => &["\n", "\r"],
    };
    let bare = inner.replace("\\\\", "").replace("\\$", "").replace("\\#", "");
    if forbidden.iter().any(|one| bare.contains(one)) {
        return None;
    }
    escapes(inner, mark)
}

fn shell(literal: &str) -> Option<String> {
    let inner = literal.strip_prefix('\'')?.strip_suffix('\'')?;
    let parts: Vec<_> = inner.split(r"'\''").collect();
    parts.iter().all(|part| !part.contains('\'')).then(|| parts.join("'"))
}

fn single(inner: &str) -> Option<String> {
    let mut out = String::new();
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\'' => return None,
            '\\' => out.push(chars.next().filter(|c| matches!(c, '\'' | '\\'))?),
            _ => out.push(c),
        }
    }
    Some(out)
}

/// The escapes of all the languages. They agree where they overlap, except for bytes and halves of characters.
fn escapes(inner: &str, mark: char) -> Option<String> {
    let mut out: Vec<u8> = Vec::new();
    let mut high = 0;
    let mut rest = inner;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        if c == mark {
            return None;
        }
        if c != '\\' {
            out.extend(c.to_string().bytes());
            continue;
        }
        let kind = rest.chars().next()?;
        let (digits, radix, skipped) = match kind {
            '0'..='7' => (rest.get(..3)?, 8, 3),
            'u' if rest.starts_with("u{") => {
                let end = rest.find('}')?;
                (&rest[2..end], 16, end + 1)
            }
            'u' => (rest.get(1..5)?, 16, 5),
            'U' => (rest.get(1..9)?, 16, 9),
            'n' => ("a", 16, 1),
            'r' => ("d", 16, 1),
            't' => ("9", 16, 1),
            '\'' | '"' | '\\' | '$' | '#' | '?' => {
                out.extend(kind.to_string().bytes());
                rest = &rest[1..];
                continue;
            }
            _ => return None,
        };
        rest = &rest[skipped..];
        let code = u32::from_str_radix(digits, radix).ok()?;
        match code {
            0xd800..=0xdbff => high = code,
            0xdc00..=0xdfff => {
                let code = 0x10000 + ((high - 0xd800) << 10) + (code - 0xdc00);
                out.extend(char::from_u32(code)?.to_string().bytes());
            }
            _ if radix == 8 => out.push(u8::try_from(code).ok()?),
            _ => out.extend(char::from_u32(code)?.to_string().bytes()),
        }
    }
    String::from_utf8(out).ok()
}
