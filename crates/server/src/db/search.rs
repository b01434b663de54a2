//! What the SQL functions of searches do, in Rust for SQLite; PostgreSQL has the same ones by migration 3.
//!
//! Pure. A path into a document is a PostgreSQL jsonpath of the strict form `$."a"."b"[*]`, which [`json_path`]
//! alone makes. Arrays on the way are looked through, as in PostgreSQL's lax mode: of a list of objects each is
//! asked, of a list of values each counts.

use serde_json::Value;

/// Text without regard to case. What a column for searches without case holds.
pub fn fold(text: &str) -> String {
    text.to_lowercase()
}

/// The path to a member of a document.
pub fn json_path<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut path = "$".to_owned();
    for name in names {
        path.push('.');
        path.push_str(&Value::from(name).to_string());
    }
    path.push_str("[*]");
    path
}

/// A value range of a document, as the SQL function takes it.
pub(super) struct Between<'a> {
    pub(super) low: Option<(&'a str, bool)>,
    pub(super) high: Option<(&'a str, bool)>,
    /// Whether the ends are numbers.
    pub(super) numeric: bool,
}

/// `search_like`: `%` is any text, `_` any character, and a backslash takes the next one as it is.
pub(super) fn like(text: &str, pattern: &str) -> bool {
    let (text, pattern): (Vec<char>, Vec<char>) = (text.chars().collect(), pattern.chars().collect());
    let (mut at, mut place) = (0, 0);
    // Where to go on if this attempt fails: the place after the last `%`, and how much it has swallowed.
    let mut back: Option<(usize, usize)> = None;
    loop {
        let step = match (pattern.get(place), text.get(at)) {
            (Some('%'), _) => {
                back = Some((place + 1, at));
                place += 1;
                continue;
            }
            (None, None) => return true,
            (Some('_'), Some(_)) => Some(1),
            (Some('\\'), Some(character)) if pattern.get(place + 1) == Some(character) => Some(2),
            (Some(one), Some(other)) if one == other && *one != '\\' => Some(1),
            _ => None,
        };
        match (step, &mut back) {
            (Some(step), _) => {
                place += step;
                at += 1;
            }
            (None, Some((after, swallowed))) if *swallowed < text.len() => {
                *swallowed += 1;
                (place, at) = (*after, *swallowed);
            }
            (None, _) => return false,
        }
    }
}

/// `search_json_exists`
pub(super) fn json_exists(document: &Value, path: &str) -> bool {
    any(document, path, |_| true)
}

/// `search_json_equals`: `number` is the wanted text as a number, if it is one.
pub(super) fn json_equals(
    (document, path): (&Value, &str),
    folded: bool,
    wanted: &str,
    number: Option<&str>,
) -> bool {
    let number = number.and_then(|number| number.parse::<f64>().ok());
    any(document, path, |value| {
        text_of(value, folded) == wanted || number.is_some_and(|number| as_number(value) == Some(number))
    })
}

/// `search_json_like`
pub(super) fn json_like((document, path): (&Value, &str), folded: bool, pattern: &str) -> bool {
    any(document, path, |value| like(&text_of(value, folded), pattern))
}

/// `search_json_between`: if the ends are numbers, numbers lie between them, and otherwise texts, byte by byte.
pub(super) fn json_between((document, path): (&Value, &str), folded: bool, between: &Between<'_>) -> bool {
    let number = |end: Option<(&str, bool)>| end.and_then(|(end, own)| Some((end.parse::<f64>().ok()?, own)));
    any(document, path, |value| match (as_number(value), between.numeric) {
        (Some(own), true) => lies(&own, number(between.low).as_ref(), number(between.high).as_ref()),
        (None, false) => lies(&text_of(value, folded).as_str(), between.low.as_ref(), between.high.as_ref()),
        _ => false,
    })
}

/// `search_json_text`: the first value as text.
pub(super) fn json_text(document: &Value, path: &str) -> Option<String> {
    let mut first = None;
    any(document, path, |value| {
        first = Some(text_of(value, false));
        true
    });
    first
}

fn lies<T: PartialOrd>(own: &T, low: Option<&(T, bool)>, high: Option<&(T, bool)>) -> bool {
    low.is_none_or(|(low, inclusive)| own > low || (*inclusive && own == low))
        && high.is_none_or(|(high, inclusive)| own < high || (*inclusive && own == high))
}

fn as_number(value: &Value) -> Option<f64> {
    if value.is_number() { value.as_f64() } else { None }
}

fn text_of(value: &Value, folded: bool) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if folded { fold(&text) } else { text }
}

/// Whether any value at the path satisfies the test.
fn any(document: &Value, path: &str, mut test: impl FnMut(&Value) -> bool) -> bool {
    let Some(names) = names(path) else { return false };
    let mut found = vec![document];
    for name in &names {
        found = found.into_iter().flat_map(each).filter_map(|value| value.get(name)).collect();
    }
    found
        .into_iter()
        .flat_map(each)
        .any(|value| (value.is_string() || value.is_number() || value.is_boolean()) && test(value))
}

/// The elements of an array; otherwise the value itself.
fn each(value: &Value) -> &[Value] {
    value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice)
}

/// The names in what [`json_path`] made.
fn names(path: &str) -> Option<Vec<String>> {
    let mut rest = path.strip_prefix('$')?.strip_suffix("[*]")?;
    let mut names = Vec::new();
    while !rest.is_empty() {
        let literal = rest.strip_prefix('.')?;
        let mut read = serde_json::Deserializer::from_str(literal).into_iter::<String>();
        names.push(read.next()?.ok()?);
        rest = literal.get(read.byte_offset()..)?;
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_back_as_its_names_whatever_they_hold() {
        for names_in in [vec![], vec!["a"], vec!["a", "b c", "\"", "\\", "$.x[*]", "ü", "a.b", "\u{1}"]] {
            assert_eq!(names(&json_path(names_in.iter().copied())).unwrap(), names_in);
        }
        for bad in ["", "$", "$.a[*]", "$.\"a[*]", "$.\"a\"", "$x\"a\"[*]", "$.1[*]"] {
            assert_eq!(names(bad), None, "{bad}");
        }
    }

    #[test]
    fn patterns_match_as_in_sql() {
        for (text, pattern, expected) in [
            ("", "", true),
            ("", "%", true),
            ("a", "", false),
            ("abc", "abc", true),
            ("abc", "a%", true),
            ("abc", "%c", true),
            ("abc", "%b%", true),
            ("abc", "a_c", true),
            ("ac", "a_c", false),
            ("abcbd", "a%b%d", true),
            ("abcbx", "a%b%d", false),
            ("a%", "a\\%", true),
            ("ab", "a\\%", false),
            ("a_b\\", "a\\_b\\\\", true),
            ("ABC", "abc", false),
            ("grün", "gr_n", true),
        ] {
            assert_eq!(like(text, pattern), expected, "{text} like {pattern}");
        }
        assert!(!like(&"a".repeat(10_000), &format!("{}b", "a%".repeat(200))), "and quickly");
    }

    #[test]
    fn values_are_found_through_arrays() {
        let document = &serde_json::json!(
            { "a": { "b": ["x", 1, true, null, { "c": "z" }], "l": [{ "c": "Y" }, { "c": [2.5] }] } }
        );
        let path = |names: &[&str]| json_path(names.iter().copied());
        let equals = |names: &[&str], wanted: &str| {
            json_equals((document, &path(names)), false, wanted, wanted.parse::<f64>().ok().map(|_| wanted))
        };
        assert!(equals(&["a", "b"], "x") && equals(&["a", "b"], "1.0") && equals(&["a", "b"], "true"));
        assert!(
            equals(&["a", "b", "c"], "z") && equals(&["a", "l", "c"], "2.5") && equals(&["a", "l", "c"], "Y")
        );
        assert!(
            !equals(&["a", "b"], "null") && !equals(&["a"], "x") && !equals(&["b"], "x") && !equals(&[], "x")
        );
        assert!(json_exists(document, &path(&["a", "l", "c"])) && !json_exists(document, &path(&["a", "l"])));
        assert!(json_like((document, &path(&["a", "l", "c"])), true, "y%"));
        assert_eq!(json_text(document, &path(&["a", "b"])), Some("x".to_owned()));
        assert_eq!(json_text(document, &path(&["a"])), None);
    }
}
