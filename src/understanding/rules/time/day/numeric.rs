//! Days in digits: "2026-11-20", "11/20", "20.11.2026".

use jiff::civil::Date;

use super::super::super::lang::Role;
use super::super::super::token::Kind;
use super::super::number::year;
use super::{Day, Days, Said};

impl Days<'_> {
    /// "2026-11-20", "11/20", "20.11.2026", "22/04".
    pub(super) fn numeric(&self, at: usize) -> Option<(Day, usize)> {
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
}
