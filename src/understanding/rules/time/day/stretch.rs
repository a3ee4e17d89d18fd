//! Stretches of days: "next week", "this weekend", "end of the month", "the next 3 days".

use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday};

use super::super::super::lang::{Role, Unit};
use super::super::super::token::Kind;
use super::super::number::{cardinal, count, year};
use super::{Day, Days, Said, week_of};

impl Days<'_> {
    /// Stretches: "next week", "this weekend", "end of the month", "early March", "next 3 days", "week of April 10".
    pub(super) fn stretch(&self, at: usize) -> Option<(Day, usize)> {
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
    pub(super) fn next_few(&self, at: usize, ahead: bool) -> Option<(Day, usize)> {
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
}
