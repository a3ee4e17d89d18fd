//! What time does to a conversation: goals grow old, questions go stale.

use jiff::SignedDuration;

use super::draft::Draft;
use super::goal::{Goal, GoalState};
use super::waitlist;

/// An untouched goal is set aside after this.
const PARK_AFTER: SignedDuration = SignedDuration::from_hours(2);
/// A goal that was set aside is given up after this.
const EXPIRE_AFTER: SignedDuration = SignedDuration::from_hours(24);
/// What was dropped or finished can be spoken of for so long.
const REMEMBER_FOR: SignedDuration = SignedDuration::from_hours(24);

/// Brings the context up to now, before anything new is heard.
pub(super) fn age(draft: &mut Draft<'_>) {
    let now = draft.view.now;
    if draft.context.paused_until.is_some_and(|until| until <= now) {
        draft.context.paused_until = None;
    }
    waitlist::lapse(draft);
    let goals = std::mem::take(&mut draft.context.goals);
    for mut goal in goals {
        let rested = now.duration_since(goal.touched_at);
        if rested >= EXPIRE_AFTER {
            draft.release(&mut goal);
            let touched_at = goal.touched_at;
            draft.end(goal, GoalState::Expired);
            if let Some(dropped) = &mut draft.context.dropped {
                dropped.touched_at = touched_at;
            }
        } else {
            if rested >= PARK_AFTER {
                draft.release(&mut goal);
                goal.state = GoalState::Parked;
            }
            draft.context.goals.push(goal);
        }
    }
    let is_old = |goal: &Goal| now.duration_since(goal.touched_at) >= REMEMBER_FOR * 2;
    if draft.context.dropped.as_ref().is_some_and(is_old) {
        draft.context.dropped = None;
    }
    let stale = |asked: jiff::Timestamp| now.duration_since(asked) >= EXPIRE_AFTER;
    if draft.context.question.as_ref().is_some_and(|q| stale(q.asked_at)) {
        draft.close_question();
    }
}

/// Says which day is meant, where the words were said on another day ("tomorrow", said yesterday).
pub(super) fn note_new_day(draft: &mut Draft<'_>, goal: &mut Goal) {
    let today = draft.view.today();
    let Some(slot) = &mut goal.slots.when else { return };
    if slot.said_on == today {
        return;
    }
    slot.said_on = today;
    if let Some(date) = slot.when.date().filter(|d| *d >= today) {
        let day = draft.speaker().day(date);
        draft.line("still-that-day", &[("day", day.into())]);
    }
}
