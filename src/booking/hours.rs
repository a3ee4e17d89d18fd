//! Local opening hours mapped to instants.
//!
//! Who decides a day: the resource's exception, else the business's exception, else the resource's rules, else the
//! business's rules. A closure of a narrower scope always wins: nobody works on a day off because the business has
//! special hours. A window belongs to the day on which it starts, also when it runs over midnight, so an exception
//! on Sunday leaves Saturday night alone.
//!
//! The ends of a window are mapped with the same rule, so windows that touch in local time touch on the time line:
//! a time in a gap is the instant of the jump, a time that exists twice is the first of the two.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan as _};

use super::catalogue::{Catalogue, LocalWindow, OpeningException, OpeningRule, Resource};

/// How far ahead and back an open day is looked for.
const DAYS_SEARCHED_MAX: usize = 366;

/// A stretch of the time line, half-open.
pub type Span = (Timestamp, Timestamp);

/// An instant some seconds later or earlier; `None` beyond the ends of time.
///
/// The arithmetic of a search, for every start and every seat. jiff's own goes through durations of any precision and
/// was a fifth of a search.
pub(super) fn shifted(instant: Timestamp, seconds: i64) -> Option<Timestamp> {
    let second = instant.as_second().checked_add(seconds)?;
    Timestamp::new(second, instant.subsec_nanosecond()).ok()
}

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
///
/// At the ends of jiff's range of time (years -9999 and 9999) a time outside it counts as a gap.
#[must_use]
pub fn instant_of(zone: &TimeZone, local: DateTime) -> LocalInstant {
    let ambiguous = zone.to_ambiguous_timestamp(local);
    match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { offset } => offset
            .to_timestamp(local)
            .map_or(LocalInstant::Gap { next: local }, LocalInstant::One),
        AmbiguousOffset::Gap { .. } => LocalInstant::Gap {
            next: end_of_gap(zone, local).map_or(local, |instant| zone.to_datetime(instant)),
        },
        AmbiguousOffset::Fold { before, after } => {
            match (before.to_timestamp(local), after.to_timestamp(local)) {
                (Ok(first), Ok(second)) => LocalInstant::Twice { first, second },
                _ => LocalInstant::Gap { next: local },
            }
        }
    }
}

/// The instant at which the clocks jump over `local`; `None` when they do not.
fn end_of_gap(zone: &TimeZone, local: DateTime) -> Option<Timestamp> {
    // Read with the offset after the jump, a local time in the gap is an instant before the jump.
    let before = zone.to_ambiguous_timestamp(local).earlier().ok()?;
    // A change of the zone's name only is a transition too; it does not jump.
    zone.following(before)
        .take(4)
        .map(|transition| transition.timestamp())
        .find(|instant| zone.to_datetime(*instant) > local)
}

/// The instant from which the clock shows `local` or later; the first of two.
#[must_use]
pub fn first_instant_of(zone: &TimeZone, local: DateTime) -> Option<Timestamp> {
    match instant_of(zone, local) {
        LocalInstant::One(instant) | LocalInstant::Twice { first: instant, .. } => Some(instant),
        LocalInstant::Gap { .. } => end_of_gap(zone, local),
    }
}

/// The hours of one local day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayHours {
    /// The windows that start on the day, in order, as local time.
    pub windows: Vec<LocalWindow>,
    /// The same as instants, half-open. A window that the clocks jump over whole has none.
    pub spans: Vec<Span>,
    /// Set when an exception decides the day; its reason, if one is given.
    pub exception: Option<Option<String>>,
}

impl DayHours {
    /// Whether nothing starts on the day.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.windows.is_empty()
    }

    fn new(zone: &TimeZone, windows: &[LocalSpan], exception: Option<&OpeningException>) -> Self {
        let on_clock = |(start, end): &LocalSpan| LocalWindow {
            start: start.time(),
            end: end.time(),
        };
        Self {
            windows: windows.iter().map(on_clock).collect(),
            spans: spans(zone, windows),
            exception: exception.map(|exception| exception.reason.clone()),
        }
    }
}

/// A stretch of local time, half-open.
type LocalSpan = (DateTime, DateTime);

fn spans(zone: &TimeZone, windows: &[LocalSpan]) -> Vec<Span> {
    windows
        .iter()
        .filter_map(|(start, end)| first_instant_of(zone, *start).zip(first_instant_of(zone, *end)))
        .filter(|(start, end)| start < end)
        .collect()
}

/// The hours of the business on a local day.
#[must_use]
pub fn of_business(catalogue: &Catalogue, date: Date) -> DayHours {
    let windows = business_windows(catalogue, date);
    DayHours::new(
        &catalogue.time_zone,
        &windows,
        exception_on(&catalogue.exceptions, date),
    )
}

/// The hours of a resource on a local day, cut to those of the business; an exception of its own is not cut.
#[must_use]
pub fn of_resource(catalogue: &Catalogue, resource: &Resource, date: Date) -> DayHours {
    let windows = resource_windows(catalogue, resource, date);
    let exception =
        exception_on(&resource.exceptions, date).or_else(|| exception_on(&catalogue.exceptions, date));
    DayHours::new(&catalogue.time_zone, &windows, exception)
}

fn business_windows(catalogue: &Catalogue, date: Date) -> Vec<LocalSpan> {
    match exception_on(&catalogue.exceptions, date) {
        Some(exception) => on(date, &exception.windows),
        None => weekly(&catalogue.opening, date),
    }
}

fn resource_windows(catalogue: &Catalogue, resource: &Resource, date: Date) -> Vec<LocalSpan> {
    if let Some(exception) = exception_on(&resource.exceptions, date) {
        return on(date, &exception.windows);
    }
    if resource.opening.is_empty() {
        return business_windows(catalogue, date);
    }
    // On a day on which the business is never open by rule, a resource cannot have had hours to be off from:
    // there an exceptional opening of the business is for everyone. On any other day a day off stays one.
    let is_special_day = exception_on(&catalogue.exceptions, date).is_some()
        && weekly(&catalogue.opening, date).is_empty()
        && weekly(&resource.opening, date).is_empty();
    if is_special_day {
        return business_windows(catalogue, date);
    }
    // A night shift starts on one day and is cut by the hours of two.
    let mut pieces = Vec::new();
    for own_date in [date.yesterday().ok(), Some(date)].into_iter().flatten() {
        if exception_on(&resource.exceptions, own_date).is_some() {
            continue;
        }
        let days = [
            own_date.yesterday().ok(),
            Some(own_date),
            own_date.tomorrow().ok(),
        ];
        let business: Vec<LocalSpan> = days
            .into_iter()
            .flatten()
            .flat_map(|day| business_windows(catalogue, day))
            .collect();
        for own in weekly(&resource.opening, own_date) {
            let cut = business
                .iter()
                .map(|(start, end)| ((*start).max(own.0), (*end).min(own.1)))
                .filter(|(start, end)| start < end)
                .collect();
            pieces.extend(joined(cut).into_iter().filter(|(start, _)| start.date() == date));
        }
    }
    joined(pieces)
}

fn exception_on(exceptions: &[OpeningException], date: Date) -> Option<&OpeningException> {
    exceptions
        .iter()
        .find(|exception| exception.from <= date && date <= exception.to)
}

fn weekly(rules: &[OpeningRule], date: Date) -> Vec<LocalSpan> {
    let is_dated = |rule: &OpeningRule| rule.valid_from.is_some() || rule.valid_to.is_some();
    let holds = |rule: &OpeningRule| {
        rule.valid_from.is_none_or(|from| from <= date) && rule.valid_to.is_none_or(|to| date <= to)
    };
    let is_in_season = rules.iter().any(|rule| is_dated(rule) && holds(rule));
    let weekday: Weekday = date.weekday();
    let of_day: Vec<LocalWindow> = rules
        .iter()
        .filter(|rule| rule.weekday == weekday && holds(rule) && is_dated(rule) == is_in_season)
        .map(|rule| rule.window)
        .collect();
    on(date, &of_day)
}

/// Windows on a date. One that cannot end, on the last day of time, is left out.
fn on(date: Date, windows: &[LocalWindow]) -> Vec<LocalSpan> {
    let mut spans: Vec<LocalSpan> = windows
        .iter()
        .filter_map(|window| {
            let last_date = if window.end <= window.start {
                date.tomorrow().ok()?
            } else {
                date
            };
            Some((date.to_datetime(window.start), last_date.to_datetime(window.end)))
        })
        .collect();
    spans.sort_unstable();
    spans
}

/// Joins stretches that overlap or touch, so that a visit may cross from one into the next.
pub(super) fn joined<T: Ord + Copy>(mut spans: Vec<(T, T)>) -> Vec<(T, T)> {
    spans.sort_unstable();
    let mut joined: Vec<(T, T)> = Vec::with_capacity(spans.len());
    for (start, end) in spans {
        match joined.last_mut() {
            Some((_, last_end)) if start <= *last_end => *last_end = end.max(*last_end),
            _ => joined.push((start, end)),
        }
    }
    joined
}

/// The instants at which a local day begins and ends; its length is 24 hours on most days only.
#[must_use]
pub fn day_span(zone: &TimeZone, date: Date) -> Option<Span> {
    let start = first_instant_of(zone, date.to_datetime(Time::midnight()))?;
    let end = first_instant_of(zone, date.tomorrow().ok()?.to_datetime(Time::midnight()))?;
    Some((start, end))
}

/// The next `n` days after `date` on which the business opens, at most a year ahead.
#[must_use]
pub fn next_open_days(catalogue: &Catalogue, date: Date, n: usize) -> Vec<Date> {
    date.series(1.day())
        .skip(1)
        .take(DAYS_SEARCHED_MAX)
        .filter(|day| !business_windows(catalogue, *day).is_empty())
        .take(n)
        .collect()
}

/// The last day before `date` on which the business opens, at most a year back.
#[must_use]
pub fn previous_open_day(catalogue: &Catalogue, date: Date) -> Option<Date> {
    date.series((-1).day())
        .skip(1)
        .take(DAYS_SEARCHED_MAX)
        .find(|day| !business_windows(catalogue, *day).is_empty())
}

#[cfg(test)]
mod tests;
