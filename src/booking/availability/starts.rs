//! Which starts are tried on a day: the grid, or the sessions of a class.

use jiff::civil::{Date, DateTime, Time};
use jiff::{Timestamp, ToSpan as _};

use super::day::Days;
use super::request::Request;
use crate::booking::catalogue::Catalogue;
use crate::booking::hours::{LocalInstant, instant_of};

/// The starts that are tried on a local day, by instant.
pub(super) fn of_day(request: &Request<'_>, days: &mut Days, date: Date) -> Vec<(Timestamp, DateTime)> {
    if request.has_class() {
        return sessions(request, date);
    }
    days.of(request, date).starts()
}

/// Every point of the grid on a local day, by instant. A local time that exists twice is two points, one that the
/// clocks jump over is none.
pub(super) fn grid(catalogue: &Catalogue, date: Date) -> Vec<(Timestamp, DateTime)> {
    let step_min = i64::from(catalogue.policies.slot_grid_min.max(1));
    let midnight = date.to_datetime(Time::midnight());
    let mut points = Vec::new();
    for local in midnight
        .series(step_min.minutes())
        .take_while(|local| local.date() == date)
    {
        match instant_of(&catalogue.time_zone, local) {
            LocalInstant::One(instant) => points.push((instant, local)),
            LocalInstant::Twice { first, second } => points.extend([(first, local), (second, local)]),
            LocalInstant::Gap { .. } => {}
        }
    }
    points.sort_unstable();
    points
}

/// The first point of the grid at or after an instant.
#[must_use]
pub fn next_on_grid(catalogue: &Catalogue, instant: Timestamp) -> Timestamp {
    let date = catalogue.time_zone.to_datetime(instant).date();
    date.series(1.day())
        .take(3)
        .flat_map(|date| grid(catalogue, date))
        .map(|(point, _)| point)
        .find(|point| *point >= instant)
        .unwrap_or(instant)
}

/// The starts of a visit on a local day with which its first class meets a session.
fn sessions(request: &Request<'_>, date: Date) -> Vec<(Timestamp, DateTime)> {
    let Some(item) = request.items.iter().find(|item| item.service.is_class()) else {
        return Vec::new();
    };
    let zone = &request.question.catalogue.time_zone;
    let mut starts = Vec::new();
    // What comes before the class may start on the day before it.
    for session_date in [Some(date), date.tomorrow().ok()].into_iter().flatten() {
        for session in &item.service.sessions {
            if session.weekday != session_date.weekday() {
                continue;
            }
            let instant = match instant_of(zone, session_date.to_datetime(session.start)) {
                LocalInstant::One(instant) | LocalInstant::Twice { first: instant, .. } => instant,
                LocalInstant::Gap { .. } => continue,
            };
            let Ok(start) = instant.checked_sub(item.offset) else {
                continue;
            };
            let start_local = zone.to_datetime(start);
            if start_local.date() == date {
                starts.push((start, start_local));
            }
        }
    }
    starts.sort_unstable();
    starts
}
