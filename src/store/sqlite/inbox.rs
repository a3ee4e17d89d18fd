//! Messages accepted and not yet answered. Unique for ever by (channel, account, message id) (I3).

use std::collections::{BTreeMap, HashSet};

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::{Row as _, SqliteConnection, SqlitePool};

use super::operation::{Arrivals, Operation};
use super::rows::{Cells, blob, json, micros};
use crate::store::{
    Acceptance, Inbound, InboxEntry, InboxQuery, InboxState, InboxVerdict, MessageKey, Receipt, Result,
    Unanswered, Unfinished,
};
use crate::types::Pair;

/// Attempts after which a message is given up.
const ATTEMPTS_MAX: i64 = 4;

/// Records the messages of a whole batch, and says of each whether it is new.
pub(super) async fn accept(connection: &mut SqliteConnection, arrivals: &mut [&mut Arrivals]) -> Result<()> {
    let messages: Vec<_> = arrivals
        .iter()
        .flat_map(|asked| &asked.input)
        .map(|message| {
            (
                message.key.channel.as_str(),
                message.key.account.as_str(),
                message.key.message_id.as_str(),
                message.business.as_str(),
                message.participant.as_str(),
                message.pair().conversation().0.simple().to_string(),
                message.text.as_str(),
                message.attachments.as_deref(),
                message.sent_at.map(micros),
                micros(message.received_at),
                message.address.as_deref(),
            )
        })
        .collect();
    // First which of them are known, then all of them. Nothing comes in between: the write lock is held.
    let known = sqlx::query(
        "SELECT e.key FROM json_each($1) e
         CROSS JOIN inbox i
             ON i.channel = e.value ->> 0 AND i.account = e.value ->> 1 AND i.message_id = e.value ->> 2;

         WITH input AS MATERIALIZED (SELECT value AS v FROM json_each($1))
         INSERT INTO inbox
             (channel, account, message_id, business_id, participant_id, conversation_id, text, attachments,
              sent_at, received_at, address)
         SELECT v ->> 0, v ->> 1, v ->> 2, v ->> 3, v ->> 4, unhex(v ->> 5), v ->> 6, v ->> 7, v ->> 8, v ->> 9,
                v ->> 10
         FROM input WHERE true
         ON CONFLICT (channel, account, message_id) DO NOTHING",
    )
    .bind(json(&messages)?)
    .fetch_all(connection)
    .await?;
    let mut known_at = HashSet::with_capacity(known.len());
    for row in &known {
        known_at.insert(row.try_get::<i64, _>(0)?);
    }
    drop(messages);

    let mut at = 0;
    let mut seen: HashSet<MessageKey> = HashSet::new();
    for asked in arrivals {
        let mut answers = Vec::with_capacity(asked.input.len());
        for message in &asked.input {
            // The same key twice in one batch: the first is new.
            let new = !known_at.contains(&at) && seen.insert(message.key.clone());
            answers.push(if new {
                Acceptance::New
            } else {
                Acceptance::Duplicate
            });
            at += 1;
        }
        asked.answer = Some(Ok(answers));
    }
    Ok(())
}

/// What became of a message.
pub(super) async fn receipt(readers: &SqlitePool, key: &MessageKey) -> Result<Option<Receipt>> {
    let row = sqlx::query(
        "SELECT i.message_id, i.text, i.state, i.dropped_at, t.answer
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
pub(super) struct ClaimUnfinished {
    pub(super) before: Timestamp,
    pub(super) limit: u32,
}

#[async_trait]
impl Operation for ClaimUnfinished {
    type Output = Unfinished;

    async fn run(&self, connection: &mut SqliteConnection) -> Result<Unfinished> {
        let before = micros(self.before);
        let dead =
            sqlx::query("UPDATE inbox SET state = 2 WHERE state = 0 AND received_at < $1 AND attempts >= $2")
                .bind(before)
                .bind(ATTEMPTS_MAX)
                .execute(&mut *connection)
                .await?
                .rows_affected();
        let claimed = sqlx::query(
            "UPDATE inbox SET attempts = attempts + 1
             WHERE state = 0 AND received_at < $1
               AND conversation_id IN (
                   SELECT conversation_id FROM (
                       SELECT conversation_id, MAX(attempts) AS tried,
                              ROW_NUMBER() OVER (ORDER BY MAX(attempts), MIN(n)) AS place
                       FROM inbox WHERE state = 0 AND received_at < $1 GROUP BY conversation_id)
                   -- The untried together, else the least tried alone.
                   WHERE place <= $2 AND (tried = 0 OR place = 1))
             RETURNING n, message_id, business_id, participant_id",
        )
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
        Ok(Unfinished {
            pairs: pairs.into_iter().map(|(_, pair)| pair).collect(),
            dead,
        })
    }
}

/// Messages without an answer, for operators.
pub(super) async fn list(readers: &SqlitePool, query: &InboxQuery) -> Result<Vec<InboxEntry>> {
    let state = query.state.map(|state| match state {
        Unanswered::Pending => 0_i64,
        Unanswered::Dead => 2,
    });
    let after = query.after.as_ref();
    // Each state by the index of its own: together they would be looked for among all that was ever answered.
    let rows = sqlx::query(
        "SELECT * FROM (
             SELECT * FROM inbox WHERE state = 0 AND COALESCE($1, 0) = 0
             UNION ALL
             SELECT * FROM inbox WHERE state = 2 AND dropped_at IS NULL AND COALESCE($1, 2) = 2)
         WHERE ($2 IS NULL OR business_id = $2)
           AND ($3 IS NULL OR (received_at, channel, account, message_id) > ($3, $4, $5, $6))
         ORDER BY received_at, channel, account, message_id LIMIT $7",
    )
    .bind(state)
    .bind(
        query
            .business
            .as_ref()
            .map(|business| business.as_str().to_owned()),
    )
    .bind(after.map(|(received_at, _)| micros(*received_at)))
    .bind(after.map(|(_, key)| key.channel.as_str()))
    .bind(after.map(|(_, key)| key.account.clone()))
    .bind(after.map(|(_, key)| key.message_id.as_str().to_owned()))
    .bind(i64::from(query.limit))
    .fetch_all(readers)
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
    keys: String,
    verdict: InboxVerdict,
}

impl SettleDead {
    pub(super) fn new(keys: &[MessageKey], verdict: InboxVerdict) -> Result<Self> {
        let keys: Vec<_> = keys
            .iter()
            .map(|key| {
                (
                    key.channel.as_str(),
                    key.account.as_str(),
                    key.message_id.as_str(),
                )
            })
            .collect();
        Ok(Self {
            keys: json(&keys)?,
            verdict,
        })
    }
}

#[async_trait]
impl Operation for SettleDead {
    type Output = u64;

    async fn run(&self, connection: &mut SqliteConnection) -> Result<u64> {
        let dropped_at = match self.verdict {
            InboxVerdict::Retry => None,
            InboxVerdict::Drop { at } => Some(micros(at)),
        };
        let settled = sqlx::query(
            "UPDATE inbox SET
                 dropped_at = $2,
                 state = CASE WHEN $2 IS NULL THEN 0 ELSE state END,
                 attempts = CASE WHEN $2 IS NULL THEN 0 ELSE attempts END
             FROM json_each($1) e
             WHERE channel = e.value ->> 0 AND account = e.value ->> 1 AND message_id = e.value ->> 2
               AND state = 2 AND dropped_at IS NULL",
        )
        .bind(&self.keys)
        .bind(dropped_at)
        .execute(connection)
        .await?;
        Ok(settled.rows_affected())
    }

    fn may_book(&self) -> bool {
        false
    }
}

/// For the id of a conversation in a statement.
pub(super) fn conversation(pair: &Pair) -> Vec<u8> {
    blob(pair.conversation().0)
}
