//! Replies committed and not yet delivered. In order per conversation, channel and account, each under one id for ever
//! (I4).

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::{SqliteConnection, SqlitePool};
use uuid::Uuid;

use super::early;
use super::operation::Operation;
use super::rows::{Cells, blob, hex, json, micros};
use crate::store::rules::deliveries::{DEAD, DROPPED, IN_FLIGHT, SENT, Settled, WAITING, hooked};
use crate::store::{OutboxEntry, OutboxQuery, OutboxRow, OutboxState, OutboxVerdict, Result, Settlement};
use crate::types::{AccountId, Pair, Reach};

/// Takes replies that are due. A lease that ran out makes them due again: its owner is presumed dead.
pub(super) struct Claim {
    pub(super) now: Timestamp,
    pub(super) lease_until: Timestamp,
    pub(super) limit: u32,
}

/// The columns that [`read`] reads.
macro_rules! columns {
    () => {
        "n, id, business_id, participant_id, version, ordinal, seq, channel, account, address, heard_at, reply, attempts,
         parts_sent, unknown, created_at"
    };
}

#[async_trait]
impl Operation for Claim {
    type Output = Vec<OutboxRow>;

    async fn run(&self, connection: &mut SqliteConnection) -> Result<Vec<OutboxRow>> {
        let rows = sqlx::query(concat!(
            "UPDATE outbox SET state = 1, attempts = attempts + 1, due_at = $2
             WHERE n IN (
                 SELECT o.n FROM outbox o
                 WHERE o.state IN (0, 1) AND o.due_at <= $1
                   -- Only the first unsent one of each conversation and account: a later reply must not overtake it.
                   AND NOT EXISTS (
                       SELECT 1 FROM outbox e
                       WHERE e.conversation_id = o.conversation_id AND e.channel = o.channel
                         AND e.account = o.account AND e.state IN (0, 1)
                         AND (e.version, e.ordinal) < (o.version, o.ordinal))
                 ORDER BY o.due_at, o.n LIMIT $3)
             RETURNING ",
            columns!()
        ))
        .bind(micros(self.now))
        .bind(micros(self.lease_until))
        .bind(i64::from(self.limit))
        .fetch_all(connection)
        .await?;
        let mut claimed = Vec::with_capacity(rows.len());
        for row in &rows {
            let cells = Cells::new(row, "outbox", "id");
            claimed.push((cells.get::<i64>("n")?, read(&cells, false)?));
        }
        // The order of RETURNING is not promised.
        claimed.sort_by_key(|(n, _)| *n);
        Ok(claimed.into_iter().map(|(_, row)| row).collect())
    }
}

/// Reads a row with the [`columns`].
fn read(cells: &Cells<'_>, sent: bool) -> Result<OutboxRow> {
    let reach = match cells.get::<&str>("account")? {
        "" => None,
        _ => Some(Reach {
            account: cells.parsed::<AccountId>("account")?,
            address: cells.get("address")?,
            heard_at: cells.time("heard_at")?,
        }),
    };
    Ok(OutboxRow {
        id: cells.id("id")?,
        pair: Pair {
            business: cells.parsed("business_id")?,
            participant: cells.parsed("participant_id")?,
        },
        version: cells.number("version")?,
        ordinal: cells.number("ordinal")?,
        seq: cells.number("seq")?,
        channel: cells.parsed("channel")?,
        reach,
        content: cells.json("reply")?,
        // What cannot be read of it must not hold the reply up.
        origin: cells.json("reply").unwrap_or_default(),
        sent,
        attempts: cells.number("attempts")?,
        parts_sent: cells.number("parts_sent")?,
        unknown: cells.get("unknown")?,
        at: cells.time("created_at")?,
    })
}

/// Records what became of claimed replies, and of the tries. One that is settled already stays as it is.
pub(super) struct Settle {
    pub(super) settled: Vec<(Uuid, Settlement)>,
}

#[async_trait]
impl Operation for Settle {
    type Output = ();

    async fn run(&self, connection: &mut SqliteConnection) -> Result<()> {
        let settled: Vec<_> = self
            .settled
            .iter()
            .map(|(id, settlement)| {
                let settled = Settled::by(settlement);
                (
                    hex(*id),
                    settled.state,
                    settled.due_at.map(micros),
                    settled.problem,
                    settled.result,
                    settled.provider_id,
                )
            })
            .collect();
        // What is recorded comes first, because it asks where the row stood. A receipt can be faster than whoever sent
        // the reply, and does not always know the provider's id: that is recorded even if the row is settled. An id
        // that the channel gave twice is not: whatever it is good for, the row must be settled.
        sqlx::query(
            "WITH settled AS MATERIALIZED (SELECT unhex(value ->> 0) AS id, value AS v FROM json_each($1))
             INSERT INTO delivery_attempts (outbox_id, number, at, result, problem)
             SELECT o.id, COALESCE((SELECT MAX(number) FROM delivery_attempts a WHERE a.outbox_id = o.id), 0) + 1,
                    CAST(unixepoch('subsec') * 1000000 AS INTEGER), s.v ->> 4, s.v ->> 3
             FROM settled s CROSS JOIN outbox o ON o.id = s.id AND o.state IN (0, 1)
             WHERE s.v ->> 4 IS NOT NULL AND o.channel IN (SELECT value FROM json_each($2))
             ON CONFLICT DO NOTHING;

             WITH settled AS MATERIALIZED (SELECT unhex(value ->> 0) AS id, value AS v FROM json_each($1)),
                  given AS (
                 SELECT o.*, s.v ->> 5 AS provider_id
                 FROM settled s CROSS JOIN outbox o ON o.id = s.id AND o.state IN (0, 1)
                 WHERE s.v ->> 4 = 'sent'
                 UNION ALL
                 SELECT o.*, s.v ->> 5
                 FROM settled s CROSS JOIN outbox o ON o.id = s.id AND o.account <> '' AND o.state IN (2, 3)
                 WHERE s.v ->> 5 IS NOT NULL)
             INSERT INTO deliveries
                 (outbox_id, part, channel, account, conversation_id, provider_id, said_at, status, status_at)
             SELECT id, parts_sent, channel, account, conversation_id, provider_id, created_at, 'sent',
                    CAST(unixepoch('subsec') * 1000000 AS INTEGER)
             FROM given WHERE channel IN (SELECT value FROM json_each($2))
             ON CONFLICT DO NOTHING;

             WITH settled AS MATERIALIZED (SELECT unhex(value ->> 0) AS id, value AS v FROM json_each($1))
             UPDATE outbox SET
                 state = s.v ->> 1, due_at = COALESCE(s.v ->> 2, outbox.due_at),
                 problem = CASE WHEN s.v ->> 4 IS NULL THEN outbox.problem ELSE s.v ->> 3 END,
                 attempts = CASE WHEN s.v ->> 4 IS NULL THEN MAX(outbox.attempts - 1, 0) ELSE outbox.attempts END,
                 unknown = CASE s.v ->> 4 WHEN 'unknown' THEN 1 WHEN 'sent' THEN 0 ELSE outbox.unknown END
             FROM settled s
             WHERE outbox.id = s.id AND outbox.state IN (0, 1)",
        )
        .bind(json(&settled)?)
        .bind(json(&hooked())?)
        .execute(&mut *connection)
        .await?;
        self.adopt_what_was_told(connection).await
    }

    fn bytes(&self) -> usize {
        256 * self.settled.len()
    }

    fn may_book(&self) -> bool {
        false
    }
}

impl Settle {
    /// A receipt may have been faster than this. There is hardly ever one.
    async fn adopt_what_was_told(&self, connection: &mut SqliteConnection) -> Result<()> {
        let any = sqlx::query("SELECT 1 FROM deliveries WHERE outbox_id = zeroblob(16) LIMIT 1")
            .fetch_optional(&mut *connection)
            .await?;
        if any.is_none() {
            return Ok(());
        }
        for (id, settlement) in &self.settled {
            if let Settlement::Sent(Some(provider_id)) = settlement {
                early::adopt(connection, *id, None, provider_id).await?;
            }
        }
        Ok(())
    }
}

/// Rows for operators, oldest first.
pub(super) async fn list(readers: &SqlitePool, query: &OutboxQuery) -> Result<Vec<OutboxEntry>> {
    // Each state by an index of its own, but for what was sent, which nobody looks for often.
    macro_rules! page {
        ($states:literal) => {
            concat!(
                "SELECT ",
                columns!(),
                ", state, due_at, problem
                 FROM outbox WHERE state ",
                $states,
                " AND ($1 IS NULL OR business_id = $1)
                  AND ($2 IS NULL OR (created_at, id) > ($2, $3))
                  AND ($5 IS NULL OR id = $5)"
            )
        };
    }
    macro_rules! in_order {
        ($rows:expr) => {
            concat!(
                "SELECT * FROM (",
                $rows,
                ") ORDER BY created_at, id LIMIT $4"
            )
        };
    }
    let text = match query.state {
        None => in_order!(concat!(page!("IN (0, 1)"), " UNION ALL ", page!("= 3"))),
        Some(OutboxState::Waiting) => in_order!(concat!(page!("IN (0, 1)"), " AND state = 0")),
        Some(OutboxState::InFlight) => in_order!(concat!(page!("IN (0, 1)"), " AND state = 1")),
        Some(OutboxState::Sent) => in_order!(page!("= 2")),
        Some(OutboxState::Dead) => in_order!(page!("= 3")),
    };
    let rows = sqlx::query(text)
        .bind(query.business.as_ref().map(ToString::to_string))
        .bind(query.after.map(|(at, _)| micros(at)))
        .bind(query.after.map(|(_, id)| blob(id)))
        .bind(i64::from(query.limit))
        .bind(query.id.map(blob))
        .fetch_all(readers)
        .await?;
    let entry = |row| {
        let cells = Cells::new(row, "outbox", "id");
        let state = match cells.number::<i16>("state")? {
            WAITING => OutboxState::Waiting,
            IN_FLIGHT => OutboxState::InFlight,
            SENT => OutboxState::Sent,
            DEAD => OutboxState::Dead,
            other => return Err(cells.corrupt("state", &other)),
        };
        Ok(OutboxEntry {
            row: read(&cells, state == OutboxState::Sent)?,
            state,
            due_at: cells.time("due_at")?,
            problem: cells.get("problem")?,
        })
    };
    rows.iter().map(entry).collect()
}

/// Does to rows what an operator decided.
pub(super) struct Decide {
    pub(super) ids: Vec<Uuid>,
    pub(super) verdict: OutboxVerdict,
    pub(super) now: Timestamp,
}

#[async_trait]
impl Operation for Decide {
    type Output = u64;

    async fn run(&self, connection: &mut SqliteConnection) -> Result<u64> {
        // Twice the same, so that each has the index that fits, and in an order in which no row is met twice. A lease
        // that ran out is as good as none.
        let texts = match self.verdict {
            OutboxVerdict::Retry => [
                "UPDATE outbox SET state = 0, due_at = $2, attempts = 0, unknown = 0, problem = NULL
                 WHERE id IN (SELECT unhex(value) FROM json_each($1)) AND state IN (0, 1)
                   AND (state = 0 OR due_at <= $2)",
                "UPDATE outbox SET state = 0, due_at = $2, attempts = 0, unknown = 0, problem = NULL
                 WHERE id IN (SELECT unhex(value) FROM json_each($1)) AND state = 3",
            ],
            OutboxVerdict::Drop => [
                "UPDATE outbox SET problem = $3
                 WHERE id IN (SELECT unhex(value) FROM json_each($1)) AND state = 3",
                "UPDATE outbox SET state = 3, problem = $3
                 WHERE id IN (SELECT unhex(value) FROM json_each($1)) AND state IN (0, 1)
                   AND (state = 0 OR due_at <= $2)",
            ],
        };
        let ids = json(&self.ids.iter().copied().map(hex).collect::<Vec<_>>())?;
        let mut decided = 0;
        for text in texts {
            let done = sqlx::query(text)
                .bind(&ids)
                .bind(micros(self.now))
                .bind(DROPPED)
                .execute(&mut *connection)
                .await?;
            decided += done.rows_affected();
        }
        Ok(decided)
    }

    fn may_book(&self) -> bool {
        false
    }
}
