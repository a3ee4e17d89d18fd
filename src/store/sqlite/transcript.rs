//! What was said, and in which sessions.

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Serialize;
use sqlx::sqlite::SqliteRow;
use sqlx::{SqliteConnection, SqlitePool};

use super::operation::Operation;
use super::rows::{Cells, blob, hex, json, micros, signed};
use crate::store::transcript::Metadata;
use crate::store::{Direction, Result, Session, TranscriptEntry};
use crate::types::{ConversationId, SessionId, TurnId};

/// A message as it stands in JSON, for [`insert_messages`].
#[derive(Serialize)]
pub(super) struct MessageRow<'a>(
    String,
    i64,
    String,
    String,
    &'static str,
    &'a str,
    &'a str,
    &'static str,
    &'a str,
    Option<String>,
    Option<&'a str>,
    Option<&'a str>,
    i64,
    u32,
    Option<String>,
    i64,
);

impl<'a> MessageRow<'a> {
    /// The message of a conversation, whose id is given as [`hex()`] writes it.
    pub(super) fn of(conversation: String, entry: &'a TranscriptEntry) -> Result<Self> {
        Ok(Self(
            conversation,
            signed(entry.seq),
            hex(entry.session.0),
            hex(entry.turn.0),
            match entry.direction {
                Direction::Inbound => "inbound",
                Direction::Outbound => "outbound",
            },
            &entry.role,
            &entry.message_id,
            entry.channel.as_str(),
            &entry.text,
            if entry.options.is_empty() {
                None
            } else {
                Some(json(&entry.options)?)
            },
            entry.attachments.as_deref(),
            entry.engine.as_deref(),
            signed(entry.tokens()),
            entry.latency_ms,
            entry.asked.as_deref().map(json).transpose()?,
            micros(entry.at),
        ))
    }
}

/// Inserts the [`MessageRow`]s of a parameter.
macro_rules! insert_messages {
    ($rows:literal) => {
        concat!(
            "WITH input AS MATERIALIZED (SELECT value AS v FROM jsonb_each(",
            $rows,
            "))
         INSERT INTO messages
             (conversation_id, seq, session_id, turn_id, direction, role, message_id, channel, content, options,
              attachments, model, tokens, latency_ms, metadata, at)
         SELECT unhex(v ->> 0), v ->> 1, unhex(v ->> 2), unhex(v ->> 3), v ->> 4, v ->> 5, v ->> 6, v ->> 7,
                v ->> 8, v ->> 9, v ->> 10, v ->> 11, v ->> 12, v ->> 13, v ->> 14, v ->> 15
         FROM input WHERE true"
        )
    };
}
pub(super) use insert_messages;

/// Adds to transcripts; what they have already stays.
pub(super) struct Append {
    rows: String,
}

impl Append {
    pub(super) fn new(said: &[(ConversationId, &TranscriptEntry)]) -> Result<Self> {
        let rows: Result<Vec<_>> = said
            .iter()
            .map(|(conversation, entry)| MessageRow::of(hex(conversation.0), entry))
            .collect();
        Ok(Self { rows: json(&rows?)? })
    }
}

#[async_trait]
impl Operation for Append {
    type Output = ();

    async fn run(&self, connection: &mut SqliteConnection) -> Result<()> {
        sqlx::query(concat!(
            insert_messages!("$1"),
            " ON CONFLICT (conversation_id, seq) DO NOTHING;

             -- What its sender has taken back meanwhile is not to come after all.
             UPDATE messages SET content = '', attachments = NULL, status = 'redacted'
             FROM (SELECT unhex(value ->> 0) AS conversation_id, value ->> 1 AS seq FROM json_each($1)) said
             WHERE messages.conversation_id = said.conversation_id AND messages.seq = said.seq
               AND messages.direction = 'inbound'
               AND EXISTS (
                   SELECT 1 FROM inbox i
                   WHERE i.text = '' AND i.attachments IS NULL AND i.conversation_id = messages.conversation_id
                     AND i.message_id = messages.message_id AND i.channel = messages.channel
                     AND i.turn_id = messages.turn_id)"
        ))
        .bind(&self.rows)
        .execute(connection)
        .await?;
        Ok(())
    }

    fn bytes(&self) -> usize {
        self.rows.len()
    }

    fn may_book(&self) -> bool {
        false
    }
}

/// The page of a transcript that ends before `before`, oldest first.
pub(super) async fn page(
    readers: &SqlitePool,
    conversation: ConversationId,
    before: Option<u64>,
    limit: u32,
) -> Result<Vec<TranscriptEntry>> {
    let mut rows = sqlx::query(
        "SELECT conversation_id, seq, session_id, turn_id, direction, role, message_id, channel, content, options,
                attachments, model, latency_ms, metadata, at
         FROM messages WHERE conversation_id = $1 AND seq < COALESCE($2, 9223372036854775807)
         ORDER BY seq DESC LIMIT $3",
    )
    .bind(blob(conversation.0))
    .bind(before.map(signed))
    .bind(i64::from(limit))
    .fetch_all(readers)
    .await?;
    rows.reverse();
    rows.iter().map(entry).collect()
}

fn entry(row: &SqliteRow) -> Result<TranscriptEntry> {
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
    readers: &SqlitePool,
    conversation: ConversationId,
    limit: u32,
) -> Result<Vec<Session>> {
    let rows = sqlx::query(
        "SELECT id, title, started_at, last_activity, ended_at, message_count, total_tokens
         FROM sessions WHERE conversation_id = $1
         ORDER BY started_at DESC, id DESC LIMIT $2",
    )
    .bind(blob(conversation.0))
    .bind(i64::from(limit))
    .fetch_all(readers)
    .await?;
    let session = |row: &SqliteRow| {
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

    async fn run(&self, connection: &mut SqliteConnection) -> Result<u64> {
        let closed =
            sqlx::query("UPDATE sessions SET ended_at = $2 WHERE ended_at IS NULL AND last_activity < $1")
                .bind(micros(self.idle_since))
                .bind(micros(self.now))
                .execute(connection)
                .await?;
        Ok(closed.rows_affected())
    }
}
