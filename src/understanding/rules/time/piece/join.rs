//! Joins pieces: a part of the day with its time, the two ends of a range, the two days of a stay.

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::super::super::lang::{Half, List, Role};
use super::super::super::token::Kind;
use super::super::clock::{Clock, Form};
use super::super::day::{Day, Said};
use super::super::number::{cardinal, year};
use super::{Bound, Context, Piece, What, linked};
use crate::understanding::when::DateRange;

/// A part of the day after a time decides its half: "8 in the evening", "6 55 evening".
pub(super) fn qualify(c: &Context<'_>, pieces: &mut Vec<Piece>) {
    let t = c.days.text;
    let mut at = 0;
    while at + 1 < pieces.len() {
        let (a, mut b) = (pieces[at], at + 1);
        // "8pm this evening" has today's day before the part.
        if pieces[b].is_day() && pieces.get(b + 1).is_some_and(|p| p.from == pieces[b].from) {
            b += 1;
        }
        if let (What::Clock(mut clock), What::Part(part)) = (a.what, pieces[b].what) {
            let gap = pieces[b].from;
            let ok = (a.to..gap).all(|i| {
                t.is(i, Role::In)
                    || t.is(i, Role::The)
                    || t.is(i, Role::At)
                    || t.is(i, Role::This)
                    || t.sign(i, ",")
                    || t.is(i, Role::Of)
            }) && gap - a.to <= 3
                && !part.meal;
            if ok {
                let bare_list = a.form == Form::Bare && gap > a.to && t.sign(a.to, ",");
                if !bare_list || part.today {
                    clock.within(&part);
                    pieces[at].what = What::Clock(clock);
                    pieces[at].form = Form::Sure;
                    pieces[at].to = pieces[b].to;
                    if part.today && pieces[b - 1].from != pieces[b].from {
                        let today = Day::on(c.days.now.date(), Said::Other);
                        pieces[b] = Piece::new(What::Days(today), Form::Sure, pieces[b].from, pieces[b].to);
                    } else {
                        pieces.remove(b);
                    }
                }
            }
        }
        at += 1;
    }
}

/// Joins the two ends of ranges.
pub(super) fn join(c: &Context<'_>, pieces: &mut Vec<Piece>) {
    let t = c.days.text;
    let mut at = 0;
    while at + 1 < pieces.len() {
        let (a, b) = (pieces[at], pieces[at + 1]);
        if b.from < a.to {
            at += 1;
            continue;
        }
        let gap: Vec<usize> = (a.to..b.from).collect();
        let glue = |i: &usize| t.is(*i, Role::The) || t.is(*i, Role::At) || t.is(*i, Role::On);
        let between = (1..=2).any(|n| a.from >= n && t.is(a.from - n, Role::Between));
        let tied = gap.iter().any(|i| t.is(*i, Role::To) || between && t.is(*i, Role::And))
            && gap.iter().all(|i| t.is(*i, Role::To) || t.is(*i, Role::And) && between || glue(i))
            && gap.len() <= 3
            // "10:30 - can I": a dash with a space on one side only is a pause.
            ;
        let moved = c.moving && gap.iter().any(|i| t.listed(List::MoveTo, *i)) && !between;
        let joined = if tied && !moved {
            range(c, &a, &b, between)
        } else {
            None
        };
        if let Some(mut piece) = joined {
            // "between", "from" belong to the range.
            piece.outer = piece.from;
            pieces[at] = piece;
            pieces.remove(at + 1);
            at += 1;
        } else {
            at += 1;
        }
    }
}

pub(super) fn range(c: &Context<'_>, a: &Piece, b: &Piece, between: bool) -> Option<Piece> {
    let t = c.days.text;
    let piece = |what, to| Some(Piece::new(what, Form::Sure, a.from, to));
    match (a.what, b.what) {
        (What::Clock(x), What::Clock(y)) => {
            let led = between
                || (1..=2).any(|n| {
                    a.from >= n
                        && (t.is(a.from - n, Role::From)
                            || t.is(a.from - n, Role::Around)
                            || t.is(a.from - n, Role::At) && !t.is(a.from - n, Role::For))
                });
            let sure = a.form == Form::Sure || b.form == Form::Sure;
            let digits = |p: &Piece| t.get(p.from).is_some_and(|t| t.raw.len() <= 2);
            let beside_day = a.form == Form::Bare && b.form == Form::Bare && digits(a) && digits(b);
            if !(led || sure || c.time_asked || beside_day) {
                return None;
            }
            let mut out = Piece::new(
                What::Clocks(x, y),
                if led || sure || c.time_asked {
                    Form::Sure
                } else {
                    Form::Bare
                },
                a.from,
                b.to,
            );
            if a.form != Form::Sure && b.form == Form::Sure && y.fixed && !led {
                out.form = Form::Likely;
            }
            Some(out)
        }
        (What::Days(x), What::Days(y)) => {
            let (from, until) = (x.range.from?, y.range.until?);
            let last = until.yesterday().ok()?;
            let mut from = from;
            let mut until = until;
            if let (Said::Number(n), Said::Calendar) = (x.said, y.said)
                && y.range.single().is_some()
                && n < last.day()
            {
                from = Date::new(last.year(), last.month(), n).ok()?;
            }
            // "August 27th - 29th": the month said once counts for both.
            if let (Said::Calendar, Said::Number(n)) = (x.said, y.said)
                && x.range.single().is_some_and(|first| first.day() < n)
            {
                until = Date::new(from.year(), from.month(), n).ok()?.tomorrow().ok()?;
            }
            // A year said once counts for both.
            if x.year && !y.year && x.said == Said::Calendar && y.range.single().is_some() {
                from = Date::new(last.year(), from.month(), from.day()).ok()?;
            }
            if until <= from {
                let moved = match y.said {
                    Said::Weekday(_) => until.checked_add(7.days()),
                    Said::Number(_) => until.checked_add(1.months()),
                    Said::Calendar if y.year => until.checked_add(1.years()),
                    Said::Other => until.checked_add(7.days()),
                    Said::Calendar => return None,
                }
                .ok()?;
                until = moved;
                if until <= from {
                    return None;
                }
            }
            let mut day = x;
            day.range = DateRange {
                from: Some(from),
                until: Some(until),
            };
            day.said = Said::Other;
            day.by_weekday = x.by_weekday && y.by_weekday;
            let mut out = piece(What::Days(day), b.to)?;
            out.named_end = y.range.single().is_some();
            Some(out)
        }
        // "13 to 15 July", "4 till 23 of this month"
        (What::Clock(x), What::Days(y))
            if a.form == Form::Bare && matches!(y.said, Said::Calendar | Said::Number(_)) =>
        {
            let last = y.range.single()?;
            if x.minute != 0 || t.get(a.from)?.raw.len() > 2 && t.get(a.from)?.kind == Kind::Number {
                return None;
            }
            let n = i8::try_from(cardinal(t, a.from)?.0).ok()?;
            let from = Date::new(last.year(), last.month(), n)
                .ok()
                .filter(|d| *d < last)?;
            let mut day = y;
            day.range = DateRange {
                from: Some(from),
                until: last.tomorrow().ok(),
            };
            day.said = Said::Other;
            let mut out = piece(What::Days(day), b.to)?;
            out.named_end = true;
            Some(out)
        }
        // "July 13 - 15", "August 10 to 22, 2012"
        (What::Days(x), What::Clock(y))
            if b.form == Form::Bare && x.said == Said::Calendar && y.minute == 0 =>
        {
            let first = x.range.single()?;
            let n = i8::try_from(cardinal(t, b.from)?.0).ok()?;
            let (y, to) = match year(t, if t.sign(b.to, ",") { b.to + 1 } else { b.to }) {
                Some((y, to)) => (y, to),
                None => (first.year(), b.to),
            };
            let last = Date::new(y, first.month(), n).ok()?;
            let first = Date::new(y, first.month(), first.day())
                .ok()
                .filter(|d| *d < last)?;
            let mut day = x;
            day.range = DateRange {
                from: Some(first),
                until: last.tomorrow().ok(),
            };
            day.said = Said::Other;
            let mut out = piece(What::Days(day), to)?;
            out.named_end = true;
            Some(out)
        }
        _ => None,
    }
}

/// "arriving on the 10th, leaving on the 12th": two days of one stay.
pub(super) fn stays(c: &Context<'_>, pieces: &mut Vec<Piece>) {
    let t = c.days.text;
    let leaves = |p: &Piece| {
        (1..=3).any(|n| {
            p.from
                .checked_sub(n)
                .and_then(|i| t.get(i))
                .is_some_and(|w| w.is(Role::Leaving) && w.low != "out")
        })
    };
    let mut at = 0;
    while at + 1 < pieces.len() {
        let (a, b) = (pieces[at], pieces[at + 1]);
        let single = |p: &Piece| match p.what {
            What::Days(day) => day.range.single(),
            _ => None,
        };
        if let (Some(x), Some(y)) = (single(&a), single(&b))
            && leaves(&a) != leaves(&b)
            && x != y
        {
            let (first, last) = if leaves(&b) { (x, y) } else { (y, x) };
            if first < last
                && let Ok(until) = last.tomorrow()
            {
                let mut day = Day::on(first, Said::Other);
                day.range.until = Some(until);
                let mut stay = Piece::new(What::Days(day), Form::Sure, a.from, b.to);
                stay.named_end = true;
                pieces[at] = stay;
                pieces.remove(at + 1);
            }
        }
        at += 1;
    }
}

/// "from 2pm for 2 hours", "for 2 hours from 2pm".
pub(super) fn lengths(c: &Context<'_>, pieces: &mut [Piece]) {
    let t = c.days.text;
    for piece in pieces.iter_mut() {
        let What::Clock(clock) = piece.what else { continue };
        let after = t
            .is(piece.to, Role::For)
            .then(|| c.days.amount(piece.to + 1))
            .flatten()
            .map(|(minutes, .., to)| (minutes, piece.from, to));
        let before = piece
            .from
            .checked_sub(1)
            .filter(|&from| t.is(from, Role::From))
            .and_then(|from| {
                (2..=5).find_map(|n| {
                    let start = from.checked_sub(n).filter(|&s| t.is(s, Role::For))?;
                    let (minutes, .., to) = c.days.amount(start + 1)?;
                    (to == from).then_some((minutes, start, piece.to))
                })
            });
        let Some((minutes, from, to)) = after.or(before).filter(|(m, ..)| (1..12 * 60).contains(m)) else {
            continue;
        };
        let total = i64::from(clock.hour) * 60 + i64::from(clock.minute) + minutes;
        let (Ok(hour), Ok(minute)) = (u32::try_from(total / 60 % 24), u32::try_from(total % 60)) else {
            continue;
        };
        let Some(mut end) = Clock::new(hour, minute) else {
            continue;
        };
        // The end is in the half that follows the beginning; where that is open, so is the end.
        if clock.open() {
            end.fixed = end.hour > 12;
        } else if let Some(start) = clock.time() {
            let total = i64::from(start.hour()) * 60 + i64::from(start.minute()) + minutes;
            let Some(exact) = u32::try_from(total / 60 % 24)
                .ok()
                .and_then(|h| Clock::new(h, minute))
            else {
                continue;
            };
            end = Clock { fixed: true, ..exact };
        }
        piece.what = What::Clocks(clock, end);
        (piece.form, piece.from, piece.to) = (Form::Sure, from, to);
        piece.outer = from;
    }
}

/// "from 4pm today to 5pm tomorrow": open at both inner ends.
pub(super) fn overnight(c: &Context<'_>, pieces: &mut [Piece]) {
    let t = c.days.text;
    for at in 0..pieces.len().saturating_sub(3) {
        let [a, b, x, y] = [pieces[at], pieces[at + 1], pieces[at + 2], pieces[at + 3]];
        let pair = |a: &Piece, b: &Piece| {
            (matches!(a.what, What::Clock(_)) && b.is_day() || a.is_day() && matches!(b.what, What::Clock(_)))
                && linked(t, a.to, b.from.max(a.to))
        };
        let tied = x.from > b.to && x.from - b.to <= 2 && (b.to..x.from).any(|i| t.is(i, Role::To));
        if !(pair(&a, &b) && pair(&x, &y) && tied) {
            continue;
        }
        for (i, bound) in [
            (at, Bound::After),
            (at + 1, Bound::After),
            (at + 2, Bound::Before),
            (at + 3, Bound::Before),
        ] {
            if matches!(pieces[i].what, What::Clock(_)) {
                pieces[i].bound = bound;
            } else {
                pieces[i].bound = Bound::On;
            }
        }
        pieces[at + 2].apart = true;
    }
}

/// A part of the day before a time decides its half: "tomorrow evening at 8", "morning 11", "tonight from 7 to 8".
pub(super) fn lead(c: &Context<'_>, pieces: &mut Vec<Piece>) {
    let t = c.days.text;
    let mut at = 0;
    while at + 1 < pieces.len() {
        let (a, b) = (pieces[at], pieces[at + 1]);
        if let What::Part(part) = a.what
            && b.from >= a.to
            && b.from - a.to <= 3
            && linked(t, a.to, b.from)
            && matches!(b.what, What::Clock(_) | What::Clocks(..))
        {
            let at_said = (a.to..b.from).any(|i| t.is(i, Role::For));
            if !(at_said && b.form == Form::Bare) {
                pieces[at + 1].what = match b.what {
                    What::Clock(mut clock) => {
                        clock.within(&part);
                        clock.of_night = part.half == Some(Half::Night) && !part.today;
                        What::Clock(clock)
                    }
                    What::Clocks(mut x, mut y) => {
                        if x.open() && y.open() {
                            x.within(&part);
                            y.within(&part);
                        }
                        What::Clocks(x, y)
                    }
                    other => other,
                };
                pieces[at + 1].form = Form::Sure;
                if part.today && (at == 0 || pieces[at - 1].from != a.from) {
                    let today = Day::on(c.days.now.date(), Said::Other);
                    pieces[at] = Piece::new(What::Days(today), Form::Sure, a.from, a.to);
                } else {
                    pieces[at + 1].outer = a.from;
                    pieces.remove(at);
                    continue;
                }
            }
        }
        at += 1;
    }
}
