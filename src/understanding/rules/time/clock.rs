//! Times of day: "2pm", "14:30", "half past five", "ten thirty", "noon", "8 in the evening", and the bare hour.

mod after;
mod spoken;

use jiff::civil::Time;

use super::super::lang::{Half, Part, Role};
use super::super::token::{Kind, Text};
use super::number::cardinal;

/// A time as said, before it is known which half of the day is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Clock {
    /// As said, 0 to 23 (24 becomes 0).
    pub(crate) hour: i8,
    /// As said.
    pub(crate) minute: i8,
    /// What was said about the half of the day.
    pub(crate) half: Option<Half>,
    /// Whether the hour can only be meant as it stands ("14:30", "09:15", "noon", "9h30").
    pub(crate) fixed: bool,
    /// "half five": read as past, and it could be before.
    pub(crate) half_style: bool,
    /// "around", "6ish".
    pub(crate) about: bool,
    /// Said of a night ("Saturday night at 1:30"), whose small hours belong to the next day.
    pub(crate) of_night: bool,
}

impl Clock {
    pub(crate) fn new(hour: u32, minute: u32) -> Option<Self> {
        if hour > 24 || minute > 59 {
            return None;
        }
        let hour = i8::try_from(hour % 24).ok()?;
        Some(Self {
            hour,
            minute: i8::try_from(minute).ok()?,
            half: None,
            fixed: hour == 0 || hour > 12,
            half_style: false,
            about: false,
            of_night: false,
        })
    }

    /// Whether morning and evening are both still possible.
    pub(crate) fn open(&self) -> bool {
        !self.fixed && self.half.is_none()
    }

    /// The same time in the half that was said, if one was.
    pub(crate) fn time(&self) -> Option<Time> {
        let hour = if self.fixed {
            self.hour
        } else {
            match (self.half, self.hour) {
                (None, hour) => hour,
                (Some(Half::Am), 12) => 0,
                (Some(Half::Am), hour) => hour,
                (Some(Half::Pm), 12) => 12,
                (Some(Half::Pm), hour) => hour + 12,
                (Some(Half::Night), 12) => 0,
                (Some(Half::Night), hour) if hour < 5 => hour,
                (Some(Half::Night), hour) => hour + 12,
            }
        };
        Time::new(hour, self.minute, 0, 0).ok()
    }

    /// Takes the half of the day from a part of the day beside it, unless the time says its own.
    pub(crate) fn within(&mut self, part: &Part) {
        if !self.open() {
            return;
        }
        self.half = match part.half {
            // "12 in the morning" and "12 at breakfast" are noon to those who say them while awake.
            Some(Half::Am) if self.hour == 12 => Some(Half::Pm),
            // Lunch is at twelve or at one, and sometimes at 11:45.
            Some(Half::Pm) if part.meal && (10..12).contains(&self.hour) && part.from.hour() < 15 => {
                Some(Half::Am)
            }
            // "11h trưa": the part begins before noon, and the hour lies in it as it stands.
            Some(Half::Pm) if (part.from.hour()..12).contains(&self.hour) => Some(Half::Am),
            other if part.today && other == Some(Half::Night) && self.hour < 12 => Some(Half::Pm),
            other => other,
        };
    }
}

/// How a time was written, which decides whether it may stand alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Unmistakably a time.
    Sure,
    /// Two numbers or a number with a dot, which may be something else ("3 15", "2.30").
    Likely,
    /// A number alone.
    Bare,
}

/// A time at `at`, with its form and the token after it.
pub(crate) fn clock(
    text: &Text<'_>,
    at: usize,
    half_means_past: Option<bool>,
) -> Option<(Clock, Form, usize)> {
    named(text, at)
        .or_else(|| spoken::spoken(text, at, half_means_past))
        .or_else(|| after::after(text, at))
        .or_else(|| written(text, at))
}

fn named(text: &Text<'_>, at: usize) -> Option<(Clock, Form, usize)> {
    let sure = |hour, to| {
        let mut clock = Clock::new(hour, 0)?;
        clock.fixed = true;
        Some((clock, Form::Sure, to))
    };
    if text.is(at, Role::Noon) {
        return sure(12, at + 1);
    }
    if text.is(at, Role::Midnight) {
        return sure(0, at + 1);
    }
    // "mid day", "mid-day"
    if text.is(at, Role::Midpoint) {
        let next = if text.is(at + 1, Role::Dash) {
            at + 2
        } else {
            at + 1
        };
        if text.is(next, Role::Day) {
            return sure(12, next + 1);
        }
        if text.is(next, Role::Night) {
            return sure(0, next + 1);
        }
    }
    // "12 noon", "12 midnight"
    if text.get(at)?.number == Some(12) && text.is(at + 1, Role::Noon) {
        return sure(12, at + 2);
    }
    if text.get(at)?.number == Some(12) && text.is(at + 1, Role::Midnight) {
        return sure(0, at + 2);
    }
    None
}

/// "14:30", "2.30pm", "340pm", "9h30", "3 15", "ten thirty", "5 o'clock", "6ish", "7".
fn written(text: &Text<'_>, at: usize) -> Option<(Clock, Form, usize)> {
    let token = text.get(at)?;
    let (hour, next) = cardinal(text, at)?;
    let digits = token.kind == Kind::Number;
    let two_digits = |i: usize| {
        text.get(i)
            .filter(|t| t.kind == Kind::Number && t.raw.len() == 2)
            .and_then(|t| t.number)
            .filter(|m| *m < 60)
    };
    if digits && token.raw.len() <= 2 && hour <= 24 {
        if text.sign(next, ":") || text.sign(next, ";") {
            if let Some(minute) = two_digits(next + 1) {
                let mut clock = Clock::new(hour, minute)?;
                clock.fixed |= token.raw.starts_with('0') && hour != 12;
                let mut to = next + 2;
                if text.sign(to, ":") && two_digits(to + 1).is_some() {
                    to += 2;
                }
                let zero = clock.fixed;
                clock.fixed = clock.hour == 0 || clock.hour > 12;
                let (mut clock, to) = with_half(text, clock, to);
                clock.fixed |= zero && clock.half.is_none();
                if text.is(to, Role::Ish) {
                    clock.about = true;
                    return Some((clock, Form::Sure, to + 1));
                }
                return Some((clock, Form::Sure, to));
            }
            return None;
        }
        // "9h30", "15h"
        if text.get(next).is_some_and(|t| t.is(Role::H) && !t.spaced) {
            let mut clock = Clock::new(
                hour,
                two_digits(next + 1)
                    .filter(|_| !text.tokens[next + 1].spaced)
                    .unwrap_or(0),
            )?;
            let to = if two_digits(next + 1).is_some() && !text.tokens[next + 1].spaced {
                next + 2
            } else {
                next + 1
            };
            clock.fixed = true;
            return Some((clock, Form::Sure, to));
        }
        let tight = |i: usize| text.get(i).is_some_and(|t| !t.spaced);
        if text.sign(next, ".")
            && tight(next)
            && tight(next + 1)
            && !text.sign(next + 2, ".")
            && let Some(minute) = two_digits(next + 1)
        {
            let (clock, to) = with_half(text, Clock::new(hour, minute)?, next + 2);
            let form = if clock.half.is_some() {
                Form::Sure
            } else {
                Form::Likely
            };
            return Some((clock, form, to));
        }
        // "3 15", "6 55 evening"
        if let Some(minute) = two_digits(next).filter(|_| text.tokens[next].spaced)
            && (minute % 5 == 0 || minute > 31)
            && hour >= 1
        {
            let (clock, to) = with_half(text, Clock::new(hour, minute)?, next + 1);
            let form = if clock.half.is_some() {
                Form::Sure
            } else {
                Form::Likely
            };
            return Some((clock, form, to));
        }
    }
    // "340pm", "1030 am", "at 1030", "930"
    if digits && matches!(token.raw.len(), 3 | 4) {
        let mut clock = Clock::new(hour / 100, hour % 100).filter(|_| hour >= 100)?;
        clock.fixed |= token.raw.starts_with('0');
        let (clock, to) = with_half(text, clock, next);
        let form = if clock.half.is_some() {
            Form::Sure
        } else {
            Form::Bare
        };
        return Some((clock, form, to));
    }
    if hour > 24 || digits && token.raw.len() > 2 {
        return None;
    }
    if !digits && (1..=23).contains(&hour) {
        let dash = usize::from(text.sign(next, "-") && text.get(next).is_some_and(|t| !t.spaced));
        if let Some((minute, to)) = spoken_minute(text, next + dash) {
            let (clock, to) = with_half(text, Clock::new(hour, minute)?, to);
            return Some((clock, Form::Sure, to));
        }
    }
    // "one morning" is some morning.
    if token.is(Role::A)
        && hour == 1
        && text
            .get(next)
            .and_then(|t| t.word)
            .is_some_and(|w| w.part.is_some())
    {
        return None;
    }
    let clock = Clock::new(hour, 0)?;
    let (mut clock, mut to) = with_half(text, clock, next);
    let mut form = if clock.half.is_some() {
        Form::Sure
    } else {
        Form::Bare
    };
    if clock.half.is_none() {
        if let Some(after) = oclock(text, to) {
            (clock, to) = with_half(text, clock, after);
            form = Form::Sure;
        } else if text.get(to).is_some_and(|t| t.is(Role::Ish))
            || text.sign(to, "-") && text.is(to + 1, Role::Ish)
        {
            to += if text.is(to, Role::Ish) { 1 } else { 2 };
            clock.about = true;
            form = Form::Sure;
        }
    }
    if form == Form::Bare && hour == 0 && token.raw != "00" {
        return None;
    }
    Some((clock, form, to))
}

/// "thirty", "forty-five", "oh five" after an hour in words.
fn spoken_minute(text: &Text<'_>, at: usize) -> Option<(u32, usize)> {
    if text.is(at, Role::Oh) && !text.is(at, Role::O) {
        return cardinal(text, at + 1).filter(|(m, _)| (1..10).contains(m));
    }
    text.get(at).filter(|t| t.kind == Kind::Word)?;
    cardinal(text, at).filter(|(m, _)| (10..60).contains(m))
}

/// "o'clock", "oclock", "o clock", `o"clock`.
fn oclock(text: &Text<'_>, at: usize) -> Option<usize> {
    if text.is(at, Role::Oclock) && !text.is(at, Role::Clock) {
        return Some(at + 1);
    }
    if text.is(at, Role::O) {
        let next = if text.get(at + 1).is_some_and(|t| t.kind == Kind::Sign) {
            at + 2
        } else {
            at + 1
        };
        return text.is(next, Role::Oclock).then_some(next + 1);
    }
    None
}

/// Reads "am", "p.m.", "p m", "p", "in the PM" after a time.
fn with_half(text: &Text<'_>, mut clock: Clock, at: usize) -> (Clock, usize) {
    let mut next = at;
    if text.is(next, Role::In) && text.is(next + 1, Role::The) && meridiem(text, next + 2).is_some() {
        next += 2;
    }
    if let Some((half, to)) = meridiem(text, next)
        && (clock.hour <= 12 || clock.fixed)
    {
        if !clock.fixed || clock.hour <= 12 && clock.hour > 0 {
            clock.half = Some(half);
        }
        return (clock, to);
    }
    (clock, at)
}

fn meridiem(text: &Text<'_>, at: usize) -> Option<(Half, usize)> {
    let token = text.get(at)?;
    let half = if token.is(Role::Am) {
        Half::Am
    } else if token.is(Role::Pm) {
        Half::Pm
    } else {
        return None;
    };
    let dot = |i: usize| text.sign(i, ".");
    if token.low.len() > 1 {
        // The dot of "pm." may end the sentence; slots decide whether it is part of the time.
        return Some((half, at + 1));
    }
    // "p.m.", "p. m.", "p . m .", "p m"
    let mut next = at + 1;
    if dot(next) {
        next += 1;
    }
    if text.is(next, Role::Letter) {
        let to = if dot(next + 1) && dot(at + 1) {
            next + 2
        } else {
            next + 1
        };
        return Some((half, to));
    }
    // "3p", "9:00a." directly after the number; "3 a" would be an article.
    (!token.spaced).then_some((
        half,
        if dot(at + 1) && text.get(at + 2).is_none() {
            at + 2
        } else {
            at + 1
        },
    ))
}
