//! The SQL functions of searches on a SQLite connection, under the names that they have on PostgreSQL.
//!
//! Of the schema only the triggers that keep the terms of users call one (`search_terms`), so other programs can still
//! read every table; they cannot write users.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::FromSqlError;
use rusqlite::{Connection, Error, Result, ToSql};
use serde_json::Value;

use super::super::search::{self, Between};
use super::super::terms;

/// The document that was asked last, with its text: the clauses of a query ask the same one in turn, and reading
/// it is what costs.
type Last = Arc<Mutex<(String, Value)>>;

/// Registers them.
pub(super) fn register(connection: &Connection) -> Result<()> {
    let last = Last::default();
    scalar(connection, "search_like", 2, |context| match (text(context, 0)?, text(context, 1)?) {
        (Some(text), Some(pattern)) => Ok(Some(search::like(text, pattern))),
        _ => Ok(None),
    })?;
    scalar(connection, "search_terms", 2, |context| {
        let (Some(root), Some(document)) = (text(context, 0)?, text(context, 1)?) else { return Ok(None) };
        Ok(Some(Value::from_iter(terms::of_document(root, &read(document)?)).to_string()))
    })?;
    document(connection, &last, "search_json_exists", 2, |document, path, _| {
        Ok(search::json_exists(document, path))
    })?;
    document(connection, &last, "search_json_equals", 5, |document, path, context| {
        let (folded, wanted, number) = (context.get(2)?, text(context, 3)?, text(context, 4)?);
        Ok(search::json_equals((document, path), folded, wanted.unwrap_or_default(), number))
    })?;
    document(connection, &last, "search_json_like", 4, |document, path, context| {
        let (folded, pattern) = (context.get(2)?, text(context, 3)?);
        Ok(search::json_like((document, path), folded, pattern.unwrap_or_default()))
    })?;
    document(connection, &last, "search_json_between", 8, |document, path, context| {
        let end = |index| -> Result<Option<(&str, bool)>> {
            text(context, index)?.map(|end| Ok((end, context.get(index + 1)?))).transpose()
        };
        let between = Between { low: end(3)?, high: end(5)?, numeric: context.get(7)? };
        Ok(search::json_between((document, path), context.get(2)?, &between))
    })?;
    document(connection, &last, "search_json_text", 2, |document, path, _| {
        Ok(search::json_text(document, path))
    })
}

fn scalar<T: ToSql>(
    connection: &Connection,
    name: &str,
    arguments: i32,
    function: impl Fn(&Context<'_>) -> Result<T> + Send + 'static,
) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function(name, arguments, flags, move |context| function(context))
}

/// A function whose first arguments are a document and a path into it. Without either, the answer is null.
fn document<T: ToSql>(
    connection: &Connection,
    last: &Last,
    name: &str,
    arguments: i32,
    function: impl Fn(&Value, &str, &Context<'_>) -> Result<T> + Send + 'static,
) -> Result<()> {
    let last = Arc::clone(last);
    scalar(connection, name, arguments, move |context| {
        let (Some(document), Some(path)) = (text(context, 0)?, text(context, 1)?) else { return Ok(None) };
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.0 != document {
            *last = (document.to_owned(), read(document)?);
        }
        function(&last.1, path, context).map(Some)
    })
}

fn read(document: &str) -> Result<Value> {
    serde_json::from_str(document).map_err(|error| Error::UserFunctionError(Box::new(error)))
}

/// A text, if it is not null.
fn text<'a>(context: &'a Context<'_>, index: usize) -> Result<Option<&'a str>> {
    let unfit = |error: FromSqlError| Error::UserFunctionError(Box::new(error));
    context.get_raw(index).as_str_or_null().map_err(unfit)
}
