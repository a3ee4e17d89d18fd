//! The sentences: [Fluent](https://projectfluent.org) files, one per language, apart from the code that says them.
//!
//! Code names a message and gives facts; the file decides how it is put. A message that a file lacks would be a
//! mistake of ours, so a test looks up every one that the code names.

mod style;

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::{LanguageIdentifier, langid};

use crate::types::Language;
pub use style::Style;

/// The sentences of one language.
pub struct Wording {
    bundle: FluentBundle<FluentResource>,
    style: Style,
}

/// A fact that goes into a sentence.
pub type Fact<'a> = (&'static str, FluentValue<'a>);

/// The file of each language.
const fn source(language: Language) -> &'static str {
    match language {
        Language::English => include_str!("wording/en.ftl"),
        Language::Spanish => include_str!("wording/es.ftl"),
        Language::Vietnamese => include_str!("wording/vi.ftl"),
    }
}

static WORDINGS: [LazyLock<Wording>; 3] = [
    LazyLock::new(|| Wording::read(Language::English)),
    LazyLock::new(|| Wording::read(Language::Spanish)),
    LazyLock::new(|| Wording::read(Language::Vietnamese)),
];

/// The wording of a language.
#[must_use]
pub fn of(language: Language) -> &'static Wording {
    match language {
        Language::English => &WORDINGS[0],
        Language::Spanish => &WORDINGS[1],
        Language::Vietnamese => &WORDINGS[2],
    }
}

const fn identifier(language: Language) -> LanguageIdentifier {
    match language {
        Language::English => langid!("en"),
        Language::Spanish => langid!("es"),
        Language::Vietnamese => langid!("vi"),
    }
}

impl Wording {
    fn read(language: Language) -> Self {
        // A broken entry is left out by the parser and then found missing by the tests below.
        let resource =
            FluentResource::try_new(source(language).to_owned()).unwrap_or_else(|(resource, _)| resource);
        let mut bundle = FluentBundle::new_concurrent(vec![identifier(language)]);
        // No invisible isolation marks around facts: SMS would show or count them.
        bundle.set_use_isolating(false);
        bundle.add_resource_overriding(resource);
        let style = Style::read(language, |id| say(&bundle, id, &[]));
        Self { bundle, style }
    }

    /// The sentence of that name with these facts.
    #[must_use]
    pub fn line(&self, id: &str, facts: &[Fact<'_>]) -> String {
        say(&self.bundle, id, facts)
    }

    /// How the language writes days and money.
    #[must_use]
    pub const fn style(&self) -> &Style {
        &self.style
    }

    /// Whether there is a sentence of that name.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        self.bundle.has_message(id)
    }
}

fn say(bundle: &FluentBundle<FluentResource>, id: &str, facts: &[Fact<'_>]) -> String {
    let Some(pattern) = bundle.get_message(id).and_then(|message| message.value()) else {
        return id.to_owned();
    };
    let args: FluentArgs<'_> = facts
        .iter()
        .map(|(name, value)| (*name, or_none(value)))
        .collect();
    bundle
        .format_pattern(pattern, Some(&args), &mut Vec::new())
        .into_owned()
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
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    #[test]
    fn a_sentence_takes_its_facts_and_its_plural() {
        for (language, one, four) in [
            (Language::English, "15:00: 1 seat left", "15:00: 4 seats left"),
            (
                Language::Spanish,
                "15:00: queda 1 plaza",
                "15:00: quedan 4 plazas",
            ),
            (Language::Vietnamese, "15:00: còn 1 chỗ", "15:00: còn 4 chỗ"),
        ] {
            let seats =
                |n: u32| of(language).line("seats-left", &[("seats", n.into()), ("start", "15:00".into())]);
            assert_eq!((seats(1).as_str(), seats(4).as_str()), (one, four));
        }
    }

    #[test]
    fn the_files_have_no_mistakes() {
        for language in Language::ALL {
            let parsed = FluentResource::try_new(source(language).to_owned());
            assert_eq!(parsed.err().map(|(_, errors)| errors), None, "{language:?}");
        }
    }

    /// The sentences of a file, each with the facts that it names.
    fn sentences(source: &str) -> BTreeMap<&str, BTreeSet<&str>> {
        let mut sentences: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let mut id = "";
        for line in source.lines().filter(|line| !line.starts_with('#')) {
            if let Some((name, _)) = line
                .split_once(" =")
                .filter(|_| !line.starts_with([' ', '}', '*']))
            {
                id = name;
                sentences.insert(id, BTreeSet::new());
            }
            for fact in line.split('$').skip(1) {
                let end = fact.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(fact.len());
                sentences.entry(id).or_default().insert(&fact[..end]);
            }
        }
        sentences
    }

    /// A language may leave out how a day is put together, and no more: "thứ Năm, 19/11" has no month's name.
    const FREE: [&str; 3] = ["day", "day-of-year", "short-day"];

    #[test]
    fn all_languages_have_the_same_sentences_with_the_same_facts() {
        let mut english = sentences(source(Language::English));
        english.retain(|id, _| !FREE.contains(id));
        assert!(english.len() > 150, "found {}", english.len());
        for language in [Language::Spanish, Language::Vietnamese] {
            let mut other = sentences(source(language));
            assert!(FREE.iter().all(|id| other.contains_key(id)), "{language:?}");
            other.retain(|id, _| !FREE.contains(id));
            assert_eq!(other, english, "{language:?}");
        }
    }

    #[test]
    fn every_sentence_that_the_code_names_is_in_every_file() {
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
                for language in Language::ALL {
                    assert!(of(language).has(id), "the wording of {language:?} lacks {id}");
                }
                named += 1;
            }
        }
        assert!(
            named > 50,
            "the code names its sentences as line(\"...\"), found {named}"
        );
    }
}
