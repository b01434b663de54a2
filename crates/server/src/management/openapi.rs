//! The description of what this server offers of the Management API (OpenAPI 3.1), made from the operations.
//!
//! Must never describe what is not served, nor be kept beside the list by hand.

use std::sync::{Arc, LazyLock};

use axum::routing::{MethodRouter, get};
use bytes::Bytes;
use http::{HeaderValue, header};
use serde_json::{Map, Value, json};

use super::operation::{Operation, Required};
use super::shape;
use crate::app::App;

/// The document.
fn document(operations: &[Operation]) -> Bytes {
    let mut paths: Map<String, Value> = Map::new();
    for operation in operations {
        let entry = paths.entry(operation.path).or_insert_with(|| json!({}));
        if let Value::Object(methods) = entry {
            methods.insert(operation.method.as_str().to_ascii_lowercase(), described(operation));
        }
    }
    let document = json!({
        "openapi": "3.1.0",
        "info": { "title": "Chancery Management API", "version": env!("CARGO_PKG_VERSION") },
        "servers": [{ "url": "/api/v2" }],
        "components": { "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" } } },
        "paths": paths,
    });
    Bytes::from(document.to_string())
}

fn described(operation: &Operation) -> Value {
    let in_path =
        operation.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}')).map(
            |name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }),
        );
    let parameters: Vec<Value> = in_path.chain(operation.query.iter().map(shape::parameter)).collect();
    let answer = operation.answer.map(|object| {
        let one = shape::schema(object, None);
        let schema = match operation.list {
            Some(name) => listed(name, &one, operation),
            None => json!({ "anyOf": [one, { "type": "array", "items": one }] }),
        };
        json!({ "application/json": { "schema": schema } })
    });
    let required = match operation.line.required {
        Required::All(scopes) => json!([{ "bearer": scopes }]),
        Required::Any(scopes) => scopes.iter().map(|scope| json!({ "bearer": [scope] })).collect(),
        Required::FirstAndAny(scopes) => {
            let pair = |other| json!({ "bearer": [scopes.first(), other] });
            scopes.iter().skip(1).map(pair).collect()
        }
    };
    let success = json!({ "description": "Success", "content": answer.unwrap_or_else(|| json!({})) });
    let mut responses = Map::new();
    responses.insert(operation.success.to_string(), success);
    for (status, meaning) in [
        ("400", "The request does not fit"),
        ("401", "No valid token"),
        ("403", "The token lacks a scope"),
        ("404", "There is no such object"),
        ("429", "Too many requests"),
    ] {
        responses.insert(status.to_owned(), json!({ "description": meaning }));
    }
    let mut described = json!({
        "operationId": operation.line.id,
        "summary": operation.line.summary,
        "security": required,
        "parameters": parameters,
        "responses": responses,
    });
    if let (Some((object, when)), Value::Object(described)) = (operation.body, &mut described) {
        let schema = shape::schema(object, Some(when));
        let content = if operation.or_html {
            let text = json!({ "type": "string" });
            json!({ "application/json": { "schema": { "oneOf": [schema, text] } }, "text/html": { "schema": text } })
        } else {
            json!({ "application/json": { "schema": schema } })
        };
        described.insert(
            "requestBody".to_owned(),
            json!({ "required": !operation.or_nothing, "content": content }),
        );
    }
    if let (true, Value::Object(described)) = (operation.ours, &mut described) {
        described.insert("x-chancery".to_owned(), Value::Bool(true));
    }
    described
}

/// The forms of a list: bare, with totals, with the next checkpoint.
fn listed(name: &str, one: &Value, operation: &Operation) -> Value {
    let asks = |name: &str| operation.query.iter().any(|field| field.name == name);
    let array = json!({ "type": "array", "items": one });
    let number = json!({ "type": "integer" });
    let mut forms = vec![array.clone()];
    if asks("include_totals") {
        let mut form = json!({
            "type": "object",
            "properties": { "start": number, "limit": number, "total": number, name: array },
            "required": ["start", "limit", "total", name],
        });
        if super::query::tells_length(name) {
            form["properties"]["length"] = number.clone();
        }
        forms.push(form);
    }
    // The ids of log entries are the checkpoints themselves, so the log stays a bare list.
    if asks("take") && name != "logs" {
        let next = json!({ "type": "string" });
        forms.push(
            json!({ "type": "object", "properties": { name: array, "next": next }, "required": [name] }),
        );
    }
    json!({ "anyOf": forms })
}

/// Serves the document. It holds no secret, so it needs no token.
pub fn route() -> MethodRouter<Arc<App>> {
    // Made when somebody asks: it would be most of the work of a start.
    static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| document(&super::operations()));
    let json = HeaderValue::from_static("application/json; charset=utf-8");
    get(move || async move { ([(header::CONTENT_TYPE, json)], DOCUMENT.clone()) })
}
