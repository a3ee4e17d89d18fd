//! The hours that matter for the starts of one local day, worked out once.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};

use super::Reason;
use super::known::{KnownDay, KnownDays, contains};
use super::request::{Item, Request};
use crate::booking::hours::Span;

/// One local day, for one request.
pub(super) struct Day {
    known: Arc<KnownDay>,
    /// For each resource of the request.
    resources: Vec<ResourceDay>,
}

struct ResourceDay {
    /// When it works, from the day before to the day after.
    open: Arc<[Span]>,
    /// Whether it works at any time of the day.
    is_at_work: bool,
    /// For how many seconds of the day visits occupy it.
    occupied_s: i64,
}

impl Day {
    fn new(request: &Request<'_>, date: Date) -> Self {
        let catalogue = request.question.catalogue;
        let known = KnownDays::of(catalogue, date);
        let resources = request.resources.iter().filter_map(|resource| {
            let place = catalogue
                .resources
                .iter()
                .position(|other| std::ptr::eq(other, *resource))?;
            let (open, is_at_work) = known.resources.get(place)?;
            let occupied_s = known.whole.map_or(0, |(from, until)| {
                let question = &request.question;
                question
                    .calendar
                    .occupied_s(&resource.id, from, until, question.now, question.ignoring)
            });
            Some(ResourceDay {
                is_at_work: *is_at_work,
                open: open.clone(),
                occupied_s,
            })
        });
        Self {
            resources: resources.collect(),
            known,
        }
    }

    /// Set when the business does not open at any time of the day.
    pub(super) fn closed(&self) -> Option<&Reason> {
        self.known.closed.as_ref()
    }

    /// The points of the grid at which anyone could start anything, by instant.
    pub(super) fn starts(&self) -> Vec<(Timestamp, DateTime)> {
        let has_hours_at = |instant| {
            contains(&self.known.open, instant)
                || self
                    .resources
                    .iter()
                    .any(|resource| contains(&resource.open, instant))
        };
        self.known
            .grid
            .iter()
            .copied()
            .filter(|(instant, _)| has_hours_at(*instant))
            .collect()
    }

    /// Whether neither the business nor anyone asked for has hours on the day. A resource may have: its own
    /// exception can open what the business closes.
    pub(super) fn is_without_hours(&self) -> bool {
        self.known.closed.is_some() && !self.resources.iter().any(|resource| resource.is_at_work)
    }

    /// Whether an item at `span` lies in the hours of a resource.
    pub(super) fn is_open(
        &self,
        request: &Request<'_>,
        resource: usize,
        item: &Item<'_>,
        span: Span,
    ) -> bool {
        self.resources
            .get(resource)
            .is_some_and(|day| fits(request, &day.open, item, span))
    }

    /// Whether an item at `span` lies in the hours of the business.
    pub(super) fn is_business_open(&self, request: &Request<'_>, item: &Item<'_>, span: Span) -> bool {
        fits(request, &self.known.open, item, span)
    }

    /// How busy a resource is on the day, in seconds.
    pub(super) fn occupied_s(&self, resource: usize) -> i64 {
        self.resources.get(resource).map_or(0, |day| day.occupied_s)
    }
}

/// Only the visible span must lie in the hours, unless the business wants its buffers there too.
fn fits(request: &Request<'_>, open: &[Span], item: &Item<'_>, span: Span) -> bool {
    let inside = if request.question.catalogue.policies.buffers_inside_hours {
        item.blocked(span)
    } else {
        Some(span)
    };
    inside.is_some_and(|(from, until)| open.iter().any(|(start, end)| *start <= from && until <= *end))
}

/// The days of one request.
#[derive(Default)]
pub(super) struct Days(BTreeMap<Date, Day>);

impl Days {
    pub(super) fn of(&mut self, request: &Request<'_>, date: Date) -> &Day {
        self.0.entry(date).or_insert_with(|| Day::new(request, date))
    }
}
