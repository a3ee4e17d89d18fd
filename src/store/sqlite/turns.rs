//! Committing turns, many in a few statements.
//!
//! sqlx pays a thread hop per statement, so a batch is: one read that finds the turns which must not be written
//! (the stale, and those whose messages were answered before; usually none), the effects of those that have any, one
//! by one, and one large write of everything else through `json_each`.

use serde::Serialize;
use sqlx::SqliteConnection;

use super::operation::Turn;
use super::rows::{Cells, json, micros, signed};
use super::writer::{release, savepoint, undo};
use super::{appointments, effects, errors, inbox};
use crate::booking::appointment::Appointment;
use crate::store::{CommitOutcome, Direction, Result, TurnCommit};
use crate::types::{ConversationId, TurnId};

/// Writes the turns of a batch, whose conversations are all different, and sets the answer of each.
pub(super) async fn commit(connection: &mut SqliteConnection, mut turns: Vec<&mut Turn>) -> Result<()> {
    for turn in &mut turns {
        turn.answer = None;
    }
    fence(connection, &mut turns).await?;
    refuse_answered(connection, &mut turns).await?;
    turns.retain(|turn| turn.answer.is_none());

    let mut changed = Vec::with_capacity(turns.len());
    for turn in &mut turns {
        changed.push(carry_out_effects(connection, turn).await?);
    }

    let surviving: Vec<&TurnCommit> = turns
        .iter()
        .filter(|turn| turn.answer.is_none())
        .map(|turn| &turn.input)
        .collect();
    if !surviving.is_empty() {
        write(connection, &surviving).await?;
    }
    for (turn, appointments) in turns.into_iter().zip(changed) {
        if turn.answer.is_none() {
            turn.answer = Some(Ok(CommitOutcome::Committed {
                version: turn.input.expected_version + 1,
                appointments,
            }));
        }
    }
    Ok(())
}

/// Refuses the turns that started from another version than the committed one (I1). One of them whose own id stands
/// there has been committed before, and is told so.
async fn fence(connection: &mut SqliteConnection, turns: &mut [&mut Turn]) -> Result<()> {
    let expected: Vec<_> = turns
        .iter()
        .map(|turn| {
            (
                hex(turn.input.pair.conversation().0),
                signed(turn.input.expected_version),
            )
        })
        .collect();
    let stale = sqlx::query(
        "SELECT e.key AS place, COALESCE(c.version, 0) AS version, c.last_turn_id, unhex(e.value ->> 0) AS id
         FROM jsonb_each($1) e LEFT JOIN conversations c ON c.id = unhex(e.value ->> 0)
         WHERE COALESCE(c.version, 0) <> e.value ->> 1",
    )
    .bind(json(&expected)?)
    .fetch_all(&mut *connection)
    .await?;
    for row in &stale {
        let cells = Cells::new(row, "conversations", "id");
        let committed: u64 = cells.number("version")?;
        let place: usize = cells.number("place")?;
        let Some(turn) = turns.get_mut(place) else {
            continue;
        };
        let again = cells.id_if_any("last_turn_id")?.map(TurnId) == Some(turn.input.turn);
        turn.answer = Some(Ok(if again {
            CommitOutcome::Committed {
                version: committed,
                appointments: changed_by(connection, &turn.input).await?,
            }
        } else {
            CommitOutcome::VersionConflict { committed }
        }));
    }
    Ok(())
}

/// What a committed turn changed, as it is now.
async fn changed_by(connection: &mut SqliteConnection, turn: &TurnCommit) -> Result<Vec<Appointment>> {
    let mut changed = Vec::new();
    let ids = turn.effects.iter().filter_map(|effect| match effect {
        crate::dialogue::Effect::Confirm { appointment, .. }
        | crate::dialogue::Effect::Book { appointment }
        | crate::dialogue::Effect::Move { appointment, .. }
        | crate::dialogue::Effect::Cancel { appointment } => Some(appointment.id),
        _ => None,
    });
    for id in ids {
        changed.extend(appointments::load(connection, &turn.pair.business, id).await?);
    }
    Ok(changed)
}

/// Refuses the turns that answer a message which is answered (I3). No two turns of a batch answer the same one.
async fn refuse_answered(connection: &mut SqliteConnection, turns: &mut [&mut Turn]) -> Result<()> {
    let mut keys = Vec::new();
    for (at, turn) in turns.iter().enumerate().filter(|(_, turn)| turn.answer.is_none()) {
        keys.extend(
            turn.input
                .answered
                .iter()
                .enumerate()
                .map(|(place, message)| (at, place, &message.key)),
        );
    }
    if keys.is_empty() {
        return Ok(());
    }
    for (at, place) in inbox::answered_before(connection, &keys).await? {
        let Some(turn) = turns.get_mut(at) else {
            continue;
        };
        let Some(key) = turn.input.answered.get(place).map(|message| message.key.clone()) else {
            continue;
        };
        match &mut turn.answer {
            Some(Ok(CommitOutcome::AlreadyAnswered(keys))) if keys.contains(&key) => {}
            Some(Ok(CommitOutcome::AlreadyAnswered(keys))) => keys.push(key),
            answer => *answer = Some(Ok(CommitOutcome::AlreadyAnswered(vec![key]))),
        }
    }
    Ok(())
}

/// Carries out the effects of one turn, or takes them back and answers the turn.
async fn carry_out_effects(connection: &mut SqliteConnection, turn: &mut Turn) -> Result<Vec<Appointment>> {
    if turn.input.effects.is_empty() {
        return Ok(Vec::new());
    }
    savepoint(connection).await?;
    let outcome = match effects::carry_out(connection, &turn.input).await {
        Ok(Ok(changed)) => {
            release(connection).await?;
            return Ok(changed);
        }
        Ok(Err(refused)) => Ok(refused),
        Err(error) if errors::may_pass(&error) => return Err(error),
        Err(error) => Err(error),
    };
    undo(connection).await?;
    turn.answer = Some(outcome);
    Ok(Vec::new())
}

fn hex(id: uuid::Uuid) -> String {
    id.simple().to_string()
}

/// The rows of a batch, as arrays of arrays: SQLite takes them apart again.
#[derive(Default)]
struct Rows<'a> {
    turns: Vec<TurnRow<'a>>,
    sessions: Vec<SessionRow<'a>>,
    messages: Vec<MessageRow<'a>>,
    inbox: Vec<InboxRow<'a>>,
    outbox: Vec<OutboxRow<'a>>,
    /// Contexts and answers back to back, which the rows of turns point into: they are long, and would be escaped,
    /// parsed and unescaped for nothing.
    long: Vec<u8>,
}

#[derive(Serialize)]
struct TurnRow<'a>(
    String,
    &'a str,
    &'a str,
    i64,
    String,
    i64,
    u32,
    usize,
    usize,
    usize,
    usize,
);
#[derive(Serialize)]
struct SessionRow<'a>(String, String, &'a str, i64, i64, Option<i64>, i64, i64);
#[derive(Serialize)]
struct MessageRow<'a>(
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
    u32,
    i64,
);
#[derive(Serialize)]
struct InboxRow<'a>(
    &'static str,
    &'a str,
    &'a str,
    &'a str,
    &'a str,
    String,
    &'a str,
    Option<&'a str>,
    Option<i64>,
    i64,
    String,
);
#[derive(Serialize)]
struct OutboxRow<'a>(
    String,
    String,
    &'a str,
    &'a str,
    i64,
    u32,
    i64,
    &'static str,
    String,
    u8,
    u32,
    i64,
);

impl<'a> Rows<'a> {
    /// Appends a long text; answers with where it begins, counted from 1 as SQLite does.
    fn append(&mut self, text: &str) -> usize {
        let begins = self.long.len() + 1;
        self.long.extend_from_slice(text.as_bytes());
        begins
    }

    fn take(&mut self, turn: &'a TurnCommit) -> Result<()> {
        let ConversationId(conversation) = turn.pair.conversation();
        let conversation = hex(conversation);
        let id = hex(turn.turn.0);
        for session in &turn.sessions {
            self.sessions.push(SessionRow(
                hex(session.id.0),
                conversation.clone(),
                &session.title,
                micros(session.started_at),
                micros(session.last_activity),
                session.ended_at.map(micros),
                signed(session.message_count),
                signed(session.total_tokens),
            ));
        }
        for entry in &turn.transcript {
            self.messages.push(MessageRow(
                conversation.clone(),
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
                entry.latency_ms,
                micros(entry.at),
            ));
        }
        for message in &turn.answered {
            self.inbox.push(InboxRow(
                message.key.channel.as_str(),
                &message.key.account,
                message.key.message_id.as_str(),
                message.business.as_str(),
                message.participant.as_str(),
                hex(message.pair().conversation().0),
                &message.text,
                message.attachments.as_deref(),
                message.sent_at.map(micros),
                micros(message.received_at),
                id.clone(),
            ));
        }
        for row in &turn.outbox {
            self.outbox.push(OutboxRow(
                hex(row.id),
                conversation.clone(),
                turn.pair.business.as_str(),
                turn.pair.participant.as_str(),
                signed(row.version),
                row.ordinal,
                signed(row.seq),
                row.channel.as_str(),
                json(&row.reply)?,
                if row.sent { 2 } else { 0 },
                row.attempts,
                micros(row.at),
            ));
        }
        let context = self.append(&turn.context.json);
        let answer = self.append(&turn.answer);
        self.turns.push(TurnRow(
            conversation,
            turn.pair.business.as_str(),
            turn.pair.participant.as_str(),
            signed(turn.expected_version + 1),
            id,
            micros(turn.at),
            turn.context.schema,
            context,
            turn.context.json.len(),
            answer,
            turn.answer.len(),
        ));
        Ok(())
    }
}

/// Writes turns that nothing speaks against. Whatever fails here is poison: the writer splits the batch.
async fn write(connection: &mut SqliteConnection, turns: &[&TurnCommit]) -> Result<()> {
    let mut rows = Rows::default();
    for turn in turns {
        rows.take(turn)?;
    }
    let first: Vec<&TurnCommit> = turns
        .iter()
        .copied()
        .filter(|turn| turn.expected_version == 0)
        .collect();
    if !first.is_empty() {
        welcome(connection, &first).await?;
    }
    sqlx::query(
        "WITH input AS MATERIALIZED (SELECT value AS v FROM jsonb_each($1))
         INSERT INTO conversations
             (id, business_id, participant_id, version, context_schema, context, last_turn_id, last_activity,
              created_at)
         SELECT unhex(v ->> 0), v ->> 1, v ->> 2, v ->> 3, v ->> 6, CAST(substr($6, v ->> 7, v ->> 8) AS TEXT),
                unhex(v ->> 4), v ->> 5, v ->> 5
         FROM input WHERE true
         ON CONFLICT (id) DO UPDATE SET
             version = excluded.version, context_schema = excluded.context_schema, context = excluded.context,
             last_turn_id = excluded.last_turn_id, last_activity = excluded.last_activity;

         WITH input AS MATERIALIZED (SELECT value AS v FROM jsonb_each($1))
         INSERT INTO turns (id, conversation_id, version, answer, committed_at)
         SELECT unhex(v ->> 4), unhex(v ->> 0), v ->> 3, CAST(substr($6, v ->> 9, v ->> 10) AS TEXT), v ->> 5
         FROM input;

         WITH input AS MATERIALIZED (SELECT value AS v FROM jsonb_each($2))
         INSERT INTO sessions
             (id, conversation_id, title, started_at, last_activity, ended_at, message_count, total_tokens)
         SELECT unhex(v ->> 0), unhex(v ->> 1), v ->> 2, v ->> 3, v ->> 4, v ->> 5, v ->> 6, v ->> 7
         FROM input WHERE true
         ON CONFLICT (id) DO UPDATE SET
             title = excluded.title, last_activity = excluded.last_activity,
             message_count = excluded.message_count, total_tokens = excluded.total_tokens;

         -- On its own, because an index depends on it: named above, each turn would rewrite a page of that.
         WITH input AS MATERIALIZED (
             SELECT unhex(value ->> 0) AS id, value ->> 5 AS ended_at FROM jsonb_each($2))
         UPDATE sessions SET ended_at = input.ended_at FROM input
         WHERE sessions.id = input.id AND sessions.ended_at IS NOT input.ended_at;

         WITH input AS MATERIALIZED (SELECT value AS v FROM jsonb_each($3))
         INSERT INTO messages
             (conversation_id, seq, session_id, turn_id, direction, role, message_id, channel, content, options,
              attachments, model, latency_ms, at)
         SELECT unhex(v ->> 0), v ->> 1, unhex(v ->> 2), unhex(v ->> 3), v ->> 4, v ->> 5, v ->> 6, v ->> 7,
                v ->> 8, v ->> 9, v ->> 10, v ->> 11, v ->> 12, v ->> 13
         FROM input;

         -- Accepted before or not, pending or given up: with this turn they are answered.
         WITH input AS MATERIALIZED (SELECT value AS v FROM jsonb_each($4))
         INSERT INTO inbox
             (channel, account, message_id, business_id, participant_id, conversation_id, text, attachments,
              sent_at, received_at, state, turn_id)
         SELECT v ->> 0, v ->> 1, v ->> 2, v ->> 3, v ->> 4, unhex(v ->> 5), v ->> 6, v ->> 7, v ->> 8, v ->> 9,
                1, unhex(v ->> 10)
         FROM input WHERE true
         ON CONFLICT (channel, account, message_id) DO UPDATE SET state = 1, turn_id = excluded.turn_id;

         WITH input AS MATERIALIZED (SELECT value AS v FROM jsonb_each($5))
         INSERT INTO outbox
             (id, conversation_id, business_id, participant_id, version, ordinal, seq, channel, reply, state,
              attempts, due_at, created_at)
         SELECT unhex(v ->> 0), unhex(v ->> 1), v ->> 2, v ->> 3, v ->> 4, v ->> 5, v ->> 6, v ->> 7, v ->> 8,
                v ->> 9, v ->> 10, v ->> 11, v ->> 11
         FROM input",
    )
    .bind(json(&rows.turns)?)
    .bind(json(&rows.sessions)?)
    .bind(json(&rows.messages)?)
    .bind(json(&rows.inbox)?)
    .bind(json(&rows.outbox)?)
    .bind(rows.long)
    .execute(connection)
    .await?;
    Ok(())
}

/// Writes who begins a conversation, and how they are reached.
async fn welcome(connection: &mut SqliteConnection, turns: &[&TurnCommit]) -> Result<()> {
    let participants: Vec<_> = turns
        .iter()
        .map(|turn| {
            (
                turn.pair.business.as_str(),
                turn.pair.participant.as_str(),
                micros(turn.at),
            )
        })
        .collect();
    let identities: Vec<_> = turns
        .iter()
        .flat_map(|turn| turn.answered.iter().map(move |message| (turn, &message.key)))
        .map(|(turn, key)| {
            (
                key.channel.as_str(),
                key.account.as_str(),
                turn.pair.participant.as_str(),
                turn.pair.business.as_str(),
                micros(turn.at),
            )
        })
        .collect();
    sqlx::query(
        "INSERT INTO participants (business_id, participant_id, created_at, updated_at)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 2 FROM jsonb_each($1) WHERE true
         ON CONFLICT (business_id, participant_id) DO NOTHING;

         INSERT INTO identities (channel, account, user_id, business_id, participant_id, created_at)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 2, value ->> 4
         FROM jsonb_each($2) WHERE true
         ON CONFLICT (channel, account, user_id) DO NOTHING",
    )
    .bind(json(&participants)?)
    .bind(json(&identities)?)
    .execute(connection)
    .await?;
    Ok(())
}
