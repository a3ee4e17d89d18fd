//! What a model is told besides the message. The rules engine needs none of it.

use std::time::Duration;

use super::act::{GoalKind, SlotKind};
use crate::types::{Channel, Pair, Trace};

/// The conversation around a message, as far as whoever understands it may know it: nothing of other customers, no
/// secret, and no id that could be acted upon.
#[derive(Debug, Clone)]
pub struct Scene<'a> {
    /// Whose conversation. For bounds, budgets and assignment; it is not told to a model.
    pub pair: &'a Pair,
    /// Where the message came from.
    pub channel: Channel,
    /// What the business is called.
    pub business_name: &'a str,
    /// The business's time zone (IANA name).
    pub time_zone: &'a str,
    /// What is being arranged, the goal touched last at the end.
    pub goals: Vec<GoalSaid>,
    /// The question that was asked last, in short.
    pub question: Option<&'a str>,
    /// What was said lately, oldest first, without the message itself.
    pub history: &'a [Line],
    /// The business's own answers to common questions.
    pub answers: Vec<CommonAnswer<'a>>,
    /// The model that this conversation or business asks for, instead of the usual one.
    pub model: Option<&'a str>,
    /// How long understanding may take, from now.
    pub time_left: Duration,
    /// The trace that brought the message. A model's endpoint is told of it beside the question.
    pub trace: Option<Trace>,
}

/// A goal in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoalSaid {
    /// What kind.
    pub kind: GoalKind,
    /// What is known of it: names and times as the customer was told them.
    pub known: Vec<(SlotKind, String)>,
}

/// Something said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Who said it.
    pub by: Speaker,
    /// The words.
    pub text: String,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaker {
    /// The customer.
    Customer,
    /// The bot, or a person of the business.
    Business,
}

/// An entry of the business's FAQ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommonAnswer<'a> {
    /// Its key, as in [`Topic::Faq`](super::act::Topic::Faq).
    pub key: &'a str,
    /// The answer.
    pub answer: &'a str,
}
