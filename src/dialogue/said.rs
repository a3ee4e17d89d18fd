//! The acts of a turn's messages, folded into what was said in all: a later value wins.

use super::constraint;
use crate::understanding::act::{
    HandoffReason, Mode, Said as Words, ServiceMention, SmallTalk, StaffSaid, Topic,
};
use crate::understanding::{Act, GoalKind, SlotKind, SlotValue, When};

/// Everything that a burst of messages said.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub starts: Vec<GoalKind>,
    pub services: Option<(Vec<ServiceMention>, Mode)>,
    pub staff: Option<StaffSaid>,
    pub when: Option<When>,
    pub party_size: Option<u32>,
    pub first_name: Option<Words>,
    pub last_name: Option<Words>,
    pub phone: Option<Words>,
    pub email: Option<Words>,
    pub which: Option<When>,
    pub cleared: Vec<SlotKind>,
    pub chosen: Option<usize>,
    pub confirmed: bool,
    pub denied: bool,
    pub dropped: bool,
    pub set_aside: bool,
    pub undone: bool,
    pub asked: Vec<Topic>,
    pub small_talk: Vec<SmallTalk>,
    pub handoff: Option<HandoffReason>,
    pub stop: bool,
    pub insults: u32,
    pub overreach: bool,
}

impl Said {
    pub(super) fn of<'a>(acts: impl IntoIterator<Item = &'a Act>) -> Self {
        let mut said = Self::default();
        for act in acts {
            said.hear(act);
        }
        said
    }

    fn hear(&mut self, act: &Act) {
        match act {
            Act::Start { goal } => self.starts.push(*goal),
            Act::Set { value } => self.set(value),
            Act::Clear { slot } => self.cleared.push(*slot),
            Act::Choose { option } => self.chosen = Some(*option),
            // A later yes takes an earlier no back, and the other way round.
            Act::Confirm => (self.confirmed, self.denied) = (true, false),
            Act::Deny => (self.confirmed, self.denied) = (false, true),
            Act::CancelGoal => self.dropped = true,
            Act::SetAside => self.set_aside = true,
            Act::Undo => self.undone = true,
            Act::Ask { topic } => {
                if !self.asked.contains(topic) {
                    self.asked.push(topic.clone());
                }
            }
            Act::SmallTalk { kind } => self.small_talk.push(*kind),
            Act::Handoff { reason } => self.handoff = Some(*reason),
            Act::StopContact => self.stop = true,
            Act::Abuse => self.insults += 1,
            Act::Overreach => self.overreach = true,
            Act::Unclear => {}
        }
    }

    fn set(&mut self, value: &SlotValue) {
        match value {
            SlotValue::Service { mentions, mode } => match (&mut self.services, mode) {
                // "gel" and then "and a pedicure" in one burst are two services, not one that replaces the other.
                (Some((kept, _)), Mode::Add) => kept.extend(mentions.iter().cloned()),
                (services, _) => *services = Some((mentions.clone(), *mode)),
            },
            SlotValue::Staff { said } => self.staff = Some(said.clone()),
            SlotValue::When { when } => {
                self.when = Some(match self.when.take() {
                    Some(earlier) => constraint::refine(&earlier, when),
                    None => when.clone(),
                });
            }
            SlotValue::PartySize { people, .. } => self.party_size = Some(*people),
            SlotValue::Name { first, last } => {
                // "I'm Anna" and then "Smith is my last name" are one name.
                self.first_name = first.clone().or(self.first_name.take());
                self.last_name = last.clone().or(self.last_name.take());
            }
            SlotValue::Phone { value } => self.phone = Some(value.clone()),
            SlotValue::Email { value } => self.email = Some(value.clone()),
            SlotValue::Which { when } => self.which = Some(when.clone()),
        }
    }

    /// Whether a piece of a visit was said.
    pub(super) fn says_visit(&self) -> bool {
        self.services.is_some()
            || self.staff.is_some()
            || self.when.is_some()
            || self.party_size.is_some()
            || self.cleared.iter().any(|slot| {
                matches!(
                    slot,
                    SlotKind::Service | SlotKind::Staff | SlotKind::When | SlotKind::PartySize
                )
            })
    }

    /// The name to be called by.
    pub(super) fn name(&self) -> Option<String> {
        let parts: Vec<&str> = [&self.first_name, &self.last_name]
            .into_iter()
            .flatten()
            .map(|n| n.value.trim())
            .filter(|n| !n.is_empty())
            .collect();
        (!parts.is_empty()).then(|| parts.join(" "))
    }

    /// Whether anything at all was understood.
    pub(super) fn is_empty(&self) -> bool {
        !self.says_visit()
            && self.starts.is_empty()
            && self.name().is_none()
            && self.phone.is_none()
            && self.email.is_none()
            && self.which.is_none()
            && self.cleared.is_empty()
            && self.chosen.is_none()
            && !self.confirmed
            && !self.denied
            && !self.dropped
            && !self.set_aside
            && !self.undone
            && self.asked.is_empty()
            && self.small_talk.is_empty()
            && self.handoff.is_none()
            && !self.stop
            && self.insults == 0
            && !self.overreach
    }
}
