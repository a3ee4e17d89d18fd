//! Parts of the day and wishes for the first or last of what is free.

use jiff::civil::Time;

use super::super::super::lang::{Part, Role};
use super::Context;
use crate::understanding::when::Order;

/// "next morning", "the following night": tomorrow's.
pub(super) fn next_part(c: &Context<'_>, at: usize) -> Option<(Part, usize)> {
    let t = c.days.text;
    let next = t.is(at, Role::Next) || t.get(at)?.low == "following";
    let part = t.get(at + 1)?.word?.part.filter(|p| !p.meal && !p.today)?;
    next.then_some((part, at + 2))
}

/// "morning", "this evening", "late afternoon", "business hours", "after lunch".
pub(super) fn part(c: &Context<'_>, at: usize) -> Option<(Part, usize, usize)> {
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
pub(super) fn order(c: &Context<'_>, at: usize) -> Option<(Order, usize)> {
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
        return (!parting && (t.len() > 1 || c.offered)).then_some((Order::Later, at + 1));
    }
    None
}
