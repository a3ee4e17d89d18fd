//! A goal that wants a slot: a new visit, or another time for one that exists.
//!
//! [`advance`] looks at what is known and does the next thing: ask for what is missing, offer what is free, say why
//! something is not, or read the one remaining plan back.

use jiff::Timestamp;

use super::confirm;
use super::context::{Choice, Offered};
use super::draft::Draft;
use super::find::{self, Found};
use super::goal::{Goal, GoalState, Provenance, ServiceSlot, StaffSlot, WhenSlot};
use super::{constraint, offer, refuse};
use crate::booking::availability::Reason;
use crate::booking::catalogue::{ResourceKind, Service};
use crate::booking::visit::{Plan, StaffWish};
use crate::types::{ResourceId, ServiceId};
use crate::understanding::when::Order;
use crate::understanding::{Expecting, GoalKind};

/// How many services are listed when it is asked which one.
const SERVICES_LISTED: usize = 3;

/// Takes the goal one step further and keeps it.
pub(super) fn advance(draft: &mut Draft<'_>, mut goal: Goal) {
    // A day that cannot be is said at once, whatever else is missing: nobody should choose a service first only to
    // hear that the shop is closed.
    if let Some((start, reason)) = find::impossible_day(draft, &goal) {
        return refuse::explain(draft, goal, start, reason);
    }
    if goal.slots.services.is_empty() {
        return ask_service(draft, goal);
    }
    if let Some(staff) = unqualified(draft, &goal) {
        return refuse_staff(draft, goal, &staff);
    }
    if is_class(draft, &goal) && goal.slots.party_size.is_none() {
        return ask_seats(draft, goal);
    }
    if goal.slots.when.is_none() && !is_class(draft, &goal) {
        return ask_when(draft, goal);
    }
    match find::find(draft, &goal) {
        Found::One(plan) => settle_staff(draft, goal, &plan),
        Found::First(plan) => confirm::read_back(draft, goal, &plan),
        Found::Twice(plans) => {
            goal.state = GoalState::Offering;
            let lead = draft.speaker().line(
                "time-twice",
                &[("time", draft.speaker().time_at(plans[0].starts_at).into())],
            );
            offer::starts(draft, goal, lead, &plans);
        }
        Found::Several(plans) => offer::several(draft, goal, &plans),
        Found::None { start, reason } => refuse::explain(draft, goal, start, reason),
    }
}

/// The services of the goal, by id.
pub(super) fn service_ids(goal: &Goal) -> Vec<ServiceId> {
    goal.slots.services.iter().map(|s| s.id.clone()).collect()
}

pub(super) fn is_class(draft: &Draft<'_>, goal: &Goal) -> bool {
    goal.slots
        .services
        .iter()
        .any(|s| draft.view.catalogue.service(&s.id).is_some_and(Service::is_class))
}

/// Asks which service, and lists the first few.
pub(super) fn ask_service(draft: &mut Draft<'_>, goal: Goal) {
    let speaker = draft.speaker();
    let bookable: Vec<&Service> = draft
        .view
        .catalogue
        .services
        .iter()
        .filter(|s| s.online_bookable && !s.add_on)
        .collect();
    let label = |s: &Service| match s.price_minor {
        Some(price) => format!("{} ({})", s.name, speaker.money(price)),
        None => s.name.clone(),
    };
    let options: Vec<Offered> = bookable
        .iter()
        .take(SERVICES_LISTED)
        .map(|s| Offered {
            label: label(s),
            choice: Choice::Service(s.id.clone()),
        })
        .collect();
    let more: Vec<String> = bookable
        .iter()
        .skip(SERVICES_LISTED)
        .map(|s| s.name.clone())
        .collect();
    let lead = if more.is_empty() {
        speaker.line("ask-service", &[])
    } else {
        speaker.line("ask-service-of-many", &[("more", speaker.and(&more).into())])
    };
    let again = speaker.line("ask-service-again", &[]);
    let id = goal.id;
    draft.keep(Goal {
        state: GoalState::Collecting,
        ..goal
    });
    draft.ask(Some(id), Expecting::Service, lead, again, options);
}

/// Asks when; the nearest open days can be tapped.
pub(super) fn ask_when(draft: &mut Draft<'_>, goal: Goal) {
    let speaker = draft.speaker();
    let again = speaker.line("ask-when-again", &[]);
    let lead = if goal.kind == GoalKind::Reschedule {
        speaker.line("ask-when-instead", &[])
    } else {
        speaker.line(
            "ask-when",
            &[("services", speaker.services(&service_ids(&goal)).into())],
        )
    };
    let today = draft.view.today();
    let days = find::open_days(draft, today, 3)
        .into_iter()
        .map(|day| speaker.short_day(day))
        .collect();
    let id = goal.id;
    draft.keep(Goal {
        state: GoalState::Collecting,
        ..goal
    });
    draft.ask_openly(Some(id), Expecting::Date, lead, again, days);
}

fn ask_seats(draft: &mut Draft<'_>, goal: Goal) {
    let speaker = draft.speaker();
    let sessions = find::class_sessions(draft, &goal);
    let again = speaker.line("ask-seats-again", &[]);
    let Some((start, left)) = sessions.first().copied() else {
        let start = draft.view.local_now();
        return refuse::explain(draft, goal, start, Reason::NoSession);
    };
    if left == 0 {
        let local = draft.view.local(start);
        return refuse::explain(draft, goal, local, Reason::NotEnoughSeats { left: 0 });
    }
    let lead = speaker.line(
        "ask-seats",
        &[
            ("services", speaker.services(&service_ids(&goal)).into()),
            ("moment", speaker.moment(start).into()),
            ("seats", left.into()),
        ],
    );
    let mut goal = Goal {
        state: GoalState::Collecting,
        ..goal
    };
    choose_start(draft, &mut goal, start, Provenance::Inferred);
    let id = goal.id;
    draft.keep(goal);
    let numbers = (1..=left.min(4)).map(|n| n.to_string()).collect();
    draft.ask_openly(Some(id), Expecting::PartySize, lead, again, numbers);
}

/// A start is known. With whom, if that is open and makes a difference?
fn settle_staff(draft: &mut Draft<'_>, mut goal: Goal, plan: &Plan) {
    let single = goal.slots.services.len() == 1 && goal.slots.party_size.unwrap_or(1) == 1;
    if goal.slots.staff.is_some() || !single || is_class(draft, &goal) {
        return confirm::read_back(draft, goal, plan);
    }
    let free = find::staff_free_at(draft, &goal, plan.starts_at);
    match free.as_slice() {
        [] => confirm::read_back(draft, goal, plan),
        [only] => {
            goal.slots.staff = Some(StaffSlot {
                wish: StaffWish::Only(only.clone()),
                provenance: Provenance::Inferred,
            });
            confirm::read_back(draft, goal, plan);
        }
        several => ask_staff(draft, goal, plan, several),
    }
}

fn ask_staff(draft: &mut Draft<'_>, mut goal: Goal, plan: &Plan, free: &[ResourceId]) {
    let speaker = draft.speaker();
    choose_start(draft, &mut goal, plan.starts_at, Provenance::Said);
    let names: Vec<String> = free.iter().map(|id| speaker.resource(id)).collect();
    let facts = [
        ("moment", speaker.moment(plan.starts_at).into()),
        ("staff", speaker.or(&names).into()),
    ];
    let lead = speaker.line("ask-staff", &facts);
    let again = speaker.line("ask-staff-again", &[("staff", speaker.or(&names).into())]);
    let mut answers = names;
    answers.push(speaker.line("anyone", &[]));
    let id = goal.id;
    draft.keep(Goal {
        state: GoalState::Collecting,
        ..goal
    });
    draft.ask_openly(Some(id), Expecting::Staff, lead, again, answers);
}

/// The member of staff asked for who does none of the services.
fn unqualified(draft: &Draft<'_>, goal: &Goal) -> Option<ResourceId> {
    let StaffWish::Only(staff) = &goal.slots.staff.as_ref()?.wish else {
        return None;
    };
    let serves = |slot: &ServiceSlot| {
        draft
            .view
            .catalogue
            .service(&slot.id)
            .is_some_and(|s| s.served_by(staff))
    };
    (!goal.slots.services.iter().any(serves)).then(|| staff.clone())
}

fn refuse_staff(draft: &mut Draft<'_>, mut goal: Goal, staff: &ResourceId) {
    let speaker = draft.speaker();
    let service = goal
        .slots
        .services
        .first()
        .and_then(|s| draft.view.catalogue.service(&s.id));
    let able: Vec<ResourceId> = service
        .into_iter()
        .flat_map(|s| &s.requirements)
        .filter(|r| r.kind == ResourceKind::Staff)
        .flat_map(|r| r.any_of.iter().cloned())
        .collect();
    let names: Vec<String> = able.iter().map(|id| speaker.resource(id)).collect();
    draft.line(
        if names.is_empty() {
            "staff-none-needed"
        } else {
            "staff-not-qualified"
        },
        &[
            ("staff", speaker.resource(staff).into()),
            ("services", speaker.services(&service_ids(&goal)).into()),
            ("able", speaker.or(&names).into()),
        ],
    );
    goal.slots.staff = None;
    advance(draft, goal);
}

/// Sets the goal's time to one start.
pub(super) fn choose_start(draft: &Draft<'_>, goal: &mut Goal, start: Timestamp, provenance: Provenance) {
    let local = draft.view.local(start);
    let before = goal.slots.when.take().map(|slot| slot.when);
    let text = before.as_ref().map(|when| when.text.clone()).unwrap_or_default();
    let mut when = constraint::exactly(local.date(), Some(local.time()), text);
    // What was assumed about the day is still to be read back.
    if let Some(before) = before.filter(|before| before.date() == Some(local.date())) {
        when.inferred = before.inferred;
    }
    goal.slots.when = Some(WhenSlot {
        when,
        said_on: draft.view.today(),
        instant: Some(start),
        provenance,
    });
}

/// As [`choose_start`], for a start that follows from what was said: the provenance and what was assumed stay.
pub(super) fn choose_start_keeping_remarks(draft: &Draft<'_>, goal: &mut Goal, start: Timestamp) {
    let before = goal.slots.when.take();
    let (inferred, provenance) = before.as_ref().map_or((Vec::new(), Provenance::Inferred), |w| {
        (w.when.inferred.clone(), w.provenance)
    });
    // "later" and "earliest" are spent: they have become this start. A wish for the earliest lives on, so that "with
    // Mai" after it looks for her earliest.
    let kept = before
        .clone()
        .filter(|w| matches!(w.when.order, Some(Order::Earliest | Order::Latest)));
    goal.slots.when = before;
    choose_start(draft, goal, start, provenance);
    if let Some(slot) = &mut goal.slots.when {
        slot.when.inferred = inferred;
        if let Some(kept) = kept {
            *slot = kept;
        }
    }
}

/// The visit that should be moved or cancelled is no longer there.
pub(super) fn target_gone(draft: &mut Draft<'_>, mut goal: Goal) {
    draft.line("appointment-gone", &[]);
    draft.release(&mut goal);
    draft.end(goal, GoalState::Failed);
}
