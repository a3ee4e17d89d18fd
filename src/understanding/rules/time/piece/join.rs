//! Joins pieces: a part of the day with its time, the two ends of a range, the two days of a stay.

use super::super::super::lang::{Half, List, Role};
use super::super::clock::{Clock, Form};
use super::super::day::{Day, Said};
use super::range::range;
use super::{Bound, Context, Piece, What, linked};

/// A part of the day after a time decides its half: "8 in the evening", "6 55 evening".
pub(super) fn qualify(c: &Context<'_>, pieces: &mut Vec<Piece>) {
    let t = c.days.text;
    let mut at = 0;
    while at + 1 < pieces.len() {
        let (a, mut b) = (pieces[at], at + 1);
        // "a las 5 mañana por la tarde": the day stands between the time and the part that it is of.
        if let (What::Clock(mut clock), What::Days(_), Some(part)) =
            (a.what, pieces[b].what, pieces.get(b + 1).copied())
            && let What::Part(half) = part.what
            && clock.open()
            && !half.meal
            && pieces[b].from < part.from
            && linked(t, a.to, pieces[b].from.max(a.to))
            && linked(t, pieces[b].to, part.from)
        {
            clock.within(&half);
            (pieces[at].what, pieces[at].form) = (What::Clock(clock), Form::Sure);
            pieces[b].to = part.to;
            pieces.remove(b + 1);
            at += 1;
            continue;
        }
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
    // Taking a piece out of the middle moves all that follow; a long message may hold thousands of ranges.
    let mut joined = Vec::with_capacity(pieces.len());
    let mut rest = pieces.drain(..).peekable();
    while let Some(piece) = rest.next() {
        let range = rest.peek().and_then(|next| tied(c, &piece, next));
        if range.is_some() {
            rest.next();
        }
        joined.push(range.unwrap_or(piece));
    }
    drop(rest);
    *pieces = joined;
}

/// The range of two pieces that a word between them makes the ends of one.
fn tied(c: &Context<'_>, a: &Piece, b: &Piece) -> Option<Piece> {
    let t = c.days.text;
    let gap = a.to..b.from;
    if gap.is_empty() || gap.len() > 3 {
        return None;
    }
    let between = (1..=2).any(|n| a.from >= n && t.is(a.from - n, Role::Between));
    let ties = |i: usize| t.is(i, Role::To) || between && t.is(i, Role::And);
    let glue = |i: usize| t.is(i, Role::The) || t.is(i, Role::At) || t.is(i, Role::On);
    let tied = gap.clone().any(ties) && gap.clone().all(|i| ties(i) || glue(i));
    let moved = c.moving && gap.clone().any(|i| t.listed(List::MoveTo, i)) && !between;
    if !tied || moved {
        return None;
    }
    let mut piece = range(c, a, b, between)?;
    // "between", "from" belong to the range.
    piece.outer = piece.from;
    Some(piece)
}

/// "arriving on the 10th, leaving on the 12th": two days of one stay.
pub(super) fn stays(c: &Context<'_>, pieces: &mut Vec<Piece>) {
    let t = c.days.text;
    let leaves = |p: &Piece| {
        (1..=3).any(|n| {
            p.from
                .checked_sub(n)
                .and_then(|i| t.get(i))
                .is_some_and(|w| w.is(Role::Leaving) && !w.is(Role::Out))
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
        // "chiều mai 3h": the day stands between the part and the time that it is a part for.
        if let (What::Part(part), What::Days(_), Some(c)) = (a.what, b.what, pieces.get(at + 2).copied())
            && b.from >= a.to
            && c.from >= b.to
            && linked(t, a.to, b.from)
            && linked(t, b.to, c.from)
            && let What::Clock(mut clock) = c.what
            && clock.open()
        {
            clock.within(&part);
            clock.of_night = part.half == Some(Half::Night) && !part.today;
            (pieces[at + 2].what, pieces[at + 2].form) = (What::Clock(clock), Form::Sure);
            pieces[at + 1].outer = a.from;
            pieces.remove(at);
            continue;
        }
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
