//! The only source of truth, behind one trait.
//!
//! [`Store`] speaks in the words of the product: open a conversation, accept messages, hold a slot, commit a turn.
//! `sqlite/` implements it, `behind` wraps it; one conformance suite (`tests/it/store_contract.rs`) says what every implementation
//! must do, races included. Callers may drop a returned future at any await: a write that was handed over is
//! carried out or not as if they had waited, because writers own their connections in tasks of their own.
//!
//! `import` moves an installation from SQLite to PostgreSQL.
//!
//! The words of the trait stand by noun: `turn`, `inbox`, `appointments`, `transcript`, `outbox`.
//!
//! Invariants kept here: I1 and I2 (the version fence), I3 (the inbox is unique by message key), I5 (no seat twice).

mod appointments;
mod asked;
mod attachments;
mod batch;
pub mod behind;
pub mod cache;
mod channel;
pub mod checkup;
mod errors;
pub mod import;
mod inbox;
mod migrations;
mod obstacle;
mod opening;
mod outbox;
pub mod postgres;
mod retry;
mod rows;
mod rules;
pub mod sqlite;
mod transcript;
mod turn;
mod waitlist;

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Serialize;

pub use self::appointments::{
    AppointmentEvent, AppointmentQuery, CalendarChanges, Change, ChangeOutcome, HoldOutcome, Tell,
};
pub use self::attachments::{Attachment, AttachmentSettlement, ClaimedAttachment, StoredAttachment};
pub use self::channel::{AccountRow, ChannelStore, Joined, LinkProof, Put, Recognised, Sighting};
pub use self::inbox::{
    Acceptance, Inbound, InboxEntry, InboxQuery, InboxState, InboxVerdict, MessageKey, Receipt, Unanswered,
    Unfinished,
};
pub use self::obstacle::Obstacle;
pub use self::opening::until_open;
pub use self::outbox::{
    Attempt, Content, DeliveryReceipt, DeliveryStatus, Notice, Origin, OutboxEntry, OutboxQuery, OutboxRow,
    OutboxState, OutboxVerdict, ReceiptOf, Settlement,
};
pub use self::transcript::{Asked, Direction, TranscriptEntry};
pub use self::turn::{CommitOutcome, EffectRefusal, Opened, Standing, StoredContext, TurnCommit};
pub use crate::booking::appointment::Actor;
use crate::booking::appointment::Appointment;
pub use crate::dialogue::context::Session;
use crate::dialogue::outcome::WaitlistEntry;
use crate::telemetry::metrics;
use crate::types::{AppointmentId, BusinessId, ConversationId, Pair, ParticipantId};

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

    /// What a starting actor needs, in one query: where the conversation stands, the context unless it stands exactly
    /// at `known`, and the messages that were accepted and not answered, oldest first (50 at most).
    async fn open(&self, pair: &Pair, known: Option<Standing>) -> Result<Opened>;
    /// Hands over the messages that wait in the conversation of somebody who has become somebody else: whoever accepted
    /// them did not know. Answers with who that is; `None` where it is nobody else, and nothing was done. A turn that
    /// would still answer one of them in the old conversation finds that it is not its own any more.
    async fn hand_over(&self, from: &Pair) -> Result<Option<ParticipantId>>;
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
    /// Finds pairs with unfinished messages received before `before`, by state. Counts an attempt on each message of
    /// a pair that it finds; one that has had 4 becomes a dead letter and is no longer pending.
    ///
    /// Pairs that were never tried come together, `limit` at most. One that was tried is under suspicion of killing
    /// the process, so it comes alone, and only when no untried one is left: then what counts against it is what
    /// happened while it alone was worked on, and its neighbours are not given up with it.
    async fn claim_unfinished(&self, before: Timestamp, limit: u32) -> Result<Unfinished>;
    /// Messages that are pending or dead, as `query` asks, by the time at which they were received and then by key.
    /// Answered and dropped ones never are among them. For operators: nothing is worked on because it was listed.
    async fn inbox_list(&self, query: &InboxQuery) -> Result<Vec<InboxEntry>>;
    /// Does to dead letters what an operator decided, and answers how many there were among `keys`. Whatever else is
    /// named (pending, answered, dropped or unknown, or a second time) is left as it is and not counted.
    async fn inbox_settle(&self, keys: &[MessageKey], verdict: InboxVerdict) -> Result<u64>;

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
    async fn change(&self, business: &BusinessId, change: Change, now: Timestamp) -> Result<ChangeOutcome> {
        self.change_and_tell(business, change, Tell::nobody(), now).await
    }
    /// The same, and tells of what was done in the same transaction.
    async fn change_and_tell(
        &self,
        business: &BusinessId,
        change: Change,
        tell: Tell,
        now: Timestamp,
    ) -> Result<ChangeOutcome>;
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
    /// Adds to transcripts of conversations that have been committed, all of it or nothing. A number that a
    /// conversation has already stays what it is, so that a write of unknown outcome can be repeated. For turns that
    /// were committed without a transcript; those that have one need nothing more.
    async fn append_transcript(&self, said: &[(ConversationId, &TranscriptEntry)]) -> Result<()>;
    /// Sessions of a conversation, newest first.
    async fn sessions(&self, conversation: ConversationId, limit: u32) -> Result<Vec<Session>>;

    // Waitlist.

    /// Entries of a business that wait, those waiting longest first.
    async fn waiting(&self, business: &BusinessId, limit: u32) -> Result<Vec<(Pair, WaitlistEntry)>>;
    /// Pairs with a waitlist offer that ran out at or before `now`.
    async fn offers_run_out(&self, now: Timestamp, limit: u32) -> Result<Vec<Pair>>;

    // The outbox.

    /// Claims replies that are due, for `lease`: no other claim gets them until then. In order per conversation, channel
    /// and account: a reply is not claimed while an earlier one that has these in common is waiting or in flight. So a
    /// business's own system that is down holds up no customer's reply.
    async fn outbox_claim(
        &self,
        now: Timestamp,
        lease_until: Timestamp,
        limit: u32,
    ) -> Result<Vec<OutboxRow>>;
    /// Records what became of claimed replies, and, on channels that have accounts, of each try.
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

/// A database: everything that is durable.
pub trait Database: Store + ChannelStore {}

impl<T: Store + ChannelStore> Database for T {}

/// Counts for health and statistics. In PostgreSQL those of 10 000 and more are estimates: they are asked for often, and
/// counting them is slow there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Figures {
    /// Conversations ever begun.
    pub conversations: u64,
    /// Sessions not ended.
    pub sessions_open: u64,
    /// Messages accepted and not answered.
    pub inbox_unfinished: u64,
    /// When the oldest of them came in.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub inbox_oldest: Option<Timestamp>,
    /// Messages given up and not dropped: an operator should look at them.
    pub inbox_dead: u64,
    /// Replies committed and not delivered.
    pub outbox_waiting: u64,
    /// When the oldest of them was committed, among the 10 000 that are due first.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub outbox_oldest: Option<Timestamp>,
    /// Appointments in a live state.
    pub appointments_live: u64,
}

impl Figures {
    /// Sets the gauges of what waits in the database.
    pub fn measure(&self, now: Timestamp) {
        // A clock that was set back makes nothing younger than new.
        let age = |since: Option<Timestamp>| {
            since.map_or(Duration::ZERO, |since| {
                Duration::try_from(now.duration_since(since)).unwrap_or_default()
            })
        };
        metrics::inbox_is(self.inbox_unfinished, age(self.inbox_oldest), self.inbox_dead);
        metrics::outbox_is(self.outbox_waiting, age(self.outbox_oldest));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_measured_with_its_age_and_a_clock_that_was_set_back_makes_none() {
        let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        let now: Timestamp = "2026-11-20T15:00:00Z".parse().unwrap();
        let figures = Figures {
            inbox_unfinished: 2,
            inbox_oldest: Some(now - Duration::from_millis(2500)),
            inbox_dead: 1,
            outbox_oldest: Some(now + Duration::from_secs(60)),
            ..Figures::default()
        };
        ::metrics::with_local_recorder(&recorder, || figures.measure(now));
        let text = handle.render();
        for line in [
            "frontdesk_inbox_unfinished 2",
            "frontdesk_inbox_oldest_seconds 2.5",
            "frontdesk_inbox_dead 1",
            "frontdesk_outbox_waiting 0",
            "frontdesk_outbox_oldest_seconds 0",
        ] {
            assert!(text.lines().any(|found| found == line), "no {line} in:\n{text}");
        }
    }
}
