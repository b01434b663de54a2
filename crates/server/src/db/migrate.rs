//! The schema's versions and how a database gets from one to the next.
//!
//! Each migration is one transaction under a lock, so that any number of processes may start at once. Must
//! never touch a database that a newer program has migrated.

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::error::DbError;
use super::sqlite::{failure, patiently, statistics};

/// One step of the schema.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// Its number; they count up from 1.
    pub version: i64,
    /// Its name, for people.
    pub name: &'static str,
    /// The statements for SQLite.
    pub sqlite: &'static str,
    /// The statements for PostgreSQL.
    pub postgres: &'static str,
}

/// Every migration, oldest first.
pub const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        name: "first light",
        sqlite: include_str!("../../migrations/0001_first_light.sql"),
        postgres: include_str!("../../migrations/0001_first_light.sql"),
    },
    Migration {
        version: 2,
        name: "logs",
        sqlite: include_str!("../../migrations/0002_logs.sqlite.sql"),
        postgres: include_str!("../../migrations/0002_logs.postgres.sql"),
    },
    Migration {
        version: 3,
        name: "search",
        sqlite: include_str!("../../migrations/0003_search.sqlite.sql"),
        postgres: include_str!("../../migrations/0003_search.postgres.sql"),
    },
    Migration {
        version: 4,
        name: "connections",
        sqlite: include_str!("../../migrations/0004_connections.sql"),
        postgres: include_str!("../../migrations/0004_connections.sql"),
    },
    Migration {
        version: 5,
        name: "users",
        sqlite: include_str!("../../migrations/0005_users.sqlite.sql"),
        postgres: include_str!("../../migrations/0005_users.postgres.sql"),
    },
    Migration {
        version: 6,
        name: "roles",
        sqlite: include_str!("../../migrations/0006_roles.sql"),
        postgres: include_str!("../../migrations/0006_roles.sql"),
    },
    Migration {
        version: 7,
        name: "sessions",
        sqlite: include_str!("../../migrations/0007_sessions.sql"),
        postgres: include_str!("../../migrations/0007_sessions.sql"),
    },
    Migration {
        version: 8,
        name: "protection",
        sqlite: include_str!("../../migrations/0008_protection.sql"),
        postgres: include_str!("../../migrations/0008_protection.sql"),
    },
    Migration {
        version: 9,
        name: "mails",
        sqlite: include_str!("../../migrations/0009_mails.sql"),
        postgres: include_str!("../../migrations/0009_mails.sql"),
    },
    Migration {
        version: 10,
        name: "tenant documents",
        sqlite: include_str!("../../migrations/0010_tenant_documents.sql"),
        postgres: include_str!("../../migrations/0010_tenant_documents.sql"),
    },
    Migration {
        version: 11,
        name: "clients",
        sqlite: include_str!("../../migrations/0011_clients.sql"),
        postgres: include_str!("../../migrations/0011_clients.sql"),
    },
    Migration {
        version: 12,
        name: "logout deliveries",
        sqlite: include_str!("../../migrations/0012_logout_deliveries.sql"),
        postgres: include_str!("../../migrations/0012_logout_deliveries.sql"),
    },
    Migration {
        version: 13,
        name: "administrators",
        sqlite: include_str!("../../migrations/0013_administrators.sql"),
        postgres: include_str!("../../migrations/0013_administrators.sql"),
    },
    Migration {
        version: 14,
        name: "signing key uses",
        sqlite: include_str!("../../migrations/0014_signing_key_uses.sql"),
        postgres: include_str!("../../migrations/0014_signing_key_uses.sql"),
    },
    Migration {
        version: 15,
        name: "session partners",
        sqlite: include_str!("../../migrations/0015_session_partners.sql"),
        postgres: include_str!("../../migrations/0015_session_partners.sql"),
    },
    Migration {
        version: 16,
        name: "connection keys",
        sqlite: include_str!("../../migrations/0016_connection_keys.sql"),
        postgres: include_str!("../../migrations/0016_connection_keys.sql"),
    },
    Migration {
        version: 17,
        name: "upstream sessions",
        sqlite: include_str!("../../migrations/0017_upstream_sessions.sql"),
        postgres: include_str!("../../migrations/0017_upstream_sessions.sql"),
    },
    Migration {
        version: 18,
        name: "passkeys",
        sqlite: include_str!("../../migrations/0018_passkeys.sql"),
        postgres: include_str!("../../migrations/0018_passkeys.sql"),
    },
    Migration {
        version: 19,
        name: "user terms",
        sqlite: include_str!("../../migrations/0019_user_terms.sqlite.sql"),
        postgres: include_str!("../../migrations/0019_user_terms.postgres.sql"),
    },
];

/// The table that remembers which migrations were run.
pub(super) const MAKE_TABLE: &str = "CREATE TABLE IF NOT EXISTS schema_version \
     (version BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)";
/// The version the database has.
pub(super) const VERSION: &str = "SELECT COALESCE(MAX(version), 0) AS version FROM schema_version";
/// Notes that a migration was run.
pub(super) const NOTE: &str = "INSERT INTO schema_version (version, name, applied_at) VALUES ($1, $2, $3)";

/// The migration to run on a database of version `found`, if it needs one.
pub(super) fn next(
    migrations: &'static [Migration],
    found: i64,
) -> Result<Option<&'static Migration>, DbError> {
    let known = migrations.last().map_or(0, |last| last.version);
    if found > known {
        return Err(DbError::NewerDatabase { found, known });
    }
    Ok(migrations.iter().find(|migration| migration.version > found))
}

/// Refuses a database that is not at exactly the version of `migrations`.
pub(super) fn expect(migrations: &'static [Migration], found: i64) -> Result<(), DbError> {
    let known = migrations.last().map_or(0, |last| last.version);
    match next(migrations, found)? {
        None => Ok(()),
        Some(_) => Err(DbError::OlderDatabase { found, known }),
    }
}

/// Runs on the writer thread, outside any group.
pub(super) fn on_sqlite(
    connection: &Connection,
    migrations: &'static [Migration],
    now_ms: i64,
) -> Result<(), DbError> {
    loop {
        // Another process may have just done it, so each round looks anew, under the lock.
        let transaction = patiently(super::PATIENCE.lock, || {
            Transaction::new_unchecked(connection, TransactionBehavior::Immediate)
        })?;
        transaction.execute_batch(MAKE_TABLE).map_err(failure)?;
        let found = transaction.query_row(VERSION, [], |row| row.get(0)).map_err(failure)?;
        let Some(migration) = next(migrations, found)? else {
            transaction.commit().map_err(failure)?;
            // For SQLite this is a write, and another process may be in the middle of one.
            return patiently(super::PATIENCE.lock, || statistics::load(connection));
        };
        transaction.execute_batch(migration.sqlite).map_err(failure)?;
        statistics::tell(&transaction).map_err(failure)?;
        transaction
            .execute(NOTE, rusqlite::params![migration.version, migration.name, now_ms])
            .map_err(failure)?;
        transaction.commit().map_err(failure)?;
    }
}
