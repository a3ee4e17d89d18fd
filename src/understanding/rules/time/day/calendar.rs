//! Days by month and number in words: "Nov 20", "the 5th", "first Tuesday of October", "November".

use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday};

use super::super::super::lang::{List, Role, Unit};
use super::super::super::token::Kind;
use super::super::number::{day_of_month, ordinal, year};
use super::{Day, Days, Said};

impl Days<'_> {
    /// "Nov 20", "20 November", "the 20th of November 2026", "November", "5th of next month".
    pub(super) fn calendar(&self, at: usize) -> Option<(Day, usize)> {
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
            let weak = token.is(Role::VerbToo) && !token.capital();
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
            if t.is(unit, Role::The) {
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
                let after = self.shift_after(unit + 1);
                let date = self.in_month(after.map_or(shift, |(shift, _)| shift), number)?;
                return Some((
                    Day::on(date, Said::Calendar),
                    after.map_or(unit + 1, |(_, to)| to),
                ));
            }
        }
        // "ngày 5 tháng sau"
        if t.is(at, Role::TheDay)
            && t.get(next)?.word?.unit == Some(Unit::Month)
            && let Some((shift, to)) = self.shift_after(next + 1)
        {
            return Some((Day::on(self.in_month(shift, number)?, Said::Calendar), to));
        }
        None
    }

    /// That day of the month which is so many months away.
    fn in_month(&self, shift: i16, number: i8) -> Option<Date> {
        let first = self.today().first_of_month();
        let month = first.checked_add(i64::from(shift).months()).ok()?;
        Date::new(month.year(), month.month(), number).ok()
    }

    /// How far away the words after a stretch move it ("que viene", "này"), with the token after them.
    pub(super) fn shift_after(&self, at: usize) -> Option<(i16, usize)> {
        let t = self.text;
        let shift = if t.is(at, Role::NextAfter) || t.is(at, Role::ComingAfter) {
            // "tuần sau nữa"
            if t.is(at + 1, Role::Hence) {
                return Some((2, at + 2));
            }
            1
        } else if t.is(at, Role::LastAfter) {
            -1
        } else if t.is(at, Role::ThisAfter) {
            0
        } else {
            return None;
        };
        Some((shift, at + 1))
    }

    /// A date that starts with its month, or the month alone.
    pub(super) fn month_first(&self, at: usize, month: i8) -> Option<(Day, usize)> {
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
            && !(t.is(day_at, Role::OfYear) && year(t, day_at + 1).is_some())
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
            || before(Role::This) && !before(Role::The)
            || before(Role::Early)
            || before(Role::Mid)
            || before(Role::Late)
            || before(Role::End)
            || before(Role::Beginning)
            || before(Role::Last)
            || before(Role::By)
            || before(Role::Until);
        let alone = !token.is(Role::Weak) || t.len() <= 2;
        let proper = token.capital() && at > 0 && !token.is(Role::VerbToo);
        if !(introduced || alone || proper) {
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
        } else {
            // "June of next year", "junio del año que viene"
            let mut of = to + usize::from(t.is(to, Role::Of));
            of += usize::from(of > to && t.is(of, Role::The));
            if (t.is(of, Role::Next) || t.is(of, Role::Last)) && word_unit(of + 1) == Some(Unit::Year) {
                y = self.today().year() + if t.is(of, Role::Next) { 1 } else { -1 };
                to = of + 2;
            } else if word_unit(of) == Some(Unit::Year)
                && let Some((shift, after)) = self.shift_after(of + 1)
            {
                (y, to) = (self.today().year() + shift, after);
            }
        }
        let mut found = self.month_of(y, month)?;
        found.year = true;
        if before(Role::Next) && y == self.today().year() && month == self.today().month() {
            found = self.month_of(y + 1, month)?;
        } else if before(Role::Last) {
            found = self.month_of(y - 1, month)?;
        }
        Some((found, to))
    }

    /// Adds a year, said or near, to a day and month that end before `at`.
    pub(super) fn dated(&self, month: i8, number: i8, at: usize) -> Option<(Day, usize)> {
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
    pub(super) fn trailing_weekday(&self, day: &mut Day, at: usize) -> usize {
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
    pub(super) fn and_year(&self, at: usize) -> Option<(i16, usize)> {
        let t = self.text;
        let mut next = at;
        while t.sign(next, ",")
            || t.is(next, Role::Of)
            || t.is(next, Role::OfYear)
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
    pub(super) fn nth_weekday(&self, at: usize) -> Option<(Day, usize)> {
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
            if t.is(unit_at, Role::The) {
                unit_at += 1;
            }
            let mut shift = i16::from(t.is(unit_at, Role::Next));
            if t.is(unit_at, Role::Next) || t.is(unit_at, Role::This) {
                unit_at += 1;
            }
            if t.get(unit_at)?.word?.unit != Some(Unit::Month) {
                return None;
            }
            let mut to = unit_at + 1;
            if let Some(after) = self.shift_after(to) {
                (shift, to) = after;
            }
            (self.in_month(shift, 1)?, to)
        };
        match weekday {
            Some(day) => {
                let date = first.nth_weekday_of_month(nth, day).ok()?;
                Some((Day::on(date, Said::Calendar), to))
            }
            None => {
                // The last week is the last whole one.
                let monday = if nth < 0 {
                    let sunday = first.nth_weekday_of_month(-1, Weekday::Sunday).ok()?;
                    sunday.checked_sub(6.days()).ok()?
                } else {
                    let monday = first.nth_weekday_of_month(1, Weekday::Monday).ok()?;
                    monday.checked_add((i64::from(nth) - 1).weeks()).ok()?
                };
                Some((Day::span(monday, monday.checked_add(7.days()).ok()?), to))
            }
        }
    }

    /// "el 5", "ngày 5": a day, unless what follows makes it something else ("el 5 %").
    fn the_day(&self, number: i8, to: usize) -> Option<(Day, usize)> {
        let t = self.text;
        // "el 17 del 11"
        if t.is(to, Role::Of)
            && let Some(month) = t
                .get(to + 1)
                .and_then(|n| n.number)
                .filter(|n| (1..=12).contains(n))
            && t.get(to + 2).is_none_or(|n| n.kind == Kind::Sign)
        {
            return Some((self.near(i8::try_from(month).ok()?, number)?, to + 2));
        }
        let tight = |i: usize| t.get(i).is_some_and(|n| n.kind == Kind::Number && !n.spaced);
        let dated = t
            .get(to)
            .is_some_and(|n| matches!(n.raw, "-" | "." | "/") && !n.spaced)
            && tight(to + 1);
        let other = dated
            || t.get(to).is_some_and(|n| {
                matches!(n.raw, "%" | ":" | "/" | "€" | "$") && !n.spaced
                    || n.is(Role::HourWord)
                    || n.is(Role::Am) && n.low.len() > 1
                    || n.is(Role::Pm) && n.low.len() > 1
                    || n.word.is_some_and(|w| w.unit.is_some())
            });
        if other || t.phrase(List::People, to).is_some() || t.listed(List::Counted, to) {
            return None;
        }
        let mut day = Day::on(self.numbered_near(number, None)?, Said::Number(number));
        day.month = true;
        Some((day, to))
    }

    /// The number alone: "the 5th", "20th".
    pub(super) fn day_number(&self, at: usize) -> Option<(Day, usize)> {
        let t = self.text;
        let start = if t.is(at, Role::The) { at + 1 } else { at };
        let (number, sure, to) = day_of_month(t, start)?;
        if t.is(at, Role::TheHour) {
            return None;
        }
        if !sure && (t.is(at, Role::TheDay) || t.is(start, Role::TheDay)) {
            return self.the_day(number, to);
        }
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
                && t.is(at - 1, Role::On)
                && t.get(to).is_none_or(|n| {
                    n.raw == "," || n.is(Role::At) || n.raw == "." && t.get(to + 1).is_none()
                });
            let answered = digits && !sure && self.date_asked && t.len() - start <= 2 && start <= 1;
            if !(asked && ends && sure || plain || answered) {
                return None;
            }
        }
        if t.listed(List::PlaceInARow, to) {
            return None;
        }
        let date = self.numbered_near(number, None)?;
        let mut day = Day::on(date, Said::Number(number));
        day.month = true;
        Some((day, to))
    }
}
