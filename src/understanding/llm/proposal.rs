//! What a model may propose: a small closed schema, and the way from an answer to acts.
//!
//! An act in an answer is a word of a list, the customer's words that it rests on, and at most one value: a name as
//! listed, a number, a topic. Ids, dates, times and prices are never taken from a model: names are looked up in the
//! catalogue, and marked words are read by the rules' own date engine. An act that does not fit is dropped and
//! counted, and never spoils the others.

mod meaning;
mod schema;

use serde_json::Value;

pub(super) use schema::ACTS;
pub use schema::SCHEMA;

use super::grounding::Ground;
use crate::telemetry::metrics::LlmDropped;
use crate::understanding::when::Span;
use crate::understanding::{Act, Heard};

/// Acts of one answer that are looked at; nobody does more in one message.
pub const ACTS_MAX: usize = 12;

/// Characters of a quotation.
const QUOTE_CHARS_MAX: usize = 300;

/// Characters of what a model would say.
const SAY_CHARS_MAX: usize = 400;

/// An act with the words that carry it.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposed {
    /// The act.
    pub act: Act,
    /// Where the words stand in the message.
    pub quote: Span,
}

/// What became of an answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Proposal {
    /// What it proposes, as far as the message and the catalogue bear it; the customer's words may yet not suffice.
    pub acts: Vec<Proposed>,
    /// What the model would say. Never said unchecked.
    pub say: Option<String>,
    /// Why others were left out.
    pub dropped: Vec<LlmDropped>,
}

/// Reads an answer. `None` when it has not even the shape of one.
#[must_use]
pub fn parse(answer: &Value, heard: &Heard<'_>) -> Option<Proposal> {
    let entries = answer.get("acts").and_then(Value::as_array)?;
    let ground = Ground::new(heard.text);
    let mut proposal = Proposal {
        say: said(answer.get("say")),
        ..Proposal::default()
    };
    for entry in entries.iter().take(ACTS_MAX) {
        match one(entry, heard, &ground) {
            Ok(proposed) => proposal.acts.push(proposed),
            Err(reason) => proposal.dropped.push(reason),
        }
    }
    let beyond = entries.len().saturating_sub(ACTS_MAX);
    proposal
        .dropped
        .extend(std::iter::repeat_n(LlmDropped::TooMany, beyond));
    proposal.acts.sort_by_key(|it| it.quote.0);
    Some(proposal)
}

fn one(entry: &Value, heard: &Heard<'_>, ground: &Ground) -> Result<Proposed, LlmDropped> {
    let text = |field: &str| entry.get(field).and_then(Value::as_str).map(str::trim);
    let act = text("act").ok_or(LlmDropped::UnknownAct)?;
    if !ACTS.contains(&act) {
        return Err(LlmDropped::UnknownAct);
    }
    let quote = text("quote").filter(|quote| quote.chars().count() <= QUOTE_CHARS_MAX);
    let span = quote
        .and_then(|quote| ground.find(quote))
        .ok_or(LlmDropped::Ungrounded)?;
    let value = match entry.get("value") {
        Some(Value::String(value)) if !value.trim().is_empty() => Some(value.trim().to_owned()),
        Some(Value::Number(value)) => Some(value.to_string()),
        _ => None,
    };
    let words = ground.slice(span);
    Ok(Proposed {
        act: meaning::of(act, value.as_deref(), &words, span, heard)?,
        quote: span,
    })
}

fn said(say: Option<&Value>) -> Option<String> {
    let say = say?.as_str()?;
    let clean: String = say
        .chars()
        .filter(|c| !c.is_control() || *c == '\n')
        .take(SAY_CHARS_MAX + 1)
        .collect();
    let clean = clean.trim();
    // What is too long to be a courtesy is none.
    (!clean.is_empty() && clean.chars().count() <= SAY_CHARS_MAX).then(|| clean.to_owned())
}
