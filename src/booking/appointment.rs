//! The life of an appointment.
//!
//! `held -> pending | confirmed | expired`, `pending -> confirmed | declined | cancelled | expired`,
//! `confirmed -> checked_in | cancelled | no_show | completed`, `checked_in -> completed`.
//! A terminal state never lives again: whoever wants the slot anew books anew.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::visit::Allocation;
use crate::types::{AppointmentId, GoalId, ParticipantId, ServiceId};

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
