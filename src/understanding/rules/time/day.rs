//! Days and stretches of days: "tomorrow", "next Friday", "the 5th", "20 November 2026", "end of the month".
//!
//! A year that was not said is the one that makes the date near: this year's, unless that is more than a
//! fortnight ago. So "Nov 5" said on 18 November stays in the past, where the bot can answer that it has passed.

use jiff::ToSpan as _;
use jiff::civil::{Date, DateTime, Weekday};

use super::super::lang::{HolidayRule, Role, Unit};
use super::super::token::{Kind, Text};
use super::number::{cardinal, count, day_of_month, ordinal, year};
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
}

impl Days<'_> {
    fn today(&self) -> Date {
        self.now.date()
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

    /// "2026-11-20", "11/20", "20.11.2026", "22/04".
    fn numeric(&self, at: usize) -> Option<(Day, usize)> {
        let t = self.text;
        let number = |i: usize| t.get(i).filter(|t| t.kind == Kind::Number).and_then(|t| t.number);
        let tight = |i: usize| t.get(i).is_some_and(|t| !t.spaced);
        let first = number(at)?;
        let sign = t
            .get(at + 1)
            .filter(|s| matches!(s.raw, "-" | "/" | ".") && !s.spaced)?
            .raw;
        if !tight(at + 2) {
            return None;
        }
        let second = number(at + 2)?;
        let third = number(at + 4).filter(|_| t.sign(at + 3, sign) && tight(at + 3) && tight(at + 4));
        let fits = |n: u32| i8::try_from(n).ok();
        if t.get(at)?.raw.len() == 4 {
            let y = i16::try_from(first).ok()?;
            if let Some(third) = third {
                let date = Date::new(y, fits(second)?, fits(third)?).ok()?;
                // "2016-12-16T12:23": the letter is glue.
                let to = if t.get(at + 5).is_some_and(|t| t.low == "t") {
                    at + 6
                } else {
                    at + 5
                };
                return Some((Day::on(date, Said::Calendar), to));
            }
            if (1900..2200).contains(&first) && sign == "-" && (1..=12).contains(&second) {
                return Some((self.month_of(y, fits(second)?)?, at + 3));
            }
            return None;
        }
        if first > 31 {
            return None;
        }
        // "2/2013": a month.
        if third.is_none() && t.get(at + 2)?.raw.len() == 4 && sign == "/" && (1..=12).contains(&first) {
            return Some((self.month_of(i16::try_from(second).ok()?, fits(first)?)?, at + 3));
        }
        if second > 31 || first == 0 || second == 0 || t.get(at + 2)?.raw.len() > 2 {
            return None;
        }
        let day_first = first > 12 || self.day_before_month && second <= 12;
        let (day, month) = if day_first {
            (first, second)
        } else {
            (second, first)
        };
        let (day, month) = if month > 12 { (month, day) } else { (day, month) };
        if let Some(y) = third {
            let y = if y < 100 { 2000 + y } else { y };
            let date = Date::new(i16::try_from(y).ok()?, fits(month)?, fits(day)?).ok()?;
            return Some((Day::on(date, Said::Calendar), at + 5));
        }
        match sign {
            "/" => {
                // "3/4 hour", "open 24/7"
                let unit = t
                    .get(at + 3)
                    .and_then(|t| t.word)
                    .is_some_and(|w| w.unit.is_some());
                if unit || (first, second) == (24, 7) {
                    return None;
                }
            }
            "." => {
                // "2.30" is a time, "4.22" after "on" or "in" a date, "7.6" a date after a weekday.
                let asked = at > 0
                    && (t.is(at - 1, Role::On)
                        || t.is(at - 1, Role::In)
                        || t.get(at - 1)
                            .and_then(|t| t.word)
                            .is_some_and(|w| w.weekday.is_some()));
                let half = t.get(at + 3).is_some_and(|t| t.is(Role::Am) || t.is(Role::Pm));
                if !asked || half || t.sign(at + 3, ".") && tight(at + 3) {
                    return None;
                }
            }
            // "2-4", "11-4" are ranges of hours or days, read elsewhere.
            _ => return None,
        }
        if t.sign(at + 3, ",")
            && let Some((y, to)) = year(t, at + 4)
        {
            let date = Date::new(y, fits(month)?, fits(day)?).ok()?;
            return Some((Day::on(date, Said::Calendar), to));
        }
        Some((self.near(fits(month)?, fits(day)?)?, at + 3))
    }

    fn holiday(&self, at: usize) -> Option<(Day, usize)> {
        let t = self.text;
        let token = t.get(at)?;
        if !self.lang.starts_holiday(&token.low) {
            return None;
        }
        for holiday in &self.lang.holidays {
            let mut next = at;
            let fits = holiday.words.iter().all(|word| {
                let same = t.get(next).is_some_and(|t| t.low == *word);
                next += 1;
                same
            });
            if !fits {
                continue;
            }
            let (said_year, mut to) = match self.and_year(next) {
                Some((y, to)) => (Some(y), to),
                None => (None, next),
            };
            let in_year = |y: i16| match holiday.on {
                HolidayRule::Fixed(month, day) => Date::new(y, month, day).ok(),
                HolidayRule::Nth(month, day, nth) => {
                    Date::new(y, month, 1).ok()?.nth_weekday_of_month(nth, day).ok()
                }
                HolidayRule::Easter(days) => easter(y)?.checked_add(days.days()).ok(),
            };
            let date = match said_year {
                Some(y) => in_year(y)?,
                None => {
                    let this = in_year(self.today().year())?;
                    if days_since(self.today(), this) > PAST_DAYS_KEPT {
                        in_year(self.today().year() + 1)?
                    } else {
                        this
                    }
                }
            };
            // "labor day weekend"
            if t.is(to, Role::Weekend) {
                let saturday = week_of(date)?.checked_add(5.days()).ok()?;
                let saturday = if date.weekday() == Weekday::Monday {
                    saturday.checked_sub(7.days()).ok()?
                } else {
                    saturday
                };
                let monday = saturday.checked_add(2.days()).ok()?;
                let until = if date >= monday {
                    date.tomorrow().ok()?
                } else {
                    monday
                };
                return Some((Day::span(saturday, until), to + 1));
            }
            // "Thanksgiving Thursday 26": the weekday and the number only repeat it.
            if let Some((day, after)) = self.weekday(to)
                && day.range.from.is_some_and(|d| d.weekday() == date.weekday())
            {
                to = after;
            }
            let mut day = Day::on(date, Said::Calendar);
            day.year = said_year.is_none();
            return Some((day, to));
        }
        None
    }

    /// "tomorrow", "the day after tomorrow", "the next day".
    fn relative(&self, at: usize) -> Option<(Day, usize)> {
        let t = self.text;
        if let Some(days) = t.get(at)?.word?.day {
            let low = t.get(at)?.low.as_ref();
            // "Tom" with a capital is a name.
            if low == "tom" && t.get(at)?.capital() {
                return None;
            }
            return Some((Day::on(self.plus(days)?, Said::Other), at + 1));
        }
        let start = if t.is(at, Role::The) { at + 1 } else { at };
        if t.get(start)?.word?.unit == Some(Unit::Day) {
            if let Some(days) = t.get(start + 2).and_then(|t| t.word).and_then(|w| w.day) {
                if t.is(start + 1, Role::Past) {
                    return Some((Day::on(self.plus(days + 1)?, Said::Other), start + 3));
                }
                if t.is(start + 1, Role::Before) {
                    return Some((Day::on(self.plus(days - 1)?, Said::Other), start + 3));
                }
            }
        }
        if (t.is(start, Role::Next) || t.is(start, Role::This))
            && t.get(start + 1)?.word?.unit == Some(Unit::Day)
        {
            let low = t.get(start)?.low.as_ref();
            if low == "the" {
                return None;
            }
            let days = i32::from(t.is(start, Role::Next));
            return Some((Day::on(self.plus(days)?, Said::Other), start + 2));
        }
        None
    }

    /// "Friday", "next Friday", "Friday next week", "a week from Tuesday" (the rest is in `offset`), "Friday the
    /// 26th", "Thursday, 30th June 2026".
    fn weekday(&self, at: usize) -> Option<(Day, usize)> {
        let t = self.text;
        let mut next = at;
        let qualifier = t.get(at)?;
        let mut which = Which::Plain;
        if qualifier.word?.weekday.is_none() {
            which = if qualifier.is(Role::Next) || qualifier.low == "following" {
                Which::Next
            } else if qualifier.is(Role::Coming) {
                Which::Coming
            } else if qualifier.is(Role::This) && qualifier.low != "the" {
                Which::This
            } else if qualifier.is(Role::Last) {
                Which::Last
            } else {
                return None;
            };
            next += 1;
            // "this coming Saturday", "next week Wednesday"
            if which == Which::This && t.is(next, Role::Coming) {
                which = Which::Coming;
                next += 1;
            } else if t.get(next)?.word?.unit == Some(Unit::Week) {
                next += 1;
                if t.is(next, Role::On) || t.sign(next, ",") {
                    next += 1;
                }
                which = match which {
                    Which::Next => Which::Week(1),
                    Which::This => Which::Week(0),
                    _ => return None,
                };
            }
        }
        let day = t.get(next)?.word?.weekday?;
        let token = t.get(next)?;
        if which == Which::Plain && token.is(Role::Weak) && !self.weekday_stands(next) {
            return None;
        }
        next += 1;
        // "Wed." the dot belongs to the short form, if something follows in the same breath.
        if t.sign(next, ".") && token.raw.len() <= 5 && t.get(next + 1).is_some_and(|t| !t.capital()) {
            next += 1;
        }
        // A date after it is the day meant; the weekday then only has to fit.
        let comma = if t.sign(next, ",") { next + 1 } else { next };
        let the = comma;
        if let Some((mut date, to)) = self.calendar(the).or_else(|| self.numeric(the)) {
            // (calendar skips an article itself)
            if let Some(single) = date.range.single() {
                if single.weekday() != day {
                    date.contradicts = Some(day);
                }
                return Some((date, to));
            }
        }
        if let Some((date, to)) = self.weekday_number(day, the) {
            return Some((date, to));
        }
        // "Friday next week", "Saturday of this week", "Tuesday, next week", "Friday week", "friday after next"
        if which == Which::Plain {
            let mut after = next;
            while t.is(after, Role::Of) || t.sign(after, ",") || t.is(after, Role::In) {
                after += 1;
            }
            let word_unit = |i: usize| t.get(i).and_then(|t| t.word).and_then(|w| w.unit);
            if word_unit(after + 1) == Some(Unit::Week) && !t.is(after, Role::A) {
                if t.is(after, Role::Next) || t.is(after, Role::Following) || t.is(after, Role::Coming) {
                    return Some((Day::on(self.week_day(day, 1)?, Said::Other), after + 2));
                }
                if t.is(after, Role::This) && t.get(after)?.low != "the" {
                    return Some((Day::on(self.week_day(day, 0)?, Said::Other), after + 2));
                }
            }
            if t.is(next, Role::In)
                && let Some((weeks, to)) = count(t, next + 1)
                && word_unit(to) == Some(Unit::Week)
            {
                let date = self.soon(day)?.checked_add(i64::from(weeks).weeks()).ok()?;
                return Some((Day::on(date, Said::Other), to + 1));
            }
            if t.is(next, Role::Past) && t.is(next + 1, Role::Next) {
                let date = self.soon(day)?.checked_add(7.days()).ok()?;
                return Some((Day::on(date, Said::Other), next + 2));
            }
            if word_unit(next) == Some(Unit::Week) && t.get(next)?.low == "week" {
                let date = self.soon(day)?.checked_add(7.days()).ok()?;
                return Some((Day::on(date, Said::Other), next + 1));
            }
        }
        let date = match which {
            Which::Plain | Which::Coming => self.soon(day)?,
            Which::This => {
                let this = self.week_day(day, 0)?;
                if this < self.today() {
                    self.soon(day)?
                } else {
                    this
                }
            }
            Which::Next => self.week_day(day, 1)?,
            Which::Week(weeks) => self.week_day(day, weeks)?,
            Which::Last => self.soon(day)?.checked_sub(7.days()).ok()?.min(self.today()),
        };
        let date = if which == Which::Last && date == self.today() {
            date.checked_sub(7.days()).ok()?
        } else {
            date
        };
        let said = if which == Which::Plain {
            Said::Weekday(day)
        } else {
            Said::Other
        };
        Some((Day::on(date, said), next))
    }

    /// Whether a short name that is also another word ("sat", "sun", "wed") is meant as a day.
    fn weekday_stands(&self, at: usize) -> bool {
        let t = self.text;
        let before = at.checked_sub(1).and_then(|i| t.get(i));
        let introduced = before.is_none_or(|b| {
            b.is(Role::On)
                || b.is(Role::At)
                || b.is(Role::And)
                || b.is(Role::Or)
                || b.is(Role::To)
                || b.is(Role::Not)
                || b.is(Role::By)
                || b.is(Role::Before)
                || b.is(Role::From)
                || b.is(Role::Late)
                || b.is(Role::Early)
                || b.kind == Kind::Sign
        });
        let after = t.get(at + 1);
        let followed = after.is_some_and(|a| {
            a.kind == Kind::Number || a.is(Role::At) || a.word.is_some_and(|w| w.part.is_some())
        });
        introduced || followed || t.get(at).is_some_and(|t| t.capital() && at > 0)
    }

    /// "Friday the 26th", "Thu 14th", "Thursday 26": the weekday picks the month within the next two.
    fn weekday_number(&self, day: Weekday, at: usize) -> Option<(Day, usize)> {
        let t = self.text;
        let start = if t.is(at, Role::The) { at + 1 } else { at };
        let (number, sure, to) = day_of_month(t, start)?;
        let plain_ok = || {
            // A plain number after a weekday is more often an hour; unless it cannot be one.
            let hour = t.get(to).is_some_and(|n| {
                n.is(Role::Am)
                    || n.is(Role::Pm)
                    || n.is(Role::Oclock)
                    || n.is(Role::Dash)
                    || n.is(Role::Ish)
                    || matches!(n.raw, ":" | ".")
                        && t.get(to + 1).is_some_and(|n| n.kind == Kind::Number && !n.spaced)
                    || n.low == "h"
                    || n.low == "o"
                    || n.kind == Kind::Number
                    || n.word.is_some_and(|w| w.unit.is_some())
            });
            !hour
                && t.get(start).is_some_and(|t| t.kind == Kind::Number)
                && (start > at
                    || number > 23
                    || number > 12
                        && self
                            .numbered_near(number, Some(day))
                            .is_some_and(|d| d.weekday() == day))
        };
        if !sure && !plain_ok() {
            return None;
        }
        let date = self.numbered_near(number, Some(day))?;
        let mut found = Day::on(date, Said::Number(number));
        found.month = true;
        if date.weekday() != day {
            found.contradicts = Some(day);
        }
        Some((found, to))
    }

    /// "Nov 20", "20 November", "the 20th of November 2026", "November", "5th of next month".
    fn calendar(&self, at: usize) -> Option<(Day, usize)> {
        let t = self.text;
        let start = if t.is(at, Role::The) { at + 1 } else { at };
        let month_at = |i: usize| t.get(i).and_then(|t| t.word).and_then(|w| w.month);
        if let Some(month) = month_at(start) {
            return self.month_first(start, month);
        }
        // day first
        let (number, sure, mut next) = day_of_month(t, start)?;
        if t.get(next)
            .and_then(|t| t.word)
            .is_some_and(|w| w.unit == Some(Unit::Day))
            && sure
        {
            next += 1;
        }
        let of = t.is(next, Role::Of);
        let mut after = if of { next + 1 } else { next };
        if t.sign(after, "-") || t.sign(after, "/") || t.sign(after, ".") && sure {
            after += 1;
        }
        if let Some(month) = month_at(after) {
            // "5 may be too late": a weak month needs a day that is an ordinal, "of", or a capital.
            let token = t.get(after)?;
            let weak = token.is(Role::Weak) && token.low == "may" && !token.capital();
            if weak && !sure && !of {
                return None;
            }
            let mut to = after + 1;
            if t.sign(to, ".") && token.raw.len() <= 4 {
                to += 1;
            }
            return self.dated(month, number, to);
        }
        // "the 14th of this month", "20th of the next month"
        if of {
            let mut unit = next + 1;
            if t.is(unit, Role::The) && t.get(unit)?.low == "the" {
                unit += 1;
            }
            let shift = if t.is(unit, Role::Next) || t.is(unit, Role::Following) || t.is(unit, Role::Coming) {
                unit += 1;
                1
            } else if t.is(unit, Role::This) {
                unit += 1;
                0
            } else {
                0
            };
            if t.get(unit)?.word?.unit == Some(Unit::Month) {
                let first = self
                    .today()
                    .first_of_month()
                    .checked_add(i64::from(shift).months())
                    .ok()?;
                let date = Date::new(first.year(), first.month(), number).ok()?;
                return Some((Day::on(date, Said::Calendar), unit + 1));
            }
        }
        None
    }

    /// A date that starts with its month, or the month alone.
    fn month_first(&self, at: usize, month: i8) -> Option<(Day, usize)> {
        let t = self.text;
        let token = t.get(at)?;
        let mut next = at + 1;
        if t.sign(next, ".") && token.raw.len() <= 4 {
            next += 1;
        }
        let mut day_at = next;
        if t.sign(day_at, ",") || t.sign(day_at, "-") || t.sign(day_at, "/") {
            day_at += 1;
        }
        if t.is(day_at, Role::The) {
            day_at += 1;
        }
        // "May I": a weak month needs a number.
        if let Some((number, sure, to)) = day_of_month(t, day_at)
            && year(t, day_at).is_none()
            && !t.sign(to, ":")
            && (sure
                || t.get(day_at)
                    .is_some_and(|d| d.number.is_none_or(|_| d.raw.len() <= 2)))
            && !t
                .get(to)
                .is_some_and(|n| (n.is(Role::Pm) || n.is(Role::Am)) && (!n.spaced || n.low.len() > 1))
        {
            return self.dated(month, number, to);
        }
        if let Some((y, to)) = self.and_year(next) {
            return Some((self.month_of(y, month)?, to));
        }
        let before = |role| at > 0 && t.is(at - 1, role);
        let introduced = before(Role::In)
            || before(Role::During)
            || before(Role::Of)
            || before(Role::Next)
            || before(Role::This) && t.get(at - 1).is_some_and(|t| t.low != "the")
            || before(Role::Early)
            || before(Role::Mid)
            || before(Role::Late)
            || before(Role::End)
            || before(Role::Beginning)
            || before(Role::Last)
            || before(Role::By)
            || before(Role::Until);
        let alone = !token.is(Role::Weak) || t.len() <= 2;
        if !introduced && !(alone || token.capital() && at > 0 && token.low != "may") {
            return None;
        }
        let mut y = self.today().year();
        if month < self.today().month() {
            y += 1;
        }
        let mut to = next.min(at + 1);
        let word_unit = |i: usize| t.get(i).and_then(|t| t.word).and_then(|w| w.unit);
        // "March after next", "March in a year"
        if t.is(to, Role::Past) && t.is(to + 1, Role::Next) {
            y += 1;
            to += 2;
        } else if t.is(to, Role::In) && t.is(to + 1, Role::A) && word_unit(to + 2) == Some(Unit::Year) {
            y = self.today().year() + 1;
            to += 3;
        } else if (t.is(to, Role::Next) || t.is(to, Role::Last)) && word_unit(to + 1) == Some(Unit::Year) {
            y = self.today().year() + if t.is(to, Role::Next) { 1 } else { -1 };
            to += 2;
        }
        let mut found = self.month_of(y, month)?;
        found.year = true;
        if before(Role::Next) && y == self.today().year() && month == self.today().month() {
            found = self.month_of(y + 1, month)?;
        } else if before(Role::Last) {
            let back = if month < self.today().month() {
                y - 1
            } else {
                y - 1
            };
            found = self.month_of(back, month)?;
        }
        Some((found, to))
    }

    /// Adds a year, said or near, to a day and month that end before `at`.
    fn dated(&self, month: i8, number: i8, at: usize) -> Option<(Day, usize)> {
        if let Some((y, to)) = self.and_year(at) {
            let date = Date::new(y, month, number).ok()?;
            let mut day = Day::on(date, Said::Calendar);
            let to = self.trailing_weekday(&mut day, to);
            return Some((day, to));
        }
        let mut day = self.near(month, number)?;
        let to = self.trailing_weekday(&mut day, at);
        Some((day, to))
    }

    /// "Jul 18, Fri", "5 November (Thursday)".
    fn trailing_weekday(&self, day: &mut Day, at: usize) -> usize {
        let t = self.text;
        let next = if t.sign(at, ",") || t.sign(at, "(") {
            at + 1
        } else {
            at
        };
        let Some(weekday) = t.get(next).and_then(|t| t.word).and_then(|w| w.weekday) else {
            return at;
        };
        let ranged = t.get(next).is_some_and(|t| t.is(Role::Weak) && !t.capital());
        let Some(date) = day.range.single() else { return at };
        if ranged || date.weekday() != weekday && next == at {
            return at;
        }
        if date.weekday() != weekday {
            day.contradicts = Some(weekday);
        }
        if t.sign(next + 1, ")") { next + 2 } else { next + 1 }
    }

    /// ", 2026", "of 2026", "2026".
    fn and_year(&self, at: usize) -> Option<(i16, usize)> {
        let t = self.text;
        let mut next = at;
        while t.sign(next, ",")
            || t.is(next, Role::Of)
            || t.sign(next, "/")
            || t.sign(next, "-") && !t.tokens[next].spaced
        {
            next += 1;
            if next > at + 2 {
                return None;
            }
        }
        year(t, next)
    }

    /// "first Tuesday of October", "second Monday of next month", "last Friday in May".
    fn nth_weekday(&self, at: usize) -> Option<(Day, usize)> {
        let t = self.text;
        let start = if t.is(at, Role::The) { at + 1 } else { at };
        let (nth, next) = if t.is(start, Role::Last) {
            (-1, start + 1)
        } else {
            let (nth, next) = ordinal(t, start)?;
            (i8::try_from(nth).ok()?, next)
        };
        let weekday = t.get(next)?.word?.weekday;
        let unit = t.get(next)?.word?.unit;
        if weekday.is_none() && !matches!(unit, Some(Unit::Week)) {
            return None;
        }
        if !(t.is(next + 1, Role::Of) || t.is(next + 1, Role::In)) {
            return None;
        }
        let mut unit_at = next + 2;
        let (first, to) = if let Some(month) = t.get(unit_at)?.word?.month {
            let (y, to) = match self.and_year(unit_at + 1) {
                Some((y, to)) => (y, to),
                None if month < self.today().month() => (self.today().year() + 1, unit_at + 1),
                None => (self.today().year(), unit_at + 1),
            };
            (Date::new(y, month, 1).ok()?, to)
        } else {
            if t.is(unit_at, Role::The) && t.get(unit_at)?.low == "the" {
                unit_at += 1;
            }
            let shift = i64::from(t.is(unit_at, Role::Next));
            if t.is(unit_at, Role::Next) || t.is(unit_at, Role::This) {
                unit_at += 1;
            }
            if t.get(unit_at)?.word?.unit != Some(Unit::Month) {
                return None;
            }
            (
                self.today().first_of_month().checked_add(shift.months()).ok()?,
                unit_at + 1,
            )
        };
        match weekday {
            Some(day) => {
                let date = first.nth_weekday_of_month(nth, day).ok()?;
                Some((Day::on(date, Said::Calendar), to))
            }
            None => {
                let weeks = i64::from(nth) - 1;
                let monday = first.nth_weekday_of_month(1, Weekday::Monday).ok()?;
                let monday = monday.checked_add(weeks.weeks()).ok()?;
                Some((Day::span(monday, monday.checked_add(7.days()).ok()?), to))
            }
        }
    }

    /// The number alone: "the 5th", "20th".
    fn day_number(&self, at: usize) -> Option<(Day, usize)> {
        let t = self.text;
        let start = if t.is(at, Role::The) { at + 1 } else { at };
        let (number, sure, to) = day_of_month(t, start)?;
        // "the 5th" and "5th" are days; "the first one", "second", "third floor" are not.
        let digits = t.get(start)?.kind == Kind::Number;
        if !sure || !digits {
            let asked =
                start > at && at > 0 && t.is(at - 1, Role::On) || at > 0 && t.is(at - 1, Role::Starting);
            let ends = t
                .get(to)
                .is_none_or(|n| n.kind == Kind::Sign || n.is(Role::At) || n.is(Role::To) || n.is(Role::In));
            let plain = digits
                && !sure
                && at > 0
                && t.get(at - 1).is_some_and(|w| w.low == "on")
                && t.get(to).is_none_or(|n| {
                    n.raw == "," || n.is(Role::At) || n.raw == "." && t.get(to + 1).is_none()
                });
            if !(asked && ends && sure || plain) {
                return None;
            }
        }
        if t.get(to).is_some_and(|n| {
            matches!(
                n.low.as_ref(),
                "floor"
                    | "time"
                    | "option"
                    | "one"
                    | "street"
                    | "st"
                    | "avenue"
                    | "ave"
                    | "birthday"
                    | "anniversary"
                    | "person"
                    | "party"
                    | "slot"
            )
        }) {
            return None;
        }
        let date = self.numbered_near(number, None)?;
        let mut day = Day::on(date, Said::Number(number));
        day.month = true;
        Some((day, to))
    }

    /// "in two weeks", "3 days from now", "a week from Tuesday", "in half an hour", "two days ago".
    fn offset(&self, at: usize) -> Option<(Found, usize)> {
        let t = self.text;
        let in_front = t.is(at, Role::In) && t.get(at)?.low != "within" || t.is(at, Role::In);
        let mut start = if in_front { at + 1 } else { at };
        while in_front
            && (t.is(start, Role::Around) || t.is(start, Role::Next) && t.get(start)?.low != "next")
        {
            start += 1;
        }
        let (minutes, days, months, to) = self.amount(start)?;
        // What it is counted from.
        let mut next = to;
        let mut sign = 1;
        let mut base = None;
        if t.is(next, Role::Starting) && at > 0 && t.get(at - 1).is_some_and(|w| w.low == "for") {
            let on = if t.is(next + 1, Role::From) || t.is(next + 1, Role::On) {
                next + 2
            } else {
                next + 1
            };
            let (day, after) = self.plain(on).filter(|_| minutes == 0)?;
            base = Some(day.range.single()?);
            next = after;
        } else if t.is(next, Role::Ago) {
            sign = -1;
            next += 1;
        } else if t.is(next, Role::Hence) || t.get(next).is_some_and(|t| t.low == "later") {
            next += 1;
        } else if t.is(next, Role::From)
            || t.is(next, Role::After)
            || t.is(next, Role::On) && days == 7
            || t.is(next, Role::Before)
        {
            sign = if t.is(next, Role::Before) && t.get(next)?.low == "before" {
                -1
            } else {
                1
            };
            if t.is(next, Role::Before) && sign == 1 {
                if !in_front {
                    return None;
                }
            } else if t.is(next + 1, Role::Now) {
                next += 2;
            } else if let Some((day, after)) = self.plain(next + 1).filter(|_| minutes == 0) {
                base = Some(day.range.single()?);
                next = after;
            } else if !in_front {
                return None;
            }
        } else if !in_front {
            return None;
        } else if t.get(next).is_some_and(|t| t.low == "time" || t.low == "times") {
            next += 1;
        }
        // "5 minutes later" counts from now; "can I come an hour later" from what was agreed.
        if minutes > 0 && at > 0 && !in_front && t.get(next - 1).is_some_and(|w| w.low == "later") {
            return None;
        }
        if minutes > 0 {
            let moment = self.now.checked_add((i64::from(sign) * minutes).minutes()).ok()?;
            return Some((Found::Moment(moment), next));
        }
        // "for 3 days starting next Monday" is a stretch, "3 days from Monday" a day.
        if let Some(base) = base
            && at > 0
            && t.get(at - 1).is_some_and(|w| w.low == "for")
            && sign == 1
        {
            let until = base
                .checked_add(months.months())
                .and_then(|d| d.checked_add(days.days()))
                .ok()?;
            return Some((Found::Day(Day::span(base, until)), next));
        }
        let base = base.unwrap_or(self.today());
        let date = base
            .checked_add((i64::from(sign) * months).months())
            .and_then(|d| d.checked_add((i64::from(sign) * days).days()))
            .ok()?;
        Some((Found::Day(Day::on(date, Said::Other)), next))
    }

    /// An amount of time: (minutes, days, months, token after it).
    pub(crate) fn amount(&self, at: usize) -> Option<(i64, i64, i64, usize)> {
        let t = self.text;
        let unit_at = |i: usize| t.get(i).and_then(|t| t.word).and_then(|w| w.unit);
        // "half an hour", "half hour"
        if t.is(at, Role::Half) {
            let next = if t.is(at + 1, Role::A) { at + 2 } else { at + 1 };
            return match unit_at(next)? {
                Unit::Hour => Some((30, 0, 0, next + 1)),
                Unit::Day => Some((12 * 60, 0, 0, next + 1)),
                _ => None,
            };
        }
        if t.is(at, Role::A) && t.is(at + 1, Role::Quarter) || t.is(at, Role::Quarter) {
            let mut next = if t.is(at, Role::Quarter) { at + 1 } else { at + 2 };
            while t.is(next, Role::Of) || t.is(next, Role::A) {
                next += 1;
            }
            return (unit_at(next)? == Unit::Hour).then_some((15, 0, 0, next + 1));
        }
        let (mut n, mut next) = count(t, at)?;
        // "1/2 hour", "1.5 hours", "an hour and a half", "two and a half hours"
        let mut tenths = 0;
        let tight = |i: usize| t.get(i).is_some_and(|t| !t.spaced);
        if t.sign(next, "/") && tight(next) {
            let by = t.get(next + 1)?.number.filter(|d| (1..=60).contains(d))?;
            if unit_at(next + 2)? == Unit::Hour {
                return Some((i64::from(n) * 60 / i64::from(by), 0, 0, next + 3));
            }
            return None;
        }
        if t.sign(next, ".") && tight(next) && tight(next + 1) {
            let digit = t.get(next + 1).filter(|t| t.raw.len() == 1)?.number?;
            tenths = i64::from(digit);
            next += 2;
        }
        if t.is(next, Role::And) && t.is(next + 1, Role::A) && t.is(next + 2, Role::Half) {
            tenths = 5;
            next += 3;
        }
        if t.get(next).is_some_and(|t| t.low == "more") {
            next += 1;
        }
        if t.is(next, Role::Business) {
            next += 1;
        }
        if t.sign(next, "'") {
            return Some((i64::from(n), 0, 0, next + 1));
        }
        if t.is(next, Role::Fortnight) {
            return Some((0, 14 * i64::from(n), 0, next + 1));
        }
        if n > 5000 {
            n = 5000;
        }
        let n = i64::from(n);
        let unit = unit_at(next)?;
        let mut to = next + 1;
        if t.is(to, Role::And) && t.is(to + 1, Role::A) && t.is(to + 2, Role::Half) {
            tenths = 5;
            to += 3;
        }
        let token = t.get(next)?;
        // Single letters are units only directly after digits ("3w", "1h").
        if token.raw.len() == 1 && token.spaced && token.low != "h" {
            return None;
        }
        match unit {
            Unit::Second => Some((1, 0, 0, to)),
            Unit::Minute => Some((n, 0, 0, to)),
            Unit::Hour => Some((n * 60 + tenths * 6, 0, 0, to)),
            Unit::Day => Some((0, n, 0, to)),
            Unit::Week => Some((0, n * 7 + if tenths == 5 { 3 } else { 0 }, 0, to)),
            Unit::Month => Some((0, 0, n, to)),
            Unit::Year => Some((0, 0, n * 12, to)),
        }
    }

    /// Stretches: "next week", "this weekend", "end of the month", "early March", "next 3 days", "week of April 10".
    fn stretch(&self, at: usize) -> Option<(Day, usize)> {
        let t = self.text;
        let today = self.today();
        if t.is(at, Role::Eom) {
            return Some((
                self.third(self.month_of(today.year(), today.month())?, 2)?,
                at + 1,
            ));
        }
        let mut next = at;
        // Which part of it.
        let mut part = None;
        let mut later = false;
        if t.is(next, Role::The) {
            next += 1;
        }
        let part_at = |i: usize| {
            if t.is(i, Role::Early) || t.is(i, Role::Beginning) && t.get(i).is_some_and(|t| t.low != "starts")
            {
                Some(0)
            } else if t.is(i, Role::Mid) {
                Some(1)
            } else if t.is(i, Role::Late) || t.is(i, Role::End) {
                Some(2)
            } else if t.is(i, Role::Rest) {
                Some(3)
            } else {
                None
            }
        };
        if let Some(found) = part_at(next) {
            part = Some(found);
            next += 1;
        } else if t.get(next)?.low == "later" {
            part = Some(4);
            later = true;
            next += 1;
        }
        if part.is_some() {
            while t.is(next, Role::Of)
                || t.sign(next, "-")
                || t.is(next, Role::In)
                || t.is(next, Role::Around)
            {
                next += 1;
            }
            // "later today"
            if later && let Some((day, to)) = self.relative(next) {
                return Some((day, to));
            }
        }
        let unit_at = |i: usize| t.get(i).and_then(|t| t.word).and_then(|w| w.unit);
        let article = t.is(next, Role::The) && t.get(next).is_some_and(|t| t.low == "the");
        let mut body = next;
        if article {
            body += 1;
        }
        // "week of April 10th", "the week starting February 4"
        if unit_at(body) == Some(Unit::Week)
            && (t.is(body + 1, Role::Of) || t.is(body + 1, Role::Starting))
            && part.is_none()
        {
            let on = if t.is(body + 2, Role::On) {
                body + 3
            } else {
                body + 2
            };
            if let Some((day, to)) = self
                .calendar(on)
                .or_else(|| self.numeric(on))
                .or_else(|| self.day_number(on))
            {
                let monday = week_of(day.range.from?)?;
                return Some((Day::span(monday, monday.checked_add(7.days()).ok()?), to));
            }
        }
        // How far away.
        let token = t.get(body)?;
        let (shift, after) = if token.is(Role::Next) || token.is(Role::Following) || token.is(Role::Coming) {
            (1, body + 1)
        } else if token.is(Role::Last) {
            (-1, body + 1)
        } else if token.is(Role::This) && token.low != "the" {
            (0, body + 1)
        } else {
            (0, body)
        };
        let shifted = after > body;
        // "this coming week", "next 3 days", "3 upcoming weeks"
        let after = if shifted && t.is(after, Role::Coming) {
            after + 1
        } else {
            after
        };
        let shift = if shifted && t.is(after.wrapping_sub(1), Role::Coming) {
            1
        } else {
            shift
        };
        if part.is_none()
            && let Some(found) = self.next_few(body, shifted && shift == 1)
        {
            return Some(found);
        }
        if t.is(after, Role::Weekend) {
            let saturday = self.week_day(Weekday::Saturday, shift)?;
            let from = if shift == 0 && today.weekday() == Weekday::Sunday {
                today
            } else {
                saturday
            };
            let until = saturday.checked_add(2.days()).ok()?;
            return Some((Day::span(from, until), after + 1));
        }
        // "weekend" as "week-end", "week end"
        if t.get(after)?.low == "week" {
            let end = if t.sign(after + 1, "-") {
                after + 2
            } else {
                after + 1
            };
            if t.get(end).is_some_and(|t| t.low == "end") && part.is_none() {
                let saturday = self.week_day(Weekday::Saturday, shift)?;
                return Some((Day::span(saturday, saturday.checked_add(2.days()).ok()?), end + 1));
            }
        }
        if t.is(after, Role::Fortnight) && (shifted || article) {
            let from = if shift == 1 {
                self.week_day(Weekday::Monday, 1)?
            } else {
                week_of(today)?
            };
            return Some((Day::span(from, from.checked_add(14.days()).ok()?), after + 1));
        }
        let month_named = t.get(after).and_then(|t| t.word).and_then(|w| w.month);
        if let Some(month) = month_named.filter(|_| part.is_some() || shifted) {
            let (day, to) = self.month_first(after, month)?;
            return match part {
                None if day.range.single().is_none() => Some((day, to)),
                Some(p @ 0..=2) if day.range.single().is_none() => Some((self.third(day, p)?, to)),
                _ => None,
            };
        }
        if t.get(after)?.kind == Kind::Number
            && part.is_some()
            && let Some((y, to)) = year(t, after)
        {
            return Some((self.third(self.year_of(y)?, part?)?, to));
        }
        let unit = unit_at(after)?;
        // "week", "month" alone say nothing; "the week" does only for the whole of it ("for the week").
        if !shifted && part.is_none() && !(article || at < body) {
            return None;
        }
        if !shifted && part.is_none() {
            let for_the = at > 0 && (t.is(at - 1, Role::For) || t.is(at - 1, Role::Rest));
            if !for_the || t.get(after).is_some_and(|t| t.low.ends_with('s')) {
                return None;
            }
        }
        // "per week", "2 weeks": only the singular names a stretch.
        let to = after + 1;
        match unit {
            Unit::Day if part.is_none() => (!shifted).then_some((Day::on(today, Said::Other), to)),
            Unit::Week => {
                let monday = week_of(today)?.checked_add((7 * i64::from(shift)).days()).ok()?;
                let to_end = |from: Date| Some(Day::span(from, monday.checked_add(7.days()).ok()?));
                let thursday = monday.checked_add(3.days()).ok()?;
                let token = t.get(at)?;
                let day = match part {
                    None => to_end(monday)?,
                    Some(0) => Day::span(monday, thursday),
                    Some(1) => Day::span(monday.checked_add(1.days()).ok()?, thursday.tomorrow().ok()?),
                    Some(2) if t.is(at, Role::Late) || token.is(Role::Late) => to_end(thursday)?,
                    Some(2) => to_end(monday.checked_add(4.days()).ok()?)?,
                    Some(4) => to_end(thursday.max(today))?,
                    Some(_) => Day {
                        last_meant: true,
                        ..to_end(today.max(monday))?
                    },
                };
                // "the week after next"
                if shift == 0 && t.is(to, Role::Past) && t.is(to + 1, Role::Next) {
                    let monday = monday.checked_add(14.days()).ok()?;
                    return Some((Day::span(monday, monday.checked_add(7.days()).ok()?), to + 2));
                }
                Some((day, to))
            }
            Unit::Month => {
                let first = today
                    .first_of_month()
                    .checked_add(i64::from(shift).months())
                    .ok()?;
                let month = self.month_of(first.year(), first.month())?;
                let day = match part {
                    None => month,
                    Some(3 | 4) => Day {
                        last_meant: true,
                        ..Day::span(today, month.range.until?)
                    },
                    Some(part) => self.third(month, part)?,
                };
                Some((day, to))
            }
            Unit::Year => {
                let y = self.year_of(today.year() + shift)?;
                let day = match part {
                    None => y,
                    Some(3 | 4) => Day::span(today, y.range.until?),
                    Some(part) => self.third(y, part)?,
                };
                Some((day, to))
            }
            _ => None,
        }
    }

    /// "next 3 days", "the next few days", "3 next weeks", "upcoming 2 weeks", "next 4 business days".
    fn next_few(&self, at: usize, ahead: bool) -> Option<(Day, usize)> {
        let t = self.text;
        let tomorrow = self.plus(1)?;
        let (n, next, coming) = if ahead {
            let (n, next) = count(t, at + 1).filter(|_| !t.is(at + 1, Role::A))?;
            (n, next, t.is(at, Role::Coming))
        } else {
            let (n, next) = cardinal(t, at)?;
            if !(t.is(next, Role::Next) || t.is(next, Role::Coming)) {
                return None;
            }
            (n, next + 1, t.is(next, Role::Coming))
        };
        if n > 400 {
            return None;
        }
        let business = t.is(next, Role::Business);
        let next = if business { next + 1 } else { next };
        let n = i64::from(n);
        match t.get(next)?.word?.unit? {
            Unit::Day if business => {
                let mut until = tomorrow;
                let mut left = n;
                while left > 0 {
                    if !matches!(until.weekday(), Weekday::Saturday | Weekday::Sunday) {
                        left -= 1;
                    }
                    until = until.tomorrow().ok()?;
                }
                Some((Day::span(tomorrow, until), next + 1))
            }
            Unit::Day if coming => Some((
                Day::on(self.today().checked_add(n.days()).ok()?, Said::Other),
                next + 1,
            )),
            Unit::Day => Some((
                Day::span(tomorrow, tomorrow.checked_add(n.days()).ok()?),
                next + 1,
            )),
            Unit::Week => {
                let from = if coming {
                    self.week_day(Weekday::Monday, 1)?
                } else {
                    tomorrow
                };
                Some((Day::span(from, from.checked_add((7 * n).days()).ok()?), next + 1))
            }
            Unit::Month => {
                let from = self.today().first_of_month().checked_add(1.months()).ok()?;
                Some((Day::span(from, from.checked_add(n.months()).ok()?), next + 1))
            }
            _ => None,
        }
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

/// Which of the weekdays of that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Plain,
    This,
    Next,
    Coming,
    Last,
    Week(i16),
}

/// The Monday of that day's week.
pub(crate) fn week_of(date: Date) -> Option<Date> {
    date.checked_sub(i64::from(date.weekday().to_monday_zero_offset()).days())
        .ok()
}

fn days_since(later: Date, earlier: Date) -> i32 {
    later.since(earlier).map_or(0, |span| span.get_days())
}

/// Easter Sunday (the anonymous Gregorian algorithm).
fn easter(y: i16) -> Option<Date> {
    let year = i32::from(y);
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - b / 4 - g + 15) % 30;
    let l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 19 * l) / 433;
    let month = (h + l - 7 * m + 90) / 25;
    let day = (h + l - 7 * m + 33 * month + 19) % 32;
    Date::new(y, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}
