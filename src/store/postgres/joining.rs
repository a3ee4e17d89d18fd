//! Two participants become one.
//!
//! The calendar of the business is locked first, then both conversations in the order of their ids, as everywhere; so
//! joins of a business happen one after the other, and no turn of either conversation is between its look and its
//! commit. One that is under way finds another version, and one that would answer a message which has moved finds that
//! it is not its own any more.

use async_trait::async_trait;
use sqlx::PgConnection;
use uuid::Uuid;

use super::booking::lock_calendars;
use super::rows::{Cells, json, signed};
use super::transaction::{Ending, Operation};
use super::turn_rows::time;
use crate::dialogue::Context;
use crate::dialogue::context::SCHEMA;
use crate::store::rules::joining::{HandOver, Join, Joining, Side, Standing, answer, context};
use crate::store::{Joined, LinkProof, Result};
use crate::types::ParticipantId;

#[async_trait]
impl Operation for Join {
    type Output = Joined;

    async fn run(&self, connection: &mut PgConnection) -> Result<Ending<Joined>> {
        lock_calendars(connection, &[&self.business]).await?;
        Ok(match self.carry_out(connection).await? {
            // A token that was spent on what is so already stays spent.
            done @ (Joined::Done(_) | Joined::Already) => Ending::Commit(done),
            nothing => Ending::RollBack(nothing),
        })
    }
}

#[async_trait]
impl Operation for HandOver {
    type Output = Option<ParticipantId>;

    async fn run(&self, connection: &mut PgConnection) -> Result<Ending<Option<ParticipantId>>> {
        // Nobody is joined any further until this is over. A turn that would answer one of the messages waits for the
        // row, and looks again.
        let row = sqlx::query(
            "SELECT participant_id, joined_into FROM participants
             WHERE business_id = $1 AND participant_id = $2 AND joined_into IS NOT NULL FOR SHARE",
        )
        .bind(self.from.business.as_str())
        .bind(self.from.participant.as_str())
        .fetch_optional(&mut *connection)
        .await?;
        let Some(row) = row else {
            return Ok(Ending::RollBack(None));
        };
        let into: ParticipantId = Cells::new(&row, "participants", "participant_id").parsed("joined_into")?;
        let [from, to] = self.sides(&into);
        sqlx::query(
            "UPDATE inbox SET participant_id = $2, conversation_id = $3 WHERE conversation_id = $1 AND state = 0",
        )
        .bind(from)
        .bind(into.as_str())
        .bind(to)
        .execute(connection)
        .await?;
        Ok(Ending::Commit(Some(into)))
    }
}

#[async_trait]
impl Joining for PgConnection {
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
            .bind(time(join.now))
            .execute(&mut *self)
            .await?;
        sqlx::query(
            "INSERT INTO link_tokens (digest, business_id, participant_id, ends_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT (digest) DO NOTHING",
        )
        .bind(&proof.digest)
        .bind(join.business.as_str())
        .bind(join.from.as_str())
        .bind(time(proof.ends_at))
        .execute(&mut *self)
        .await?;
        let theirs = sqlx::query("SELECT 1 FROM link_tokens WHERE digest = $1 AND participant_id = $2")
            .bind(&proof.digest)
            .bind(join.from.as_str())
            .fetch_optional(self)
            .await?;
        Ok(theirs.is_some())
    }

    /// Locks both conversations. One that has no row yet gets one: a first turn of it may be under way. Then nobody is
    /// recognised as one of the two any more until this is over.
    async fn lock(&mut self, join: &Join, sides: [&Side; 2]) -> Result<[Standing; 2]> {
        let mut in_order = sides;
        in_order.sort_by_key(|side| side.conversation);
        let rows = sqlx::query(
            "INSERT INTO conversations AS c
                 (id, business_id, participant_id, version, context_schema, context, last_turn_id, last_activity,
                  created_at)
             SELECT t.id, $4, t.participant, 1, $5, $6, t.turn, $7, $7
             FROM unnest($1::uuid[], $2::text[], $3::uuid[]) WITH ORDINALITY AS t (id, participant, turn, place)
             ORDER BY t.place
             ON CONFLICT (id) DO UPDATE SET version = c.version
             RETURNING c.id, CASE WHEN c.xmax = 0 THEN 0 ELSE c.version END AS version,
                       c.context_schema::bigint AS context_schema, c.context",
        )
        .bind(in_order.map(|side| side.conversation).as_slice())
        .bind(in_order.map(|side| side.participant.as_str()).as_slice())
        .bind(in_order.map(|side| side.turn.0).as_slice())
        .bind(join.business.as_str())
        .bind(i32::try_from(SCHEMA).unwrap_or(i32::MAX))
        .bind(json(&Context::default())?)
        .bind(time(join.now))
        .fetch_all(&mut *self)
        .await?;
        let mut locked = [(); 2].map(|()| Standing {
            version: 0,
            context: Context::default(),
        });
        for row in &rows {
            let cells = Cells::new(row, "conversations", "id");
            let id = cells.id("id")?;
            for (side, locked) in sides.iter().zip(&mut locked) {
                if side.conversation == id {
                    locked.version = cells.number("version")?;
                    locked.context = context(cells.number("context_schema")?, cells.get("context")?);
                }
            }
        }
        sqlx::query(
            "SELECT FROM participants WHERE business_id = $1 AND participant_id = ANY ($2::text[])
             ORDER BY participant_id FOR UPDATE",
        )
        .bind(join.business.as_str())
        .bind(sides.map(|side| side.participant.as_str()).as_slice())
        .execute(self)
        .await?;
        Ok(locked)
    }

    async fn append(&mut self, join: &Join, from: &Side, into: &Side, used: u64) -> Result<(u64, u64)> {
        let found = sqlx::query("SELECT id FROM sessions WHERE conversation_id = $1")
            .bind(from.conversation)
            .fetch_all(&mut *self)
            .await?;
        let sessions: Result<Vec<Uuid>> = found
            .iter()
            .map(|row| Cells::new(row, "sessions", "id").id("id"))
            .collect();
        let sessions = sessions?;
        let copies = Join::copies(into, &sessions);
        sqlx::query(
            "INSERT INTO sessions
                 (id, conversation_id, title, started_at, last_activity, message_count, ended_at, metadata)
             SELECT c.copy, $3, s.title, s.started_at, s.last_activity, COALESCE(m.said, 0),
                    COALESCE(s.ended_at, $5), jsonb_build_object('joined_from', $6::text)
             FROM unnest($1::uuid[], $2::uuid[]) AS c (original, copy)
             JOIN sessions s ON s.id = c.original
             LEFT JOIN (SELECT session_id, COUNT(*) AS said FROM messages WHERE conversation_id = $4
                        GROUP BY session_id) m ON m.session_id = s.id",
        )
        .bind(&sessions)
        .bind(&copies)
        .bind(into.conversation)
        .bind(from.conversation)
        .bind(time(join.now))
        .bind(from.participant.as_str())
        .execute(&mut *self)
        .await?;
        let row = sqlx::query(
            "SELECT $1::text AS id, GREATEST(
                        COALESCE((SELECT MAX(seq) FROM messages WHERE conversation_id = $2), 0), $3) AS last",
        )
        .bind(into.participant.as_str())
        .bind(into.conversation)
        .bind(signed(used))
        .fetch_one(&mut *self)
        .await?;
        let last: u64 = Cells::new(&row, "messages", "id").number("last")?;
        let appended = sqlx::query(
            "INSERT INTO messages
                 (conversation_id, seq, session_id, turn_id, direction, role, message_id, channel, content,
                  content_type, options, attachments, model, latency_ms, status, metadata, at)
             SELECT $3, $5 + ROW_NUMBER() OVER (ORDER BY m.seq), COALESCE(c.copy, m.session_id), $6, m.direction,
                    m.role, m.message_id, m.channel, m.content, m.content_type, m.options, m.attachments, m.model,
                    m.latency_ms, m.status,
                    -- Of a copy the origin, not the copy that it is a copy of.
                    CASE WHEN m.metadata ? 'joined_from'
                         THEN jsonb_build_object('joined_from', m.metadata -> 'joined_from')
                         ELSE jsonb_build_object('joined_from', jsonb_build_object(
                                  'participant', $7::text, 'seq', m.seq, 'turn', m.turn_id)) END,
                    m.at
             FROM messages m
             LEFT JOIN unnest($1::uuid[], $2::uuid[]) AS c (original, copy) ON c.original = m.session_id
             WHERE m.conversation_id = $4",
        )
        .bind(sessions)
        .bind(copies)
        .bind(into.conversation)
        .bind(from.conversation)
        .bind(signed(last))
        .bind(into.turn.0)
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
            "WITH turn AS (
                 INSERT INTO turns (id, conversation_id, version, answer, committed_at) VALUES ($2, $1, $3, $4, $5))
             UPDATE conversations SET version = $3, last_turn_id = $2, context_schema = $6, context = $7
             WHERE id = $1",
        )
        .bind(side.conversation)
        .bind(side.turn.0)
        .bind(signed(version))
        .bind(answer(version, other))
        .bind(time(join.now))
        .bind(i32::try_from(SCHEMA).unwrap_or(i32::MAX))
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
                .bind(from.conversation)
                .bind(into.participant.as_str())
                .bind(into.conversation)
                .execute(&mut *self)
                .await?;
            moved += done.rows_affected();
        }
        Ok(moved)
    }

    async fn move_the_rest(&mut self, join: &Join, from: &Side, into: &Side) -> Result<()> {
        // Whoever keeps the calendar in memory is shown them anew.
        sqlx::query(
            "WITH calendar AS (
                 UPDATE calendars SET version = version + 1
                 WHERE business_id = $1
                   AND EXISTS (SELECT FROM appointments WHERE business_id = $1 AND participant_id = $2)
                 RETURNING version)
             UPDATE appointments SET participant_id = $3, calendar_version = calendar.version, updated_at = $4
             FROM calendar WHERE business_id = $1 AND participant_id = $2",
        )
        .bind(join.business.as_str())
        .bind(from.participant.as_str())
        .bind(into.participant.as_str())
        .bind(time(join.now))
        .execute(&mut *self)
        .await?;
        for text in [
            "UPDATE identities SET participant_id = $3 WHERE business_id = $1 AND participant_id = $2",
            "UPDATE waitlist_entries SET participant_id = $3 WHERE business_id = $1 AND participant_id = $2",
            "UPDATE participants SET contact_allowed = false
             WHERE business_id = $1 AND participant_id = $3
               AND EXISTS (SELECT FROM participants
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
            "WITH over AS (UPDATE sessions SET ended_at = $4 WHERE conversation_id = $1 AND ended_at IS NULL),
                  files AS (UPDATE attachments SET conversation_id = $3 WHERE conversation_id = $1)
             UPDATE handoffs SET participant_id = $2, conversation_id = $3 WHERE conversation_id = $1",
        )
        .bind(from.conversation)
        .bind(into.participant.as_str())
        .bind(into.conversation)
        .bind(time(join.now))
        .execute(self)
        .await?;
        Ok(())
    }
}
