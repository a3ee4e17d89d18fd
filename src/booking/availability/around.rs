//! What is free near a time that is not.

use jiff::{Timestamp, ToSpan as _};

use super::{Question, search};
use crate::booking::visit::Plan;

/// How many days before and after the one asked for are looked at.
const DAYS_AROUND: i64 = 14;

/// Free starts near `around`, the best first: those of its local day by distance, then the one of each day around
/// that is nearest to the same time of day, a later day before an earlier one. At most `n`, none twice.
#[must_use]
pub fn nearest(question: Question<'_>, around: Timestamp, n: usize) -> Vec<Plan> {
    let zone = &question.catalogue.time_zone;
    let wanted = zone.to_datetime(around);
    let minutes_off = |plan: &Plan| {
        let time = zone.to_datetime(plan.starts_at).time();
        let minute = |time: jiff::civil::Time| i32::from(time.hour()) * 60 + i32::from(time.minute());
        (minute(time) - minute(wanted.time())).abs()
    };
    let date = wanted.date();
    let mut found = search(question, date, date).free;
    found.sort_by_key(|plan| around.duration_until(plan.starts_at).abs());
    found.truncate(n);
    for distance in 1..=DAYS_AROUND {
        for days in [distance, -distance] {
            if found.len() >= n {
                return found;
            }
            let Ok(date) = date.checked_add(days.days()) else {
                continue;
            };
            // On a day of a changing clock two starts can have one time of day: the earlier is taken.
            found.extend(
                search(question, date, date)
                    .free
                    .into_iter()
                    .min_by_key(minutes_off),
            );
        }
    }
    found
}
