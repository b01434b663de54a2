//! Turns a shape into JSON Schema (OpenAPI 3.1) for the description of the API.

use serde_json::{Map, Value, json};

use super::{Field, Kind, Object, Presence, When};

/// The schema of a request body, or of an answer when `when` is none.
pub fn schema(object: &Object, when: Option<When>) -> Value {
    described(object, when, when == Some(When::Update))
}

/// Only at its top is a merge patch one: there null clears and nothing is required. Objects inside are whole.
fn described(object: &Object, when: Option<When>, patch: bool) -> Value {
    let shown = |presence: Presence| match (presence, when) {
        (Presence::Always, _)
        | (Presence::Create, Some(When::Create))
        | (Presence::Update, Some(When::Update))
        // What can be sent at any time can be read.
        | (_, None) => true,
        (Presence::Create | Presence::Update | Presence::Read, Some(_)) => false,
    };
    let fields: Vec<_> = object.fields.iter().filter(|field| shown(field.when)).collect();
    let properties: Map<String, Value> = fields
        .iter()
        .map(|field| {
            let mut described = kind(&field.kind, when);
            if field.nullable || (patch && !field.required) {
                described = json!({ "anyOf": [described, { "type": "null" }] });
            }
            (field.name.to_owned(), described)
        })
        .collect();
    let required: Vec<&str> = fields
        .iter()
        .filter(|field| field.required && when.is_some() && !patch)
        .map(|field| field.name)
        .collect();
    let mut schema =
        json!({ "type": "object", "properties": properties, "additionalProperties": object.open });
    if let Value::Object(schema) = &mut schema {
        if !required.is_empty() {
            schema.insert("required".to_owned(), json!(required));
        }
        if object.least > 0 {
            schema.insert("minProperties".to_owned(), json!(object.least));
        }
        if object.most < usize::MAX {
            schema.insert("maxProperties".to_owned(), json!(object.most));
        }
    }
    schema
}

/// The description of a parameter of a query.
pub fn parameter(field: &Field) -> Value {
    json!({ "name": field.name, "in": "query", "required": field.required, "schema": kind(&field.kind, None) })
}

fn kind(shape: &Kind, when: Option<When>) -> Value {
    match shape {
        Kind::Any => json!({}),
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Integer(i64::MIN, i64::MAX) => json!({ "type": "integer" }),
        Kind::Integer(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Kind::Number(least, most) => json!({ "type": "number", "minimum": least, "maximum": most }),
        Kind::Text(text) => {
            let mut schema = json!({ "type": "string", "minLength": text.least, "maxLength": text.most });
            if let (Value::Object(schema), Some(format)) = (&mut schema, text.format) {
                let keyword = if format.name.starts_with('^') { "pattern" } else { "format" };
                schema.insert(keyword.to_owned(), format.name.into());
            }
            schema
        }
        Kind::OneOf(values) => json!({ "type": "string", "enum": values }),
        Kind::List(of, least, most) => {
            json!({ "type": "array", "items": kind(of, when), "minItems": least, "maxItems": most })
        }
        Kind::Object(object) => described(object, when, false),
        Kind::Map(of, most) => {
            json!({ "type": "object", "additionalProperties": kind(of, when), "maxProperties": most })
        }
        Kind::Either(kinds) => {
            json!({ "anyOf": kinds.iter().map(|one| kind(one, when)).collect::<Vec<_>>() })
        }
    }
}
