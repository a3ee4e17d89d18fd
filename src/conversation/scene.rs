//! The conversation around a message, for whoever understands by it.

use jiff::civil::{Date, DateTime};

use super::Business;
use super::joining::Patience;
use crate::booking::Catalogue;
use crate::booking::visit::StaffWish;
use crate::dialogue::Context;
use crate::dialogue::goal::{Goal, WhenSlot};
use crate::types::{Channel, Pair, Trace};
use crate::understanding::SlotKind;
use crate::understanding::scene::{CommonAnswer, GoalSaid, Line, Scene};

/// Where a message came to.
#[derive(Debug, Clone, Copy)]
pub(super) struct At<'a> {
    pub(super) channel: Channel,
    /// The model of its account, if that has one of its own.
    pub(super) model: Option<&'a str>,
    /// The trace that it came with.
    pub(super) trace: Option<Trace>,
}

/// The scene of a message. `now` is when it was sent, in the business's local time.
pub(super) fn of<'a>(
    pair: &'a Pair,
    at: At<'a>,
    business: &'a Business,
    context: &'a Context,
    history: &'a [Line],
    now: DateTime,
    patience: &Patience,
) -> Scene<'a> {
    let catalogue = &business.catalogue;
    let goals = context.goals.iter().filter(|goal| goal.state.is_active());
    let answers = catalogue.faq.iter().map(|faq| CommonAnswer {
        key: &faq.key,
        answer: &faq.answer,
    });
    Scene {
        pair,
        channel: at.channel,
        business_name: &catalogue.name,
        // A checked catalogue has a zone with a name.
        time_zone: catalogue.time_zone.iana_name().unwrap_or("UTC"),
        goals: goals
            .map(|goal| GoalSaid {
                kind: goal.kind,
                known: known(goal, catalogue, now.date()),
            })
            .collect(),
        question: context.question.as_ref().map(|question| question.again.as_str()),
        history,
        answers: answers.collect(),
        model: context
            .model
            .as_deref()
            .or(at.model)
            .or_else(|| catalogue.understanding.model_for(at.channel)),
        time_left: patience.left(),
        trace: at.trace,
    }
}

/// What is known of a goal, in the words that its customer is told.
fn known(goal: &Goal, catalogue: &Catalogue, today: Date) -> Vec<(SlotKind, String)> {
    let view = goal.view(catalogue);
    let mut known = Vec::new();
    let services: Vec<&str> = goal
        .slots
        .services
        .iter()
        .filter_map(|slot| catalogue.service(&slot.id))
        .map(|service| service.name.as_str())
        .collect();
    if !services.is_empty() {
        known.push((SlotKind::Service, services.join(", ")));
    }
    let called = |id: &str| {
        let person = catalogue.resources.iter().find(|r| r.id.as_str() == id);
        person.map_or(id, |person| person.name.as_str()).to_owned()
    };
    let staff = match goal.slots.staff.as_ref().map(|slot| &slot.wish) {
        Some(StaffWish::Not(ids)) if view.staff.is_none() => {
            let names: Vec<String> = ids.iter().map(|id| called(id.as_str())).collect();
            Some(format!("anyone but {}", names.join(", ")))
        }
        _ => view.staff.as_deref().map(called),
    };
    known.extend(staff.map(|staff| (SlotKind::Staff, staff)));
    let date: Option<Date> = view.date.as_deref().and_then(|date| date.parse().ok());
    let when = match (date, view.time.as_deref()) {
        (Some(date), Some(time)) => Some(format!("{} at {time}", day(date))),
        (date, _) => goal.slots.when.as_ref().map(|slot| in_words(slot, date, today)),
    };
    known.extend(when.map(|when| (SlotKind::When, when)));
    if let Some(people) = view.party_size {
        known.push((SlotKind::PartySize, people.to_string()));
    }
    known
}

/// A time that is not one date and hour yet. Words such as "tomorrow" mean what they meant on the day they were said.
fn in_words(slot: &WhenSlot, date: Option<Date>, today: Date) -> String {
    let said = &slot.when.text;
    match date {
        Some(date) if said.is_empty() => day(date),
        Some(date) => format!("{} (said as \"{said}\")", day(date)),
        None if slot.said_on != today => format!("\"{said}\" (said on {})", day(slot.said_on)),
        None => format!("\"{said}\""),
    }
}

/// "Friday 20 November 2026": with the year, which a model would guess.
fn day(date: Date) -> String {
    date.strftime("%A %-d %B %Y").to_string()
}
