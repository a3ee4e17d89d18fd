//! The read-back before anything is booked or moved, and what follows a yes.

use jiff::{SignedDuration, Timestamp};

use super::book::{self, service_ids};
use super::draft::Draft;
use super::find;
use super::goal::{Goal, GoalState, Provenance, StaffSlot};
use super::outcome::{Effect, WaitlistState};
use super::{refuse, waitlist};
use crate::booking::appointment::{Appointment, Status};
use crate::booking::availability;
use crate::booking::visit::{self, NewAppointment, Plan, StaffWish};
use crate::types::AppointmentId;
use crate::understanding::GoalKind;

/// Promises the plan for a while and asks for the yes.
pub(super) fn read_back(draft: &mut Draft<'_>, mut goal: Goal, plan: &Plan) {
    if too_many(draft, &goal) {
        return refuse_more(draft, goal);
    }
    book::choose_start_keeping_remarks(draft, &mut goal, plan.starts_at);
    promise(draft, &mut goal, plan);
    if is_express(draft, &goal, plan) {
        return yes(draft, goal);
    }
    let speaker = draft.speaker();
    let remark = goal
        .slots
        .when
        .as_ref()
        .and_then(|w| speaker.remark(&w.when.inferred, Some(draft.view.local(plan.starts_at).date())));
    if let Some(remark) = remark {
        draft.say(remark);
    }
    if let Some(other) = own_overlap(draft, &goal, plan) {
        draft.line("own-overlap", &[("visit", speaker.appointment(&other).into())]);
    }
    let visit = speaker.visit(&wanted(draft, &goal), &plan.allocations, plan.starts_at);
    let facts = [
        ("visit", visit.into()),
        ("services", speaker.services(&wanted(draft, &goal)).into()),
        (
            "staff",
            speaker.people(&speaker.staff_of(&plan.allocations)).into(),
        ),
        ("when", speaker.span(plan.starts_at, plan.ends_at).into()),
        ("price", speaker.price(price(draft, &goal)).into()),
        (
            "name",
            draft.context.profile.name.clone().unwrap_or_default().into(),
        ),
        ("people", goal.slots.party_size.unwrap_or(1).into()),
        ("minutes", draft.view.catalogue.policies.hold_min.into()),
    ];
    let (lead, again) = match (
        goal.kind,
        goal.target.and_then(|id| draft.view.calendar.appointment(id)),
    ) {
        (GoalKind::Reschedule, Some(target)) => {
            let facts = [
                ("old", speaker.appointment(target).into()),
                ("moment", speaker.moment(plan.starts_at).into()),
                (
                    "staff",
                    speaker.people(&speaker.staff_of(&plan.allocations)).into(),
                ),
            ];
            (
                speaker.line("read-back-move", &facts),
                speaker.line("read-back-move-again", &facts),
            )
        }
        _ => (
            speaker.line("read-back", &facts),
            speaker.line("read-back-again", &facts),
        ),
    };
    let id = goal.id;
    draft.keep(Goal {
        state: GoalState::Confirming,
        ..goal
    });
    draft.ask_yes_or_no(id, lead, again);
}

/// One service per item: two people with one service are two.
fn wanted(draft: &Draft<'_>, goal: &Goal) -> Vec<crate::types::ServiceId> {
    find::wish(draft, goal)
        .items
        .into_iter()
        .map(|item| item.service)
        .collect()
}

fn price(draft: &Draft<'_>, goal: &Goal) -> Option<u64> {
    visit::price_minor(draft.view.catalogue, &find::wish(draft, goal))
}

/// Holds the plan, unless it is held already or cannot be.
fn promise(draft: &mut Draft<'_>, goal: &mut Goal, plan: &Plan) {
    let same = |hold: &Appointment| hold.allocations == plan.allocations && is_live_hold(draft, hold);
    if goal.hold.as_ref().is_some_and(same) {
        return;
    }
    let minutes = draft.view.catalogue.policies.hold_min;
    if minutes == 0 || overlaps_target(draft, goal, plan) {
        // Moving into one's own time cannot be held: the visit that is moved stands there itself.
        draft.release(goal);
        goal.plan = Some(plan.clone());
        return;
    }
    let until = draft
        .view
        .now
        .saturating_add(SignedDuration::from_mins(i64::from(minutes)))
        .unwrap_or(Timestamp::MAX);
    let hold = appointment(draft, goal, plan, Some(until));
    // The store releases the goal's earlier hold together with placing this one.
    draft
        .effects
        .retain(|e| !matches!(e, Effect::Hold { appointment } if appointment.goal == Some(goal.id)));
    draft.effects.push(Effect::Hold {
        appointment: hold.clone(),
    });
    goal.hold = Some(hold);
    goal.plan = None;
}

fn overlaps_target(draft: &Draft<'_>, goal: &Goal, plan: &Plan) -> bool {
    let Some(target) = goal.target.and_then(|id| draft.view.calendar.appointment(id)) else {
        return false;
    };
    target.allocations.iter().any(|old| {
        plan.allocations.iter().any(|new| {
            old.resource == new.resource
                && old.seat == new.seat
                && old.blocked_from < new.blocked_until
                && new.blocked_from < old.blocked_until
        })
    })
}

fn appointment(
    draft: &mut Draft<'_>,
    goal: &Goal,
    plan: &Plan,
    hold_expires_at: Option<Timestamp>,
) -> Appointment {
    let new = NewAppointment {
        id: AppointmentId(draft.draw()),
        participant: draft.view.participant.clone(),
        hold_expires_at,
        goal: Some(goal.id),
    };
    plan.new_appointment(draft.view.catalogue, &find::wish(draft, goal), new)
}

fn is_live_hold(draft: &Draft<'_>, hold: &Appointment) -> bool {
    let placed_now = draft
        .effects
        .iter()
        .any(|e| matches!(e, Effect::Hold { appointment } if appointment.id == hold.id));
    placed_now
        || draft.view.calendar.appointment(hold.id).is_some_and(|row| {
            row.status == Status::Held
                && row.version == hold.version
                && row.hold_expires_at.is_some_and(|until| until > draft.view.now)
        })
}

/// Another visit of the customer at that time. It is said, and theirs to decide: one may book for a friend.
fn own_overlap(draft: &Draft<'_>, goal: &Goal, plan: &Plan) -> Option<Appointment> {
    draft
        .own_appointments()
        .into_iter()
        .find(|a| Some(a.id) != goal.target && a.starts_at < plan.ends_at && plan.starts_at < a.ends_at)
}

fn too_many(draft: &Draft<'_>, goal: &Goal) -> bool {
    let Some(max) = draft.view.catalogue.policies.active_appointments_max else {
        return false;
    };
    goal.kind == GoalKind::Book
        && draft.own_appointments().len() >= usize::try_from(max).unwrap_or(usize::MAX)
}

fn refuse_more(draft: &mut Draft<'_>, mut goal: Goal) {
    let max = draft
        .view
        .catalogue
        .policies
        .active_appointments_max
        .unwrap_or_default();
    draft.line("too-many-appointments", &[("max", max.into())]);
    draft.release(&mut goal);
    draft.end(goal, GoalState::Failed);
}

/// The business books without a read-back when the customer said everything and nothing was assumed.
fn is_express(draft: &Draft<'_>, goal: &Goal, plan: &Plan) -> bool {
    let said = |p: Provenance| p == Provenance::Said;
    draft.view.catalogue.policies.express
        && goal.kind == GoalKind::Book
        && goal.slots.services.iter().all(|s| said(s.provenance))
        && goal.slots.staff.as_ref().is_some_and(|s| said(s.provenance))
        && goal
            .slots
            .when
            .as_ref()
            .is_some_and(|w| said(w.provenance) && w.when.inferred.is_empty() && w.when.time().is_some())
        && own_overlap(draft, goal, plan).is_none()
}

/// The customer said yes to the read-back.
pub(super) fn yes(draft: &mut Draft<'_>, goal: Goal) {
    match goal.hold.clone() {
        Some(hold) if is_live_hold(draft, &hold) => won(draft, goal, hold),
        Some(lapsed) => renew(draft, goal, &lapsed),
        None => direct(draft, goal),
    }
}

/// The hold has run out. If the visit that was read back is still to be had, it is booked at once; if only its time
/// is, with somebody else or at another price, that is read back first.
fn renew(draft: &mut Draft<'_>, goal: Goal, lapsed: &Appointment) {
    let mut same = goal.clone();
    if let [only] = draft.speaker().staff_of(&lapsed.allocations).as_slice() {
        same.slots.staff = Some(StaffSlot {
            wish: StaffWish::Only(only.clone()),
            provenance: Provenance::Inferred,
        });
    }
    let check = |goal: &Goal| {
        let wish = find::wish(draft, goal);
        find::with_question(draft, goal, &wish, |q| availability::check(q, lapsed.starts_at))
    };
    let with_the_same = check(&same).ok().filter(|plan| {
        is_same_visit(&plan.allocations, &lapsed.allocations) && price(draft, &same) == lapsed.price_minor
    });
    if let Some(plan) = with_the_same {
        draft.line("hold-renewed", &[]);
        same.hold = None;
        promise(draft, &mut same, &plan);
        return match same.hold.clone() {
            Some(hold) => won(draft, same, hold),
            None => direct(draft, same),
        };
    }
    let anyone = if goal.slots.staff.is_some() { goal } else { same };
    match check(&anyone) {
        Err(_) if anyone.waitlist.is_some() => waitlist::offer_gone(draft, anyone),
        Ok(plan) => {
            draft.line("hold-lapsed", &[]);
            read_back(draft, anyone, &plan);
        }
        Err(refusal) => {
            draft.line("hold-lapsed", &[]);
            refuse::explain(draft, anyone, refusal.start, refusal.reason);
        }
    }
}

/// Whether two plans are the same to the customer; which of several seats it is makes no difference.
fn is_same_visit(a: &[visit::Allocation], b: &[visit::Allocation]) -> bool {
    let seen = |a: &visit::Allocation| (a.service.clone(), a.resource.clone(), a.starts_at, a.ends_at);
    a.iter().map(seen).eq(b.iter().map(seen))
}

fn won(draft: &mut Draft<'_>, goal: Goal, hold: Appointment) {
    let by_hand = draft.view.catalogue.policies.confirm_by_hand;
    if goal.kind == GoalKind::Reschedule {
        let target = goal
            .target
            .and_then(|id| draft.view.calendar.appointment(id))
            .map(|a| a.as_ref().clone());
        return match target {
            Some(target) => moved(draft, goal, target, &hold.allocations.clone(), Some(hold)),
            None => book::target_gone(draft, goal),
        };
    }
    draft.effects.push(Effect::Confirm {
        appointment: hold.clone(),
        by_hand,
    });
    booked(draft, goal, &hold, by_hand);
}

/// Nothing is held: the commit itself decides who gets the slot.
fn direct(draft: &mut Draft<'_>, mut goal: Goal) {
    let wish = find::wish(draft, &goal);
    let Some(planned) = goal.plan.clone() else {
        return book::advance(draft, goal);
    };
    let checked = find::with_question(draft, &goal, &wish, |q| availability::check(q, planned.starts_at));
    let plan = match checked {
        Ok(plan) if is_same_visit(&plan.allocations, &planned.allocations) => plan,
        // Still free, but not as it was read back.
        Ok(plan) => return read_back(draft, goal, &plan),
        Err(refusal) => {
            goal.plan = None;
            return refuse::explain(draft, goal, refusal.start, refusal.reason);
        }
    };
    if goal.kind == GoalKind::Reschedule {
        let target = goal
            .target
            .and_then(|id| draft.view.calendar.appointment(id))
            .map(|a| a.as_ref().clone());
        return match target {
            Some(target) => moved(draft, goal, target, &plan.allocations, None),
            None => book::target_gone(draft, goal),
        };
    }
    let by_hand = draft.view.catalogue.policies.confirm_by_hand;
    let appointment = appointment(draft, &goal, &plan, None);
    draft.effects.push(Effect::Book {
        appointment: appointment.clone(),
    });
    booked(draft, goal, &appointment, by_hand);
}

fn booked(draft: &mut Draft<'_>, mut goal: Goal, appointment: &Appointment, by_hand: bool) {
    let speaker = draft.speaker();
    let facts = [
        ("visit", speaker.appointment(appointment).into()),
        ("reference", speaker.reference(appointment.id).into()),
        (
            "name",
            draft.context.profile.name.clone().unwrap_or_default().into(),
        ),
        ("price", speaker.price(appointment.price_minor).into()),
    ];
    draft.line(if by_hand { "booked-pending" } else { "booked" }, &facts);
    if let Some(entry) = goal.waitlist {
        waitlist::settle(draft, entry, WaitlistState::Booked);
    }
    goal.hold = None;
    goal.plan = None;
    goal.target = Some(appointment.id);
    draft.end(goal, GoalState::Done);
}

fn moved(
    draft: &mut Draft<'_>,
    mut goal: Goal,
    target: Appointment,
    allocations: &[visit::Allocation],
    hold: Option<Appointment>,
) {
    let (Some(first), Some(last)) = (allocations.first(), allocations.iter().map(|a| a.ends_at).max()) else {
        return book::advance(draft, goal);
    };
    let wish = find::wish(draft, &goal);
    let to = Appointment {
        allocations: allocations.to_vec(),
        services: wanted(draft, &goal),
        party_size: wish.people(),
        starts_at: first.starts_at,
        ends_at: last,
        price_minor: price(draft, &goal),
        version: target.version + 1,
        ..target.clone()
    };
    let speaker = draft.speaker();
    let facts = [
        ("visit", speaker.appointment(&to).into()),
        ("reference", speaker.reference(to.id).into()),
    ];
    draft.line("moved", &facts);
    draft.effects.push(Effect::Move {
        appointment: target,
        to,
        hold: hold.map(|h| h.id),
    });
    goal.hold = None;
    goal.plan = None;
    draft.end(goal, GoalState::Done);
}

/// The customer said no to the read-back, and nothing else.
pub(super) fn no(draft: &mut Draft<'_>, goal: Goal) {
    let speaker = draft.speaker();
    let id = goal.id;
    if goal.kind == GoalKind::Cancel {
        draft.line("cancel-kept", &[]);
        return draft.end(goal, GoalState::Cancelled);
    }
    if goal.waitlist.is_some() {
        return waitlist::declined(draft, goal);
    }
    let lead = speaker.line(
        "ask-what-else",
        &[("services", speaker.services(&service_ids(&goal)).into())],
    );
    let suggestions = vec![
        speaker.line("suggest-another-time", &[]),
        speaker.line("suggest-drop", &[]),
    ];
    draft.keep(Goal {
        state: GoalState::Offering,
        ..goal
    });
    draft.ask_openly(
        Some(id),
        crate::understanding::Expecting::Time,
        lead.clone(),
        lead,
        suggestions,
    );
}
