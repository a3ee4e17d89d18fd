//! Answers to the open question: an option by its number, a yes, a no.

use super::apply::{self, Applied};
use super::context::{Choice, Question};
use super::decide::step;
use super::draft::Draft;
use super::goal::{Goal, GoalState, Provenance, StaffSlot, WhenSlot};
use super::said::Said;
use super::{book, confirm, constraint, existing, waitlist};
use crate::booking::visit::StaffWish;
use crate::understanding::Expecting;

/// An option picked by its number. `None` when none was.
pub(super) fn chosen(draft: &mut Draft<'_>, said: &Said, question: Option<&Question>) -> Option<bool> {
    let question = question?;
    let only_yes = said.confirmed
        && !said.says_visit()
        && question.expecting == Expecting::Choice
        && question.options.len() == 1;
    let number = said.chosen.or_else(|| only_yes.then_some(1))?;
    if question.options.is_empty() {
        return None;
    }
    let Some(option) = number
        .checked_sub(1)
        .and_then(|i| question.options.get(i))
        .cloned()
    else {
        draft.line("no-such-option", &[("count", question.options.len().into())]);
        draft.repeat_question_whole();
        return Some(true);
    };
    let goal = question.goal.and_then(|id| draft.take(id))?;
    // What else was said counts too: "the second one, with Mai".
    let mut goal = match apply::apply(draft, goal, said) {
        Applied::Changed(goal) | Applied::Same(goal) => goal,
        Applied::Asked => return Some(true),
    };
    draft.close_question();
    match option.choice {
        Choice::Service(id) => apply::choose_service(draft, &mut goal, id),
        Choice::Start(start) => book::choose_start(draft, &mut goal, start, Provenance::Chosen),
        Choice::Plan(plan) => {
            book::choose_start(draft, &mut goal, plan.starts_at, Provenance::Chosen);
            if let [only] = draft.speaker().staff_of(&plan.allocations).as_slice() {
                goal.slots.staff = Some(StaffSlot {
                    wish: StaffWish::Only(only.clone()),
                    provenance: Provenance::Chosen,
                });
            }
        }
        Choice::Appointment(id) => {
            goal.target = Some(id);
            existing::advance(draft, goal, None);
            return Some(true);
        }
        Choice::Day(date) => {
            let day = constraint::exactly(date, None, option.label);
            let when = match &goal.slots.when {
                Some(slot) => constraint::refine(&slot.when, &day),
                None => day,
            };
            let said_on = draft.view.today();
            goal.slots.when = Some(WhenSlot {
                when,
                said_on,
                instant: None,
                provenance: Provenance::Chosen,
            });
        }
        Choice::Staff(id) => {
            goal.slots.staff = Some(StaffSlot {
                wish: StaffWish::Only(id),
                provenance: Provenance::Chosen,
            });
        }
        Choice::Waitlist => {
            waitlist::join(draft, goal);
            return Some(true);
        }
    }
    step(draft, goal, &Said::default());
    Some(true)
}

pub(super) fn yes_or_no(draft: &mut Draft<'_>, yes: bool, question: Option<Question>) -> bool {
    let Some(question) = question else {
        return yes && late_yes(draft);
    };
    let Some(goal) = question.goal.and_then(|id| draft.take(id)) else {
        draft.close_question();
        return yes && late_yes(draft);
    };
    match (question.expecting, yes) {
        (Expecting::Confirm, true) => {
            draft.close_question();
            existing::yes(draft, goal);
        }
        (Expecting::Confirm, false) => {
            draft.close_question();
            confirm::no(draft, goal);
        }
        (Expecting::Staff, _) => {
            // "ok" and "no" to "with Mai or Linh, or whoever is free?" both say no name.
            let mut goal = goal;
            goal.slots.staff = Some(StaffSlot {
                wish: StaffWish::Anyone,
                provenance: Provenance::Said,
            });
            book::advance(draft, goal);
        }
        (Expecting::Choice | Expecting::Time, false) => confirm::no(draft, goal),
        _ => {
            draft.context.goals.push(goal);
            draft.repeat_question_whole();
        }
    }
    true
}

/// A yes to something that ran out meanwhile.
fn late_yes(draft: &mut Draft<'_>) -> bool {
    let Some(dropped) = draft.context.dropped.take() else {
        return false;
    };
    if dropped.state == GoalState::Expired && dropped.hold.is_some() {
        confirm::yes(
            draft,
            Goal {
                state: GoalState::Confirming,
                ..dropped
            },
        );
        return true;
    }
    draft.context.dropped = Some(dropped);
    false
}
