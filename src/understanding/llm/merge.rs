//! The rules' acts and a model's, put together.
//!
//! What the rules heard stands, and a model adds to it. It adds nothing that the rules said otherwise, and what moves
//! a goal forward only where the customer's own words carry it: the model may obey whoever wrote the message, and
//! must be able to do no more than the message itself.

mod allowed;

use super::grounding::{Ground, length};
use super::proposal::Proposed;
use super::words::is_wary_of;
use crate::telemetry::metrics::LlmDropped;
use crate::understanding::act::{Candidate, Certainty, HandoffReason, StaffSaid};
use crate::understanding::rules::Analysis;
use crate::understanding::when::Span;
use crate::understanding::{Act, Heard, SlotKind, SlotValue};

/// An answer of so few words is plain, whatever a model makes of it.
const PLAIN_WORDS_MAX: usize = 3;

/// What became of the two.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Merged {
    /// Everything that the message does.
    pub acts: Vec<Act>,
    /// How many of the model's acts are among them.
    pub of_model: usize,
    /// Why others of the model's are not. What the rules had said already is not counted.
    pub dropped: Vec<LlmDropped>,
}

/// Whether the rules understood the message so well that a model could only spoil it: every word is accounted for and
/// nothing is a guess, or there is nothing more to hear in it ("STOP", an emergency, an order to the machine).
pub(crate) fn is_sure(rules: &Analysis, heard: &Heard<'_>) -> bool {
    let acts = &rules.understood.acts;
    let doubtful = |act: &Act| match act {
        Act::Unclear => true,
        Act::Set { value } => is_guess(value),
        _ => false,
    };
    acts.iter().any(closes) || rules.unheard == 0 && !acts.iter().any(doubtful) || is_wary_of(heard.text)
}

/// Puts the two together; the order of `rules` is kept, and the model's acts follow in the order of their words.
#[must_use]
pub fn merge(rules: &[Act], model: &[Proposed], heard: &Heard<'_>) -> Merged {
    let ground = Ground::new(heard.text);
    let case = Case {
        rules,
        model,
        heard,
        ground: &ground,
        wary: is_wary_of(heard.text) || is_overreach(rules, model),
    };
    let mut merged = Merged::default();
    let mut added: Vec<Act> = Vec::new();
    for it in model {
        match case.verdict(it) {
            Verdict::Stands(act) if !added.contains(&act) && !rules.contains(&act) => added.push(act),
            Verdict::Stands(_) | Verdict::SaidByRules => {}
            Verdict::Forbidden => merged.dropped.push(LlmDropped::Forbidden),
        }
    }
    let doubted = added.contains(&Act::Deny) && rules.contains(&Act::Confirm);
    if doubted {
        // One heard a yes and the other a no: nothing is done on that.
        added.retain(|act| *act != Act::Deny);
    }
    let replaced = |act: &Act| match act {
        Act::Unclear => !added.is_empty(),
        Act::Confirm => doubted,
        Act::Set { value } if is_guess(value) => added.iter().any(|new| is_same_slot(new, value)),
        _ => false,
    };
    merged.acts = rules.iter().filter(|act| !replaced(act)).cloned().collect();
    merged.of_model = added.len();
    merged.acts.extend(added);
    if merged.acts.is_empty() {
        merged.acts.push(Act::Unclear);
    }
    merged
}

/// What is known when a proposal is judged.
struct Case<'a> {
    rules: &'a [Act],
    model: &'a [Proposed],
    heard: &'a Heard<'a>,
    ground: &'a Ground,
    /// Nothing that moves a goal is taken from this message.
    wary: bool,
}

enum Verdict {
    /// It counts, perhaps in a narrower form.
    Stands(Act),
    /// The rules said it, or said otherwise.
    SaidByRules,
    /// The customer's words do not carry it.
    Forbidden,
}

impl Case<'_> {
    fn ruled(&self, said: impl Fn(&Act) -> bool) -> bool {
        self.rules.iter().any(said)
    }

    fn verdict(&self, it: &Proposed) -> Verdict {
        let harmless = matches!(
            it.act,
            Act::Ask { .. } | Act::SmallTalk { .. } | Act::Handoff { .. } | Act::Abuse | Act::Overreach
        );
        let cut_off = |act: &Act| {
            matches!(
                act,
                Act::StopContact
                    | Act::Handoff {
                        reason: HandoffReason::Emergency
                    }
            )
        };
        if self.ruled(cut_off) || self.is_plain_answer() {
            return Verdict::SaidByRules;
        }
        if !harmless && (self.wary || self.ruled(closes)) {
            return Verdict::Forbidden;
        }
        if self.is_said_by_rules(it) {
            return Verdict::SaidByRules;
        }
        self.allowed(it)
    }

    /// "yes please", "2": whatever a model adds to it would only turn it into something else.
    fn is_plain_answer(&self) -> bool {
        let answer = |act: &Act| matches!(act, Act::Confirm | Act::Deny | Act::Choose { .. });
        self.rules.iter().all(answer) && length(self.heard.text) <= PLAIN_WORDS_MAX
    }

    /// Whether the rules said the same, or what excludes it.
    fn is_said_by_rules(&self, it: &Proposed) -> bool {
        match &it.act {
            Act::Start { .. } => self.ruled(|a| matches!(a, Act::Start { .. })),
            Act::Set { value } => self.rules.iter().any(|act| self.settles(act, value, it.quote)),
            Act::Clear { slot } => self.ruled(|a| match a {
                Act::Set { value } => value.kind() == *slot,
                Act::Clear { slot: cleared } => cleared == slot,
                _ => false,
            }),
            Act::Choose { .. } => self.ruled(|a| {
                matches!(
                    a,
                    Act::Choose { .. }
                        | Act::Start { .. }
                        | Act::Deny
                        | Act::CancelGoal
                        | Act::SetAside
                        | Act::Undo
                        | Act::Set {
                            value: SlotValue::When { .. }
                        }
                )
            }),
            Act::Deny => self.ruled(|a| matches!(a, Act::Deny | Act::Choose { .. })),
            Act::SmallTalk { .. } => self.ruled(|a| matches!(a, Act::SmallTalk { .. })),
            Act::Handoff { .. } => self.ruled(|a| matches!(a, Act::Handoff { .. })),
            act => self.rules.contains(act),
        }
    }

    /// Whether `act` of the rules leaves no room for `value`.
    fn settles(&self, act: &Act, value: &SlotValue, quote: Span) -> bool {
        match act {
            Act::Clear { slot } => *slot == value.kind(),
            Act::Choose { .. } => value.kind() == SlotKind::When,
            Act::Set { value: ruled } if ruled.kind() == value.kind() && !is_guess(ruled) => {
                // "gel and the foot thing": another service, in words that the rules took for none.
                let further = match (ruled, value) {
                    (SlotValue::Service { mentions, .. }, SlotValue::Service { .. }) => mentions
                        .iter()
                        .all(|m| m.span.1 <= quote.0 || quote.1 <= m.span.0),
                    _ => false,
                };
                !further
            }
            _ => false,
        }
    }
}

/// Acts after which there is nothing to arrange.
fn closes(act: &Act) -> bool {
    matches!(
        act,
        Act::StopContact
            | Act::Overreach
            | Act::Abuse
            | Act::Handoff {
                reason: HandoffReason::Emergency
            }
    )
}

/// Whether one of the two takes the message for an order that no customer may give.
fn is_overreach(rules: &[Act], model: &[Proposed]) -> bool {
    rules.contains(&Act::Overreach) || model.iter().any(|it| it.act == Act::Overreach)
}

fn is_same_slot(act: &Act, value: &SlotValue) -> bool {
    matches!(act, Act::Set { value: new } if new.kind() == value.kind())
}

/// Whether the rules would have to ask what was meant.
fn is_guess(value: &SlotValue) -> bool {
    match value {
        SlotValue::Service { mentions, .. } => mentions.iter().any(|m| !is_certain(&m.candidates)),
        SlotValue::Staff {
            said: StaffSaid::Named { candidates, .. },
        } => !is_certain(candidates),
        _ => false,
    }
}

fn is_certain<T>(candidates: &[Candidate<T>]) -> bool {
    candidates.first().is_some_and(|best| {
        let rivals = candidates
            .iter()
            .filter(|c| c.certainty == best.certainty)
            .count();
        best.certainty > Certainty::Guess && rivals == 1
    })
}
