//! Operations that take several statements: each in a transaction of its own, on connections that nobody cancels.
//!
//! Whatever a batch cannot do at once comes here, too: it is slower, and exact. Locks are taken in one order
//! everywhere: the calendar of a business, then its conversations, then the rest; so two transactions never wait for
//! each other crosswise.

use std::sync::Arc;

use async_trait::async_trait;
use sqlx::{PgConnection, Row as _};
use tokio::sync::{Mutex, mpsc};

use super::link::{Link, limited};
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
    async fn carry_out(&mut self, link: &mut Link);
    fn reply(self: Box<Self>);
    fn refuse(&mut self, error: Error);
}

#[async_trait]
impl<O: Operation> AnyOperation for Asked<O, O::Output> {
    async fn carry_out(&mut self, link: &mut Link) {
        self.answer = Some(persistently(link, &self.input).await);
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

/// Serves the queue until every sender is gone and all that was queued is done.
pub(super) async fn serve(mut link: Link, queue: Queue<Box<dyn AnyOperation>>) {
    loop {
        let next = queue.lock().await.recv().await;
        let Some(mut operation) = next else { break };
        operation.carry_out(&mut link).await;
        operation.reply();
    }
    link.close().await;
}

/// Tries again while the trouble is of a kind that passes.
async fn persistently<O: Operation>(link: &mut Link, operation: &O) -> Result<O::Output> {
    let mut pauses = Pauses::of_a_write();
    loop {
        match once(link, operation).await {
            Err(error) if may_pass(&error) && pauses.wait().await => {}
            ended => return ended,
        }
    }
}

async fn once<O: Operation>(link: &mut Link, operation: &O) -> Result<O::Output> {
    let limit = link.statement_limit();
    let connection = link.get().await?;
    let begun = limited(limit, begin(connection)).await;
    let number = match begun {
        Ok(number) => number,
        Err(error) => {
            link.broke();
            return Err(error.into());
        }
    };
    // Several statements, each limited by the database; all of them by this.
    let ended = tokio::time::timeout(limit * 2, operation.run(connection)).await;
    let (answer, last) = match ended {
        Ok(Ok(Ending::Commit(answer))) => (answer, "COMMIT"),
        Ok(Ok(Ending::RollBack(answer))) => (answer, "ROLLBACK"),
        Ok(Err(error)) => {
            // If the connection is still good, it is clean after this.
            let rolled_back = limited(limit, sqlx::query("ROLLBACK").execute(connection)).await;
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
    match limited(limit, sqlx::query(last).execute(connection)).await {
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
            match has_committed(link, &number).await {
                Some(true) => Ok(answer),
                Some(false) => Err(Error::Unavailable(error)),
                None => Err(Error::OutcomeUnknown(error)),
            }
        }
    }
}

/// Begins, and learns the transaction's number, by which it can be asked about when the answer to COMMIT is lost.
async fn begin(connection: &mut PgConnection) -> Result<String, sqlx::Error> {
    sqlx::query("BEGIN").execute(&mut *connection).await?;
    let row = sqlx::query("SELECT pg_current_xact_id()::text")
        .fetch_one(connection)
        .await?;
    row.try_get(0)
}

/// Asks what became of a transaction; `None` when nobody answers or it is not decided yet.
async fn has_committed(link: &mut Link, number: &str) -> Option<bool> {
    let mut pauses = Pauses::of_a_write();
    loop {
        let limit = link.statement_limit();
        let asked = match link.get().await {
            Ok(connection) => {
                let question = sqlx::query("SELECT pg_xact_status($1::text::xid8)")
                    .bind(number)
                    .fetch_one(connection);
                limited(limit, question).await
            }
            Err(error) => Err(error),
        };
        match asked.and_then(|row| row.try_get::<Option<String>, _>(0)) {
            Ok(Some(status)) if status == "committed" => return Some(true),
            Ok(Some(status)) if status == "aborted" => return Some(false),
            // In progress: its backend has not noticed yet that we are gone.
            Ok(_) => {}
            Err(_) => link.broke(),
        }
        if !pauses.wait().await {
            return None;
        }
    }
}

/// Counts for `frontdesk_store_errors_total`, present from the start.
pub(super) fn count_from_zero() {
    for kind in errors::KINDS {
        metrics::counter!("frontdesk_store_errors_total", "kind" => kind).increment(0);
    }
    metrics::counter!("frontdesk_store_retries_total").increment(0);
}
