//! How far the customer's own words carry what a model proposes.

use super::super::grounding::{length, words};
use super::super::proposal::Proposed;
use super::super::words::List;
use super::{Case, Verdict};
use crate::types::ResourceId;
use crate::understanding::act::{Mode, Said, StaffSaid};
use crate::understanding::{Act, Expecting, GoalKind, SlotValue};

/// An answer in itself has no more words, and stands in a message of no more.
const YES_WORDS_MAX: usize = 6;
const YES_MESSAGE_WORDS_MAX: usize = 8;
/// Picking needs more words ("the later one with Mai would be perfect").
const PICK_WORDS_MAX: usize = 10;
const PICK_MESSAGE_WORDS_MAX: usize = 16;
/// Who wants no more messages says so and little else.
const STOP_MESSAGE_WORDS_MAX: usize = 12;
/// A name that was asked for stands in a short answer.
const NAME_MESSAGE_WORDS_MAX: usize = 8;

impl Case<'_> {
    /// Judges what the rules left open.
    pub(super) fn allowed(&self, it: &Proposed) -> Verdict {
        let stands = match &it.act {
            Act::Start { goal } => self.says_start(*goal, it),
            Act::Confirm => self.says_yes(it),
            Act::Choose { option } => self.picks(*option, it),
            Act::CancelGoal => self.says(List::Drop, it) && !self.is_shown_only(it),
            Act::StopContact => {
                self.says(List::Stop, it)
                    && !self.is_shown_only(it)
                    && length(self.heard.text) <= STOP_MESSAGE_WORDS_MAX
            }
            // It would silence the rules, so only where they heard nothing to do.
            Act::Overreach | Act::Abuse => self
                .rules
                .iter()
                .all(|a| matches!(a, Act::Unclear | Act::SmallTalk { .. })),
            Act::Set { value } => return self.sets(value, it),
            // No model is asked for these.
            Act::SetAside | Act::Undo | Act::Unclear => false,
            Act::Deny | Act::Clear { .. } => !self.is_shown_only(it),
            Act::Ask { .. } | Act::SmallTalk { .. } | Act::Handoff { .. } => true,
        };
        if stands {
            Verdict::Stands(it.act.clone())
        } else {
            Verdict::Forbidden
        }
    }

    fn quote(&self, it: &Proposed) -> String {
        self.ground.slice(it.quote)
    }

    fn says(&self, list: List, it: &Proposed) -> bool {
        list.is_in(&self.ground.said(it.quote))
    }

    fn is_shown_only(&self, it: &Proposed) -> bool {
        self.ground.is_shown_only(it.quote)
    }

    /// A goal is begun by words that name it, said and not taken back in the same breath.
    fn says_start(&self, goal: GoalKind, it: &Proposed) -> bool {
        let list = match goal {
            GoalKind::Book => List::Book,
            GoalKind::Cancel => List::Cancel,
            GoalKind::Reschedule => List::Move,
            GoalKind::Waitlist => List::Waitlist,
            GoalKind::Enquire | GoalKind::Profile | GoalKind::Handoff => return false,
        };
        self.says(list, it) && !self.is_shown_only(it) && !self.is_denied(list, it)
    }

    /// "don't cancel it": a no before the word, in its clause. "I can't make it" is one whole, and no such no.
    fn is_denied(&self, list: List, it: &Proposed) -> bool {
        let clause = self.ground.clause(it.quote);
        let quote = self.quote(it);
        let before = clause.split(quote.as_str()).next().unwrap_or_default();
        let first = |list: List, text: &str| text.split_whitespace().position(|word| list.is_in(word));
        let turned = |part: &str| match (first(List::No, part), first(list, part)) {
            (Some(no), Some(word)) => no < word,
            _ => false,
        };
        List::No.is_in(before) || quote.split([',', '.', ';', '!', '?', '\n']).any(turned)
    }

    /// A yes is one when a yes or no was asked, nothing else was heard by either, and the words are an answer in
    /// themselves: a clause of their own, with a yes in it, and without anybody being told what to answer.
    fn says_yes(&self, it: &Proposed) -> bool {
        let quote = self.quote(it);
        let text = self.heard.text;
        let courtesy = |act: &Act| matches!(act, Act::Unclear | Act::SmallTalk { .. });
        let alone = self
            .model
            .iter()
            .all(|other| matches!(other.act, Act::Confirm | Act::SmallTalk { .. }));
        self.heard.expecting == Some(Expecting::Confirm)
            && self.rules.iter().all(courtesy)
            && alone
            && length(&quote) <= YES_WORDS_MAX
            && length(text) <= YES_MESSAGE_WORDS_MAX
            && self.is_clause(it)
            && !self.is_shown_only(it)
            && !asks(text)
            && !text.chars().any(|c| c.is_ascii_digit())
            && List::Yes.is_in(&quote)
            && !List::No.is_in(text)
            && !List::Orders.is_in(text)
    }

    /// An option is picked from a list in view, by words that pick or that tell its label from the others.
    fn picks(&self, option: usize, it: &Proposed) -> bool {
        let options = self.heard.options;
        let Some(label) = options.get(option.wrapping_sub(1)) else {
            return false;
        };
        let quote = self.quote(it);
        let label = words(label);
        let tells = |word: &String| {
            let in_labels = options.iter().filter(|other| words(other).contains(word));
            word.chars().count() > 2 && label.contains(word) && in_labels.count() < options.len()
        };
        (List::Pick.is_in(&quote) || words(&quote).iter().any(tells))
            && length(&quote) <= PICK_WORDS_MAX
            && length(self.heard.text) <= PICK_MESSAGE_WORDS_MAX
            && !self.is_shown_only(it)
            && !List::No.is_in(&self.ground.clause(it.quote))
            && !asks(self.heard.text)
            && !List::Orders.is_in(self.heard.text)
    }

    fn sets(&self, value: &SlotValue, it: &Proposed) -> Verdict {
        let stands = match value {
            // The rules read every number and address that is written out; a model has nothing to add.
            SlotValue::Phone { .. } | SlotValue::Email { .. } => false,
            // "I'm Anna's husband" is somebody else.
            SlotValue::Name { first, last }
                if self.is_anothers(first.as_ref()) || self.is_anothers(last.as_ref()) =>
            {
                false
            }
            SlotValue::Name { .. } => {
                let asked = self.heard.expecting == Some(Expecting::Name)
                    && length(self.heard.text) <= NAME_MESSAGE_WORDS_MAX;
                asked || List::Name.is_in(&self.ground.clause(it.quote))
            }
            SlotValue::Staff { said } => self.calls(said, it),
            SlotValue::Service { .. }
            | SlotValue::When { .. }
            | SlotValue::PartySize { .. }
            | SlotValue::Which { .. } => true,
        };
        if !stands || self.is_shown_only(it) {
            return Verdict::Forbidden;
        }
        Verdict::Stands(Act::Set {
            value: self.beside_the_rules(value),
        })
    }

    /// Whether a name stands in the possessive.
    fn is_anothers(&self, said: Option<&Said>) -> bool {
        let Some(said) = said else { return false };
        let mut after = self.heard.text.chars().skip(said.span.1);
        matches!(after.next(), Some('\'' | '\u{2019}')) && matches!(after.next(), Some('s' | 'S'))
    }

    /// Somebody is asked for by a name, however it is spelled; that anybody will do is said in any words.
    fn calls(&self, said: &StaffSaid, it: &Proposed) -> bool {
        let ids: Vec<&ResourceId> = match said {
            StaffSaid::Anyone => return true,
            StaffSaid::Named { candidates, .. } => candidates.iter().map(|c| &c.id).collect(),
            StaffSaid::Not { ids } => ids.iter().collect(),
        };
        let quoted = words(&self.quote(it));
        let near = |name: &String, word: &String| {
            let allowed = if name.chars().count() < 4 { 1 } else { 2 };
            !word.is_ascii() && name.is_ascii() || strsim::osa_distance(name, word) <= allowed
        };
        ids.iter().all(|id| {
            let entry = self.heard.lexicon.staff.iter().find(|entry| entry.id == **id);
            entry.is_some_and(|entry| {
                let mut names = entry.names.iter().flat_map(|name| words(name));
                names.any(|name| quoted.iter().any(|word| near(&name, word)))
            })
        })
    }

    /// A service beside one that the rules heard comes on top of it.
    fn beside_the_rules(&self, value: &SlotValue) -> SlotValue {
        let heard = self.ruled(
            |act| matches!(act, Act::Set { value } if matches!(value, SlotValue::Service { .. }) && !super::is_guess(value)),
        );
        match value {
            SlotValue::Service {
                mentions,
                mode: Mode::Replace,
            } if heard => SlotValue::Service {
                mentions: mentions.clone(),
                mode: Mode::Add,
            },
            other => other.clone(),
        }
    }

    /// Whether the quoted words are the whole of their clause.
    fn is_clause(&self, it: &Proposed) -> bool {
        words(&self.ground.clause(it.quote)) == words(&self.quote(it))
    }
}

fn asks(text: &str) -> bool {
    text.contains(['?', '\u{ff1f}', '\u{61f}', '\u{bf}'])
}
