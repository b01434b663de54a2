//! PostgreSQL: a pool of connections and transactions on them.
//!
//! Must never hand a connection back to the pool with a transaction open on it, and must never let the
//! password of the URL into a message.

mod address;
mod error;
mod pipeline;
mod value;

use std::time::Duration;

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, TimeoutType,
};
use tokio_postgres::types::ToSql;
use tokio_postgres::{NoTls, Statement};

use super::Patience;
use super::error::DbError;
use super::migrate::{self, Migration};
use super::row::Row;
use super::value::Value;
use address::Address;
use error::{advice, failure, told};

/// Connections at most. Two cores need few, and a server has a hundred for all of its clients.
const CONNECTIONS: usize = 16;
/// Statements of a batch on their way at once: enough to fill the line, few enough to be small.
const PIPELINED: usize = 256;
/// For making a connection, TLS included.
const CONNECT: Duration = Duration::from_secs(5);
/// The advisory lock of migrations: "Chancery" in ASCII.
const MIGRATION_LOCK: &str = "SELECT pg_advisory_xact_lock(4856150083706942073)";

/// An open PostgreSQL database.
#[derive(Clone)]
pub(super) struct Postgres {
    pool: Pool,
    patience: Patience,
    /// Host, port, user and database, for messages.
    place: String,
}

impl Postgres {
    /// Connects once, so that a wrong URL is told at the start.
    pub(super) async fn open(url: &str, patience: Patience) -> Result<Self, DbError> {
        let Address { config, tls, place } = Address::parse(url)?;
        let manner = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = match tls {
            Some(tls) => Manager::from_config(config, tls, manner),
            None => Manager::from_config(config, NoTls, manner),
        };
        // The same patience as on SQLite, with a lock as with a transaction left open.
        let settings = format!(
            "SET lock_timeout = {}; SET idle_in_transaction_session_timeout = {}; \
             SET client_min_messages = warning",
            patience.lock.as_millis(),
            patience.idle.as_millis()
        );
        let pool = Pool::builder(manager)
            .max_size(CONNECTIONS)
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(patience.lock))
            .create_timeout(Some(CONNECT))
            .post_create(Hook::async_fn(move |client, _| {
                let settings = settings.clone();
                Box::pin(async move { client.batch_execute(&settings).await.map_err(HookError::Backend) })
            }))
            .build()
            .map_err(|error| DbError::Other(error.to_string()))?;
        let database = Self { pool, patience, place };
        drop(database.client().await?);
        Ok(database)
    }

    /// Runs a statement outside any transaction.
    pub(super) async fn read(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>, DbError> {
        query(&self.client().await?, sql, params).await
    }

    /// Runs a statement that was put together for this once, for as long as searches may take.
    pub(super) async fn search(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>, DbError> {
        let tx = self.begin().await?;
        let client = tx.client()?;
        let limit = format!("SET LOCAL statement_timeout = {}", self.patience.search.as_millis());
        client.batch_execute(&limit).await.map_err(failure)?;
        let statement = client.prepare(sql).await.map_err(failure)?;
        let rows = client.query(&statement, &parameters(&statement, params)?).await.map_err(failure)?;
        let rows = value::rows(&statement, &rows)?;
        tx.commit().await?;
        Ok(rows)
    }

    /// Opens a transaction.
    pub(super) async fn begin(&self) -> Result<PostgresTx, DbError> {
        // Made before BEGIN is sent, so that also a begin that is cancelled is rolled back.
        let tx = PostgresTx { client: Some(self.client().await?) };
        tx.client()?.batch_execute("BEGIN").await.map_err(failure)?;
        Ok(tx)
    }

    /// Runs one statement for many rows in a transaction, without waiting in between.
    pub(super) async fn batch(&self, sql: &str, rows: &[Vec<Value>]) -> Result<(), DbError> {
        let tx = self.begin().await?;
        let client = tx.client()?;
        let statement = client.prepare_cached(sql).await.map_err(failure)?;
        for rows in rows.chunks(PIPELINED) {
            let rows: Vec<Vec<_>> =
                rows.iter().map(|row| parameters(&statement, row)).collect::<Result<_, _>>()?;
            let mut requests = Vec::with_capacity(rows.len());
            for params in &rows {
                requests.push(Box::pin(client.execute(&statement, params)));
            }
            pipeline::all(requests).await.map_err(failure)?;
        }
        tx.commit().await
    }

    /// Runs the migrations that are missing, one transaction each, while other processes wait.
    pub(super) async fn migrate(&self, migrations: &'static [Migration], now_ms: i64) -> Result<(), DbError> {
        loop {
            let tx = self.begin().await?;
            let client = tx.client()?;
            client.batch_execute("SET LOCAL lock_timeout = 0").await.map_err(failure)?;
            client.batch_execute(MIGRATION_LOCK).await.map_err(failure)?;
            client.batch_execute(migrate::MAKE_TABLE).await.map_err(failure)?;
            let found = client.query_one(migrate::VERSION, &[]).await.map_err(failure)?;
            let found = found.try_get(0).map_err(failure)?;
            let Some(migration) = migrate::next(migrations, found)? else {
                return tx.commit().await;
            };
            client.batch_execute(migration.postgres).await.map_err(failure)?;
            client
                .execute(migrate::NOTE, &[&migration.version, &migration.name, &now_ms])
                .await
                .map_err(failure)?;
            tx.commit().await?;
            // Plans made for the schema before would fail.
            self.pool.manager().statement_caches.clear();
        }
    }

    async fn client(&self) -> Result<Object, DbError> {
        self.pool.get().await.map_err(|error| match error {
            PoolError::Timeout(TimeoutType::Wait) => DbError::Busy,
            PoolError::Timeout(TimeoutType::Create | TimeoutType::Recycle) => {
                self.unreachable("it does not answer")
            }
            PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => {
                self.unreachable(&told(&error))
            }
            PoolError::Closed => self.unreachable("its connections are closed"),
            PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => self.unreachable("no connection"),
        })
    }

    fn unreachable(&self, cause: &str) -> DbError {
        DbError::Unavailable(format!("cannot use PostgreSQL at {}: {cause}; {}", self.place, advice(cause)))
    }
}

/// A transaction on a connection of its own.
pub(super) struct PostgresTx {
    /// Taken when the transaction has ended.
    client: Option<Object>,
}

impl PostgresTx {
    pub(super) async fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>, DbError> {
        query(self.client()?, sql, params).await
    }

    pub(super) async fn execute(&self, sql: &str, params: &[Value]) -> Result<u64, DbError> {
        let client = self.client()?;
        let statement = client.prepare_cached(sql).await.map_err(failure)?;
        client.execute(&statement, &parameters(&statement, params)?).await.map_err(failure)
    }

    pub(super) async fn commit(mut self) -> Result<(), DbError> {
        self.client()?.batch_execute("COMMIT").await.map_err(failure)?;
        self.client = None;
        Ok(())
    }

    fn client(&self) -> Result<&Object, DbError> {
        self.client.as_ref().ok_or_else(|| DbError::Other("the transaction has ended".to_owned()))
    }
}

impl Drop for PostgresTx {
    fn drop(&mut self) {
        let Some(client) = self.client.take() else {
            return;
        };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            // Nobody is left to wait for an answer: closing the connection rolls back as well.
            drop(Object::take(client));
            return;
        };
        runtime.spawn(async move {
            if client.batch_execute("ROLLBACK").await.is_err() {
                drop(Object::take(client));
            }
        });
    }
}

async fn query(client: &Object, sql: &str, params: &[Value]) -> Result<Vec<Row>, DbError> {
    let statement = client.prepare_cached(sql).await.map_err(failure)?;
    let rows = client.query(&statement, &parameters(&statement, params)?).await.map_err(failure)?;
    value::rows(&statement, &rows)
}

/// The parameters as the driver wants them, checked as on SQLite.
fn parameters<'a>(
    statement: &Statement,
    params: &'a [Value],
) -> Result<Vec<&'a (dyn ToSql + Sync)>, DbError> {
    if statement.params().len() != params.len() {
        return Err(DbError::parameters(statement.params().len(), params.len()));
    }
    if params.iter().any(Value::holds_nul) {
        return Err(DbError::nul_in_text());
    }
    Ok(params.iter().map(|value| value as _).collect())
}
