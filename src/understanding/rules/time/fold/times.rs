//! Times of day with the half that is most likely meant, given the opening hours.

use jiff::civil::{Time, Weekday};

use super::super::super::lang::Half;
use super::super::clock::Clock;
use super::super::day::{Day, Said};
use super::super::piece::{Bound, Piece, What};
use super::Hours;
use crate::understanding::when::{DateRange, Except, Inferred, TimeRange};

pub(super) fn times(
    piece: &Piece,
    weekday: Option<Weekday>,
    hours: Hours<'_>,
    inferred: &mut Vec<Inferred>,
) -> Option<TimeRange> {
    let open = opening(weekday, hours);
    match piece.what {
        What::Clock(clock) => {
            let (time, chosen) = likely(&clock, open);
            let time = time?;
            if chosen {
                inferred.push(Inferred::HalfOfDay);
            }
            if clock.half_style {
                inferred.push(Inferred::HalfHourStyle);
            }
            Some(match piece.bound {
                Bound::After => TimeRange::Between {
                    from: Some(time),
                    until: None,
                },
                Bound::Before => TimeRange::Between {
                    from: None,
                    until: Some(time),
                },
                Bound::On | Bound::Not if clock.about => TimeRange::About(time),
                Bound::On | Bound::Not => TimeRange::At(time),
            })
        }
        What::Clocks(from, until) => {
            let (from, until, chosen) = ends(from, until, open)?;
            if chosen {
                inferred.push(Inferred::HalfOfDay);
            }
            Some(TimeRange::Between {
                from: Some(from),
                until: Some(until),
            })
        }
        What::Part(part) => Some(match piece.bound {
            Bound::After => TimeRange::Between {
                from: Some(part.until),
                until: None,
            },
            Bound::Before => TimeRange::Between {
                from: None,
                until: Some(part.from),
            },
            Bound::On | Bound::Not => TimeRange::Between {
                from: Some(part.from),
                until: Some(part.until),
            },
        }),
        What::Days(_) | What::Moment(_) | What::Order(_) => None,
    }
}

/// The two ends of a range of times, each in the half of the day that makes the range short and forward.
pub(super) fn ends(a: Clock, b: Clock, open: Option<(Time, Time)>) -> Option<(Time, Time, bool)> {
    let minutes = |time: Time| i32::from(time.hour()) * 60 + i32::from(time.minute());
    let both = |clock: Clock| {
        let half = |half| {
            Clock {
                half: Some(half),
                ..clock
            }
            .time()
        };
        [half(Half::Am), half(Half::Pm)].into_iter().flatten()
    };
    let forward = |from: Time, until: Time| (minutes(until) - minutes(from) - 1).rem_euclid(24 * 60);
    match (a.open(), b.open()) {
        (false, false) => Some((a.time()?, b.time()?, false)),
        (true, false) => {
            let until = b.time()?;
            // The half said at the end counts for both, unless the range would then run backwards.
            let from = both(a).min_by_key(|from| forward(*from, until))?;
            Some((from, until, false))
        }
        (false, true) => {
            let from = a.time()?;
            let until = both(b).min_by_key(|until| forward(from, *until))?;
            Some((from, until, false))
        }
        (true, true) => {
            let (from, _) = likely(&a, open);
            let from = from?;
            let until = both(b).min_by_key(|until| forward(from, *until))?;
            Some((from, until, true))
        }
    }
}

/// When the business is open on that weekday; on a day unsaid, the widest hours of the week.
pub(super) fn opening(weekday: Option<Weekday>, hours: Hours<'_>) -> Option<(Time, Time)> {
    let on = |day: Weekday| hours.iter().filter(move |(d, ..)| *d == day);
    let widest = |list: &mut dyn Iterator<Item = &(Weekday, Time, Time)>| {
        list.map(|(_, from, until)| (*from, *until))
            .reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    };
    weekday
        .and_then(|day| widest(&mut on(day)))
        .or_else(|| widest(&mut hours.iter()))
}

pub(super) fn exclusion(piece: &Piece, hours: Hours<'_>) -> Option<Except> {
    match piece.what {
        What::Days(Day {
            said: Said::Weekday(day),
            ..
        }) => Some(Except::Weekday(day)),
        What::Days(day) => Some(day.range).filter(DateRange::runs).map(Except::Dates),
        _ => times(piece, None, hours, &mut Vec::new()).map(Except::Times),
    }
}

pub(super) fn meet(a: TimeRange, b: TimeRange) -> TimeRange {
    match (a, b) {
        (TimeRange::Between { from, until: None }, TimeRange::Between { from: None, until })
        | (TimeRange::Between { from: None, until }, TimeRange::Between { from, until: None }) => {
            TimeRange::Between { from, until }
        }
        _ => b,
    }
}

pub(super) fn minute(time: Time) -> Time {
    Time::new(time.hour(), time.minute(), 0, 0).unwrap_or(time)
}

/// The half that a time open to both most likely has, and whether it had to be chosen.
fn likely(clock: &Clock, hours: Option<(Time, Time)>) -> (Option<Time>, bool) {
    if !clock.open() {
        return (clock.time(), false);
    }
    let with = |half| {
        Clock {
            half: Some(half),
            ..*clock
        }
        .time()
    };
    let (am, pm) = (with(Half::Am), with(Half::Pm));
    let open =
        |time: Option<Time>| hours.is_some_and(|(from, until)| time.is_some_and(|t| from <= t && t < until));
    let afternoon = match (open(am), open(pm)) {
        (true, false) => false,
        (false, true) => true,
        _ => matches!(clock.hour, 1..=6 | 12),
    };
    (if afternoon { pm } else { am }, true)
}
