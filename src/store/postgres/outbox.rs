//! Replies committed and not yet delivered. In order per conversation, channel and account, each under one id for ever
//! (I4). A *row of replies* below are those that have these three in common.
//!
//! Several processes claim and settle at once, each from its own snapshot, and still no reply overtakes an earlier one:
//!
//! - Turns of a conversation commit one after the other (its row is the fence), so that a snapshot which shows a reply
//!   shows every earlier one, too, of every row.
//! - A reply leaves the unsent states (0, 1) and does not come back: whatever settles it tests that it is in them. Only
//!   an operator brings back one that was given up; later ones may have left by then, so that it keeps no order.
//! - So "the first unsent one of its row" is true for good as soon as any snapshot shows it, until that reply itself is
//!   settled. An old snapshot can only take a settled reply for an unsent one, which holds the next one up
//!   until the next claim.
//! - What may have changed since the snapshot is the row itself. It is tested again under its lock: one that was settled
//!   is no longer unsent, and one that was claimed is no longer due.
//! - A reply that somebody holds locked is passed over, and its successors with it: they are not the first.

use std::collections::HashMap;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::PgConnection;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::early;
use super::readers::{Read as _, Readers};
use super::rows::Cells;
use super::transaction::{Ending, Operation};
use super::turn_rows::time;
use crate::store::rules::deliveries::{DEAD, DROPPED, IN_FLIGHT, SENT, Settled, WAITING, hooked};
use crate::store::{OutboxEntry, OutboxQuery, OutboxRow, OutboxState, OutboxVerdict, Result, Settlement};
use crate::types::{AccountId, BusinessId, Pair, Reach};

/// Takes replies that are due. A lease that ran out makes them due again: its owner is presumed dead.
pub(super) struct Claim {
    pub(super) now: Timestamp,
    pub(super) lease_until: Timestamp,
    pub(super) limit: u32,
}

/// The columns that [`read`] reads, of the table `o`.
macro_rules! columns {
    () => {
        "o.n, o.id, o.business_id, o.participant_id, o.version, o.ordinal, o.seq, o.channel, o.account, o.address,
         o.heard_at, o.reply, o.attempts, o.parts_sent, o.unknown, o.created_at"
    };
}

/// Waits for no row. The order of RETURNING is not promised, so that it is made at the end.
macro_rules! claim {
    ($among:literal) => {
        concat!(
            "WITH due AS MATERIALIZED (
                 SELECT o.id FROM outbox o
                 WHERE o.state IN (0, 1) AND o.due_at <= $1 ",
            $among,
            // Only the first unsent one of each row: a later reply must not overtake it.
            "  AND NOT EXISTS (
                     SELECT FROM outbox e
                     WHERE e.conversation_id = o.conversation_id AND e.channel = o.channel
                       AND e.account = o.account AND e.state IN (0, 1)
                       AND (e.version, e.ordinal) < (o.version, o.ordinal))
                 ORDER BY o.due_at, o.n LIMIT $3
                 FOR NO KEY UPDATE OF o SKIP LOCKED),
             claimed AS (
                 UPDATE outbox o SET state = 1, attempts = o.attempts + 1, due_at = $2
                 FROM due WHERE o.id = due.id AND o.state IN (0, 1)
                 RETURNING ",
            columns!(),
            ") SELECT * FROM claimed ORDER BY n"
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
        let claimed = rows
            .iter()
            .map(|row| read(&Cells::new(row, "outbox", "id"), false));
        Ok(Ending::Commit(claimed.collect::<Result<_>>()?))
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

/// Rows are locked in the order of their ids, so that two who settle the same ones wait for each other in one direction
/// only; under its lock each is tested again. An id that the channel gave twice is not recorded twice: whatever it is
/// good for, the row must be settled.
const SETTLE: &str = "
    WITH settled AS MATERIALIZED (
        SELECT o.id, s.state, s.due_at, s.problem, s.result, s.provider_id
        FROM unnest($1::uuid[], $2::smallint[], $3::timestamptz[], $4::text[], $5::text[], $6::text[])
            AS s (id, state, due_at, problem, result, provider_id)
        JOIN outbox o ON o.id = s.id AND o.state IN (0, 1)
        ORDER BY o.id FOR NO KEY UPDATE OF o),
    done AS (
        UPDATE outbox o SET
            state = s.state, due_at = COALESCE(s.due_at, o.due_at),
            problem = CASE WHEN s.result IS NULL THEN o.problem ELSE s.problem END,
            attempts = CASE WHEN s.result IS NULL THEN GREATEST(o.attempts - 1, 0) ELSE o.attempts END,
            unknown = CASE s.result WHEN 'unknown' THEN true WHEN 'sent' THEN false ELSE o.unknown END
        FROM settled s
        WHERE o.id = s.id AND o.state IN (0, 1)
        RETURNING o.id, o.conversation_id, o.channel, o.account, o.parts_sent, o.created_at, s.result, s.problem,
                  s.provider_id),
    tried AS (
        INSERT INTO delivery_attempts (outbox_id, number, at, result, problem)
        SELECT d.id, COALESCE((SELECT MAX(a.number) FROM delivery_attempts a WHERE a.outbox_id = d.id), 0) + 1,
               clock_timestamp(), d.result, d.problem
        FROM done d WHERE d.result IS NOT NULL AND d.channel = ANY ($7::text[])
        -- Two who settle a row after one another may not see each other's.
        ON CONFLICT DO NOTHING),
    given AS (
        INSERT INTO deliveries
            (outbox_id, part, channel, account, conversation_id, provider_id, said_at, status, status_at)
        SELECT d.id, d.parts_sent, d.channel, d.account, d.conversation_id, d.provider_id, d.created_at, 'sent',
               clock_timestamp()
        FROM done d WHERE d.result = 'sent' AND d.channel = ANY ($7::text[])
        ON CONFLICT DO NOTHING RETURNING outbox_id)
    SELECT d.id, d.result = 'sent' AND NOT EXISTS (SELECT FROM given g WHERE g.outbox_id = d.id) AS told
    FROM done d";

/// A receipt can be faster than whoever sent the reply, and does not always know the provider's id.
const LATE: &str = "
    INSERT INTO deliveries
        (outbox_id, part, channel, account, conversation_id, provider_id, said_at, status, status_at)
    SELECT o.id, o.parts_sent, o.channel, o.account, o.conversation_id, s.provider_id, o.created_at, 'sent',
           clock_timestamp()
    FROM unnest($1::uuid[], $2::text[]) AS s (id, provider_id)
    JOIN outbox o ON o.id = s.id AND o.account <> '' AND o.state IN (2, 3)
    ON CONFLICT DO NOTHING RETURNING outbox_id";

#[async_trait]
impl Operation for Settle {
    type Output = ();

    async fn run(&self, connection: &mut PgConnection) -> Result<Ending<()>> {
        let mut ids = Vec::with_capacity(self.settled.len());
        let mut states: Vec<i16> = Vec::with_capacity(ids.capacity());
        let mut due_at = Vec::with_capacity(ids.capacity());
        let mut problems: Vec<Option<&str>> = Vec::with_capacity(ids.capacity());
        let mut results: Vec<Option<&str>> = Vec::with_capacity(ids.capacity());
        let mut provider_ids: Vec<Option<&str>> = Vec::with_capacity(ids.capacity());
        for (id, settlement) in &self.settled {
            let settled = Settled::by(settlement);
            ids.push(*id);
            states.push(settled.state);
            due_at.push(settled.due_at.map(time));
            problems.push(settled.problem);
            results.push(settled.result);
            provider_ids.push(settled.provider_id);
        }
        let done = sqlx::query(SETTLE)
            .bind(&ids)
            .bind(states)
            .bind(due_at)
            .bind(problems)
            .bind(results)
            .bind(&provider_ids)
            .bind(hooked())
            .fetch_all(&mut *connection)
            .await?;
        let mut settled = HashMap::with_capacity(done.len());
        for row in &done {
            let cells = Cells::new(row, "outbox", "id");
            settled.insert(
                cells.id("id")?,
                cells.get::<Option<bool>>("told")?.unwrap_or(false),
            );
        }
        let named = ids.into_iter().zip(provider_ids);
        let named = named.filter_map(|(id, given)| Some((id, given?)));
        let (now, late): (Vec<_>, Vec<_>) = named.partition(|(id, _)| settled.contains_key(id));
        let mut told: Vec<(Uuid, &str)> = now.into_iter().filter(|(id, _)| settled[id]).collect();
        if !late.is_empty() {
            let (ids, given): (Vec<Uuid>, Vec<&str>) = late.iter().copied().unzip();
            let recorded: Vec<Uuid> = sqlx::query_scalar(LATE)
                .bind(ids)
                .bind(given)
                .fetch_all(&mut *connection)
                .await?;
            told.extend(late.into_iter().filter(|(id, _)| !recorded.contains(id)));
        }
        // The name is taken: a receipt may have been faster than this.
        for (id, provider_id) in told {
            early::adopt(connection, id, None, provider_id).await?;
        }
        Ok(Ending::Commit(()))
    }
}

/// Rows for operators, oldest first.
pub(super) async fn list(readers: &Readers, query: &OutboxQuery) -> Result<Vec<OutboxEntry>> {
    let after = query.after;
    // Each state by an index of its own, but for what was sent, which nobody looks for often.
    macro_rules! page {
        ($states:literal) => {
            concat!(
                "SELECT ",
                columns!(),
                ", o.state::bigint AS state, o.due_at, o.problem
                 FROM outbox o WHERE o.state ",
                $states,
                " AND ($1::text IS NULL OR o.business_id = $1)
                  AND ($2::timestamptz IS NULL OR (o.created_at, o.id) > ($2, $3::uuid))
                  AND ($5::uuid IS NULL OR o.id = $5)"
            )
        };
    }
    macro_rules! in_order {
        ($rows:expr) => {
            concat!(
                "SELECT * FROM (",
                $rows,
                ") found ORDER BY created_at, id LIMIT $4"
            )
        };
    }
    let text = match query.state {
        None => in_order!(concat!(page!("IN (0, 1)"), " UNION ALL ", page!("= 3"))),
        Some(OutboxState::Waiting) => in_order!(concat!(page!("IN (0, 1)"), " AND o.state = 0")),
        Some(OutboxState::InFlight) => in_order!(concat!(page!("IN (0, 1)"), " AND o.state = 1")),
        Some(OutboxState::Sent) => in_order!(page!("= 2")),
        Some(OutboxState::Dead) => in_order!(page!("= 3")),
    };
    let rows = sqlx::query(text)
        .bind(query.business.as_ref().map(BusinessId::as_str))
        .bind(after.map(|(at, _)| time(at)))
        .bind(after.map(|(_, id)| id))
        .bind(i64::from(query.limit))
        .bind(query.id)
        .read_all(readers)
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

/// Twice the same, so that each has the index that fits. A lease that ran out is as good as none.
macro_rules! decide {
    ($rows:literal, $becomes:literal) => {
        concat!(
            "WITH decided AS MATERIALIZED (
                 SELECT o.id FROM outbox o WHERE o.id = ANY ($1::uuid[]) AND o.state ",
            $rows,
            " ORDER BY o.id FOR NO KEY UPDATE OF o)
             UPDATE outbox o SET ",
            $becomes,
            " FROM decided d WHERE o.id = d.id AND o.state ",
            $rows
        )
    };
}

#[async_trait]
impl Operation for Decide {
    type Output = u64;

    async fn run(&self, connection: &mut PgConnection) -> Result<Ending<u64>> {
        // In an order in which no row is met twice.
        let texts = match self.verdict {
            OutboxVerdict::Retry => [
                decide!(
                    "IN (0, 1) AND (o.state = 0 OR o.due_at <= $2)",
                    "state = 0, due_at = $2, attempts = 0, unknown = false, problem = NULL"
                ),
                decide!(
                    "= 3",
                    "state = 0, due_at = $2, attempts = 0, unknown = false, problem = NULL"
                ),
            ],
            OutboxVerdict::Drop => [
                decide!("= 3 AND $2::timestamptz IS NOT NULL", "problem = $3"),
                decide!(
                    "IN (0, 1) AND (o.state = 0 OR o.due_at <= $2)",
                    "state = 3, problem = $3"
                ),
            ],
        };
        let mut decided = 0;
        for text in texts {
            let mut query = sqlx::query(text).bind(&self.ids).bind(time(self.now));
            if self.verdict == OutboxVerdict::Drop {
                query = query.bind(DROPPED);
            }
            decided += query.execute(&mut *connection).await?.rows_affected();
        }
        Ok(Ending::Commit(decided))
    }
}
