//! What can go wrong between us and a database, the same for both engines.
//!
//! Must never carry a password, a parameter or a stored value: messages name tables, columns, constraints,
//! files, hosts and ports, and what to do.

/// A failure of the database, or of what we asked of it. Clonable because one failed commit is the failure
/// of every transaction in its group.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DbError {
    /// A row with these unique values exists already.
    #[error("a row like this exists already ({constraint})")]
    Unique {
        /// PostgreSQL: the name of the constraint; SQLite: `table.column, table.column`.
        constraint: String,
    },
    /// A row that a statement had to change ([`super::Tx::put_one`]) was not there.
    #[error("the row that had to be changed is not there any more")]
    Missed,
    /// A check, a foreign key or a not-null constraint refused the row.
    #[error("the database refused the row: {0}")]
    Constraint(String),
    /// Another process or transaction kept the lock for longer than we wait.
    #[error("the database is locked by another process or transaction; try again, or stop the other one")]
    Busy,
    /// A search that was given up, so that others get their turn.
    #[error(
        "the search took too long and was given up; narrow it, with a range of dates or the exact value of a field"
    )]
    TooSlow,
    /// The transaction was undone through no fault of its own; running it again is right.
    #[error("the transaction collided with another one and was undone; try again")]
    Retry,
    /// No room left to write.
    #[error("the disk of the database is full; make room, nothing was written")]
    Full,
    /// The database cannot be opened or reached.
    #[error("{0}")]
    Unavailable(String),
    /// What is stored, or what was asked, does not fit what the code expects.
    #[error("the database does not fit this program: {what}")]
    Inconsistent {
        /// What does not fit.
        what: String,
    },
    /// A newer version of this program has migrated the database.
    #[error(
        "the database has schema version {found}, but this program knows only versions up to {known}; \
         run the version that made it, or a newer one"
    )]
    NewerDatabase {
        /// The version found in the database.
        found: i64,
        /// The newest version this program knows.
        known: i64,
    },
    /// The database has not been brought up to this version of the program.
    #[error(
        "the database has schema version {found}, and this program needs version {known}; bring it up to date with: \
         chancery serve, or: chancery init. Nothing was changed"
    )]
    OlderDatabase {
        /// The version found in the database.
        found: i64,
        /// The version that this program needs.
        known: i64,
    },
    /// The database accepts no writes.
    #[error("the database is read-only; check the owner and the permissions of its files")]
    ReadOnly,
    /// Anything else, in the words of the database.
    #[error("the database failed: {0}")]
    Other(String),
}

impl DbError {
    /// An error that says what does not fit.
    pub fn inconsistent(what: impl Into<String>) -> Self {
        Self::Inconsistent { what: what.into() }
    }

    /// Is this the refusal of a second row with the same unique values?
    pub fn is_unique(&self) -> bool {
        matches!(self, Self::Unique { .. })
    }

    /// Tells a change that missed its row, and so did not happen, from one that failed.
    pub fn unless_missed<T>(outcome: Result<T, Self>) -> Result<Option<T>, Self> {
        match outcome {
            Ok(done) => Ok(Some(done)),
            Err(Self::Missed) => Ok(None),
            Err(failed) => Err(failed),
        }
    }

    pub(super) fn nul_in_text() -> Self {
        Self::Constraint("text may not contain the character U+0000".to_owned())
    }

    pub(super) fn parameters(expected: usize, given: usize) -> Self {
        Self::inconsistent(format!("a statement has {expected} parameters but was given {given}"))
    }
}
