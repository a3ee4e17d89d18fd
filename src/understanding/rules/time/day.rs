//! Days and stretches of days: "tomorrow", "next Friday", "the 5th", "20 November 2026", "end of the month".
//!
//! A year that was not said is the one that makes the date near: this year's, unless that is more than a
//! fortnight ago. So "Nov 5" said on 18 November stays in the past, where the bot can answer that it has passed.

mod calendar;
mod holiday;
mod numeric;
mod offset;
mod stretch;
mod weekday;

use jiff::ToSpan as _;
use jiff::civil::{Date, DateTime, Weekday};

use super::super::lang::{List, Role, Unit};
use super::super::token::{Kind, Text, Token};
use crate::understanding::when::DateRange;

/// How long ago a date without a year may be before next year's is meant.
const PAST_DAYS_KEPT: i32 = 14;

/// A day or a stretch of days, with what a join needs to know about how it was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Day {
    /// The days.
    pub(crate) range: DateRange,
    /// How it was said.
    pub(crate) said: Said,
    /// The year was assumed.
    pub(crate) year: bool,
    /// The month was assumed.
    pub(crate) month: bool,
    /// The weekday that was said and does not fit the date.
    pub(crate) contradicts: Option<Weekday>,
    /// Its last day was what was meant ("the rest of the week"), so a report ends on it.
    pub(crate) last_meant: bool,
    /// Said by weekdays alone, so that "next week" beside it moves it there.
    pub(crate) by_weekday: bool,
}

/// How a day was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    /// By the name of a weekday alone.
    Weekday(Weekday),
    /// By a number alone.
    Number(i8),
    /// By day and month.
    Calendar,
    /// Any other way.
    Other,
}

impl Day {
    fn of(range: DateRange, said: Said) -> Self {
        Self {
            range,
            said,
            year: false,
            month: false,
            contradicts: None,
            last_meant: false,
            by_weekday: matches!(said, Said::Weekday(_)),
        }
    }

    pub(crate) fn on(date: Date, said: Said) -> Self {
        Self::of(DateRange::day(date), said)
    }

    fn span(from: Date, until: Date) -> Self {
        Self::of(
            DateRange {
                from: Some(from),
                until: Some(until),
            },
            Said::Other,
        )
    }
}

/// A piece of calendar: days, or a moment counted from now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// Days.
    Day(Day),
    /// "in two hours".
    Moment(DateTime),
}

/// What a day is read with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Days<'a> {
    /// The message.
    pub(crate) text: &'a Text<'a>,
    /// The language.
    pub(crate) lang: &'a super::super::lang::Lang,
    /// The local time of the message.
    pub(crate) now: DateTime,
    /// Whether 5/6 is the 5th of June.
    pub(crate) day_before_month: bool,
    /// A day was asked for, so a number alone is one.
    pub(crate) date_asked: bool,
}

impl Days<'_> {
    fn today(&self) -> Date {
        self.now.date()
    }

    /// Whether anything about time can begin at `at`: a number, a word that the language knows, or a holiday's name.
    /// Most words of a message are none of these.
    pub(crate) fn may_begin(&self, at: usize) -> bool {
        let begins = |token: &Token<'_>| {
            token.kind == Kind::Number
                || token.word.is_some()
                || token.kind == Kind::Word && self.lang.starts_holiday(&token.low)
        };
        self.text.get(at).is_some_and(begins)
    }

    /// The days at `at`, with the token after them.
    pub(crate) fn read(&self, at: usize) -> Option<(Found, usize)> {
        let token = self.text.get(at)?;
        if token.kind == Kind::Sign {
            return None;
        }
        // Most words mean nothing here; leave early.
        if token.kind == Kind::Word
            && token.word.is_none_or(|w| {
                w.weekday.is_none()
                    && w.month.is_none()
                    && w.number.is_none()
                    && w.ordinal.is_none()
                    && w.unit.is_none()
                    && w.day.is_none()
                    && w.roles == super::super::lang::Roles::default()
            })
            && !self.lang.starts_holiday(&token.low)
        {
            return None;
        }
        self.offset(at)
            .or_else(|| self.plain(at).map(|(day, to)| (Found::Day(day), to)))
    }

    /// Days that are not counted from others; those may be counted from.
    fn plain(&self, at: usize) -> Option<(Day, usize)> {
        self.numeric(at)
            .or_else(|| self.holiday(at))
            .or_else(|| self.relative(at))
            .or_else(|| self.nth_weekday(at))
            .or_else(|| self.weekday(at))
            .or_else(|| self.calendar(at))
            .or_else(|| self.stretch(at))
            .or_else(|| self.day_number(at))
    }

    /// "tomorrow", "the day after tomorrow", "the day after Thanksgiving", "the next day".
    fn relative(&self, at: usize) -> Option<(Day, usize)> {
        let t = self.text;
        if let Some(days) = t.get(at)?.word?.day {
            // "Tom" with a capital is a name.
            if t.is(at, Role::NameToo) && t.get(at)?.capital() {
                return None;
            }
            if t.is(at, Role::PersonToo) && self.is_person(at) {
                return None;
            }
            return Some((Day::on(self.plus(days)?, Said::Other), at + 1));
        }
        let start = if t.is(at, Role::The) { at + 1 } else { at };
        if t.get(start)?.word?.unit == Some(Unit::Day)
            && let Some(days) = t.get(start + 2).and_then(|t| t.word).and_then(|w| w.day)
        {
            if t.is(start + 1, Role::Past) {
                return Some((Day::on(self.plus(days + 1)?, Said::Other), start + 3));
            }
            if t.is(start + 1, Role::Before) {
                return Some((Day::on(self.plus(days - 1)?, Said::Other), start + 3));
            }
        }
        if let Some(found) = self.neighbour(at) {
            return Some(found);
        }
        if (t.is(start, Role::Next) || t.is(start, Role::This))
            && t.get(start + 1)?.word?.unit == Some(Unit::Day)
        {
            if t.is(start, Role::The) {
                return None;
            }
            let days = i32::from(t.is(start, Role::Next));
            return Some((Day::on(self.plus(days)?, Said::Other), start + 2));
        }
        None
    }

    /// "the day after Thanksgiving", "the day before 3/14": a day by the one beside it.
    fn neighbour(&self, at: usize) -> Option<(Day, usize)> {
        let t = self.text;
        if !t.is(at, Role::The) || t.get(at + 1)?.word?.unit != Some(Unit::Day) {
            return None;
        }
        let days = if t.is(at + 2, Role::After) && t.is(at + 2, Role::Later) {
            1
        } else if t.is(at + 2, Role::Before) && !t.is(at + 2, Role::To) && !t.is(at + 2, Role::Of) {
            -1
        } else {
            return None;
        };
        let named = self.numeric(at + 3).or_else(|| self.holiday(at + 3));
        let (day, to) = named
            .or_else(|| self.weekday(at + 3))
            .or_else(|| self.calendar(at + 3))?;
        let date = day.range.single()?.checked_add(i64::from(days).days()).ok()?;
        Some((Day::on(date, Said::Other), to))
    }

    /// Whether a day that is a name as well ("mai") is somebody here: after "with", or written as a name.
    fn is_person(&self, at: usize) -> bool {
        let t = self.text;
        let Some(token) = t.get(at).filter(|token| token.staff) else {
            return false;
        };
        let part = at > 0
            && t.get(at - 1)
                .is_some_and(|w| w.word.is_some_and(|w| w.part.is_some()));
        !part && (t.listed_before(List::With, at) || at > 0 && token.capital())
    }

    fn plus(&self, days: i32) -> Option<Date> {
        self.today().checked_add(i64::from(days).days()).ok()
    }

    /// The next such weekday after today.
    fn soon(&self, day: Weekday) -> Option<Date> {
        self.today().nth_weekday(1, day).ok()
    }

    /// That weekday of this week (0), the next (1) ...; weeks begin on Monday.
    fn week_day(&self, day: Weekday, weeks: i16) -> Option<Date> {
        let days = 7 * i64::from(weeks) + i64::from(day.to_monday_zero_offset());
        week_of(self.today())?.checked_add(days.days()).ok()
    }

    /// A day and month in the year that makes it near.
    fn near(&self, month: i8, number: i8) -> Option<Day> {
        let y = self.today().year();
        let date = match Date::new(y, month, number) {
            Ok(date) if days_since(self.today(), date) <= PAST_DAYS_KEPT => date,
            // A leap day may take some years to come.
            _ => (1..=8).find_map(|n| Date::new(y + n, month, number).ok())?,
        };
        let mut day = Day::on(date, Said::Calendar);
        day.year = true;
        Some(day)
    }

    /// The next such day of a month; when a weekday was said too, the one of the next three that fits it.
    fn numbered_near(&self, number: i8, weekday: Option<Weekday>) -> Option<Date> {
        let first = self.today().first_of_month();
        let mut dates = (0..6i64)
            .filter_map(|n| {
                let month = first.checked_add(n.months()).ok()?;
                Date::new(month.year(), month.month(), number).ok()
            })
            .filter(|date| *date >= self.today());
        let soonest = dates.next()?;
        let Some(day) = weekday.filter(|day| soonest.weekday() != *day) else {
            return Some(soonest);
        };
        Some(
            dates
                .take(2)
                .find(|date| date.weekday() == day)
                .unwrap_or(soonest),
        )
    }

    fn month_of(&self, y: i16, month: i8) -> Option<Day> {
        let from = Date::new(y, month, 1).ok()?;
        Some(Day::span(from, from.checked_add(1.months()).ok()?))
    }

    fn year_of(&self, y: i16) -> Option<Day> {
        Some(Day::span(Date::new(y, 1, 1).ok()?, Date::new(y + 1, 1, 1).ok()?))
    }

    /// The first, middle or last third of a month or a year.
    fn third(&self, of: Day, part: u8) -> Option<Day> {
        let (from, until) = (of.range.from?, of.range.until?);
        let (a, b) = if days_since(until, from) < 32 {
            (
                from.checked_add(10.days()).ok()?,
                from.checked_add(20.days()).ok()?,
            )
        } else {
            (
                from.checked_add(4.months()).ok()?,
                from.checked_add(8.months()).ok()?,
            )
        };
        let mut day = match part {
            0 => Day::span(from, a),
            1 => Day::span(a, b),
            _ => Day::span(b, until),
        };
        day.year = of.year;
        Some(day)
    }
}

/// The Monday of that day's week.
pub(crate) fn week_of(date: Date) -> Option<Date> {
    date.checked_sub(i64::from(date.weekday().to_monday_zero_offset()).days())
        .ok()
}

fn days_since(later: Date, earlier: Date) -> i32 {
    later.since(earlier).map_or(0, |span| span.get_days())
}
