//! The statements of the benchmark: users by the million, written straight into the tables of the server.
//!
//! Through the Management API a million users would take half a day of password hashing. One is made there, and the
//! others are its copies in everything but id, names, e-mail address, metadata and age. Must never run on a database
//! that a server has open: SQLite allows one writer.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::Outcome;
use crate::postgres::Database;

/// Bytes of page cache for the filling, in KiB and negative as SQLite wants it: the indexes of a million users fit.
const FAST: &str = "PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000";
const EMPTY_LOG: &str = "PRAGMA wal_checkpoint(TRUNCATE)";
const MEASURE: &str = "VACUUM ANALYZE";
const PASSWORD: &str = "SELECT password FROM database_accounts WHERE password IS NOT NULL LIMIT 1";

// {ID} differs in the two dialects; the numbers of the copies are spread over the ids, as random ones would be.
const USERS: &str = "INSERT INTO users (tenant_id, user_id, email, email_verified, username, phone_number, \
     phone_verified, name, name_folded, nickname, nickname_folded, given_name, given_name_folded, family_name, \
     family_name_folded, picture, blocked, user_metadata, app_metadata, last_ip, last_login, logins_count, \
     last_password_reset, created_at, updated_at) \
     WITH RECURSIVE copies(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM copies WHERE i < {COUNT}) \
     SELECT u.tenant_id, 'auth0|' || {ID}, 'person' || i || '@bench.example', u.email_verified, NULL, NULL, \
     u.phone_verified, 'Person Number ' || i, 'person number ' || i, 'person' || i, 'person' || i, u.given_name, \
     u.given_name_folded, 'Number ' || i, 'number ' || i, u.picture, u.blocked, u.user_metadata, \
     '{\"customer\":\"c-' || i || '\",\"plan\":\"plan-' || (i % 7) || '\"}', \
     u.last_ip, u.last_login, u.logins_count, u.last_password_reset, u.created_at - ({COUNT} - i + 1) * 1000, \
     u.created_at - ({COUNT} - i + 1) * 1000 FROM users u CROSS JOIN copies ORDER BY i";
const IDENTITIES: &str = "INSERT INTO identities \
     (tenant_id, provider, identity_id, user_id, position, connection_id, profile, created_at) \
     SELECT u.tenant_id, t.provider, substr(u.user_id, 7), u.user_id, t.position, t.connection_id, t.profile, \
     u.created_at FROM identities t JOIN users u ON u.tenant_id = t.tenant_id AND u.user_id <> t.user_id";
const ACCOUNTS: &str = "INSERT INTO database_accounts (tenant_id, connection_id, provider, identity_id, email, \
     password, password_set_at, password_history) \
     SELECT u.tenant_id, t.connection_id, t.provider, substr(u.user_id, 7), u.email, t.password, t.password_set_at, \
     t.password_history FROM database_accounts t \
     JOIN users u ON u.tenant_id = t.tenant_id AND u.user_id <> 'auth0|' || t.identity_id";
/// What the triggers of the server would have written, which do their work one user at a time.
const TERMS: &str = "INSERT INTO user_terms (tenant_id, term, user_created_at, holder_id) \
     WITH copies (tenant_id, user_id, created_at, number) AS (\
     SELECT tenant_id, user_id, created_at, substr(family_name, 8) FROM users WHERE app_metadata LIKE '%customer%') \
     SELECT c.tenant_id, t.term, c.created_at, c.user_id FROM user_terms t JOIN copies c ON c.tenant_id = t.tenant_id \
     WHERE t.term NOT LIKE 'identities.user_id=%' AND t.term NOT LIKE 'app_metadata%' \
     UNION ALL SELECT tenant_id, 'identities.user_id=' || substr(user_id, 7), created_at, user_id FROM copies \
     UNION ALL SELECT tenant_id, 'app_metadata.\"customer\"=c-' || number, created_at, user_id FROM copies \
     UNION ALL SELECT tenant_id, 'app_metadata.\"plan\"=plan-' || (CAST(number AS BIGINT) % 7), created_at, user_id \
     FROM copies ORDER BY 1, 2, 3, 4";
const WITHOUT_TRIGGERS: &str =
    "ALTER TABLE users DISABLE TRIGGER USER; ALTER TABLE identities DISABLE TRIGGER USER";
const WITH_TRIGGERS: &str =
    "ALTER TABLE users ENABLE TRIGGER USER; ALTER TABLE identities ENABLE TRIGGER USER";
const TOTALS: &str = "UPDATE user_totals SET total = \
     (SELECT COUNT(*) FROM users WHERE users.tenant_id = user_totals.tenant_id)";

const ID_IN_SQLITE: &str = "printf('%024x', i * 2654435761 % 4294967296)";
const ID_IN_POSTGRES: &str = "lpad(to_hex(CAST(i AS BIGINT) * 2654435761 % 4294967296), 24, '0')";

fn statements(id: &str, count: usize) -> [String; 5] {
    let users = USERS.replace("{ID}", id).replace("{COUNT}", &count.to_string());
    [users, IDENTITIES.to_owned(), ACCOUNTS.to_owned(), TERMS.to_owned(), TOTALS.to_owned()]
}

/// Opens a file that is there.
fn open(file: &Path) -> Outcome<Connection> {
    Ok(Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?)
}

/// Makes the only user of a SQLite file one of so many.
pub(crate) fn multiply_in_sqlite(file: &Path, count: usize) -> Outcome<()> {
    let mut connection = open(file)?;
    connection.execute_batch(FAST)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    let transaction = connection.transaction()?;
    for statement in statements(ID_IN_SQLITE, count) {
        transaction.execute_batch(&statement)?;
    }
    transaction.commit()?;
    Ok(connection.execute_batch(EMPTY_LOG)?)
}

/// The same on PostgreSQL, with the statistics that its own autovacuum would take within a minute.
pub(crate) async fn multiply_in_postgres(database: &Database, count: usize) -> Outcome<()> {
    let mut client = database.connect().await?;
    let transaction = client.transaction().await?;
    transaction.batch_execute(WITHOUT_TRIGGERS).await?;
    for statement in statements(ID_IN_POSTGRES, count) {
        transaction.batch_execute(&statement).await?;
    }
    transaction.batch_execute(WITH_TRIGGERS).await?;
    transaction.commit().await?;
    Ok(client.batch_execute(MEASURE).await?)
}

/// What a server has made of somebody's password.
pub(crate) fn any_password(file: &Path) -> Outcome<String> {
    Ok(open(file)?.query_row(PASSWORD, [], |row| row.get(0))?)
}
