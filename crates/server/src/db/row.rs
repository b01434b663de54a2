//! What a statement answers: a row whose columns are asked for by name and kind.
//!
//! Must never guess: a missing column or another kind than the one asked for is an error that names the
//! column, and the value itself is in no message.

use std::cell::Cell;
use std::sync::Arc;

use super::error::DbError;
use super::value::Value;

/// The column names of one result, shared by its rows.
pub(super) type Columns = Arc<[Box<str>]>;

/// One row of a result.
#[derive(Debug, Clone)]
pub struct Row {
    columns: Columns,
    values: Vec<Value>,
    /// Where the next column probably stands: they are mostly asked for in their order.
    next: Cell<usize>,
}

impl Row {
    pub(super) fn new(columns: Columns, values: Vec<Value>) -> Self {
        Self { columns, values, next: Cell::new(0) }
    }

    /// The text in a column that is not null.
    pub fn text(&self, name: &str) -> Result<String, DbError> {
        self.opt_text(name)?.ok_or_else(|| unexpected(name, "text", &Value::Null))
    }

    /// The text in a column, if it is not null.
    pub fn opt_text(&self, name: &str) -> Result<Option<String>, DbError> {
        match self.value(name)? {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text.clone())),
            other @ (Value::Int(_) | Value::Bytes(_) | Value::Bool(_)) => {
                Err(unexpected(name, "text", other))
            }
        }
    }

    /// The integer in a column that is not null.
    pub fn int(&self, name: &str) -> Result<i64, DbError> {
        self.opt_int(name)?.ok_or_else(|| unexpected(name, "an integer", &Value::Null))
    }

    /// The integer in a column, if it is not null.
    pub fn opt_int(&self, name: &str) -> Result<Option<i64>, DbError> {
        match self.value(name)? {
            Value::Null => Ok(None),
            Value::Int(number) => Ok(Some(*number)),
            other @ (Value::Text(_) | Value::Bytes(_) | Value::Bool(_)) => {
                Err(unexpected(name, "an integer", other))
            }
        }
    }

    /// The bytes in a column that is not null.
    pub fn bytes(&self, name: &str) -> Result<Vec<u8>, DbError> {
        self.opt_bytes(name)?.ok_or_else(|| unexpected(name, "bytes", &Value::Null))
    }

    /// The bytes in a column, if it is not null.
    pub fn opt_bytes(&self, name: &str) -> Result<Option<Vec<u8>>, DbError> {
        match self.value(name)? {
            Value::Null => Ok(None),
            Value::Bytes(bytes) => Ok(Some(bytes.clone())),
            other @ (Value::Int(_) | Value::Text(_) | Value::Bool(_)) => {
                Err(unexpected(name, "bytes", other))
            }
        }
    }

    /// The truth in a column that is not null.
    pub fn bool(&self, name: &str) -> Result<bool, DbError> {
        self.opt_bool(name)?.ok_or_else(|| unexpected(name, "a boolean", &Value::Null))
    }

    /// The truth in a column, if it is not null.
    pub fn opt_bool(&self, name: &str) -> Result<Option<bool>, DbError> {
        match self.value(name)? {
            Value::Null => Ok(None),
            Value::Bool(truth) => Ok(Some(*truth)),
            // SQLite has no booleans of its own.
            Value::Int(0) => Ok(Some(false)),
            Value::Int(1) => Ok(Some(true)),
            other @ (Value::Int(_) | Value::Text(_) | Value::Bytes(_)) => {
                Err(unexpected(name, "a boolean", other))
            }
        }
    }

    fn value(&self, name: &str) -> Result<&Value, DbError> {
        let next = self.next.get();
        let stands_there = self.columns.get(next).is_some_and(|column| **column == *name);
        let index =
            if stands_there { Some(next) } else { self.columns.iter().position(|column| **column == *name) };
        let index = index.ok_or_else(|| DbError::inconsistent(format!("the answer has no column {name}")))?;
        self.next.set(index + 1);
        self.values.get(index).ok_or_else(|| DbError::inconsistent(format!("column {name} has no value")))
    }
}

fn unexpected(name: &str, wanted: &str, found: &Value) -> DbError {
    DbError::inconsistent(format!("column {name} holds {} where {wanted} was expected", found.kind()))
}
