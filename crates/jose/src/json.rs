//! Strict JSON (RFC 8259) for everything that arrives from outside.
//!
//! Two parsers that disagree about a duplicate member are an attack (RFC 7515 section 10.12), so duplicates are
//! refused at any depth, as are trailing data, deep nesting and numbers beyond any float. It must never accept a text
//! that another correct parser could read as a different value; only numbers that 64 bits do not hold exactly are
//! rounded, as RFC 8259 section 6 foresees, and whoever needs an integer refuses them.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// How many arrays and objects may be open at once.
const MAX_DEPTH: usize = 64;

/// Why bytes are not acceptable JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// Not JSON, not UTF-8, a number out of range, or something after the value.
    #[error("invalid JSON at line {line} column {column}: {message}")]
    Syntax {
        /// Line of the fault, from 1.
        line: usize,
        /// Column of the fault in bytes, from 1; 0 when the fault is at a line end.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// An object has two members of this name.
    #[error("the JSON member {0:?} appears twice in one object")]
    DuplicateMember(String),
    /// More than 64 arrays and objects are nested.
    #[error("the JSON is nested deeper than 64 levels")]
    TooDeep,
}

/// A fault and its place, for whoever wrote the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// What is wrong.
    pub error: JsonError,
    /// In which line, from 1.
    pub line: usize,
    /// In which column of it, in bytes from 1; 0 when the fault is at the end of the line before.
    pub column: usize,
}

/// Parses one JSON text.
///
/// # Errors
///
/// [`JsonError`] says what is wrong and where.
pub fn parse(bytes: &[u8]) -> Result<Value, JsonError> {
    locate(bytes).map_err(|located| located.error)
}

/// The same, with the place of every fault.
///
/// # Errors
///
/// [`Located`] says what is wrong and where.
pub fn locate(bytes: &[u8]) -> Result<Value, Located> {
    let refusal = RefCell::new(None);
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { depth: 0, refusal: &refusal }.deserialize(&mut deserializer);
    let result = value.and_then(|value| deserializer.end().map(|()| value));
    result.map_err(|error| Located {
        line: error.line(),
        column: error.column(),
        error: refusal.into_inner().unwrap_or_else(|| syntax(&error)),
    })
}

fn syntax(error: &serde_json::Error) -> JsonError {
    let (line, column) = (error.line(), error.column());
    let message = error.to_string();
    // The position has its own members; serde_json repeats it at the end of the message.
    let message = match message.strip_suffix(&format!(" at line {line} column {column}")) {
        Some(message) => message.to_owned(),
        None => message,
    };
    JsonError::Syntax { line, column, message }
}

/// Builds a value below `depth` open arrays and objects.
#[derive(Clone, Copy)]
struct Strict<'r> {
    depth: usize,
    /// Our own refusals travel beside serde's error, which holds nothing but text.
    refusal: &'r RefCell<Option<JsonError>>,
}

impl Strict<'_> {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            return Err(self.refuse(JsonError::TooDeep));
        }
        Ok(Self { depth: self.depth + 1, refusal: self.refusal })
    }

    fn refuse<E: Error>(self, error: JsonError) -> E {
        let text = E::custom(&error);
        self.refusal.replace(Some(error));
        text
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let below = self.deeper()?;
        let mut array = Vec::new();
        while let Some(element) = elements.next_element_seed(below)? {
            array.push(element);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let below = self.deeper()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            // Before the value is read, so that the error points at the second name.
            if object.contains_key(&name) {
                return Err(self.refuse(JsonError::DuplicateMember(name)));
            }
            let value = members.next_value_seed(below)?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_every_kind_are_read_in_order() {
        let text = r#" {"b":[null,true,1,-2,1.5,"x\u00e9"],"a":{},"":18446744073709551615} "#;
        let value = parse(text.as_bytes()).unwrap();
        assert_eq!(value.to_string(), r#"{"b":[null,true,1,-2,1.5,"xé"],"a":{},"":18446744073709551615}"#);
    }

    #[test]
    fn a_duplicate_member_is_named_at_any_depth() {
        for text in [r#"{"a":1,"a":1}"#, r#"[{"x":{"a":1,"b":2,"a":3}}]"#, r#"{"a":1,"\u0061":2}"#] {
            assert_eq!(parse(text.as_bytes()), Err(JsonError::DuplicateMember("a".to_owned())), "{text}");
        }
        assert!(parse(br#"{"a":{"a":1},"A":1}"#).is_ok());
    }

    #[test]
    fn every_fault_has_its_place() {
        let line = |text: &str| locate(text.as_bytes()).map_err(|located| (located.line, located.column));
        assert_eq!(line("{\n  \"a\": 1,\n  \"b\": trux\n}"), Err((3, 11)));
        assert_eq!(line("{\n  \"a\": 1,\n  \"b\": 2,\n  \"a\": 3\n}").unwrap_err().0, 4);
        let nested = ["\n", &"[\n".repeat(65), &"]".repeat(65)].concat();
        // What follows the brace that is one too many was looked at already.
        assert_eq!(line(&nested), Err((67, 1)));
    }

    #[test]
    fn nesting_ends_at_64_levels() {
        let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        assert!(parse(nested(64).as_bytes()).is_ok());
        assert_eq!(parse(nested(65).as_bytes()), Err(JsonError::TooDeep));
        assert_eq!(parse(nested(100_000).as_bytes()), Err(JsonError::TooDeep));
        let objects = r#"{"a":"#.repeat(65) + "1" + &"}".repeat(65);
        assert_eq!(parse(objects.as_bytes()), Err(JsonError::TooDeep));
    }

    #[test]
    fn what_is_not_one_json_value_is_refused() {
        let cases: [(&str, &[u8]); 17] = [
            ("nothing", b""),
            ("white space", b"  "),
            ("trailing data", b"{} {}"),
            ("a trailing comma", b"[1,]"),
            ("a comment", b"{} // x"),
            ("single quotes", b"{'a':1}"),
            ("a bare word", b"nul"),
            ("NaN", b"NaN"),
            ("a number beyond f64", b"1e400"),
            ("a negative number beyond f64", b"-1e400"),
            ("a leading zero", b"01"),
            ("a leading plus", b"+1"),
            ("a byte order mark", b"\xef\xbb\xbf{}"),
            ("invalid UTF-8 in a string", b"\"\xff\""),
            ("invalid UTF-8 in a name", b"{\"\xc0\xaf\":1}"),
            ("a lone surrogate", br#""\ud800""#),
            ("a line end in a string", b"\"a\nb\""),
        ];
        for (name, text) in cases {
            assert!(matches!(parse(text), Err(JsonError::Syntax { .. })), "{name}");
        }
    }

    #[test]
    fn a_syntax_error_says_where() {
        let error = parse(b"{\n  \"a\": x\n}").unwrap_err();
        assert_eq!(error.to_string(), "invalid JSON at line 2 column 8: expected value");
    }
}
