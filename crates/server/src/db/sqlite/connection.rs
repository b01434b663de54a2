//! How a SQLite connection is opened and set up, and how long it waits for a lock.
//!
//! Owns every pragma. A database that lasts must never be opened with less than `synchronous=FULL`; only the writer lowers
//! it, for a group of commits of which none has to last.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::super::{Patience, error::DbError};
use super::functions;
use super::statement::failure;

/// Prepared statements kept for each connection: more than the program has.
const STATEMENTS: usize = 256;
/// Kibibytes of page cache for each connection (negative, as SQLite wants it). The system caches the file too.
const CACHE: i64 = -2000;
/// The write-ahead log is cut back to this size after it grew.
const LOG_LIMIT: i64 = 16 << 20;
/// Pages in the log before they are copied into the file: as many as that size holds, as most are written again soon.
const PAGES_IN_LOG: i64 = 4000;

/// Opens the connection that writes, and makes the file if there is none.
pub(super) fn writing(path: &Path, durable: bool, patience: Patience) -> Result<Connection, DbError> {
    make_file(path)?;
    let connection = open(path)?;
    let set_up = || {
        patiently(patience.lock, || connection.pragma_update(None, "journal_mode", "WAL"))?;
        if durable {
            patiently(patience.lock, || sync(&connection, true))?;
        } else {
            patiently(patience.lock, || connection.pragma_update(None, "synchronous", "OFF"))?;
        }
        // What is deleted must be gone: revoked private halves, secrets.
        patiently(patience.lock, || connection.pragma_update(None, "secure_delete", "ON"))?;
        patiently(patience.lock, || connection.pragma_update(None, "journal_size_limit", LOG_LIMIT))?;
        patiently(patience.lock, || connection.pragma_update(None, "wal_autocheckpoint", PAGES_IN_LOG))?;
        common(&connection, patience)
    };
    set_up().map_err(|error| cannot_open(path, error))?;
    Ok(connection)
}

/// Whether commits are synced from now on, each before it is answered. Without that the log is synced with the next
/// commit that is, and before it is copied into the file.
pub(super) fn sync(connection: &Connection, each: bool) -> rusqlite::Result<()> {
    connection.pragma_update(None, "synchronous", if each { "FULL" } else { "NORMAL" })
}

/// Opens a connection that reads.
pub(super) fn reading(path: &Path, patience: Patience) -> Result<Connection, DbError> {
    let connection = open(path)?;
    let set_up = || {
        connection.busy_timeout(patience.lock).map_err(failure)?;
        patiently(patience.lock, || connection.pragma_update(None, "query_only", "ON"))?;
        common(&connection, patience)
    };
    set_up().map_err(|error| cannot_open(path, error))?;
    Ok(connection)
}

/// Opens a connection that reads and never waits for a lock.
pub(super) fn looking_up(path: &Path, patience: Patience) -> Result<Connection, DbError> {
    let connection = reading(path, patience)?;
    connection.busy_timeout(Duration::ZERO).map_err(failure)?;
    Ok(connection)
}

/// Moves the whole write-ahead log into the database file and empties it.
pub(super) fn checkpoint(connection: &Connection, patience: Patience) -> Result<(), DbError> {
    let checkpoint = || connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
    connection.busy_timeout(patience.lock).map_err(failure)?;
    let blocked = checkpoint().map_err(failure);
    connection.busy_timeout(Duration::ZERO).map_err(failure)?;
    if blocked? { Err(DbError::Busy) } else { Ok(()) }
}

/// Tries again every millisecond while the database is locked. SQLite's own waiting sleeps for up to 100 ms
/// between its tries and so never gets past another process that writes without a pause.
pub(in crate::db) fn patiently<T>(
    patience: Duration,
    mut attempt: impl FnMut() -> rusqlite::Result<T>,
) -> Result<T, DbError> {
    const PAUSE: Duration = Duration::from_millis(1);
    let mut left = patience.as_millis();
    loop {
        match attempt().map_err(failure) {
            Err(DbError::Busy) if left > 0 => {
                left -= 1;
                std::thread::sleep(PAUSE);
            }
            outcome => return outcome,
        }
    }
}

fn open(path: &Path) -> Result<Connection, DbError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(path, flags).map_err(|error| cannot_open(path, failure(error)))?;
    // Waiting is ours to do, see `patiently`.
    connection.busy_timeout(Duration::ZERO).map_err(failure)?;
    Ok(connection)
}

/// Even a pragma has to read the file, and another process that closes it may hold it for a moment.
fn common(connection: &Connection, patience: Patience) -> Result<(), DbError> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    functions::register(connection).map_err(failure)?;
    // A statement keeps its plan. Otherwise SQLite makes many of them anew for each execution, in case the values of
    // their parameters would suggest another one, and that costs more than running them.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(failure)?;
    for (name, value) in [("foreign_keys", 1), ("cache_size", CACHE), ("mmap_size", 0)] {
        patiently(patience.lock, || connection.pragma_update(None, name, value))?;
    }
    // Spilled pages may hold what secure_delete is there to erase, so they never reach a file.
    connection.pragma_update(None, "temp_store", "MEMORY").map_err(failure)
}

/// Makes an empty file that only its owner may read; SQLite gives its side files the same permissions.
fn make_file(path: &Path) -> Result<(), DbError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) if error.kind() == ErrorKind::StorageFull => Err(DbError::Full),
        Err(error) => Err(cannot_open(path, DbError::Other(error.to_string()))),
    }
}

fn cannot_open(path: &Path, error: DbError) -> DbError {
    match error {
        DbError::Other(cause) | DbError::Unavailable(cause) => DbError::Unavailable(format!(
            "cannot open the database {}: {cause}; check that its directory exists, that this user may write \
             to it, and that the file is a SQLite database",
            path.display()
        )),
        known @ (DbError::Unique { .. }
        | DbError::Missed
        | DbError::Constraint(_)
        | DbError::Busy
        | DbError::TooSlow
        | DbError::Retry
        | DbError::Full
        | DbError::Inconsistent { .. }
        | DbError::NewerDatabase { .. }
        | DbError::OlderDatabase { .. }
        | DbError::ReadOnly) => known,
    }
}

/// A directory of its own for a database that nobody will miss.
pub(super) struct Fleeting(PathBuf);

impl Fleeting {
    pub(super) fn make() -> Result<Self, DbError> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let memory = Path::new("/dev/shm");
        let base = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        loop {
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let path = base.join(format!("chancery-{}-{number}", std::process::id()));
            match std::fs::create_dir(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(cannot_open(&path, DbError::Other(error.to_string()))),
            }
        }
    }

    pub(super) fn database(&self) -> PathBuf {
        self.0.join("chancery.db")
    }
}

impl Drop for Fleeting {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
