//! What a language calls things, kept apart from the code that uses it.
//!
//! A language is three data files: what times are called, with the small words that give an expression its shape
//! ([`Role`]); the lists of words and phrases that tell other things apart ([`List`]); and the cues by which acts
//! are recognised. Code asks for roles and lists, never for words.

pub(crate) mod accents;
mod compounds;
mod lists;
mod load;
mod table;

use std::collections::HashMap;
use std::sync::LazyLock;

use jiff::civil::{Time, Weekday};
use serde::Deserialize;

use super::cues::Cues;
use super::typo::is_within;
use crate::types::Language;
use compounds::Compounds;
pub(crate) use lists::{List, Listed, Lists};
pub(crate) use table::Table;
use table::WordSet;

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
    // ---- words that one of the others has among its own, and that mean more there ----
    Out,
    WeekOn,
    VerbToo,
    NameToo,
    Time,
    More,
    Than,
    Thousand,
    Hours,
    MealTime,
    MealHour,
    As,
    First,
    Midpoint,
    Night,
    O,
    Clock,
    MinutesTo,
    // ---- languages that put their small words elsewhere ----
    /// After what it moves on ("tuần sau", "la semana que viene").
    NextAfter,
    /// After a weekday, the nearest one ("thứ sáu tới").
    ComingAfter,
    /// After what it keeps here ("tuần này").
    ThisAfter,
    /// After what it moves back ("tuần trước", "la semana pasada").
    LastAfter,
    /// Before a number that is a day of the month ("el 5", "ngày 5").
    TheDay,
    /// Before a number that is an hour ("las 5").
    TheHour,
    /// Between the hour and minutes after it ("las 5 y media").
    PlusMinutes,
    /// Between the hour and minutes before it ("las 5 menos cuarto", "5 giờ kém 10").
    MinusMinutes,
    /// Before a year ("năm 2026").
    OfYear,
    /// This very moment, where it is said of a wish.
    RightNow,
    /// After an hour, and half of it ("3 giờ rưỡi").
    AndHalf,
    /// What an hour is said with, and minutes after it ("3 giờ 30", "10 h").
    HourWord,
    /// Between tens and ones ("treinta y cinco").
    TensAnd,
    /// A day that is a name as well ("mai").
    PersonToo,
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

    /// The set of these.
    #[must_use]
    pub(crate) const fn of(roles: &[Role]) -> Self {
        let mut set = Self(0);
        let mut at = 0;
        while at < roles.len() {
            set.add(roles[at]);
            at += 1;
        }
        set
    }

    /// Whether one of `others` is among them.
    #[must_use]
    pub(crate) const fn any(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }

    const fn add(&mut self, role: Role) {
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

impl Word {
    /// Adds what another word means that is written alike.
    fn join(&mut self, other: &Self) {
        self.roles.0 |= other.roles.0;
        self.weekday = self.weekday.or(other.weekday);
        self.month = self.month.or(other.month);
        self.number = self.number.or(other.number);
        self.ordinal = self.ordinal.or(other.ordinal);
        self.unit = self.unit.or(other.unit);
        self.part = self.part.or(other.part);
        self.day = self.day.or(other.day);
    }
}

/// One language, ready for use.
#[derive(Debug)]
pub(crate) struct Lang {
    /// Which one.
    pub(crate) language: Language,
    words: Table<Word>,
    /// The same without accents, with what falls together; only where writers leave accents out.
    plain: Option<Table<Word>>,
    /// Several words that are one ("thứ sáu", "fin de semana").
    pub(crate) compounds: Compounds,
    /// Whether it has words for minutes after their hour.
    pub(crate) minutes_after: bool,
    /// Whether 5/6 is the 5th of June to all who write the language.
    pub(crate) day_first: bool,
    /// Whether a plain number after a weekday is a day of the month ("martes 15").
    pub(crate) number_after_weekday: bool,
    /// What a word may end in and still be the same word.
    endings: Vec<String>,
    /// Long names worth recognising with a typing error, by first letter.
    fuzzy: HashMap<char, Vec<String>>,
    pub(crate) holidays: Vec<Holiday>,
    holiday_starts: WordSet,
    pub(crate) cues: Cues,
    /// The words that stand on lists, and those with which an entry of a list may begin.
    listed: Table<Listed>,
    /// The words and phrases of each list, in the order of [`List::ALL`], by first letter.
    phrases: Vec<HashMap<char, Vec<Vec<String>>>>,
}

/// Loads the three files of a language.
macro_rules! files {
    ($language:ident, $tag:literal) => {
        LazyLock::new(|| {
            Lang::load(
                Language::$language,
                include_str!(concat!("lang/", $tag, ".toml")),
                include_str!(concat!("lang/", $tag, ".lists.toml")),
                include_str!(concat!("lang/", $tag, ".cues.toml")),
            )
            // Embedded at build time and loaded by every test: a file that does not load cannot be released.
            .unwrap_or_else(|problem| panic!("src/understanding/rules/lang/{}: {problem}", $tag))
        })
    };
}

static ENGLISH: LazyLock<Lang> = files!(English, "en");
static SPANISH: LazyLock<Lang> = files!(Spanish, "es");
static VIETNAMESE: LazyLock<Lang> = files!(Vietnamese, "vi");

impl Lang {
    /// The words of a language.
    #[must_use]
    pub(crate) fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &ENGLISH,
            Language::Spanish => &SPANISH,
            Language::Vietnamese => &VIETNAMESE,
        }
    }

    /// Whether words are compared without their accents.
    pub(crate) fn is_plain(&self) -> bool {
        self.plain.is_some()
    }

    /// What is known of a word that was written as `written` (composed, in lower case) and is `plain` without its
    /// accents. In a message with accents a word without them means what it says: "sau" is not "sáu".
    pub(crate) fn written(&self, written: &str, plain: &str, accented: bool) -> Option<&Word> {
        let Some(words) = &self.plain else {
            return self.word(plain);
        };
        if accented && let Some(known) = self.words.get(written) {
            return Some(known);
        }
        words
            .get(plain)
            .or_else(|| words.get(self.misspelt(plain)?.as_str()))
    }

    /// Every word that stands in the language's files, without accents: what the language can be told by.
    pub(crate) fn vocabulary(&self) -> impl Iterator<Item = &str> {
        let listed = self.listed.iter();
        let listed = listed.filter_map(|(word, it)| (it.on != Lists::default()).then_some(word));
        let words = self.words.keys().chain(listed).flat_map(|it| it.split(' '));
        words.chain(self.cues.vocabulary())
    }

    /// What is known of `word` (in lower case); a possessive and a plain typing error do not hide a name.
    pub(crate) fn word(&self, word: &str) -> Option<&Word> {
        if let Some(known) = self.words.get(word) {
            return Some(known);
        }
        if let Some(stem) = word.strip_suffix("'s") {
            return self.words.get(stem);
        }
        self.words.get(self.misspelt(word)?.as_str())
    }

    /// The name that `word` is a typing error of.
    fn misspelt(&self, word: &str) -> Option<&String> {
        let len = word.len();
        if !(6..=12).contains(&len) {
            return None;
        }
        let first = word.chars().next()?;
        let near = |name: &&String| name.len().abs_diff(len) <= 1 && is_within(name, word, 1);
        self.fuzzy.get(&first)?.iter().find(near)
    }

    /// Whether two words are one with different endings ("cleaning", "cleaned").
    pub(crate) fn same_stem(&self, a: &str, b: &str) -> bool {
        /// Shorter stems are those of too many words.
        const SHORTEST: usize = 5;
        if a.len() < SHORTEST || b.as_bytes().get(..SHORTEST) != Some(&a.as_bytes()[..SHORTEST]) {
            return false;
        }
        fn stems<'w>(endings: &'w [String], word: &'w str) -> impl Iterator<Item = &'w str> {
            let stem = |ending: &String| word.strip_suffix(ending.as_str());
            endings
                .iter()
                .filter_map(stem)
                .filter(|stem| stem.len() >= SHORTEST)
        }
        stems(&self.endings, a).any(|stem| stems(&self.endings, b).any(|other| other == stem))
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
        self.listed(word).on
    }

    /// What the lists say of this single word.
    pub(crate) fn listed(&self, word: &str) -> Listed {
        self.listed.get(word).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_with_a_typing_error_and_common_words_are_not_mistaken_for_them() {
        let lang = Lang::of(Language::English);
        let day = |w: &str| lang.word(w).and_then(|w| w.weekday);
        assert_eq!(day("satuday"), Some(Weekday::Saturday));
        assert_eq!(day("wensday"), Some(Weekday::Wednesday));
        assert_eq!(day("thurs"), Some(Weekday::Thursday));
        assert_eq!(day("monday's"), Some(Weekday::Monday));
        assert_eq!(lang.word("tommorow").and_then(|w| w.day), Some(1));
        assert_eq!(lang.word("money").and_then(|w| w.weekday), None);
    }
}
