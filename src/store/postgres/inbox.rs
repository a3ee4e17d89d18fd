//! Messages accepted and not yet answered. Unique for ever by (channel, account, message id) (I3).

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::{PgConnection, PgPool};

use super::rows::Cells;
use super::transaction::{Ending, Operation};
use super::turn_rows::time;
use crate::store::{Inbound, InboxState, MessageKey, Receipt, Result, Unfinished};
use crate::types::Pair;

/// Attempts after which a message is given up.
const ATTEMPTS_MAX: i32 = 4;

/// What became of a message.
pub(super) async fn receipt(readers: &PgPool, key: &MessageKey) -> Result<Option<Receipt>> {
    let row = sqlx::query(
        "SELECT i.message_id, i.text, i.state::bigint AS state, t.answer
         FROM inbox i LEFT JOIN turns t ON t.id = i.turn_id
         WHERE i.channel = $1 AND i.account = $2 AND i.message_id = $3",
    )
    .bind(key.channel.as_str())
    .bind(key.account.as_str())
    .bind(key.message_id.as_str())
    .fetch_optional(readers)
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let cells = Cells::new(&row, "inbox", "message_id");
    let state = match cells.get::<i64>("state")? {
        0 => InboxState::Pending,
        1 => InboxState::Done,
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
        sent_at: cells.time_if_any("sent_at")?,
        received_at: cells.time("received_at")?,
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
