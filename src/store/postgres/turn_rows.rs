//! The rows of a batch's turns, as columns of the one statement that writes them.

use jiff_sqlx::{Timestamp, ToSqlx as _};
use sqlx::Postgres;
use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use uuid::Uuid;

use super::rows::{json, signed};
use crate::dialogue::Effect;
use crate::store::outbox::Stored;
use crate::store::rules::as_stored;
use crate::store::{Direction, Inbound, OutboxRow, Session, TranscriptEntry, TurnCommit};

/// A statement with its arguments.
pub(super) type PgQuery = Query<'static, Postgres, PgArguments>;

type Result<T> = std::result::Result<T, sqlx::Error>;

pub(super) fn time(time: jiff::Timestamp) -> Timestamp {
    as_stored(time).to_sqlx()
}

/// Columns that can be made with room for all their rows: there are dozens, and each would grow by doubling.
macro_rules! columns {
    (
        $(#[$about:meta])*
        $vis:vis struct $name:ident<$life:lifetime> {
            $($(#[$about_column:meta])* $column_vis:vis $column:ident: Vec<$type:ty>,)+
        }
    ) => {
        $(#[$about])*
        #[derive(Default)]
        $vis struct $name<$life> {
            $($(#[$about_column])* $column_vis $column: Vec<$type>),+
        }

        impl<$life> $name<$life> {
            fn with_room(rows: usize) -> Self {
                Self { $($column: Vec::with_capacity(rows)),+ }
            }
        }
    };
}

columns! {
    struct Turns<'a> {
        conversation: Vec<Uuid>,
        business: Vec<&'a str>,
        participant: Vec<&'a str>,
        version: Vec<i64>,
        schema: Vec<i32>,
        context: Vec<&'a str>,
        turn: Vec<Uuid>,
        answer: Vec<&'a str>,
        at: Vec<Timestamp>,
    }
}

columns! {
    struct Sessions<'a> {
        conversation: Vec<Uuid>,
        id: Vec<Uuid>,
        title: Vec<&'a str>,
        started_at: Vec<Timestamp>,
        last_activity: Vec<Timestamp>,
        ended_at: Vec<Option<Timestamp>>,
        message_count: Vec<i64>,
        total_tokens: Vec<i64>,
    }
}

columns! {
    /// What was said; also what [`super::transcript`] adds later.
    pub(super) struct Messages<'a> {
        conversation: Vec<Uuid>,
        seq: Vec<i64>,
        session: Vec<Uuid>,
        turn: Vec<Uuid>,
        direction: Vec<&'static str>,
        role: Vec<&'a str>,
        message_id: Vec<&'a str>,
        channel: Vec<&'static str>,
        content: Vec<&'a str>,
        options: Vec<Option<String>>,
        attachments: Vec<Option<&'a str>>,
        model: Vec<Option<&'a str>>,
        tokens: Vec<i64>,
        latency_ms: Vec<i64>,
        metadata: Vec<Option<String>>,
        at: Vec<Timestamp>,
    }
}

impl<'a> Messages<'a> {
    pub(super) fn push(&mut self, conversation: Uuid, entry: &'a TranscriptEntry) -> Result<()> {
        self.conversation.push(conversation);
        self.seq.push(signed(entry.seq));
        self.session.push(entry.session.0);
        self.turn.push(entry.turn.0);
        self.direction.push(match entry.direction {
            Direction::Inbound => "inbound",
            Direction::Outbound => "outbound",
        });
        self.role.push(&entry.role);
        self.message_id.push(&entry.message_id);
        self.channel.push(entry.channel.as_str());
        self.content.push(&entry.text);
        self.options.push(match entry.options.as_slice() {
            [] => None,
            options => Some(json(options)?),
        });
        self.attachments.push(entry.attachments.as_deref());
        self.model.push(entry.engine.as_deref());
        self.tokens.push(signed(entry.tokens()));
        self.latency_ms.push(i64::from(entry.latency_ms));
        self.metadata.push(entry.asked.as_deref().map(json).transpose()?);
        self.at.push(time(entry.at));
        Ok(())
    }

    pub(super) fn bind(self, query: PgQuery) -> PgQuery {
        query
            .bind(self.conversation)
            .bind(self.seq)
            .bind(self.session)
            .bind(self.turn)
            .bind(self.direction)
            .bind(self.role)
            .bind(self.message_id)
            .bind(self.channel)
            .bind(self.content)
            .bind(self.options)
            .bind(self.attachments)
            .bind(self.model)
            .bind(self.tokens)
            .bind(self.latency_ms)
            .bind(self.metadata)
            .bind(self.at)
    }
}

columns! {
    /// Messages answered; also those of [`super::arrivals`].
    pub(super) struct Inboxes<'a> {
        pub(super) turn_of: Vec<Uuid>,
        pub(super) channel: Vec<&'static str>,
        pub(super) account: Vec<&'a str>,
        pub(super) message_id: Vec<&'a str>,
        pub(super) business: Vec<&'a str>,
        pub(super) participant: Vec<&'a str>,
        pub(super) conversation: Vec<Uuid>,
        pub(super) text: Vec<&'a str>,
        pub(super) attachments: Vec<Option<&'a str>>,
        pub(super) sent_at: Vec<Option<Timestamp>>,
        pub(super) received_at: Vec<Timestamp>,
        pub(super) address: Vec<Option<&'a str>>,
    }
}

impl<'a> Inboxes<'a> {
    pub(super) fn push(&mut self, message: &'a Inbound, conversation: Uuid) {
        self.channel.push(message.key.channel.as_str());
        self.account.push(&message.key.account);
        self.message_id.push(message.key.message_id.as_str());
        self.business.push(message.business.as_str());
        self.participant.push(message.participant.as_str());
        self.conversation.push(conversation);
        self.text.push(&message.text);
        self.attachments.push(message.attachments.as_deref());
        self.sent_at.push(message.sent_at.map(time));
        self.received_at.push(time(message.received_at));
        self.address.push(message.address.as_deref());
    }

    /// Binds all columns but `turn_of`.
    pub(super) fn bind(self, query: PgQuery) -> PgQuery {
        query
            .bind(self.channel)
            .bind(self.account)
            .bind(self.message_id)
            .bind(self.business)
            .bind(self.participant)
            .bind(self.conversation)
            .bind(self.text)
            .bind(self.attachments)
            .bind(self.sent_at)
            .bind(self.received_at)
            .bind(self.address)
    }
}

columns! {
    struct Outboxes<'a> {
        id: Vec<Uuid>,
        conversation: Vec<Uuid>,
        business: Vec<&'a str>,
        participant: Vec<&'a str>,
        version: Vec<i64>,
        ordinal: Vec<i64>,
        seq: Vec<i64>,
        channel: Vec<&'static str>,
        reply: Vec<String>,
        state: Vec<i16>,
        attempts: Vec<i64>,
        at: Vec<Timestamp>,
        account: Vec<&'a str>,
        address: Vec<Option<&'a str>>,
        heard_at: Vec<Option<Timestamp>>,
    }
}

columns! {
    /// Who begins a conversation.
    struct Identities<'a> {
        conversation: Vec<Uuid>,
        channel: Vec<&'static str>,
        account: Vec<&'a str>,
        business: Vec<&'a str>,
        participant: Vec<&'a str>,
        at: Vec<Timestamp>,
        /// Their row is written with the profile.
        has_profile: Vec<bool>,
        /// How they are reached is on record since they were recognised.
        is_recognised: Vec<bool>,
    }
}

/// Everything that a batch of turns writes, but for its effects.
pub(super) struct TurnRows<'a> {
    turns: Turns<'a>,
    sessions: Sessions<'a>,
    messages: Messages<'a>,
    answered: Inboxes<'a>,
    outbox: Outboxes<'a>,
    beginners: Identities<'a>,
}

impl<'a> TurnRows<'a> {
    /// The rows of `turns`, which are in the order of their conversations' ids.
    pub(super) fn of(turns: &[&'a TurnCommit]) -> Result<Self> {
        let count = |rows: fn(&TurnCommit) -> usize| turns.iter().map(|turn| rows(turn)).sum();
        let mut rows = Self {
            turns: Turns::with_room(turns.len()),
            sessions: Sessions::with_room(count(|turn| turn.sessions.len())),
            messages: Messages::with_room(count(|turn| turn.transcript.len())),
            answered: Inboxes::with_room(count(|turn| turn.answered.len())),
            outbox: Outboxes::with_room(count(|turn| turn.outbox.len())),
            beginners: Identities::with_room(count(|turn| match turn.expected_version {
                0 => turn.answered.len(),
                _ => 0,
            })),
        };
        for turn in turns {
            rows.take(turn)?;
        }
        Ok(rows)
    }

    fn take(&mut self, turn: &'a TurnCommit) -> Result<()> {
        let conversation = turn.pair.conversation().0;
        let (business, participant) = (turn.pair.business.as_str(), turn.pair.participant.as_str());
        let at = time(turn.at);
        let turns = &mut self.turns;
        turns.conversation.push(conversation);
        turns.business.push(business);
        turns.participant.push(participant);
        turns.version.push(signed(turn.expected_version + 1));
        turns
            .schema
            .push(i32::try_from(turn.context.schema).unwrap_or(i32::MAX));
        turns.context.push(&turn.context.json);
        turns.turn.push(turn.turn.0);
        turns.answer.push(&turn.answer);
        turns.at.push(at);
        for session in &turn.sessions {
            self.take_session(conversation, session);
        }
        for entry in &turn.transcript {
            self.messages.push(conversation, entry)?;
        }
        let has_profile = turn
            .effects
            .iter()
            .any(|effect| matches!(effect, Effect::Profile(_)));
        for message in &turn.answered {
            self.answered.turn_of.push(turn.turn.0);
            // Nearly always its own; ids are computed, so that it costs less to look.
            let is_own =
                message.business == turn.pair.business && message.participant == turn.pair.participant;
            let of_message = if is_own {
                conversation
            } else {
                message.pair().conversation().0
            };
            self.answered.push(message, of_message);
            if turn.expected_version == 0 {
                let beginners = &mut self.beginners;
                beginners.conversation.push(conversation);
                beginners.channel.push(message.key.channel.as_str());
                beginners.account.push(&message.key.account);
                beginners.business.push(business);
                beginners.participant.push(participant);
                beginners.at.push(at);
                beginners.has_profile.push(has_profile);
                beginners.is_recognised.push(message.address.is_some());
            }
        }
        for row in &turn.outbox {
            self.take_reply(conversation, row)?;
        }
        Ok(())
    }

    fn take_session(&mut self, conversation: Uuid, session: &'a Session) {
        let sessions = &mut self.sessions;
        sessions.conversation.push(conversation);
        sessions.id.push(session.id.0);
        sessions.title.push(&session.title);
        sessions.started_at.push(time(session.started_at));
        sessions.last_activity.push(time(session.last_activity));
        sessions.ended_at.push(session.ended_at.map(time));
        sessions.message_count.push(signed(session.message_count));
        sessions.total_tokens.push(signed(session.total_tokens));
    }

    fn take_reply(&mut self, conversation: Uuid, row: &'a OutboxRow) -> Result<()> {
        let outbox = &mut self.outbox;
        outbox.id.push(row.id);
        outbox.conversation.push(conversation);
        outbox.business.push(row.pair.business.as_str());
        outbox.participant.push(row.pair.participant.as_str());
        outbox.version.push(signed(row.version));
        outbox.ordinal.push(i64::from(row.ordinal));
        outbox.seq.push(signed(row.seq));
        outbox.channel.push(row.channel.as_str());
        outbox.reply.push(json(&Stored::from(row))?);
        outbox.state.push(if row.sent { 2 } else { 0 });
        outbox.attempts.push(i64::from(row.attempts));
        outbox.at.push(time(row.at));
        let reach = row.reach.as_ref();
        outbox
            .account
            .push(reach.map_or("", |reach| reach.account.as_str()));
        outbox.address.push(reach.map(|reach| reach.address.as_str()));
        outbox.heard_at.push(reach.map(|reach| time(reach.heard_at)));
        Ok(())
    }

    /// Binds the columns in the order of `turn_statement`.
    pub(super) fn bind(self, query: PgQuery) -> PgQuery {
        let Self {
            turns,
            sessions,
            messages,
            mut answered,
            outbox,
            beginners,
        } = self;
        let query = query
            .bind(turns.conversation)
            .bind(turns.business)
            .bind(turns.participant)
            .bind(turns.version)
            .bind(turns.schema)
            .bind(turns.context)
            .bind(turns.turn)
            .bind(turns.answer)
            .bind(turns.at)
            .bind(sessions.conversation)
            .bind(sessions.id)
            .bind(sessions.title)
            .bind(sessions.started_at)
            .bind(sessions.last_activity)
            .bind(sessions.ended_at)
            .bind(sessions.message_count)
            .bind(sessions.total_tokens);
        let query = messages.bind(query);
        let query = query.bind(std::mem::take(&mut answered.turn_of));
        answered
            .bind(query)
            .bind(outbox.id)
            .bind(outbox.conversation)
            .bind(outbox.business)
            .bind(outbox.participant)
            .bind(outbox.version)
            .bind(outbox.ordinal)
            .bind(outbox.seq)
            .bind(outbox.channel)
            .bind(outbox.reply)
            .bind(outbox.state)
            .bind(outbox.attempts)
            .bind(outbox.at)
            .bind(outbox.account)
            .bind(outbox.address)
            .bind(outbox.heard_at)
            .bind(beginners.conversation)
            .bind(beginners.channel)
            .bind(beginners.account)
            .bind(beginners.business)
            .bind(beginners.participant)
            .bind(beginners.at)
            .bind(beginners.has_profile)
            .bind(beginners.is_recognised)
    }
}
