//! Rows of transcripts that are written after their turns.

use async_trait::async_trait;
use sqlx::PgConnection;

use super::transaction::{Ending, Operation};
use super::turn_rows::Messages;
use crate::store::{Result, TranscriptEntry};
use crate::types::ConversationId;

/// Adds to transcripts; what they have already stays.
pub(super) struct Append {
    pub(super) said: Vec<(ConversationId, TranscriptEntry)>,
}

#[async_trait]
impl Operation for Append {
    type Output = ();

    async fn run(&self, connection: &mut PgConnection) -> Result<Ending<()>> {
        let mut rows = Messages::default();
        for (conversation, entry) in &self.said {
            rows.push(conversation.0, entry)?;
        }
        let query = sqlx::query(
            "INSERT INTO messages
                 (conversation_id, seq, session_id, turn_id, direction, role, message_id, channel, content, options,
                  attachments, model, latency_ms, at)
             SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::uuid[], $5::text[], $6::text[],
                                  $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[],
                                  $13::bigint[], $14::timestamptz[])
             -- In one order, so that two processes do not wait for each other crosswise.
             ORDER BY 1, 2
             ON CONFLICT (conversation_id, seq) DO NOTHING",
        );
        rows.bind(query).execute(connection).await?;
        Ok(Ending::Commit(()))
    }
}
