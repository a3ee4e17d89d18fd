//! Free starts, and the reason for each refused one.
//!
//! The rules are checked in a fixed order and the first that fails gives the reason, so that "why was 16:00 not
//! offered" has one answer: bookable, valid and not past, notice, horizon, business closed, resource off,
//! resource qualified, overlap with buffers, capacity.
//!
//! A visit is planned whole or not at all. Each item lies in the effective hours of everything that it occupies.
//! For "anyone", the same person serves all items when possible, and the least busy one that day is taken.

mod around;
mod day;
mod known;
mod planner;
#[cfg(test)]
mod properties;
mod refusal;
mod request;
mod starts;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

pub use self::around::nearest;
use self::day::Days;
pub(super) use self::known::KnownDays;
use self::request::Request;
pub use self::starts::next_on_grid;

use super::calendar::Calendar;
use super::catalogue::Catalogue;
use super::hours::{LocalInstant, instant_of};
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
        /// How many are left; 0 when the class is full.
        left: u32,
    },
}

impl Reason {
    /// The code, as it stands in the API.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotBookable => "not_bookable",
            Self::Past => "past",
            Self::TooSoon { .. } => "too_soon",
            Self::TooFar { .. } => "too_far",
            Self::ClosedDay { .. } => "closed_day",
            Self::OutsideHours => "outside_hours",
            Self::NonexistentLocalTime { .. } => "nonexistent_local_time",
            Self::NoSession => "no_session",
            Self::NotQualified { .. } => "not_qualified",
            Self::ResourceOff { .. } => "resource_off",
            Self::Taken => "taken",
            Self::NotEnoughSeats { .. } => "not_enough_seats",
        }
    }
}

/// How many days one search looks at.
pub const SEARCH_DAYS_MAX: usize = 62;

/// Checks one start, on the grid or off it.
///
/// # Errors
/// The first rule that refuses it.
pub fn check(question: Question<'_>, start: Timestamp) -> Result<Plan, Refusal> {
    let start_local = question.catalogue.time_zone.to_datetime(start);
    let refused = |reason| Refusal {
        start: start_local,
        reason,
    };
    let request = Request::new(question).map_err(refused)?;
    let mut days = Days::default();
    plan_at(&request, &mut days, start, start_local).map_err(refused)
}

/// What a local start is, and whether it is free.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LocalCheck {
    /// The local time is one instant; or it is none, which is a refusal.
    One(Result<Plan, Refusal>),
    /// The clocks go back over the local time: it is two instants, each with its own answer.
    Twice {
        /// Before the clocks go back.
        first: Result<Plan, Refusal>,
        /// After.
        second: Result<Plan, Refusal>,
    },
}

/// Checks one local start.
#[must_use]
pub fn check_local(question: Question<'_>, start: DateTime) -> LocalCheck {
    match instant_of(&question.catalogue.time_zone, start) {
        LocalInstant::One(instant) => LocalCheck::One(check(question, instant)),
        LocalInstant::Twice { first, second } => LocalCheck::Twice {
            first: check(question, first),
            second: check(question, second),
        },
        LocalInstant::Gap { next } => {
            let reason = match Request::new(question) {
                Ok(_) => Reason::NonexistentLocalTime { next },
                Err(reason) => reason,
            };
            LocalCheck::One(Err(Refusal { start, reason }))
        }
    }
}

/// Searches the local days `from..=to` (both included; at most [`SEARCH_DAYS_MAX`] days are looked at).
#[must_use]
pub fn search(question: Question<'_>, from: Date, to: Date) -> Availability {
    let mut found = Availability::default();
    let at_midnight = |date: Date, reason| Refusal {
        start: date.at(0, 0, 0, 0),
        reason,
    };
    let request = match Request::new(question) {
        Ok(request) => request,
        Err(reason) => {
            found.refused.push(at_midnight(from, reason));
            return found;
        }
    };
    let mut days = Days::default();
    let mut date = from;
    for _ in 0..SEARCH_DAYS_MAX {
        if date > to {
            break;
        }
        match request.whole_day_refusal(&mut days, date) {
            Some(reason) => found.refused.push(at_midnight(date, reason)),
            None => search_day(&request, &mut days, date, &mut found),
        }
        let Ok(tomorrow) = date.tomorrow() else { break };
        date = tomorrow;
    }
    found
}

fn search_day(request: &Request<'_>, days: &mut Days, date: Date, found: &mut Availability) {
    let starts = starts::of_day(request, days, date);
    if starts.is_empty() && request.has_class() {
        let start = date.at(0, 0, 0, 0);
        found.refused.push(Refusal {
            start,
            reason: Reason::NoSession,
        });
    }
    for (start, start_local) in starts {
        match plan_at(request, days, start, start_local) {
            Ok(plan) => found.free.push(plan),
            Err(reason) => found.refused.push(Refusal {
                start: start_local,
                reason,
            }),
        }
    }
}

fn plan_at(
    request: &Request<'_>,
    days: &mut Days,
    start: Timestamp,
    start_local: DateTime,
) -> Result<Plan, Reason> {
    request.check_limits(start, start_local.date())?;
    let day = days.of(request, start_local.date());
    planner::plan(request, day, start).ok_or_else(|| refusal::of(request, day, start))
}

/// Free seats of a class at its session that starts at `start`; 0 when there is none.
#[must_use]
pub fn seats_left(question: Question<'_>, start: Timestamp) -> u32 {
    let Ok(request) = Request::new(question) else {
        return 0;
    };
    let mut days = Days::default();
    let day = days.of(&request, question.catalogue.time_zone.to_datetime(start).date());
    request.seats_left(day, start)
}
