//! Free plans for what a goal knows so far.

use jiff::civil::{Date, DateTime, Time};
use jiff::{SignedDuration, Span, Timestamp};

use super::draft::Draft;
use super::goal::Goal;
use crate::booking::availability::{self, LocalCheck, Question, Reason};
use crate::booking::catalogue::ResourceKind;
use crate::booking::hours;
use crate::booking::visit::{self, Plan, StaffWish, Wish, WishItem};
use crate::types::{AppointmentId, ResourceId};
use crate::understanding::When;
use crate::understanding::when::{Order, TimeRange};

/// Without a day, so many days are looked at.
const DAYS_SEARCHED: i32 = 14;

/// What the calendar says to a constraint.
pub(super) enum Found {
    /// The one start that was said.
    One(Plan),
    /// The start that a wish for the earliest or latest picks, with whoever is free then.
    First(Plan),
    /// The local time that was said happens twice.
    Twice(Vec<Plan>),
    /// Several starts suit.
    Several(Vec<Plan>),
    /// None does.
    None {
        /// What was asked for.
        start: DateTime,
        /// Why not.
        reason: Reason,
    },
}

/// The visit that the goal wants.
pub(super) fn wish(draft: &Draft<'_>, goal: &Goal) -> Wish {
    let staff = goal
        .slots
        .staff
        .as_ref()
        .map_or(StaffWish::Anyone, |s| s.wish.clone());
    wish_with(draft, goal, &staff)
}

pub(super) fn wish_with(draft: &Draft<'_>, goal: &Goal, staff: &StaffWish) -> Wish {
    let services = super::book::service_ids(goal);
    let people = goal.slots.party_size.unwrap_or(1);
    let mut wish = visit::wish_for(draft.view.catalogue, &services, staff, people);
    // "mani-pedi with Sofia": what she does not do is done by somebody else.
    if let StaffWish::Only(staff) = staff {
        let serves = |item: &WishItem| {
            draft
                .view
                .catalogue
                .service(&item.service)
                .is_some_and(|s| s.served_by(staff))
        };
        if wish.items.iter().any(serves) {
            for item in wish.items.iter_mut().filter(|item| !serves(item)) {
                item.staff = StaffWish::Anyone;
            }
        }
    }
    wish
}

/// Asks the calendar about a wish, leaving the goal's own hold and the visit that it moves out of account.
pub(super) fn with_question<T>(
    draft: &Draft<'_>,
    goal: &Goal,
    wish: &Wish,
    ask: impl FnOnce(Question<'_>) -> T,
) -> T {
    let ignoring: Vec<AppointmentId> = goal.hold.iter().map(|h| h.id).chain(goal.target).collect();
    ask(Question {
        catalogue: draft.view.catalogue,
        calendar: draft.view.calendar,
        wish,
        now: draft.view.now,
        ignoring: &ignoring,
    })
}

/// Finds what suits the goal's constraint.
pub(super) fn find(draft: &Draft<'_>, goal: &Goal) -> Found {
    let wish = wish(draft, goal);
    let Some(slot) = &goal.slots.when else {
        return search(draft, goal, &wish, &any_time());
    };
    if let Some(start) = slot.instant {
        return match with_question(draft, goal, &wish, |q| availability::check(q, start)) {
            Ok(plan) => Found::One(plan),
            Err(refusal) => Found::None {
                start: refusal.start,
                reason: refusal.reason,
            },
        };
    }
    match (slot.when.date(), slot.when.time(), slot.when.order) {
        (Some(date), Some(time), None | Some(Order::Earliest | Order::Latest)) => {
            exactly(draft, goal, &wish, date.to_datetime(time))
        }
        _ => search(draft, goal, &wish, &slot.when),
    }
}

fn exactly(draft: &Draft<'_>, goal: &Goal, wish: &Wish, start: DateTime) -> Found {
    match with_question(draft, goal, wish, |q| availability::check_local(q, start)) {
        LocalCheck::One(Ok(plan)) => Found::One(plan),
        LocalCheck::One(Err(refusal)) if is_after_midnight(draft, start, &refusal.reason) => {
            exactly(draft, goal, wish, start.saturating_add(Span::new().days(1)))
        }
        LocalCheck::One(Err(refusal)) => Found::None {
            start: refusal.start,
            reason: refusal.reason,
        },
        LocalCheck::Twice { first, second } => match (first, second) {
            (Ok(first), Ok(second)) => Found::Twice(vec![first, second]),
            (Ok(plan), Err(_)) | (Err(_), Ok(plan)) => Found::One(plan),
            (Err(refusal), Err(_)) => Found::None {
                start: refusal.start,
                reason: refusal.reason,
            },
        },
    }
}

/// "Saturday night at 1:30": where Saturday's hours run past midnight and it is closed in the night before, that is
/// Sunday by the calendar.
fn is_after_midnight(draft: &Draft<'_>, start: DateTime, reason: &Reason) -> bool {
    matches!(reason, Reason::OutsideHours | Reason::ClosedDay { .. })
        && hours::of_business(draft.view.catalogue, start.date())
            .windows
            .iter()
            .any(|w| w.end <= w.start && start.time() < w.end)
}

fn search(draft: &Draft<'_>, goal: &Goal, wish: &Wish, when: &When) -> Found {
    let today = draft.view.today();
    let (from, to) = days(draft, when);
    let found = with_question(draft, goal, wish, |q| availability::search(q, from, to));
    let mut suits: Vec<Plan> = found
        .free
        .into_iter()
        .filter(|plan| when.allows(draft.view.local(plan.starts_at)))
        .collect();
    let about = when.windows.iter().find_map(|w| match w.times {
        Some(TimeRange::About(time)) => Some(time),
        _ => None,
    });
    match when.order {
        Some(Order::Earliest) if !suits.is_empty() => return Found::First(suits.swap_remove(0)),
        Some(Order::Latest) => {
            if let Some(last) = suits.pop() {
                return Found::First(last);
            }
        }
        _ => {}
    }
    if let (Some(time), Some(date)) = (about, when.date()) {
        // "around 3" with 3 free is 3.
        let exact = suits
            .iter()
            .position(|p| draft.view.local(p.starts_at) == date.to_datetime(time));
        if let Some(at) = exact {
            return Found::One(suits.swap_remove(at));
        }
    }
    match suits.len() {
        0 => {
            let start = from.max(today).to_datetime(first_time(when));
            Found::None {
                start,
                reason: why_none(draft, when, &found.refused),
            }
        }
        1 if super::book::is_class(draft, goal) => Found::One(suits.swap_remove(0)),
        _ => Found::Several(suits),
    }
}

/// The days that a constraint speaks of, cut to those that can be booked.
fn days(draft: &Draft<'_>, when: &When) -> (Date, Date) {
    let today = draft.view.today();
    let last = horizon(draft);
    let ranges: Vec<_> = when.windows.iter().map(|w| w.dates).collect();
    let bounded = !ranges.is_empty() && ranges.iter().all(Option::is_some);
    let from = ranges
        .iter()
        .flatten()
        .filter_map(|d| d.from)
        .min()
        .filter(|_| bounded)
        .unwrap_or(today);
    let until = ranges
        .iter()
        .flatten()
        .map(|d| d.until)
        .collect::<Option<Vec<_>>>()
        .filter(|_| bounded);
    let to = until
        .and_then(|u| u.into_iter().max())
        .and_then(|u| u.yesterday().ok())
        .unwrap_or_else(|| plus_days(from.max(today), DAYS_SEARCHED - 1));
    (from.max(today), to.min(last))
}

fn first_time(when: &When) -> Time {
    when.windows
        .iter()
        .find_map(|w| match w.times? {
            TimeRange::At(t) | TimeRange::About(t) => Some(t),
            TimeRange::Between { from, .. } => from,
        })
        .unwrap_or(Time::midnight())
}

/// The reason that explains best why nothing of the constraint is free.
fn why_none(draft: &Draft<'_>, when: &When, refused: &[availability::Refusal]) -> Reason {
    let mut of_days: Option<&Reason> = None;
    let mut of_starts: Option<&Reason> = None;
    for refusal in refused {
        match &refusal.reason {
            reason @ (Reason::ClosedDay { .. } | Reason::TooFar { .. } | Reason::Past) => {
                of_days = of_days.or(Some(reason));
            }
            reason if when.allows(refusal.start) => {
                // "Taken" and full classes explain more than what merely does not fit the shift.
                let weight = |r: &Reason| match r {
                    Reason::NotEnoughSeats { .. } => 5,
                    Reason::Taken => 4,
                    Reason::TooSoon { .. } => 3,
                    Reason::ResourceOff { .. } => 2,
                    _ => 1,
                };
                if of_starts.is_none_or(|best| weight(reason) > weight(best)) {
                    of_starts = Some(reason);
                }
            }
            _ => {}
        }
    }
    let nothing = if when.date().is_some_and(|d| d < draft.view.today()) {
        Reason::Past
    } else {
        Reason::OutsideHours
    };
    of_starts.or(of_days).cloned().unwrap_or(nothing)
}

/// A day that cannot be, whatever the service: past, beyond the horizon, closed, or too soon.
pub(super) fn impossible_day(draft: &Draft<'_>, goal: &Goal) -> Option<(DateTime, Reason)> {
    let slot = goal.slots.when.as_ref()?;
    let (today, now) = (draft.view.today(), draft.view.local_now());
    if slot.instant.is_some() {
        return None;
    }
    let start_of = |date: Date| date.to_datetime(first_time(&slot.when));
    // Every alternative lies in the past.
    let untils: Option<Vec<Date>> = slot
        .when
        .windows
        .iter()
        .map(|w| w.dates.and_then(|d| d.until))
        .collect();
    if let Some(last) = untils.filter(|u| !u.is_empty()).and_then(|u| u.into_iter().max())
        && last <= today
    {
        return Some((start_of(last.yesterday().unwrap_or(last)), Reason::Past));
    }
    let date = slot.when.date()?;
    let last_day = horizon(draft);
    if date > last_day {
        return Some((start_of(date), Reason::TooFar { last_day }));
    }
    let day = hours::of_business(draft.view.catalogue, date);
    if day.spans.is_empty() && !reached_from_yesterday(draft, date, slot.when.time()) {
        let (why, exception) = (day.exception.clone().flatten(), day.exception.is_some());
        return Some((start_of(date), Reason::ClosedDay { why, exception }));
    }
    if let Some(time) = slot.when.time().filter(|_| date == today) {
        let start = date.to_datetime(time);
        if start <= now {
            return Some((start, Reason::Past));
        }
        // A service may have a notice of its own; then its own check says so.
        let notice = SignedDuration::from_mins(i64::from(draft.view.catalogue.policies.min_notice_min));
        let earliest = draft.view.now.checked_add(notice).unwrap_or(Timestamp::MAX);
        if goal.slots.services.is_empty() && start < draft.view.local(earliest) {
            let earliest = availability::next_on_grid(draft.view.catalogue, earliest);
            return Some((start, Reason::TooSoon { earliest }));
        }
    }
    None
}

/// Whether a window that began the evening before is still open at that time.
fn reached_from_yesterday(draft: &Draft<'_>, date: Date, time: Option<Time>) -> bool {
    let Ok(yesterday) = date.yesterday() else {
        return false;
    };
    hours::of_business(draft.view.catalogue, yesterday)
        .windows
        .iter()
        .any(|w| w.end <= w.start && time.is_none_or(|t| t < w.end))
}

pub(super) fn horizon(draft: &Draft<'_>) -> Date {
    let days = i32::try_from(draft.view.catalogue.policies.horizon_days).unwrap_or(i32::MAX);
    plus_days(draft.view.today(), days)
}

pub(super) fn plus_days(date: Date, days: i32) -> Date {
    date.saturating_add(Span::new().days(days.clamp(-4000, 4000)))
}

/// The first `n` days from `from` on that have opening hours.
pub(super) fn open_days(draft: &Draft<'_>, from: Date, n: usize) -> Vec<Date> {
    let mut days = Vec::new();
    let mut date = from;
    while days.len() < n && date <= horizon(draft) {
        let spans = hours::of_business(draft.view.catalogue, date).spans;
        if spans.iter().any(|(_, end)| *end > draft.view.now) {
            days.push(date);
        }
        date = plus_days(date, 1);
    }
    days
}

/// Those who could do the goal's service at that start.
pub(super) fn staff_free_at(draft: &Draft<'_>, goal: &Goal, start: Timestamp) -> Vec<ResourceId> {
    let Some(service) = goal
        .slots
        .services
        .first()
        .and_then(|s| draft.view.catalogue.service(&s.id))
    else {
        return Vec::new();
    };
    let able = service
        .requirements
        .iter()
        .filter(|r| r.kind == ResourceKind::Staff)
        .flat_map(|r| &r.any_of);
    able.filter(|id| {
        let wish = wish_with(draft, goal, &StaffWish::Only((*id).clone()));
        with_question(draft, goal, &wish, |q| availability::check(q, start)).is_ok()
    })
    .cloned()
    .collect()
}

/// Sessions of the goal's class that suit its constraint, with the seats left.
pub(super) fn class_sessions(draft: &Draft<'_>, goal: &Goal) -> Vec<(Timestamp, u32)> {
    let when = goal.slots.when.as_ref().map_or_else(any_time, |w| w.when.clone());
    let (from, to) = days(draft, &when);
    let one = Goal {
        slots: super::goal::Slots {
            party_size: Some(1),
            ..goal.slots.clone()
        },
        ..goal.clone()
    };
    let wish = wish(draft, &one);
    with_question(draft, &one, &wish, |q| {
        let found = availability::search(q, from, to);
        let full = found
            .refused
            .iter()
            .filter(|r| matches!(r.reason, Reason::NotEnoughSeats { .. } | Reason::Taken));
        let zone = &draft.view.catalogue.time_zone;
        let full = full.filter_map(|r| zone.to_ambiguous_timestamp(r.start).compatible().ok());
        let mut starts: Vec<Timestamp> = found.free.iter().map(|p| p.starts_at).chain(full).collect();
        starts.retain(|at| when.allows(draft.view.local(*at)));
        starts.sort_unstable();
        starts
            .into_iter()
            .map(|at| (at, availability::seats_left(q, at)))
            .collect()
    })
}

fn any_time() -> When {
    When {
        windows: Vec::new(),
        except: Vec::new(),
        order: None,
        ambiguous: false,
        inferred: Vec::new(),
        text: String::new(),
        span: (0, 0),
    }
}
