//! Checks a value against a shape, and says in one sentence what does not fit and where.
//!
//! The sentences follow the wire: tools and their users know them.

use std::fmt;

use serde_json::{Map, Value};

use super::{Field, Kind, Object, Presence, Text, When};

/// What does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    reason: String,
    property: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reason, property } = self;
        if property.is_empty() {
            write!(f, "Payload validation error: '{reason}'.")
        } else {
            write!(f, "Payload validation error: '{reason}' on property {property}.")
        }
    }
}

/// Where we are: a chain of names that is only written out for an error.
#[derive(Clone, Copy)]
struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    name: &'a str,
}

impl Path<'_> {
    fn text(&self) -> String {
        let above = self.parent.map(Path::text).unwrap_or_default();
        if above.is_empty() { self.name.to_owned() } else { format!("{above}.{}", self.name) }
    }

    fn refuse(&self, reason: impl Into<String>) -> Refusal {
        Refusal { reason: reason.into(), property: self.text() }
    }
}

const TOP: Path<'static> = Path { parent: None, name: "" };

impl Object {
    /// Checks the body of a request.
    pub fn check(&self, value: &Map<String, Value>, when: When) -> Result<(), Refusal> {
        members(self, value, when, &TOP)
    }
}

fn members(shape: &Object, value: &Map<String, Value>, when: When, path: &Path<'_>) -> Result<(), Refusal> {
    let top = path.parent.is_none() && path.name.is_empty();
    for (name, member) in value {
        let at = if top { Path { parent: None, name } } else { Path { parent: Some(path), name } };
        match shape.field(name).filter(|field| field.may_be_sent(when)) {
            Some(field) => {
                let clears =
                    member.is_null() && (field.nullable || (top && when == When::Update && !field.required));
                if !clears {
                    kind(&field.kind, member, when, &at)?;
                }
            }
            None if shape.open => {}
            None => {
                let shown: String = name.chars().take(100).collect();
                return Err(path.refuse(format!("Additional properties not allowed: {shown}")));
            }
        }
    }
    // A merge patch requires nothing of its own members; a nested object is replaced whole.
    if when == When::Create || !top {
        let missing = shape
            .fields
            .iter()
            .find(|field| field.required && field.may_be_sent(when) && !value.contains_key(field.name));
        if let Some(field) = missing {
            return Err(path.refuse(format!("Missing required property: {}", field.name)));
        }
    }
    if value.len() < shape.least {
        return Err(path.refuse(format!(
            "Too few properties defined ({}), minimum {}",
            value.len(),
            shape.least
        )));
    }
    if value.len() > shape.most {
        return Err(path.refuse(format!(
            "Too many properties defined ({}), maximum {}",
            value.len(),
            shape.most
        )));
    }
    Ok(())
}

fn kind(shape: &Kind, value: &Value, when: When, path: &Path<'_>) -> Result<(), Refusal> {
    let expected =
        |name: &str| path.refuse(format!("Expected type {name} but found type {}", type_name(value)));
    match shape {
        Kind::Any => Ok(()),
        Kind::Bool => value.as_bool().map(drop).ok_or_else(|| expected("boolean")),
        Kind::Integer(least, most) => {
            // 3600.0 is a whole number in JSON, as it is for everybody who writes it.
            let whole = value.as_i64().or_else(|| value.as_f64().and_then(whole_number));
            match whole.ok_or_else(|| expected("integer"))? {
                number if number < *least => {
                    Err(path.refuse(format!("Value {number} is less than minimum {least}")))
                }
                number if number > *most => {
                    Err(path.refuse(format!("Value {number} is greater than maximum {most}")))
                }
                _ => Ok(()),
            }
        }
        Kind::Number(least, most) => match value.as_f64().ok_or_else(|| expected("number"))? {
            number if number < f64::from(*least) => {
                Err(path.refuse(format!("Value {number} is less than minimum {least}")))
            }
            number if number > f64::from(*most) => {
                Err(path.refuse(format!("Value {number} is greater than maximum {most}")))
            }
            _ => Ok(()),
        },
        Kind::Text(rules) => characters(*rules, value.as_str().ok_or_else(|| expected("string"))?, path),
        Kind::OneOf(values) => {
            let text = value.as_str().ok_or_else(|| expected("string"))?;
            if values.contains(&text) {
                Ok(())
            } else {
                Err(path.refuse(format!(
                    "No enum match for: {}, expected one of: {}",
                    shown(text),
                    values.join(", ")
                )))
            }
        }
        Kind::List(of, least, most) => {
            let items = value.as_array().ok_or_else(|| expected("array"))?;
            if items.len() < *least {
                return Err(path.refuse(format!("Array is too short ({}), minimum {least}", items.len())));
            }
            if items.len() > *most {
                return Err(path.refuse(format!("Array is too long ({}), maximum {most}", items.len())));
            }
            items.iter().enumerate().try_for_each(|(index, item)| {
                let name = index.to_string();
                kind(of, item, when, &Path { parent: Some(path), name: &name })
            })
        }
        Kind::Object(shape) => {
            members(shape, value.as_object().ok_or_else(|| expected("object"))?, when, path)
        }
        Kind::Map(of, most) => {
            let entries = value.as_object().ok_or_else(|| expected("object"))?;
            if entries.len() > *most {
                return Err(
                    path.refuse(format!("Too many properties defined ({}), maximum {most}", entries.len()))
                );
            }
            entries
                .iter()
                .try_for_each(|(name, item)| kind(of, item, when, &Path { parent: Some(path), name }))
        }
        Kind::Either(kinds) => {
            if kinds.iter().any(|one| kind(one, value, when, path).is_ok()) {
                return Ok(());
            }
            let mut alike = kinds.iter().filter(|one| takes(one, value));
            match (alike.next(), alike.next()) {
                // One form alone is of this type: what is wrong with it says more, and where.
                (Some(one), None) => kind(one, value, when, path),
                _ => Err(path.refuse("Data does not match any of the accepted forms")),
            }
        }
    }
}

/// Whether a value is of the JSON type of a kind.
fn takes(shape: &Kind, value: &Value) -> bool {
    match shape {
        Kind::Any => true,
        Kind::Bool => value.is_boolean(),
        Kind::Integer(..) | Kind::Number(..) => value.is_number(),
        Kind::Text(_) | Kind::OneOf(_) => value.is_string(),
        Kind::List(..) => value.is_array(),
        Kind::Object(_) | Kind::Map(..) => value.is_object(),
        Kind::Either(kinds) => kinds.iter().any(|one| takes(one, value)),
    }
}

fn characters(rules: Text, text: &str, path: &Path<'_>) -> Result<(), Refusal> {
    let length = text.chars().count();
    if length < rules.least {
        return Err(path.refuse(format!("String is too short ({length} chars), minimum {}", rules.least)));
    }
    if length > rules.most {
        return Err(path.refuse(format!("String is too long ({length} chars), maximum {}", rules.most)));
    }
    // No field means anything with NUL in it, and PostgreSQL cannot store it.
    if text.contains('\0') {
        return Err(path.refuse("String contains the character NUL"));
    }
    match rules.format {
        Some(format) if !(format.accepts)(text) => Err(path.refuse(format!(
            "Object didn't pass validation for format {}: {}",
            format.name,
            shown(text)
        ))),
        _ => Ok(()),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "only whole numbers within 53 bits are cast")]
fn whole_number(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0).then_some(number as i64)
}

fn shown(text: &str) -> String {
    text.chars().take(100).collect()
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

impl Field {
    fn may_be_sent(&self, when: When) -> bool {
        match self.when {
            Presence::Always => true,
            Presence::Create => when == When::Create,
            Presence::Update => when == When::Update,
            Presence::Read => false,
        }
    }
}
