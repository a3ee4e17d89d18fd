//! What a starting actor reads.

use sqlx::SqlitePool;

use super::inbox;
use super::rows::{Cells, signed};
use crate::store::{Opened, Result, StoredContext};
use crate::types::Pair;

/// The version, the context unless it is known, and the pending messages: one statement, so one snapshot.
pub(super) async fn open(readers: &SqlitePool, pair: &Pair, known: Option<u64>) -> Result<Opened> {
    let rows = sqlx::query(
        "WITH pending AS (
             SELECT n, channel, account, message_id, business_id, participant_id, text, attachments, sent_at,
                    received_at
             FROM inbox WHERE conversation_id = $1 AND state = 0 ORDER BY n LIMIT 50)
         -- IS NOT, never <: after a restored backup a cache can be ahead.
         SELECT 0 AS n, c.version, c.context_schema, CASE WHEN c.version IS NOT $2 THEN c.context END AS context,
                NULL AS channel, NULL AS account, hex($1) AS message_id, NULL AS business_id,
                NULL AS participant_id, NULL AS text, NULL AS attachments, NULL AS sent_at, NULL AS received_at
         FROM (SELECT 1) LEFT JOIN conversations c ON c.id = $1
         UNION ALL
         SELECT n, NULL, NULL, NULL, channel, account, message_id, business_id, participant_id, text, attachments,
                sent_at, received_at
         FROM pending
         ORDER BY n",
    )
    .bind(inbox::conversation(pair))
    .bind(known.map(signed))
    .fetch_all(readers)
    .await?;

    let mut opened = Opened {
        version: 0,
        context: None,
        pending: Vec::with_capacity(rows.len().saturating_sub(1)),
    };
    for row in &rows {
        let cells = Cells::new(row, "inbox", "message_id");
        if cells.get::<i64>("n")? > 0 {
            opened.pending.push(inbox::read(&cells)?);
            continue;
        }
        let cells = Cells::new(row, "conversations", "message_id");
        if cells.get::<Option<i64>>("version")?.is_some() {
            opened.version = cells.number("version")?;
        }
        if let Some(json) = cells.get::<Option<String>>("context")? {
            opened.context = Some(StoredContext {
                schema: cells.number("context_schema")?,
                json,
            });
        }
    }
    Ok(opened)
}
