//! Coming back: to what was being arranged, and to the question that is still open.

use super::decide::step;
use super::draft::Draft;
use super::goal::{Goal, GoalState};
use super::said::Said;

/// Comes back to what was being arranged before it was interrupted, once what interrupted it is done.
pub(super) fn resume(draft: &mut Draft<'_>) {
    if draft.has_asked() || draft.context.question.is_some() {
        return;
    }
    let waits = |goal: &Goal| goal.state.is_active() && goal.state != GoalState::Parked;
    let id = draft
        .context
        .goals
        .iter()
        .rev()
        .find(|goal| waits(goal))
        .map(|goal| goal.id);
    if let Some(goal) = id.and_then(|id| draft.take(id)) {
        step(draft, goal, &Said::default());
    }
}

/// Asks the open question again in short, unless the turn asked one of its own. Its words are those of the language in
/// which it was asked; when the customer has gone over to another, what it is about is asked anew.
pub(super) fn ask_again(draft: &mut Draft<'_>) {
    let is_stale = draft.new_language && !draft.has_asked();
    let waits = |goal: &&Goal| goal.state.is_active() && goal.state != GoalState::Parked;
    let question = draft.context.question.as_ref().filter(|_| is_stale);
    let goal = question.and_then(|question| draft.context.goal(question.goal?));
    // What was offered to somebody on the waitlist is theirs to take or leave as it was said.
    let id = goal
        .filter(waits)
        .filter(|goal| goal.waitlist.is_none())
        .map(|goal| goal.id);
    match id.and_then(|id| draft.take(id)) {
        Some(goal) => step(draft, goal, &Said::default()),
        None => draft.repeat_question(),
    }
}
