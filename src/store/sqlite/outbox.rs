//! Replies committed and not yet delivered. In order per conversation, each under one id for ever (I4).

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::SqliteConnection;

use super::operation::Operation;
use super::rows::{Cells, json, micros};
use crate::store::{OutboxRow, Result, Settlement};
use crate::types::Pair;

/// Takes replies that are due. A lease that ran out makes them due again: its owner is presumed dead.
pub(super) struct Claim {
    pub(super) now: Timestamp,
    pub(super) lease_until: Timestamp,
    pub(super) limit: u32,
}

#[async_trait]
impl Operation for Claim {
    type Output = Vec<OutboxRow>;

    async fn run(&self, connection: &mut SqliteConnection) -> Result<Vec<OutboxRow>> {
        let rows = sqlx::query(
            "UPDATE outbox SET state = 1, attempts = attempts + 1, due_at = $2
             WHERE n IN (
                 SELECT o.n FROM outbox o
                 WHERE o.state IN (0, 1) AND o.due_at <= $1
                   -- Only the first unsent one of each conversation: a later reply must not overtake it.
                   AND NOT EXISTS (
                       SELECT 1 FROM outbox e
                       WHERE e.conversation_id = o.conversation_id AND e.state IN (0, 1)
                         AND (e.version, e.ordinal) < (o.version, o.ordinal))
                 ORDER BY o.due_at, o.n LIMIT $3)
             RETURNING n, id, business_id, participant_id, version, ordinal, seq, channel, reply, attempts,
                       created_at",
        )
        .bind(micros(self.now))
        .bind(micros(self.lease_until))
        .bind(i64::from(self.limit))
        .fetch_all(connection)
        .await?;
        let mut claimed = Vec::with_capacity(rows.len());
        for row in &rows {
            let cells = Cells::new(row, "outbox", "id");
            let row = OutboxRow {
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
            };
            claimed.push((cells.get::<i64>("n")?, row));
        }
        // The order of RETURNING is not promised.
        claimed.sort_by_key(|(n, _)| *n);
        Ok(claimed.into_iter().map(|(_, row)| row).collect())
    }
}

/// Records what became of claimed replies. One that is settled already stays as it is.
pub(super) struct Settle {
    pub(super) settled: Vec<(uuid::Uuid, Settlement)>,
}

#[async_trait]
impl Operation for Settle {
    type Output = ();

    async fn run(&self, connection: &mut SqliteConnection) -> Result<()> {
        let settled: Vec<_> = self
            .settled
            .iter()
            .map(|(id, settlement)| {
                let id = id.simple().to_string();
                match settlement {
                    Settlement::Sent(_) => (id, 2, None, None),
                    Settlement::Retry { at, problem } => (id, 0, Some(micros(*at)), problem.as_deref()),
                    Settlement::Postponed(at) | Settlement::Unknown { at } => {
                        (id, 0, Some(micros(*at)), None)
                    }
                    Settlement::Dead(problem) => (id, 3, None, Some(problem.as_str())),
                }
            })
            .collect();
        sqlx::query(
            "WITH settled AS MATERIALIZED (
                 SELECT unhex(value ->> 0) AS id, value ->> 1 AS state, value ->> 2 AS due_at, value ->> 3 AS problem
                 FROM json_each($1))
             UPDATE outbox SET
                 state = settled.state, due_at = COALESCE(settled.due_at, outbox.due_at), problem = settled.problem
             FROM settled
             WHERE outbox.id = settled.id AND outbox.state IN (0, 1)",
        )
        .bind(json(&settled)?)
        .execute(connection)
        .await?;
        Ok(())
    }

    fn bytes(&self) -> usize {
        64 * self.settled.len()
    }
}
