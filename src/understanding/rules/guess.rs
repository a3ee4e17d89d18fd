//! In which language a message is: a cheap guess by words that only one language has.
//!
//! It is asked only about messages that the language of the conversation leaves partly unheard, so that a message that
//! is understood costs nothing more. A single foreign word ("yes", "gracias") is courtesy and moves nobody; two that
//! outweigh the words of every other language do.

use std::sync::LazyLock;

use super::lang::accents::{fold, is_mark};
use super::lang::{Lang, Table};
use crate::types::Language;

/// Characters that are looked at: the beginning of a long message tells its language.
const CHARS_MAX: usize = 600;

/// So many telling words make a guess sure.
const SURE: u32 = 2;

/// A language other than that of the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Guess {
    pub(super) language: Language,
    /// Whether the conversation goes over to it.
    pub(super) is_sure: bool,
}

/// Which languages have a word, as a set of bits in the order of [`Language::ALL`].
static TELLING: LazyLock<Table<u8>> = LazyLock::new(|| {
    let mut telling: Table<u8> = Table::default();
    for language in Language::ALL {
        let words = Lang::of(language).vocabulary();
        for word in words.filter(|word| word.len() > 1 && word.chars().all(char::is_alphabetic)) {
            *telling.entry(fold(word).into_owned()).or_default() |= bit(language);
        }
    }
    telling.retain(|_, languages| languages.is_power_of_two());
    telling
});

const fn bit(language: Language) -> u8 {
    1 << language as u8
}

/// The language that `text` is in, if that is not `current`.
pub(super) fn guess(text: &str, current: Language) -> Option<Guess> {
    let mut told = [0_u32; Language::ALL.len()];
    // A word repeated says nothing more ("dolor sit amet" is no Spanish).
    let mut seen: Vec<&str> = Vec::new();
    let end = text
        .char_indices()
        .nth(CHARS_MAX)
        .map_or(text.len(), |(at, _)| at);
    let is_letter = |c: char| c.is_alphabetic() || is_mark(c) || c == '\'';
    for word in text[..end].split(|c| !is_letter(c)).filter(|word| word.len() > 1) {
        let Some(language) = told_by(word).filter(|_| !seen.contains(&word)) else {
            continue;
        };
        seen.push(word);
        told[language as usize] += 1;
    }
    let language = Language::ALL.into_iter().max_by_key(|l| told[*l as usize])?;
    let most = told[language as usize];
    let others = Language::ALL.into_iter().filter(|l| *l != language);
    let is_clear = others.map(|l| told[l as usize]).all(|count| count < most);
    (is_clear && language != current).then_some(Guess {
        language,
        is_sure: most >= SURE,
    })
}

/// The one language that has the word.
fn told_by(word: &str) -> Option<Language> {
    let of = |plain: &str| {
        let languages = TELLING.get(plain)?;
        Language::ALL
            .into_iter()
            .find(|language| *languages == bit(*language))
    };
    if word.bytes().all(|b| b.is_ascii_lowercase()) {
        return of(word);
    }
    let low = word.to_lowercase();
    of(&fold(&low)).or_else(|| {
        if low.chars().any(is_vietnamese) {
            Some(Language::Vietnamese)
        } else {
            low.contains('ñ').then_some(Language::Spanish)
        }
    })
}

/// Letters that, of the languages here, only Vietnamese has.
const fn is_vietnamese(c: char) -> bool {
    matches!(c, '\u{1ea0}'..='\u{1ef9}' | 'đ' | 'ơ' | 'ư' | 'ă')
}

#[cfg(test)]
mod tests {
    use super::*;
    use Language::{English, Spanish, Vietnamese};

    #[test]
    fn two_words_of_a_language_tell_it_and_one_does_not() {
        for (text, current, language, is_sure) in [
            ("quiero una cita para mañana", English, Some(Spanish), true),
            ("quiero cita manana por la tarde", English, Some(Spanish), true),
            ("cho chi dat lich chieu mai", English, Some(Vietnamese), true),
            (
                "Đặt với Mai ngày mai được không em?",
                English,
                Some(Vietnamese),
                true,
            ),
            (
                "I would like to book an appointment",
                Spanish,
                Some(English),
                true,
            ),
            ("tomorrow", Spanish, Some(English), false),
            ("a gel manicure with Mai on Friday please", English, None, false),
            (
                "jalape\u{f1}o poppers, please, for my appointment",
                English,
                None,
                false,
            ),
            ("15:30", Vietnamese, None, false),
            ("", English, None, false),
        ] {
            let guessed = guess(text, current);
            assert_eq!(guessed.map(|g| g.language), language, "{text}");
            assert_eq!(guessed.is_some_and(|g| g.is_sure), is_sure, "{text}");
        }
    }
}
