//! What the rules ask of a database: a connection inside a transaction in which nobody else changes the business's
//! calendar. SQLite has one writer; under PostgreSQL the calendar's row is locked first. So what is read here stays
//! true until it is written.

use async_trait::async_trait;
use jiff::Timestamp;

use super::By;
use crate::booking::appointment::{Appointment, EventKind};
use crate::dialogue::outcome::{Profile, WaitlistEntry};
use crate::store::{OutboxRow, Result, TurnCommit};
use crate::types::{AppointmentId, BusinessId, Pair};
use crate::understanding::act::HandoffReason;

/// An appointment as it becomes, with what happened to it.
#[derive(Clone, Copy)]
pub(in crate::store) struct Put<'a> {
    pub(in crate::store) business: &'a BusinessId,
    pub(in crate::store) appointment: &'a Appointment,
    pub(in crate::store) kind: EventKind,
    pub(in crate::store) by: By,
    /// The key under which it was booked.
    pub(in crate::store) idempotency_key: Option<&'a str>,
}

/// What a hold meets when it is placed.
#[derive(Default)]
pub(in crate::store) struct Met {
    /// The row of its own id.
    pub(in crate::store) own: Option<Appointment>,
    /// Dead holds on its seats.
    pub(in crate::store) dead: Vec<AppointmentId>,
    /// Other holds of its goal, which holds one slot at a time.
    pub(in crate::store) others: Vec<AppointmentId>,
}

/// The statements under the rules.
#[async_trait]
pub(in crate::store) trait Desk: Send {
    /// One appointment.
    async fn load(&mut self, business: &BusinessId, id: AppointmentId) -> Result<Option<Appointment>>;

    /// Whether an appointment of that id was ever written, in whatever business.
    async fn exists(&mut self, id: AppointmentId) -> Result<bool>;

    /// The appointment that was booked under a key.
    async fn booked_under(&mut self, business: &BusinessId, key: &str) -> Result<Option<Appointment>>;

    /// What is met by the hold `wanted`.
    async fn met(&mut self, pair: &Pair, wanted: &Appointment, now: Timestamp) -> Result<Met>;

    /// Dead holds on the seats of `wanted`, without itself.
    async fn dead_on_seats(
        &mut self,
        business: &BusinessId,
        wanted: &Appointment,
        now: Timestamp,
    ) -> Result<Vec<AppointmentId>>;

    /// Whether a hold has only ever been held and let go.
    async fn nothing_became_of(&mut self, id: AppointmentId) -> Result<bool>;

    /// Holds that ran out, those longest overdue first, `limit` at most; nobody else changes these calendars any more.
    async fn run_out(&mut self, now: Timestamp, limit: i64) -> Result<Vec<(BusinessId, AppointmentId)>>;

    /// Writes an appointment: the row, its allocations, an event, and the next version of the calendar.
    ///
    /// Fails as "taken" (`errors::is_taken`) when one of its seats is occupied; part of it may be written by then, so
    /// that callers stand in a savepoint.
    async fn put(&mut self, put: Put<'_>) -> Result<()>;

    /// As [`Desk::put`], for callers that write nothing else: when it fails, nothing of it is left.
    async fn put_alone(&mut self, put: Put<'_>) -> Result<()>;

    /// Has something delivered.
    async fn post(&mut self, row: &OutboxRow) -> Result<()>;

    /// Writes a waitlist entry as it is now.
    async fn put_entry(&mut self, pair: &Pair, entry: &WaitlistEntry, at: Timestamp) -> Result<()>;

    /// Records that a person should take over.
    async fn hand_off(&mut self, turn: &TurnCommit, reason: HandoffReason) -> Result<()>;

    /// Records whether the customer wants further messages. Their row may be written by this very turn, later.
    async fn contact(&mut self, turn: &TurnCommit, allowed: bool) -> Result<()>;

    /// Writes what is known of the customer, whole: what is absent from it is not known any more.
    async fn profile(&mut self, turn: &TurnCommit, profile: &Profile) -> Result<()>;

    /// From here on, what is written can be taken back.
    async fn savepoint(&mut self) -> Result<()>;

    /// Keeps what was written since the savepoint.
    async fn release(&mut self) -> Result<()>;

    /// Takes back what was written since the savepoint. A rule asks nothing more after this: it answers that it was
    /// refused.
    async fn undo(&mut self) -> Result<()>;
}
