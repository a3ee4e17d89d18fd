//! Reads a language's data file.

use std::collections::HashMap;

use jiff::civil::{Time, Weekday};
use serde::Deserialize;

use super::super::cues::Cues;
use super::accents::fold;
use super::compounds::Compounds;
use super::{Half, Holiday, HolidayRule, Lang, List, Listed, Part, Role, Table, Unit, Word};
use crate::types::Language;

/// What differs between languages beyond their words.
#[derive(Default, Deserialize)]
struct Grammar {
    /// Writers leave accents out, so words are compared without them.
    #[serde(default)]
    plain: bool,
    /// Words that mean this only when they are written with their accents, because without them they are another,
    /// commoner word.
    #[serde(default)]
    accented: Vec<String>,
    #[serde(default)]
    day_first: bool,
    #[serde(default)]
    number_after_weekday: bool,
    /// What a word may end in and still be the same word, so that "cleaned" is said of a "cleaning".
    #[serde(default)]
    endings: Vec<String>,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    grammar: Grammar,
    roles: HashMap<Role, Vec<String>>,
    weekdays: Vec<Vec<String>>,
    months: Vec<Vec<String>>,
    numbers: HashMap<String, u32>,
    ordinals: HashMap<String, u32>,
    units: HashMap<Unit, Vec<String>>,
    days: HashMap<String, i32>,
    parts: Vec<PartFile>,
    holidays: Vec<HolidayFile>,
}

#[derive(Deserialize)]
struct PartFile {
    words: Vec<String>,
    from: Time,
    until: Time,
    half: Option<Half>,
    #[serde(default)]
    today: bool,
    #[serde(default)]
    meal: bool,
}

#[derive(Deserialize)]
struct HolidayFile {
    names: Vec<String>,
    month: Option<i8>,
    day: Option<i8>,
    #[serde(default)]
    weekday: Option<String>,
    nth: Option<i8>,
    easter: Option<i32>,
}

impl Lang {
    /// A language from its words, its lists and its cues.
    pub(super) fn load(language: Language, words: &str, lists: &str, cues: &str) -> Result<Self, String> {
        let file: File = toml::from_str(words).map_err(|e| e.to_string())?;
        let mut map: Table<Word> = Table::default();
        for (role, list) in &file.roles {
            for word in list {
                map.entry(word.clone()).or_default().roles.add(*role);
            }
        }
        let mut fuzzy: HashMap<char, Vec<String>> = HashMap::new();
        let mut remember = |word: &String| {
            let word = if file.grammar.plain {
                fold(word).into_owned()
            } else {
                word.clone()
            };
            if word.len() >= 6
                && !word.contains(' ')
                && let Some(first) = word.chars().next()
            {
                fuzzy.entry(first).or_default().push(word);
            }
        };
        for (offset, names) in (0i8..).zip(&file.weekdays) {
            for name in names {
                remember(name);
                map.entry(name.clone()).or_default().weekday = Weekday::from_monday_zero_offset(offset).ok();
            }
        }
        for (month, names) in (1i8..).zip(&file.months) {
            for name in names {
                remember(name);
                map.entry(name.clone()).or_default().month = Some(month);
            }
        }
        for (word, value) in &file.numbers {
            map.entry(word.clone()).or_default().number = Some(*value);
        }
        for (word, value) in &file.ordinals {
            map.entry(word.clone()).or_default().ordinal = Some(*value);
        }
        for (unit, names) in &file.units {
            for name in names {
                map.entry(name.clone()).or_default().unit = Some(*unit);
            }
        }
        for (word, days) in &file.days {
            remember(word);
            map.entry(word.clone()).or_default().day = Some(*days);
        }
        for part in file.parts {
            for word in &part.words {
                remember(word);
                map.entry(word.clone()).or_default().part = Some(Part {
                    from: part.from,
                    until: part.until,
                    half: part.half,
                    today: part.today,
                    meal: part.meal,
                });
            }
        }
        let is_plain = file.grammar.plain;
        let bare = |text: &str| {
            if is_plain {
                fold(text).into_owned()
            } else {
                text.to_owned()
            }
        };
        let mut holidays = Vec::new();
        for holiday in file.holidays {
            let on = match holiday {
                HolidayFile {
                    easter: Some(days), ..
                } => HolidayRule::Easter(days),
                HolidayFile {
                    month: Some(month),
                    nth: Some(nth),
                    weekday: Some(ref day),
                    ..
                } => {
                    let day = crate::types::weekday::parse(day).ok_or("holiday: no such weekday")?;
                    HolidayRule::Nth(month, day, nth)
                }
                HolidayFile {
                    month: Some(month),
                    day: Some(day),
                    ..
                } => HolidayRule::Fixed(month, day),
                HolidayFile { .. } => return Err("a holiday needs a month and a day".to_owned()),
            };
            holidays.extend(holiday.names.iter().map(|name| Holiday {
                words: phrase(&bare(name)),
                on,
            }));
        }
        // The longest name first, so that "christmas eve" is not read as Christmas.
        holidays.sort_by_key(|h| std::cmp::Reverse(h.words.len()));
        let plain = is_plain.then(|| without_accents(&map, &file.grammar.accented));
        let compounds = Compounds::of(plain.as_ref().unwrap_or(&map).keys().map(String::as_str));
        for holiday in &mut holidays {
            holiday.words = compounds.join(std::mem::take(&mut holiday.words));
        }
        let (listed, phrases) = read_lists(lists, &bare, &compounds)?;
        Ok(Self {
            language,
            minutes_after: [
                Role::HourWord,
                Role::AndHalf,
                Role::PlusMinutes,
                Role::MinusMinutes,
            ]
            .iter()
            .any(|role| file.roles.contains_key(role)),
            words: map,
            plain,
            day_first: file.grammar.day_first,
            number_after_weekday: file.grammar.number_after_weekday,
            endings: file.grammar.endings,
            fuzzy,
            holiday_starts: holidays.iter().filter_map(|h| h.words.first().cloned()).collect(),
            holidays,
            cues: Cues::load(cues, &bare)?,
            listed,
            phrases,
            compounds,
        })
    }
}

type Phrases = Vec<HashMap<char, Vec<Vec<String>>>>;

/// The words as they are written without accents; what falls together means both.
fn without_accents(words: &Table<Word>, accented: &[String]) -> Table<Word> {
    let mut plain: Table<Word> = Table::default();
    let mut named: Vec<(&String, &Word)> = words
        .iter()
        .filter(|(word, _)| !accented.contains(word))
        .collect();
    // Where two words fall together and both are numbers, the same one must win in every run.
    named.sort_by_key(|(word, _)| *word);
    for (word, meaning) in named {
        plain.entry(fold(word).into_owned()).or_default().join(meaning);
    }
    plain
}

fn read_lists(
    text: &str,
    bare: &impl Fn(&str) -> String,
    compounds: &Compounds,
) -> Result<(Table<Listed>, Phrases), String> {
    let file: HashMap<List, Vec<String>> = toml::from_str(text).map_err(|e| e.to_string())?;
    // A list forgotten is not an empty one: nobody would notice what the language then overhears.
    if let Some(missing) = List::ALL.iter().find(|list| !file.contains_key(list)) {
        return Err(format!("there is no list {missing:?}"));
    }
    let mut listed: Table<Listed> = Table::default();
    let mut phrases = Phrases::new();
    for list in List::ALL {
        let mut by_letter: HashMap<char, Vec<Vec<String>>> = HashMap::new();
        for said in file.get(list).into_iter().flatten() {
            let words = compounds.join(phrase(&bare(said)));
            let Some((first, letter)) = words.first().and_then(|word| Some((word, word.chars().next()?)))
            else {
                continue;
            };
            // A word of the list may be several tokens ("w/o", "any one"); each way begins with one of these.
            for (at, c) in first.char_indices() {
                let begins = &mut listed
                    .entry(first[..at + c.len_utf8()].to_owned())
                    .or_default()
                    .begins;
                begins.add(*list);
            }
            listed.entry(words.join(" ")).or_default().on.add(*list);
            by_letter.entry(letter).or_default().push(words);
        }
        phrases.push(by_letter);
    }
    Ok((listed, phrases))
}

fn phrase(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}
