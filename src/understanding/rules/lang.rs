//! What a language calls things, kept apart from the code that uses it.
//!
//! A language is three data files: what times are called, with the small words that give an expression its shape
//! ([`Role`]); the lists of words and phrases that tell other things apart ([`List`]); and the cues by which acts
//! are recognised. Code asks for roles and lists, never for words.

mod lists;
mod load;

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use jiff::civil::{Time, Weekday};
use serde::Deserialize;

use super::cues::Cues;
pub(crate) use lists::{List, Lists};

/// The part that a word can play in a time expression or around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Role {
    The,
    A,
    On,
    At,
    In,
    Of,
    For,
    From,
    Starting,
    To,
    Until,
    Between,
    And,
    Or,
    After,
    Before,
    By,
    Around,
    This,
    Next,
    Following,
    Coming,
    Last,
    Ago,
    Hence,
    Later,
    Not,
    Except,
    Noon,
    Midnight,
    Oclock,
    Half,
    Quarter,
    Past,
    Early,
    Mid,
    Late,
    End,
    Beginning,
    Rest,
    Weekend,
    Business,
    Am,
    Pm,
    H,
    Ish,
    Earliest,
    Latest,
    Earlier,
    Now,
    Couple,
    Few,
    Several,
    Weak,
    During,
    Every,
    Any,
    Day,
    About,
    Oh,
    Eom,
    Eoy,
    Minutes,
    Fortnight,
    Dash,
    Suffix,
    Weekdays,
    Correct,
    Letter,
    Common,
    Leaving,
}

/// A set of roles.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Roles(u128);

impl Roles {
    /// Whether `role` is one of them.
    #[must_use]
    pub(crate) const fn has(self, role: Role) -> bool {
        self.0 & (1 << role as u32) != 0
    }

    fn add(&mut self, role: Role) {
        self.0 |= 1 << role as u32;
    }
}

/// A stretch of time with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

/// Which half of the day an hour belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Half {
    /// Before noon.
    Am,
    /// From noon on.
    Pm,
    /// Evening hours before midnight, small hours after it.
    Night,
}

/// A part of the day with its usual bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Part {
    /// Its first time.
    pub(crate) from: Time,
    /// The first time after it.
    pub(crate) until: Time,
    /// What it makes of a bare hour.
    pub(crate) half: Option<Half>,
    /// Whether it is today's ("tonight").
    pub(crate) today: bool,
    /// Whether it is a meal, which says less about the hour than a part of the day.
    pub(crate) meal: bool,
}

/// Everything a word can mean; most words mean one thing.
#[derive(Debug, Clone, Default)]
pub(crate) struct Word {
    /// The parts it can play.
    pub(crate) roles: Roles,
    /// A day of the week.
    pub(crate) weekday: Option<Weekday>,
    /// A month, January = 1.
    pub(crate) month: Option<i8>,
    /// A number.
    pub(crate) number: Option<u32>,
    /// A place in a row.
    pub(crate) ordinal: Option<u32>,
    /// A stretch of time.
    pub(crate) unit: Option<Unit>,
    /// A part of the day.
    pub(crate) part: Option<Part>,
    /// A day counted from today.
    pub(crate) day: Option<i32>,
}

/// A day of the year with a name.
#[derive(Debug, Clone)]
pub(crate) struct Holiday {
    /// What it is called, word by word.
    pub(crate) words: Vec<String>,
    /// When it is.
    pub(crate) on: HolidayRule,
}

/// When a holiday is.
#[derive(Debug, Clone, Copy)]
pub(crate) enum HolidayRule {
    /// On this day of this month.
    Fixed(i8, i8),
    /// On the n-th such weekday of this month; -1 is the last.
    Nth(i8, Weekday, i8),
    /// So many days after Easter Sunday.
    Easter(i32),
}

/// One language, ready for use.
#[derive(Debug)]
pub(crate) struct Lang {
    words: HashMap<String, Word>,
    /// Long names worth recognising with a typing error, by first letter.
    fuzzy: HashMap<char, Vec<String>>,
    pub(crate) holidays: Vec<Holiday>,
    holiday_starts: HashSet<String>,
    pub(crate) cues: Cues,
    /// The lists on which a word stands.
    listed: HashMap<String, Lists>,
    /// The words and phrases of each list, in the order of [`List::ALL`], by first letter.
    phrases: Vec<HashMap<char, Vec<Vec<String>>>>,
}

static ENGLISH: LazyLock<Lang> = LazyLock::new(|| {
    Lang::load(
        include_str!("lang/en.toml"),
        include_str!("lang/en.lists.toml"),
        include_str!("lang/en.cues.toml"),
    )
    // Embedded at build time and loaded by every test: a file that does not load cannot be released.
    .unwrap_or_else(|problem| panic!("src/understanding/rules/lang/en: {problem}"))
});

impl Lang {
    /// English.
    #[must_use]
    pub(crate) fn english() -> &'static Self {
        &ENGLISH
    }

    /// What is known of `word` (in lower case); a possessive and a plain typing error do not hide a name.
    pub(crate) fn word(&self, word: &str) -> Option<&Word> {
        if let Some(known) = self.words.get(word) {
            return Some(known);
        }
        if let Some(stem) = word.strip_suffix("'s") {
            return self.words.get(stem);
        }
        let len = word.len();
        if !(6..=12).contains(&len) {
            return None;
        }
        let first = word.chars().next()?;
        let near = |name: &&String| name.len().abs_diff(len) <= 1 && strsim::osa_distance(name, word) <= 1;
        let name = self.fuzzy.get(&first)?.iter().find(near)?;
        self.words.get(name)
    }

    /// Whether the language has this very word.
    pub(crate) fn knows(&self, word: &str) -> bool {
        self.words.contains_key(word)
    }

    /// Whether a holiday's name begins with this word.
    pub(crate) fn starts_holiday(&self, word: &str) -> bool {
        self.holiday_starts.contains(word)
    }

    /// The phrases of a list in the data file that may begin with this word.
    pub(crate) fn phrases(&self, list: List, word: &str) -> &[Vec<String>] {
        let first = word.chars().next();
        let list = self.phrases.get(list as usize).zip(first);
        list.and_then(|(list, first)| list.get(&first))
            .map_or(&[], Vec::as_slice)
    }

    /// The lists that have this single word.
    pub(crate) fn lists_of(&self, word: &str) -> Lists {
        self.listed.get(word).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_with_a_typing_error_and_common_words_are_not_mistaken_for_them() {
        let lang = Lang::english();
        let day = |w: &str| lang.word(w).and_then(|w| w.weekday);
        assert_eq!(day("satuday"), Some(Weekday::Saturday));
        assert_eq!(day("wensday"), Some(Weekday::Wednesday));
        assert_eq!(day("thurs"), Some(Weekday::Thursday));
        assert_eq!(day("monday's"), Some(Weekday::Monday));
        assert_eq!(lang.word("tommorow").and_then(|w| w.day), Some(1));
        assert_eq!(lang.word("money").and_then(|w| w.weekday), None);
    }
}
