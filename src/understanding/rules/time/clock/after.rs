//! Minutes said after the hour that they belong to: "las 5 y media", "3 menos cuarto", "3 giờ rưỡi", "11h kém 15".

use super::super::super::lang::{List, Role};
use super::super::super::token::{Kind, Text};
use super::super::number::cardinal;
use super::{Clock, Form, with_half};

/// The time at `at`, if its hour is followed by a word for hours or by minutes.
pub(super) fn after(text: &Text<'_>, at: usize) -> Option<(Clock, Form, usize)> {
    // Most languages say minutes otherwise; those pay nothing here.
    if !text.says_minutes_after() {
        return None;
    }
    let (hour, next) = cardinal(text, at)?;
    let digits = text.get(at)?.kind == Kind::Number;
    if hour > 24 || digits && text.get(at)?.raw.len() > 2 {
        return None;
    }
    // "9pm menos cuarto" says its half before the minutes.
    let (clock, halved) = with_half(text, Clock::new(hour, 0)?, next);
    let hour_said = text.is(halved, Role::HourWord);
    let next = halved + usize::from(hour_said);
    let (clock, to) = if let Some((minutes, to)) = past(text, at, next, hour_said) {
        (
            Clock {
                minute: minutes,
                ..clock
            },
            to,
        )
    } else if text.is(next, Role::MinusMinutes)
        && let Some((minutes, to)) = minutes(text, next + 1).filter(|(m, _)| *m > 0)
    {
        (earlier(clock, minutes), to)
    } else if hour_said {
        (clock, next)
    } else {
        return None;
    };
    let (clock, to) = if clock.half.is_none() {
        with_half(text, clock, to)
    } else {
        (clock, to)
    };
    Some((clock, Form::Sure, to))
}

/// Minutes past the hour, with the token after them.
fn past(text: &Text<'_>, at: usize, next: usize, hour_said: bool) -> Option<(i8, usize)> {
    if text.is(next, Role::AndHalf) {
        return Some((30, next + 1));
    }
    if text.is(next, Role::PlusMinutes) {
        let (minutes, to) = minutes(text, next + 1)?;
        let spoken = text.is(next + 1, Role::Half) || text.is(next + 1, Role::Quarter);
        // "entre las 3 y las 5", "3 y 4": two hours; "las 5 y 20": one.
        let between = (1..=3).any(|n| at >= n && text.is(at - n, Role::Between));
        let led = at > 0 && (text.is(at - 1, Role::TheHour) || text.is(at - 1, Role::At));
        let word = text.get(next + 1)?.kind == Kind::Word;
        return (spoken || minutes >= 5 && !between && (led || word)).then_some((minutes, to));
    }
    // "3 giờ 30", "3h5"; not "3h 2 người".
    let token = text.get(next).filter(|_| hour_said)?;
    let (minutes, to) = minutes(text, next)?;
    let two = token.raw.len() == 2 && token.kind == Kind::Number || !token.spaced;
    let counts = text.phrase(List::People, to).is_some() || text.sign(to, "/");
    ((two || text.is(to - 1, Role::Minutes)) && !counts).then_some((minutes, to))
}

/// A half, a quarter, or a number of minutes with its word.
fn minutes(text: &Text<'_>, at: usize) -> Option<(i8, usize)> {
    if text.is(at, Role::Half) {
        return Some((30, at + 1));
    }
    if text.is(at, Role::Quarter) {
        return Some((15, at + 1));
    }
    let (minutes, to) = cardinal(text, at).filter(|(n, _)| *n < 60)?;
    let to = to + usize::from(text.is(to, Role::Minutes));
    Some((i8::try_from(minutes).ok()?, to))
}

/// So many minutes before the hour.
fn earlier(clock: Clock, minutes: i8) -> Clock {
    let hour = match clock.hour {
        0 => 23,
        1 if !clock.fixed => 12,
        hour => hour - 1,
    };
    Clock {
        hour,
        minute: 60 - minutes,
        fixed: clock.fixed || hour > 12,
        ..clock
    }
}
