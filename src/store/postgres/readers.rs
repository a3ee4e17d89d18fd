//! Connections that only read, shared by whoever asks.
//!
//! A read waits for a connection and then for its answer, both not for ever: a server can stop answering without
//! closing anything (it hangs, or the network is gone). An answer that nobody waits for any more may still come, so
//! its connection leaves the pool with the question; given back, it would be tested there, without a limit.

use std::future::Future;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgPoolOptions, PgRow};
use sqlx::query::Query;
use sqlx::{Connection as _, PgPool, Postgres};

use super::link::limited;
use crate::telemetry::metrics;

/// A pool, with limits.
#[derive(Debug, Clone)]
pub(super) struct Readers {
    pool: PgPool,
    /// How long one statement may take before its connection counts as broken.
    limit: Duration,
}

impl Readers {
    /// Connections are made when they are needed. `limit` shall be longer than the database's own for a statement, so
    /// that it is only reached when the server or the network is gone.
    pub(super) fn new(pool: PgPoolOptions, options: PgConnectOptions, limit: Duration) -> Self {
        let pool = pool.connect_lazy_with(options);
        Self { pool, limit }
    }

    /// Connections that do nothing, and those that work.
    pub(super) fn idle_and_busy(&self) -> (u32, u32) {
        let idle = u32::try_from(self.pool.num_idle()).unwrap_or(u32::MAX);
        (idle, self.pool.size().saturating_sub(idle))
    }

    /// Sees whether the server answers.
    pub(super) async fn ping(&self) -> Result<(), sqlx::Error> {
        let mut lent = self.lend().await?;
        let answered = limited(self.limit, lent.connection.ping()).await;
        lent.settle(&answered);
        answered
    }

    pub(super) async fn close(&self) {
        self.pool.close().await;
    }

    async fn lend(&self) -> Result<Lent, sqlx::Error> {
        let connection = self.pool.acquire().await?;
        metrics::store_read();
        Ok(Lent {
            connection,
            is_whole: false,
        })
    }
}

/// A connection that goes back to the pool once its answer is there, and is closed if that never comes: because it
/// took too long, or because its caller was cancelled.
struct Lent {
    connection: PoolConnection<Postgres>,
    is_whole: bool,
}

impl Lent {
    fn settle<T>(mut self, answer: &Result<T, sqlx::Error>) {
        // The database's word about a statement leaves a connection whole; any other trouble is the connection's.
        self.is_whole = matches!(
            answer,
            Ok(_) | Err(sqlx::Error::Database(_) | sqlx::Error::RowNotFound)
        );
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if !self.is_whole {
            // In a task of its own, with a limit.
            self.connection.close_on_drop();
        }
    }
}

/// How a question is put to the [`Readers`]. It must change nothing.
pub(super) trait Read: Sized {
    /// All rows.
    fn read_all(self, readers: &Readers) -> impl Future<Output = Result<Vec<PgRow>, sqlx::Error>> + Send;
    /// The only row.
    fn read_one(self, readers: &Readers) -> impl Future<Output = Result<PgRow, sqlx::Error>> + Send;
    /// The only row, if there is one.
    fn read_optional(
        self,
        readers: &Readers,
    ) -> impl Future<Output = Result<Option<PgRow>, sqlx::Error>> + Send;
}

impl Read for Query<'_, Postgres, PgArguments> {
    async fn read_all(self, readers: &Readers) -> Result<Vec<PgRow>, sqlx::Error> {
        let mut lent = readers.lend().await?;
        let answer = limited(readers.limit, self.fetch_all(&mut *lent.connection)).await;
        lent.settle(&answer);
        answer
    }

    async fn read_one(self, readers: &Readers) -> Result<PgRow, sqlx::Error> {
        let mut lent = readers.lend().await?;
        let answer = limited(readers.limit, self.fetch_one(&mut *lent.connection)).await;
        lent.settle(&answer);
        answer
    }

    async fn read_optional(self, readers: &Readers) -> Result<Option<PgRow>, sqlx::Error> {
        let mut lent = readers.lend().await?;
        let answer = limited(readers.limit, self.fetch_optional(&mut *lent.connection)).await;
        lent.settle(&answer);
        answer
    }
}
