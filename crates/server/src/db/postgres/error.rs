//! PostgreSQL's errors in our words.
//!
//! Must never use the detail of an error: it quotes the row.

use std::error::Error as _;

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use super::super::error::DbError;

/// The error of a statement or of a connection that was open.
#[expect(clippy::needless_pass_by_value, reason = "it is what map_err hands over")]
pub(super) fn failure(error: Error) -> DbError {
    let Some(known) = error.as_db_error() else {
        return if error.is_closed() {
            DbError::Unavailable(
                "the connection to PostgreSQL was lost; check that it runs and try again".to_owned(),
            )
        } else {
            DbError::Other(told(&error))
        };
    };
    let constraint = || known.constraint().unwrap_or_else(|| known.message()).to_owned();
    let code = known.code();
    if *code == SqlState::UNIQUE_VIOLATION {
        DbError::Unique { constraint: constraint() }
    } else if code.code().starts_with("23") {
        DbError::Constraint(constraint())
    } else if *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED {
        DbError::Retry
    } else if *code == SqlState::DISK_FULL {
        DbError::Full
    } else if *code == SqlState::LOCK_NOT_AVAILABLE {
        DbError::Busy
    } else if *code == SqlState::QUERY_CANCELED {
        DbError::TooSlow
    } else if *code == SqlState::READ_ONLY_SQL_TRANSACTION {
        DbError::ReadOnly
    } else if ["08", "57P"].iter().any(|class| code.code().starts_with(class)) {
        DbError::Unavailable(format!("PostgreSQL ended the connection: {}; try again", known.message()))
    } else {
        DbError::Other(format!("{} (SQLSTATE {})", known.message(), code.code()))
    }
}

/// What the driver has to tell, down to the cause.
pub(super) fn told(error: &Error) -> String {
    if let Some(known) = error.as_db_error() {
        return known.message().to_owned();
    }
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let next_text = next.to_string();
        // Some wrappers print their cause themselves.
        if !text.contains(&next_text) {
            text.push_str(": ");
            text.push_str(&next_text);
        }
        cause = next.source();
    }
    text
}

/// What to do about a connection that was not made.
pub(super) fn advice(cause: &str) -> &'static str {
    if cause.contains("invalid peer certificate") {
        "check that sslrootcert in the database URL names the authority of its certificate, and that the certificate \
         is for this host"
    } else if cause.contains("no encryption") {
        "if it takes encrypted connections alone, add sslmode=require to the database URL"
    } else if cause.contains("does not support TLS") {
        "switch TLS on there, or set sslmode=disable in the database URL"
    } else {
        "check that it runs there and that the database URL is right"
    }
}
