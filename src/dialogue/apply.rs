//! What was said, put into the slots of a goal.

use jiff::civil::Date;
use jiff::{Span, Timestamp};

use super::book;
use super::constraint;
use super::context::{Choice, Offered};
use super::draft::Draft;
use super::enquire;
use super::goal::{Goal, GoalState, Provenance, ServiceSlot, StaffSlot, WhenSlot};
use super::said::Said;
use crate::booking::visit::StaffWish;
use crate::types::{ResourceId, ServiceId};
use crate::understanding::act::{Candidate, Certainty, Mode, ServiceMention, StaffSaid, Topic};
use crate::understanding::when::{DateRange, Order, TimeRange, Window};
use crate::understanding::{Expecting, SlotKind, When};

/// More people than this in one visit is for a person to arrange.
const PEOPLE_MAX: u32 = 20;

/// What came of applying.
pub(super) enum Applied {
    /// The goal knows something new.
    Changed(Goal),
    /// Nothing was said that it did not know.
    Same(Goal),
    /// It must be asked first what was meant; the goal is kept and the question is put.
    Asked,
}

/// The services that were named beyond doubt.
pub(super) fn sure_services(said: &Said) -> Vec<ServiceId> {
    let mentions = said.services.iter().flat_map(|(mentions, _)| mentions);
    mentions.filter_map(|m| sure(&m.candidates)).cloned().collect()
}

/// The one candidate that stands out, if there is one that is not a guess.
fn sure<T>(candidates: &[Candidate<T>]) -> Option<&T> {
    let best = candidates.first()?;
    let rivals = candidates
        .iter()
        .filter(|c| c.certainty == best.certainty)
        .count();
    (best.certainty > Certainty::Guess && rivals == 1).then_some(&best.id)
}

/// Puts what was said into the goal.
pub(super) fn apply(draft: &mut Draft<'_>, mut goal: Goal, said: &Said) -> Applied {
    if let Some((staff, day)) = either(said) {
        ask_which_sense(draft, goal, said, staff, day);
        return Applied::Asked;
    }
    let before = goal.slots.clone();
    let paragraphs = draft.paragraphs();
    for slot in &said.cleared {
        clear(&mut goal, *slot);
    }
    set_people(draft, &mut goal, said);
    let several = set_staff(draft, &mut goal, said);
    if let Some(when) = &said.when {
        set_when(draft, &mut goal, when);
    }
    if let Some((mentions, mode)) = &said.services
        && let Some(doubtful) = set_services(draft, &mut goal, mentions, *mode)
    {
        ask_which_service(draft, goal, &doubtful);
        return Applied::Asked;
    }
    if let Some(several) = several {
        ask_which_staff(draft, goal, &several);
        return Applied::Asked;
    }
    if let Some(when) = said.when.as_ref().filter(|w| w.ambiguous && w.windows.len() > 1) {
        ask_which_day(draft, goal, when);
        return Applied::Asked;
    }
    // What could not be taken over was said so, and is no plain repetition: "yes, for fifty" is not a yes.
    if goal.slots == before && draft.paragraphs() == paragraphs {
        Applied::Same(goal)
    } else {
        Applied::Changed(goal)
    }
}

fn clear(goal: &mut Goal, slot: SlotKind) {
    match slot {
        SlotKind::Service => goal.slots.services.clear(),
        SlotKind::Staff => goal.slots.staff = None,
        SlotKind::When => goal.slots.when = None,
        SlotKind::PartySize => goal.slots.party_size = None,
        SlotKind::Name | SlotKind::Phone | SlotKind::Email | SlotKind::Which => {}
    }
}

fn set_people(draft: &mut Draft<'_>, goal: &mut Goal, said: &Said) {
    match said.party_size {
        Some(people) if people > PEOPLE_MAX => {
            let phone = draft.view.catalogue.phone.clone().unwrap_or_default();
            draft.line(
                "party-too-large",
                &[("max", PEOPLE_MAX.into()), ("phone", phone.into())],
            );
        }
        Some(people) if people > 0 => goal.slots.party_size = Some(people),
        _ => {}
    }
}

/// Sets the wish about staff; gives back a name that several people have.
fn set_staff(draft: &mut Draft<'_>, goal: &mut Goal, said: &Said) -> Option<Named> {
    let mut provenance = Provenance::Said;
    let wish = match said.staff.as_ref()? {
        StaffSaid::Anyone => StaffWish::Anyone,
        StaffSaid::Not { ids } => StaffWish::Not(ids.clone()),
        StaffSaid::Named { candidates, text, .. } => {
            let Some(best) = candidates.first() else {
                draft.line("no-such-staff", &[("text", text.clone().into())]);
                enquire::answer(draft, &Topic::Staff, &[]);
                return None;
            };
            let rivals = candidates.iter().filter(|c| c.certainty == best.certainty);
            let rivals: Vec<ResourceId> = rivals.map(|c| c.id.clone()).collect();
            if rivals.len() > 1 {
                let text = text.clone();
                return Some(Named { text, rivals });
            }
            if best.certainty != Certainty::Exact {
                provenance = Provenance::Inferred;
            }
            StaffWish::Only(best.id.clone())
        }
    };
    // Said again is not said anew: what was chosen from options stays so.
    if goal.slots.staff.as_ref().is_none_or(|slot| slot.wish != wish) {
        goal.slots.staff = Some(StaffSlot { wish, provenance });
    }
    None
}

/// A name that fits several people.
struct Named {
    text: String,
    rivals: Vec<ResourceId>,
}

fn ask_which_staff(draft: &mut Draft<'_>, goal: Goal, named: &Named) {
    let speaker = draft.speaker();
    let names: Vec<String> = named.rivals.iter().map(|id| speaker.resource(id)).collect();
    let facts = [
        ("text", named.text.clone().into()),
        ("staff", speaker.or(&names).into()),
    ];
    let lead = speaker.line("which-staff", &facts);
    let again = speaker.line("ask-staff-again", &facts);
    let id = goal.id;
    draft.keep(Goal {
        state: GoalState::Collecting,
        ..goal
    });
    draft.ask_openly(Some(id), Expecting::Staff, lead, again, names);
}

fn set_when(draft: &Draft<'_>, goal: &mut Goal, said: &When) {
    let when = step(draft, goal, said).unwrap_or_else(|| {
        let mut said = said.clone();
        if matches!(said.order, Some(Order::Later | Order::Earlier)) {
            // "later, at five" is at five; and with nothing to count from, "later" says nothing.
            said.order = None;
        }
        match &goal.slots.when {
            Some(slot) => constraint::refine(&slot.when, &said),
            None => said,
        }
    });
    let same = goal.slots.when.as_ref().is_some_and(|slot| {
        slot.when.windows == when.windows && slot.when.except == when.except && slot.when.order == when.order
    });
    if !same {
        goal.slots.when = Some(WhenSlot {
            when,
            said_on: draft.view.today(),
            instant: None,
            provenance: Provenance::Said,
        });
    }
}

/// "later" and "earlier" count from what is on the table: the rest of that day, or of the day that was said with it.
fn step(draft: &Draft<'_>, goal: &Goal, said: &When) -> Option<When> {
    let order = said
        .order
        .filter(|o| matches!(o, Order::Later | Order::Earlier))?;
    let (_, says_times) = said.says();
    let base = draft.view.local(on_the_table(draft, goal, order)?);
    if says_times {
        return None;
    }
    let times = if order == Order::Later {
        TimeRange::Between {
            from: Some(base.time().saturating_add(Span::new().minutes(1))),
            until: None,
        }
    } else {
        TimeRange::Between {
            from: None,
            until: Some(base.time()),
        }
    };
    let days: Vec<Option<DateRange>> = if said.windows.is_empty() {
        vec![Some(DateRange::day(base.date()))]
    } else {
        said.windows.iter().map(|w| w.dates).collect()
    };
    let windows = days
        .into_iter()
        .map(|dates| Window {
            dates,
            times: Some(times),
        })
        .collect();
    Some(When {
        windows,
        ..said.clone()
    })
}

/// The start that "later" or "earlier" counts from: the last or first of those listed, else the one read back.
fn on_the_table(draft: &Draft<'_>, goal: &Goal, order: Order) -> Option<Timestamp> {
    let question = draft
        .context
        .question
        .as_ref()
        .filter(|q| q.goal == Some(goal.id));
    let listed = question
        .iter()
        .flat_map(|q| &q.options)
        .filter_map(|o| match &o.choice {
            Choice::Plan(plan) => Some(plan.starts_at),
            Choice::Start(start) => Some(*start),
            _ => None,
        });
    let listed = if order == Order::Later {
        listed.max()
    } else {
        listed.min()
    };
    listed
        .or_else(|| goal.hold.as_ref().map(|hold| hold.starts_at))
        .or_else(|| goal.plan.as_ref().map(|plan| plan.starts_at))
        .or_else(|| goal.slots.when.as_ref().and_then(|slot| slot.instant))
}

/// Sets the services; gives back a mention that could mean several things.
fn set_services(
    draft: &mut Draft<'_>,
    goal: &mut Goal,
    mentions: &[ServiceMention],
    mode: Mode,
) -> Option<ServiceMention> {
    let mut known: Vec<ServiceSlot> = Vec::new();
    for mention in mentions {
        match (sure(&mention.candidates), mention.candidates.first()) {
            (Some(id), Some(best)) => {
                let provenance = if best.certainty == Certainty::Exact {
                    Provenance::Said
                } else {
                    Provenance::Inferred
                };
                known.push(ServiceSlot {
                    id: id.clone(),
                    provenance,
                });
            }
            (None, Some(_)) => {
                // A name that fits several, one of which is already wanted, says nothing new ("the manicure").
                let wanted = |c: &Candidate<ServiceId>| goal.slots.services.iter().any(|s| s.id == c.id);
                if !mention.candidates.iter().any(wanted) {
                    return Some(mention.clone());
                }
            }
            (_, None) => {
                draft.line("not-offered", &[("text", mention.text.clone().into())]);
                if goal.slots.services.is_empty() {
                    enquire::services(draft);
                }
            }
        }
    }
    if known.is_empty() {
        return None;
    }
    let is_add_on = |s: &ServiceSlot| draft.view.catalogue.service(&s.id).is_some_and(|s| s.add_on);
    match mode {
        Mode::Remove => goal
            .slots
            .services
            .retain(|s| !known.iter().any(|k| k.id == s.id)),
        // An add-on comes on top, whatever the words were.
        Mode::Replace if known.iter().all(is_add_on) && goal.slots.services.iter().any(|s| !is_add_on(s)) => {
            add(goal, known);
        }
        // Nor does what an add-on was waiting for take its place.
        Mode::Replace if goal.slots.services.iter().all(is_add_on) => add(goal, known),
        Mode::Replace => {
            let same = goal.slots.services.len() == known.len()
                && goal.slots.services.iter().zip(&known).all(|(a, b)| a.id == b.id);
            if !same {
                goal.slots.services = known;
            }
        }
        Mode::Add => add(goal, known),
    }
    None
}

/// Sets the service that was chosen from a list; an add-on that waits for one stays.
pub(super) fn choose_service(draft: &Draft<'_>, goal: &mut Goal, id: ServiceId) {
    let is_add_on = |s: &ServiceSlot| draft.view.catalogue.service(&s.id).is_some_and(|s| s.add_on);
    goal.slots.services.retain(is_add_on);
    let provenance = Provenance::Chosen;
    add(goal, vec![ServiceSlot { id, provenance }]);
}

fn add(goal: &mut Goal, known: Vec<ServiceSlot>) {
    for slot in known {
        if !goal.slots.services.iter().any(|s| s.id == slot.id) {
            goal.slots.services.push(slot);
        }
    }
}

fn ask_which_service(draft: &mut Draft<'_>, mut goal: Goal, mention: &ServiceMention) {
    let speaker = draft.speaker();
    let options: Vec<Offered> = mention
        .candidates
        .iter()
        .take(super::offer::OPTIONS_MAX)
        .map(|c| Offered {
            label: speaker.service(&c.id),
            choice: Choice::Service(c.id.clone()),
        })
        .collect();
    let facts = [
        ("text", mention.text.clone().into()),
        ("service", options[0].label.clone().into()),
    ];
    let lead = speaker.line(
        if options.len() == 1 {
            "did-you-mean"
        } else {
            "which-service"
        },
        &facts,
    );
    let again = speaker.line("ask-service-again", &[]);
    let id = goal.id;
    draft.release(&mut goal);
    draft.keep(Goal {
        state: GoalState::Collecting,
        ..goal
    });
    draft.ask(Some(id), Expecting::Choice, lead, again, options);
}

/// A person and a day that one word may both mean ("Mai").
fn either(said: &Said) -> Option<(ResourceId, Date)> {
    let when = said.when.as_ref().filter(|when| when.ambiguous)?;
    let Some(StaffSaid::Named { candidates, span, .. }) = &said.staff else {
        return None;
    };
    let staff = candidates.first().filter(|_| *span == when.span)?;
    Some((staff.id.clone(), when.date()?))
}

fn ask_which_sense(draft: &mut Draft<'_>, goal: Goal, said: &Said, staff: ResourceId, day: Date) {
    let speaker = draft.speaker();
    let text = said
        .when
        .as_ref()
        .map(|when| when.text.clone())
        .unwrap_or_default();
    let facts = [
        ("text", text.into()),
        ("staff", speaker.resource(&staff).into()),
        ("day", speaker.day(day).into()),
    ];
    let lead = speaker.line("which-sense", &facts);
    let options = vec![
        Offered {
            label: speaker.resource(&staff),
            choice: Choice::Staff(staff),
        },
        Offered {
            label: speaker.short_day(day),
            choice: Choice::Day(day),
        },
    ];
    let id = goal.id;
    draft.keep(goal);
    draft.ask(Some(id), Expecting::Choice, lead.clone(), lead, options);
}

fn ask_which_day(draft: &mut Draft<'_>, goal: Goal, when: &When) {
    let speaker = draft.speaker();
    let options: Vec<Offered> = when
        .windows
        .iter()
        .filter_map(|w| w.dates.and_then(DateRange::single))
        .take(super::offer::OPTIONS_MAX)
        .map(|day| Offered {
            label: speaker.short_day(day),
            choice: Choice::Day(day),
        })
        .collect();
    if options.len() < 2 {
        return book::advance(draft, goal);
    }
    let lead = speaker.line("which-day", &[("text", when.text.clone().into())]);
    let again = speaker.line("ask-day-again", &[]);
    let id = goal.id;
    draft.keep(Goal {
        state: GoalState::Collecting,
        ..goal
    });
    draft.ask(Some(id), Expecting::Choice, lead, again, options);
}
