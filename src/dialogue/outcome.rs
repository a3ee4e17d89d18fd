//! What a turn decides: replies, and effects on the world, as data. The shell carries them out.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::claims::Claim;
use super::context::Context;
use crate::booking::appointment::Appointment;
use crate::booking::visit::{Plan, Wish};
use crate::types::{AppointmentId, WaitlistId};
use crate::understanding::When;
use crate::understanding::act::HandoffReason;

/// Something said to the customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// The text, complete on its own: options are numbered in it too.
    pub text: String,
    /// What can be tapped, where the channel has such a thing; each is a full answer if typed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
}

/// What a turn decides.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The context after the turn.
    pub context: Context,
    /// What is said. One reply at most: a burst of messages is answered once.
    pub replies: Vec<Reply>,
    /// What is done, in order.
    pub effects: Vec<Effect>,
    /// Whether a model's wording was said, or what it claimed; absent where none was to be said.
    pub wording: Option<Result<(), Claim>>,
}

/// A change of the world that a turn asks for.
///
/// `Hold` is carried out before the commit, under an id that a replay of the turn draws again. Everything else is
/// part of the commit: all of it happens, or nothing of the turn does.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Promise a slot: insert this `held` appointment. Earlier holds of the same goal are released with it.
    Hold {
        /// The appointment, with `goal` and `hold_expires_at` set.
        appointment: Appointment,
    },
    /// Turn a hold into a booking.
    Confirm {
        /// The held appointment as it was read back to the customer; refused unless the row still has this version.
        appointment: Appointment,
        /// Whether the business confirms by hand: the appointment becomes `pending` and not `confirmed`.
        by_hand: bool,
    },
    /// Insert a booking that was never held (holds are turned off).
    Book {
        /// The appointment, `confirmed` or `pending`.
        appointment: Appointment,
    },
    /// Give a hold back.
    Release {
        /// The held appointment.
        appointment: AppointmentId,
    },
    /// Move an appointment into a slot: the one held, or one that was never held.
    Move {
        /// The appointment as it was read back; refused unless the row still has this version.
        appointment: Appointment,
        /// Where it goes: its allocations after the move.
        to: Appointment,
        /// The hold that has won the slot; it ends with the move. `None` when holds are turned off.
        hold: Option<AppointmentId>,
    },
    /// Call an appointment off.
    Cancel {
        /// The appointment as it was read back; refused unless the row still has this version.
        appointment: Appointment,
    },
    /// Write a waitlist entry as it is now (new or changed).
    Waitlist {
        /// The entry.
        entry: WaitlistEntry,
    },
    /// Record that a person should take over.
    HandOff {
        /// Why.
        reason: HandoffReason,
    },
    /// Record whether the customer wants no further messages.
    Contact {
        /// `false` after "STOP".
        allowed: bool,
    },
    /// Record what is known about the customer.
    Profile(Profile),
}

/// What is known about a customer of a business.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The name to be called by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A phone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// A mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// Somebody waiting for a slot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WaitlistEntry {
    /// Its id.
    pub id: WaitlistId,
    /// What is wanted.
    pub wish: Wish,
    /// When it would suit.
    pub when: When,
    /// Where it stands.
    pub state: WaitlistState,
    /// What is offered, while `state` is `Offered`.
    pub offer: Option<WaitlistOffer>,
    /// Since when; whoever waits longest is offered first.
    pub since: Timestamp,
    /// Starts that were offered and not taken; they are not offered to this entry again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passed: Vec<Timestamp>,
}

/// States of a waitlist entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitlistState {
    /// Waits.
    Waiting,
    /// Was offered a slot and has not answered yet.
    Offered,
    /// Got one.
    Booked,
    /// Left, or what was waited for has passed.
    Ended,
}

/// A slot offered to somebody who waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WaitlistOffer {
    /// The slot.
    pub plan: Plan,
    /// Until when it is kept.
    pub expires_at: Timestamp,
}
