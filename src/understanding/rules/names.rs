//! Names from the catalogue in a message: services, bundles, staff, FAQ keywords.
//!
//! A name is found by its words, in any order, with typing errors; words that say nothing ("Dr.", initials,
//! "add-on") need not be said. A part of a name counts when it tells that name from the others, and it then
//! may fit several ("manicure").

use std::collections::HashSet;

use super::lang::accents::composed;
use super::lang::{Lang, List};
use super::token::{Kind, Text};
use crate::understanding::act::Certainty;
use crate::understanding::lexicon::Entry;

/// A place in the message that names things of a catalogue.
#[derive(Debug, Clone)]
pub(crate) struct Mention {
    /// First token.
    pub(crate) from: usize,
    /// The token after the last.
    pub(crate) to: usize,
    /// Places of the entries that it may mean, best first.
    pub(crate) entries: Vec<(usize, Certainty)>,
}

/// How a word of the message matched a word of a name.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Match {
    name: usize,
    word: usize,
    exact: bool,
    /// The whole name, written as one word ("nailart").
    whole: bool,
}

struct Name<'a> {
    entry: usize,
    words: &'a [String],
    /// With their accents, where `words` are without.
    written: Option<&'a [String]>,
}

impl Name<'_> {
    /// Which of its words it can do without, and how many must be said for the whole name to be said.
    fn noise(&self, lang: &Lang, noise: List) -> (Vec<bool>, usize) {
        let words = self.words;
        let mut quiet: Vec<bool> = words
            .iter()
            .map(|word| {
                let lists = lang.lists_of(word);
                lists.has(noise) || lists.has(List::Quiet) || words.len() > 1 && word.chars().nth(1).is_none()
            })
            .collect();
        let needed = quiet.iter().filter(|quiet| !**quiet).count();
        if needed == 0 {
            quiet.fill(false);
            return (quiet, words.len());
        }
        (quiet, needed)
    }
}

/// Finds every mention of `entries` in `text`. `noise` names the list of words that names can do without.
pub(crate) fn find<T>(text: &Text<'_>, lang: &Lang, entries: &[Entry<T>], noise: List) -> Vec<Mention> {
    if entries.is_empty() {
        return Vec::new();
    }
    let names = names(entries, lang.is_plain());
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let matches = matches(text, lang, &names, at);
        if matches.is_empty() {
            at += 1;
            continue;
        }
        let (mention, to) = longest(text, lang, &names, &matches, at, noise);
        found.extend(mention);
        at = to;
    }
    found
}

/// `plain`: without accents, as the message has them.
fn names<T>(entries: &[Entry<T>], plain: bool) -> Vec<Name<'_>> {
    let mut names = Vec::with_capacity(entries.iter().map(|it| it.words.len()).sum());
    for (entry, it) in entries.iter().enumerate() {
        let words = if plain { &it.plain } else { &it.words };
        let said = words.iter().zip(&it.words).filter(|(words, _)| !words.is_empty());
        names.extend(said.map(|(words, written)| Name {
            entry,
            words,
            written: plain.then_some(written),
        }));
    }
    names
}

fn matches(text: &Text<'_>, lang: &Lang, names: &[Name<'_>], at: usize) -> Vec<Match> {
    let Some(token) = text.get(at).filter(|t| t.kind != Kind::Sign) else {
        return Vec::new();
    };
    let low = token.low.strip_suffix("'s").unwrap_or(&token.low);
    let common = token.word.is_some() || lang.lists_of(low).has(List::Common);
    let mut out = Vec::new();
    for (n, name) in names.iter().enumerate() {
        let mut put = |word, exact, whole| {
            out.push(Match {
                name: n,
                word,
                exact,
                whole,
            });
        };
        if name.words.len() > 1 && glued(name.words, low) {
            put(0, true, true);
            continue;
        }
        for (w, word) in name.words.iter().enumerate() {
            if *word == low || *word == token.low || plural(word, low, common) {
                // Written with accents it is that word and no other ("đau" is not "đầu").
                if token.raw.is_ascii() || name.written.is_none_or(|words| accented(&words[w], token.raw)) {
                    put(w, true, false);
                }
            } else if !common && (near(word, low) || lang.same_stem(word, low)) {
                put(w, false, false);
            }
        }
    }
    out
}

/// "gels" for "gel"; `common` words must be longer ("pie" is not "pies").
fn plural(a: &str, b: &str, common: bool) -> bool {
    let stem = if common { 4 } else { 3 };
    a.len().min(b.len()) >= stem && (a.strip_suffix('s') == Some(b) || b.strip_suffix('s') == Some(a))
}

/// Whether the words stand in one ("nailart", "gelnails").
fn glued(words: &[String], said: &str) -> bool {
    let rest = words
        .iter()
        .try_fold(said, |rest, word| rest.strip_prefix(word.as_str()));
    rest.is_some_and(str::is_empty)
}

/// Whether a word of a name has the accents with which somebody wrote it.
fn accented(word: &str, raw: &str) -> bool {
    let said = raw.to_lowercase();
    composed(word) == composed(&said) || plural(word, &said, false)
}

/// A typing error away. Cheap refusals come first, because this runs for every word of a message.
fn near(word: &str, said: &str) -> bool {
    let (a, b) = (word.len(), said.len());
    // "mani" for "manicure"
    if b >= 4 && 2 * b >= a && word.starts_with(said) {
        return true;
    }
    if a.abs_diff(b) > 2 || a < 3 || b < 3 {
        return false;
    }
    let allowed = match a.min(b) {
        3..=7 => 1,
        _ => 2,
    };
    let mask = |w: &str| {
        w.bytes()
            .filter(u8::is_ascii_lowercase)
            .fold(0u32, |m, c| m | 1 << (c - b'a'))
    };
    (mask(word) ^ mask(said)).count_ones() <= 2 * allowed
        && strsim::osa_distance(word, said) <= allowed as usize
}

/// The best mention that begins at `at`: the names most of whose words follow one another.
fn longest(
    text: &Text<'_>,
    lang: &Lang,
    names: &[Name<'_>],
    first: &[Match],
    at: usize,
    noise: List,
) -> (Option<Mention>, usize) {
    // (entry, words said, exact, needed, end)
    let mut best: Vec<(usize, usize, bool, bool, usize)> = Vec::new();
    let starts: HashSet<usize> = first.iter().map(|m| m.name).collect();
    for n in starts {
        let name = &names[n];
        let (noise, needed) = name.noise(lang, noise);
        if first.iter().any(|m| m.name == n && m.whole) {
            best.push((n, needed, true, true, at + 1));
            continue;
        }
        // A mention begins with a word that tells something: the "add" of "add nail art" is not "add-on".
        if first.iter().filter(|m| m.name == n).all(|m| noise[m.word]) {
            continue;
        }
        let mut said: Vec<usize> = Vec::new();
        let mut exact = true;
        let (mut next, mut end, mut gap) = (at, at + 1, 0);
        while next < text.len() && gap <= 2 {
            let token = &text.tokens[next];
            let fit = matches(text, lang, std::slice::from_ref(name), next)
                .into_iter()
                .filter(|m| !said.contains(&m.word))
                .max_by_key(|m| m.exact);
            if let Some(fit) = fit {
                said.push(fit.word);
                exact &= fit.exact;
                end = next + 1;
                gap = 0;
            } else if token.raw.chars().count() == 1 || token.lists.has(List::Quiet) {
                gap += 1;
            } else {
                break;
            }
            next += 1;
            if said.len() == name.words.len() {
                break;
            }
        }
        let loud = said.iter().filter(|w| !noise[**w]).count();
        if loud == 0 {
            continue;
        }
        // Three letters with an error in them prove nothing alone.
        let short = said.len() == 1 && !exact && name.words[said[0]].len() < 4;
        if short {
            continue;
        }
        best.push((n, loud, exact, loud >= needed, end));
    }
    // Prefer more words, then whole names, then exact ones.
    let Some(top) = best.iter().map(|b| (b.1, b.3, b.2)).max() else {
        return (None, at + 1);
    };
    let end = best
        .iter()
        .filter(|b| (b.1, b.3, b.2) == top)
        .map(|b| b.4)
        .max()
        .unwrap_or(at + 1);
    let mut entries: Vec<(usize, Certainty)> = Vec::new();
    best.sort_by_key(|b| (std::cmp::Reverse((b.1, b.3, b.2)), b.0));
    for (n, loud, exact, whole, _) in best {
        if loud < top.0 {
            continue;
        }
        // A whole name leaves no room for names of which it is only a part.
        if top.1 && !whole {
            continue;
        }
        let certainty = match (whole, exact) {
            (true, true) => Certainty::Exact,
            (true, false) | (false, true) => Certainty::Close,
            (false, false) => Certainty::Guess,
        };
        let entry = names[n].entry;
        if entries.iter().all(|(e, _)| *e != entry) {
            entries.push((entry, certainty));
        }
    }
    let mention = Mention {
        from: at,
        to: end,
        entries,
    };
    (Some(mention), end)
}
