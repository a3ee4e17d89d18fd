//! Offering some of what is free.

use jiff::civil::Date;

use super::book::service_ids;
use super::context::{Choice, Offered};
use super::draft::Draft;
use super::find;
use super::goal::{Goal, GoalState};
use crate::booking::hours;
use crate::booking::visit::Plan;
use crate::understanding::Expecting;

/// How many options a list has at most.
pub(super) const OPTIONS_MAX: usize = 3;

/// Offers a few of several free starts: over one day, or one on each of several days.
pub(super) fn several(draft: &mut Draft<'_>, goal: Goal, plans: &[Plan]) {
    let speaker = draft.speaker();
    let day_of = |plan: &Plan| draft.view.local(plan.starts_at).date();
    let mut days: Vec<Date> = plans.iter().map(day_of).collect();
    days.dedup();
    let services = speaker.services(&service_ids(&goal));
    if let [day] = days.as_slice() {
        let picked = spread(draft, plans);
        let lead = speaker.line(
            "free-on-day",
            &[
                ("services", services.into()),
                ("day", speaker.day(*day).into()),
                ("first", speaker.time_at(plans[0].starts_at).into()),
                ("last", speaker.time_at(plans[plans.len() - 1].starts_at).into()),
            ],
        );
        return times(draft, goal, lead, &picked);
    }
    let picked: Vec<Plan> = days
        .iter()
        .filter_map(|day| plans.iter().find(|p| day_of(p) == *day))
        .take(OPTIONS_MAX)
        .cloned()
        .collect();
    note_closed_days(draft, &goal);
    let lead = speaker.line("free-on-days", &[("services", services.into())]);
    starts(draft, goal, lead, &picked);
}

/// Says which days of the range that was asked for are closed out of the ordinary.
fn note_closed_days(draft: &mut Draft<'_>, goal: &Goal) {
    let Some(when) = goal.slots.when.as_ref().map(|w| w.when.clone()) else {
        return;
    };
    let speaker = draft.speaker();
    for range in when.windows.iter().filter_map(|w| w.dates) {
        let (Some(from), Some(until)) = (range.from, range.until) else {
            continue;
        };
        let mut date = from.max(draft.view.today());
        while date < until && date <= find::plus_days(from, 31) {
            let day = hours::of_business(draft.view.catalogue, date);
            if let (Some(why), true) = (day.exception, day.spans.is_empty()) {
                let facts = [
                    ("day", speaker.day(date).into()),
                    ("why", why.unwrap_or_default().into()),
                ];
                draft.line("closed-that-day", &facts);
            }
            date = find::plus_days(date, 1);
        }
    }
}

/// Offers times of one day.
fn times(draft: &mut Draft<'_>, goal: Goal, lead: String, plans: &[Plan]) {
    let speaker = draft.speaker();
    let options = plans
        .iter()
        .map(|p| Offered {
            label: speaker.time_at(p.starts_at),
            choice: Choice::Start(p.starts_at),
        })
        .collect();
    let id = goal.id;
    draft.keep(Goal {
        state: GoalState::Offering,
        ..goal
    });
    draft.ask(
        Some(id),
        Expecting::Time,
        lead,
        speaker.line("ask-time-again", &[]),
        options,
    );
}

/// Offers starts, with the staff left as it is.
pub(super) fn starts(draft: &mut Draft<'_>, goal: Goal, lead: String, plans: &[Plan]) {
    let speaker = draft.speaker();
    let option = |p: &Plan| Offered {
        label: speaker.option(p, false),
        choice: Choice::Start(p.starts_at),
    };
    choices(draft, goal, lead, plans.iter().map(option).collect());
}

/// Offers whole plans, staff included, and what else can be chosen.
pub(super) fn plans(draft: &mut Draft<'_>, goal: Goal, lead: String, plans: &[Plan], more: Vec<Offered>) {
    let speaker = draft.speaker();
    let option = |p: &Plan| Offered {
        label: speaker.option(p, true),
        choice: Choice::Plan(p.clone()),
    };
    choices(draft, goal, lead, plans.iter().map(option).chain(more).collect());
}

fn choices(draft: &mut Draft<'_>, goal: Goal, lead: String, options: Vec<Offered>) {
    let again = draft.speaker().line("ask-choice-again", &[]);
    let id = goal.id;
    draft.keep(Goal {
        state: GoalState::Offering,
        ..goal
    });
    draft.ask(Some(id), Expecting::Choice, lead, again, options);
}

/// A few plans that show what a day has: early, in the middle, late; full and half hours first.
fn spread(draft: &Draft<'_>, plans: &[Plan]) -> Vec<Plan> {
    let round: Vec<&Plan> = plans
        .iter()
        .filter(|p| draft.view.local(p.starts_at).minute() % 30 == 0)
        .collect();
    let from: Vec<&Plan> = if round.len() >= OPTIONS_MAX {
        round
    } else {
        plans.iter().collect()
    };
    if from.len() <= OPTIONS_MAX {
        return from.into_iter().cloned().collect();
    }
    [0, from.len() / 2, from.len() - 1]
        .into_iter()
        .map(|i| from[i].clone())
        .collect()
}
