//! Reads hours: windows, weeks, seasons, exceptions, sessions.

use jiff::civil::{Date, Time, Weekday};

use super::check::Checker;
use super::mistake::{Path, Problem};
use super::{Exception, Season, Week};
use crate::booking::catalogue::{ClassSession, LocalWindow, OpeningException, OpeningRule};
use crate::types::weekday;

const MINUTES_OF_DAY: i32 = 24 * 60;
const MINUTES_OF_WEEK: i32 = 7 * MINUTES_OF_DAY;
/// The longest stretch that one exception or season covers, in days.
const STRETCH_DAYS_MAX: i32 = 366;
/// The most entries of one list of exceptions or seasons.
const STRETCHES_MAX: usize = 1_000;

/// Weekly hours, and those of the seasons.
pub(super) fn rules(checker: &mut Checker, at: &Path, week: &Week, seasons: &[Season]) -> Vec<OpeningRule> {
    let mut rules = weekly(checker, &at.key("opening"), week, None);
    let at = at.key("seasons");
    checker.length(&at, seasons.len(), STRETCHES_MAX);
    let mut covered = Vec::new();
    for (i, season) in seasons.iter().enumerate() {
        let at = at.index(i);
        let from = date(checker, &at.key("from"), &season.from);
        let to = date(checker, &at.key("to"), &season.to);
        let days = from.zip(to);
        if let Some((from, to)) = days {
            stretch(checker, &at, from, to, &mut covered);
        }
        rules.extend(weekly(checker, &at.key("opening"), &season.opening, days));
    }
    rules
}

fn weekly(checker: &mut Checker, at: &Path, week: &Week, valid: Option<(Date, Date)>) -> Vec<OpeningRule> {
    let mut rules = Vec::new();
    let mut seen: Vec<Weekday> = Vec::new();
    for (key, texts) in week {
        let at = at.key(key);
        let Some(days) = days(key) else {
            checker.report(&at, Problem::BadWeekday { text: key.clone() });
            continue;
        };
        let windows = windows(checker, &at, texts);
        for day in days {
            if seen.contains(&day) {
                checker.report(
                    &at,
                    Problem::DuplicateWeekday {
                        day: weekday::name(day),
                    },
                );
                continue;
            }
            seen.push(day);
            rules.extend(windows.iter().map(|window| OpeningRule {
                weekday: day,
                window: *window,
                valid_from: valid.map(|(from, _)| from),
                valid_to: valid.map(|(_, to)| to),
            }));
        }
    }
    rules.sort_by_key(|rule| (rule.weekday.to_monday_zero_offset(), rule.window.start));
    report_overlaps(checker, at, &rules);
    rules
}

/// Windows of neighbouring days may touch but not overlap, or one visit would lie in two of them.
fn report_overlaps(checker: &mut Checker, at: &Path, rules: &[OpeningRule]) {
    let minutes = |rule: &OpeningRule| {
        let start =
            i32::from(rule.weekday.to_monday_zero_offset()) * MINUTES_OF_DAY + minute(rule.window.start);
        (start, start + length(rule.window))
    };
    let text = |rule: &OpeningRule| format!("{} {}", weekday::name(rule.weekday), window_text(rule.window));
    for (i, rule) in rules.iter().enumerate() {
        let next = rules.get(i + 1).or_else(|| rules.first());
        let Some(next) = next.filter(|next| *next != rule) else {
            continue;
        };
        let (start, end) = minutes(rule);
        let next_start = minutes(next).0;
        let next_start = if next_start < start {
            next_start + MINUTES_OF_WEEK
        } else {
            next_start
        };
        if next_start < end {
            checker.report(
                at,
                Problem::OverlappingWindows {
                    first: text(rule),
                    second: text(next),
                },
            );
        }
    }
}

/// The days that a key names: `tue`, `tue-fri` (also over the weekend, `fri-mon`), `daily`.
fn days(key: &str) -> Option<Vec<Weekday>> {
    if key.eq_ignore_ascii_case("daily") {
        return days("mon-sun");
    }
    let (first, last) = key.split_once('-').unwrap_or((key, key));
    let (first, last) = (weekday::parse(first.trim())?, weekday::parse(last.trim())?);
    let count = usize::try_from(first.until(last)).ok()? + 1;
    Some(first.cycle_forward().take(count).collect())
}

/// The windows of one day, in order.
fn windows(checker: &mut Checker, at: &Path, texts: &[String]) -> Vec<LocalWindow> {
    checker.length(at, texts.len(), 24);
    let mut windows: Vec<LocalWindow> = Vec::new();
    for (i, text) in texts.iter().enumerate() {
        match window(text) {
            Ok(window) => windows.push(window),
            Err(problem) => checker.report(&at.index(i), problem),
        }
    }
    windows.sort_by_key(|window| window.start);
    windows
}

fn window(text: &str) -> Result<LocalWindow, Problem> {
    let bad = || Problem::BadWindow {
        text: text.to_owned(),
    };
    let (start, end) = text.split_once('-').ok_or_else(bad)?;
    let start = time(start).ok_or_else(bad)?;
    let end_of_day = end.trim() == "24:00";
    let end = if end_of_day {
        Time::midnight()
    } else {
        time(end).ok_or_else(bad)?
    };
    if start == end && !end_of_day {
        return Err(Problem::EmptyWindow {
            text: text.to_owned(),
        });
    }
    Ok(LocalWindow { start, end })
}

/// A time as `9:00` or `09:00`.
fn time(text: &str) -> Option<Time> {
    let (hour, minute) = text.trim().split_once(':')?;
    let has_only_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !has_only_digits(hour) || !has_only_digits(minute) || minute.len() != 2 {
        return None;
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

fn minute(time: Time) -> i32 {
    i32::from(time.hour()) * 60 + i32::from(time.minute())
}

/// The length of a window on a day without a change of the clocks, in minutes.
fn length(window: LocalWindow) -> i32 {
    let minutes = minute(window.end) - minute(window.start);
    if minutes > 0 {
        minutes
    } else {
        minutes + MINUTES_OF_DAY
    }
}

fn window_text(window: LocalWindow) -> String {
    format!(
        "{}-{}",
        window.start.strftime("%H:%M"),
        window.end.strftime("%H:%M")
    )
}

fn date(checker: &mut Checker, at: &Path, text: &str) -> Option<Date> {
    // jiff reads more than plain dates here (times, ordinals); the format of the document is the plain one.
    let date = if text.len() == 10 { text.parse().ok() } else { None };
    if date.is_none() {
        checker.report(
            at,
            Problem::BadDate {
                text: text.to_owned(),
            },
        );
    }
    date
}

/// Checks a stretch of days against those before it.
fn stretch(checker: &mut Checker, at: &Path, from: Date, to: Date, covered: &mut Vec<(Date, Date)>) {
    if to < from {
        checker.report(
            at,
            Problem::EndBeforeStart {
                from: from.to_string(),
                to: to.to_string(),
            },
        );
        return;
    }
    let days = from
        .until(to)
        .map_or(i32::MAX, |span| span.get_days().saturating_add(1));
    if days > STRETCH_DAYS_MAX {
        checker.report(at, Problem::TooLong { days });
    }
    if let Some((other, _)) = covered.iter().find(|(f, t)| *f <= to && from <= *t) {
        checker.report(
            at,
            Problem::SameDay {
                date: from.max(*other).to_string(),
            },
        );
    }
    covered.push((from, to));
}

/// The days that differ.
pub(super) fn exceptions(checker: &mut Checker, at: &Path, list: &[Exception]) -> Vec<OpeningException> {
    checker.length(at, list.len(), STRETCHES_MAX);
    let mut covered = Vec::new();
    let mut read = Vec::new();
    for (i, exception) in list.iter().enumerate() {
        let at = at.index(i);
        let days = match (&exception.date, &exception.from, &exception.to) {
            (Some(day), None, None) => date(checker, &at.key("date"), day).map(|day| (day, day)),
            (None, Some(from), Some(to)) => {
                let from = date(checker, &at.key("from"), from);
                from.zip(date(checker, &at.key("to"), to))
            }
            _ => {
                checker.report(&at, Problem::WhichDay);
                None
            }
        };
        if exception.closed != exception.hours.is_empty() {
            checker.report(&at, Problem::ClosedOrHours);
        }
        let hours = at.key("hours");
        let windows = windows(checker, &hours, &exception.hours);
        for pair in windows.windows(2) {
            if let [first, second] = pair
                && minute(first.start) + length(*first) > minute(second.start)
            {
                checker.report(
                    &hours,
                    Problem::OverlappingWindows {
                        first: window_text(*first),
                        second: window_text(*second),
                    },
                );
            }
        }
        checker.optional_text(&at.key("reason"), exception.reason.as_deref(), 200);
        if let Some((from, to)) = days {
            stretch(checker, &at, from, to, &mut covered);
            read.push(OpeningException {
                from,
                to,
                windows,
                reason: exception.reason.clone(),
            });
        }
    }
    read
}

/// When a class takes place. Each session must fit into the weekly hours `rules`.
pub(super) fn sessions(
    checker: &mut Checker,
    at: &Path,
    texts: &[String],
    duration_min: u32,
    rules: &[OpeningRule],
) -> Vec<ClassSession> {
    checker.length(at, texts.len(), 100);
    let duration = i32::try_from(duration_min).unwrap_or(MINUTES_OF_WEEK);
    let mut read: Vec<(i32, ClassSession, &str)> = Vec::new();
    for (i, text) in texts.iter().enumerate() {
        let at = at.index(i);
        let session = text
            .trim()
            .split_once(' ')
            .and_then(|(day, start)| Some((weekday::parse(day)?, time(start)?)));
        let Some((weekday, start)) = session else {
            checker.report(&at, Problem::BadSession { text: text.clone() });
            continue;
        };
        let from = minute(start);
        let fits = rules.iter().any(|rule| {
            let days_since = i32::from(weekday.since(rule.weekday));
            let since_open = days_since * MINUTES_OF_DAY + from - minute(rule.window.start);
            since_open >= 0 && since_open + duration <= length(rule.window)
        });
        if !fits {
            checker.report(
                &at,
                Problem::SessionOutsideHours {
                    session: text.clone(),
                },
            );
        }
        let of_week = i32::from(weekday.to_monday_zero_offset()) * MINUTES_OF_DAY + from;
        read.push((of_week, ClassSession { weekday, start }, text));
    }
    read.sort_by_key(|(of_week, ..)| *of_week);
    for (i, (of_week, _, text)) in read.iter().enumerate() {
        // The last session of the week is followed by the first of the next.
        let (next, next_text) = match read.get(i + 1) {
            Some((next, _, text)) => (*next, *text),
            None => match read.first() {
                Some((next, _, text)) => (*next + MINUTES_OF_WEEK, *text),
                None => break,
            },
        };
        if next < *of_week + duration {
            checker.report(
                at,
                Problem::OverlappingSessions {
                    first: (*text).to_owned(),
                    second: next_text.to_owned(),
                },
            );
        }
    }
    read.into_iter().map(|(_, session, _)| session).collect()
}
