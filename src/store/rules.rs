//! What both databases do alike: the rules, without the statements. Mostly those of booking.
//!
//! `desk` is what the rules ask of a database. `holds`, `effects`, `changes`: the rules. Beside them `deliveries`, what
//! becomes of replies, and `joining`, how two participants become one.

mod changes;
pub(super) mod deliveries;
mod desk;
mod effects;
mod holds;
pub(super) mod joining;

use jiff::Timestamp;

pub(super) use self::changes::Requested;
pub(super) use self::desk::{Desk, Met, Put};
pub(super) use self::effects::{Care, carry_out, changed_by, reason_name};
pub(super) use self::holds::Expire;
use super::Actor;
use crate::booking::appointment::{Appointment, Status};
use crate::types::{Pair, TurnId};

/// Who changes an appointment, and when.
#[derive(Debug, Clone, Copy)]
pub(super) struct By {
    pub(super) actor: Actor,
    pub(super) turn: Option<TurnId>,
    pub(super) at: Timestamp,
}

/// A slot to be promised.
pub(super) struct Hold {
    pub(super) pair: Pair,
    pub(super) appointment: Appointment,
    pub(super) now: Timestamp,
}

impl Hold {
    /// The row that is asked for.
    pub(super) fn wanted(&self) -> Appointment {
        let mut wanted = stored(&self.appointment);
        wanted.participant = self.pair.participant.clone();
        wanted.status = Status::Held;
        // A hold without an end would block for ever; one that ends now is the nearest to what was asked for.
        wanted.hold_expires_at.get_or_insert(as_stored(self.now));
        wanted
    }
}

/// The time that a stored one comes back as: what is finer than a microsecond is cut off.
pub(super) fn as_stored(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time)
}

/// An appointment with its times as they will be read back.
pub(super) fn stored(appointment: &Appointment) -> Appointment {
    let mut appointment = appointment.clone();
    let shorten = |time: &mut Timestamp| *time = as_stored(*time);
    shorten(&mut appointment.starts_at);
    shorten(&mut appointment.ends_at);
    if let Some(until) = &mut appointment.hold_expires_at {
        shorten(until);
    }
    for allocation in &mut appointment.allocations {
        shorten(&mut allocation.starts_at);
        shorten(&mut allocation.ends_at);
        shorten(&mut allocation.blocked_from);
        shorten(&mut allocation.blocked_until);
    }
    appointment
}
