//! What was said, and in which sessions.

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::PgConnection;
use sqlx::postgres::PgRow;

use super::readers::{Read as _, Readers};
use super::rows::{Cells, signed};
use super::transaction::{Ending, Operation};
use super::turn_rows::{Messages, time};
use super::turn_statement::insert_messages;
use crate::store::transcript::Metadata;
use crate::store::{Direction, Result, Session, TranscriptEntry};
use crate::types::{ConversationId, SessionId, TurnId};

/// Adds to transcripts what their turns have left out.
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
        let query = sqlx::query(concat!(
            insert_messages!(
                "$1", "$2", "$3", "$4", "$5", "$6", "$7", "$8", "$9", "$10", "$11", "$12", "$13", "$14",
                "$15", "$16"
            ),
            " ON CONFLICT (conversation_id, seq) DO NOTHING"
        ));
        rows.bind(query).execute(&mut *connection).await?;
        let (conversations, places): (Vec<_>, Vec<_>) = self
            .said
            .iter()
            .map(|(conversation, entry)| (conversation.0, signed(entry.seq)))
            .unzip();
        // What its sender has taken back meanwhile is not to come after all.
        sqlx::query(
            "UPDATE messages m SET content = '', attachments = NULL, status = 'redacted'
             FROM unnest($1::uuid[], $2::bigint[]) AS said (conversation, seq)
             WHERE m.conversation_id = said.conversation AND m.seq = said.seq AND m.direction = 'inbound'
               AND EXISTS (
                   SELECT FROM inbox i
                   WHERE i.text = '' AND i.attachments IS NULL AND i.conversation_id = m.conversation_id
                     AND i.message_id = m.message_id AND i.channel = m.channel AND i.turn_id = m.turn_id)",
        )
        .bind(conversations)
        .bind(places)
        .execute(connection)
        .await?;
        Ok(Ending::Commit(()))
    }
}

/// The page of a transcript that ends before `before`, oldest first.
pub(super) async fn page(
    readers: &Readers,
    conversation: ConversationId,
    before: Option<u64>,
    limit: u32,
) -> Result<Vec<TranscriptEntry>> {
    let mut rows = sqlx::query(
        "SELECT conversation_id, seq, session_id, turn_id, direction, role, message_id, channel, content, options,
                attachments, model, latency_ms, metadata::text AS metadata, at
         FROM messages WHERE conversation_id = $1 AND seq < COALESCE($2::bigint, 9223372036854775807)
         ORDER BY seq DESC LIMIT $3",
    )
    .bind(conversation.0)
    .bind(before.map(signed))
    .bind(i64::from(limit))
    .read_all(readers)
    .await?;
    rows.reverse();
    rows.iter().map(entry).collect()
}

fn entry(row: &PgRow) -> Result<TranscriptEntry> {
    let cells = Cells::new(row, "messages", "conversation_id");
    Ok(TranscriptEntry {
        seq: cells.number("seq")?,
        session: SessionId(cells.id("session_id")?),
        direction: cells.one_of("direction", |name| match name {
            "inbound" => Some(Direction::Inbound),
            "outbound" => Some(Direction::Outbound),
            _ => None,
        })?,
        role: cells.get("role")?,
        message_id: cells.get("message_id")?,
        text: cells.get("content")?,
        options: cells.json_if_any("options")?.unwrap_or_default(),
        attachments: cells.get("attachments")?,
        at: cells.time("at")?,
        channel: cells.parsed("channel")?,
        turn: TurnId(cells.id("turn_id")?),
        engine: cells.get("model")?,
        latency_ms: cells.number("latency_ms")?,
        asked: cells
            .json_if_any::<Metadata>("metadata")?
            .and_then(Metadata::asked),
    })
}

/// Sessions of a conversation, newest first.
pub(super) async fn sessions(
    readers: &Readers,
    conversation: ConversationId,
    limit: u32,
) -> Result<Vec<Session>> {
    let rows = sqlx::query(
        "SELECT id, title, started_at, last_activity, ended_at, message_count, total_tokens
         FROM sessions WHERE conversation_id = $1
         ORDER BY started_at DESC, id DESC LIMIT $2",
    )
    .bind(conversation.0)
    .bind(i64::from(limit))
    .read_all(readers)
    .await?;
    let session = |row: &PgRow| {
        let cells = Cells::new(row, "sessions", "id");
        Ok(Session {
            id: SessionId(cells.id("id")?),
            title: cells.get("title")?,
            started_at: cells.time("started_at")?,
            last_activity: cells.time("last_activity")?,
            ended_at: cells.time_if_any("ended_at")?,
            message_count: cells.number("message_count")?,
            total_tokens: cells.number("total_tokens")?,
        })
    };
    rows.iter().map(session).collect()
}

/// Closes sessions that nobody has used for long.
pub(super) struct CloseSessions {
    pub(super) idle_since: Timestamp,
    pub(super) now: Timestamp,
}

#[async_trait]
impl Operation for CloseSessions {
    type Output = u64;

    /// Waits for no row: one that is locked is being used, so that it is not idle, or is being closed.
    async fn run(&self, connection: &mut PgConnection) -> Result<Ending<u64>> {
        let closed = sqlx::query(
            "WITH idle AS MATERIALIZED (
                 SELECT id FROM sessions WHERE ended_at IS NULL AND last_activity < $1
                 ORDER BY conversation_id FOR NO KEY UPDATE SKIP LOCKED)
             UPDATE sessions s SET ended_at = $2 FROM idle WHERE s.id = idle.id",
        )
        .bind(time(self.idle_since))
        .bind(time(self.now))
        .execute(connection)
        .await?;
        Ok(Ending::Commit(closed.rows_affected()))
    }
}
