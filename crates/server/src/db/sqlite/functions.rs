//! The SQL functions of searches on a SQLite connection, under the names that they have on PostgreSQL.
//!
//! Used in queries alone, never in the schema, so that other programs can still read the database.

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::FromSqlError;
use rusqlite::{Connection, Error, Result, ToSql};

use super::super::search::{self, Between};

/// Registers them.
pub(super) fn register(connection: &Connection) -> Result<()> {
    scalar(connection, "search_like", 2, |context| match (text(context, 0)?, text(context, 1)?) {
        (Some(text), Some(pattern)) => Ok(Some(search::like(text, pattern))),
        _ => Ok(None),
    })?;
    scalar(connection, "search_json_exists", 2, |context| {
        Ok(document(context)?.map(|(document, path)| search::json_exists(document, path)))
    })?;
    scalar(connection, "search_json_equals", 5, |context| {
        let (folded, wanted, number) = (context.get(2)?, text(context, 3)?, text(context, 4)?);
        let equals = |document| search::json_equals(document, folded, wanted.unwrap_or_default(), number);
        Ok(document(context)?.map(equals))
    })?;
    scalar(connection, "search_json_like", 4, |context| {
        let (folded, pattern) = (context.get(2)?, text(context, 3)?);
        let matches = |document| search::json_like(document, folded, pattern.unwrap_or_default());
        Ok(document(context)?.map(matches))
    })?;
    scalar(connection, "search_json_between", 8, |context| {
        let end = |index| -> Result<Option<(&str, bool)>> {
            text(context, index)?.map(|end| Ok((end, context.get(index + 1)?))).transpose()
        };
        let between = Between { low: end(3)?, high: end(5)?, numeric: context.get(7)? };
        let folded = context.get(2)?;
        Ok(document(context)?.map(|document| search::json_between(document, folded, &between)))
    })?;
    scalar(connection, "search_json_text", 2, |context| {
        Ok(document(context)?.and_then(|(document, path)| search::json_text(document, path)))
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

/// A text, if it is not null.
fn text<'a>(context: &'a Context<'_>, index: usize) -> Result<Option<&'a str>> {
    let unfit = |error: FromSqlError| Error::UserFunctionError(Box::new(error));
    context.get_raw(index).as_str_or_null().map_err(unfit)
}

/// The document and the path into it that come first.
fn document<'a>(context: &'a Context<'_>) -> Result<Option<(&'a str, &'a str)>> {
    Ok(text(context, 0)?.zip(text(context, 1)?))
}
