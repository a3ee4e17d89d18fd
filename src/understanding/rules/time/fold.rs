//! From pieces to one expression: what was said last wins, "or" keeps both, "not" excludes.

mod times;

use jiff::ToSpan as _;
use jiff::civil::{DateTime, Time, Weekday};

use super::super::lang::Role;
use super::super::token::Text;
use super::day::{Day, Said};
use super::piece::{Bound, Context, Piece, What};
use crate::understanding::when::{DateRange, Except, Inferred, Order, Span, TimeRange, When, Window};

/// Opening hours as the lexicon has them.
pub(crate) type Hours<'a> = &'a [(Weekday, Time, Time)];

/// An expression with what only a report needs.
#[derive(Debug, Clone)]
pub(crate) struct Expression {
    /// What was said.
    pub(crate) when: When,
    /// The last day of a range was named ("Monday to Wednesday").
    pub(crate) named_end: bool,
    /// Whether "as soon as possible" was all that was said; it starts now.
    pub(crate) soon: Option<DateTime>,
    /// Where the day stands.
    pub(crate) date_span: Option<Span>,
    /// Where the time stands.
    pub(crate) time_span: Option<Span>,
}

/// One alternative while it is being put together.
#[derive(Debug, Clone, Copy, Default)]
struct Group {
    day: Option<Piece>,
    time: Option<Piece>,
    /// A second bound of the time ("after 2 but before 5").
    time_too: Option<Piece>,
    moment: Option<(DateTime, Piece)>,
}

/// Makes one expression of `pieces`. `None` when they say nothing.
pub(crate) fn fold(c: &Context<'_>, hours: Hours<'_>, pieces: &[Piece]) -> Option<Expression> {
    let t = c.days.text;
    let mut groups = vec![Group::default()];
    let mut except = Vec::new();
    let mut order = None;
    let mut previous: Option<Piece> = None;
    for piece in pieces {
        if let What::Order(said) = piece.what {
            // "earlier" and "later" beside a time only colour it.
            if matches!(said, Order::Earliest | Order::Latest) || order.is_none() {
                order = Some(said);
            }
            continue;
        }
        if piece.bound == Bound::Not {
            except.extend(times::exclusion(piece, hours));
            continue;
        }
        let alternative = piece.apart || previous.is_some_and(|p| alternatives(t, &p, piece));
        previous = Some(*piece);
        place(&mut groups, piece, alternative);
    }
    // "any weekday after 6"
    if !pieces.is_empty() && (0..t.len()).any(|i| t.is(i, Role::Weekdays)) {
        except.extend([Weekday::Saturday, Weekday::Sunday].map(Except::Weekday));
    }
    fill(&mut groups);
    let mut inferred = Vec::new();
    let mut windows: Vec<Window> = groups
        .iter()
        .filter_map(|g| window(c, hours, g, &mut inferred))
        .collect();
    windows.dedup();
    inferred.dedup();
    let used: Vec<&Piece> = pieces.iter().collect();
    let from = used.iter().map(|p| p.outer.min(p.from)).min()?;
    let to = used.iter().map(|p| p.to).max()?;
    if windows.is_empty() && except.is_empty() && order.is_none() {
        return None;
    }
    // "earlier today at 3": a step from what was offered means nothing when a time was said outright.
    if matches!(order, Some(Order::Earlier | Order::Later)) && windows.iter().any(|w| w.times.is_some()) {
        order = None;
    }
    let span = t.span(from, to);
    let soon = (windows.is_empty() && order == Some(Order::Earliest)).then_some(c.days.now);
    // What is refused was still said ("I can't make 9:30").
    let refused = |day: bool| {
        pieces
            .iter()
            .rev()
            .find(|p| p.bound == Bound::Not && if day { p.is_day() } else { p.is_time() })
            .copied()
    };
    let last_day = groups.iter().rev().find_map(|g| g.day).or_else(|| refused(true));
    let last_time = groups
        .iter()
        .rev()
        .find_map(|g| g.time.or(g.moment.map(|(_, p)| p)))
        .or_else(|| refused(false));
    let in_front_of = |p: Piece| {
        if t.is(p.from, Role::The) {
            p.from + 1
        } else {
            p.from
        }
    };
    Some(Expression {
        named_end: last_day.is_some_and(|d| d.named_end),
        // "in 2 hours" says both the day and the time.
        date_span: last_day
            .or(groups.iter().rev().find_map(|g| g.moment.map(|(_, p)| p)))
            .map(|p| t.span(in_front_of(p), p.core)),
        time_span: last_time
            .filter(|p| !matches!(p.what, What::Part(_)))
            .map(|p| time_span(t, &p)),
        when: When {
            ambiguous: false,
            windows,
            except,
            order,
            inferred,
            text: t.slice(span),
            span,
        },
        soon,
    })
}

/// The words of a time, as RESTAURANTS-8K marks them: the full stop of "p.m." is one of its letters; after ten
/// o'clock neither a spaced "AM" nor "in the morning" belongs to the time, before ten both do.
fn time_span(t: &Text<'_>, piece: &Piece) -> Span {
    let two_digits = t
        .get(piece.from)
        .is_some_and(|w| w.number.is_some_and(|n| (10..13).contains(&n)) && t.sign(piece.from + 1, ":"))
        || t.get(piece.from).is_some_and(|w| w.number == Some(12));
    let mut to = piece.core;
    while two_digits
        && to > piece.from + 1
        && t.get(to - 1)
            .is_some_and(|w| (w.is(Role::Am) || w.is(Role::Pm)) && w.spaced)
    {
        to -= 1;
    }
    let single = t.get(piece.from).is_some_and(|w| {
        w.word
            .and_then(|w| w.number)
            .or(w.number)
            .is_some_and(|n| (1..10).contains(&n))
    });
    if single
        && piece.to > piece.core
        && (piece.core..piece.to).all(|i| {
            t.is(i, Role::In)
                || t.is(i, Role::The)
                || t.get(i).is_some_and(|w| w.word.is_some_and(|w| w.part.is_some()))
        })
    {
        to = piece.to;
    }
    let from = if t.is(piece.from, Role::A) && to > piece.from + 1 && t.is(piece.from + 1, Role::Quarter) {
        piece.from + 1
    } else {
        piece.from
    };
    let (start, mut end) = t.span(from, to);
    let meridiem = to
        .checked_sub(1)
        .is_some_and(|last| t.is(last, Role::Am) || t.is(last, Role::Pm));
    if meridiem && t.sign(to, ".") && t.get(to).is_some_and(|d| !d.spaced) {
        end += 1;
    }
    (start, end)
}

/// Whether two pieces are held apart by "or" (or list two days).
fn alternatives(t: &Text<'_>, a: &Piece, b: &Piece) -> bool {
    let same = a.is_day() && b.is_day() || a.is_time() && b.is_time() || b.is_day() || b.is_time();
    if !same || b.outer < a.to || b.outer - a.to > 6 {
        return false;
    }
    let both_days = a.is_day() && b.is_day();
    (a.to..b.outer).any(|i| t.is(i, Role::Or) || both_days && t.is(i, Role::And))
}

fn place(groups: &mut Vec<Group>, piece: &Piece, alternative: bool) {
    if alternative {
        groups.push(Group::default());
    }
    let taken = |g: &Group| match piece.what {
        What::Days(_) => g.day.is_some(),
        What::Moment(_) => g.moment.is_some(),
        _ => g.time.is_some(),
    };
    let Some(last) = groups.last_mut() else { return };
    let again = taken(last);
    match piece.what {
        What::Days(day) => {
            if again {
                // Said anew: the later day replaces all earlier ones.
                if let Some(old) = last.day.as_mut()
                    && let Some(both) = within_week(old, &day)
                {
                    let named_end = if matches!(old.what, What::Days(d) if d.by_weekday) {
                        old.named_end
                    } else {
                        piece.named_end
                    };
                    *old = Piece {
                        what: What::Days(both),
                        named_end,
                        ..*piece
                    };
                    return;
                }
                let vague = last.day.is_some_and(|d| narrows(&d, &day));
                if !vague {
                    for group in groups.iter_mut() {
                        group.day = None;
                    }
                    groups.dedup_by(|b, a| b.time.is_none() && a.time.is_none() && a.moment.is_none());
                }
                if let Some(last) = groups.last_mut() {
                    last.day = Some(*piece);
                }
            } else {
                last.day = Some(*piece);
            }
        }
        What::Moment(moment) => last.moment = Some((moment, *piece)),
        What::Part(_) => {
            // A part of the day beside a time says nothing new.
            if !matches!(
                last.time,
                Some(Piece {
                    what: What::Clock(_) | What::Clocks(..),
                    ..
                })
            ) {
                last.time = Some(*piece);
            }
        }
        What::Clock(_) | What::Clocks(..) => {
            let pair = last.time.filter(|old| {
                matches!(
                    (old.bound, piece.bound),
                    (Bound::After, Bound::Before) | (Bound::Before, Bound::After)
                )
            });
            if pair.is_some() {
                last.time_too = Some(*piece);
            } else if again {
                let only = *last;
                if let Some(first) = groups.first_mut() {
                    *first = Group {
                        time: Some(*piece),
                        time_too: None,
                        ..only
                    };
                }
                groups.truncate(1);
            } else {
                last.time = Some(*piece);
            }
        }
        What::Order(_) => {}
    }
}

/// Whether the new day only makes the old stretch narrower ("next week, on Wednesday").
fn narrows(old: &Piece, new: &Day) -> bool {
    matches!(old.what, What::Days(old) if old.range.single().is_none() && new.range.single().is_some())
}

/// "next week between Wednesday and Friday", "Wednesday evening next week": the weekdays of that week.
fn within_week(old: &Piece, new: &Day) -> Option<Day> {
    let What::Days(old) = old.what else { return None };
    let week = |d: &Day| {
        let (from, until) = (d.range.from?, d.range.until?);
        (from.weekday() == Weekday::Monday && from.since(until).ok()?.get_days() == -7 && !d.by_weekday)
            .then_some(from)
    };
    let (monday, days) = match (week(&old), week(new)) {
        (Some(monday), None) if new.by_weekday => (monday, *new),
        (None, Some(monday)) if old.by_weekday => (monday, old),
        _ => return None,
    };
    let (from, until) = (days.range.from?, days.range.until?);
    let start = monday
        .checked_add(i64::from(from.weekday().to_monday_zero_offset()).days())
        .ok()?;
    let length = until.since(from).ok()?.get_days();
    Some(Day {
        range: DateRange {
            from: Some(start),
            until: start.checked_add(i64::from(length).days()).ok(),
        },
        said: Said::Other,
        ..days
    })
}

/// What one alternative leaves unsaid it takes from its neighbours: "Friday or Saturday at 3", "Friday at 2 or 3".
fn fill(groups: &mut [Group]) {
    let mut day = None;
    for group in groups.iter_mut() {
        group.day = group.day.or(day);
        day = group.day;
    }
    let mut time = None;
    for group in groups.iter_mut().rev() {
        if group.time.is_none() && group.moment.is_none() {
            group.time = time;
        }
        time = group.time;
    }
    let parts_only = time;
    if let Some(Piece {
        what: What::Part(_), ..
    }) = parts_only
    {
        for group in groups.iter_mut() {
            group.time = group.time.or(parts_only);
        }
    }
}

fn window(c: &Context<'_>, hours: Hours<'_>, group: &Group, inferred: &mut Vec<Inferred>) -> Option<Window> {
    if let Some((moment, _)) = group.moment
        && group.day.is_none()
    {
        return Some(Window {
            dates: Some(DateRange::day(moment.date())),
            times: Some(TimeRange::At(times::minute(moment.time()))),
        });
    }
    let dates = group.day.and_then(|piece| {
        let What::Days(day) = piece.what else { return None };
        if day.year {
            inferred.push(Inferred::Year);
        }
        if day.month {
            inferred.push(Inferred::Month);
        }
        if let Some(weekday) = day.contradicts {
            inferred.push(Inferred::WeekdayContradicts(weekday));
        }
        Some(match piece.bound {
            Bound::After => DateRange {
                from: day.range.until,
                until: None,
            },
            // "by Friday" includes Friday, "before Friday" does not.
            Bound::Before if c.days.text.is(piece.outer, Role::By) => DateRange {
                from: None,
                until: day.range.until,
            },
            Bound::Before => DateRange {
                from: None,
                until: day.range.from,
            },
            Bound::On | Bound::Not => day.range,
        })
    });
    // "the next 0 weeks" are no days, and nothing lies beyond the end of the calendar.
    let dates = dates.filter(DateRange::runs);
    let dates = match (dates.and_then(DateRange::single), group.time.map(|p| p.what)) {
        (Some(day), Some(What::Clock(clock)))
            if clock.of_night && clock.time().is_some_and(|t| t.hour() < 5) =>
        {
            day.tomorrow().ok().map(DateRange::day)
        }
        _ => dates,
    };
    let weekday = dates.and_then(DateRange::single).map(jiff::civil::Date::weekday);
    let times = group
        .time
        .and_then(|piece| times::times(&piece, weekday, hours, inferred));
    let times = match group
        .time_too
        .and_then(|piece| times::times(&piece, weekday, hours, inferred))
    {
        Some(too) => times.map(|times| times::meet(times, too)),
        None => times,
    };
    (dates.is_some() || times.is_some()).then_some(Window { dates, times })
}
