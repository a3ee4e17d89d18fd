//! Ranges: the two ends of a stretch of times or of days, joined into one piece.

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::super::super::lang::Role;
use super::super::super::token::Kind;
use super::super::clock::{Clock, Form};
use super::super::day::{Day, Said};
use super::super::number::{cardinal, year};
use super::{Context, Piece, What};
use crate::understanding::when::DateRange;

/// The range from `a` to `b`, if they are its ends; `between` says that "between" stands before them.
pub(super) fn range(c: &Context<'_>, a: &Piece, b: &Piece, between: bool) -> Option<Piece> {
    match (a.what, b.what) {
        (What::Clock(x), What::Clock(y)) => clocks(c, (a, x), (b, y), between),
        (What::Days(x), What::Days(y)) => days((a, x), (b, y)),
        (What::Clock(x), What::Days(y))
            if a.form == Form::Bare && matches!(y.said, Said::Calendar | Said::Number(_)) =>
        {
            number_to_day(c, (a, x), (b, y))
        }
        (What::Days(x), What::Clock(y))
            if b.form == Form::Bare && x.said == Said::Calendar && y.minute == 0 && !is_hour(c, a, b) =>
        {
            day_to_number(c, (a, x), b)
        }
        _ => None,
    }
}

/// "el 5/12 a las 11": the word before the number says that it is an hour.
fn is_hour(c: &Context<'_>, a: &Piece, b: &Piece) -> bool {
    (a.to..b.from).any(|i| c.days.text.is(i, Role::TheHour))
}

/// "2 to 4", "from 2pm until 4".
fn clocks(c: &Context<'_>, (a, x): (&Piece, Clock), (b, y): (&Piece, Clock), between: bool) -> Option<Piece> {
    let t = c.days.text;
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

/// "Monday to Wednesday", "August 27th - 29th".
fn days((a, x): (&Piece, Day), (b, y): (&Piece, Day)) -> Option<Piece> {
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
    let mut out = Piece::new(What::Days(day), Form::Sure, a.from, b.to);
    out.named_end = y.range.single().is_some();
    Some(out)
}

/// "13 to 15 July", "4 till 23 of this month".
fn number_to_day(c: &Context<'_>, (a, x): (&Piece, Clock), (b, y): (&Piece, Day)) -> Option<Piece> {
    let t = c.days.text;
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
    let mut out = Piece::new(What::Days(day), Form::Sure, a.from, b.to);
    out.named_end = true;
    Some(out)
}

/// "July 13 - 15", "August 10 to 22, 2012".
fn day_to_number(c: &Context<'_>, (a, x): (&Piece, Day), b: &Piece) -> Option<Piece> {
    let t = c.days.text;
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
    let mut out = Piece::new(What::Days(day), Form::Sure, a.from, to);
    out.named_end = true;
    Some(out)
}
