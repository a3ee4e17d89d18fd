//! Cues: short patterns of words by which an act is recognised.
//!
//! A pattern is words with gaps, written in the language's data file. It is no regular expression: a gap is
//! bounded, every element looks at one token, and nothing is tried twice, so a long message costs its length
//! times a constant.
//!
//! # Patterns
//!
//! Elements are separated by spaces, and are in lower case like the words they are compared with:
//!
//! | element | says | example | fits |
//! |---|---|---|---|
//! | `word` | this word | `go ahead` | "sure, go ahead" |
//! | `this\|that` | one of these words | `works for me\|us` | "that works for us" |
//! | `two~words` | words that the language joins to one | `hasta pasado~mañana` | "hasta pasado mañana" |
//! | `<set>` | a word of a set at the head of the file; sets may stand among words | `cancel <mine>\|that` | "cancel our" |
//! | `word?` | the word or nothing | `that's so? good` | "that's good", "that's so good" |
//! | `_` | up to three words of any kind | `cancel _ appointment` | "cancel my next appointment" |
//! | `__` | up to six | `why __ free` | "why is nobody at all free" |
//! | `@staff` | the name of somebody who works there | `is @staff in` | "is Mai in" |
//! | `@staff's` | the same with a possessive | `cancel @staff's` | "cancel Mai's client" |
//! | `@service` | what names something that is offered | `want _ @service` | "want a pedicure" |
//! | `^` | what follows begins a clause: the message, a line, after a sign or after a word like "and" | `^ y $$` | "y" |
//! | `$` | a clause ends here: a sign, or a word like "please" | `all good $` | "all good, thanks" |
//! | `$$` | the message ends here, but for signs | `^ stop $$` | "STOP!" |
//!
//! A pattern begins with a word, a set or `@staff`, perhaps after `^`; that word is how it is found. A gap takes
//! the first word that goes on with the pattern, and never crosses the end of a sentence. One comma or dash may
//! stand between any two words ("no, thanks"). Where two cues overlap the heavier counts, then the longer, then the
//! one that stands first in the file.

use std::collections::HashMap;

use serde::Deserialize;

use super::lang::{List, Table};
use super::token::{Kind, Text, Token};

/// Something recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hit<'a> {
    /// What it means, as named in the data file.
    pub(crate) act: &'a str,
    /// First token.
    pub(crate) from: usize,
    /// The token after the last.
    pub(crate) to: usize,
    weight: u32,
}

/// All patterns of a language.
#[derive(Debug)]
pub(crate) struct Cues {
    patterns: Vec<Pattern>,
    /// Every word that stands in a pattern, and its number: a message's words are looked up once each, and then numbers
    /// are compared.
    numbers: Table<usize>,
    /// Patterns by the number of their first word.
    by_first: Vec<Vec<usize>>,
}

/// Stands for anybody's name.
const STAFF: &str = "@staff";

/// The same with a possessive.
const OF_STAFF: &str = "@staff's";

/// Stands for what is offered.
const SERVICE: &str = "@service";

#[derive(Debug)]
struct Pattern {
    act: String,
    weight: u32,
    clause_start: bool,
    elements: Vec<Element>,
}

#[derive(Debug)]
enum Element {
    Words { words: Words, optional: bool },
    Gap(usize),
    ClauseEnd,
    End,
}

/// The words of which one is said, by their numbers; and whether a name of the catalogue may stand for them.
#[derive(Debug, Default)]
struct Words {
    numbers: Vec<usize>,
    staff: bool,
    of_staff: bool,
    service: bool,
}

#[derive(Deserialize)]
struct File {
    sets: HashMap<String, Vec<String>>,
    cue: Vec<Cue>,
}

#[derive(Deserialize)]
struct Cue {
    act: String,
    #[serde(default = "one")]
    weight: u32,
    say: Vec<String>,
}

fn one() -> u32 {
    1
}

impl Cues {
    /// `bare` makes words what a message's words are compared as.
    pub(crate) fn load(text: &str, bare: &impl Fn(&str) -> String) -> Result<Self, String> {
        let file: File = toml::from_str(&bare(text)).map_err(|e| e.to_string())?;
        let mut cues = Self {
            patterns: Vec::new(),
            numbers: Table::default(),
            by_first: Vec::new(),
        };
        for cue in &file.cue {
            for said in &cue.say {
                let pattern = Pattern::parse(said, cue, &file.sets, &mut cues.numbers)
                    .map_err(|e| format!("{said:?}: {e}"))?;
                let index = cues.patterns.len();
                let Some(Element::Words {
                    words,
                    optional: false,
                }) = pattern.elements.first()
                else {
                    return Err(format!("{said:?} must begin with a word"));
                };
                cues.by_first.resize_with(cues.numbers.len(), Vec::new);
                for number in &words.numbers {
                    cues.by_first[*number].push(index);
                }
                cues.patterns.push(pattern);
            }
        }
        Ok(cues)
    }

    /// Every word that stands in a pattern.
    pub(crate) fn vocabulary(&self) -> impl Iterator<Item = &str> {
        let words = self.numbers.keys().filter(|word| !word.starts_with('@'));
        words.flat_map(|word| word.split(' '))
    }

    /// Whether the word stands in a pattern; what a gap covers may be any word.
    pub(crate) fn knows(&self, word: &str) -> bool {
        self.numbers.contains_key(word)
    }

    /// Everything that is recognised in `text`, in order; what lies inside something longer is left out.
    pub(crate) fn find<'a>(&'a self, text: &Text<'_>) -> Vec<Hit<'a>> {
        let mut hits: Vec<Hit<'a>> = Vec::new();
        let number = |word: &str| self.numbers.get(word).copied();
        let (staff, service) = (number(STAFF), number(SERVICE));
        let said: Vec<Option<usize>> = text.tokens.iter().map(|token| number(&token.low)).collect();
        for (at, token) in text.tokens.iter().enumerate() {
            let words = [
                said[at],
                staff.filter(|_| token.staff),
                service.filter(|_| token.service),
            ];
            let begun = words
                .into_iter()
                .flatten()
                .filter_map(|word| self.by_first.get(word));
            for &index in begun.flatten() {
                let pattern = &self.patterns[index];
                if let Some(to) = pattern.fits(text, &said, at) {
                    hits.push(Hit {
                        act: &pattern.act,
                        from: at,
                        to,
                        weight: pattern.weight,
                    });
                }
            }
        }
        // Heavier first, then longer; whatever overlaps an accepted one is dropped.
        let mut order: Vec<usize> = (0..hits.len()).collect();
        order.sort_by_key(|&i| std::cmp::Reverse((hits[i].weight, hits[i].to - hits[i].from)));
        let mut taken = vec![false; text.len()];
        let mut kept = Vec::new();
        for index in order {
            let hit = hits[index];
            if taken[hit.from..hit.to].iter().any(|t| *t) {
                continue;
            }
            taken[hit.from..hit.to].fill(true);
            kept.push(hit);
        }
        kept.sort_by_key(|hit| hit.from);
        kept
    }
}

impl Pattern {
    /// Words that are new get the next of `numbers`.
    fn parse(
        said: &str,
        cue: &Cue,
        sets: &HashMap<String, Vec<String>>,
        numbers: &mut Table<usize>,
    ) -> Result<Self, String> {
        let mut pattern = Self {
            act: cue.act.clone(),
            weight: cue.weight,
            clause_start: false,
            elements: Vec::new(),
        };
        for part in said.split_whitespace() {
            let element = match part {
                "^" => {
                    pattern.clause_start = true;
                    continue;
                }
                "$" => Element::ClauseEnd,
                "$$" => Element::End,
                "_" => Element::Gap(3),
                "__" => Element::Gap(6),
                _ => {
                    let (part, optional) = match part.strip_suffix('?') {
                        Some(part) if !part.is_empty() => (part, true),
                        _ => (part, false),
                    };
                    let mut words = Words::default();
                    for word in part.split('|') {
                        match word.strip_prefix('<').and_then(|w| w.strip_suffix('>')) {
                            Some(set) => {
                                let set = sets.get(set).ok_or("no such set")?;
                                set.iter().for_each(|word| words.add(word.clone(), numbers));
                            }
                            None => words.add(word.replace('~', " "), numbers),
                        }
                    }
                    Element::Words { words, optional }
                }
            };
            pattern.elements.push(element);
        }
        Ok(pattern)
    }

    /// The token after the pattern when it begins at `at`. `said` are the numbers of the message's words.
    fn fits(&self, text: &Text<'_>, said: &[Option<usize>], at: usize) -> Option<usize> {
        if self.clause_start && !clause_starts(text, at) {
            return None;
        }
        let mut next = at;
        let mut gap = 0;
        for (index, element) in self.elements.iter().enumerate() {
            match element {
                Element::Gap(n) => gap = *n,
                Element::ClauseEnd => {
                    if !clause_ends(text, next) {
                        return None;
                    }
                }
                Element::End => {
                    if next < text.said_until() {
                        return None;
                    }
                }
                Element::Words { words, optional } => {
                    let mut found = None;
                    for skip in 0..=gap {
                        let Some(token) = text.get(next + skip) else { break };
                        // Commas are no words; sentences end a gap.
                        if words.are_said(token, said[next + skip]) {
                            found = Some(next + skip + 1);
                            break;
                        }
                        if index > 0 && matches!(token.raw, "." | "!" | "?" | ";") {
                            break;
                        }
                    }
                    match found {
                        Some(to) => {
                            next = to;
                            gap = 0;
                        }
                        None if *optional => {}
                        None => {
                            // One comma may stand between two words ("no, thanks").
                            let comma = text.get(next).is_some_and(|t| matches!(t.raw, "," | "-"));
                            let after = text.get(next + 1).filter(|_| comma)?;
                            if !words.are_said(after, said[next + 1]) {
                                return None;
                            }
                            next += 2;
                        }
                    }
                }
            }
        }
        Some(next)
    }
}

impl Words {
    fn add(&mut self, word: String, numbers: &mut Table<usize>) {
        match word.as_str() {
            STAFF => self.staff = true,
            OF_STAFF => self.of_staff = true,
            SERVICE => self.service = true,
            _ => {}
        }
        let next = numbers.len();
        self.numbers.push(*numbers.entry(word).or_insert(next));
    }

    /// Whether the token, whose word has this number, is one of them.
    fn are_said(&self, token: &Token<'_>, number: Option<usize>) -> bool {
        number.is_some_and(|number| self.numbers.contains(&number))
            || self.staff && token.staff
            || self.of_staff && token.staff && token.low.ends_with("'s")
            || self.service && token.service
    }
}

fn clause_starts(text: &Text<'_>, at: usize) -> bool {
    at == 0
        || text.get(at).is_some_and(|t| t.new_line)
        || text.get(at - 1).is_some_and(|t| t.kind == Kind::Sign)
        || text.listed(List::ClauseStarts, at - 1)
}

fn clause_ends(text: &Text<'_>, at: usize) -> bool {
    text.get(at).is_none_or(|t| t.new_line || t.kind == Kind::Sign) || text.listed(List::ClauseEnds, at)
}
