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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{AppointmentId, ParticipantId};
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn appointment(status: Status) -> Appointment {
        Appointment {
            id: AppointmentId(Uuid::nil()),
            participant: ParticipantId::new("anna").unwrap(),
            status,
            allocations: Vec::new(),
            services: Vec::new(),
            party_size: 1,
            starts_at: NOW,
            ends_at: NOW,
            price_minor: None,
            hold_expires_at: (status == Status::Held).then_some(Timestamp::MAX),
            goal: None,
            version: 1,
        }
    }

    #[test]
    fn a_life_has_these_steps_and_no_others() {
        use Status::{Cancelled, CheckedIn, Completed, Confirmed, Declined, Expired, Held, NoShow, Pending};
        let steps = [
            (Held, Pending),
            (Held, Confirmed),
            (Held, Expired),
            (Pending, Confirmed),
            (Pending, Declined),
            (Pending, Cancelled),
            (Pending, Expired),
            (Confirmed, CheckedIn),
            (Confirmed, Cancelled),
            (Confirmed, NoShow),
            (Confirmed, Completed),
            (CheckedIn, Completed),
        ];
        for from in Status::ALL {
            for to in Status::ALL {
                let changed = appointment(from).become_status(to, Actor::Customer, NOW);
                assert_eq!(changed.is_ok(), steps.contains(&(from, to)), "{from} -> {to}");
                assert_eq!(from.can_become(to), steps.contains(&(from, to)));
            }
            assert_eq!(from.as_str().parse(), Ok(from));
            assert_eq!(serde_json::to_string(&from).unwrap(), format!("\"{from}\""));
            assert_ne!(from.is_live(), from.is_terminal());
        }
        assert!("gone".parse::<Status>().is_err());
    }

    #[test]
    fn a_change_makes_a_version_and_an_event() {
        let mut visit = appointment(Status::Held);
        assert_eq!(visit.first_event(Actor::Bot, NOW).kind, EventKind::Held);
        let event = visit.confirm(Actor::Customer, NOW).unwrap();
        assert_eq!((visit.version, visit.hold_expires_at), (2, None));
        assert_eq!(
            serde_json::to_string(&event).unwrap(),
            r#"{"kind":"confirmed","actor":"customer","at":"1970-01-01T00:00:00Z","from":"held","to":"confirmed","version":2}"#
        );
        assert_eq!(visit.cancel(Actor::Operator, NOW).unwrap().to, Status::Cancelled);
        assert_eq!(
            visit.cancel(Actor::Operator, NOW),
            Err(Refused::NotAllowed {
                from: Status::Cancelled,
                to: Status::Cancelled
            })
        );
        assert_eq!(visit.version, 3);
    }

    #[test]
    fn an_expired_hold_is_neither_taken_up_nor_moved_but_let_go() {
        let mut hold = appointment(Status::Held);
        hold.hold_expires_at = Some(NOW);
        let plan = Plan {
            starts_at: NOW,
            ends_at: NOW,
            allocations: Vec::new(),
        };
        assert_eq!(hold.confirm(Actor::Customer, NOW), Err(Refused::HoldExpired));
        assert_eq!(
            hold.move_to(&plan, Actor::Customer, NOW),
            Err(Refused::HoldExpired)
        );
        assert_eq!(
            hold.cancel(Actor::Customer, NOW).unwrap().kind,
            EventKind::Expired
        );
    }

    #[test]
    fn a_move_keeps_the_state_and_ends_with_the_visits_begin() {
        let plan = Plan {
            starts_at: Timestamp::MAX,
            ends_at: Timestamp::MAX,
            allocations: Vec::new(),
        };
        let mut visit = appointment(Status::Pending);
        let event = visit.move_to(&plan, Actor::Customer, NOW).unwrap();
        assert_eq!(
            (event.kind, event.to, visit.starts_at),
            (EventKind::Moved, Status::Pending, Timestamp::MAX)
        );
        for status in Status::ALL {
            let can_move = matches!(status, Status::Held | Status::Pending | Status::Confirmed);
            assert_eq!(
                appointment(status).move_to(&plan, Actor::Customer, NOW).is_ok(),
                can_move,
                "{status}"
            );
        }
    }

    #[test]
    fn kinds_of_events_are_named_like_the_states_they_lead_to() {
        for kind in EventKind::ALL {
            assert_eq!(
                serde_json::to_string(&kind).unwrap(),
                format!("\"{}\"", kind.as_str())
            );
        }
        for actor in [Actor::Customer, Actor::Bot, Actor::Operator, Actor::System] {
            assert_eq!(
                serde_json::to_string(&actor).unwrap(),
                format!("\"{}\"", actor.as_str())
            );
        }
    }
}
