//! The commit pipeline: one task owns the one connection that writes.
//!
//! While a transaction is in flight the next batch gathers in the queue; there is no timer, so a quiet store adds
//! no wait and a busy one commits many turns with one flush. A batch runs in one `BEGIN IMMEDIATE .. COMMIT`, and
//! its callers are answered after the COMMIT. Because the write lock is held, what a batch reads first cannot
//! change until it has written: checks are exact.
//!
//! Each operation succeeds or fails alone: what can fail half-way runs in a savepoint; data that the bulk
//! statements choke on rolls the batch back and splits it in halves until the poison stands alone.
//!
//! Callers wait on a oneshot. One that is cancelled loses its answer and nothing else, because the connection is
//! never driven by a caller's future (sqlx 0.9 leaves a connection in a transaction when that is dropped).

use std::collections::VecDeque;

use sqlx::sqlite::{SqliteConnectOptions, SqliteRow};
use sqlx::{ConnectOptions as _, Connection as _, Row as _, SqliteConnection};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::lock::FileLock;
use super::operation::{Arrivals, Job, Turn};
use super::together::{Manner, Together};
use super::turn_rows::LastText;
use super::{inbox, together, turns};
use crate::store::retry::Pauses;
use crate::store::{Error, HoldOutcome, Result};
use crate::store::{batch, errors};

/// The task's state.
pub(super) struct Writer {
    options: SqliteConnectOptions,
    connection: SqliteConnection,
    queue: mpsc::Receiver<Job>,
    /// Held as long as this task may write: the next owner of the file must not begin before.
    _lock: FileLock,
    /// Dropped with the task; whoever closes the store waits for that.
    _alive: watch::Sender<()>,
    /// Lets a test say that the answer to a COMMIT was lost.
    #[cfg(test)]
    pub(super) lose_commit_answers: std::sync::Arc<std::sync::atomic::AtomicU32>,
}

impl Writer {
    pub(super) async fn connect(
        options: SqliteConnectOptions,
        lock: FileLock,
        queue: mpsc::Receiver<Job>,
        alive: watch::Sender<()>,
    ) -> Result<Self, sqlx::Error> {
        let connection = options.connect().await?;
        for kind in errors::KINDS {
            metrics::counter!("frontdesk_store_errors_total", "kind" => kind).increment(0);
        }
        metrics::counter!("frontdesk_store_retries_total").increment(0);
        Ok(Self {
            options,
            connection,
            queue,
            _lock: lock,
            _alive: alive,
            #[cfg(test)]
            lose_commit_answers: std::sync::Arc::default(),
        })
    }

    /// Serves the queue until every sender is gone and all that was queued is done.
    pub(super) async fn run(mut self) {
        let mut waiting = VecDeque::new();
        let mut arrived = Vec::with_capacity(batch::JOBS_MAX);
        loop {
            if waiting.is_empty() {
                if self.queue.recv_many(&mut arrived, batch::JOBS_MAX).await == 0 {
                    break;
                }
                waiting.extend(arrived.drain(..));
            } else {
                while waiting.len() < batch::JOBS_MAX
                    && let Ok(job) = self.queue.try_recv()
                {
                    waiting.push_back(job);
                }
            }
            let batch = batch::next(&mut waiting);
            self.carry_out(batch).await;
        }
        // The file stays whole without it; closing merely moves the WAL into it.
        let _ = self.connection.close().await;
    }

    /// Commits a batch, in halves if it must be, and answers everybody.
    async fn carry_out(&mut self, batch: Vec<Job>) {
        let started = Instant::now();
        let turns = batch.iter().filter(|job| matches!(job, Job::Turn(_))).count();
        let mut parts = vec![batch];
        while let Some(mut part) = parts.pop() {
            match self.commit_persistently(&mut part).await {
                Ok(()) => {}
                Err(error) if errors::may_pass(&error) || matches!(error, Error::OutcomeUnknown(_)) => {
                    tracing::warn!(error = %error, jobs = part.len(), "a batch of writes was given up");
                    part.iter_mut().for_each(|job| job.refuse(errors::copy(&error)));
                }
                Err(error) if part.len() == 1 => {
                    tracing::warn!(error = %error, "a write was refused by the database");
                    part.iter_mut().for_each(|job| job.refuse(errors::copy(&error)));
                }
                Err(_) => {
                    // Something in here is poison, and the neighbours must not die of it.
                    let second = part.split_off(part.len() / 2);
                    parts.push(second);
                    parts.push(part);
                    continue;
                }
            }
            part.into_iter().for_each(Job::reply);
        }
        if turns > 0 {
            // A count far below 2^52.
            #[expect(clippy::cast_precision_loss, reason = "at most 256")]
            metrics::histogram!("frontdesk_commit_batch_turns").record(turns as f64);
            metrics::histogram!("frontdesk_commit_duration_seconds").record(started.elapsed());
        }
    }

    /// Commits, trying again while the trouble is of a kind that passes.
    async fn commit_persistently(&mut self, batch: &mut [Job]) -> Result<()> {
        let mut pauses = Pauses::of_a_write();
        loop {
            let error = match self.commit_once(batch).await {
                Ok(()) => return Ok(()),
                Err(error) if errors::may_pass(&error) => error,
                Err(error) => return Err(error),
            };
            if !pauses.wait().await {
                return Err(error);
            }
            if matches!(error, Error::Unavailable(sqlx::Error::WorkerCrashed)) {
                self.reconnect().await;
            }
        }
    }

    async fn commit_once(&mut self, batch: &mut [Job]) -> Result<()> {
        match self.attempt(batch, Manner::Together).await {
            Err(Error::Rejected(_) | Error::Corrupt { .. }) => self.attempt(batch, Manner::OneByOne).await,
            ended => ended,
        }
    }

    async fn attempt(&mut self, batch: &mut [Job], manner: Manner) -> Result<()> {
        // The number of the batch is what tells, after a COMMIT without an answer, whether it happened.
        let questions = questions(batch, manner)?;
        let (number, found) = match begin(&mut self.connection, questions).await {
            Ok(begun) => begun,
            Err(error) => {
                self.roll_back().await;
                return Err(error.into());
            }
        };
        let last = match write(&mut self.connection, batch, &found, manner).await {
            Ok(last) => last,
            Err(error) => {
                self.roll_back().await;
                return Err(error);
            }
        };
        let Err(error) = self.commit(last).await else {
            crate::telemetry::metrics::store_wrote();
            return Ok(());
        };
        self.roll_back().await;
        match self.has_committed(number).await {
            Some(true) => Ok(()),
            // Writes go out with the COMMIT, so that the error says which it was: poison, or something that passes.
            Some(false) => Err(error.into()),
            None => Err(Error::OutcomeUnknown(error)),
        }
    }

    /// Writes what is left to write, if anything is, and commits.
    async fn commit(&mut self, last: Option<LastText>) -> Result<(), sqlx::Error> {
        match last {
            // One text for both: a hop to the connection's thread and back costs more than most statements.
            Some(last) => last.write_and_commit(&mut self.connection).await?,
            None => {
                sqlx::query("COMMIT").execute(&mut self.connection).await?;
            }
        }
        #[cfg(test)]
        {
            use std::sync::atomic::Ordering::SeqCst;
            let left = self.lose_commit_answers.load(SeqCst);
            if left > 0 {
                self.lose_commit_answers.store(left - 1, SeqCst);
                return Err(sqlx::Error::WorkerCrashed);
            }
        }
        Ok(())
    }

    /// Asks whether batch `number` is durable, after its COMMIT failed. Never guesses: `None` when nobody answers.
    async fn has_committed(&mut self, number: i64) -> Option<bool> {
        let mut pauses = Pauses::of_a_write();
        loop {
            let last = sqlx::query("SELECT batch FROM writer WHERE id = 1")
                .fetch_one(&mut self.connection)
                .await;
            if let Ok(row) = last {
                return Some(row.get::<i64, _>(0) == number);
            }
            if !pauses.wait().await {
                return None;
            }
            self.reconnect().await;
        }
    }

    async fn roll_back(&mut self) {
        // "No transaction is active": SQLite has rolled back by itself, or the COMMIT did happen. As wished, both. Any
        // other failure leaves a connection in a transaction that nobody would end.
        if let Err(error) = sqlx::query("ROLLBACK").execute(&mut self.connection).await
            && !error.to_string().contains("no transaction is active")
        {
            self.reconnect().await;
        }
    }

    async fn reconnect(&mut self) {
        match self.options.connect().await {
            Ok(connection) => self.connection = connection,
            Err(error) => tracing::warn!(error = %error, "the database cannot be opened again"),
        }
    }
}

/// What is asked about a batch when its transaction begins.
fn questions(batch: &[Job], manner: Manner) -> Result<(turns::Asked, together::Questions)> {
    let turns = batch.iter().filter_map(|job| match job {
        Job::Turn(turn) => Some(&turn.input),
        Job::Hold(_) | Job::Arrivals(_) | Job::Other(_) => None,
    });
    let holds = batch.iter().filter_map(|job| match job {
        Job::Hold(hold) => Some(&hold.input),
        Job::Turn(_) | Job::Arrivals(_) | Job::Other(_) => None,
    });
    Ok((turns::ask(turns.clone())?, together::ask(manner, holds, turns)?))
}

/// Begins, and asks about the turns of the batch in the same text. Answers with the batch's number and what was found.
async fn begin(
    connection: &mut SqliteConnection,
    (turns, appointments): (turns::Asked, together::Questions),
) -> Result<(i64, Vec<SqliteRow>), sqlx::Error> {
    // IMMEDIATE takes the write lock now. A DEFERRED transaction would read first and then find that it cannot
    // write, because another process's connection was faster, and no busy timeout helps against that.
    let rows = sqlx::query(concat!(
        "BEGIN IMMEDIATE;
         UPDATE writer SET batch = batch + 1 WHERE id = 1 RETURNING 0 AS question, batch;",
        turns::look_text!(),
        ";",
        together::known_text!()
    ))
    .bind(turns.expected)
    .bind(turns.keys)
    .bind(appointments.ids)
    .bind(appointments.seats)
    .bind(appointments.goals)
    .fetch_all(connection)
    .await?;
    let number = rows.first().ok_or(sqlx::Error::RowNotFound)?.try_get("batch")?;
    Ok((number, rows))
}

/// Writes everything of a batch. Arrivals come first and turns last, so that a turn finds the messages and holds
/// that were asked for before it; what is left to write of the turns is given back.
async fn write(
    connection: &mut SqliteConnection,
    batch: &mut [Job],
    found: &[SqliteRow],
    manner: Manner,
) -> Result<Option<LastText>> {
    let mut holds = Vec::new();
    let mut arrivals: Vec<&mut Arrivals> = Vec::new();
    let mut others = Vec::new();
    let mut committing: Vec<&mut Turn> = Vec::new();
    for job in batch {
        match job {
            Job::Turn(turn) => committing.push(turn),
            Job::Hold(hold) => holds.push(hold),
            Job::Arrivals(asked) => arrivals.push(asked),
            Job::Other(operation) => others.push(operation),
        }
    }
    if !arrivals.is_empty() {
        inbox::accept(connection, &mut arrivals).await?;
    }
    let mut together = Together::new(
        manner,
        !others.iter().any(|operation| operation.may_book()),
        found,
    )?;
    for operation in others {
        savepoint(connection).await?;
        match operation.run(connection).await {
            Ok(()) => release(connection).await?,
            Err(error) if errors::may_pass(&error) => return Err(error),
            Err(error) => {
                undo(connection).await?;
                operation.refuse(error);
            }
        }
    }
    for (place, hold) in holds.into_iter().enumerate() {
        hold.answer = match together.hold(place, &hold.input)? {
            Some(held) => Some(Ok(HoldOutcome::Held(held))),
            // It takes back by itself what it wrote, so that it needs no savepoint around it.
            None => match hold.input.place(connection).await {
                Err(error) if errors::may_pass(&error) => return Err(error),
                ended => Some(ended),
            },
        };
    }
    turns::prepare(connection, committing, found, together).await
}

pub(super) async fn savepoint(connection: &mut SqliteConnection) -> Result<()> {
    sqlx::query("SAVEPOINT operation").execute(connection).await?;
    Ok(())
}

pub(super) async fn release(connection: &mut SqliteConnection) -> Result<()> {
    sqlx::query("RELEASE operation").execute(connection).await?;
    Ok(())
}

/// Takes back what was written since the savepoint, and goes on.
pub(super) async fn undo(connection: &mut SqliteConnection) -> Result<()> {
    sqlx::query("ROLLBACK TO operation; RELEASE operation")
        .execute(connection)
        .await?;
    Ok(())
}
