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

use std::collections::{HashMap, HashSet};

use serde::Deserialize;

use super::lang::List;
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
    /// Patterns by their first word.
    by_word: HashMap<String, Vec<usize>>,
    /// Every word that stands in a pattern.
    vocabulary: HashSet<String>,
}

#[derive(Debug)]
struct Pattern {
    act: String,
    weight: u32,
    clause_start: bool,
    elements: Vec<Element>,
}

#[derive(Debug)]
enum Element {
    Words { words: Vec<String>, optional: bool },
    Gap(usize),
    ClauseEnd,
    End,
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
            by_word: HashMap::new(),
            vocabulary: HashSet::new(),
        };
        for cue in &file.cue {
            for said in &cue.say {
                let pattern = Pattern::parse(said, cue, &file.sets).map_err(|e| format!("{said:?}: {e}"))?;
                let index = cues.patterns.len();
                let Some(Element::Words {
                    words,
                    optional: false,
                }) = pattern.elements.first()
                else {
                    return Err(format!("{said:?} must begin with a word"));
                };
                for word in words {
                    cues.by_word.entry(word.clone()).or_default().push(index);
                }
                for element in &pattern.elements {
                    if let Element::Words { words, .. } = element {
                        cues.vocabulary.extend(words.iter().cloned());
                    }
                }
                cues.patterns.push(pattern);
            }
        }
        Ok(cues)
    }

    /// Every word that stands in a pattern.
    pub(crate) fn vocabulary(&self) -> impl Iterator<Item = &str> {
        let words = self.vocabulary.iter().filter(|word| !word.starts_with('@'));
        words.flat_map(|word| word.split(' '))
    }

    /// Whether the word stands in a pattern; what a gap covers may be any word.
    pub(crate) fn knows(&self, word: &str) -> bool {
        self.vocabulary.contains(word)
    }

    /// Everything that is recognised in `text`, in order; what lies inside something longer is left out.
    pub(crate) fn find<'a>(&'a self, text: &Text<'_>) -> Vec<Hit<'a>> {
        let mut hits: Vec<Hit<'a>> = Vec::new();
        for at in 0..text.len() {
            let Some(token) = text.get(at) else { break };
            let named = [("@staff", token.staff), ("@service", token.service)];
            let named = named.into_iter().filter(|(_, is)| *is).map(|(word, _)| word);
            let words = std::iter::once(token.low.as_ref()).chain(named);
            for &index in words.filter_map(|word| self.by_word.get(word)).flatten() {
                let pattern = &self.patterns[index];
                if let Some(to) = pattern.fits(text, at) {
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
    fn parse(said: &str, cue: &Cue, sets: &HashMap<String, Vec<String>>) -> Result<Self, String> {
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
                    let mut words = Vec::new();
                    for word in part.split('|') {
                        match word.strip_prefix('<').and_then(|w| w.strip_suffix('>')) {
                            Some(set) => words.extend(sets.get(set).ok_or("no such set")?.iter().cloned()),
                            None => words.push(word.replace('~', " ")),
                        }
                    }
                    Element::Words { words, optional }
                }
            };
            pattern.elements.push(element);
        }
        Ok(pattern)
    }

    /// The token after the pattern when it begins at `at`.
    fn fits(&self, text: &Text<'_>, at: usize) -> Option<usize> {
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
                        if says(token, words) {
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
                            let after = text.get(next + 1).filter(|t| comma && says(t, words));
                            after?;
                            next += 2;
                        }
                    }
                }
            }
        }
        Some(next)
    }
}

/// Whether the token is one of the words; `@staff` is anybody's name, `@staff's` with a possessive, `@service` what is
/// offered.
fn says(token: &Token<'_>, words: &[String]) -> bool {
    words.iter().any(|word| match word.as_str() {
        "@staff" => token.staff,
        "@staff's" => token.staff && token.low.ends_with("'s"),
        "@service" => token.service,
        word => word == token.low,
    })
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
