//! Parts of the day and wishes for the first or last of what is free.

use jiff::civil::Time;

use super::super::super::lang::{List, Part, Role};
use super::super::super::token::Text;
use super::Context;
use crate::understanding::when::Order;

/// "next morning", "the following night": tomorrow's.
pub(super) fn next_part(c: &Context<'_>, at: usize) -> Option<(Part, usize)> {
    let t = c.days.text;
    let next = t.is(at, Role::Next) || t.is(at, Role::Following);
    let part = t.get(at + 1)?.word?.part.filter(|p| !p.meal && !p.today)?;
    next.then_some((part, at + 2))
}

/// "morning", "this evening", "late afternoon", "business hours", "after lunch".
pub(super) fn part(c: &Context<'_>, at: usize) -> Option<(Part, usize, usize)> {
    let t = c.days.text;
    let token = t.get(at)?;
    let at_time = |h: i8, m: i8| Time::new(h, m, 0, 0).ok();
    if token.is(Role::Business) && t.is(at + 1, Role::Hours) {
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
    if token.is(Role::This) && !token.is(Role::The) {
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
        if t.is(next, Role::This) && !t.is(next, Role::The) {
            today = true;
            next += 1;
        } else if t.is(next, Role::In) && t.is(next + 1, Role::The) {
            next += 2;
        }
    }
    let mut part = t.get(next)?.word?.part?;
    if t.is(next, Role::Weak) && !stands(t, next) {
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
    if part.meal && (t.is(to, Role::MealTime) || t.is(to, Role::MealHour)) {
        to += 1;
    }
    if part.meal {
        // A meal is mostly the occasion ("a dinner reservation"); it is a time after "at", "for", "after", a day.
        let before = at.checked_sub(1).and_then(|i| t.get(i));
        let meant = before.is_some_and(|b| {
            b.is(Role::At) && !b.is(Role::For)
                || b.is(Role::After)
                || b.is(Role::Before)
                || b.is(Role::Around)
                || b.word.is_some_and(|w| w.day.is_some() || w.weekday.is_some())
        }) || t.is(to - 1, Role::MealTime);
        if !meant {
            return None;
        }
        if before.is_some_and(|b| b.is(Role::After) && b.is(Role::Later)) && part.from.hour() == 12 {
            part.from = at_time(13, 0)?;
            part.until = at_time(16, 0)?;
        }
    }
    part.today |= today;
    Some((part, at, to))
}

/// Whether a part of the day that is another word as well ("toi") is meant: a time stands before it, or a day after it.
fn stands(t: &Text<'_>, at: usize) -> bool {
    let after = t.get(at + 1);
    let number = after.is_some_and(|n| n.number.is_some());
    let day = after.is_some_and(|n| n.word.is_some_and(|w| w.day.is_some() || w.weekday.is_some()));
    let time = at > 0
        && t.get(at - 1).is_some_and(|n| {
            n.number.is_some() || n.is(Role::HourWord) || n.is(Role::AndHalf) || n.is(Role::ThisAfter)
        });
    // Written with its accents it is no other word.
    let accented = t.get(at).is_some_and(|n| !n.raw.is_ascii());
    accented || day || time && !number
}

/// "asap", "earliest", "as soon as possible", "first available", "later", "as late as possible".
pub(super) fn order(c: &Context<'_>, at: usize) -> Option<(Order, usize)> {
    let t = c.days.text;
    // "as" or "the" begins a phrase ("as soon as possible", "the sooner the better"); other languages have a word for it.
    if t.is(at, Role::As) || t.is(at, Role::The) {
        if let Some(to) = t.phrase(List::SoonAsPossible, at) {
            return Some((Order::Earliest, to));
        }
        if let Some(to) = t.phrase(List::LateAsPossible, at) {
            return Some((Order::Latest, to));
        }
    }
    let token = t.get(at)?;
    if token.is(Role::Earliest) {
        let fits = !token.is(Role::First) || t.listed(List::FirstOf, at + 1);
        return fits.then_some((Order::Earliest, at + 1));
    }
    if token.is(Role::Next) && t.listed(List::NextOf, at + 1) {
        return Some((Order::Earliest, at + 2));
    }
    if token.is(Role::Latest) {
        return Some((Order::Latest, at + 1));
    }
    if token.is(Role::Earlier) && !t.is(at + 1, Role::Than) {
        return Some((Order::Earlier, at + 1));
    }
    if !token.is(Role::Later) || token.is(Role::After) {
        return None;
    }
    let compares = t.is(at + 1, Role::Than) || t.sign(at + 1, "!") || t.listed(List::LaterFarewell, at + 1);
    let parting = t.listed_before(List::Parting, at) || at > 0 && t.sign(at - 1, ",");
    (!compares && !parting && (t.len() > 1 || c.offered)).then_some((Order::Later, at + 1))
}
