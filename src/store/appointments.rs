//! What is booked: the questions that are asked of it, the changes from outside a conversation, the history.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::OutboxRow;
use crate::booking::appointment::{Actor, Appointment, EventKind, Status};
use crate::types::{AppointmentId, ParticipantId, TurnId};

/// What became of a hold.
#[derive(Debug, Clone, PartialEq)]
pub enum HoldOutcome {
    /// It is promised.
    Held(Appointment),
    /// Somebody else has the slot.
    Taken,
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

/// What there is to tell of a change that was made. Asked within its transaction, so that what is told is committed with
/// what it tells of.
#[derive(Clone)]
pub struct Tell(Arc<Teller>);

type Teller = dyn Fn(&Appointment, EventKind) -> Vec<OutboxRow> + Send + Sync;

impl Tell {
    /// Tells what `teller` says of the appointment after the change.
    pub fn new(teller: impl Fn(&Appointment, EventKind) -> Vec<OutboxRow> + Send + Sync + 'static) -> Self {
        Self(Arc::new(teller))
    }

    /// Tells nobody.
    #[must_use]
    pub fn nobody() -> Self {
        Self::new(|_, _| Vec::new())
    }

    /// The rows of the outbox.
    #[must_use]
    pub fn rows(&self, appointment: &Appointment, kind: EventKind) -> Vec<OutboxRow> {
        (self.0)(appointment, kind)
    }
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
