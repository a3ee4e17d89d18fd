//! Days of the week: "Friday", "next Friday", "Friday the 26th", "Friday next week".

use jiff::ToSpan as _;
use jiff::civil::Weekday;

use super::super::super::lang::{List, Role, Unit};
use super::super::super::token::Kind;
use super::super::number::{count, day_of_month};
use super::{Day, Days, Said};

impl Days<'_> {
    /// "Friday", "next Friday", "Friday next week", "a week from Tuesday" (the rest is in `offset`), "Friday the
    /// 26th", "Thursday, 30th June 2026".
    pub(super) fn weekday(&self, at: usize) -> Option<(Day, usize)> {
        let t = self.text;
        let mut next = at;
        let qualifier = t.get(at)?;
        let mut which = Which::Plain;
        if qualifier.word?.weekday.is_none() {
            which = if qualifier.is(Role::Next) || qualifier.is(Role::Following) {
                Which::Next
            } else if qualifier.is(Role::Coming) {
                Which::Coming
            } else if qualifier.is(Role::This) && !qualifier.is(Role::The) {
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
        if which == Which::Plain
            && let Some((moved, to)) = self.which_after(next)
        {
            (which, next) = (moved, to);
        }
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
            // "miércoles de la próxima semana"
            if after > next && t.is(after, Role::The) {
                after += 1;
            }
            let word_unit = |i: usize| t.get(i).and_then(|t| t.word).and_then(|w| w.unit);
            // "thứ sáu tuần sau", "el viernes de la semana que viene"
            if word_unit(after) == Some(Unit::Week)
                && let Some((weeks, to)) = self.shift_after(after + 1)
            {
                return Some((Day::on(self.week_day(day, weeks)?, Said::Other), to));
            }
            if word_unit(after + 1) == Some(Unit::Week) && !t.is(after, Role::A) {
                if t.is(after, Role::Next) || t.is(after, Role::Following) || t.is(after, Role::Coming) {
                    return Some((Day::on(self.week_day(day, 1)?, Said::Other), after + 2));
                }
                if t.is(after, Role::This) && !t.is(after, Role::The) {
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
            if t.is(next, Role::WeekOn) {
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

    /// What stands after a weekday and says which one ("que viene", "tới"), with the token after it.
    fn which_after(&self, at: usize) -> Option<(Which, usize)> {
        let t = self.text;
        let next = t.get(at + 1);
        // "thứ 6 sau 4h" is after four, "thứ 2 tới thứ 6" until Friday.
        if next.is_some_and(|n| n.number.is_some() || n.word.is_some_and(|w| w.weekday.is_some())) {
            return None;
        }
        let which = if t.is(at, Role::ComingAfter) {
            Which::Coming
        } else if t.is(at, Role::NextAfter) {
            Which::Next
        } else if t.is(at, Role::ThisAfter) {
            Which::This
        } else if t.is(at, Role::LastAfter) {
            Which::Last
        } else {
            return None;
        };
        Some((which, at + 1))
    }

    /// Whether a short name that is also another word ("sat", "sun", "wed") is meant as a day.
    pub(super) fn weekday_stands(&self, at: usize) -> bool {
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
                || b.lists.has(List::FirstOf)
        });
        let after = t.get(at + 1);
        let followed = after.is_some_and(|a| {
            a.kind == Kind::Number || a.is(Role::At) || a.word.is_some_and(|w| w.part.is_some())
        });
        introduced || followed || t.get(at).is_some_and(|t| t.capital() && at > 0)
    }

    /// "Friday the 26th", "Thu 14th", "Thursday 26": the weekday picks the month within the next two.
    pub(super) fn weekday_number(&self, day: Weekday, at: usize) -> Option<(Day, usize)> {
        let t = self.text;
        let start = if t.is(at, Role::The) { at + 1 } else { at };
        let (number, sure, to) = day_of_month(t, start)?;
        let sure = sure || t.is(at, Role::TheDay);
        let plain_ok = || {
            // A plain number after a weekday is more often an hour; unless it cannot be one.
            let hour = t.get(to).is_some_and(|n| {
                (n.is(Role::Am) || n.is(Role::Pm)) && (n.low.len() > 1 || !n.spaced)
                    || n.is(Role::Oclock)
                    || n.is(Role::Dash)
                    || n.is(Role::Ish)
                    || matches!(n.raw, ":" | ".")
                        && t.get(to + 1).is_some_and(|n| n.kind == Kind::Number && !n.spaced)
                    || n.is(Role::H)
                    || n.is(Role::O)
                    || n.kind == Kind::Number
                    || n.word.is_some_and(|w| w.unit.is_some())
            });
            !hour
                && t.get(start).is_some_and(|t| t.kind == Kind::Number)
                && (start > at
                    || self.lang.number_after_weekday
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
}

/// Which of the weekdays of that name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    Plain,
    This,
    Next,
    Coming,
    Last,
    Week(i16),
}
