//! Messages accepted and not yet answered. Unique for ever by (channel, account, message id) (I3).

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::PgConnection;

use super::readers::{Read as _, Readers};
use super::rows::Cells;
use super::transaction::{Ending, Operation};
use super::turn_rows::time;
use crate::store::{
    Inbound, InboxEntry, InboxQuery, InboxState, InboxVerdict, MessageKey, Receipt, Result, Unanswered,
    Unfinished,
};
use crate::types::{BusinessId, Pair};

/// Attempts after which a message is given up.
const ATTEMPTS_MAX: i32 = 4;

/// What became of a message.
pub(super) async fn receipt(readers: &Readers, key: &MessageKey) -> Result<Option<Receipt>> {
    let row = sqlx::query(
        "SELECT i.message_id, i.text, i.state::bigint AS state, i.dropped_at, t.answer
         FROM inbox i LEFT JOIN turns t ON t.id = i.turn_id
         WHERE i.channel = $1 AND i.account = $2 AND i.message_id = $3",
    )
    .bind(key.channel.as_str())
    .bind(key.account.as_str())
    .bind(key.message_id.as_str())
    .read_optional(readers)
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let cells = Cells::new(&row, "inbox", "message_id");
    let state = match cells.get::<i64>("state")? {
        0 => InboxState::Pending,
        1 => InboxState::Done,
        2 if cells.time_if_any("dropped_at")?.is_some() => InboxState::Dropped,
        2 => InboxState::Dead,
        other => return Err(cells.corrupt("state", &other)),
    };
    Ok(Some(Receipt {
        text: cells.get("text")?,
        state,
        answer: cells.get("answer")?,
    }))
}

/// Reads a message from a row that has its columns under their own names.
pub(super) fn read(cells: &Cells<'_>) -> Result<Inbound> {
    Ok(Inbound {
        key: MessageKey {
            channel: cells.parsed("channel")?,
            account: cells.get("account")?,
            message_id: cells.parsed("message_id")?,
        },
        business: cells.parsed("business_id")?,
        participant: cells.parsed("participant_id")?,
        text: cells.get("text")?,
        attachments: cells.get("attachments")?,
        address: cells.get("address")?,
        sent_at: cells.time_if_any("sent_at")?,
        received_at: cells.time("received_at")?,
        trace: None,
    })
}

/// Finds unfinished messages by their state, and counts an attempt on each before anybody works on it, so that a
/// message which kills the process ends as a dead letter and the conversation goes on.
///
/// Whoever claims does so alone (`ALONE`): who is untried, and who comes alone as the least tried, is a question about
/// all of them. The statements after the lock see what the last claimant wrote, because each has a snapshot of its own.
/// Turns are not kept out, and never waited for: a row that is locked is being answered, so that no attempt is counted
/// on it. As a claim waits for no row, it cannot be part of a deadlock with turns, whatever order they lock them in.
pub(super) struct ClaimUnfinished {
    pub(super) before: Timestamp,
    pub(super) limit: u32,
}

/// A lock that the transaction's end gives up. The numbers mean nothing but "frontdesk" and "the inbox".
const ALONE: &str = "SELECT pg_advisory_xact_lock(1718775661, 1)";

const GIVE_UP: &str = "
    WITH tired AS MATERIALIZED (
        SELECT conversation_id, n FROM inbox WHERE state = 0 AND received_at < $1 AND attempts >= $2
        ORDER BY conversation_id, n FOR NO KEY UPDATE SKIP LOCKED)
    UPDATE inbox i SET state = 2 FROM tired
    WHERE i.state = 0 AND i.conversation_id = tired.conversation_id AND i.n = tired.n";

const CLAIM: &str = "
    WITH waiting AS (
        SELECT conversation_id, MAX(attempts) AS tried,
               ROW_NUMBER() OVER (ORDER BY MAX(attempts), MIN(n)) AS place
        FROM inbox WHERE state = 0 AND received_at < $1 GROUP BY conversation_id),
    chosen AS MATERIALIZED (
        SELECT i.conversation_id, i.n
        FROM inbox i
        WHERE i.state = 0 AND i.received_at < $1
          -- The untried together, else the least tried alone.
          AND i.conversation_id IN (
              SELECT conversation_id FROM waiting WHERE place <= $2 AND (tried = 0 OR place = 1))
        ORDER BY i.conversation_id, i.n FOR NO KEY UPDATE OF i SKIP LOCKED)
    UPDATE inbox i SET attempts = i.attempts + 1 FROM chosen
    WHERE i.state = 0 AND i.conversation_id = chosen.conversation_id AND i.n = chosen.n
    RETURNING i.n, i.message_id, i.business_id, i.participant_id";

#[async_trait]
impl Operation for ClaimUnfinished {
    type Output = Unfinished;

    async fn run(&self, connection: &mut PgConnection) -> Result<Ending<Unfinished>> {
        sqlx::query(ALONE).execute(&mut *connection).await?;
        let before = time(self.before);
        let dead = sqlx::query(GIVE_UP)
            .bind(before)
            .bind(ATTEMPTS_MAX)
            .execute(&mut *connection)
            .await?
            .rows_affected();
        let claimed = sqlx::query(CLAIM)
            .bind(before)
            .bind(i64::from(self.limit))
            .fetch_all(connection)
            .await?;
        // The order of RETURNING is not promised.
        let mut oldest: BTreeMap<Pair, i64> = BTreeMap::new();
        for row in &claimed {
            let cells = Cells::new(row, "inbox", "message_id");
            let n: i64 = cells.get("n")?;
            let pair = Pair {
                business: cells.parsed("business_id")?,
                participant: cells.parsed("participant_id")?,
            };
            let first = oldest.entry(pair).or_insert(n);
            *first = n.min(*first);
        }
        let mut pairs: Vec<(i64, Pair)> = oldest.into_iter().map(|(pair, n)| (n, pair)).collect();
        pairs.sort();
        Ok(Ending::Commit(Unfinished {
            pairs: pairs.into_iter().map(|(_, pair)| pair).collect(),
            dead,
        }))
    }
}

/// Messages that are pending or dead, as an operator asks for them.
pub(super) async fn list(readers: &Readers, query: &InboxQuery) -> Result<Vec<InboxEntry>> {
    let state = query.state.map(|state| match state {
        Unanswered::Pending => 0_i16,
        Unanswered::Dead => 2,
    });
    let after = query.after.as_ref();
    // Each state by the index of its own: together they would be looked for among all that was ever answered.
    let rows = sqlx::query(
        "SELECT channel, account, message_id, business_id, participant_id, text, attachments, sent_at, received_at, address,
                state::bigint AS state, attempts::bigint AS attempts
         FROM (
             SELECT * FROM inbox WHERE state = 0 AND COALESCE($1, 0) = 0
             UNION ALL
             SELECT * FROM inbox WHERE state = 2 AND dropped_at IS NULL AND COALESCE($1, 2) = 2) unanswered
         WHERE ($2::text IS NULL OR business_id = $2)
           AND ($3::timestamptz IS NULL OR (received_at, channel, account, message_id) > ($3, $4, $5, $6))
         ORDER BY received_at, channel, account, message_id LIMIT $7",
    )
    .bind(state)
    .bind(query.business.as_ref().map(BusinessId::as_str))
    .bind(after.map(|(received_at, _)| time(*received_at)))
    .bind(after.map(|(_, key)| key.channel.as_str()))
    .bind(after.map(|(_, key)| key.account.as_str()))
    .bind(after.map(|(_, key)| key.message_id.as_str()))
    .bind(i64::from(query.limit))
    .read_all(readers)
    .await?;
    let entry = |row| {
        let cells = Cells::new(row, "inbox", "message_id");
        Ok(InboxEntry {
            message: read(&cells)?,
            state: match cells.get::<i64>("state")? {
                0 => Unanswered::Pending,
                2 => Unanswered::Dead,
                other => return Err(cells.corrupt("state", &other)),
            },
            attempts: cells.number("attempts")?,
        })
    };
    rows.iter().map(entry).collect()
}

/// Does to dead letters what an operator decided.
pub(super) struct SettleDead {
    pub(super) keys: Vec<MessageKey>,
    pub(super) verdict: InboxVerdict,
}

#[async_trait]
impl Operation for SettleDead {
    type Output = u64;

    async fn run(&self, connection: &mut PgConnection) -> Result<Ending<u64>> {
        let dropped_at = match self.verdict {
            InboxVerdict::Retry => None,
            InboxVerdict::Drop { at } => Some(time(at)),
        };
        let keys = &self.keys;
        let settled = sqlx::query(
            "UPDATE inbox SET
                 dropped_at = $4,
                 state = CASE WHEN $4 IS NULL THEN 0 ELSE state END,
                 attempts = CASE WHEN $4 IS NULL THEN 0 ELSE attempts END
             FROM unnest($1::text[], $2::text[], $3::text[]) AS k (channel, account, id)
             WHERE inbox.channel = k.channel AND inbox.account = k.account AND inbox.message_id = k.id
               AND inbox.state = 2 AND inbox.dropped_at IS NULL",
        )
        .bind(keys.iter().map(|key| key.channel.as_str()).collect::<Vec<_>>())
        .bind(keys.iter().map(|key| key.account.as_str()).collect::<Vec<_>>())
        .bind(keys.iter().map(|key| key.message_id.as_str()).collect::<Vec<_>>())
        .bind(dropped_at)
        .execute(connection)
        .await?;
        Ok(Ending::Commit(settled.rows_affected()))
    }
}
