//! Days of the year with a name.

use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday};

use super::super::super::lang::{HolidayRule, Role};
use super::{Day, Days, PAST_DAYS_KEPT, Said, days_since, week_of};

impl Days<'_> {
    pub(super) fn holiday(&self, at: usize) -> Option<(Day, usize)> {
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
}

/// Easter Sunday (the anonymous Gregorian algorithm).
pub(super) fn easter(y: i16) -> Option<Date> {
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
