//! Saying why a start cannot be had, and what could be had instead.

use jiff::civil::{Date, DateTime};

use super::book::{self, service_ids};
use super::context::{Choice, Offered};
use super::draft::Draft;
use super::find;
use super::goal::{Goal, GoalState, WhenSlot};
use super::offer::{self, OPTIONS_MAX};
use crate::booking::availability::{self, Reason, Refusal};
use crate::booking::hours;
use crate::booking::visit::{Plan, StaffWish};
use crate::understanding::Expecting;
use crate::understanding::when::Window;

/// Says why, offers what comes nearest, and keeps the goal.
pub(super) fn explain(draft: &mut Draft<'_>, goal: Goal, start: DateTime, reason: Reason) {
    // What was promised before no longer stands for what is wanted now.
    let mut goal = goal;
    draft.release(&mut goal);
    if reason == Reason::NotBookable {
        return not_bookable(draft, goal);
    }
    let lead = why(draft, &goal, start, &reason);
    goal.refused = Some(Refusal {
        start,
        reason: reason.clone(),
    });
    match reason {
        // The day is gone or too far; the time of day may still be meant.
        Reason::Past | Reason::TooFar { .. } => ask_another_day(draft, goal, lead),
        Reason::ClosedDay { .. } => nearest_days(draft, goal, start.date(), lead),
        other => {
            let can_wait = matches!(other, Reason::Taken | Reason::NotEnoughSeats { .. });
            alternatives(draft, goal, start, lead, can_wait);
        }
    }
}

/// The reason as a sentence.
pub(super) fn why(draft: &Draft<'_>, goal: &Goal, start: DateTime, reason: &Reason) -> String {
    let speaker = draft.speaker();
    let (day, time) = (speaker.day(start.date()), speaker.time(start.time()));
    let exact = goal.slots.when.as_ref().is_some_and(|w| w.when.time().is_some());
    let staff = goal.slots.staff.as_ref().and_then(|s| match &s.wish {
        StaffWish::Only(id) => Some(speaker.resource(id)),
        StaffWish::Anyone | StaffWish::Not(_) => None,
    });
    let facts = [
        ("day", day.into()),
        ("time", time.into()),
        ("staff", staff.clone().unwrap_or_default().into()),
        ("services", speaker.services(&service_ids(goal)).into()),
    ];
    match reason {
        Reason::Past if start.date() == draft.view.today() => speaker.line("past-time", &facts),
        Reason::Past => speaker.line("past-day", &facts),
        Reason::TooFar { last_day } => speaker.line("too-far", &[("day", speaker.day(*last_day).into())]),
        Reason::ClosedDay { exception: true, why } => {
            let why = why.clone().unwrap_or_default();
            let facts = [("day", speaker.day(start.date()).into()), ("why", why.into())];
            speaker.line("closed-that-day", &facts)
        }
        Reason::ClosedDay { .. } => {
            let weekday = speaker.weekday(start.date());
            speaker.line("closed-weekday", &[("weekday", weekday.into())])
        }
        Reason::TooSoon { earliest } => {
            let minutes = draft.view.catalogue.policies.min_notice_min;
            speaker.line(
                "too-soon",
                &[
                    ("minutes", minutes.into()),
                    ("moment", speaker.moment(*earliest).into()),
                ],
            )
        }
        Reason::OutsideHours => {
            let windows = hours::of_business(draft.view.catalogue, start.date()).windows;
            let open = speaker.windows(&windows);
            speaker.line(
                if exact { "outside-hours" } else { "nothing-then" },
                &[("day", speaker.day(start.date()).into()), ("hours", open.into())],
            )
        }
        Reason::NonexistentLocalTime { next } => speaker.line(
            "no-such-time",
            &[
                ("day", speaker.day(start.date()).into()),
                ("time", speaker.time(start.time()).into()),
                ("next", speaker.time(next.time()).into()),
            ],
        ),
        Reason::NoSession => speaker.line("no-session", &facts),
        Reason::NotQualified { resource } | Reason::ResourceOff { resource } => speaker.line(
            "staff-off",
            &[
                ("staff", speaker.resource(resource).into()),
                ("day", speaker.day(start.date()).into()),
            ],
        ),
        Reason::NotEnoughSeats { left } => {
            let wanted = goal.slots.party_size.unwrap_or(1);
            speaker.line(
                "not-enough-seats",
                &[
                    ("left", (*left).into()),
                    ("wanted", wanted.into()),
                    ("services", speaker.services(&service_ids(goal)).into()),
                    (
                        "moment",
                        speaker
                            .line(
                                "moment",
                                &[
                                    ("day", speaker.day(start.date()).into()),
                                    ("time", speaker.time(start.time()).into()),
                                ],
                            )
                            .into(),
                    ),
                ],
            )
        }
        _ if draft.view.lost.is_some() => speaker.line("just-taken", &facts),
        _ => match (exact, staff.is_some()) {
            (true, true) => speaker.line("staff-taken", &facts),
            (true, false) => speaker.line("taken", &facts),
            (false, true) => speaker.line("staff-full", &facts),
            (false, false) => speaker.line("full", &facts),
        },
    }
}

fn drop_days(goal: &mut Goal) {
    if let Some(slot) = &mut goal.slots.when {
        slot.instant = None;
        slot.when.windows = slot
            .when
            .windows
            .iter()
            .filter(|w| w.times.is_some())
            .map(|w| Window {
                dates: None,
                times: w.times,
            })
            .collect();
        slot.when.windows.dedup();
        if slot.when.windows.is_empty() && slot.when.except.is_empty() && slot.when.order.is_none() {
            goal.slots.when = None;
        }
    }
}

fn ask_another_day(draft: &mut Draft<'_>, mut goal: Goal, lead: String) {
    drop_days(&mut goal);
    let speaker = draft.speaker();
    let days = find::open_days(draft, draft.view.today(), OPTIONS_MAX);
    let labels = days.into_iter().map(|day| speaker.short_day(day)).collect();
    let again = speaker.line("ask-day-again", &[]);
    let id = goal.id;
    draft.keep(Goal {
        state: GoalState::Collecting,
        ..goal
    });
    draft.say(lead);
    draft.ask_openly(Some(id), Expecting::Date, again.clone(), again, labels);
}

fn nearest_days(draft: &mut Draft<'_>, goal: Goal, date: Date, lead: String) {
    let speaker = draft.speaker();
    let catalogue = draft.view.catalogue;
    let before = hours::previous_open_day(catalogue, date).filter(|d| *d >= draft.view.today());
    let after = hours::next_open_days(catalogue, date, if before.is_some() { 1 } else { 2 });
    let days: Vec<Date> = before
        .into_iter()
        .chain(after)
        .filter(|day| *day <= find::horizon(draft))
        .collect();
    let options = days
        .iter()
        .map(|day| {
            let windows = hours::of_business(draft.view.catalogue, *day).windows;
            let open = speaker.windows(&windows);
            let facts = [("day", speaker.short_day(*day).into()), ("hours", open.into())];
            Offered {
                label: speaker.line("day-with-hours", &facts),
                choice: Choice::Day(*day),
            }
        })
        .collect();
    let id = goal.id;
    draft.keep(Goal {
        state: GoalState::Offering,
        ..goal
    });
    draft.say(lead);
    draft.ask(
        Some(id),
        Expecting::Choice,
        speaker.line("nearest-days", &[]),
        speaker.line("ask-day-again", &[]),
        options,
    );
}

fn not_bookable(draft: &mut Draft<'_>, mut goal: Goal) {
    let speaker = draft.speaker();
    let services = speaker.services(&service_ids(&goal));
    let add_on = goal
        .slots
        .services
        .iter()
        .all(|s| draft.view.catalogue.service(&s.id).is_some_and(|s| s.add_on));
    let phone = draft.view.catalogue.phone.clone().unwrap_or_default();
    draft.line(
        if add_on { "add-on-alone" } else { "not-bookable" },
        &[("services", services.into()), ("phone", phone.into())],
    );
    if !add_on {
        goal.slots.services.clear();
    }
    book::ask_service(draft, goal);
}

/// Offers what comes nearest to `start`, and the waitlist where waiting could help.
pub(super) fn alternatives(draft: &mut Draft<'_>, goal: Goal, start: DateTime, lead: String, can_wait: bool) {
    let speaker = draft.speaker();
    let plans = nearest(draft, &goal, start);
    let mut more = Vec::new();
    if can_wait {
        more.push(Offered {
            label: speaker.line("option-waitlist", &[]),
            choice: Choice::Waitlist,
        });
    }
    draft.say(lead);
    if plans.is_empty() && more.is_empty() {
        let again = speaker.line("ask-day-again", &[]);
        let id = goal.id;
        draft.keep(Goal {
            state: GoalState::Collecting,
            ..goal
        });
        return draft.ask_openly(Some(id), Expecting::Date, again.clone(), again, Vec::new());
    }
    let lead = speaker.line(
        if plans.is_empty() {
            "only-waitlist"
        } else {
            "free-instead"
        },
        &[],
    );
    offer::plans(draft, goal, lead, &plans, more);
}

/// Up to three plans near `start`: near it on the same day, then at that time with somebody else, on the days around, and
/// on the same weekday of the next week.
fn nearest(draft: &Draft<'_>, goal: &Goal, start: DateTime) -> Vec<Plan> {
    let wish = find::wish(draft, goal);
    let anyone = find::wish_with(draft, goal, &StaffWish::Anyone);
    let exact = goal.slots.when.as_ref().is_some_and(|w| w.when.time().is_some());
    let time_of = |w: &WhenSlot| w.when.windows.iter().find_map(|w| w.times);
    let times = goal.slots.when.as_ref().and_then(time_of);
    let on = |wish: &crate::booking::Wish, date: Date| -> Vec<Plan> {
        let found = find::with_question(draft, goal, wish, |q| availability::search(q, date, date));
        let mut plans: Vec<Plan> = found
            .free
            .into_iter()
            // "mornings" stays "mornings" on another day; an exact time may give way.
            .filter(|p| exact || times.is_none_or(|t| t.contains(draft.view.local(p.starts_at).time())))
            .collect();
        if exact {
            let distance = |p: &Plan| {
                let minutes = |t: jiff::civil::Time| i32::from(t.hour()) * 60 + i32::from(t.minute());
                (minutes(draft.view.local(p.starts_at).time()) - minutes(start.time())).abs()
            };
            // Cached: the time zone is asked once a plan, not once a comparison.
            plans.sort_by_cached_key(distance);
        }
        plans
    };
    let day = start.date();
    let mut picked = Picked::default();
    let same_day = on(&wish, day);
    picked.add(|| same_day.first().cloned());
    if anyone != wish {
        // Somebody else at that very time.
        picked.add(|| {
            on(&anyone, day)
                .into_iter()
                .find(|p| !exact || draft.view.local(p.starts_at) == start)
        });
    }
    picked.add(|| same_day.get(1).cloned());
    let tomorrow = find::plus_days(day, 1).max(draft.view.today());
    for date in find::open_days(draft, tomorrow, 2) {
        picked.add(|| on(&wish, date).into_iter().next());
    }
    picked.add(|| on(&wish, find::plus_days(day, 7)).into_iter().next());
    for date in find::open_days(draft, tomorrow, 10) {
        picked.add(|| on(&anyone, date).into_iter().next());
    }
    picked.0.sort_by_key(|p| p.starts_at);
    picked.0
}

/// The plans picked so far, none twice.
#[derive(Default)]
struct Picked(Vec<Plan>);

impl Picked {
    /// Looks for another one, unless there are enough: a look is a search of a whole day, and most refusals need two
    /// of the fifteen that there may be.
    fn add(&mut self, look: impl FnOnce() -> Option<Plan>) {
        if self.0.len() >= OPTIONS_MAX {
            return;
        }
        let is_new = |plan: &Plan| {
            !self
                .0
                .iter()
                .any(|p| p.starts_at == plan.starts_at && p.allocations == plan.allocations)
        };
        if let Some(plan) = look().filter(is_new) {
            self.0.push(plan);
        }
    }
}
