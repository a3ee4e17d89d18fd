//! How a later word about time changes an earlier one.

use crate::understanding::When;
use crate::understanding::when::{DateRange, Order, Window};

/// `earlier`, changed by `later`: a new day keeps the time that was said, a new time keeps the day.
pub(super) fn refine(earlier: &When, later: &When) -> When {
    let (days, times) = later.says();
    // A step ("later than that") was about its own day; another day begins afresh.
    let is_step = matches!(earlier.order, Some(Order::Later | Order::Earlier));
    if is_step && days {
        return later.clone();
    }
    let mut merged = later.clone();
    match (days, times) {
        (true, true) => {}
        (true, false) => {
            merged.windows = cross(&later.windows, &earlier.windows, |new, old| Window {
                dates: new.dates,
                times: old.times,
            });
        }
        (false, true) => {
            merged.windows = cross(&later.windows, &earlier.windows, |new, old| Window {
                dates: old.dates,
                times: new.times,
            });
        }
        (false, false) => merged.windows.clone_from(&earlier.windows),
    }
    // "not Tuesday" alone narrows what was said before; with a new day it stands on its own.
    let only_excludes = later.windows.is_empty() && !later.except.is_empty();
    if only_excludes {
        merged.windows.clone_from(&earlier.windows);
    }
    if !days || only_excludes {
        for except in &earlier.except {
            if !merged.except.contains(except) && merged.except.len() < EXCEPT_MAX {
                merged.except.push(*except);
            }
        }
    }
    // "earliest on Friday after 4", and then "with Mai": the wish for the earliest stays. A new time ends it.
    if merged.order.is_none() && !times {
        merged.order = earlier.order;
    }
    merged.windows.truncate(WINDOWS_MAX);
    if merged.text != earlier.text && !earlier.text.is_empty() && !(days && times) {
        // The latest words are the ones to keep.
        let words = format!("{} {}", earlier.text, later.text);
        let surplus = words.chars().count().saturating_sub(TEXT_CHARS_MAX);
        merged.text = words.chars().skip(surplus).collect();
    }
    merged
}

/// A constraint grows with every message that refines it; these bounds keep the context small.
const WINDOWS_MAX: usize = 12;
const EXCEPT_MAX: usize = 12;
const TEXT_CHARS_MAX: usize = 120;

fn cross(new: &[Window], old: &[Window], join: impl Fn(&Window, &Window) -> Window) -> Vec<Window> {
    let blank = [Window::default()];
    let new = if new.is_empty() { &blank[..] } else { new };
    let old = if old.is_empty() { &blank[..] } else { old };
    let mut windows = Vec::new();
    for n in new {
        for o in old {
            let window = join(n, o);
            if !windows.contains(&window) {
                windows.push(window);
            }
        }
    }
    windows
}

/// A constraint that is one day at one time.
pub(super) fn exactly(date: jiff::civil::Date, time: Option<jiff::civil::Time>, text: String) -> When {
    When {
        windows: vec![Window {
            dates: Some(DateRange::day(date)),
            times: time.map(crate::understanding::when::TimeRange::At),
        }],
        except: Vec::new(),
        order: None,
        ambiguous: false,
        inferred: Vec::new(),
        span: (0, text.chars().count()),
        text,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Time, Weekday, date, time};

    use super::*;
    use crate::understanding::when::{Except, TimeRange};

    fn said(dates: Option<i8>, at: Option<Time>) -> When {
        When {
            windows: vec![Window {
                dates: dates.map(|d| DateRange::day(date(2026, 11, d))),
                times: at.map(TimeRange::At),
            }],
            ..exactly(date(2026, 11, 1), None, "x".to_owned())
        }
    }

    #[test]
    fn a_new_day_keeps_the_time_and_a_new_time_keeps_the_day() {
        let friday_at_two = said(Some(20), Some(time(14, 0, 0, 0)));
        let saturday = refine(&friday_at_two, &said(Some(21), None));
        assert_eq!(
            (saturday.date(), saturday.time()),
            (Some(date(2026, 11, 21)), Some(time(14, 0, 0, 0)))
        );
        let at_three = refine(&friday_at_two, &said(None, Some(time(15, 0, 0, 0))));
        assert_eq!(
            (at_three.date(), at_three.time()),
            (Some(date(2026, 11, 20)), Some(time(15, 0, 0, 0)))
        );
        let both = refine(&friday_at_two, &said(Some(24), Some(time(9, 0, 0, 0))));
        assert_eq!(
            (both.date(), both.time()),
            (Some(date(2026, 11, 24)), Some(time(9, 0, 0, 0)))
        );
    }

    #[test]
    fn an_exclusion_narrows_what_was_said() {
        let mut not_tuesday = said(None, None);
        not_tuesday.windows.clear();
        not_tuesday.except.push(Except::Weekday(Weekday::Tuesday));
        let narrowed = refine(&said(None, Some(time(10, 0, 0, 0))), &not_tuesday);
        assert_eq!(narrowed.windows.len(), 1);
        assert!(!narrowed.allows(date(2026, 11, 24).at(10, 0, 0, 0)));
        assert!(narrowed.allows(date(2026, 11, 25).at(10, 0, 0, 0)));
    }

    #[test]
    fn the_wish_for_the_earliest_outlives_a_day_but_not_a_time() {
        let mut earliest = said(Some(20), None);
        earliest.order = Some(Order::Earliest);
        assert_eq!(
            refine(&earliest, &said(Some(21), None)).order,
            Some(Order::Earliest)
        );
        assert_eq!(
            refine(&earliest, &said(None, Some(time(10, 0, 0, 0)))).order,
            None
        );
    }
}
