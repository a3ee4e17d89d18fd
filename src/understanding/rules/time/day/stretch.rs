//! Stretches of days: "next week", "this weekend", "end of the month", "the next 3 days".

use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday};

use super::super::super::lang::{List, Role, Unit};
use super::super::super::token::{Kind, Token};
use super::super::number::{cardinal, count, year};
use super::{Day, Days, Said, week_of};

/// Which part of a stretch is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Share {
    /// "early", "beginning of", "mid", "late", "end of": the first, second or last third.
    Third(u8),
    /// "the rest of".
    Rest,
    /// "later this".
    Later,
}

/// How far away a stretch is.
#[derive(Debug, Clone, Copy)]
struct Distance {
    /// -1 for the last one, 0 for this one, 1 for the next.
    shift: i16,
    /// Whether it was said at all.
    said: bool,
    /// The token after the words that say it: the stretch itself.
    after: usize,
    /// How many words say it after the stretch ("tuần sau").
    tail: usize,
}

impl Days<'_> {
    /// Stretches: "next week", "this weekend", "end of the month", "early March", "next 3 days", "week of April 10".
    pub(super) fn stretch(&self, at: usize) -> Option<(Day, usize)> {
        let t = self.text;
        let today = self.today();
        if t.is(at, Role::Eom) {
            let month = self.month_of(today.year(), today.month())?;
            return Some((self.third(month, 2)?, at + 1));
        }
        let from = if t.is(at, Role::The) { at + 1 } else { at };
        let (share, next) = self.share(from);
        // "later today"
        if share == Some(Share::Later)
            && let Some(found) = self.relative(next)
        {
            return Some(found);
        }
        let article = self.article(next);
        let body = if article { next + 1 } else { next };
        if share.is_none()
            && let Some(found) = self.week_with(body)
        {
            return Some(found);
        }
        let distance = self.distance(body)?;
        let Distance {
            shift,
            said,
            after,
            tail,
        } = distance;
        if share.is_none() {
            let few = self.next_few(body, said && shift == 1);
            if let Some(found) = few.or_else(|| self.split_weekend(after, shift)) {
                return Some(found);
            }
        }
        if t.is(after, Role::Weekend) {
            return self.weekend(shift, after + 1 + tail);
        }
        if t.is(after, Role::Fortnight) && (said || article) {
            let from = if shift == 1 {
                self.week_day(Weekday::Monday, 1)?
            } else {
                week_of(today)?
            };
            return Some((Day::span(from, from.checked_add(14.days()).ok()?), after + 1));
        }
        let month_named = t.get(after).and_then(|t| t.word).and_then(|w| w.month);
        if let Some(month) = month_named.filter(|_| share.is_some() || said) {
            let (day, to) = self.month_first(after, month)?;
            return match share {
                None if day.range.single().is_none() => Some((day, to)),
                Some(Share::Third(p)) if day.range.single().is_none() => Some((self.third(day, p)?, to)),
                _ => None,
            };
        }
        if t.get(after)?.kind == Kind::Number
            && let Some(Share::Third(third)) = share
            && let Some((y, to)) = year(t, after)
        {
            return Some((self.third(self.year_of(y)?, third)?, to));
        }
        if !said && share.is_none() {
            // "week", "month" alone say nothing; "the week" does only for the whole of it ("for the week").
            let whole = at > 0 && (t.is(at - 1, Role::For) || t.is(at - 1, Role::Rest));
            let several = t.listed(List::UnitsSeveral, after);
            if !(article || at < body) || !whole || several {
                return None;
            }
        }
        self.unit(at, share, distance)
    }

    fn article(&self, at: usize) -> bool {
        self.text.is(at, Role::The)
    }

    /// "early", "end of", "rest of", "later", with the small words after it.
    fn share(&self, at: usize) -> (Option<Share>, usize) {
        let t = self.text;
        let beginning = t.is(at, Role::Beginning) || t.is(at, Role::Early);
        let share = if beginning {
            Share::Third(0)
        } else if t.is(at, Role::Mid) {
            Share::Third(1)
        } else if t.is(at, Role::Late) || t.is(at, Role::End) {
            Share::Third(2)
        } else if t.is(at, Role::Rest) {
            Share::Rest
        } else if t.is(at, Role::Later) && !t.is(at, Role::After) {
            Share::Later
        } else {
            return (None, at);
        };
        let mut next = at + 1;
        while t.is(next, Role::Of) || t.sign(next, "-") || t.is(next, Role::In) || t.is(next, Role::Around) {
            next += 1;
        }
        (Some(share), next)
    }

    /// "week of April 10th", "the week starting February 4".
    fn week_with(&self, at: usize) -> Option<(Day, usize)> {
        let t = self.text;
        let week = t.get(at)?.word?.unit? == Unit::Week;
        if !week || !(t.is(at + 1, Role::Of) || t.is(at + 1, Role::Starting)) {
            return None;
        }
        let on = if t.is(at + 2, Role::On) { at + 3 } else { at + 2 };
        let (day, to) = self
            .calendar(on)
            .or_else(|| self.numeric(on))
            .or_else(|| self.day_number(on))
            // "la semana del 18": the small word is part of the day.
            .or_else(|| self.day_number(at + 1).filter(|_| t.is(at + 1, Role::TheDay)))?;
        let monday = week_of(day.range.from?)?;
        Some((Day::span(monday, monday.checked_add(7.days()).ok()?), to))
    }

    /// "next", "last", "this", "this coming", or nothing.
    fn distance(&self, at: usize) -> Option<Distance> {
        let t = self.text;
        let token = t.get(at)?;
        let (shift, said) = if token.is(Role::Next) || token.is(Role::Following) || token.is(Role::Coming) {
            (1, true)
        } else if token.is(Role::Last) {
            (-1, true)
        } else {
            (0, token.is(Role::This) && !token.is(Role::The))
        };
        let after = at + usize::from(said);
        // "this coming week", "next 3 days", "3 upcoming weeks"
        if said && t.is(after, Role::Coming) {
            let after = after + 1;
            return Some(Distance {
                shift: 1,
                said,
                after,
                tail: 0,
            });
        }
        let is_stretch = |t: &Token<'_>| {
            let unit = t.word.and_then(|w| w.unit);
            t.is(Role::Weekend) || matches!(unit, Some(Unit::Week | Unit::Month | Unit::Year))
        };
        if !said
            && is_stretch(token)
            && let Some((shift, to)) = self.shift_after(after + 1)
        {
            return Some(Distance {
                shift,
                said: true,
                after,
                tail: to - after - 1,
            });
        }
        Some(Distance {
            shift,
            said,
            after,
            tail: 0,
        })
    }

    fn weekend(&self, shift: i16, to: usize) -> Option<(Day, usize)> {
        let today = self.today();
        let saturday = self.week_day(Weekday::Saturday, shift)?;
        let from = if shift == 0 && today.weekday() == Weekday::Sunday {
            today
        } else {
            saturday
        };
        Some((Day::span(from, saturday.checked_add(2.days()).ok()?), to))
    }

    /// "weekend" as "week-end" or "week end".
    fn split_weekend(&self, at: usize, shift: i16) -> Option<(Day, usize)> {
        let t = self.text;
        let week = t.get(at)?.word?.unit? == Unit::Week;
        let end = if t.sign(at + 1, "-") { at + 2 } else { at + 1 };
        if !week || !t.listed(List::WeekEnd, end) {
            return None;
        }
        let saturday = self.week_day(Weekday::Saturday, shift)?;
        Some((Day::span(saturday, saturday.checked_add(2.days()).ok()?), end + 1))
    }

    /// A week, a month or a year, or a part of it, once it is known how far away.
    fn unit(&self, at: usize, share: Option<Share>, distance: Distance) -> Option<(Day, usize)> {
        let Distance {
            shift,
            said,
            after,
            tail,
        } = distance;
        let today = self.today();
        let to = after + 1 + tail;
        let day = match self.text.get(after)?.word?.unit? {
            Unit::Day if share.is_none() && !said => Day::on(today, Said::Other),
            Unit::Week => return self.week(at, share, shift, to),
            Unit::Month => {
                let first = today
                    .first_of_month()
                    .checked_add(i64::from(shift).months())
                    .ok()?;
                let month = self.month_of(first.year(), first.month())?;
                match share {
                    None => month,
                    Some(Share::Third(third)) => self.third(month, third)?,
                    Some(Share::Rest | Share::Later) => Day {
                        last_meant: true,
                        ..Day::span(today, month.range.until?)
                    },
                }
            }
            Unit::Year => {
                let year = self.year_of(today.year() + shift)?;
                match share {
                    None => year,
                    Some(Share::Third(third)) => self.third(year, third)?,
                    Some(Share::Rest | Share::Later) => Day::span(today, year.range.until?),
                }
            }
            _ => return None,
        };
        Some((day, to))
    }

    fn week(&self, at: usize, share: Option<Share>, shift: i16, to: usize) -> Option<(Day, usize)> {
        let t = self.text;
        let today = self.today();
        let monday = week_of(today)?.checked_add((7 * i64::from(shift)).days()).ok()?;
        // "the week after next"
        if shift == 0 && t.is(to, Role::Past) && t.is(to + 1, Role::Next) {
            let monday = monday.checked_add(14.days()).ok()?;
            return Some((Day::span(monday, monday.checked_add(7.days()).ok()?), to + 2));
        }
        let to_end = |from: Date| Some(Day::span(from, monday.checked_add(7.days()).ok()?));
        let thursday = monday.checked_add(3.days()).ok()?;
        let day = match share {
            None => to_end(monday)?,
            Some(Share::Third(0)) => Day::span(monday, thursday),
            Some(Share::Third(1)) => Day::span(monday.checked_add(1.days()).ok()?, thursday.tomorrow().ok()?),
            Some(Share::Third(_)) if t.is(at, Role::Late) => to_end(thursday)?,
            Some(Share::Third(_)) => to_end(monday.checked_add(4.days()).ok()?)?,
            Some(Share::Later) => to_end(thursday.max(today))?,
            Some(Share::Rest) => Day {
                last_meant: true,
                ..to_end(today.max(monday))?
            },
        };
        Some((day, to))
    }

    /// "next 3 days", "the next few days", "3 next weeks", "upcoming 2 weeks", "next 4 business days".
    pub(super) fn next_few(&self, at: usize, ahead: bool) -> Option<(Day, usize)> {
        let t = self.text;
        let (n, next, coming) = if ahead {
            let (n, next) = count(t, at + 1).filter(|_| !t.is(at + 1, Role::A))?;
            (n, next, t.is(at, Role::Coming))
        } else {
            let (n, next) = cardinal(t, at)?;
            let unit = t.get(next).and_then(|t| t.word).and_then(|w| w.unit);
            // "2 tuần tới", "3 días siguientes"
            let after = matches!(unit, Some(Unit::Day | Unit::Week | Unit::Month))
                && self.shift_after(next + 1).is_some_and(|(shift, _)| shift == 1);
            if after {
                let (day, to) = self.few(n, next, (false, false))?;
                return Some((day, to + 1));
            }
            if !(t.is(next, Role::Next) || t.is(next, Role::Coming)) {
                return None;
            }
            (n, next + 1, t.is(next, Role::Coming))
        };
        let business = t.is(next, Role::Business);
        self.few(n, if business { next + 1 } else { next }, (coming, business))
    }

    /// So many of the unit at `next`, from tomorrow on.
    fn few(&self, n: u32, next: usize, (coming, business): (bool, bool)) -> Option<(Day, usize)> {
        let t = self.text;
        let tomorrow = self.plus(1)?;
        if n > 400 {
            return None;
        }
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
