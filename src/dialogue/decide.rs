//! The decision: what a burst of messages, or an event, makes of the context.

use super::answers;
use super::apply::{self, Applied};
use super::context::{Context, Question, RECENT_IDS_MAX};
use super::draft::Draft;
use super::goal::{Goal, GoalState, Provenance, ServiceSlot, StaffSlot};
use super::outcome::{Effect, Outcome};
use super::resume::{ask_again, resume};
use super::said::Said;
use super::view::{Event, Heard, Input, View};
use super::{book, enquire, existing, expiry, safety, waitlist};
use crate::booking::visit::StaffWish;
use crate::types::ServiceId;
use crate::understanding::act::{HandoffReason, SmallTalk, Topic};
use crate::understanding::{Expecting, GoalKind, SlotKind};

/// From this many messages in a row on that were not understood, a person is asked to take over.
const MISSES_MAX: u32 = 3;

/// Decides. The same arguments always give the same outcome.
#[must_use]
pub fn decide(context: &Context, input: Input<'_>, view: &View<'_>) -> Outcome {
    let mut draft = Draft::new(context, view);
    expiry::age(&mut draft);
    match input {
        Input::Messages(messages) => {
            let language = draft.context.language;
            remember(&mut draft.context, messages, view);
            draft.new_language = draft.context.language != language;
            draft.wording = messages.iter().rev().find_map(|m| m.wording.clone());
            let said = Said::of(messages.iter().flat_map(|m| &m.acts));
            hear(&mut draft, &said);
        }
        Input::Event(Event::SlotFreed { entry, plan }) => waitlist::offer(&mut draft, *entry, plan),
        // Growing old was all there was to do.
        Input::Event(Event::Due) => {}
    }
    draft.finish()
}

fn remember(context: &mut Context, messages: &[Heard], view: &View<'_>) {
    for message in messages {
        if let Some(language) = message.language {
            let own = view.catalogue.language();
            context.language = (language != own).then_some(language);
        }
        context.recent_ids.push_back(message.id.clone());
        context.channel = Some(message.channel);
    }
    while context.recent_ids.len() > RECENT_IDS_MAX {
        context.recent_ids.pop_front();
    }
}

fn hear(draft: &mut Draft<'_>, said: &Said) {
    note_profile(draft, said);
    // A person answers. Only who wants to hear no more is told so by us, because that must hold everywhere.
    if draft.context.paused_until.is_some() && !said.stop {
        return;
    }
    if safety::first(draft, said) {
        draft.context.misses = 0;
        return;
    }
    if said.is_empty() {
        return not_understood(draft);
    }
    draft.context.misses = 0;
    if said.small_talk.contains(&SmallTalk::Greet)
        && draft.context.last_seq == 0
        && (said.says_visit() || !said.starts.is_empty())
    {
        draft.line(
            "hello",
            &[(
                "name",
                draft.context.profile.name.clone().unwrap_or_default().into(),
            )],
        );
    }
    answer_questions(draft, said);
    if work(draft, said) {
        resume(draft);
    } else {
        chat(draft, said);
    }
    ask_again(draft);
    if draft.has_said_nothing() {
        // Whoever says something gets an answer.
        enquire::help(draft);
    }
}

fn note_profile(draft: &mut Draft<'_>, said: &Said) {
    let mut profile = draft.context.profile.clone();
    for slot in &said.cleared {
        match slot {
            SlotKind::Name => profile.name = None,
            SlotKind::Phone => profile.phone = None,
            SlotKind::Email => profile.email = None,
            SlotKind::Service | SlotKind::Staff | SlotKind::When | SlotKind::PartySize | SlotKind::Which => {}
        }
    }
    profile.name = said.name().or(profile.name);
    profile.phone = said.phone.as_ref().map(|p| p.value.clone()).or(profile.phone);
    profile.email = said.email.as_ref().map(|e| e.value.clone()).or(profile.email);
    if profile != draft.context.profile {
        draft.context.profile = profile.clone();
        draft.effects.push(Effect::Profile(profile));
    }
}

/// Rephrase, then show the options, then a person.
fn not_understood(draft: &mut Draft<'_>) {
    draft.context.misses += 1;
    let misses = draft.context.misses;
    if misses >= MISSES_MAX {
        draft.context.misses = 0;
        safety::hand_off(draft, HandoffReason::NotUnderstood);
        return draft.repeat_question();
    }
    match (&draft.context.question, misses) {
        (Some(_), 1) => {
            draft.line("not-understood", &[]);
            ask_again(draft);
        }
        (Some(_), _) => {
            draft.line("not-understood-again", &[]);
            draft.repeat_question_whole();
        }
        (None, _) => {
            draft.line("not-understood", &[]);
            enquire::help(draft);
        }
    }
}

fn answer_questions(draft: &mut Draft<'_>, said: &Said) {
    let named: Vec<ServiceId> = apply::sure_services(said);
    let about = if named.is_empty() {
        draft
            .context
            .question
            .as_ref()
            .and_then(|q| q.goal)
            .and_then(|id| draft.context.goal(id))
            .map(book::service_ids)
            .unwrap_or_default()
    } else {
        named
    };
    for topic in &said.asked {
        // "Why not at four?" looks at four; only a bare "why not?" is about what was refused before.
        if *topic != Topic::WhyNot || said.when.is_none() {
            enquire::answer(draft, topic, &about);
        }
    }
}

/// Does what the messages ask for; `false` when they asked for nothing.
fn work(draft: &mut Draft<'_>, said: &Said) -> bool {
    if said.dropped {
        drop_goal(draft);
        return true;
    }
    if said.set_aside && set_aside(draft) {
        return true;
    }
    if said.undone && revive(draft) {
        return true;
    }
    let question = draft.context.question.clone();
    if let Some(choice) = answers::chosen(draft, said, question.as_ref()) {
        return choice;
    }
    // "yes, book it" is a yes to what was read back, not a wish for something else.
    let confirms = question
        .as_ref()
        .filter(|q| said.confirmed && q.expecting == Expecting::Confirm)
        .and_then(|q| draft.context.goal(q.goal?))
        .map(|goal| goal.kind);
    if let Some(kind) = wanted_kind(draft, said).filter(|kind| confirms != Some(*kind)) {
        start(draft, kind, said);
        return true;
    }
    // What is free, and why something is not, is answered by going on; but a reason that is known was said already.
    let knows_why = focus_id(draft)
        .and_then(|id| draft.context.goal(id)?.refused.as_ref())
        .is_some();
    let asks_free = said.asked.iter().any(|topic| match topic {
        Topic::Availability => true,
        Topic::WhyNot => !knows_why,
        _ => false,
    });
    // A price asked for a service by name is a question, not a wish for it.
    let asks_only = !said.asked.is_empty() && !asks_free;
    let only_names_a_service =
        said.services.is_some() && said.staff.is_none() && said.when.is_none() && said.party_size.is_none();
    if asks_only && (only_names_a_service || !said.says_visit()) {
        if said.confirmed || said.denied {
            answers::yes_or_no(draft, said.confirmed, question);
        }
        return true;
    }
    if said.says_visit() || asks_free || said.which.is_some() {
        go_on(draft, said, question.as_ref());
        return true;
    }
    if said.confirmed || said.denied {
        return answers::yes_or_no(draft, said.confirmed, question);
    }
    false
}

/// Which kind of goal the messages start.
fn wanted_kind(draft: &Draft<'_>, said: &Said) -> Option<GoalKind> {
    let has = |kind| said.starts.contains(&kind);
    if has(GoalKind::Reschedule) || (has(GoalKind::Cancel) && has(GoalKind::Book)) {
        return Some(GoalKind::Reschedule);
    }
    if has(GoalKind::Cancel) {
        return Some(GoalKind::Cancel);
    }
    let kind = said.starts.last().copied()?;
    match kind {
        GoalKind::Book | GoalKind::Waitlist => Some(kind),
        GoalKind::Enquire | GoalKind::Profile | GoalKind::Handoff if draft.context.goals.is_empty() => None,
        _ => None,
    }
}

fn start(draft: &mut Draft<'_>, kind: GoalKind, said: &Said) {
    match kind {
        GoalKind::Waitlist => {
            let is_visit = |goal: &Goal| goal.kind != GoalKind::Cancel;
            let in_focus = focus_id(draft).filter(|id| draft.context.goal(*id).is_some_and(is_visit));
            let goal = in_focus.and_then(|id| draft.take(id));
            let goal = goal.or_else(|| revived_for_waitlist(draft));
            let goal = goal.unwrap_or_else(|| draft.open_goal(GoalKind::Book));
            match apply::apply(draft, goal, said) {
                Applied::Changed(goal) | Applied::Same(goal) => waitlist::join(draft, goal),
                Applied::Asked => {}
            }
        }
        GoalKind::Cancel if draft.own_appointments().is_empty() && focus_id(draft).is_some() => {
            // "cancel" with nothing booked yet means what is being arranged.
            drop_goal(draft);
        }
        GoalKind::Reschedule if said.when.is_some() && draft.own_appointments().is_empty() => {
            // "change it to four" likewise.
            let goal = focus(draft).unwrap_or_else(|| draft.open_goal(kind));
            proceed(draft, goal, said);
        }
        GoalKind::Cancel | GoalKind::Reschedule => {
            let goal = draft.take_kind(kind).unwrap_or_else(|| draft.open_goal(kind));
            // What was being asked about another goal waits.
            draft.close_question();
            if kind == GoalKind::Cancel {
                let mut goal = goal;
                // "cancel Friday" and "cancel the gel" say which one is meant.
                let which = said.which.as_ref().or(said.when.as_ref());
                goal.slots.services = apply::sure_services(said)
                    .into_iter()
                    .map(|id| ServiceSlot {
                        id,
                        provenance: Provenance::Said,
                    })
                    .collect();
                existing::advance(draft, goal, which);
            } else {
                match apply::apply(draft, goal, said) {
                    Applied::Changed(goal) | Applied::Same(goal) => {
                        existing::advance(draft, goal, said.which.as_ref());
                    }
                    Applied::Asked => {}
                }
            }
        }
        _ => {
            let goal = draft
                .take_kind(GoalKind::Book)
                .unwrap_or_else(|| draft.open_goal(GoalKind::Book));
            proceed(draft, goal, said);
        }
    }
}

fn revived_for_waitlist(draft: &mut Draft<'_>) -> Option<Goal> {
    let dropped = draft.context.dropped.take()?;
    if dropped.kind == GoalKind::Book && dropped.state != GoalState::Done {
        return Some(dropped);
    }
    draft.context.dropped = Some(dropped);
    None
}

/// Goes on with the goal in focus, or begins to book.
fn go_on(draft: &mut Draft<'_>, said: &Said, question: Option<&Question>) {
    if let Some(goal) = focus(draft) {
        // "yes, Friday at 2" says nothing new: it is a yes.
        let confirming =
            goal.state == GoalState::Confirming && question.is_some_and(|q| q.goal == Some(goal.id));
        if goal.kind == GoalKind::Cancel {
            return existing::advance(
                draft,
                Goal { target: None, ..goal },
                said.which.as_ref().or(said.when.as_ref()),
            );
        }
        return match apply::apply(draft, goal, said) {
            Applied::Same(goal) if confirming && said.confirmed => existing::yes(draft, goal),
            Applied::Changed(mut goal) => {
                // "Yes, but at three" to an offer from the waitlist lets the offer go, and arranges a visit.
                waitlist::let_go(draft, &mut goal);
                step(draft, goal, said);
            }
            Applied::Same(goal) => step(draft, goal, said),
            Applied::Asked => {}
        };
    }
    // "actually make it Saturday", right after booking.
    let corrects = said.when.is_some() || said.staff.is_some();
    if corrects
        && apply::sure_services(said).is_empty()
        && let Some(done) = draft.context.dropped.clone()
        && let Some(goal) = existing::correct(draft, &done)
    {
        return proceed(draft, goal, said);
    }
    let goal = draft.open_goal(GoalKind::Book);
    proceed(draft, goal, said);
}

fn proceed(draft: &mut Draft<'_>, goal: Goal, said: &Said) {
    match apply::apply(draft, goal, said) {
        Applied::Changed(goal) | Applied::Same(goal) => step(draft, goal, said),
        Applied::Asked => {}
    }
}

/// Takes a goal one step further, by its kind.
pub(super) fn step(draft: &mut Draft<'_>, mut goal: Goal, said: &Said) {
    expiry::note_new_day(draft, &mut goal);
    match goal.kind {
        GoalKind::Reschedule => existing::advance(draft, goal, said.which.as_ref()),
        _ => book::advance(draft, goal),
    }
}

/// The goal that the open question serves, else the active one touched last.
fn focus_id(draft: &Draft<'_>) -> Option<crate::types::GoalId> {
    let asked = draft
        .context
        .question
        .as_ref()
        .and_then(|q| q.goal)
        .filter(|id| draft.context.goal(*id).is_some());
    asked.or_else(|| {
        draft
            .context
            .goals
            .iter()
            .rev()
            .find(|g| g.state.is_active())
            .map(|g| g.id)
    })
}

fn focus(draft: &mut Draft<'_>) -> Option<Goal> {
    let id = focus_id(draft)?;
    draft.take(id)
}

fn drop_goal(draft: &mut Draft<'_>) {
    let Some(mut goal) = focus(draft) else {
        if draft.context.waitlist.is_empty() {
            draft.line("nothing-to-drop", &[]);
        } else {
            waitlist::leave(draft);
            draft.line("waitlist-left", &[]);
        }
        return;
    };
    if goal.waitlist.is_some() {
        return waitlist::declined(draft, goal);
    }
    let_go(draft, &mut goal);
    draft.line("dropped", &[]);
    draft.end(goal, GoalState::Cancelled);
}

/// Gives back what was held. The plan stays known, so that "wait, still there?" can try for the very same slot.
fn let_go(draft: &mut Draft<'_>, goal: &mut Goal) {
    let kept = goal.hold.clone();
    draft.release(goal);
    if let Some(hold) = &kept {
        book::choose_start(draft, goal, hold.starts_at, Provenance::Chosen);
        if let [only] = draft.speaker().staff_of(&hold.allocations).as_slice() {
            goal.slots.staff = Some(StaffSlot {
                wish: StaffWish::Only(only.clone()),
                provenance: Provenance::Chosen,
            });
        }
    }
}

/// "let me think it over": the goal waits, and what it holds is free for others again. `false` where nothing is open.
fn set_aside(draft: &mut Draft<'_>) -> bool {
    let Some(mut goal) = focus(draft).filter(|goal| goal.waitlist.is_none()) else {
        return false;
    };
    let_go(draft, &mut goal);
    goal.state = GoalState::Parked;
    draft.close_question();
    draft.keep(goal);
    draft.line("set-aside", &[]);
    true
}

/// "wait, still there?": the goal that was dropped or put aside lives again, and its slot is tried for again.
fn revive(draft: &mut Draft<'_>) -> bool {
    let aside = draft
        .context
        .goals
        .iter()
        .rposition(|goal| goal.state == GoalState::Parked);
    let mut goal = if let Some(at) = aside {
        draft.context.goals.remove(at)
    } else {
        let Some(dropped) = draft.context.dropped.take() else {
            return false;
        };
        if !matches!(dropped.state, GoalState::Cancelled | GoalState::Expired) {
            draft.context.dropped = Some(dropped);
            return false;
        }
        dropped
    };
    goal.state = GoalState::Collecting;
    goal.hold = None;
    draft.line("revived", &[]);
    step(draft, goal, &Said::default());
    true
}

/// Words without business in them.
fn chat(draft: &mut Draft<'_>, said: &Said) {
    let open = draft.context.question.is_some();
    let name = draft.context.profile.name.clone().unwrap_or_default();
    let named = said.name().is_some() || said.phone.is_some() || said.email.is_some();
    if named || !said.cleared.is_empty() {
        draft.line("noted", &[("name", name.clone().into())]);
    }
    for kind in &said.small_talk {
        match kind {
            SmallTalk::Greet if open => draft.line("hello-again", &[("name", name.clone().into())]),
            SmallTalk::Greet => greet(draft, &name),
            SmallTalk::Thanks => draft.courtesy("welcome", &[("name", name.clone().into())]),
            SmallTalk::Bye => draft.courtesy("bye", &[("name", name.clone().into())]),
            SmallTalk::Compliment => draft.courtesy("compliment", &[]),
            SmallTalk::HowAreYou => draft.courtesy("how-are-you", &[]),
            SmallTalk::File => draft.line("words-only", &[]),
            SmallTalk::Other => draft.courtesy("small-talk", &[]),
        }
    }
    if draft.has_said_nothing() && !open {
        // A yes, a no or a "wait" that nothing is there for.
        enquire::help(draft);
    }
}

fn greet(draft: &mut Draft<'_>, name: &str) {
    if let Some(goal) = focus(draft) {
        draft.line("hello-again", &[("name", name.to_owned().into())]);
        return step(draft, goal, &Said::default());
    }
    let business = draft.view.catalogue.name.clone();
    draft.line(
        "greeting",
        &[("name", name.to_owned().into()), ("business", business.into())],
    );
    enquire::help(draft);
}
