//! What happens to an appointment: checked changes, each of which leaves an event.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Appointment, Status};
use crate::booking::visit::Plan;

/// One change of an appointment. Events are only ever appended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// Who did it.
    pub actor: Actor,
    /// When.
    pub at: Timestamp,
    /// The state before; `None` for the first event.
    pub from: Option<Status>,
    /// The state after.
    pub to: Status,
    /// The version that it made.
    pub version: u64,
}

/// Kinds of events.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A slot was promised for some minutes.
    Held,
    /// It waits for the business.
    Pending,
    /// It stands.
    Confirmed,
    /// It has another time or other resources.
    Moved,
    /// It was called off.
    Cancelled,
    /// The business refused it.
    Declined,
    /// It ran out, or the hold was let go.
    Expired,
    /// The customer has come.
    CheckedIn,
    /// It is over.
    Completed,
    /// The customer did not come.
    NoShow,
}

impl EventKind {
    /// Every kind, for creating metric labels at start.
    pub const ALL: [Self; 10] = [
        Self::Held,
        Self::Pending,
        Self::Confirmed,
        Self::Moved,
        Self::Cancelled,
        Self::Declined,
        Self::Expired,
        Self::CheckedIn,
        Self::Completed,
        Self::NoShow,
    ];

    /// The name used in storage, metrics and the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self.status() {
            Some(status) => status.as_str(),
            None => "moved",
        }
    }

    /// The state that it leads to; a move leaves the state as it is.
    #[must_use]
    pub const fn status(self) -> Option<Status> {
        match self {
            Self::Held => Some(Status::Held),
            Self::Pending => Some(Status::Pending),
            Self::Confirmed => Some(Status::Confirmed),
            Self::Moved => None,
            Self::Cancelled => Some(Status::Cancelled),
            Self::Declined => Some(Status::Declined),
            Self::Expired => Some(Status::Expired),
            Self::CheckedIn => Some(Status::CheckedIn),
            Self::Completed => Some(Status::Completed),
            Self::NoShow => Some(Status::NoShow),
        }
    }

    const fn of(status: Status) -> Self {
        match status {
            Status::Held => Self::Held,
            Status::Pending => Self::Pending,
            Status::Confirmed => Self::Confirmed,
            Status::CheckedIn => Self::CheckedIn,
            Status::Completed => Self::Completed,
            Status::Cancelled => Self::Cancelled,
            Status::Declined => Self::Declined,
            Status::Expired => Self::Expired,
            Status::NoShow => Self::NoShow,
        }
    }
}

/// Who changed an appointment.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The customer, by saying so.
    Customer,
    /// The bot on its own, for example by placing a hold.
    Bot,
    /// Somebody of the business.
    Operator,
    /// A sweep or an import.
    System,
}

impl Actor {
    /// The name used in storage and the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Bot => "bot",
            Self::Operator => "operator",
            Self::System => "system",
        }
    }
}

/// Why a change is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The state does not allow it.
    #[error("an appointment that is {from} cannot become {to}")]
    NotAllowed {
        /// The state that it is in.
        from: Status,
        /// The state that was wanted.
        to: Status,
    },
    /// The state does not allow a move.
    #[error("an appointment that is {0} cannot be moved")]
    NotMovable(Status),
    /// The hold has run out: the slot must be won again.
    #[error("the hold has expired; check the slot again")]
    HoldExpired,
}

impl Appointment {
    /// The first event of an appointment as it was made.
    #[must_use]
    pub const fn first_event(&self, actor: Actor, at: Timestamp) -> Event {
        Event {
            kind: EventKind::of(self.status),
            actor,
            at,
            from: None,
            to: self.status,
            version: self.version,
        }
    }

    /// Changes the state.
    ///
    /// # Errors
    /// When the state does not allow it, or a hold is taken up after it has expired; nothing is changed then.
    pub fn become_status(&mut self, to: Status, actor: Actor, at: Timestamp) -> Result<Event, Refused> {
        let from = self.status;
        if !from.can_become(to) {
            return Err(Refused::NotAllowed { from, to });
        }
        let is_taken_up = from == Status::Held && to.is_live();
        if is_taken_up && self.hold_expires_at.is_some_and(|expiry| expiry <= at) {
            return Err(Refused::HoldExpired);
        }
        self.status = to;
        self.hold_expires_at = None;
        Ok(self.next_event(EventKind::of(to), actor, at, from))
    }

    /// Makes a held or pending one stand.
    ///
    /// # Errors
    /// As for [`Appointment::become_status`].
    pub fn confirm(&mut self, actor: Actor, at: Timestamp) -> Result<Event, Refused> {
        self.become_status(Status::Confirmed, actor, at)
    }

    /// Calls it off; a hold is let go.
    ///
    /// # Errors
    /// As for [`Appointment::become_status`].
    pub fn cancel(&mut self, actor: Actor, at: Timestamp) -> Result<Event, Refused> {
        let to = if self.status == Status::Held {
            Status::Expired
        } else {
            Status::Cancelled
        };
        self.become_status(to, actor, at)
    }

    /// Gives it another time or other resources; it keeps its id and its state.
    ///
    /// # Errors
    /// When it is over, called off or has begun, or is a hold that has expired; nothing is changed then.
    pub fn move_to(&mut self, plan: &Plan, actor: Actor, at: Timestamp) -> Result<Event, Refused> {
        if !matches!(self.status, Status::Held | Status::Pending | Status::Confirmed) {
            return Err(Refused::NotMovable(self.status));
        }
        if self.hold_expires_at.is_some_and(|expiry| expiry <= at) {
            return Err(Refused::HoldExpired);
        }
        self.allocations.clone_from(&plan.allocations);
        self.starts_at = plan.starts_at;
        self.ends_at = plan.ends_at;
        Ok(self.next_event(EventKind::Moved, actor, at, self.status))
    }

    const fn next_event(&mut self, kind: EventKind, actor: Actor, at: Timestamp, from: Status) -> Event {
        self.version = self.version.saturating_add(1);
        Event {
            kind,
            actor,
            at,
            from: Some(from),
            to: self.status,
            version: self.version,
        }
    }
}
