//! The built-in engine: deterministic, without network, in microseconds.
//!
//! A message goes through tokens, time expressions, names of the catalogue, numbers and people, and cues, and
//! comes out as acts in the order of its words. What a language calls things is data (`lang/`); the code asks
//! for roles. Nothing here decides what to do, and nothing fails: what fits nothing is [`Act::Unclear`].
//!
//! [`Act::Unclear`]: super::Act::Unclear

mod acts;
mod choice;
mod cues;
mod intent;
mod lang;
mod names;
mod people;
mod roles;
mod time;
mod token;

#[cfg(test)]
mod tests;

use async_trait::async_trait;

use super::when::Span;
use super::{Heard, Understanding, Understood};
pub(crate) use intent::salient;
use lang::Lang;
use time::Expression;

/// The engine's name in [`Understood::engine`].
pub const ENGINE: &str = "rules";

/// The rules engine.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    lang: &'static Lang,
}

/// What was understood, with the places that only a report needs.
#[derive(Debug)]
pub(crate) struct Analysis {
    /// The answer of the engine.
    pub(crate) understood: Understood,
    /// The time expression for a visit, else the one that names an existing appointment.
    pub(crate) when: Option<Expression>,
    /// The number of people, if the words give one, and where they stand.
    pub(crate) people: Option<(Option<u32>, Span)>,
    /// How many words of the message no finding accounts for.
    pub(crate) unheard: usize,
}

impl Default for Rules {
    fn default() -> Self {
        Self::new()
    }
}

impl Rules {
    /// The engine for English.
    #[must_use]
    pub fn new() -> Self {
        Self {
            lang: Lang::english(),
        }
    }

    /// Understands a message.
    #[must_use]
    pub fn hear(&self, heard: Heard<'_>) -> Understood {
        self.analyse(heard).understood
    }

    pub(crate) fn analyse(&self, heard: Heard<'_>) -> Analysis {
        acts::analyse(self.lang, &heard)
    }
}

#[async_trait]
impl Understanding for Rules {
    async fn understand(&self, heard: Heard<'_>) -> Understood {
        self.hear(heard)
    }
}
