//! Appointments that the customer already has: listing, cancelling, and finding the one that should be moved.
//!
//! Only the customer's own are ever looked at; nobody else's can be named, let alone changed.

use jiff::SignedDuration;

use super::context::{Choice, Offered};
use super::draft::Draft;
use super::goal::{Goal, GoalState, Provenance, ServiceSlot, StaffSlot};
use super::outcome::Effect;
use super::{book, confirm};
use crate::booking::Status;
use crate::booking::appointment::Appointment;
use crate::booking::visit::StaffWish;
use crate::types::AppointmentId;
use crate::understanding::{Expecting, GoalKind, When};

/// Lists them.
pub(super) fn list(draft: &mut Draft<'_>) {
    let own = draft.own_appointments();
    let speaker = draft.speaker();
    if own.is_empty() {
        return draft.line("no-appointments", &[]);
    }
    let lines: Vec<String> = own
        .iter()
        .map(|a| {
            speaker.line(
                "appointment-item",
                &[
                    ("visit", speaker.appointment(a).into()),
                    ("reference", speaker.reference(a.id).into()),
                ],
            )
        })
        .collect();
    draft.line(
        "your-appointments",
        &[("count", lines.len().into()), ("list", lines.join("\n").into())],
    );
}

/// Goes on with a goal about an existing appointment: finds out which, then cancels or looks for another slot.
pub(super) fn advance(draft: &mut Draft<'_>, mut goal: Goal, which: Option<&When>) {
    if which.is_some() && goal.target.take().is_some() {
        // Another one is meant: what was taken over from the first goes with it.
        draft.release(&mut goal);
        goal.slots.services.retain(|s| s.provenance != Provenance::Kept);
        goal.slots.staff = goal.slots.staff.filter(|s| s.provenance != Provenance::Kept);
        goal.slots.party_size = None;
    }
    if let Some(target) = goal.target {
        return match draft
            .view
            .calendar
            .appointment(target)
            .map(|a| a.as_ref().clone())
        {
            Some(appointment) if matches!(appointment.status, Status::Pending | Status::Confirmed) => {
                go_on(draft, goal, &appointment);
            }
            _ => book::target_gone(draft, goal),
        };
    }
    let mut own = draft.own_appointments();
    if let Some(which) = which {
        let named: Vec<Appointment> = own
            .iter()
            .filter(|a| which.allows(draft.view.local(a.starts_at)))
            .cloned()
            .collect();
        if named.is_empty() && !own.is_empty() {
            draft.line("no-such-appointment", &[("when", which.text.clone().into())]);
        } else {
            own = named;
        }
    }
    if let Some(service) = goal.slots.services.first().filter(|_| own.len() > 1) {
        let of_service: Vec<Appointment> = own
            .iter()
            .filter(|a| a.services.contains(&service.id))
            .cloned()
            .collect();
        if of_service.len() == 1 {
            own = of_service;
        }
    }
    match own.as_slice() {
        [] => {
            draft.line("no-appointments", &[]);
            draft.end(goal, GoalState::Failed);
        }
        [only] if which.is_none_or(|w| w.allows(draft.view.local(only.starts_at))) => {
            goal.target = Some(only.id);
            go_on(draft, goal, &only.clone());
        }
        several => ask_which(draft, goal, several),
    }
}

/// Appointments that are listed to choose from; one beyond them is named by its day.
const LISTED_MAX: usize = 9;

fn ask_which(draft: &mut Draft<'_>, goal: Goal, several: &[Appointment]) {
    let speaker = draft.speaker();
    let options = several
        .iter()
        .take(LISTED_MAX)
        .map(|a| Offered {
            label: speaker.appointment(a),
            choice: Choice::Appointment(a.id),
        })
        .collect();
    let lead = speaker.line(
        if goal.kind == GoalKind::Cancel {
            "ask-which-cancel"
        } else {
            "ask-which-move"
        },
        &[],
    );
    let again = speaker.line("ask-which-again", &[]);
    let id = goal.id;
    draft.keep(Goal {
        state: GoalState::Collecting,
        ..goal
    });
    draft.ask(Some(id), Expecting::Choice, lead, again, options);
}

fn go_on(draft: &mut Draft<'_>, goal: Goal, appointment: &Appointment) {
    let policies = &draft.view.catalogue.policies;
    let notice = match goal.kind {
        GoalKind::Cancel => policies.cancel_notice_min,
        _ => policies.reschedule_notice_min,
    };
    let last = draft
        .view
        .now
        .saturating_add(SignedDuration::from_mins(i64::from(notice)));
    if last.is_ok_and(|last| appointment.starts_at < last) {
        return too_late(draft, goal, notice);
    }
    if goal.kind == GoalKind::Cancel {
        read_back_cancel(draft, goal, appointment);
    } else {
        find_another(draft, goal, appointment);
    }
}

fn too_late(draft: &mut Draft<'_>, mut goal: Goal, notice: u32) {
    let phone = draft.view.catalogue.phone.clone().unwrap_or_default();
    let facts = [
        ("notice", draft.speaker().notice(notice).into()),
        ("phone", phone.into()),
    ];
    draft.line(
        if goal.kind == GoalKind::Cancel {
            "too-late-to-cancel"
        } else {
            "too-late-to-move"
        },
        &facts,
    );
    draft.release(&mut goal);
    draft.end(goal, GoalState::Failed);
}

fn read_back_cancel(draft: &mut Draft<'_>, goal: Goal, appointment: &Appointment) {
    let speaker = draft.speaker();
    let facts = [("visit", speaker.appointment(appointment).into())];
    let (lead, again) = (
        speaker.line("read-back-cancel", &facts),
        speaker.line("read-back-cancel-again", &facts),
    );
    let id = goal.id;
    draft.keep(Goal {
        state: GoalState::Confirming,
        ..goal
    });
    draft.ask_yes_or_no(id, lead, again);
}

/// What is not said anew stays as it was: services, staff, people.
fn find_another(draft: &mut Draft<'_>, mut goal: Goal, appointment: &Appointment) {
    if goal.slots.services.is_empty() {
        let mut services = appointment.services.clone();
        // A visit of several people has each service once per person.
        let mut seen = std::collections::BTreeSet::new();
        services.retain(|id| seen.insert(id.clone()));
        goal.slots.services = services
            .into_iter()
            .map(|id| ServiceSlot {
                id,
                provenance: Provenance::Kept,
            })
            .collect();
    }
    if goal.slots.party_size.is_none() && appointment.party_size > 1 {
        goal.slots.party_size = Some(appointment.party_size);
    }
    if goal.slots.staff.is_none() {
        let staff = draft.speaker().staff_of(&appointment.allocations);
        if let [only] = staff.as_slice() {
            goal.slots.staff = Some(StaffSlot {
                wish: StaffWish::Only(only.clone()),
                provenance: Provenance::Kept,
            });
        }
    }
    // "move it to 3pm": the day stays.
    if let Some(slot) = &mut goal.slots.when
        && slot.instant.is_none()
        && slot.when.says() == (false, true)
    {
        let day = draft.view.local(appointment.starts_at).date();
        for window in &mut slot.when.windows {
            window.dates = Some(crate::understanding::when::DateRange::day(day));
        }
    } else if let Some(slot) = &mut goal.slots.when
        && slot.when.says() == (true, false)
        && slot.when.date().is_some()
        && slot.when.order.is_none()
    {
        // "move it to Saturday": the time is tried first, and the rest of that day offered if it is taken.
        let time = draft.view.local(appointment.starts_at).time();
        let mut same_time = goal.clone();
        if let Some(slot) = &mut same_time.slots.when {
            for window in &mut slot.when.windows {
                window.times = Some(crate::understanding::when::TimeRange::At(time));
            }
        }
        if matches!(super::find::find(draft, &same_time), super::find::Found::One(_)) {
            goal = same_time;
        }
    }
    book::advance(draft, goal);
}

/// The customer said yes to cancelling.
pub(super) fn cancel(draft: &mut Draft<'_>, goal: Goal) {
    let target: Option<AppointmentId> = goal.target;
    let row = target
        .and_then(|id| draft.view.calendar.appointment(id))
        .map(|a| a.as_ref().clone());
    match row {
        Some(appointment) if matches!(appointment.status, Status::Pending | Status::Confirmed) => {
            let text = draft.speaker().appointment(&appointment);
            draft.line("cancelled", &[("visit", text.into())]);
            draft.effects.push(Effect::Cancel { appointment });
            draft.end(goal, GoalState::Done);
        }
        _ => book::target_gone(draft, goal),
    }
}

/// "Actually make it Saturday" right after a booking: the goal that moves it.
pub(super) fn correct(draft: &mut Draft<'_>, booked: &Goal) -> Option<Goal> {
    let target = booked.target?;
    let live = draft
        .view
        .calendar
        .appointment(target)
        .is_some_and(|a| matches!(a.status, Status::Pending | Status::Confirmed));
    if booked.state != GoalState::Done || !live {
        return None;
    }
    let mut goal = draft.open_goal(GoalKind::Reschedule);
    goal.target = Some(target);
    goal.slots = booked.slots.clone();
    Some(goal)
}

/// Yes to whatever the goal read back.
pub(super) fn yes(draft: &mut Draft<'_>, goal: Goal) {
    match goal.kind {
        GoalKind::Cancel => cancel(draft, goal),
        _ => confirm::yes(draft, goal),
    }
}
