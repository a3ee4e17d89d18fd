//! The rows of a batch's turns, and the one text that writes them all and commits.

use serde::Serialize;
use sqlx::SqliteConnection;

use super::rows::{hex, json, micros, signed};
use super::together::{Together, puts_text};
use super::transcript::{MessageRow, insert_messages};
use crate::store::outbox::Stored;
use crate::store::{Result, TurnCommit};
use crate::types::ConversationId;

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
    Option<&'a str>,
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
    &'a str,
    Option<&'a str>,
    Option<i64>,
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
            self.messages.push(MessageRow::of(conversation.clone(), entry)?);
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
                message.address.as_deref(),
                id.clone(),
            ));
        }
        for row in &turn.outbox {
            let reach = row.reach.as_ref();
            self.outbox.push(OutboxRow(
                hex(row.id),
                conversation.clone(),
                turn.pair.business.as_str(),
                turn.pair.participant.as_str(),
                signed(row.version),
                row.ordinal,
                signed(row.seq),
                row.channel.as_str(),
                json(&Stored::from(row))?,
                if row.sent { 2 } else { 0 },
                row.attempts,
                micros(row.at),
                reach.map_or("", |reach| reach.account.as_str()),
                reach.map(|reach| reach.address.as_str()),
                reach.map(|reach| micros(reach.heard_at)),
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

/// Writes turns that nothing speaks against.
macro_rules! turns_text {
    () => {
        concat!("-- Who begins a conversation, and how they are reached.
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
             last_activity = excluded.last_activity, message_count = excluded.message_count,
             total_tokens = excluded.total_tokens;

         -- On its own, because an index depends on it: named above, each turn would rewrite a page of that.
         WITH input AS MATERIALIZED (
             SELECT unhex(value ->> 0) AS id, value ->> 5 AS ended_at FROM jsonb_each($2))
         UPDATE sessions SET ended_at = input.ended_at FROM input
         WHERE sessions.id = input.id AND sessions.ended_at IS NOT input.ended_at;

         ", insert_messages!("$3"), ";

         -- Accepted before or not, pending or given up: with this turn they are answered.
         WITH input AS MATERIALIZED (SELECT value AS v FROM jsonb_each($4))
         INSERT INTO inbox
             (channel, account, message_id, business_id, participant_id, conversation_id, text, attachments,
              sent_at, received_at, address, state, turn_id)
         SELECT v ->> 0, v ->> 1, v ->> 2, v ->> 3, v ->> 4, unhex(v ->> 5), v ->> 6, v ->> 7, v ->> 8, v ->> 9,
                v ->> 10, 1, unhex(v ->> 11)
         FROM input WHERE true
         ON CONFLICT (channel, account, message_id) DO UPDATE SET state = 1, turn_id = excluded.turn_id;

         WITH input AS MATERIALIZED (SELECT value AS v FROM jsonb_each($5))
         INSERT INTO outbox
             (id, conversation_id, business_id, participant_id, version, ordinal, seq, channel, reply, state,
              attempts, due_at, created_at, account, address, heard_at)
         SELECT unhex(v ->> 0), unhex(v ->> 1), v ->> 2, v ->> 3, v ->> 4, v ->> 5, v ->> 6, v ->> 7, v ->> 8,
                v ->> 9, v ->> 10, v ->> 11, v ->> 11, v ->> 12, v ->> 13, v ->> 14
         FROM input;
         ")
    };
}

/// What the last text of a batch writes. Whatever fails there is poison: the writer splits the batch.
pub(super) struct LastText {
    rows: [String; 5],
    long: Vec<u8>,
    participants: String,
    identities: String,
    /// Appointments and their seats, if any are written together.
    puts: Option<(String, String)>,
}

impl LastText {
    /// `None` when there is nothing to write.
    pub(super) fn new<'a>(
        turns: impl Iterator<Item = &'a TurnCommit>,
        together: &Together,
    ) -> Result<Option<Self>> {
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
            // How the others are reached is on record since they were recognised.
            for message in turn.answered.iter().filter(|message| message.address.is_none()) {
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
        let puts = match together.puts.as_slice() {
            [] if rows.turns.is_empty() => return Ok(None),
            [] => None,
            puts => Some((json(puts)?, json(&together.seats)?)),
        };
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
            puts,
        }))
    }

    /// Writes and commits. After an error only the number of the batch tells whether it happened.
    pub(super) async fn write_and_commit(self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let [turns, sessions, messages, inbox, outbox] = self.rows;
        let text = match &self.puts {
            Some(_) => concat!(puts_text!(), turns_text!(), "COMMIT"),
            None => concat!(turns_text!(), "COMMIT"),
        };
        let (puts, seats) = self.puts.unzip();
        sqlx::query(text)
            .bind(turns)
            .bind(sessions)
            .bind(messages)
            .bind(inbox)
            .bind(outbox)
            .bind(self.long)
            .bind(self.participants)
            .bind(self.identities)
            .bind(puts)
            .bind(seats)
            .execute(connection)
            .await?;
        Ok(())
    }
}
