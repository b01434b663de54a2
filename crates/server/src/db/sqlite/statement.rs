//! Running one statement on a SQLite connection: binding, decoding, and its errors in our words.
//!
//! Must never put a parameter or a stored value into an error.

use std::cell::RefCell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::rc::Rc;
use std::sync::Arc;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Statement, ToSql, ffi};

use super::super::{error::DbError, row::Columns, row::Row, value::Value};

/// A statement with its parameters.
pub(in crate::db) struct Step {
    pub(in crate::db) sql: Sql,
    pub(in crate::db) params: Vec<Value>,
    pub(in crate::db) wants: Wants,
}

/// The text of a statement.
pub(in crate::db) enum Sql {
    /// One of the program's, kept prepared.
    Fixed(&'static str),
    /// One that was put together for this once.
    Built(String),
}

/// What a statement is run for.
#[derive(Clone, Copy)]
pub(in crate::db) enum Wants {
    Rows,
    Count,
    /// That it changes one row; anything else is [`DbError::Missed`].
    One,
    /// That it finds a row; otherwise [`DbError::Missed`].
    Found,
}

/// What a statement answered.
pub(in crate::db) enum Outcome {
    Rows(Vec<Row>),
    Count(u64),
}

impl Outcome {
    pub(in crate::db) fn rows(self) -> Vec<Row> {
        match self {
            Self::Rows(rows) => rows,
            Self::Count(_) => Vec::new(),
        }
    }

    pub(in crate::db) fn count(self) -> u64 {
        match self {
            Self::Rows(_) => 0,
            Self::Count(count) => count,
        }
    }
}

/// What goes into a statement and what comes out of it.
struct Shape {
    columns: Columns,
    /// For each parameter, in SQLite's order, its place among the values.
    places: Box<[usize]>,
}

impl Shape {
    /// `$7` is the seventh value, wherever it stands: SQLite numbers names by their first appearance.
    fn of(statement: &Statement<'_>) -> Result<Self, DbError> {
        let place = |index| {
            let name = statement.parameter_name(index)?.strip_prefix('$')?;
            name.parse::<usize>().ok()?.checked_sub(1)
        };
        let count = statement.parameter_count();
        let places = (1..=count).map(|index| place(index).filter(|place| *place < count));
        let places = places.collect::<Option<_>>();
        let places =
            places.ok_or_else(|| DbError::inconsistent("the parameters of a statement are not $1, $2, …"))?;
        Ok(Self { columns: statement.column_names().map(Box::from).collect(), places })
    }

    /// That of one of the program's statements: it would cost more to find out each time than a row that is looked up.
    fn known(sql: &'static str, statement: &Statement<'_>) -> Result<Rc<Self>, DbError> {
        thread_local! {
            static KNOWN: RefCell<HashMap<(usize, usize), Rc<Shape>>> = RefCell::default();
        }
        // The text of a statement is where it is for as long as the program runs.
        let place = (sql.as_ptr().addr(), sql.len());
        KNOWN.with_borrow_mut(|known| match known.entry(place) {
            Entry::Occupied(shape) => Ok(Rc::clone(shape.get())),
            Entry::Vacant(free) => Ok(Rc::clone(free.insert(Rc::new(Self::of(statement)?)))),
        })
    }
}

/// Runs one statement.
pub(super) fn run(connection: &Connection, step: &Step) -> Result<Outcome, DbError> {
    match &step.sql {
        Sql::Fixed(sql) => run_fixed(connection, sql, (&step.params, step.wants)),
        Sql::Built(sql) => {
            let mut statement = connection.prepare(sql).map_err(failure)?;
            let shape = Shape::of(&statement)?;
            run_prepared(&mut statement, &shape, (&step.params, step.wants))
        }
    }
}

/// Runs one of the program's statements.
pub(super) fn run_fixed(
    connection: &Connection,
    sql: &'static str,
    (params, wants): (&[Value], Wants),
) -> Result<Outcome, DbError> {
    let mut statement = connection.prepare_cached(sql).map_err(failure)?;
    let shape = Shape::known(sql, &statement)?;
    run_prepared(&mut statement, &shape, (params, wants))
}

fn run_prepared(
    statement: &mut Statement<'_>,
    shape: &Shape,
    (params, wants): (&[Value], Wants),
) -> Result<Outcome, DbError> {
    bind(statement, shape, params)?;
    match wants {
        Wants::Count => Ok(Outcome::Count(statement.raw_execute().map_err(failure)? as u64)),
        Wants::One => match statement.raw_execute().map_err(failure)? {
            1 => Ok(Outcome::Count(1)),
            _ => Err(DbError::Missed),
        },
        Wants::Found => match statement.raw_query().next().map_err(failure)? {
            Some(_) => Ok(Outcome::Count(1)),
            None => Err(DbError::Missed),
        },
        Wants::Rows => {
            let columns = &shape.columns;
            let mut answer = Vec::new();
            let mut rows = statement.raw_query();
            while let Some(row) = rows.next().map_err(failure)? {
                let mut values = Vec::with_capacity(columns.len());
                for (index, column) in columns.iter().enumerate() {
                    values.push(decode(row.get_ref(index), column)?);
                }
                answer.push(Row::new(Arc::clone(columns), values));
            }
            Ok(Outcome::Rows(answer))
        }
    }
}

/// Runs one statement for each of the rows.
pub(super) fn run_each(
    connection: &Connection,
    sql: &'static str,
    rows: &[Vec<Value>],
) -> Result<(), DbError> {
    let mut statement = connection.prepare_cached(sql).map_err(failure)?;
    let shape = Shape::known(sql, &statement)?;
    for row in rows {
        bind(&mut statement, &shape, row)?;
        statement.raw_execute().map_err(failure)?;
    }
    Ok(())
}

fn bind(statement: &mut Statement<'_>, shape: &Shape, params: &[Value]) -> Result<(), DbError> {
    let mismatch = || DbError::parameters(shape.places.len(), params.len());
    if shape.places.len() != params.len() {
        return Err(mismatch());
    }
    for (index, place) in (1..).zip(&shape.places) {
        let value = params.get(*place).ok_or_else(mismatch)?;
        if value.holds_nul() {
            return Err(DbError::nul_in_text());
        }
        statement.raw_bind_parameter(index, value).map_err(failure)?;
    }
    Ok(())
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
            Self::Bool(truth) => ValueRef::Integer(i64::from(*truth)),
        }))
    }
}

fn decode(value: rusqlite::Result<ValueRef<'_>>, column: &str) -> Result<Value, DbError> {
    match value.map_err(failure)? {
        ValueRef::Null => Ok(Value::Null),
        ValueRef::Integer(number) => Ok(Value::Int(number)),
        ValueRef::Text(text) => String::from_utf8(text.to_vec())
            .map(Value::Text)
            .map_err(|_| DbError::inconsistent(format!("column {column} holds text that is not UTF-8"))),
        ValueRef::Blob(bytes) => Ok(Value::Bytes(bytes.to_vec())),
        ValueRef::Real(_) => {
            Err(DbError::inconsistent(format!("column {column} holds a fraction; CAST it to BIGINT or TEXT")))
        }
    }
}

/// SQLite's errors in our words.
pub(in crate::db) fn failure(error: rusqlite::Error) -> DbError {
    let rusqlite::Error::SqliteFailure(error, message) = error else {
        return DbError::Other(error.to_string());
    };
    let message = message.unwrap_or_else(|| error.to_string());
    match error.extended_code {
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID => {
            let constraint = message.strip_prefix("UNIQUE constraint failed: ").unwrap_or(&message);
            DbError::Unique { constraint: constraint.to_owned() }
        }
        // The shared-memory file could not grow.
        ffi::SQLITE_IOERR_SHMSIZE => DbError::Full,
        code => match code & 0xff {
            ffi::SQLITE_CONSTRAINT => DbError::Constraint(message),
            ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED => DbError::Busy,
            ffi::SQLITE_FULL => DbError::Full,
            ffi::SQLITE_READONLY => DbError::ReadOnly,
            ffi::SQLITE_CANTOPEN => DbError::Unavailable(message),
            _ => DbError::Other(message),
        },
    }
}
