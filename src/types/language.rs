//! The languages in which customers are understood and answered.

use serde::{Deserialize, Serialize};

/// A language that has a pack of words to understand by and a file of sentences to answer with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Language {
    /// English.
    #[default]
    #[serde(rename = "en")]
    English,
    /// Spanish.
    #[serde(rename = "es")]
    Spanish,
    /// Vietnamese.
    #[serde(rename = "vi")]
    Vietnamese,
}

impl Language {
    /// Every one, in the order in which tables of them are kept.
    pub const ALL: [Self; 3] = [Self::English, Self::Spanish, Self::Vietnamese];

    /// Its BCP 47 tag.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Spanish => "es",
            Self::Vietnamese => "vi",
        }
    }

    /// Its English name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Spanish => "Spanish",
            Self::Vietnamese => "Vietnamese",
        }
    }

    /// The language of a BCP 47 tag such as `es-MX`; English where there is no better one.
    #[must_use]
    pub fn of_locale(locale: &str) -> Self {
        let tag = locale.split(['-', '_']).next().unwrap_or_default();
        let known = Self::ALL
            .into_iter()
            .find(|language| language.tag().eq_ignore_ascii_case(tag));
        known.unwrap_or(Self::English)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_names_its_language_and_an_unknown_one_is_answered_in_english() {
        for (locale, language) in [
            ("es-MX", Language::Spanish),
            ("es", Language::Spanish),
            ("VI-vn", Language::Vietnamese),
            ("en-GB", Language::English),
            ("fr-FR", Language::English),
            ("", Language::English),
        ] {
            assert_eq!(Language::of_locale(locale), language, "{locale}");
        }
    }
}
