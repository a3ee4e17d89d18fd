//! A time expression as somebody said it: a constraint, not only a value.
//!
//! "Friday", "after 16:00", "not Tuesday", "next week, mornings" and "earliest" all leave something open.
//! Everything here is local time of the business; mapping it to instants is `booking`'s work, because only there
//! is it known which local times exist.

use jiff::civil::{Date, DateTime, Time, Weekday};
use serde::{Deserialize, Serialize};

/// Where something stands in the text: Unicode scalar values, end exclusive.
pub type Span = (usize, usize);

/// What was said about time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct When {
    /// What would suit: any one of these. Empty when only `except`, `order` or nothing positive was said.
    /// More than one for "Friday or Saturday".
    pub windows: Vec<Window>,
    /// What would not suit, whatever `windows` say ("not Tuesday").
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<Except>,
    /// "earliest", "as late as possible", "later than that".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Order>,
    /// `windows` are readings of one expression, and it must be asked which was meant. With a single window, the other
    /// reading is somebody's name in the same place ("Mai").
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ambiguous: bool,
    /// What was assumed and not said; a read-back shows it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inferred: Vec<Inferred>,
    /// The words, as given.
    pub text: String,
    /// Where `text` stands in the message.
    pub span: Span,
}

/// One stretch of suitable time. `None` leaves that side open to whatever is known already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The suitable days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dates: Option<DateRange>,
    /// The suitable times of those days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<TimeRange>,
}

/// Days from `from` until `until`, which is not one of them; an open side has no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DateRange {
    /// The first day.
    pub from: Option<Date>,
    /// The first day that no longer belongs to the range.
    pub until: Option<Date>,
}

/// Times of a day at which a visit may start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeRange {
    /// This time exactly ("at 3", "15:30").
    At(Time),
    /// About this time ("around 3").
    About(Time),
    /// From `from` until `until`; an open side has no bound. `until <= from` runs past midnight.
    /// "after 4" is `from: 16:00`; "mornings" is a bounded range.
    Between {
        /// The first suitable time.
        from: Option<Time>,
        /// The first time that is too late.
        until: Option<Time>,
    },
}

/// Something that does not suit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Except {
    /// Any such day of the week ("not Tuesdays").
    Weekday(#[serde(with = "crate::types::weekday")] Weekday),
    /// These days.
    Dates(DateRange),
    /// These times, on any day ("not in the morning").
    Times(TimeRange),
}

/// A wish for one end of what is free, or a step from what was last offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// "earliest", "as soon as possible", "first available".
    Earliest,
    /// "latest", "as late as possible".
    Latest,
    /// "earlier" than what was offered.
    Earlier,
    /// "later" than what was offered.
    Later,
}

/// A part that was not said but assumed, or that contradicts another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Inferred {
    /// "at 3" was taken for the afternoon (or the morning).
    HalfOfDay,
    /// "half five" was taken as 17:30 (British) and could be 16:30 elsewhere.
    HalfHourStyle,
    /// A date without a year.
    Year,
    /// A day of the month without a month.
    Month,
    /// "Friday the 21st", and the 21st is another weekday. The date in `windows` is the numbered one.
    WeekdayContradicts(#[serde(with = "crate::types::weekday")] Weekday),
}

impl DateRange {
    /// One day.
    #[must_use]
    pub fn day(date: Date) -> Self {
        Self {
            from: Some(date),
            until: date.tomorrow().ok(),
        }
    }

    /// The day, when the range is a single one.
    #[must_use]
    pub fn single(self) -> Option<Date> {
        let from = self.from?;
        (self.until == from.tomorrow().ok()).then_some(from)
    }

    /// Whether the range has a day in it: it has a bound, and ends after it begins.
    #[must_use]
    pub fn runs(&self) -> bool {
        match (self.from, self.until) {
            (Some(from), Some(until)) => from < until,
            (from, until) => from.or(until).is_some(),
        }
    }

    /// Whether `date` belongs to the range.
    #[must_use]
    pub fn contains(self, date: Date) -> bool {
        self.from.is_none_or(|from| from <= date) && self.until.is_none_or(|until| date < until)
    }
}

impl TimeRange {
    /// The time, when it is one and exact.
    #[must_use]
    pub const fn exact(self) -> Option<Time> {
        match self {
            Self::At(time) => Some(time),
            Self::About(_) | Self::Between { .. } => None,
        }
    }

    /// Whether a visit may start at `time`. "About" allows 45 minutes to either side.
    #[must_use]
    pub fn contains(self, time: Time) -> bool {
        let minute = |t: Time| i32::from(t.hour()) * 60 + i32::from(t.minute());
        match self {
            Self::At(at) => at == time,
            Self::About(about) => (minute(about) - minute(time)).abs() <= 45,
            Self::Between {
                from: Some(from),
                until: Some(until),
            } if until <= from => time >= from || time < until,
            Self::Between { from, until } => from.is_none_or(|f| f <= time) && until.is_none_or(|u| time < u),
        }
    }
}

impl When {
    /// The single date that was said, if it is one.
    #[must_use]
    pub fn date(&self) -> Option<Date> {
        match self.windows.as_slice() {
            [only] => only.dates?.single(),
            _ => None,
        }
    }

    /// The single exact time that was said, if it is one.
    #[must_use]
    pub fn time(&self) -> Option<Time> {
        match self.windows.as_slice() {
            [only] => only.times?.exact(),
            _ => None,
        }
    }

    /// Whether anything was said about days, or about times.
    #[must_use]
    pub fn says(&self) -> (bool, bool) {
        let dates = self.windows.iter().any(|w| w.dates.is_some())
            || self
                .except
                .iter()
                .any(|e| matches!(e, Except::Weekday(_) | Except::Dates(_)));
        let times = self.windows.iter().any(|w| w.times.is_some())
            || self.except.iter().any(|e| matches!(e, Except::Times(_)));
        (dates, times)
    }

    /// Whether a visit that starts at `start` (local time) would suit.
    #[must_use]
    pub fn allows(&self, start: DateTime) -> bool {
        let fits = |w: &Window| {
            w.dates.is_none_or(|d| d.contains(start.date()))
                && w.times.is_none_or(|t| t.contains(start.time()))
        };
        let excluded = |e: &Except| match *e {
            Except::Weekday(day) => start.weekday() == day,
            Except::Dates(dates) => dates.contains(start.date()),
            Except::Times(times) => times.contains(start.time()),
        };
        (self.windows.is_empty() || self.windows.iter().any(fits)) && !self.except.iter().any(excluded)
    }
}
