//! Committing turns, many in a few statements.
//!
//! sqlx pays a thread hop per text, and on a busy machine those hops, not SQLite, are what a batch costs. So a batch
//! is: one text that begins and finds the turns which must not be written (the stale, and those whose messages were
//! answered before; usually none), the effects of those that have any, one by one, and one text that writes
//! everything else through `json_each` and commits.

use serde::Serialize;
use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;

use super::operation::Turn;
use super::rows::{Cells, json, micros, signed};
use super::writer::{release, savepoint, undo};
use super::{appointments, effects, errors};
use crate::booking::appointment::Appointment;
use crate::store::{CommitOutcome, Direction, Result, TurnCommit};
use crate::types::{ConversationId, TurnId};

/// What is asked about the turns of a batch when its transaction begins. Nothing that a batch writes before its turns
/// changes the answers: neither arrivals nor operations touch a conversation's version or answer a message.
pub(super) struct Asked {
    /// Conversation and expected version of each turn.
    pub(super) expected: String,
    /// Turn, place in it, and key of each message that is answered.
    pub(super) keys: String,
}

/// The questions about the turns of a batch.
pub(super) fn ask<'a>(turns: impl Iterator<Item = &'a TurnCommit> + Clone) -> Result<Asked> {
    let expected: Vec<_> = turns
        .clone()
        .map(|turn| (hex(turn.pair.conversation().0), signed(turn.expected_version)))
        .collect();
    let mut keys = Vec::new();
    for (at, turn) in turns.enumerate() {
        for (place, message) in turn.answered.iter().enumerate() {
            let key = &message.key;
            let (account, id) = (key.account.as_str(), key.message_id.as_str());
            keys.push((at, place, key.channel.as_str(), account, id));
        }
    }
    Ok(Asked {
        expected: json(&expected)?,
        keys: json(&keys)?,
    })
}

/// Turns that started from another version than the committed one.
pub(super) const STALE: i64 = 1;
/// Messages of turns that are answered already.
pub(super) const ANSWERED: i64 = 2;

/// The answers to [`ask`], as rows with a column `question`; `$1` and `$2` are its two texts.
macro_rules! look_text {
    () => {
        "SELECT 1 AS question, e.key AS place, COALESCE(c.version, 0) AS version, c.last_turn_id,
                unhex(e.value ->> 0) AS id
         FROM jsonb_each($1) e LEFT JOIN conversations c ON c.id = unhex(e.value ->> 0)
         WHERE COALESCE(c.version, 0) <> e.value ->> 1;

         SELECT 2 AS question, e.value ->> 0 AS turn, e.value ->> 1 AS place, i.message_id AS id
         FROM jsonb_each($2) e
         CROSS JOIN inbox i
             ON i.channel = e.value ->> 2 AND i.account = e.value ->> 3 AND i.message_id = e.value ->> 4
         WHERE i.state = 1"
    };
}
pub(super) use look_text;

/// Carries out the effects of a batch's turns, whose conversations are all different, and sets the answer of each.
/// `found` are the answers to [`ask`]. What is left to write is given back, if anything is.
pub(super) async fn prepare(
    connection: &mut SqliteConnection,
    mut turns: Vec<&mut Turn>,
    found: &[SqliteRow],
) -> Result<Option<LastText>> {
    for turn in &mut turns {
        turn.answer = None;
    }
    for row in found {
        let cells = Cells::new(row, "conversations", "id");
        match cells.get::<i64>("question")? {
            STALE => fence(connection, &mut turns, &cells).await?,
            ANSWERED => refuse_answered(&mut turns, &cells)?,
            _ => {}
        }
    }
    turns.retain(|turn| turn.answer.is_none());

    let mut changed = Vec::with_capacity(turns.len());
    for turn in &mut turns {
        changed.push(carry_out_effects(connection, turn).await?);
    }
    let surviving = turns.iter().filter(|turn| turn.answer.is_none());
    let last = LastText::new(surviving.map(|turn| &turn.input))?;
    for (turn, appointments) in turns.into_iter().zip(changed) {
        if turn.answer.is_none() {
            turn.answer = Some(Ok(CommitOutcome::Committed {
                version: turn.input.expected_version + 1,
                appointments,
            }));
        }
    }
    Ok(last)
}

/// Refuses a turn that started from another version than the committed one (I1). One whose own id stands there has
/// been committed before, and is told so.
async fn fence(connection: &mut SqliteConnection, turns: &mut [&mut Turn], cells: &Cells<'_>) -> Result<()> {
    let committed: u64 = cells.number("version")?;
    let place: usize = cells.number("place")?;
    let Some(turn) = turns.get_mut(place) else {
        return Ok(());
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

/// Refuses a turn that answers a message which is answered (I3). No two turns of a batch answer the same one.
fn refuse_answered(turns: &mut [&mut Turn], cells: &Cells<'_>) -> Result<()> {
    let (at, place): (usize, usize) = (cells.number("turn")?, cells.number("place")?);
    let Some(turn) = turns.get_mut(at) else {
        return Ok(());
    };
    let Some(key) = turn.input.answered.get(place).map(|message| message.key.clone()) else {
        return Ok(());
    };
    match &mut turn.answer {
        Some(Ok(CommitOutcome::AlreadyAnswered(keys))) if keys.contains(&key) => {}
        Some(Ok(CommitOutcome::AlreadyAnswered(keys))) => keys.push(key),
        None => turn.answer = Some(Ok(CommitOutcome::AlreadyAnswered(vec![key]))),
        // It is stale, which says more.
        Some(_) => {}
    }
    Ok(())
}

/// Carries out the effects of one turn, or takes them back and answers the turn.
async fn carry_out_effects(connection: &mut SqliteConnection, turn: &mut Turn) -> Result<Vec<Appointment>> {
    if turn.input.effects.is_empty() {
        return Ok(Vec::new());
    }
    let guarded = !effects::clean_up(&turn.input.effects);
    if guarded {
        savepoint(connection).await?;
    }
    let outcome = match effects::carry_out(connection, &turn.input).await {
        Ok(Ok(changed)) => {
            if guarded {
                release(connection).await?;
            }
            return Ok(changed);
        }
        Ok(Err(refused)) => Ok(refused),
        Err(error) if errors::may_pass(&error) => return Err(error),
        Err(error) => Err(error),
    };
    if guarded {
        undo(connection).await?;
    }
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

/// Writes turns that nothing speaks against, and commits.
const LAST_TEXT: &str = "
         -- Who begins a conversation, and how they are reached.
         INSERT INTO participants (business_id, participant_id, created_at, updated_at)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 2 FROM jsonb_each($7) WHERE true
         ON CONFLICT (business_id, participant_id) DO NOTHING;

         INSERT INTO identities (channel, account, user_id, business_id, participant_id, created_at)
         SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 2, value ->> 4
         FROM jsonb_each($8) WHERE true
         ON CONFLICT (channel, account, user_id) DO NOTHING;

         WITH input AS MATERIALIZED (SELECT value AS v FROM jsonb_each($1))
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
         FROM input;

         COMMIT";

/// What the last text of a batch writes. Whatever fails there is poison: the writer splits the batch.
pub(super) struct LastText {
    rows: [String; 5],
    long: Vec<u8>,
    participants: String,
    identities: String,
}

impl LastText {
    /// `None` when there is nothing to write.
    fn new<'a>(turns: impl Iterator<Item = &'a TurnCommit>) -> Result<Option<Self>> {
        let mut rows = Rows::default();
        let mut participants = Vec::new();
        let mut identities = Vec::new();
        for turn in turns {
            rows.take(turn)?;
            if turn.expected_version > 0 {
                continue;
            }
            let (business, participant) = (turn.pair.business.as_str(), turn.pair.participant.as_str());
            let at = micros(turn.at);
            participants.push((business, participant, at));
            for message in &turn.answered {
                let key = &message.key;
                identities.push((
                    key.channel.as_str(),
                    key.account.as_str(),
                    participant,
                    business,
                    at,
                ));
            }
        }
        if rows.turns.is_empty() {
            return Ok(None);
        }
        Ok(Some(Self {
            rows: [
                json(&rows.turns)?,
                json(&rows.sessions)?,
                json(&rows.messages)?,
                json(&rows.inbox)?,
                json(&rows.outbox)?,
            ],
            long: rows.long,
            participants: json(&participants)?,
            identities: json(&identities)?,
        }))
    }

    /// Writes and commits. After an error only the number of the batch tells whether it happened.
    pub(super) async fn write_and_commit(self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let [turns, sessions, messages, inbox, outbox] = self.rows;
        sqlx::query(LAST_TEXT)
            .bind(turns)
            .bind(sessions)
            .bind(messages)
            .bind(inbox)
            .bind(outbox)
            .bind(self.long)
            .bind(self.participants)
            .bind(self.identities)
            .execute(connection)
            .await?;
        Ok(())
    }
}
