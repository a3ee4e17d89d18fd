//! The only source of truth, behind one trait.
//!
//! [`Store`] speaks in the words of the product: open a conversation, accept messages, hold a slot, commit a turn.
//! `sqlite/` implements it; one conformance suite (`tests/it/store_contract.rs`) says what every implementation
//! must do, races included. Callers may drop a returned future at any await: a write that was handed over is
//! carried out or not as if they had waited, because writers own their connections in tasks of their own.
//!
//! Invariants kept here: I1 and I2 (the version fence), I3 (the inbox is unique by message key), I5 (no seat twice).

pub mod cache;
pub mod sqlite;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use crate::booking::appointment::Actor;
use crate::booking::appointment::{Appointment, EventKind, Status};
pub use crate::dialogue::context::Session;
use crate::dialogue::outcome::{Effect, Reply, WaitlistEntry};
use crate::types::{
    AppointmentId, BusinessId, Channel, ConversationId, MessageId, Pair, ParticipantId, SessionId, TurnId,
};

/// What can go wrong with a store; each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database cannot be reached or is overloaded: try again later.
    #[error("the database is unavailable: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// The connection broke while a write was under way. Whether it happened must be asked, never guessed.
    #[error("the outcome of the write is unknown: {0}")]
    OutcomeUnknown(#[source] sqlx::Error),
    /// A stored row cannot be read. Names table, column and id.
    #[error("cannot read {table}.{column} of {id}: {problem}")]
    Corrupt {
        /// Where it stands.
        table: &'static str,
        /// Which column.
        column: &'static str,
        /// Which row.
        id: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The database refused the data itself: trying again cannot help.
    #[error("the database refused the data: {0}")]
    Rejected(#[source] sqlx::Error),
    /// The database was written by a newer frontdesk, or a migration failed.
    #[error("cannot migrate the database: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// The writer is stopping, or its queue is full.
    #[error("the store takes no writes now: {0}")]
    Closed(&'static str),
    /// The database file is in use by another process, or cannot be opened.
    #[error("{0}")]
    Open(String),
}

/// The result of a store's function.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Durable storage.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    // Businesses.

    /// Stores a catalogue document (JSON) as the business's next version; unchanged text makes no new version.
    /// Returns the version.
    async fn put_business(&self, business: &BusinessId, document: &str, now: Timestamp) -> Result<u64>;
    /// The latest catalogue document with its version.
    async fn business(&self, business: &BusinessId) -> Result<Option<(u64, String)>>;
    /// Every business, by id.
    async fn businesses(&self) -> Result<Vec<BusinessId>>;

    // Conversations.

    /// What a starting actor needs, in one query: the version, the context unless `known` is exactly that
    /// version, and the messages that were accepted and not answered, oldest first (50 at most).
    async fn open(&self, pair: &Pair, known: Option<u64>) -> Result<Opened>;
    /// Commits a turn: all of it or nothing.
    async fn commit(&self, turn: TurnCommit) -> Result<CommitOutcome>;
    /// Promises a slot. Idempotent by the appointment's id. Releases the goal's other holds, and expires dead
    /// holds that stand in the way.
    async fn hold(
        &self,
        business: &BusinessId,
        pair: &Pair,
        appointment: Appointment,
        now: Timestamp,
    ) -> Result<HoldOutcome>;

    // The inbox.

    /// Records messages durably, each once by its key. Answers in the same order.
    async fn accept(&self, messages: Vec<Inbound>) -> Result<Vec<Acceptance>>;
    /// What became of a message.
    async fn receipt(&self, key: &MessageKey) -> Result<Option<Receipt>>;
    /// Finds pairs with unfinished messages received before `before`, by state. Counts an attempt on each such
    /// message; one that has had 4 becomes a dead letter and is no longer pending.
    async fn claim_unfinished(&self, before: Timestamp, limit: u32) -> Result<Unfinished>;

    // Calendar and appointments.

    /// Appointments of a business whose allocations changed after calendar version `since` (0: all live ones that
    /// end after `from`), as they are now, live or not.
    async fn calendar_changes(
        &self,
        business: &BusinessId,
        since: u64,
        from: Timestamp,
    ) -> Result<CalendarChanges>;
    /// Changes an appointment from outside a conversation (API, operator, import), under the same rules.
    async fn change(&self, business: &BusinessId, change: Change, now: Timestamp) -> Result<ChangeOutcome>;
    /// One appointment with its participant.
    async fn appointment(&self, business: &BusinessId, id: AppointmentId) -> Result<Option<Appointment>>;
    /// Appointments by start, keyset-paged.
    async fn appointments(&self, business: &BusinessId, query: &AppointmentQuery)
    -> Result<Vec<Appointment>>;
    /// What happened to an appointment, in order.
    async fn appointment_events(
        &self,
        business: &BusinessId,
        id: AppointmentId,
    ) -> Result<Vec<AppointmentEvent>>;

    // Transcript and sessions.

    /// A page of the transcript, oldest first within it, that ends before `before` (the newest page when absent).
    async fn messages(
        &self,
        conversation: ConversationId,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<TranscriptEntry>>;
    /// Sessions of a conversation, newest first.
    async fn sessions(&self, conversation: ConversationId, limit: u32) -> Result<Vec<Session>>;

    // Waitlist.

    /// Entries of a business that wait, those waiting longest first.
    async fn waiting(&self, business: &BusinessId, limit: u32) -> Result<Vec<(Pair, WaitlistEntry)>>;
    /// Pairs with a waitlist offer that ran out at or before `now`.
    async fn offers_run_out(&self, now: Timestamp, limit: u32) -> Result<Vec<Pair>>;

    // The outbox.

    /// Claims replies that are due, for `lease`: no other claim gets them until then. In order per conversation: a
    /// reply is not claimed while an earlier one of its conversation is waiting or in flight.
    async fn outbox_claim(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<OutboxRow>>;
    /// Records what became of claimed replies.
    async fn outbox_settle(&self, settled: Vec<(uuid::Uuid, Settlement)>) -> Result<()>;

    // Upkeep.

    /// Expires holds that ran out at or before `now`; returns the businesses whose calendar changed. Hygiene only:
    /// a dead hold never blocks a booking.
    async fn expire_holds(&self, now: Timestamp) -> Result<Vec<BusinessId>>;
    /// Closes sessions without activity since `idle_since`; returns how many.
    async fn close_sessions(&self, idle_since: Timestamp, now: Timestamp) -> Result<u64>;
    /// Counts for health and statistics.
    async fn figures(&self) -> Result<Figures>;
    /// Answers if the database answers.
    async fn ping(&self) -> Result<()>;
    /// Finishes every write that was handed over, then closes.
    async fn close(&self);
}

/// What names a message for ever: the same key is the same message, however often it is delivered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MessageKey {
    /// The channel that it came through.
    pub channel: Channel,
    /// The account at the channel. Where clients choose message ids themselves (API, web chat), every pair is an
    /// account of its own: `business/participant`.
    pub account: String,
    /// The id that the sender's side gave it.
    pub message_id: MessageId,
}

/// A message as it came in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inbound {
    /// Its key.
    pub key: MessageKey,
    /// Whose conversation it belongs to: business and participant.
    pub business: BusinessId,
    /// The writer.
    pub participant: ParticipantId,
    /// The text, normalised: valid Unicode without U+0000.
    pub text: String,
    /// Attachments as the channel described them (a JSON array), never fetched.
    pub attachments: Option<String>,
    /// When the sender's side says it was sent.
    pub sent_at: Option<Timestamp>,
    /// When it reached us.
    pub received_at: Timestamp,
}

impl Inbound {
    /// The pair whose conversation it belongs to.
    #[must_use]
    pub fn pair(&self) -> Pair {
        Pair {
            business: self.business.clone(),
            participant: self.participant.clone(),
        }
    }
}

/// What a starting actor gets.
#[derive(Debug, Clone, PartialEq)]
pub struct Opened {
    /// The committed version; 0 when the conversation is new.
    pub version: u64,
    /// The context, absent when it is new or when the caller knows this very version.
    pub context: Option<StoredContext>,
    /// Accepted and not answered, oldest first.
    pub pending: Vec<Inbound>,
}

/// A context as stored: JSON with the number of the schema that wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredContext {
    /// The number of the schema.
    pub schema: u32,
    /// The context.
    pub json: String,
}

/// Everything that one turn writes.
#[derive(Debug, Clone)]
pub struct TurnCommit {
    /// This attempt.
    pub turn: TurnId,
    /// Whose conversation.
    pub pair: Pair,
    /// The version that the turn started from; the commit makes it `expected + 1`, or does nothing.
    pub expected_version: u64,
    /// When it was decided.
    pub at: Timestamp,
    /// The context after the turn.
    pub context: StoredContext,
    /// The session after the turn, and the one that ended with its beginning, if any.
    pub sessions: Vec<Session>,
    /// What was said, in order; `seq` continues the conversation's own count without a gap.
    pub transcript: Vec<TranscriptEntry>,
    /// The messages that the turn answers; they are done with it, whether they were accepted before or not.
    pub answered: Vec<Inbound>,
    /// The answer for whoever asks about one of these messages again (JSON).
    pub answer: String,
    /// Everything but `Effect::Hold`.
    pub effects: Vec<Effect>,
    /// Replies.
    pub outbox: Vec<OutboxRow>,
}

/// What became of a commit.
#[derive(Debug, Clone, PartialEq)]
pub enum CommitOutcome {
    /// It is durable.
    Committed {
        /// The new version.
        version: u64,
        /// The appointments that the turn changed, as they are now.
        appointments: Vec<Appointment>,
    },
    /// Another writer was faster. Drop the context, open again, run the same messages again.
    VersionConflict {
        /// The version that is committed.
        committed: u64,
    },
    /// Messages of the turn were answered before: leave them out and decide again. Nothing was written.
    AlreadyAnswered(Vec<MessageKey>),
    /// An effect cannot be carried out any more. Refresh the calendar and decide again. Nothing was written.
    EffectRefused {
        /// Its index in `effects`.
        effect: usize,
        /// Why.
        refusal: EffectRefusal,
    },
}

/// Why an effect was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EffectRefusal {
    /// Somebody else has the slot.
    Taken,
    /// The hold or appointment is gone, has expired, or was changed meanwhile.
    Changed,
}

/// What became of a hold.
#[derive(Debug, Clone, PartialEq)]
pub enum HoldOutcome {
    /// It is promised.
    Held(Appointment),
    /// Somebody else has the slot.
    Taken,
}

/// What became of an accepted message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acceptance {
    /// Recorded; it is durable now.
    New,
    /// Recorded before; nothing was changed.
    Duplicate,
}

/// What is known of a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Receipt {
    /// The text as recorded.
    pub text: String,
    /// Where it stands.
    pub state: InboxState,
    /// The answer that its turn gave; absent until then.
    pub answer: Option<String>,
}

/// States of an accepted message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InboxState {
    /// Accepted, not answered.
    Pending,
    /// Answered.
    Done,
    /// Given up after 4 attempts; visible to operators.
    Dead,
}

/// What a sweep of the inbox found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unfinished {
    /// Pairs whose actor should be rung.
    pub pairs: Vec<Pair>,
    /// How many messages have just become dead letters.
    pub dead: u64,
}

/// Changes of a calendar.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CalendarChanges {
    /// The version that the calendar has with these changes.
    pub version: u64,
    /// The appointments, as they are now.
    pub appointments: Vec<Appointment>,
}

/// A change of an appointment from outside a conversation.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A new appointment.
    Book {
        /// It, `confirmed` or `pending`.
        appointment: Appointment,
        /// Who books.
        actor: Actor,
        /// A key that makes a second try of the same booking return the first's result.
        idempotency_key: Option<String>,
    },
    /// Another time or resource: the allocations, times and services of `to` replace those of the row.
    Move {
        /// The appointment as it shall be.
        to: Appointment,
        /// Refuse unless the row has this version.
        expected_version: Option<u64>,
        /// Who moves.
        actor: Actor,
    },
    /// Another state.
    SetStatus {
        /// Which appointment.
        id: AppointmentId,
        /// The new state.
        status: Status,
        /// Refuse unless the row has this version.
        expected_version: Option<u64>,
        /// Who changes it.
        actor: Actor,
    },
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq)]
pub enum ChangeOutcome {
    /// Done, or done before under the same idempotency key.
    Done(Appointment),
    /// The slot belongs to somebody else.
    Taken,
    /// There is no such appointment.
    NotFound,
    /// The row has another version than expected.
    VersionConflict(Appointment),
    /// The appointment's state does not allow it.
    NotAllowed(Appointment),
}

/// Which appointments to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppointmentQuery {
    /// Those that end after this.
    pub from: Option<Timestamp>,
    /// Those that start before this.
    pub until: Option<Timestamp>,
    /// Those of one participant.
    pub participant: Option<ParticipantId>,
    /// Those in one of these states; empty means any.
    pub statuses: Vec<Status>,
    /// Those after this one in the order (start, id).
    pub after: Option<(Timestamp, AppointmentId)>,
    /// At most so many.
    pub limit: u32,
}

/// Something that happened to an appointment. Append-only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AppointmentEvent {
    /// Counts from 1.
    pub seq: u64,
    /// What happened.
    pub kind: EventKind,
    /// By whom.
    pub actor: Actor,
    /// The turn that did it, when it was one.
    pub turn: Option<TurnId>,
    /// When.
    pub at: Timestamp,
    /// The appointment after it.
    pub after: Appointment,
}

/// Which way a message went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the customer.
    Inbound,
    /// To the customer.
    Outbound,
}

/// One message of the transcript.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TranscriptEntry {
    /// Counts the conversation's messages from 1, without gaps.
    pub seq: u64,
    /// The session that it belongs to.
    pub session: SessionId,
    /// Which way it went.
    pub direction: Direction,
    /// Who speaks: `customer`, `bot`, or `operator`.
    pub role: String,
    /// The sender's id (inbound) or the outbox row's (outbound).
    pub message_id: String,
    /// The text.
    pub text: String,
    /// What could be tapped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
    /// Attachments as the channel described them (a JSON array).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachments: Option<String>,
    /// When it was sent (inbound: by the sender's word, else when received).
    pub at: Timestamp,
    /// The channel.
    pub channel: Channel,
    /// The turn that it belongs to.
    pub turn: TurnId,
    /// Who understood it (inbound): `rules` or a model's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
    /// How long the turn took until it was decided, in milliseconds.
    pub latency_ms: u32,
}

/// A reply that is committed and has to be delivered.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxRow {
    /// Computed from turn and ordinal: a reply is sent again only under the same id (I4).
    pub id: uuid::Uuid,
    /// Whose conversation.
    pub pair: Pair,
    /// The version that its turn made.
    pub version: u64,
    /// Its place among the replies of the turn.
    pub ordinal: u32,
    /// Its number in the transcript.
    pub seq: u64,
    /// Where it goes.
    pub channel: Channel,
    /// What it says.
    pub reply: Reply,
    /// `true` when the caller of a synchronous API gets it in its answer: stored as sent.
    pub sent: bool,
    /// How often it was tried.
    pub attempts: u32,
    /// When it was committed.
    pub at: Timestamp,
}

/// What became of a claimed reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// The channel has it.
    Sent,
    /// Not yet: try again at that time.
    Retry(Timestamp),
    /// Given up.
    Dead(String),
}

/// Counts for health and statistics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Figures {
    /// Conversations ever begun.
    pub conversations: u64,
    /// Sessions not ended.
    pub sessions_open: u64,
    /// Messages accepted and not answered.
    pub inbox_unfinished: u64,
    /// Messages given up.
    pub inbox_dead: u64,
    /// Replies committed and not delivered.
    pub outbox_waiting: u64,
    /// Appointments in a live state.
    pub appointments_live: u64,
}
