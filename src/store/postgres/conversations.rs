//! What a starting actor reads.

use super::inbox;
use super::readers::{Read as _, Readers};
use super::rows::{Cells, signed};
use crate::store::{Opened, Result, Standing, StoredContext};
use crate::types::{Pair, TurnId};

/// Where the conversation stands, the context unless it is known, and the pending messages: one statement, so one
/// snapshot.
pub(super) async fn open(readers: &Readers, pair: &Pair, known: Option<Standing>) -> Result<Opened> {
    let rows = sqlx::query(
        "WITH pending AS (
             SELECT n, channel, account, message_id, business_id, participant_id, text, attachments, sent_at,
                    received_at, address
             FROM inbox WHERE conversation_id = $1 AND state = 0 ORDER BY n LIMIT 50)
         -- IS DISTINCT FROM, never <: after a failover a cache can be ahead, or beside.
         SELECT 0::bigint AS n, c.version, c.last_turn_id, c.context_schema::bigint AS context_schema,
                CASE WHEN (c.version, c.last_turn_id) IS DISTINCT FROM ($2::bigint, $3::uuid) THEN c.context END
                    AS context,
                NULL AS channel, NULL AS account, $1::text AS message_id, NULL AS business_id,
                NULL AS participant_id, NULL AS text, NULL AS attachments, NULL::timestamptz AS sent_at,
                NULL::timestamptz AS received_at, NULL AS address,
                (SELECT joined_into FROM participants WHERE business_id = $4 AND participant_id = $5) AS joined_into
         FROM (SELECT 1) one LEFT JOIN conversations c ON c.id = $1
         UNION ALL
         SELECT n, NULL, NULL, NULL, NULL, channel, account, message_id, business_id, participant_id, text,
                attachments, sent_at, received_at, address, NULL
         FROM pending
         ORDER BY n",
    )
    .bind(pair.conversation().0)
    .bind(known.map(|known| signed(known.version)))
    .bind(known.map(|known| known.turn.0))
    .bind(pair.business.as_str())
    .bind(pair.participant.as_str())
    .read_all(readers)
    .await?;

    let mut opened = Opened {
        standing: None,
        context: None,
        pending: Vec::with_capacity(rows.len().saturating_sub(1)),
        joined_into: None,
    };
    for row in &rows {
        let cells = Cells::new(row, "inbox", "message_id");
        if cells.get::<i64>("n")? > 0 {
            opened.pending.push(inbox::read(&cells)?);
            continue;
        }
        let cells = Cells::new(row, "conversations", "message_id");
        if cells.get::<Option<String>>("joined_into")?.is_some() {
            opened.joined_into = Some(cells.parsed("joined_into")?);
        }
        if let Some(turn) = cells.id_if_any("last_turn_id")? {
            opened.standing = Some(Standing {
                version: cells.number("version")?,
                turn: TurnId(turn),
            });
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
