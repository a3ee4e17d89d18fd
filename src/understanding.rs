//! From text to acts: what a message does, never what to do about it.
//!
//! [`Understanding`] is the seam. Behind it stands the built-in rules engine ([`rules`]), which needs no network
//! and answers in microseconds; a language model may stand there too, reporting the same closed [`act::Act`]s.
//! Nothing here decides, reads a store, or knows the clock: the local time comes in with the message.

pub mod act;
pub mod lexicon;
pub mod llm;
pub mod report;
pub mod rules;
pub mod scene;
pub mod when;

use std::borrow::Cow;

use async_trait::async_trait;
use jiff::civil::DateTime;

use crate::types::Language;

pub use act::{Act, Expecting, GoalKind, Intent, SlotKind, SlotValue};
pub use lexicon::Lexicon;
pub use llm::ModelUse;
pub use scene::Scene;
pub use when::When;

/// A message, with what one must know to understand it.
#[derive(Debug, Clone, Copy)]
pub struct Heard<'a> {
    /// The text as given.
    pub text: &'a str,
    /// Local date and time of the business when the message was sent; "tomorrow" counts from here.
    pub now: DateTime,
    /// What was asked last.
    pub expecting: Option<Expecting>,
    /// The labels of the options listed last, in the order shown ("the second one", "the 10:30").
    pub options: &'a [String],
    /// The language that the conversation is in; a message may be in another one.
    pub language: Language,
    /// The business's names and hours.
    pub lexicon: &'a Lexicon,
    /// The conversation around it, for whoever asked for it ([`Understanding::needs_scene`]).
    pub scene: Option<&'a Scene<'a>>,
}

/// What was understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Understood {
    /// Everything the message does, in the order of its words. Never empty: at least `Unclear`.
    pub acts: Vec<Act>,
    /// The most salient of them.
    pub intent: Intent,
    /// The language that the conversation is in from here on.
    pub language: Language,
    /// Who understood it: `rules`, or the model's name.
    pub engine: Cow<'static, str>,
    /// The model that was asked, whether its answer was of use or not.
    pub model: Option<Box<ModelUse>>,
}

/// Turns a message into acts.
#[async_trait]
pub trait Understanding: Send + Sync + 'static {
    /// Whether [`Heard::scene`] is of use to it; putting one together takes a read for each actor.
    fn needs_scene(&self) -> bool {
        false
    }

    /// Understands one message. Never fails: what cannot be understood is [`Act::Unclear`].
    async fn understand(&self, heard: Heard<'_>) -> Understood;
}
