//! Messages without an answer, for operators, and what they decide about dead letters.

use async_trait::async_trait;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgPool};

use super::inbox;
use super::rows::Cells;
use super::transaction::{Ending, Operation};
use super::turn_rows::time;
use crate::store::{InboxEntry, InboxQuery, InboxVerdict, MessageKey, Result, Unanswered};

/// Messages without an answer, oldest first.
pub(super) async fn list(readers: &PgPool, query: &InboxQuery) -> Result<Vec<InboxEntry>> {
    let state = query.state.map(|state| match state {
        Unanswered::Pending => 0_i16,
        Unanswered::Dead => 2,
    });
    let after = query.after.as_ref();
    // Each state by the index of its own: together they would be looked for among all that was ever answered.
    let rows = sqlx::query(
        "SELECT * FROM (
             SELECT * FROM inbox WHERE state = 0 AND COALESCE($1::smallint, 0) = 0
             UNION ALL
             SELECT * FROM inbox WHERE state = 2 AND dropped_at IS NULL AND COALESCE($1::smallint, 2) = 2) i
         WHERE ($2::text IS NULL OR business_id = $2)
           AND ($3::timestamptz IS NULL
                OR (received_at, channel, account, message_id) > ($3, $4::text, $5::text, $6::text))
         ORDER BY received_at, channel, account, message_id LIMIT $7",
    )
    .bind(state)
    .bind(
        query
            .business
            .as_ref()
            .map(|business| business.as_str().to_owned()),
    )
    .bind(after.map(|(received_at, _)| time(*received_at)))
    .bind(after.map(|(_, key)| key.channel.as_str()))
    .bind(after.map(|(_, key)| key.account.clone()))
    .bind(after.map(|(_, key)| key.message_id.as_str().to_owned()))
    .bind(i64::from(query.limit))
    .fetch_all(readers)
    .await?;
    let entry = |row: &PgRow| {
        let cells = Cells::new(row, "inbox", "message_id");
        Ok(InboxEntry {
            message: inbox::read(&cells)?,
            state: match cells.get::<i16>("state")? {
                0 => Unanswered::Pending,
                2 => Unanswered::Dead,
                other => return Err(cells.corrupt("state", &other)),
            },
            attempts: u32::try_from(cells.get::<i32>("attempts")?)
                .map_err(|e| cells.corrupt("attempts", &e))?,
        })
    };
    rows.iter().map(entry).collect()
}

/// Does to dead letters what an operator decided.
pub(super) struct Settle {
    pub(super) keys: Vec<MessageKey>,
    pub(super) verdict: InboxVerdict,
}

#[async_trait]
impl Operation for Settle {
    type Output = u64;

    async fn run(&self, connection: &mut PgConnection) -> Result<Ending<u64>> {
        let dropped_at = match self.verdict {
            InboxVerdict::Retry => None,
            InboxVerdict::Drop { at } => Some(time(at)),
        };
        let column = |of: fn(&MessageKey) -> &str| -> Vec<String> {
            self.keys.iter().map(|key| of(key).to_owned()).collect()
        };
        // Locked in one order, so that two operators do not wait for each other crosswise.
        let settled = sqlx::query(
            "WITH dead AS MATERIALIZED (
                 SELECT i.channel, i.account, i.message_id FROM inbox i
                 WHERE (i.channel, i.account, i.message_id) IN (
                     SELECT * FROM unnest($1::text[], $2::text[], $3::text[]))
                   AND i.state = 2 AND i.dropped_at IS NULL
                 ORDER BY 1, 2, 3 FOR NO KEY UPDATE)
             UPDATE inbox SET
                 dropped_at = $4::timestamptz,
                 state = CASE WHEN $4 IS NULL THEN 0 ELSE inbox.state END,
                 attempts = CASE WHEN $4 IS NULL THEN 0 ELSE inbox.attempts END
             FROM dead
             WHERE inbox.channel = dead.channel AND inbox.account = dead.account
               AND inbox.message_id = dead.message_id",
        )
        .bind(column(|key| key.channel.as_str()))
        .bind(column(|key| &key.account))
        .bind(column(|key| key.message_id.as_str()))
        .bind(dropped_at)
        .execute(connection)
        .await?;
        Ok(Ending::Commit(settled.rows_affected()))
    }
}
