//! Triggers of the connection that writes, which tell whose rows change, and a look at what other processes wrote.
//!
//! The triggers are temporary: no other program has them or needs the function that they call. Must never change a row.

use std::fmt::Write;
use std::sync::Arc;

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::{Connection, Error};

use super::super::error::DbError;
use super::super::freshness::{Freshness, Watched};
use super::failure;

/// Watches these tables from now on, however often it is asked to.
pub(super) fn watch(
    connection: &Connection,
    watched: &[Watched],
    freshness: &Arc<Freshness>,
) -> Result<(), DbError> {
    let told = Arc::clone(freshness);
    let touched = move |context: &mut Context<'_>| {
        let text =
            |index| context.get_raw(index).as_str().map_err(|error| Error::UserFunctionError(error.into()));
        told.touch(text(0)?, text(1)?);
        Ok(true)
    };
    let mut triggers = String::new();
    for Watched { table, owner } in watched {
        for (event, rows) in [("INSERT", &["NEW"][..]), ("UPDATE", &["OLD", "NEW"]), ("DELETE", &["OLD"])] {
            // Writing to a text never fails.
            let _ = write!(
                triggers,
                "CREATE TEMP TRIGGER IF NOT EXISTS watch_{table}_{event} AFTER {event} ON main.{table} BEGIN "
            );
            for row in rows {
                let _ = write!(triggers, "SELECT touched({row}.tenant_id, {row}.{owner}); ");
            }
            triggers.push_str("END; ");
        }
    }
    let begin = || {
        connection.create_scalar_function("touched", 2, FunctionFlags::SQLITE_UTF8, touched)?;
        connection.execute_batch(&triggers)
    };
    begin().map_err(failure)?;
    look_at_others(connection, freshness)
}

/// Sees whether another process has written. What the connection that writes wrote itself does not count.
pub(super) fn look_at_others(connection: &Connection, freshness: &Freshness) -> Result<(), DbError> {
    let version = connection.query_row("PRAGMA data_version", [], |row| row.get(0)).map_err(failure)?;
    freshness.compare(version);
    Ok(())
}
