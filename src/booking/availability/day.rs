//! The hours that matter for the starts of one local day, worked out once.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use super::Reason;
use super::request::{Item, Request};
use crate::booking::hours::{self, Span};

/// One local day, for one request.
pub(super) struct Day {
    /// When the business is open, from the day before to the day after: a visit may cross midnight.
    pub(super) open: Vec<Span>,
    /// Set when the business does not open at any time of the day.
    pub(super) closed: Option<Reason>,
    /// For each resource of the request.
    resources: Vec<ResourceDay>,
}

struct ResourceDay {
    /// When it works, from the day before to the day after.
    open: Vec<Span>,
    /// Whether it works at any time of the day.
    is_at_work: bool,
    /// For how many seconds of the day visits occupy it.
    occupied_s: i64,
}

impl Day {
    fn new(request: &Request<'_>, date: Date) -> Self {
        let catalogue = request.question.catalogue;
        let whole_day = hours::day_span(&catalogue.time_zone, date);
        let touches_day = |spans: &[Span]| {
            whole_day.is_some_and(|(start, end)| spans.iter().any(|span| span.0 < end && start < span.1))
        };
        let dates = || {
            [date.yesterday().ok(), Some(date), date.tomorrow().ok()]
                .into_iter()
                .flatten()
        };
        let open = hours::joined(
            dates()
                .flat_map(|day| hours::of_business(catalogue, day).spans)
                .collect(),
        );
        let closed = (!touches_day(&open)).then(|| {
            let exception = hours::of_business(catalogue, date).exception;
            Reason::ClosedDay {
                exception: exception.is_some(),
                why: exception.flatten(),
            }
        });
        let resources = request.resources.iter().map(|resource| {
            // Most resources keep the hours of the business and have no days of their own.
            let open = if resource.opening.is_empty() && resource.exceptions.is_empty() {
                open.clone()
            } else {
                let of_day = |day| hours::of_resource(catalogue, resource, day).spans;
                hours::joined(dates().flat_map(of_day).collect())
            };
            let occupied_s = whole_day.map_or(0, |(from, until)| {
                let question = &request.question;
                question
                    .calendar
                    .occupied_s(&resource.id, from, until, question.now, question.ignoring)
            });
            ResourceDay {
                is_at_work: touches_day(&open),
                open,
                occupied_s,
            }
        });
        Self {
            resources: resources.collect(),
            open,
            closed,
        }
    }

    /// Whether neither the business nor anyone asked for has hours on the day. A resource may have: its own
    /// exception can open what the business closes.
    pub(super) fn is_without_hours(&self) -> bool {
        self.closed.is_some() && !self.resources.iter().any(|resource| resource.is_at_work)
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
        fits(request, &self.open, item, span)
    }

    /// How busy a resource is on the day, in seconds.
    pub(super) fn occupied_s(&self, resource: usize) -> i64 {
        self.resources.get(resource).map_or(0, |day| day.occupied_s)
    }

    /// Whether anyone could start anything at `instant`.
    pub(super) fn has_hours_at(&self, instant: Timestamp) -> bool {
        let contains = |spans: &[Span]| {
            spans
                .iter()
                .any(|(start, end)| *start <= instant && instant < *end)
        };
        contains(&self.open) || self.resources.iter().any(|resource| contains(&resource.open))
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
