//! The life of an appointment.
//!
//! `held -> pending | confirmed | expired`, `pending -> confirmed | declined | cancelled | expired`,
//! `confirmed -> checked_in | cancelled | no_show | completed`, `checked_in -> completed`.
//! A terminal state never lives again: whoever wants the slot anew books anew.
//!
//! The rules of that life are here and nowhere else; the store applies them to its rows.

mod change;
mod event;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::change::Refused;
pub use self::event::{Actor, EventKind};
use super::visit::Allocation;
use crate::types::{AppointmentId, GoalId, InvalidName, ParticipantId, ServiceId, one_of};

/// A visit that occupies resources.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Appointment {
    /// Its id.
    pub id: AppointmentId,
    /// Whose it is.
    pub participant: ParticipantId,
    /// Where it stands in its life.
    pub status: Status,
    /// What it occupies, ordered by start. Empty only for a terminal status.
    pub allocations: Vec<Allocation>,
    /// The services, one per item of the wish.
    pub services: Vec<ServiceId>,
    /// How many people come.
    pub party_size: u32,
    /// The visible start.
    pub starts_at: Timestamp,
    /// The visible end.
    pub ends_at: Timestamp,
    /// The price at the time of booking in minor units; `None` when it is asked for on the spot.
    pub price_minor: Option<u64>,
    /// Until when a `held` one blocks; `None` in any other state.
    pub hold_expires_at: Option<Timestamp>,
    /// The goal that it was held for; `None` for bookings by API or operator.
    pub goal: Option<GoalId>,
    /// Grows by one with every change.
    pub version: u64,
}

/// States of an appointment.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Promised for some minutes while the customer decides.
    Held,
    /// Waits for the business to confirm.
    Pending,
    /// Stands.
    Confirmed,
    /// The customer has come.
    CheckedIn,
    /// Over.
    Completed,
    /// Called off.
    Cancelled,
    /// Refused by the business.
    Declined,
    /// A hold or a pending one that ran out.
    Expired,
    /// The customer did not come.
    NoShow,
}

impl Status {
    /// Every state.
    pub const ALL: [Self; 9] = [
        Self::Held,
        Self::Pending,
        Self::Confirmed,
        Self::CheckedIn,
        Self::Completed,
        Self::Cancelled,
        Self::Declined,
        Self::Expired,
        Self::NoShow,
    ];

    /// The name used in storage, metrics and the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Pending => "pending",
            Self::Confirmed => "confirmed",
            Self::CheckedIn => "checked_in",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::NoShow => "no_show",
        }
    }

    /// Whether it occupies what it is allocated.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(
            self,
            Self::Held | Self::Pending | Self::Confirmed | Self::CheckedIn
        )
    }

    /// Whether nothing can follow.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        !self.is_live()
    }

    /// Whether `next` may follow this state.
    ///
    /// Letting go of a hold counts as its running out, so that a hold has only one end besides being taken up.
    #[must_use]
    pub const fn can_become(self, next: Self) -> bool {
        match self {
            Self::Held => matches!(next, Self::Pending | Self::Confirmed | Self::Expired),
            Self::Pending => {
                matches!(
                    next,
                    Self::Confirmed | Self::Declined | Self::Cancelled | Self::Expired
                )
            }
            Self::Confirmed => {
                matches!(
                    next,
                    Self::CheckedIn | Self::Cancelled | Self::NoShow | Self::Completed
                )
            }
            Self::CheckedIn => matches!(next, Self::Completed),
            Self::Completed | Self::Cancelled | Self::Declined | Self::Expired | Self::NoShow => false,
        }
    }

    /// Whether a visit in this state can have another time. A hold cannot: another slot is another promise.
    #[must_use]
    pub const fn can_move(self) -> bool {
        matches!(self, Self::Pending | Self::Confirmed)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Status {
    type Err = InvalidName;
    fn from_str(text: &str) -> Result<Self, InvalidName> {
        one_of("state of an appointment", text, &Self::ALL, Self::as_str)
    }
}
