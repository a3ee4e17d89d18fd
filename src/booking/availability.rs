//! Free starts, and the reason for each refused one.
//!
//! The rules are checked in a fixed order and the first that fails gives the reason, so that "why was 16:00 not
//! offered" has one answer: bookable, valid and not past, notice, horizon, business closed, resource off,
//! resource qualified, overlap with buffers, capacity.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

use super::calendar::Calendar;
use super::catalogue::Catalogue;
use super::visit::{Plan, Wish};
use crate::types::{AppointmentId, ResourceId};

/// What availability is asked about.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The business.
    pub catalogue: &'a Catalogue,
    /// Who occupies what.
    pub calendar: &'a Calendar,
    /// What is wanted.
    pub wish: &'a Wish,
    /// The present.
    pub now: Timestamp,
    /// Appointments that do not count as occupying: the customer's own hold, the visit that is being moved.
    pub ignoring: &'a [AppointmentId],
}

/// The answer for a range of days.
#[derive(Debug, Clone, Default)]
pub struct Availability {
    /// Plans that fit, by start; one per start.
    pub free: Vec<Plan>,
    /// Grid starts within or near opening hours that do not fit, by start. Whole days that are closed or out of
    /// range have one entry, at local midnight.
    pub refused: Vec<Refusal>,
}

/// A start that is not free, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The local start that was asked for or tried.
    pub start: DateTime,
    /// The first rule that failed.
    pub reason: Reason,
}

/// Why a start is refused. The codes are part of the API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Reason {
    /// The service cannot be booked online, is unknown, or is an add-on without anything to add it to.
    NotBookable,
    /// Before now.
    Past,
    /// Sooner than the notice allows.
    TooSoon {
        /// The first instant that the notice allows, rounded up to the grid.
        earliest: Timestamp,
    },
    /// Beyond the horizon.
    TooFar {
        /// The last bookable day.
        last_day: Date,
    },
    /// The business is closed on that day.
    ClosedDay {
        /// The exception's reason ("Thanksgiving"), if it is one.
        #[serde(skip_serializing_if = "Option::is_none")]
        why: Option<String>,
        /// Whether an exception closes the day, and not the weekly rule.
        exception: bool,
    },
    /// Open on that day, but not (long enough) at that time.
    OutsideHours,
    /// The local time does not exist: the clocks jump over it.
    NonexistentLocalTime {
        /// The next local time that exists.
        next: DateTime,
    },
    /// The class does not take place then.
    NoSession,
    /// The one asked for does not do this service.
    NotQualified {
        /// Who.
        resource: ResourceId,
    },
    /// The one asked for does not work then.
    ResourceOff {
        /// Who.
        resource: ResourceId,
    },
    /// Everyone who could do it is occupied.
    Taken,
    /// Fewer seats are left than wanted.
    NotEnoughSeats {
        /// How many are left.
        left: u32,
    },
}

/// Checks one start.
///
/// # Errors
/// The first rule that refuses it.
pub fn check(question: Question<'_>, start: Timestamp) -> Result<Plan, Refusal> {
    let _ = question;
    Err(Refusal {
        start: start.to_zoned(question.catalogue.time_zone.clone()).datetime(),
        reason: Reason::Taken,
    })
}

/// Searches the local days `from..=to` (both included; at most 62 days are looked at).
#[must_use]
pub fn search(question: Question<'_>, from: Date, to: Date) -> Availability {
    let _ = (question, from, to);
    Availability::default()
}

/// Free seats of a class at its session that starts at `start`; 0 when there is none.
#[must_use]
pub fn seats_left(question: Question<'_>, start: Timestamp) -> u32 {
    let _ = (question, start);
    0
}
