//! Times in words around a whole hour: "half past five", "quarter to 3", "20 to 16", "half five".

use super::super::super::lang::Role;
use super::super::super::token::Text;
use super::super::number::cardinal;
use super::{Clock, Form, named, with_half};

/// The whole hour that minutes are counted from: "five", "7 o'clock", "noon".
pub(super) fn whole_hour(text: &Text<'_>, at: usize) -> Option<(Clock, usize)> {
    if let Some((clock, _, to)) = named(text, at) {
        return Some((clock, to));
    }
    let (hour, to) = cardinal(text, at)?;
    if hour > 24 || text.sign(to, ":") && text.get(to + 1).is_some_and(|t| t.number.is_some()) {
        return None;
    }
    let clock = Clock::new(hour, 0)?;
    let (clock, to) = with_half(text, clock, to);
    Some((clock, to))
}

/// "half past five", "quarter to 3", "20 to 16", "half five", "15 minutes before noon".
pub(super) fn spoken(
    text: &Text<'_>,
    at: usize,
    half_means_past: Option<bool>,
) -> Option<(Clock, Form, usize)> {
    let next = if text.is(at, Role::A) && text.is(at + 1, Role::Quarter) {
        at + 1
    } else {
        at
    };
    let (minutes, after, sure) = if text.is(next, Role::Half) {
        (30, next + 1, true)
    } else if text.is(next, Role::Quarter) {
        (15, next + 1, true)
    } else {
        let (minutes, to) = cardinal(text, at)?;
        let unit = text.is(to, Role::Minutes);
        let to = if unit { to + 1 } else { to };
        let named_hour = named(text, to + 1).is_some();
        // "5 to 7" is a range unless something says otherwise; "20 to 16" can only be minutes.
        let preceded = at > 0 && text.is(at - 1, Role::At) && !text.is(at - 1, Role::For);
        let ranged = at > 0 && (text.is(at - 1, Role::From) || text.is(at - 1, Role::Between));
        let usual = matches!(minutes, 5 | 10 | 15 | 20 | 25) || unit || text.is(to, Role::Past);
        let past = text.is(to, Role::Past) && !text.is(to, Role::Later);
        let sure = unit || named_hour || past || preceded || matches!(minutes, 15 | 20 | 25);
        if !usual || !sure || minutes > 59 || ranged {
            return None;
        }
        (minutes, to, true)
    };
    if !sure {
        return None;
    }
    // "half-past", "quarter-to"
    let after = if text.sign(after, "-") && text.get(after + 1).is_some_and(|t| !t.spaced) {
        after + 1
    } else {
        after
    };
    let (mut clock, to) = if text.is(after, Role::Past) {
        let (mut hour, to) = whole_hour(text, after + 1)?;
        hour.minute = i8::try_from(minutes).ok()?;
        (hour, to)
    } else if text.is(after, Role::Before) && !text.sign(after, "-") {
        if !text.is(after, Role::MinutesTo) {
            return None;
        }
        let (mut hour, to) = whole_hour(text, after + 1)?;
        // "20 to 5pm Friday" yes, "10 to 22 August" no: that is a range of days.
        if text
            .get(to)
            .and_then(|t| t.word)
            .is_some_and(|w| w.month.is_some())
            || text.get(to).is_some_and(|t| t.is(Role::Suffix) && !t.spaced)
            || text.is(to, Role::Of)
        {
            return None;
        }
        hour.hour = if hour.hour == 0 { 23 } else { hour.hour - 1 };
        if hour.hour == 0 && !hour.fixed {
            hour.hour = 12;
        }
        hour.fixed |= hour.hour > 12;
        hour.minute = i8::try_from(60 - minutes).ok()?;
        (hour, to)
    } else if minutes == 30 && text.is(at, Role::Half) {
        // "half five"; not "half an hour", "half 30".
        let (hour, to) = cardinal(text, after)?;
        if !(1..=12).contains(&hour)
            || text
                .get(to)
                .and_then(|t| t.word)
                .is_some_and(|w| w.unit.is_some())
        {
            return None;
        }
        let past = half_means_past.unwrap_or(true);
        let hour = if past {
            hour
        } else if hour == 1 {
            12
        } else {
            hour - 1
        };
        let mut clock = Clock::new(hour, 30)?;
        clock.half_style = half_means_past.is_none();
        let (clock, to) = with_half(text, clock, to);
        return Some((clock, Form::Sure, to));
    } else {
        return None;
    };
    let to = if text.is(to, Role::Oclock) { to + 1 } else { to };
    if clock.open() {
        (clock, _) = with_half(text, clock, to);
    }
    let to = with_half(text, clock, to).1;
    Some((clock, Form::Sure, to))
}
