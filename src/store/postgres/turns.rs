//! Committing turns: many at a time, each all or nothing.
//!
//! The conversation's row is the fence, and writing it is the test: the statement changes it only from the expected
//! version, and everything else that a turn writes joins the rows that were changed. So a stale turn writes nothing and
//! its neighbours commit. Rows are locked in the order of their ids.
//!
//! Most effects are confirmations, cancellations and profiles: those are part of the statement, too, each tested by the
//! version that the turn read back. A turn with any other effect, and one that the statement left out for whatever
//! reason, goes through a transaction of its own, which says exactly why.

use std::collections::HashSet;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::PgArguments;
use sqlx::{Arguments as _, Row as _};
use uuid::Uuid;

use super::lane::{Job, Lane};
use super::link::{Link, limited};
use super::turn_changes::Changes;
use super::turn_rows::TurnRows;
use super::turn_statement::statement;
use crate::store::batch::{self, Batched};
use crate::store::{CommitOutcome, TurnCommit};

/// Columns of the statement that every batch has.
const COLUMNS: usize = 68;

/// Commits turns.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::store) struct Committing;

impl Batched for Job<Committing> {
    fn bytes(&self) -> usize {
        batch::bytes_of_turn(&self.input)
    }

    fn touches(&self) -> Vec<u64> {
        batch::touches_of_turn(&self.input)
    }
}

#[async_trait]
impl Lane for Committing {
    type Input = TurnCommit;
    type Output = CommitOutcome;

    async fn write(
        &mut self,
        link: &mut Link,
        batch: &[&TurnCommit],
    ) -> Result<Vec<Option<CommitOutcome>>, sqlx::Error> {
        let mut changes = Changes::default();
        // What is not plain is left out, and so answered with `None`.
        let mut plain: Vec<&TurnCommit> = batch.iter().copied().filter(|turn| changes.take(turn)).collect();
        // The id is computed.
        plain.sort_by_cached_key(|turn| turn.pair.conversation());
        if plain.is_empty() {
            return Ok(batch.iter().map(|_| None).collect());
        }
        let rows = TurnRows::of(&plain)?;
        let mut arguments = PgArguments::default();
        // At once, because the texts of a large batch would be copied with every doubling.
        arguments.reserve(COLUMNS, plain.iter().map(|turn| batch::bytes_of_turn(turn)).sum());
        let limit = link.statement_limit();
        let connection = link.get().await?;
        let query = rows.bind(sqlx::query_with(statement(changes.is_empty()), arguments));
        let query = if changes.is_empty() {
            query
        } else {
            changes.bind(query)
        };
        let written = limited(limit, query.fetch_all(connection)).await?;
        let mut committed = HashSet::with_capacity(written.len());
        for row in &written {
            committed.insert(row.try_get::<Uuid, _>(0)?);
        }
        let outcome = |turn: &&TurnCommit| {
            committed
                .contains(&turn.turn.0)
                .then(|| CommitOutcome::Committed {
                    version: turn.expected_version + 1,
                    appointments: changes.of(turn),
                })
        };
        Ok(batch.iter().map(outcome).collect())
    }

    async fn find_out(
        &mut self,
        link: &mut Link,
        batch: &[&TurnCommit],
    ) -> Result<Option<Vec<Option<CommitOutcome>>>, sqlx::Error> {
        let ids: Vec<Uuid> = batch.iter().map(|turn| turn.turn.0).collect();
        let limit = link.statement_limit();
        let connection = link.get().await?;
        let query = sqlx::query("SELECT id FROM turns WHERE id = ANY($1)").bind(ids);
        let found = limited(limit, query.fetch_all(connection)).await?;
        // One statement, so that either all that it found fit to write is there or nothing is. Whatever is not there
        // is told apart by the transaction that it goes to.
        if found.is_empty() {
            return Ok(None);
        }
        Ok(Some(batch.iter().map(|_| None).collect()))
    }

    fn wrote(&self, jobs: usize, took: Duration) {
        // A count far below 2^52.
        #[expect(clippy::cast_precision_loss, reason = "at most 256")]
        metrics::histogram!("frontdesk_commit_batch_turns").record(jobs as f64);
        metrics::histogram!("frontdesk_commit_duration_seconds").record(took);
    }
}
