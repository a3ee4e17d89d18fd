//! Two participants become one.
//!
//! Nothing comes in between, because there is one writer; and no turn shares a batch with this, because what is asked
//! about turns when a batch begins must stay true. A turn that was under way finds another version, and one that would
//! answer a message which has moved finds that it is not its own any more.

use async_trait::async_trait;
use sqlx::SqliteConnection;
use uuid::Uuid;

use super::operation::Operation;
use super::rows::{Cells, blob, hex, json, micros, signed};
use crate::dialogue::Context;
use crate::dialogue::context::SCHEMA;
use crate::store::rules::joining::{HandOver, Join, Joining, Side, Standing, answer, context};
use crate::store::{Joined, LinkProof, Result};
use crate::types::ParticipantId;

#[async_trait]
impl Operation for Join {
    type Output = Joined;

    async fn run(&self, connection: &mut SqliteConnection) -> Result<Joined> {
        self.carry_out(connection).await
    }

    fn is_alone(&self) -> bool {
        true
    }
}

#[async_trait]
impl Operation for HandOver {
    type Output = Option<ParticipantId>;

    async fn run(&self, connection: &mut SqliteConnection) -> Result<Option<ParticipantId>> {
        let row = sqlx::query(
            "SELECT participant_id, joined_into FROM participants
             WHERE business_id = $1 AND participant_id = $2 AND joined_into IS NOT NULL",
        )
        .bind(self.from.business.as_str())
        .bind(self.from.participant.as_str())
        .fetch_optional(&mut *connection)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let into: ParticipantId = Cells::new(&row, "participants", "participant_id").parsed("joined_into")?;
        let [from, to] = self.sides(&into).map(blob);
        sqlx::query(
            "UPDATE inbox SET participant_id = $2, conversation_id = $3 WHERE conversation_id = $1 AND state = 0",
        )
        .bind(from)
        .bind(into.as_str())
        .bind(to)
        .execute(connection)
        .await?;
        Ok(Some(into))
    }

    fn is_alone(&self) -> bool {
        true
    }
}

#[async_trait]
impl Joining for SqliteConnection {
    async fn who(&mut self, join: &Join, participant: &ParticipantId) -> Result<Option<ParticipantId>> {
        let row = sqlx::query(
            "SELECT participant_id, COALESCE(joined_into, participant_id) AS root FROM participants
             WHERE business_id = $1 AND participant_id = $2",
        )
        .bind(join.business.as_str())
        .bind(participant.as_str())
        .fetch_optional(self)
        .await?;
        row.map(|row| Cells::new(&row, "participants", "participant_id").parsed("root"))
            .transpose()
    }

    async fn spend(&mut self, join: &Join, proof: &LinkProof) -> Result<bool> {
        sqlx::query("DELETE FROM link_tokens WHERE ends_at <= $1")
            .bind(micros(join.now))
            .execute(&mut *self)
            .await?;
        sqlx::query(
            "INSERT INTO link_tokens (digest, business_id, participant_id, ends_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (digest) DO NOTHING",
        )
        .bind(&proof.digest)
        .bind(join.business.as_str())
        .bind(join.from.as_str())
        .bind(micros(proof.ends_at))
        .execute(&mut *self)
        .await?;
        let theirs = sqlx::query("SELECT 1 FROM link_tokens WHERE digest = $1 AND participant_id = $2")
            .bind(&proof.digest)
            .bind(join.from.as_str())
            .fetch_optional(self)
            .await?;
        Ok(theirs.is_some())
    }

    /// Nothing comes in between, because there is one writer.
    async fn lock(&mut self, join: &Join, sides: [&Side; 2]) -> Result<[Standing; 2]> {
        let [from, into] = sides;
        Ok([load(self, join, from).await?, load(self, join, into).await?])
    }

    async fn append(&mut self, join: &Join, from: &Side, into: &Side, used: u64) -> Result<(u64, u64)> {
        let found = sqlx::query("SELECT id FROM sessions WHERE conversation_id = $1")
            .bind(blob(from.conversation))
            .fetch_all(&mut *self)
            .await?;
        let sessions: Result<Vec<Uuid>> = found
            .iter()
            .map(|row| Cells::new(row, "sessions", "id").id("id"))
            .collect();
        let sessions = sessions?;
        let copies = Join::copies(into, &sessions).into_iter().map(hex);
        let copies = json(&sessions.iter().copied().map(hex).zip(copies).collect::<Vec<_>>())?;
        sqlx::query(
            "INSERT INTO sessions
                 (id, conversation_id, title, started_at, last_activity, message_count, ended_at, metadata)
             SELECT unhex(c.value ->> 1), $2, s.title, s.started_at, s.last_activity, COALESCE(m.said, 0),
                    COALESCE(s.ended_at, $4), json_object('joined_from', $5)
             FROM json_each($1) c
             CROSS JOIN sessions s ON s.id = unhex(c.value ->> 0)
             LEFT JOIN (SELECT session_id, COUNT(*) AS said FROM messages WHERE conversation_id = $3
                        GROUP BY session_id) m ON m.session_id = s.id",
        )
        .bind(&copies)
        .bind(blob(into.conversation))
        .bind(blob(from.conversation))
        .bind(micros(join.now))
        .bind(from.participant.as_str())
        .execute(&mut *self)
        .await?;
        let row = sqlx::query(
            "SELECT $1 AS id, MAX($3, COALESCE((SELECT MAX(seq) FROM messages WHERE conversation_id = $2), 0)) AS last",
        )
        .bind(into.participant.as_str())
        .bind(blob(into.conversation))
        .bind(signed(used))
        .fetch_one(&mut *self)
        .await?;
        let last: u64 = Cells::new(&row, "messages", "id").number("last")?;
        let appended = sqlx::query(
            "WITH copies AS MATERIALIZED (
                 SELECT unhex(value ->> 0) AS original, unhex(value ->> 1) AS copy FROM json_each($1))
             INSERT INTO messages
                 (conversation_id, seq, session_id, turn_id, direction, role, message_id, channel, content,
                  content_type, options, attachments, model, latency_ms, status, metadata, at)
             SELECT $2, $4 + ROW_NUMBER() OVER (ORDER BY m.seq), COALESCE(c.copy, m.session_id), $5, m.direction,
                    m.role, m.message_id, m.channel, m.content, m.content_type, m.options, m.attachments, m.model,
                    m.latency_ms, m.status,
                    -- Of a copy the origin, not the copy that it is a copy of.
                    json_object('joined_from', COALESCE(
                        json(m.metadata -> '$.joined_from'),
                        json_object('participant', $6, 'seq', m.seq, 'turn', lower(hex(m.turn_id))))),
                    m.at
             FROM messages m LEFT JOIN copies c ON c.original = m.session_id
             WHERE m.conversation_id = $3",
        )
        .bind(copies)
        .bind(blob(into.conversation))
        .bind(blob(from.conversation))
        .bind(signed(last))
        .bind(blob(into.turn.0))
        .bind(from.participant.as_str())
        .execute(self)
        .await?
        .rows_affected();
        Ok((last, appended))
    }

    async fn put(
        &mut self,
        join: &Join,
        side: &Side,
        standing: &Standing,
        other: &ParticipantId,
    ) -> Result<()> {
        let version = standing.version + 1;
        sqlx::query(
            "INSERT INTO turns (id, conversation_id, version, answer, committed_at) VALUES ($2, $1, $3, $4, $5);

             UPDATE conversations SET version = $3, last_turn_id = $2, context_schema = $6, context = $7
             WHERE id = $1",
        )
        .bind(blob(side.conversation))
        .bind(blob(side.turn.0))
        .bind(signed(version))
        .bind(answer(version, other))
        .bind(micros(join.now))
        .bind(SCHEMA)
        .bind(json(&standing.context)?)
        .execute(self)
        .await?;
        Ok(())
    }

    async fn move_messages(&mut self, from: &Side, into: &Side) -> Result<u64> {
        let mut moved = 0;
        for text in [
            "UPDATE inbox SET participant_id = $2, conversation_id = $3 WHERE conversation_id = $1 AND state = 0",
            "UPDATE inbox SET participant_id = $2, conversation_id = $3
             WHERE conversation_id = $1 AND state = 2 AND dropped_at IS NULL",
        ] {
            let done = sqlx::query(text)
                .bind(blob(from.conversation))
                .bind(into.participant.as_str())
                .bind(blob(into.conversation))
                .execute(&mut *self)
                .await?;
            moved += done.rows_affected();
        }
        Ok(moved)
    }

    async fn move_the_rest(&mut self, join: &Join, from: &Side, into: &Side) -> Result<()> {
        // Whoever keeps the calendar in memory is shown them anew.
        sqlx::query(
            "UPDATE calendars SET version = version + 1
             WHERE business_id = $1
               AND EXISTS (SELECT 1 FROM appointments WHERE business_id = $1 AND participant_id = $2);

             UPDATE appointments SET
                 participant_id = $3, updated_at = $4,
                 calendar_version = (SELECT version FROM calendars WHERE business_id = $1)
             WHERE business_id = $1 AND participant_id = $2",
        )
        .bind(join.business.as_str())
        .bind(from.participant.as_str())
        .bind(into.participant.as_str())
        .bind(micros(join.now))
        .execute(&mut *self)
        .await?;
        for text in [
            "UPDATE identities SET participant_id = $3 WHERE business_id = $1 AND participant_id = $2",
            "UPDATE waitlist_entries SET participant_id = $3 WHERE business_id = $1 AND participant_id = $2",
            "UPDATE participants SET contact_allowed = false
             WHERE business_id = $1 AND participant_id = $3
               AND EXISTS (SELECT 1 FROM participants
                           WHERE business_id = $1 AND participant_id = $2 AND NOT contact_allowed)",
            // Those who were joined into it before are who it is now.
            "UPDATE participants SET joined_into = $3
             WHERE business_id = $1 AND (participant_id = $2 OR joined_into = $2)",
        ] {
            sqlx::query(text)
                .bind(join.business.as_str())
                .bind(from.participant.as_str())
                .bind(into.participant.as_str())
                .execute(&mut *self)
                .await?;
        }
        sqlx::query(
            "UPDATE sessions SET ended_at = $4 WHERE conversation_id = $1 AND ended_at IS NULL;

             UPDATE attachments SET conversation_id = $3 WHERE conversation_id = $1;

             UPDATE handoffs SET participant_id = $2, conversation_id = $3 WHERE conversation_id = $1",
        )
        .bind(blob(from.conversation))
        .bind(into.participant.as_str())
        .bind(blob(into.conversation))
        .bind(micros(join.now))
        .execute(self)
        .await?;
        Ok(())
    }
}

/// One that has no row yet gets one: a first turn of it may be under way.
async fn load(connection: &mut SqliteConnection, join: &Join, side: &Side) -> Result<Standing> {
    let row = sqlx::query("SELECT id, version, context_schema, context FROM conversations WHERE id = $1")
        .bind(blob(side.conversation))
        .fetch_optional(&mut *connection)
        .await?;
    if let Some(row) = row {
        let cells = Cells::new(&row, "conversations", "id");
        return Ok(Standing {
            version: cells.number("version")?,
            context: context(cells.number("context_schema")?, cells.get("context")?),
        });
    }
    sqlx::query(
        "INSERT INTO conversations
             (id, business_id, participant_id, version, context_schema, context, last_turn_id, last_activity,
              created_at)
         VALUES ($1, $2, $3, 1, $4, '{}', $5, $6, $6)",
    )
    .bind(blob(side.conversation))
    .bind(join.business.as_str())
    .bind(side.participant.as_str())
    .bind(SCHEMA)
    .bind(blob(side.turn.0))
    .bind(micros(join.now))
    .execute(connection)
    .await?;
    Ok(Standing {
        version: 0,
        context: Context::default(),
    })
}
