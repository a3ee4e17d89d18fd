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
mod guess;
mod intent;
mod lang;
mod names;
mod people;
mod roles;
mod time;
mod token;
mod typo;

#[cfg(test)]
mod tests;

use async_trait::async_trait;

use super::act::{Act, SmallTalk, Topic};
use super::when::Span;
use super::{Heard, Understanding, Understood};
use crate::types::Language;
use guess::guess;
pub(crate) use intent::salient;
use lang::Lang;
pub(crate) use lang::accents::fold;
use time::Expression;
pub(crate) use typo::Letters;

/// So many words of English are courtesy in any language ("yes please").
const FOREIGN_WORDS_MAX: usize = 3;

/// The engine's name in [`Understood::engine`].
pub const ENGINE: &str = "rules";

/// The rules engine.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rules;

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

impl Rules {
    /// The engine.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }

    /// Understands a message.
    #[must_use]
    pub fn hear(&self, heard: Heard<'_>) -> Understood {
        self.analyse(heard).understood
    }

    /// Reads the message in the language of the conversation, and once more in another where words were left over and
    /// say that it is in that one.
    pub(crate) fn analyse(&self, heard: Heard<'_>) -> Analysis {
        if let Some(act) = command(heard.text) {
            return Analysis::of_command(act, heard.language);
        }
        let first = analyse_in(heard.language, heard);
        if first.unheard == 0 {
            return first;
        }
        let Some(guess) = guess(heard.text, heard.language) else {
            return first;
        };
        if guess.is_sure {
            let second = analyse_in(guess.language, heard);
            return if second.unheard <= first.unheard {
                second
            } else {
                first
            };
        }
        // A "yes" among Spanish is a yes, and no reason to speak English. Other words do not travel so.
        let is_long = heard.text.split_whitespace().nth(FOREIGN_WORDS_MAX).is_some();
        if guess.language != Language::English || is_long {
            return first;
        }
        let mut second = analyse_in(guess.language, heard);
        if second.unheard > 0 {
            return first;
        }
        second.understood.language = heard.language;
        second
    }
}

impl Analysis {
    /// A command says nothing of a language.
    fn of_command(act: Act, language: Language) -> Self {
        let acts = vec![act];
        Self {
            understood: Understood {
                intent: salient(&acts, false),
                acts,
                language,
                engine: ENGINE.into(),
                model: None,
            },
            when: None,
            people: None,
            unheard: 0,
        }
    }
}

/// What an app itself writes for its user: Telegram's `/start`, also with a payload of a deep link and with the name of
/// the bot that is meant, and `/help`. It is a word of no language.
fn command(text: &str) -> Option<Act> {
    let mut words = text.strip_prefix('/')?.split_whitespace();
    let name = words.next()?.split('@').next().unwrap_or_default();
    let rest = words.count();
    match name {
        "start" if rest <= 1 => Some(Act::SmallTalk {
            kind: SmallTalk::Greet,
        }),
        "help" if rest == 0 => Some(Act::Ask { topic: Topic::Help }),
        _ => None,
    }
}

fn analyse_in(language: Language, heard: Heard<'_>) -> Analysis {
    acts::analyse(Lang::of(language), &Heard { language, ..heard })
}

#[async_trait]
impl Understanding for Rules {
    async fn understand(&self, heard: Heard<'_>) -> Understood {
        self.hear(heard)
    }
}
