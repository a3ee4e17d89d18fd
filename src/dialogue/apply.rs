//! What was said, put into the slots of a goal.

use super::book;
use super::constraint;
use super::context::{Choice, Offered};
use super::draft::Draft;
use super::enquire;
use super::goal::{Goal, GoalState, Provenance, ServiceSlot, StaffSlot, WhenSlot};
use super::said::Said;
use crate::booking::visit::StaffWish;
use crate::types::ServiceId;
use crate::understanding::act::{Candidate, Certainty, Mode, ServiceMention, StaffSaid};
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
    let before = goal.slots.clone();
    for slot in &said.cleared {
        clear(&mut goal, *slot);
    }
    set_people(draft, &mut goal, said);
    set_staff(draft, &mut goal, said);
    if let Some(when) = &said.when {
        set_when(draft, &mut goal, when);
    }
    if let Some((mentions, mode)) = &said.services
        && let Some(doubtful) = set_services(draft, &mut goal, mentions, *mode)
    {
        ask_which_service(draft, goal, &doubtful);
        return Applied::Asked;
    }
    if let Some(when) = said.when.as_ref().filter(|w| w.ambiguous && w.windows.len() > 1) {
        ask_which_day(draft, goal, when);
        return Applied::Asked;
    }
    if goal.slots == before {
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

fn set_staff(draft: &mut Draft<'_>, goal: &mut Goal, said: &Said) {
    let wish = match &said.staff {
        None => return,
        Some(StaffSaid::Anyone) => StaffWish::Anyone,
        Some(StaffSaid::Not { ids }) => StaffWish::Not(ids.clone()),
        Some(StaffSaid::Named { candidates, text, .. }) => {
            match sure(candidates).or(candidates.first().map(|c| &c.id)) {
                Some(id) => StaffWish::Only(id.clone()),
                None => {
                    draft.line("no-such-staff", &[("text", text.clone().into())]);
                    return enquire::answer(draft, &crate::understanding::act::Topic::Staff, &[]);
                }
            }
        }
    };
    goal.slots.staff = Some(StaffSlot {
        wish,
        provenance: Provenance::Said,
    });
}

fn set_when(draft: &Draft<'_>, goal: &mut Goal, said: &When) {
    let base = goal
        .hold
        .as_ref()
        .map(|h| h.starts_at)
        .or_else(|| goal.slots.when.as_ref().and_then(|w| w.instant));
    let earlier = goal.slots.when.as_ref().map(|slot| slot.when.clone());
    let when = match (said.order, base, said.windows.is_empty()) {
        // "later" than what is on the table: the rest of that day.
        (Some(order @ (Order::Later | Order::Earlier)), Some(base), true) => {
            let base = draft.view.local(base);
            let times = if order == Order::Later {
                TimeRange::Between {
                    from: Some(base.time()),
                    until: None,
                }
            } else {
                TimeRange::Between {
                    from: None,
                    until: Some(base.time()),
                }
            };
            let windows = vec![Window {
                dates: Some(DateRange::day(base.date())),
                times: Some(times),
            }];
            When {
                windows,
                ..said.clone()
            }
        }
        _ => earlier.map_or_else(|| said.clone(), |earlier| constraint::refine(&earlier, said)),
    };
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
