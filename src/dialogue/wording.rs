//! The sentences: [Fluent](https://projectfluent.org) files, one per language, apart from the code that says them.
//!
//! Code names a message and gives facts; the file decides how it is put. A message that a file lacks would be a
//! mistake of ours, so a test looks up every one that the code names.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::{LanguageIdentifier, langid};

/// The sentences of one language.
pub struct Wording {
    bundle: FluentBundle<FluentResource>,
}

/// A fact that goes into a sentence.
pub type Fact<'a> = (&'static str, FluentValue<'a>);

static ENGLISH: LazyLock<Wording> =
    LazyLock::new(|| Wording::read(langid!("en"), include_str!("wording/en.ftl")));

/// The wording for a BCP 47 tag; English where there is no better one.
#[must_use]
pub fn of_locale(_locale: &str) -> &'static Wording {
    &ENGLISH
}

impl Wording {
    fn read(language: LanguageIdentifier, source: &str) -> Self {
        // A broken entry is left out by the parser and then found missing by the test below.
        let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(resource, _)| resource);
        let mut bundle = FluentBundle::new_concurrent(vec![language]);
        // No invisible isolation marks around facts: SMS would show or count them.
        bundle.set_use_isolating(false);
        bundle.add_resource_overriding(resource);
        Self { bundle }
    }

    /// The sentence of that name with these facts.
    #[must_use]
    pub fn line(&self, id: &str, facts: &[Fact<'_>]) -> String {
        let Some(pattern) = self.bundle.get_message(id).and_then(|message| message.value()) else {
            return id.to_owned();
        };
        let args: FluentArgs<'_> = facts
            .iter()
            .map(|(name, value)| (*name, or_none(value)))
            .collect();
        self.bundle
            .format_pattern(pattern, Some(&args), &mut Vec::new())
            .into_owned()
    }

    /// Whether there is a sentence of that name.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        self.bundle.has_message(id)
    }
}

/// Fluent cannot select on an empty text; the files say `[none]` for it.
fn or_none<'a>(value: &FluentValue<'a>) -> FluentValue<'a> {
    match value {
        FluentValue::String(text) if text.is_empty() => "none".into(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_takes_its_facts_and_its_plural() {
        let english = of_locale("en-US");
        assert_eq!(
            english.line("seats-left", &[("seats", 1.into()), ("start", "3:00 pm".into())]),
            "3:00 pm: 1 seat left"
        );
        assert_eq!(
            english.line("seats-left", &[("seats", 4.into()), ("start", "3:00 pm".into())]),
            "3:00 pm: 4 seats left"
        );
    }

    #[test]
    fn the_file_has_no_mistakes() {
        let parsed = FluentResource::try_new(include_str!("wording/en.ftl").to_owned());
        assert_eq!(parsed.err().map(|(_, errors)| errors), None);
    }

    #[test]
    fn every_sentence_that_the_code_names_is_in_the_file() {
        let sources = [
            include_str!("answers.rs"),
            include_str!("apply.rs"),
            include_str!("book.rs"),
            include_str!("confirm.rs"),
            include_str!("decide.rs"),
            include_str!("draft.rs"),
            include_str!("enquire.rs"),
            include_str!("existing.rs"),
            include_str!("expiry.rs"),
            include_str!("offer.rs"),
            include_str!("refuse.rs"),
            include_str!("safety.rs"),
            include_str!("speak.rs"),
            include_str!("waitlist.rs"),
        ];
        let mut named = 0;
        for source in sources {
            let ways = ["line(\"", "courtesy(\""];
            for (at, way) in ways.iter().flat_map(|way| source.match_indices(way)) {
                let id = source[at + way.len()..].split('"').next().unwrap();
                assert!(of_locale("en").has(id), "the wording lacks {id}");
                named += 1;
            }
        }
        assert!(
            named > 50,
            "the code names its sentences as line(\"...\"), found {named}"
        );
    }
}
