//! Operations that take several statements: each in a transaction of its own, on connections that nobody cancels.
//!
//! Whatever a batch cannot do at once comes here, too: it is slower, and exact. Locks are taken in one order
//! everywhere: the calendar of a business, then its conversations, then the rest; so two transactions never wait for
//! each other crosswise.
//!
//! Every transaction leaves a mark that commits with it, by which it can be asked about when the answer to COMMIT is
//! lost. PostgreSQL's own number of a transaction will not do: after a crash the server gives the numbers that had not
//! reached its log to others, whose commits would be taken for ours.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::{PgConnection, PgPool, Row as _};
use tokio::sync::{Mutex, mpsc};
use uuid::Uuid;

use super::link::{Link, limited};
use crate::ids;
use crate::store::asked::Asked;
use crate::store::errors::{self, is_undone, may_pass};
use crate::store::retry::Pauses;
use crate::store::{Error, Result};

/// How a transaction shall end.
pub(in crate::store) enum Ending<T> {
    /// It is written, and this is the answer.
    Commit(T),
    /// Nothing is written, and this is the answer.
    RollBack(T),
}

/// Something that takes several statements.
#[async_trait]
pub(in crate::store) trait Operation: Send + Sync + 'static {
    /// What its caller gets.
    type Output: Send + 'static;

    /// Does it, inside a transaction that the caller begins and ends. It may run more than once, each time on a
    /// transaction of its own.
    async fn run(&self, connection: &mut PgConnection) -> Result<Ending<Self::Output>>;
}

/// An [`Operation`] whose output need not be known.
#[async_trait]
pub(super) trait AnyOperation: Send {
    async fn carry_out(&mut self, writer: &mut Writer);
    fn reply(self: Box<Self>);
    fn refuse(&mut self, error: Error);
}

#[async_trait]
impl<O: Operation> AnyOperation for Asked<O, O::Output> {
    async fn carry_out(&mut self, writer: &mut Writer) {
        self.answer = Some(persistently(writer, &self.input).await);
    }

    fn reply(self: Box<Self>) {
        Asked::reply(*self);
    }

    fn refuse(&mut self, error: Error) {
        self.answer = Some(Err(error));
    }
}

/// The queue of operations.
pub(super) type Operations = mpsc::Sender<Box<dyn AnyOperation>>;

/// A queue that several tasks serve. The lock is held while one of them waits for a job; the others are at work, or
/// wait for their turn to wait.
pub(super) type Queue<J> = Arc<Mutex<mpsc::Receiver<J>>>;

/// A task that makes transactions one after the other, and its row of `writers`.
pub(super) struct Writer {
    link: Link,
    id: Uuid,
    /// The mark of the transaction that was begun last.
    mark: i64,
}

/// Serves the queue until every sender is gone and all that was queued is done.
pub(super) async fn serve(link: Link, queue: Queue<Box<dyn AnyOperation>>) {
    // Only chance tells it apart; the store has no clock.
    let id = ids::new_id(Timestamp::UNIX_EPOCH);
    let mut writer = Writer { link, id, mark: 0 };
    loop {
        let next = queue.lock().await.recv().await;
        let Some(mut operation) = next else { break };
        operation.carry_out(&mut writer).await;
        operation.reply();
    }
    writer.link.close().await;
}

/// Tries again while the trouble is of a kind that passes.
async fn persistently<O: Operation>(writer: &mut Writer, operation: &O) -> Result<O::Output> {
    let mut pauses = Pauses::of_a_write();
    loop {
        match writer.once(operation).await {
            Err(error) if may_pass(&error) && pauses.wait().await => {}
            ended => return ended,
        }
    }
}

impl Writer {
    async fn once<O: Operation>(&mut self, operation: &O) -> Result<O::Output> {
        self.mark += 1;
        let (id, mark, link) = (self.id, self.mark, &mut self.link);
        let limit = link.statement_limit();
        let connection = link.get().await?;
        if let Err(error) = limited(limit, begin(connection, id, mark)).await {
            link.broke();
            return Err(error.into());
        }
        // Several statements, each limited by the database; all of them by this.
        let ended = tokio::time::timeout(limit * 2, operation.run(connection)).await;
        let (answer, last) = match ended {
            Ok(Ok(Ending::Commit(answer))) => (answer, "COMMIT"),
            Ok(Ok(Ending::RollBack(answer))) => (answer, "ROLLBACK"),
            Ok(Err(error)) => {
                // If the connection is still good, it is clean after this.
                let rolled_back = limited(limit, sqlx::raw_sql("ROLLBACK").execute(connection)).await;
                if rolled_back.is_err() {
                    link.broke();
                }
                return Err(error);
            }
            Err(_) => {
                link.broke();
                let what = "a transaction took too long";
                return Err(Error::Unavailable(sqlx::Error::Io(std::io::Error::other(what))));
            }
        };
        match limited(limit, sqlx::raw_sql(last).execute(connection)).await {
            Ok(_) => {
                if last == "COMMIT" {
                    crate::telemetry::metrics::store_wrote();
                }
                Ok(answer)
            }
            Err(error) if last == "ROLLBACK" => {
                // Whatever ends the connection ends the transaction.
                link.broke();
                drop(error);
                Ok(answer)
            }
            Err(error) if is_undone(&error) => Err(error.into()),
            Err(error) => {
                link.broke();
                match self.has_committed().await {
                    Some(true) => Ok(answer),
                    Some(false) => Err(Error::Unavailable(error)),
                    None => Err(Error::OutcomeUnknown(error)),
                }
            }
        }
    }

    /// Whether the last transaction is committed; `None` when nobody answers.
    async fn has_committed(&mut self) -> Option<bool> {
        let mut pauses = Pauses::of_a_write();
        loop {
            match self.last_committed().await {
                Ok(mark) => return Some(mark == self.mark),
                Err(_) => self.link.broke(),
            }
            if !pauses.wait().await {
                return None;
            }
        }
    }

    /// The last mark that is committed. A transaction that has set its mark and whose backend has not noticed yet that
    /// we are gone holds the row: this waits for its end, so that what it answers stays true.
    async fn last_committed(&mut self) -> Result<i64, sqlx::Error> {
        let limit = self.link.statement_limit();
        let question = sqlx::query(
            "INSERT INTO writers (id, mark, at) VALUES ($1, 0, now())
             ON CONFLICT (id) DO UPDATE SET at = excluded.at RETURNING mark",
        );
        let question = question.bind(self.id).fetch_one(self.link.get().await?);
        limited(limit, question).await?.try_get(0)
    }
}

/// Begins, and sets the mark.
async fn begin(connection: &mut PgConnection, writer: Uuid, mark: i64) -> Result<(), sqlx::Error> {
    sqlx::raw_sql("BEGIN").execute(&mut *connection).await?;
    sqlx::query(
        "INSERT INTO writers (id, mark, at) VALUES ($1, $2, now())
         ON CONFLICT (id) DO UPDATE SET mark = excluded.mark, at = excluded.at",
    )
    .bind(writer)
    .bind(mark)
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets writers that ended long ago. One that still lives and was only idle makes its row anew.
pub(super) async fn forget_writers(pool: &PgPool) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM writers WHERE at < now() - interval '7 days'")
        .execute(pool)
        .await?;
    Ok(())
}

/// Counts for `frontdesk_store_errors_total`, present from the start.
pub(super) fn count_from_zero() {
    for kind in errors::KINDS {
        metrics::counter!("frontdesk_store_errors_total", "kind" => kind).increment(0);
    }
    metrics::counter!("frontdesk_store_retries_total").increment(0);
}
