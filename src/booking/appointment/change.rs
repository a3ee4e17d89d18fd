//! Changes of an appointment, checked against its life.
//!
//! Each answers with the kind of event that it leaves. A change that is refused changes nothing; one that is made
//! makes the next version.

use jiff::Timestamp;

use super::{Appointment, EventKind, Status};

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
    /// Whether it is a hold that has run out: it can no longer be taken up, and blocks nobody who asks.
    #[must_use]
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.status == Status::Held && self.hold_expires_at.is_some_and(|until| until <= now)
    }

    /// Gives it another state.
    ///
    /// # Errors
    /// When the state does not allow it, or a hold is taken up after it has expired.
    pub fn become_status(&mut self, to: Status, now: Timestamp) -> Result<EventKind, Refused> {
        if to.is_live() && self.has_expired(now) {
            return Err(Refused::HoldExpired);
        }
        self.enter(to)?;
        Ok(EventKind::of(to))
    }

    /// Ends a hold, or one waiting for the business, that ran out.
    ///
    /// # Errors
    /// When it is neither.
    pub fn expire(&mut self) -> Result<EventKind, Refused> {
        self.enter(Status::Expired)?;
        Ok(EventKind::Expired)
    }

    /// Gives a hold back, run out or not.
    ///
    /// # Errors
    /// When it is no hold.
    pub fn release(&mut self) -> Result<EventKind, Refused> {
        self.end_hold()?;
        Ok(EventKind::Released)
    }

    /// Ends a hold whose slot becomes the new time of another appointment; its seats pass to that one.
    ///
    /// # Errors
    /// When it is no hold, or one that has expired.
    pub fn use_up(&mut self, now: Timestamp) -> Result<EventKind, Refused> {
        if self.has_expired(now) {
            return Err(Refused::HoldExpired);
        }
        self.end_hold()?;
        self.allocations.clear();
        Ok(EventKind::Used)
    }

    /// Gives it the time, the resources and the services of `to`; it keeps its id, its owner and its state.
    ///
    /// # Errors
    /// When its state is none that can have another time.
    pub fn move_to(&mut self, to: &Self) -> Result<EventKind, Refused> {
        if !self.status.can_move() {
            return Err(Refused::NotMovable(self.status));
        }
        self.allocations.clone_from(&to.allocations);
        self.services.clone_from(&to.services);
        self.party_size = to.party_size;
        self.starts_at = to.starts_at;
        self.ends_at = to.ends_at;
        self.price_minor = to.price_minor;
        self.version += 1;
        Ok(EventKind::Moved)
    }

    fn end_hold(&mut self) -> Result<(), Refused> {
        if self.status == Status::Held {
            self.enter(Status::Expired)
        } else {
            Err(Refused::NotAllowed {
                from: self.status,
                to: Status::Expired,
            })
        }
    }

    fn enter(&mut self, to: Status) -> Result<(), Refused> {
        let from = self.status;
        if !from.can_become(to) {
            return Err(Refused::NotAllowed { from, to });
        }
        self.status = to;
        self.hold_expires_at = None;
        self.version += 1;
        Ok(())
    }
}
