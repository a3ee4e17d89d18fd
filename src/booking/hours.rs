//! Local opening hours mapped to instants.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::catalogue::{Catalogue, LocalWindow, Resource};

/// What a local time is on the time line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LocalInstant {
    /// One instant: the usual case.
    One(Timestamp),
    /// None: the clocks jump over it.
    Gap {
        /// The first local time after the gap.
        next: DateTime,
    },
    /// Two: the clocks go back over it.
    Twice {
        /// Before the clocks go back.
        first: Timestamp,
        /// After.
        second: Timestamp,
    },
}

/// Maps a local time to the time line.
#[must_use]
pub fn instant_of(zone: &TimeZone, local: DateTime) -> LocalInstant {
    let _ = zone;
    LocalInstant::Gap { next: local }
}

/// The hours of one local day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayHours {
    /// The windows that start on the day, in order, as local time.
    pub windows: Vec<LocalWindow>,
    /// The same as instants, half-open.
    pub spans: Vec<(Timestamp, Timestamp)>,
    /// Set when an exception decides the day; its reason, if one is given.
    pub exception: Option<Option<String>>,
}

/// The hours of the business on a local day.
#[must_use]
pub fn of_business(catalogue: &Catalogue, date: Date) -> DayHours {
    let _ = (catalogue, date);
    DayHours {
        windows: Vec::new(),
        spans: Vec::new(),
        exception: None,
    }
}

/// The hours of a resource on a local day, cut to those of the business.
#[must_use]
pub fn of_resource(catalogue: &Catalogue, resource: &Resource, date: Date) -> DayHours {
    let _ = resource;
    of_business(catalogue, date)
}
