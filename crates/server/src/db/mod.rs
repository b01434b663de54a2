//! The only code that knows there are two databases.
//!
//! SQL is written once, with `$1` parameters, by the slices; this module runs it on SQLite or PostgreSQL and
//! gives both the same manners. It must never hold SQL of a slice, and a transaction must never stay open
//! while its owner waits for anything but the database: SQLite has one writer, and everybody queues behind it.

mod error;
mod freshness;
mod migrate;
mod postgres;
mod row;
mod search;
mod sqlite;
mod statement;
mod terms;
mod trace;
mod tx;
mod value;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::time::Duration;

pub use error::DbError;
pub use freshness::{Freshness, Moment, Watched};
pub use migrate::{MIGRATIONS, Migration};
pub use row::Row;
pub use search::{fold, json_path};
pub use statement::Statement;
pub use terms::{LENGTH as TERM_LENGTH, Member, is_whole_number};
pub use tx::Tx;
pub use value::Value;

use sqlite::{Outcome, Sql, Sqlite, Step, Wants};
use trace::Trace;

/// Where the data is.
#[derive(Clone)]
pub enum Target {
    /// A SQLite file, made when it does not exist.
    Sqlite(PathBuf),
    /// An empty SQLite database that disappears with the last [`Db`]. For tests: nothing is synced.
    SqliteMemory,
    /// A `postgres://` URL. It may hold a password, so there is no `Debug`.
    Postgres(String),
}

/// The two kinds of database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// SQLite, in this process.
    Sqlite,
    /// PostgreSQL, over the network.
    Postgres,
}

/// How long things may take before they become errors.
#[derive(Debug, Clone, Copy)]
struct Patience {
    /// For a lock that another process or transaction holds.
    lock: Duration,
    /// For the next statement of an open transaction.
    idle: Duration,
    /// For further transactions to share a commit (SQLite).
    group: Duration,
    /// For others of a crowd to come and share a commit (SQLite).
    crowd: Duration,
    /// For a search, with its wait for a turn.
    search: Duration,
}

const PATIENCE: Patience = Patience {
    lock: Duration::from_secs(5),
    idle: Duration::from_secs(10),
    group: Duration::from_millis(5),
    crowd: Duration::from_millis(2),
    search: Duration::from_secs(5),
};

/// A database. Cheap to clone; the last clone closes it.
#[derive(Clone)]
pub struct Db {
    backend: Backend,
    trace: Trace,
}

#[derive(Clone)]
enum Backend {
    Sqlite(Sqlite),
    Postgres(postgres::Postgres),
}

impl Db {
    /// Opens a database. Its schema is left alone until [`Db::migrate`]; [`Db::expect_schema`] looks at it.
    pub async fn open(target: &Target) -> Result<Self, DbError> {
        Self::open_with(target, PATIENCE, Trace::off()).await
    }

    /// Like [`Db::open`], and remembers for [`Db::executed`] which statements were run.
    pub async fn open_traced(target: &Target) -> Result<Self, DbError> {
        Self::open_with(target, PATIENCE, Trace::on()).await
    }

    async fn open_with(target: &Target, patience: Patience, trace: Trace) -> Result<Self, DbError> {
        let backend = match target {
            Target::Sqlite(path) => Backend::Sqlite(Sqlite::open(path, patience).await?),
            Target::SqliteMemory => Backend::Sqlite(Sqlite::fleeting(patience).await?),
            Target::Postgres(url) => Backend::Postgres(postgres::Postgres::open(url, patience).await?),
        };
        Ok(Self { backend, trace })
    }

    /// Which kind of database this is.
    pub fn engine(&self) -> Engine {
        match &self.backend {
            Backend::Sqlite(_) => Engine::Sqlite,
            Backend::Postgres(_) => Engine::Postgres,
        }
    }

    /// Reads, outside any transaction, what is committed. For reads only: SQLite refuses writes here.
    pub async fn query(&self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>, DbError> {
        self.trace.note(sql);
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite
                .read(Step { sql: Sql::Fixed(sql), params: params.to_vec(), wants: Wants::Rows })
                .await
                .map(Outcome::rows),
            Backend::Postgres(postgres) => postgres.read(sql, params).await,
        }
    }

    /// Like [`Db::query`], for a few rows that an index leads to. Nothing else may come this way: on SQLite it runs on
    /// the thread that asks, which answers nobody else meanwhile.
    pub async fn look_up(&self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>, DbError> {
        self.trace.note(sql);
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.look_up(sql, params).await.map(Outcome::rows),
            Backend::Postgres(postgres) => postgres.read(sql, params).await,
        }
    }

    /// Like [`Db::look_up`], for at most one row.
    pub async fn look_up_opt(&self, sql: &'static str, params: &[Value]) -> Result<Option<Row>, DbError> {
        at_most_one(self.look_up(sql, params).await?)
    }

    /// Like [`Db::query`], for at most one row.
    pub async fn query_opt(&self, sql: &'static str, params: &[Value]) -> Result<Option<Row>, DbError> {
        at_most_one(self.query(sql, params).await?)
    }

    /// Like [`Db::query`], for a statement whose shape depends on what a client asks. It is given up after a while:
    /// [`DbError::TooSlow`].
    pub async fn search(&self, statement: &Statement) -> Result<Vec<Row>, DbError> {
        statement.texts().for_each(|text| self.trace.note(text));
        let (sql, params) = statement.render()?;
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite
                .search(Step { sql: Sql::Built(sql), params, wants: Wants::Rows })
                .await
                .map(Outcome::rows),
            Backend::Postgres(postgres) => postgres.search(&sql, &params).await,
        }
    }

    /// Like [`Db::search`], for at most one row.
    pub async fn search_opt(&self, statement: &Statement) -> Result<Option<Row>, DbError> {
        at_most_one(self.search(statement).await?)
    }

    /// Has every change to rows of these tables told to [`Db::freshness`] from now on. On PostgreSQL, where other processes
    /// write too, this does nothing.
    pub async fn watch(&self, watched: &'static [Watched]) -> Result<(), DbError> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.watch(watched).await,
            Backend::Postgres(_) => Ok(()),
        }
    }

    /// What was changed when, once it is watched; none where nobody in this process can know.
    pub fn freshness(&self) -> Option<&Freshness> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.freshness(),
            Backend::Postgres(_) => None,
        }
    }

    /// Looks whether another process has written to a SQLite file, as commands do beside the server. What was read before
    /// that is then no longer fresh.
    pub async fn look_at_others(&self) -> Result<(), DbError> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.look_at_others().await,
            Backend::Postgres(_) => Ok(()),
        }
    }

    /// Opens a transaction. On SQLite it takes its turn with the first statement.
    pub async fn begin(&self) -> Result<Tx, DbError> {
        let link = match &self.backend {
            Backend::Sqlite(sqlite) => tx::Link::Sqlite(sqlite.session()),
            Backend::Postgres(postgres) => tx::Link::Postgres(Box::new(postgres.begin().await?)),
        };
        Ok(Tx::new(link, self.trace.clone()))
    }

    /// Runs one statement for many rows, all of them or none, without a round trip for each.
    pub async fn execute_batch(&self, sql: &'static str, rows: Vec<Vec<Value>>) -> Result<(), DbError> {
        if rows.is_empty() {
            return Ok(());
        }
        self.trace.note(sql);
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.batch(sql, rows).await,
            Backend::Postgres(postgres) => postgres.batch(sql, &rows).await,
        }
    }

    /// Brings the schema up to date; every process may do so at its start, also all at once.
    pub async fn migrate(&self, now_ms: i64) -> Result<(), DbError> {
        self.migrate_with(MIGRATIONS, now_ms).await
    }

    async fn migrate_with(&self, migrations: &'static [Migration], now_ms: i64) -> Result<(), DbError> {
        match &self.backend {
            Backend::Sqlite(sqlite) => {
                sqlite.alone(move |connection| migrate::on_sqlite(connection, migrations, now_ms)).await
            }
            Backend::Postgres(postgres) => postgres.migrate(migrations, now_ms).await,
        }
    }

    /// Refuses a schema that is not up to date, and changes nothing: for programs that must not migrate.
    pub async fn expect_schema(&self) -> Result<(), DbError> {
        self.expect_schema_with(MIGRATIONS).await
    }

    async fn expect_schema_with(&self, migrations: &'static [Migration]) -> Result<(), DbError> {
        let found = if self.has_table("schema_version").await? {
            self.query_opt(migrate::VERSION, &[]).await?.map_or(Ok(0), |row| row.int("version"))?
        } else {
            0
        };
        migrate::expect(migrations, found)
    }

    /// Moves what is in SQLite's write-ahead log into the database file and empties the log, so that nothing
    /// erased is left in it. PostgreSQL does this by itself.
    pub async fn checkpoint(&self) -> Result<(), DbError> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.checkpoint().await,
            Backend::Postgres(_) => Ok(()),
        }
    }

    /// Checkpoints, if nobody else is in the way, and closes. With other clones alive the database stays open
    /// for them.
    pub async fn close(self) -> Result<(), DbError> {
        let checkpointed = self.checkpoint().await;
        match self.backend {
            Backend::Sqlite(sqlite) => sqlite.close().await,
            Backend::Postgres(postgres) => drop(postgres),
        }
        match checkpointed {
            // Another process uses the log, or empties it itself: everything is written all the same.
            Err(DbError::Busy) => Ok(()),
            outcome => outcome,
        }
    }

    /// Whether the database has a table of this name.
    pub async fn has_table(&self, name: &'static str) -> Result<bool, DbError> {
        const SQLITE: &str = "SELECT COUNT(*) AS total FROM sqlite_master WHERE type = 'table' AND name = $1";
        const POSTGRES: &str = "SELECT COUNT(*) AS total FROM pg_tables \
             WHERE schemaname = ANY (current_schemas(FALSE)) AND tablename = $1";
        let sql = match self.engine() {
            Engine::Sqlite => SQLITE,
            Engine::Postgres => POSTGRES,
        };
        let row = self.query_opt(sql, &[Value::from(name)]).await?;
        row.map_or(Ok(false), |row| Ok(row.int("total")? > 0))
    }

    /// How many commits of SQLite itself were synced to the disk: transactions share them, and some need none ([`Tx::passing`]).
    pub fn group_commits(&self) -> Option<u64> {
        match &self.backend {
            Backend::Sqlite(sqlite) => Some(sqlite.commits()),
            Backend::Postgres(_) => None,
        }
    }

    /// The distinct statements run so far, and the texts of those that were put together, when opened by [`Db::open_traced`]; otherwise empty.
    pub fn executed(&self) -> Vec<&'static str> {
        self.trace.statements()
    }
}

/// Takes the only row of a result that may hold no more than one.
fn at_most_one(mut rows: Vec<Row>) -> Result<Option<Row>, DbError> {
    let row = rows.pop();
    if rows.is_empty() {
        Ok(row)
    } else {
        Err(DbError::inconsistent("a statement for one row found several"))
    }
}
