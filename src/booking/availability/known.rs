//! The hours of days, as they follow from a catalogue alone, worked out once.
//!
//! A catalogue never changes, but a busy business is asked about the same few days all the time, and mapping a day's
//! hours and grid to the time line was half of what a search cost (20 of 38 µs a day).
//! The memory is bounded, and invisible: whatever it holds would come out the same again. A copy of a catalogue
//! begins with an empty one, so that a copy may be changed before it is first asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

use super::{Reason, starts};
use crate::booking::catalogue::Catalogue;
use crate::booking::hours::{self, Span};

/// Days kept, of a few kilobytes each; a horizon has about 60.
const DAYS_MAX: usize = 96;

/// A local day, as the catalogue alone says it.
#[derive(Debug)]
pub(super) struct KnownDay {
    /// From its first instant to that of the next day.
    pub(super) whole: Option<Span>,
    /// When the business is open, from the day before to the day after: a visit may cross midnight.
    pub(super) open: Arc<[Span]>,
    /// Set when the business does not open at any time of the day.
    pub(super) closed: Option<Reason>,
    /// For each resource of the catalogue, when it works, and whether it works at any time of the day.
    pub(super) resources: Vec<(Arc<[Span]>, bool)>,
    /// The points of the grid at which the business or any resource has hours, by instant.
    pub(super) grid: Vec<(Timestamp, DateTime)>,
}

impl KnownDay {
    fn new(catalogue: &Catalogue, date: Date) -> Self {
        let whole = hours::day_span(&catalogue.time_zone, date);
        let touches_day = |spans: &[Span]| {
            whole.is_some_and(|(start, end)| spans.iter().any(|span| span.0 < end && start < span.1))
        };
        let dates = || {
            [date.yesterday().ok(), Some(date), date.tomorrow().ok()]
                .into_iter()
                .flatten()
        };
        let of_business = |day| hours::of_business(catalogue, day).spans;
        let open: Arc<[Span]> = hours::joined(dates().flat_map(of_business).collect()).into();
        let closed = (!touches_day(&open)).then(|| {
            let exception = hours::of_business(catalogue, date).exception;
            Reason::ClosedDay {
                exception: exception.is_some(),
                why: exception.flatten(),
            }
        });
        let resources: Vec<_> = catalogue
            .resources
            .iter()
            .map(|resource| {
                // Most resources keep the hours of the business and have no days of their own.
                let open: Arc<[Span]> = if resource.opening.is_empty() && resource.exceptions.is_empty() {
                    open.clone()
                } else {
                    let of_day = |day| hours::of_resource(catalogue, resource, day).spans;
                    hours::joined(dates().flat_map(of_day).collect()).into()
                };
                let is_at_work = touches_day(&open);
                (open, is_at_work)
            })
            .collect();
        let mut grid = starts::grid(catalogue, date);
        grid.retain(|(instant, _)| {
            contains(&open, *instant) || resources.iter().any(|(open, _)| contains(open, *instant))
        });
        Self {
            whole,
            open,
            closed,
            resources,
            grid,
        }
    }
}

/// Whether one of the spans contains the instant.
pub(super) fn contains(spans: &[Span], instant: Timestamp) -> bool {
    spans
        .iter()
        .any(|(start, end)| *start <= instant && instant < *end)
}

/// The days that a catalogue has been asked about.
#[derive(Debug, Default)]
pub(in crate::booking) struct KnownDays(Mutex<BTreeMap<Date, Arc<KnownDay>>>);

impl KnownDays {
    pub(super) fn of(catalogue: &Catalogue, date: Date) -> Arc<KnownDay> {
        let known = &catalogue.days.0;
        // The map is whole whatever panicked meanwhile, and the lock is held for a look or an insert only.
        if let Some(day) = known.lock().unwrap_or_else(PoisonError::into_inner).get(&date) {
            return day.clone();
        }
        let day = Arc::new(KnownDay::new(catalogue, date));
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= DAYS_MAX {
            // Time goes on: the earliest day is the one that is least likely to be asked for again.
            known.pop_first();
        }
        known.insert(date, day.clone());
        day
    }
}

impl Clone for KnownDays {
    fn clone(&self) -> Self {
        Self::default()
    }
}
