//! Waiting for a slot: joining the line, being offered a slot that became free, taking it or letting it go.

use jiff::{SignedDuration, Timestamp};

use super::book::service_ids;
use super::context::WAITLIST_MAX;
use super::draft::Draft;
use super::find;
use super::goal::{Goal, GoalState, Provenance, ServiceSlot, StaffSlot};
use super::outcome::{Effect, WaitlistEntry, WaitlistOffer, WaitlistState};
use super::{book, speak};
use crate::booking::availability::{self, Question};
use crate::booking::visit::{Arrangement, NewAppointment, Plan};
use crate::booking::{Calendar, Catalogue};
use crate::types::{AppointmentId, WaitlistId};
use crate::understanding::GoalKind;

/// How long an offered slot is kept, in minutes: longer than a hold, because the customer did not just ask.
const OFFER_MIN: i64 = 15;

/// Puts the goal's wish on the waitlist and ends the goal.
pub(super) fn join(draft: &mut Draft<'_>, mut goal: Goal) {
    let Some(slot) = goal
        .slots
        .when
        .clone()
        .filter(|_| !goal.slots.services.is_empty())
    else {
        return book::advance(draft, goal);
    };
    draft.release(&mut goal);
    let_go(draft, &mut goal);
    let wish = find::wish(draft, &goal);
    let twin = draft
        .context
        .waitlist
        .iter()
        .find(|e| e.wish == wish && e.when.windows == slot.when.windows && e.when.except == slot.when.except)
        .cloned();
    if twin.is_none() && draft.context.waitlist.len() >= WAITLIST_MAX {
        draft.line("waitlist-full", &[("max", WAITLIST_MAX.into())]);
        return draft.end(goal, GoalState::Failed);
    }
    let is_new = twin.is_none();
    let entry = twin.unwrap_or_else(|| WaitlistEntry {
        id: WaitlistId(draft.draw()),
        wish,
        when: slot.when,
        state: WaitlistState::Waiting,
        offer: None,
        since: draft.view.now,
        passed: Vec::new(),
    });
    let speaker = draft.speaker();
    let facts = [
        ("services", speaker.services(&service_ids(&goal)).into()),
        ("when", describe(&speaker, &entry).into()),
    ];
    draft.line("waitlist-joined", &facts);
    // Asking twice is waiting once.
    if is_new {
        draft.effects.push(Effect::Waitlist { entry: entry.clone() });
        draft.context.waitlist.push(entry);
    }
    draft.end(goal, GoalState::Parked);
}

fn describe(speaker: &speak::Speaker<'_>, entry: &WaitlistEntry) -> String {
    match (entry.when.date(), entry.when.time()) {
        (Some(date), Some(time)) => speaker.line(
            "moment",
            &[
                ("day", speaker.day(date).into()),
                ("time", speaker.time(time).into()),
            ],
        ),
        (Some(date), None) => speaker.day(date),
        _ => entry.when.text.clone(),
    }
}

/// A slot became free that suits an entry of this customer: offers it, with a hold.
pub(super) fn offer(draft: &mut Draft<'_>, id: WaitlistId, plan: &Plan) {
    let Some(entry) = draft
        .context
        .waitlist
        .iter()
        .find(|e| e.id == id && e.state == WaitlistState::Waiting)
        .cloned()
    else {
        return;
    };
    if draft.context.opted_out {
        return;
    }
    let mut goal = goal_of(draft, &entry);
    let wish = entry.wish.clone();
    // Meanwhile somebody else may have been faster; then there is nothing to say.
    let Ok(plan) = find::with_question(draft, &goal, &wish, |q| availability::check(q, plan.starts_at))
    else {
        return;
    };
    let until = draft
        .view
        .now
        .saturating_add(SignedDuration::from_mins(OFFER_MIN))
        .unwrap_or(Timestamp::MAX);
    let new = NewAppointment {
        id: AppointmentId(draft.draw()),
        participant: draft.view.participant.clone(),
        hold_expires_at: Some(until),
        goal: Some(goal.id),
    };
    let hold = plan.new_appointment(draft.view.catalogue, &wish, new);
    let speaker = draft.speaker();
    let facts = [
        (
            "visit",
            speaker
                .visit(&hold.services, &hold.allocations, hold.starts_at)
                .into(),
        ),
        ("until", speaker.time_at(until).into()),
        ("price", speaker.price(hold.price_minor).into()),
    ];
    let (lead, again) = (
        speaker.line("waitlist-offer", &facts),
        speaker.line("waitlist-offer-again", &facts),
    );
    draft.effects.push(Effect::Hold {
        appointment: hold.clone(),
    });
    goal.hold = Some(hold);
    book::choose_start(draft, &mut goal, plan.starts_at, Provenance::Inferred);
    change(draft, id, |entry| {
        entry.state = WaitlistState::Offered;
        entry.offer = Some(WaitlistOffer {
            plan: plan.clone(),
            expires_at: until,
        });
    });
    let goal_id = goal.id;
    draft.keep(Goal {
        state: GoalState::Confirming,
        ..goal
    });
    draft.ask_yes_or_no(goal_id, lead, again);
}

/// The goal that would book what an entry wants.
fn goal_of(draft: &mut Draft<'_>, entry: &WaitlistEntry) -> Goal {
    let mut goal = draft.open_goal(GoalKind::Book);
    let first = entry.wish.items.first();
    goal.waitlist = Some(entry.id);
    let mut services: Vec<_> = entry.wish.items.iter().map(|i| i.service.clone()).collect();
    if entry.wish.arrangement != Arrangement::InSequence {
        // Several people have each service once per person.
        let mut seen = std::collections::BTreeSet::new();
        services.retain(|id| seen.insert(id.clone()));
    }
    goal.slots.services = services
        .into_iter()
        .map(|id| ServiceSlot {
            id,
            provenance: Provenance::Said,
        })
        .collect();
    goal.slots.staff = first.map(|i| StaffSlot {
        wish: i.staff.clone(),
        provenance: Provenance::Said,
    });
    let people = entry.wish.people().max(1);
    goal.slots.party_size = (people > 1 || book::is_class(draft, &goal)).then_some(people);
    goal
}

/// Offers that ran out: the customer stays on the list, the slot goes on to the next.
pub(super) fn lapse(draft: &mut Draft<'_>) {
    let now = draft.view.now;
    let lapsed: Vec<WaitlistId> = draft
        .context
        .waitlist
        .iter()
        .filter(|e| e.state == WaitlistState::Offered && e.offer.as_ref().is_none_or(|o| o.expires_at <= now))
        .map(|e| e.id)
        .collect();
    let today = draft.view.today();
    let is_over = |e: &&WaitlistEntry| {
        let mut days = e.when.windows.iter().map(|w| w.dates.and_then(|d| d.until));
        !e.when.windows.is_empty() && days.all(|until| until.is_some_and(|until| until <= today))
    };
    let over: Vec<WaitlistId> = draft
        .context
        .waitlist
        .iter()
        .filter(is_over)
        .map(|e| e.id)
        .collect();
    for id in lapsed {
        back_to_waiting(draft, id);
        if let Some(at) = draft.context.goals.iter().position(|g| g.waitlist == Some(id)) {
            let mut goal = draft.context.goals.remove(at);
            // The hold stays named in the goal: a late yes looks whether its slot is free after all.
            let hold = goal.hold.clone();
            draft.release(&mut goal);
            goal.hold = hold;
            draft.end(goal, GoalState::Expired);
        }
    }
    // The days that were waited for have passed.
    for id in over {
        settle(draft, id, WaitlistState::Ended);
    }
}

/// A late yes: the slot is gone.
pub(super) fn offer_gone(draft: &mut Draft<'_>, mut goal: Goal) {
    draft.line("waitlist-offer-gone", &[]);
    if let Some(id) = goal.waitlist {
        back_to_waiting(draft, id);
    }
    goal.hold = None;
    draft.end(goal, GoalState::Failed);
}

/// Turns an offer into a visit to be arranged: the offered slot goes on to the next, the customer stays on the list.
pub(super) fn let_go(draft: &mut Draft<'_>, goal: &mut Goal) {
    if let Some(id) = goal.waitlist.take() {
        back_to_waiting(draft, id);
    }
}

/// "No" to an offered slot: it is given back, and the customer stays on the list.
pub(super) fn declined(draft: &mut Draft<'_>, mut goal: Goal) {
    draft.line("waitlist-declined", &[]);
    draft.release(&mut goal);
    if let Some(id) = goal.waitlist {
        back_to_waiting(draft, id);
    }
    draft.end(goal, GoalState::Cancelled);
}

fn back_to_waiting(draft: &mut Draft<'_>, id: WaitlistId) {
    let now = draft.view.now;
    change(draft, id, |entry| {
        entry.state = WaitlistState::Waiting;
        entry
            .passed
            .extend(entry.offer.take().map(|offer| offer.plan.starts_at));
        entry.passed.retain(|start| *start > now);
        // Whoever let an offer pass goes to the end of the line, so that the next one is asked first.
        entry.since = now;
    });
}

/// Ends an entry.
pub(super) fn settle(draft: &mut Draft<'_>, id: WaitlistId, state: WaitlistState) {
    change(draft, id, |entry| {
        entry.state = state;
        entry.offer = None;
    });
    draft.context.waitlist.retain(|e| e.id != id);
}

/// Takes the customer off every list.
pub(super) fn leave(draft: &mut Draft<'_>) {
    let ids: Vec<WaitlistId> = draft.context.waitlist.iter().map(|e| e.id).collect();
    for id in ids {
        settle(draft, id, WaitlistState::Ended);
    }
}

fn change(draft: &mut Draft<'_>, id: WaitlistId, with: impl FnOnce(&mut WaitlistEntry)) {
    if let Some(entry) = draft.context.waitlist.iter_mut().find(|e| e.id == id) {
        with(entry);
        let entry = entry.clone();
        draft.effects.push(Effect::Waitlist { entry });
    }
}

/// The first plan that suits an entry and is free, if there is one.
#[must_use]
pub fn first_fit(
    catalogue: &Catalogue,
    calendar: &Calendar,
    entry: &WaitlistEntry,
    now: Timestamp,
) -> Option<Plan> {
    let local = |at: Timestamp| catalogue.time_zone.to_datetime(at);
    let today = local(now).date();
    let dates = || entry.when.windows.iter().filter_map(|w| w.dates);
    let from = dates().filter_map(|d| d.from).min().unwrap_or(today).max(today);
    let last = find::plus_days(
        today,
        i32::try_from(catalogue.policies.horizon_days).unwrap_or(i32::MAX),
    );
    let to = dates()
        .filter_map(|d| d.until?.yesterday().ok())
        .max()
        .unwrap_or(last)
        .min(last);
    let question = Question {
        catalogue,
        calendar,
        wish: &entry.wish,
        now,
        ignoring: &[],
    };
    availability::search(question, from, to)
        .free
        .into_iter()
        .find(|plan| entry.when.allows(local(plan.starts_at)) && !entry.passed.contains(&plan.starts_at))
}
