//! A transaction: all of its statements or none of them.
//!
//! Owns the one rule that both engines are made to share: after a statement failed or was abandoned, the
//! transaction is spoilt and can only be dropped. PostgreSQL answers `COMMIT` of a spoilt transaction with a
//! silent rollback, which must never look like success.

use super::error::DbError;
use super::postgres::PostgresTx;
use super::row::Row;
use super::sqlite::{Outcome, Session, Sql, Step, Wants};
use super::trace::Trace;
use super::value::Value;

/// An open transaction. Dropped without [`Tx::commit`], it leaves nothing.
///
/// Everybody who writes to SQLite waits while it is open, so do nothing else meanwhile; one that is left idle
/// for ten seconds is rolled back. Opening a second one inside would wait for the first.
pub struct Tx {
    link: Link,
    trace: Trace,
    /// Set while a statement runs and cleared when it succeeded, so that a cancelled one counts as failed.
    spoilt: bool,
}

/// The side of the engine.
pub(super) enum Link {
    Sqlite(Session),
    Postgres(Box<PostgresTx>),
}

impl Tx {
    pub(super) fn new(link: Link, trace: Trace) -> Self {
        Self { link, trace, spoilt: false }
    }

    /// Before the first statement: what this writes is worth no sync of the disk, because whoever misses it begins anew. A
    /// crash of this program takes nothing back; a power failure may, unless a later transaction was committed that
    /// lasts. PostgreSQL syncs it all the same.
    #[must_use]
    pub fn passing(mut self) -> Self {
        match &mut self.link {
            Link::Sqlite(session) => session.need_not_last(),
            Link::Postgres(_) => {}
        }
        self
    }

    /// Runs a statement that answers rows.
    pub async fn query(&mut self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>, DbError> {
        self.enter(sql)?;
        let rows = match &mut self.link {
            Link::Sqlite(session) => session
                .run(Step { sql: Sql::Fixed(sql), params: params.to_vec(), wants: Wants::Rows })
                .await
                .map(Outcome::rows),
            Link::Postgres(tx) => tx.query(sql, params).await,
        }?;
        self.spoilt = false;
        Ok(rows)
    }

    /// Like [`Tx::query`], for at most one row.
    pub async fn query_opt(&mut self, sql: &'static str, params: &[Value]) -> Result<Option<Row>, DbError> {
        super::at_most_one(self.query(sql, params).await?)
    }

    /// Runs a statement that answers no rows; answers how many it touched.
    pub async fn execute(&mut self, sql: &'static str, params: &[Value]) -> Result<u64, DbError> {
        self.enter(sql)?;
        let count = match &mut self.link {
            Link::Sqlite(session) => session
                .run(Step { sql: Sql::Fixed(sql), params: params.to_vec(), wants: Wants::Count })
                .await
                .map(Outcome::count),
            Link::Postgres(tx) => tx.execute(sql, params).await,
        }?;
        self.spoilt = false;
        Ok(count)
    }

    /// Runs a statement whose count nobody needs. What is wrong with it may come to light only at the next statement or
    /// at the commit: on SQLite it goes along with that, so that the writer is woken once for both.
    pub async fn put(&mut self, sql: &'static str, params: &[Value]) -> Result<(), DbError> {
        self.later(sql, params, Wants::Count).await
    }

    /// Like [`Tx::put`], for a statement that has to change one row, or the whole transaction is in vain: where the row
    /// is not there, this fails with [`DbError::Missed`], or a later statement does, or the commit.
    pub async fn put_one(&mut self, sql: &'static str, params: &[Value]) -> Result<(), DbError> {
        self.later(sql, params, Wants::One).await
    }

    /// Keeps the row that a SELECT finds by its key from being deleted until the transaction ends. Where it is not there,
    /// this fails with [`DbError::Missed`], or a later statement does, or the commit.
    pub async fn hold(&mut self, sql: &'static str, params: &[Value]) -> Result<(), DbError> {
        self.later(sql, params, Wants::Found).await
    }

    async fn later(&mut self, sql: &'static str, params: &[Value], wants: Wants) -> Result<(), DbError> {
        self.enter(sql)?;
        match &mut self.link {
            Link::Sqlite(session) => {
                session.put(Step { sql: Sql::Fixed(sql), params: params.to_vec(), wants });
            }
            Link::Postgres(tx) => {
                let done = match wants {
                    // SQLite has no word for it, and needs none: nobody else writes meanwhile.
                    Wants::Found => !tx.query(&format!("{sql} FOR KEY SHARE"), params).await?.is_empty(),
                    Wants::One => tx.execute(sql, params).await? == 1,
                    Wants::Rows | Wants::Count => tx.execute(sql, params).await.map(|_| true)?,
                };
                if !done {
                    return Err(DbError::Missed);
                }
            }
        }
        self.spoilt = false;
        Ok(())
    }

    /// Makes it last. When this answers `Ok`, a crash or a power failure does not take it back; see [`Tx::passing`].
    pub async fn commit(self) -> Result<(), DbError> {
        if self.spoilt {
            return Err(spoilt());
        }
        match self.link {
            Link::Sqlite(session) => session.commit().await,
            Link::Postgres(tx) => tx.commit().await,
        }
    }

    fn enter(&mut self, sql: &'static str) -> Result<(), DbError> {
        if self.spoilt {
            return Err(spoilt());
        }
        self.spoilt = true;
        self.trace.note(sql);
        Ok(())
    }
}

fn spoilt() -> DbError {
    DbError::Other("an earlier statement of this transaction failed, so it was not committed".to_owned())
}
