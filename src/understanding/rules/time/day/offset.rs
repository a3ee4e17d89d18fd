//! Days and moments counted from others: "in two weeks", "a week from Tuesday", "in half an hour".

use jiff::ToSpan as _;

use super::super::super::lang::{Role, Unit};
use super::super::number::count;
use super::{Day, Days, Found, Said};

impl Days<'_> {
    /// "in two weeks", "3 days from now", "a week from Tuesday", "in half an hour", "two days ago".
    pub(super) fn offset(&self, at: usize) -> Option<(Found, usize)> {
        let t = self.text;
        if t.is(at, Role::RightNow) {
            return Some((Found::Moment(self.now), at + 1));
        }
        let is_later = |i: usize| t.is(i, Role::Later) && !t.is(i, Role::After);
        let in_front = t.is(at, Role::In);
        let mut start = if in_front { at + 1 } else { at };
        while in_front && t.is(start, Role::Around) {
            start += 1;
        }
        let (minutes, days, months, to) = self.amount(start)?;
        // What it is counted from.
        let mut next = to;
        let mut sign = 1;
        let mut base = None;
        if t.is(next, Role::Starting) && at > 0 && t.is(at - 1, Role::For) {
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
        } else if t.is(next, Role::Hence) || is_later(next) {
            next += 1;
        } else if t.is(next, Role::From)
            || t.is(next, Role::After)
            || t.is(next, Role::On) && days == 7
            || t.is(next, Role::Before)
        {
            sign = if t.is(next, Role::Before) && !t.is(next, Role::Of) && !t.is(next, Role::To) {
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
        } else if t.is(next, Role::Time) {
            next += 1;
        }
        // "5 minutes later" counts from now; "can I come an hour later" from what was agreed.
        if minutes > 0 && at > 0 && !in_front && is_later(next - 1) {
            return None;
        }
        if minutes > 0 {
            let moment = self.now.checked_add((i64::from(sign) * minutes).minutes()).ok()?;
            return Some((Found::Moment(moment), next));
        }
        // "for 3 days starting next Monday" is a stretch, "3 days from Monday" a day.
        if let Some(base) = base
            && at > 0
            && t.is(at - 1, Role::For)
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
        if t.is(next, Role::More) {
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
        if token.raw.len() == 1 && token.spaced && !token.is(Role::H) {
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
}
