//! What happens to an appointment, and who does it: closed sets, because histories are read for years.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Status;
use crate::types::{InvalidName, one_of};

/// Kinds of events. Events are only ever appended.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// A slot was promised for some minutes.
    Held,
    /// A promise was given back.
    Released,
    /// A promise became the new time of another appointment.
    Used,
    /// Booked without a promise before it.
    Booked,
    /// It waits for the business.
    Pending,
    /// It stands.
    Confirmed,
    /// It has another time, other resources or other services.
    Moved,
    /// It was called off.
    Cancelled,
    /// The business refused it.
    Declined,
    /// A promise, or one waiting for the business, ran out.
    Expired,
    /// The customer has come.
    CheckedIn,
    /// It is over.
    Completed,
    /// The customer did not come.
    NoShow,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 13] = [
        Self::Held,
        Self::Released,
        Self::Used,
        Self::Booked,
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

    /// The name used in storage and the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Released => "released",
            Self::Used => "used",
            Self::Booked => "booked",
            Self::Pending => "pending",
            Self::Confirmed => "confirmed",
            Self::Moved => "moved",
            Self::Cancelled => "cancelled",
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::CheckedIn => "checked_in",
            Self::Completed => "completed",
            Self::NoShow => "no_show",
        }
    }

    /// The kind of an event that is nothing but a change to this state.
    pub(super) const fn of(status: Status) -> Self {
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

impl FromStr for EventKind {
    type Err = InvalidName;
    fn from_str(text: &str) -> Result<Self, InvalidName> {
        one_of("kind of event", text, &Self::ALL, Self::as_str)
    }
}

/// Who changed an appointment.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    /// The customer, by chat.
    Customer,
    /// The bot on its own (a hold, a waitlist offer, an expiry).
    Bot,
    /// The business, by API or console.
    Operator,
    /// Upkeep, or an import.
    System,
}

impl Actor {
    /// Everyone.
    pub const ALL: [Self; 4] = [Self::Customer, Self::Bot, Self::Operator, Self::System];

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

impl FromStr for Actor {
    type Err = InvalidName;
    fn from_str(text: &str) -> Result<Self, InvalidName> {
        one_of("actor", text, &Self::ALL, Self::as_str)
    }
}
