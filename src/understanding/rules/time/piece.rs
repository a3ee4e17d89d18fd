//! From tokens to pieces: every day, time and part of a day in a message, ranges joined, bounds attached.
//!
//! A bare number becomes an hour only where something makes it one: a word before it ("at 4"), a day beside it
//! ("tomorrow 9"), the other end of a range ("2-4pm"), or the question that was asked.

use jiff::ToSpan as _;
use jiff::civil::{Date, DateTime, Time};

use super::super::lang::{Half, Part, Role};
use super::super::token::{Kind, Text};
use super::clock::{Clock, Form, clock};
use super::day::{Day, Days, Found, Said};
use super::number::year;
use crate::understanding::when::{DateRange, Order};

/// One thing said about time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum What {
    /// A day or several.
    Days(Day),
    /// A time.
    Clock(Clock),
    /// A stretch between two times.
    Clocks(Clock, Clock),
    /// A part of the day, and whether it is today's.
    Part(Part),
    /// A moment counted from now.
    Moment(DateTime),
    /// A wish for one end of what is free.
    Order(Order),
}

/// On which side of a piece the suitable time lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    /// There.
    On,
    /// From there on.
    After,
    /// Until there.
    Before,
    /// Anywhere but there.
    Not,
}

/// A piece with its place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Piece {
    /// What was said.
    pub(crate) what: What,
    /// On which side of it.
    pub(crate) bound: Bound,
    /// First token of the piece itself.
    pub(crate) from: usize,
    /// The token after it.
    pub(crate) to: usize,
    /// The token after its own words, without a part of the day that was drawn in ("11:30 | in the morning").
    pub(crate) core: usize,
    /// First token with the words before it that belong to it ("after", "not").
    pub(crate) outer: usize,
    /// A range of days whose last day was named ("Monday to Wednesday").
    pub(crate) named_end: bool,
    /// How sure a time is one.
    pub(crate) form: Form,
    /// Begins another window: the end of "from 4pm today to 5pm tomorrow".
    pub(crate) apart: bool,
}

impl Piece {
    fn new(what: What, form: Form, from: usize, to: usize) -> Self {
        Self {
            what,
            bound: Bound::On,
            from,
            to,
            core: to,
            outer: from,
            named_end: false,
            form,
            apart: false,
        }
    }

    pub(crate) fn is_day(&self) -> bool {
        matches!(self.what, What::Days(_))
    }

    pub(crate) fn is_time(&self) -> bool {
        matches!(self.what, What::Clock(_) | What::Clocks(..) | What::Part(_))
    }
}

/// What pieces are read with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    /// How days are read.
    pub(crate) days: Days<'a>,
    /// A time was asked for, so a bare number is one.
    pub(crate) time_asked: bool,
    /// A day was asked for.
    pub(crate) date_asked: bool,
    /// A number of people was asked for.
    pub(crate) people_asked: bool,
    /// See `Lexicon::half_means_past`.
    pub(crate) half_means_past: Option<bool>,
    /// An appointment is moved: "from Friday to Saturday" are two days then, not a range.
    pub(crate) moving: bool,
}

/// Every piece of the message, in order.
pub(crate) fn pieces(c: &Context<'_>) -> Vec<Piece> {
    let mut pieces = atoms(c);
    qualify(c, &mut pieces);
    join(c, &mut pieces);
    stays(c, &mut pieces);
    lengths(c, &mut pieces);
    lead(c, &mut pieces);
    keep_meant(c, &mut pieces);
    bounds(c, &mut pieces);
    overnight(c, &mut pieces);
    pieces
}

/// The smallest pieces, left to right, each as long as it can be.
fn atoms(c: &Context<'_>) -> Vec<Piece> {
    let t = c.days.text;
    let mut found = Vec::new();
    let mut at = 0;
    while at < t.len() {
        if let Some((day, to)) = c.days.read(at) {
            let what = match day {
                Found::Day(day) => What::Days(day),
                Found::Moment(moment) => What::Moment(moment),
            };
            let mut piece = Piece::new(what, Form::Sure, at, to);
            piece.named_end = matches!(day, Found::Day(day) if day.last_meant);
            found.push(piece);
            at = to;
        } else if let Some((clock, form, to)) = clock(t, at, c.half_means_past) {
            found.push(Piece::new(What::Clock(clock), form, at, to));
            at = to;
        } else if let Some((part, to)) = next_part(c, at) {
            if let Ok(tomorrow) = c.days.now.date().tomorrow() {
                found.push(Piece::new(
                    What::Days(Day::on(tomorrow, Said::Other)),
                    Form::Sure,
                    at,
                    to,
                ));
            }
            found.push(Piece::new(What::Part(part), Form::Sure, at, to));
            at = to;
        } else if let Some((part, from, to)) = part(c, at) {
            if part.today {
                let today = Day::on(c.days.now.date(), Said::Other);
                found.push(Piece::new(What::Days(today), Form::Sure, from, to));
            }
            found.push(Piece::new(What::Part(part), Form::Sure, from, to));
            at = to;
        } else if let Some((order, to)) = order(c, at) {
            found.push(Piece::new(What::Order(order), Form::Sure, at, to));
            at = to;
        } else {
            at += 1;
        }
    }
    found
}

/// "next morning", "the following night": tomorrow's.
fn next_part(c: &Context<'_>, at: usize) -> Option<(Part, usize)> {
    let t = c.days.text;
    let next = t.is(at, Role::Next) || t.get(at)?.low == "following";
    let part = t.get(at + 1)?.word?.part.filter(|p| !p.meal && !p.today)?;
    next.then_some((part, at + 2))
}

/// "morning", "this evening", "late afternoon", "business hours", "after lunch".
fn part(c: &Context<'_>, at: usize) -> Option<(Part, usize, usize)> {
    let t = c.days.text;
    let token = t.get(at)?;
    let at_time = |h: i8, m: i8| Time::new(h, m, 0, 0).ok();
    if token.is(Role::Business) && t.get(at + 1).is_some_and(|t| t.low == "hours") {
        let (from, until) = (at_time(9, 0)?, at_time(17, 0)?);
        return Some((
            Part {
                from,
                until,
                half: None,
                today: false,
                meal: false,
            },
            at,
            at + 2,
        ));
    }
    let mut next = at;
    let mut today = false;
    if token.is(Role::This) && token.low != "the" {
        today = true;
        next += 1;
    }
    let early = t.is(next, Role::Early);
    let late = t.is(next, Role::Late);
    let mid = t.is(next, Role::Mid);
    if early || late || mid {
        next += 1;
        if t.sign(next, "-") {
            next += 1;
        }
        // "early this evening", "late in the morning"
        if t.is(next, Role::This) && t.get(next).is_some_and(|t| t.low != "the") {
            today = true;
            next += 1;
        } else if t.is(next, Role::In) && t.is(next + 1, Role::The) {
            next += 2;
        }
    }
    let mut part = t.get(next)?.word?.part?;
    if token.is(Role::Weak) {
        return None;
    }
    let minutes = |time: Time| i32::from(time.hour()) * 60 + i32::from(time.minute());
    let (from, until) = (minutes(part.from), minutes(part.until));
    let middle = (from + until) / 2;
    let clock = |m: i32| Time::new(i8::try_from(m / 60).ok()?, i8::try_from(m % 60).ok()?, 0, 0).ok();
    if early {
        part.until = clock((middle + 30) / 60 * 60)?;
    } else if late {
        part.from = clock(middle / 60 * 60)?;
    } else if mid {
        (part.from, part.until) = (clock((from + middle) / 2)?, clock((until + middle) / 2)?);
    }
    let mut to = next + 1;
    // "lunch time", "lunch hour"
    if part.meal
        && t.get(to)
            .is_some_and(|t| matches!(t.low.as_ref(), "time" | "hour"))
    {
        to += 1;
    }
    if part.meal {
        // A meal is mostly the occasion ("a dinner reservation"); it is a time after "at", "for", "after", a day.
        let before = at.checked_sub(1).and_then(|i| t.get(i));
        let meant = before.is_some_and(|b| {
            b.is(Role::At) && b.low != "for"
                || b.is(Role::After)
                || b.is(Role::Before)
                || b.is(Role::Around)
                || b.word.is_some_and(|w| w.day.is_some() || w.weekday.is_some())
        }) || t.get(to - 1).is_some_and(|t| t.low.ends_with("time"));
        if !meant {
            return None;
        }
        if before.is_some_and(|b| b.low == "after") && part.from.hour() == 12 {
            part.from = at_time(13, 0)?;
            part.until = at_time(16, 0)?;
        }
    }
    part.today |= today;
    Some((part, at, to))
}

/// "asap", "earliest", "as soon as possible", "first available", "later", "as late as possible".
fn order(c: &Context<'_>, at: usize) -> Option<(Order, usize)> {
    let t = c.days.text;
    let low = |i: usize| t.get(i).map_or("", |t| t.low.as_ref());
    if low(at) == "as" && low(at + 2) == "as" && matches!(low(at + 3), "possible" | "you" | "u" | "can" | "i")
    {
        return match low(at + 1) {
            "soon" | "early" | "quickly" => Some((Order::Earliest, at + 4)),
            "late" => Some((Order::Latest, at + 4)),
            _ => None,
        };
    }
    let token = t.get(at)?;
    if token.is(Role::Earliest) {
        let first = token.low == "first" || token.low == "quickest";
        let fits = !first
            || matches!(
                low(at + 1),
                "available" | "free" | "opening" | "slot" | "possible"
            );
        return fits.then_some((Order::Earliest, at + 1));
    }
    if token.low == "next" && matches!(low(at + 1), "available" | "free" | "opening") {
        return Some((Order::Earliest, at + 2));
    }
    if token.is(Role::Latest) {
        return Some((Order::Latest, at + 1));
    }
    if token.is(Role::Earlier) && low(at + 1) != "than" {
        return Some((Order::Earlier, at + 1));
    }
    if token.low == "later" && !matches!(low(at + 1), "than" | "!" | "alligator") {
        let parting = at > 0
            && matches!(
                low(at - 1),
                "you" | "ya" | "u" | "talk" | "til" | "till" | "until" | "or" | "chatting" | ","
            );
        return (!parting && t.len() > 1).then_some((Order::Later, at + 1));
    }
    None
}

/// Whether only words that hold an expression together stand between two tokens.
pub(crate) fn linked(t: &Text<'_>, from: usize, to: usize) -> bool {
    to >= from
        && to - from <= 3
        && (from..to).all(|i| {
            t.get(i).is_some_and(|w| {
                w.is(Role::On)
                    || w.is(Role::At)
                    || w.is(Role::In)
                    || w.is(Role::Of)
                    || w.is(Role::The)
                    || w.is(Role::From)
                    || w.is(Role::Between)
                    || w.is(Role::Around)
                    || w.is(Role::This)
                    || w.is(Role::During)
                    || w.is(Role::By)
                    || w.is(Role::After)
                    || w.is(Role::Before)
                    || w.is(Role::Starting)
                    || matches!(w.raw, "," | "@" | "(" | ")" | "-" | "–")
                    || matches!(
                        w.low.as_ref(),
                        "time" | "sometime" | "anytime" | "preferably" | "maybe"
                    )
            })
        })
}

/// A part of the day after a time decides its half: "8 in the evening", "6 55 evening".
fn qualify(c: &Context<'_>, pieces: &mut Vec<Piece>) {
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
fn join(c: &Context<'_>, pieces: &mut Vec<Piece>) {
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
        let moved = c.moving && gap.iter().any(|i| t.get(*i).is_some_and(|w| w.low == "to")) && !between;
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

/// "arriving on the 10th, leaving on the 12th": two days of one stay.
fn stays(c: &Context<'_>, pieces: &mut Vec<Piece>) {
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
fn lengths(c: &Context<'_>, pieces: &mut [Piece]) {
    let t = c.days.text;
    let low = |i: usize| t.get(i).map_or("", |t| t.low.as_ref());
    for piece in pieces.iter_mut() {
        let What::Clock(clock) = piece.what else { continue };
        let after = (low(piece.to) == "for")
            .then(|| c.days.amount(piece.to + 1))
            .flatten()
            .map(|(minutes, .., to)| (minutes, piece.from, to));
        let before = piece
            .from
            .checked_sub(1)
            .filter(|&from| low(from) == "from")
            .and_then(|from| {
                (2..=5).find_map(|n| {
                    let start = from.checked_sub(n).filter(|&s| low(s) == "for")?;
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
fn overnight(c: &Context<'_>, pieces: &mut [Piece]) {
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

fn range(c: &Context<'_>, a: &Piece, b: &Piece, between: bool) -> Option<Piece> {
    let t = c.days.text;
    let piece = |what, to| Some(Piece::new(what, Form::Sure, a.from, to));
    match (a.what, b.what) {
        (What::Clock(x), What::Clock(y)) => {
            let led = between
                || (1..=2).any(|n| {
                    a.from >= n
                        && (t.is(a.from - n, Role::From)
                            || t.is(a.from - n, Role::Around)
                            || t.is(a.from - n, Role::At)
                                && t.get(a.from - n).is_some_and(|t| t.low != "for"))
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
            let n = i8::try_from(super::number::cardinal(t, a.from)?.0).ok()?;
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
            let n = i8::try_from(super::number::cardinal(t, b.from)?.0).ok()?;
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

/// A part of the day before a time decides its half: "tomorrow evening at 8", "morning 11", "tonight from 7 to 8".
fn lead(c: &Context<'_>, pieces: &mut Vec<Piece>) {
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
            let at_said = (a.to..b.from).any(|i| t.get(i).is_some_and(|w| w.low == "for"));
            if !(at_said && b.form == Form::Bare) {
                pieces[at + 1].what = match b.what {
                    What::Clock(mut clock) => {
                        clock.within(&part);
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

/// Drops numbers that nothing makes a time.
fn keep_meant(c: &Context<'_>, pieces: &mut Vec<Piece>) {
    let t = c.days.text;
    let all = pieces.clone();
    let mut index = 0;
    pieces.retain(|piece| {
        let at = index;
        index += 1;
        if piece.form == Form::Sure {
            return true;
        }
        let (What::Clock(_) | What::Clocks(..)) = piece.what else {
            return true;
        };
        meant(c, &all, at, piece, t)
    });
}

fn meant(c: &Context<'_>, all: &[Piece], at: usize, piece: &Piece, t: &Text<'_>) -> bool {
    let low = |i: usize| t.get(i).map_or("", |t| t.low.as_ref());
    let after = t.get(piece.to);
    // What a counted thing follows is no hour: "4 people", "2 bedrooms", "20 %", "$45", "5 star".
    let counted = after.is_some_and(|n| {
        n.kind == Kind::Word
            && n.word.is_none_or(|w| w.part.is_none())
            && c.days.lang.listed("people", &n.low)
            || matches!(
                n.low.as_ref(),
                "of" | "%"
                    | "percent"
                    | "star"
                    | "stars"
                    | "bedroom"
                    | "bedrooms"
                    | "bed"
                    | "beds"
                    | "bathroom"
                    | "bathrooms"
                    | "bath"
                    | "rooms"
                    | "room"
                    | "single"
                    | "double"
                    | "dollars"
                    | "bucks"
                    | "euros"
                    | "pounds"
                    | "nights"
                    | "more"
                    | "times"
                    | "total"
                    | "th"
            )
            || n.word.is_some_and(|w| w.unit.is_some())
    });
    let before_sign =
        piece.from > 0 && matches!(t.tokens[piece.from - 1].raw, "$" | "£" | "€" | "#" | "+" | ".");
    let glued = piece.from > 0 && !t.tokens[piece.from].spaced && t.tokens[piece.from - 1].kind != Kind::Sign
        || after.is_some_and(|n| {
            !n.spaced
                && (n.kind != Kind::Sign
                    || n.raw == "%"
                    || n.raw == "/"
                    || n.raw == "-" && t.get(piece.to + 1).is_some_and(|n| !n.spaced))
        });
    let group = piece.from > 1
        && low(piece.from - 1) == "of"
        && matches!(
            low(piece.from - 2),
            "party" | "group" | "table" | "total" | "reservation"
        );
    if counted || before_sign || glued || group {
        return false;
    }
    let neighbour_day = |i: Option<usize>, forward: bool| {
        i.and_then(|i| all.get(i)).is_some_and(|p| {
            (p.is_day() || matches!(p.what, What::Part(_)))
                && if forward {
                    p.from >= piece.to && p.from - piece.to <= 1 && linked(t, piece.to, p.from)
                } else {
                    piece.from >= p.to
                        && piece.from - p.to <= 2
                        && linked(t, p.to, piece.from)
                        && (p.to..piece.from).all(|i| low(i) != "for")
                }
        })
    };
    let mut b = piece.from;
    while b > 0 && (t.is(b - 1, Role::The) || t.is(b - 1, Role::Around)) {
        b -= 1;
        if t.is(b, Role::Around) && !(b > 0 && matches!(low(b - 1), "how" | "what")) {
            // "around 8", but "about 20 people" was sorted out above.
            return true;
        }
    }
    let led = b > 0 && {
        let w = &t.tokens[b - 1];
        w.is(Role::At) && w.low != "for"
            || w.is(Role::After) && w.low != "past"
            || w.is(Role::Before) && !matches!(w.low.as_ref(), "of" | "to")
            || w.is(Role::By)
            || w.is(Role::From) && low(b) != "" && false
            || w.is(Role::From)
                && (t.is(piece.to, Role::On) || low(piece.to) == "onwards" || low(piece.to) == "onward")
    };
    let wide = t
        .get(piece.from)
        .is_some_and(|w| w.number.is_some() && w.raw.len() > 2);
    // "can you do 4?", "make it 3 instead", "how about 5?"
    let proposed = b > 0
        && !c.people_asked
        && (low(b - 1) == "do"
            || b > 1
                && matches!(
                    (low(b - 2), low(b - 1)),
                    ("make", "it") | ("how" | "what", "about")
                ))
        && after
            .is_none_or(|n| n.kind == Kind::Sign || matches!(n.low.as_ref(), "instead" | "then" | "please"));
    if led || proposed {
        return true;
    }
    if c.time_asked && (!wide || t.len() <= 4) {
        return true;
    }
    if piece.form == Form::Likely {
        return (b > 0 && (t.is(b - 1, Role::To) || t.is(b - 1, Role::At)))
            || t.len() <= piece.to - piece.from + 2
            || neighbour_day(at.checked_sub(1), false)
            || neighbour_day(Some(at + 1), true);
    }
    !wide
        && !c.date_asked
        && neighbour_day(at.checked_sub(1), false)
        && all
            .get(at.wrapping_sub(1))
            .is_some_and(|p| matches!(p.bound, Bound::On))
        || !wide
            && neighbour_day(Some(at + 1), true)
            && b.checked_sub(1)
                .is_none_or(|i| !matches!(low(i), "table" | "for" | "party"))
}

/// Attaches "after", "before", "not" and their like.
fn bounds(c: &Context<'_>, pieces: &mut [Piece]) {
    let t = c.days.text;
    let low = |i: usize| t.get(i).map_or("", |t| t.low.as_ref());
    for piece in pieces.iter_mut() {
        if matches!(piece.what, What::Moment(_) | What::Order(_)) {
            continue;
        }
        let mut at = piece.outer.min(piece.from);
        while at > 0 {
            let w = &t.tokens[at - 1];
            let small = w.is(Role::The) && w.low == "the"
                || w.is(Role::On)
                || w.is(Role::In)
                || w.is(Role::At)
                || w.is(Role::Around)
                || w.is(Role::During)
                || matches!(w.low.as_ref(), "any" | "time" | "anytime");
            if !small {
                break;
            }
            if w.is(Role::Around)
                && !(at > 1 && matches!(low(at - 2), "how" | "what"))
                && let What::Clock(clock) = &mut piece.what
            {
                clock.about = true;
            }
            at -= 1;
        }
        if at == 0 {
            suffix(t, piece);
            continue;
        }
        let w = &t.tokens[at - 1];
        let range = matches!(piece.what, What::Clocks(..));
        let than = at >= 2 && w.low == "than";
        if than && matches!(low(at - 2), "later" | "more") {
            (piece.bound, piece.outer) = (Bound::After, at - 2);
            if at >= 3 && matches!(low(at - 3), "no" | "not") {
                (piece.bound, piece.outer) = (Bound::Before, at - 3);
            }
        } else if than && matches!(low(at - 2), "earlier" | "sooner" | "less") {
            (piece.bound, piece.outer) = (Bound::Before, at - 2);
        } else if w.low == "not" && low(at.wrapping_sub(2)) != "why"
            || w.is(Role::Except)
            || w.low == "but" && at >= 2 && matches!(low(at - 2), "any" | "anything" | "anytime" | "day")
        {
            (piece.bound, piece.outer) = (Bound::Not, at - 1);
        } else if matches!(w.low.as_ref(), "it" | "make" | "go" | "do" | "come")
            && at >= 2
            && cannot(t, at - 1)
        {
            (piece.bound, piece.outer) = (Bound::Not, at - 2);
        } else if range {
            if w.is(Role::Between) || w.is(Role::From) {
                piece.outer = at - 1;
            }
        } else if matches!(w.low.as_ref(), "after" | "past" | "post") {
            let meal = matches!(piece.what, What::Part(part) if part.meal);
            if !meal {
                piece.bound = Bound::After;
            }
            piece.outer = at - 1;
        } else if matches!(w.low.as_ref(), "from" | "since" | "starting") && !piece.is_day() {
            (piece.bound, piece.outer) = (Bound::After, at - 1);
        } else if w.is(Role::By) && !matches!(piece.what, What::Part(_))
            || w.is(Role::Before) && !matches!(w.low.as_ref(), "of" | "to")
        {
            (piece.bound, piece.outer) = (Bound::Before, at - 1);
        }
        if piece.bound == Bound::On {
            suffix(t, piece);
        }
    }
}

/// "can't make it on", "cannot do": the words that end before `at`.
fn cannot(t: &Text<'_>, at: usize) -> bool {
    (1..=3).any(|n| {
        at.checked_sub(n).and_then(|i| t.get(i)).is_some_and(|w| {
            matches!(
                w.low.as_ref(),
                "can't" | "cannot" | "cant" | "couldn't" | "won't" | "unable"
            )
        })
    })
}

/// "Tuesday doesn't work", "4 or later", "3 onwards".
fn suffix(t: &Text<'_>, piece: &mut Piece) {
    let low = |i: usize| t.get(i).map_or("", |t| t.low.as_ref());
    let to = piece.to;
    match (low(to), low(to + 1)) {
        ("doesn't" | "won't" | "doesnt" | "wont" | "don't", "work" | "suit") => piece.bound = Bound::Not,
        ("is" | "are", "not" | "no") | ("isn't", "good" | "possible" | "ok") | ("will", "not") => {
            piece.bound = Bound::Not;
        }
        ("or", "later" | "after") | ("and", "later" | "after") if piece.is_time() => {
            piece.bound = Bound::After;
            piece.to += 2;
        }
        ("or", "earlier" | "before") if piece.is_time() => {
            piece.bound = Bound::Before;
            piece.to += 2;
        }
        ("onwards" | "onward", _) => {
            piece.bound = Bound::After;
            piece.to += 1;
        }
        ("on", next)
            if piece.bound == Bound::After
                && !matches!(next, "the")
                && t.get(to + 1).is_none_or(|w| w.kind == Kind::Sign) =>
        {
            piece.to += 1;
        }
        _ => {}
    }
}

/// The half that a time open to both most likely has, and whether it had to be chosen.
pub(crate) fn likely(clock: &Clock, hours: Option<(Time, Time)>) -> (Option<Time>, bool) {
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
