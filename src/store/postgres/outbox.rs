//! Replies committed and not yet delivered. In order per conversation, each under one id for ever (I4).
//!
//! Several processes claim and settle at once, each from its own snapshot, and still no reply overtakes an earlier one:
//!
//! - Turns of a conversation commit one after the other (its row is the fence), so that a snapshot which shows a reply
//!   shows every earlier one, too.
//! - A reply leaves the unsent states (0, 1) once and never comes back: whatever settles it tests that it is in them.
//! - So "the first unsent one of its conversation" is true for good as soon as any snapshot shows it, until that reply
//!   itself is settled. An old snapshot can only take a settled reply for an unsent one, which holds the next one up
//!   until the next claim.
//! - What may have changed since the snapshot is the row itself. It is tested again under its lock: one that was settled
//!   is no longer unsent, and one that was claimed is no longer due.
//! - A reply that somebody holds locked is passed over, and its successors with it: they are not the first.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::PgConnection;
use sqlx::postgres::PgRow;

use super::rows::Cells;
use super::transaction::{Ending, Operation};
use super::turn_rows::time;
use crate::store::{OutboxRow, Result, Settlement};
use crate::types::Pair;

/// Takes replies that are due. A lease that ran out makes them due again: its owner is presumed dead.
pub(super) struct Claim {
    pub(super) now: Timestamp,
    pub(super) lease_until: Timestamp,
    pub(super) limit: u32,
}

/// Waits for no row. The order of RETURNING is not promised, so that it is made at the end.
macro_rules! claim {
    ($among:literal) => {
        concat!(
            "WITH due AS MATERIALIZED (
                 SELECT o.id FROM outbox o
                 WHERE o.state IN (0, 1) AND o.due_at <= $1 ",
            $among,
            // Only the first unsent one of each conversation: a later reply must not overtake it.
            "  AND NOT EXISTS (
                     SELECT FROM outbox e
                     WHERE e.conversation_id = o.conversation_id AND e.state IN (0, 1)
                       AND (e.version, e.ordinal) < (o.version, o.ordinal))
                 ORDER BY o.due_at, o.n LIMIT $3
                 FOR NO KEY UPDATE OF o SKIP LOCKED),
             claimed AS (
                 UPDATE outbox o SET state = 1, attempts = o.attempts + 1, due_at = $2
                 FROM due WHERE o.id = due.id AND o.state IN (0, 1)
                 RETURNING o.n, o.id, o.business_id, o.participant_id, o.version, o.ordinal, o.seq, o.channel,
                           o.reply, o.attempts, o.created_at)
             SELECT * FROM claimed ORDER BY n"
        )
    };
}

/// Among those that have been due for longest. Where few conversations have many replies each, all but a few of these
/// wait for another one, and to look at every reply that waits would take longer with each that does.
const CLAIM_OLDEST: &str = claim!(
    "AND o.id IN (SELECT id FROM outbox WHERE state IN (0, 1) AND due_at <= $1 ORDER BY due_at, n LIMIT 512)"
);
const CLAIM_ANY: &str = claim!("");

#[async_trait]
impl Operation for Claim {
    type Output = Vec<OutboxRow>;

    async fn run(&self, connection: &mut PgConnection) -> Result<Ending<Vec<OutboxRow>>> {
        let mut rows = self.claim(CLAIM_OLDEST, connection).await?;
        // The oldest wait for one that is tried again later; others may not.
        if rows.is_empty() {
            rows = self.claim(CLAIM_ANY, connection).await?;
        }
        let mut claimed = Vec::with_capacity(rows.len());
        for row in &rows {
            let cells = Cells::new(row, "outbox", "id");
            claimed.push(OutboxRow {
                id: cells.id("id")?,
                pair: Pair {
                    business: cells.parsed("business_id")?,
                    participant: cells.parsed("participant_id")?,
                },
                version: cells.number("version")?,
                ordinal: cells.number("ordinal")?,
                seq: cells.number("seq")?,
                channel: cells.parsed("channel")?,
                reach: None,
                content: cells.json("reply")?,
                parts_sent: 0,
                unknown: false,
                sent: false,
                attempts: cells.number("attempts")?,
                at: cells.time("created_at")?,
            });
        }
        Ok(Ending::Commit(claimed))
    }
}

impl Claim {
    async fn claim(&self, statement: &'static str, connection: &mut PgConnection) -> Result<Vec<PgRow>> {
        let rows = sqlx::query(statement)
            .bind(time(self.now))
            .bind(time(self.lease_until))
            .bind(i64::from(self.limit))
            .fetch_all(connection)
            .await?;
        Ok(rows)
    }
}

/// Records what became of claimed replies. One that is settled already stays as it is.
pub(super) struct Settle {
    pub(super) settled: Vec<(uuid::Uuid, Settlement)>,
}

/// Rows are locked in the order of their ids, so that two who settle the same ones wait for each other in one direction
/// only; under its lock each is tested again.
const SETTLE: &str = "
    WITH settled AS MATERIALIZED (
        SELECT o.id, s.state, s.due_at, s.problem
        FROM unnest($1::uuid[], $2::smallint[], $3::timestamptz[], $4::text[]) AS s (id, state, due_at, problem)
        JOIN outbox o ON o.id = s.id AND o.state IN (0, 1)
        ORDER BY o.id FOR NO KEY UPDATE OF o)
    UPDATE outbox o SET state = s.state, due_at = COALESCE(s.due_at, o.due_at), problem = s.problem
    FROM settled s
    WHERE o.id = s.id AND o.state IN (0, 1)";

#[async_trait]
impl Operation for Settle {
    type Output = ();

    async fn run(&self, connection: &mut PgConnection) -> Result<Ending<()>> {
        let mut ids = Vec::with_capacity(self.settled.len());
        let mut states: Vec<i16> = Vec::with_capacity(ids.capacity());
        let mut due_at = Vec::with_capacity(ids.capacity());
        let mut problems: Vec<Option<&str>> = Vec::with_capacity(ids.capacity());
        for (id, settlement) in &self.settled {
            let (state, due, problem) = match settlement {
                Settlement::Sent(_) => (2, None, None),
                Settlement::Retry { at, problem } => (0, Some(time(*at)), problem.as_deref()),
                Settlement::Postponed(at) | Settlement::Unknown { at } => (0, Some(time(*at)), None),
                Settlement::Dead(problem) => (3, None, Some(problem.as_str())),
            };
            ids.push(*id);
            states.push(state);
            due_at.push(due);
            problems.push(problem);
        }
        sqlx::query(SETTLE)
            .bind(ids)
            .bind(states)
            .bind(due_at)
            .bind(problems)
            .execute(connection)
            .await?;
        Ok(Ending::Commit(()))
    }
}
