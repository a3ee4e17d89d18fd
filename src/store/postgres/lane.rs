//! Group commit: while one statement is in flight, the next batch gathers. No timer, so that a quiet store adds no wait
//! and a busy one commits many jobs with one flush. Where several tasks serve a lane, an idle one lets a fair share
//! gather before it begins beside another: see `Shifts`.
//!
//! Each job succeeds or fails alone. What the batch's statement does not carry out (a stale turn, a slot that is not
//! plainly free) goes to a transaction of its own, which answers exactly. Data that the statement chokes on splits the
//! batch in halves until the poison stands alone. A broken connection leaves the outcome unknown: then the database is
//! asked, never guessed.

use std::collections::VecDeque;

use async_trait::async_trait;

use super::handover::Handover;
use super::link::Link;
use super::shifts::Shifts;
use super::transaction::Operation;
use crate::store::asked::Asked;
use crate::store::batch::{self, Batched};
use crate::store::errors::{self, is_undone, may_pass};
use crate::store::retry::Pauses;
use crate::store::{Error, Result};
use crate::telemetry::metrics;

/// Jobs of one kind that are written by one statement.
#[async_trait]
pub(in crate::store) trait Lane: Send + 'static {
    /// What is asked. As an operation it is a transaction of its own, for when it needs care.
    type Input: Operation<Output = Self::Output>;
    /// What its caller gets.
    type Output: Send + 'static;

    /// Writes a batch with one statement. `None` for a job that needs care; nothing of it is written.
    async fn write(
        &mut self,
        link: &mut Link,
        batch: &[&Self::Input],
    ) -> Result<Vec<Option<Self::Output>>, sqlx::Error>;

    /// After a statement whose outcome is unknown: what is known of each job now. `None` of the whole when nothing of
    /// it was written.
    async fn find_out(
        &mut self,
        link: &mut Link,
        batch: &[&Self::Input],
    ) -> Result<Option<Vec<Option<Self::Output>>>, sqlx::Error>;

    /// After a batch of so many was written, or failed.
    fn wrote(&self, _jobs: usize, _took: std::time::Duration) {}
}

/// A job of a lane.
pub(super) type Job<L> = Asked<<L as Lane>::Input, <L as Lane>::Output>;

/// Serves a lane's queue until every sender is gone and all that was queued is done.
pub(super) async fn serve<L>(mut lane: L, mut link: Link, shifts: Shifts<Job<L>>, careful: Handover)
where
    L: Lane,
    Job<L>: Batched,
{
    let (mut gathered, mut waiting) = (Vec::new(), VecDeque::new());
    loop {
        if waiting.is_empty() {
            shifts.gather(&mut gathered).await;
            waiting.extend(gathered.drain(..));
            if waiting.is_empty() {
                break;
            }
        }
        let batch = batch::next(&mut waiting);
        let (begun, jobs) = (tokio::time::Instant::now(), batch.len());
        let in_flight = shifts.begin(jobs);
        carry_out(&mut lane, &mut link, batch, &careful).await;
        drop(in_flight);
        lane.wrote(jobs, begun.elapsed());
    }
    link.close().await;
}

/// Writes a batch, in halves if it must be, and answers everybody.
async fn carry_out<L>(lane: &mut L, link: &mut Link, batch: Vec<Job<L>>, careful: &Handover)
where
    L: Lane,
    Job<L>: Batched,
{
    let (behind, batch): (Vec<_>, Vec<_>) = batch.into_iter().partition(|job| careful.is_under_way(job));
    for job in behind {
        hand_over::<L>(job, careful);
    }
    let mut parts = vec![batch];
    while let Some(mut part) = parts.pop() {
        if part.is_empty() {
            continue;
        }
        let inputs: Vec<&L::Input> = part.iter().map(|job| &job.input).collect();
        match persistently(lane, link, &inputs).await {
            Ok(answers) => {
                for (mut job, answer) in part.into_iter().zip(answers) {
                    match answer {
                        Some(answer) => {
                            job.answer = Some(Ok(answer));
                            job.reply();
                        }
                        None => hand_over::<L>(job, careful),
                    }
                }
            }
            Err(error) if may_pass(&error) || matches!(error, Error::OutcomeUnknown(_)) => {
                tracing::warn!(%error, jobs = part.len(), "a batch of writes was given up");
                for mut job in part {
                    job.answer = Some(Err(errors::copy(&error)));
                    job.reply();
                }
            }
            // Something in here is poison, or two of them got in each other's way. Alone, each is dealt with exactly.
            Err(_) if part.len() == 1 => part.into_iter().for_each(|job| hand_over::<L>(job, careful)),
            Err(_) => {
                let second = part.split_off(part.len() / 2);
                parts.push(second);
                parts.push(part);
            }
        }
    }
}

fn hand_over<L: Lane>(job: Job<L>, careful: &Handover)
where
    Job<L>: Batched,
{
    let touches = job.touches();
    careful.hand_over(Box::new(job), touches);
}

/// Writes, trying again while the trouble is of a kind that passes.
async fn persistently<L: Lane>(
    lane: &mut L,
    link: &mut Link,
    batch: &[&L::Input],
) -> Result<Vec<Option<L::Output>>> {
    let mut pauses = Pauses::of_a_write();
    loop {
        // Without a connection nothing was asked, so that nothing is in doubt.
        if let Err(error) = link.get().await {
            if pauses.wait().await {
                continue;
            }
            return Err(Error::Unavailable(error));
        }
        let error = match lane.write(link, batch).await {
            Ok(answers) => {
                metrics::store_wrote();
                return Ok(answers);
            }
            Err(error) => error,
        };
        if is_undone(&error) {
            let error = Error::from(error);
            if may_pass(&error) && pauses.wait().await {
                continue;
            }
            return Err(error);
        }
        link.broke();
        loop {
            if !pauses.wait().await {
                return Err(Error::OutcomeUnknown(error));
            }
            match lane.find_out(link, batch).await {
                Ok(Some(answers)) => return Ok(answers),
                Ok(None) => break,
                Err(_) => link.broke(),
            }
        }
    }
}
