//! Names from the catalogue in a message: services, bundles, staff, FAQ keywords.
//!
//! A name is found by its words, in any order, with typing errors; words that say nothing ("Dr.", initials,
//! "add-on") need not be said. A part of a name counts when it tells that name from the others, and it then
//! may fit several ("manicure").

use std::cell::OnceCell;

use super::lang::accents::composed;
use super::lang::{Lang, List};
use super::token::{Kind, Text, Token};
use super::typo::{Letters, is_within};
use crate::understanding::act::Certainty;
use crate::understanding::lexicon::{Entry, NameWord};

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
    words: &'a [NameWord],
    /// With their accents, where `words` are without.
    written: Option<&'a [NameWord]>,
    /// Found when it is first asked for: most names are not said.
    noise: OnceCell<(Vec<bool>, usize)>,
}

impl Name<'_> {
    /// Which of its words it can do without, and how many must be said for the whole name to be said.
    fn noise(&self, lang: &Lang, noise: List) -> &(Vec<bool>, usize) {
        self.noise.get_or_init(|| {
            let is_quiet = |word: &NameWord| {
                let lists = lang.lists_of(&word.text);
                let is_initial = self.words.len() > 1 && word.text.chars().nth(1).is_none();
                lists.has(noise) || lists.has(List::Quiet) || is_initial
            };
            let mut quiet: Vec<bool> = self.words.iter().map(is_quiet).collect();
            let needed = quiet.iter().filter(|quiet| !**quiet).count();
            if needed == 0 {
                quiet.fill(false);
                return (quiet, self.words.len());
            }
            (quiet, needed)
        })
    }
}

/// A word of the message, as words of names are compared with it.
struct Spoken<'t> {
    raw: &'t str,
    /// In lower case.
    low: &'t str,
    /// The same without a possessive.
    stem: &'t str,
    /// Those of the stem.
    letters: Letters,
    /// A word of the language, and so no typing error of a name.
    common: bool,
}

impl<'t> Spoken<'t> {
    fn new(token: &'t Token<'_>, lang: &Lang) -> Self {
        let low = token.low.as_ref();
        let (stem, lists) = match low.strip_suffix("'s") {
            Some(stem) => (stem, lang.lists_of(stem)),
            None => (low, token.lists),
        };
        Self {
            raw: token.raw,
            low,
            stem,
            letters: Letters::of(stem),
            common: token.word.is_some() || lists.has(List::Common),
        }
    }

    /// Whether it says the word of a name, and then whether without an error. `written` is that word with its accents.
    /// Cheap refusals come first, because this runs for every word of a message and every word of every name.
    fn says(&self, word: &NameWord, written: Option<&NameWord>, lang: &Lang) -> Option<bool> {
        let (text, apart) = (word.text.as_str(), word.letters.apart(self.letters));
        // A plural and a possessive have an "s" more.
        if apart <= 1 && (text == self.stem || text == self.low || plural(text, self.stem, self.common)) {
            // Written with accents it is that word and no other ("đau" is not "đầu").
            let is_it = self.raw.is_ascii() || written.is_none_or(|word| accented(&word.text, self.raw));
            return is_it.then_some(true);
        }
        let errs = !self.common && (near(text, self.stem, apart) || lang.same_stem(text, self.stem));
        errs.then_some(false)
    }
}

/// Every word of a message that is a word of a name, found in one walk: looking for the end of a mention asks again for
/// the same words.
struct Matches {
    /// In the order of the tokens, and of the names within a token.
    all: Vec<Match>,
    /// After each token, how many there are so far.
    until: Vec<usize>,
}

impl Matches {
    fn new(text: &Text<'_>, lang: &Lang, names: &[Name<'_>]) -> Self {
        let mut all = Vec::new();
        let mut until = Vec::with_capacity(text.len());
        for token in &text.tokens {
            if token.kind != Kind::Sign {
                matches(&Spoken::new(token, lang), lang, names, &mut all);
            }
            until.push(all.len());
        }
        Self { all, until }
    }

    fn at(&self, at: usize) -> &[Match] {
        let from = at.checked_sub(1).map_or(0, |before| self.until[before]);
        &self.all[from..self.until[at]]
    }

    /// Those of one name.
    fn of(&self, name: usize, at: usize) -> &[Match] {
        let here = self.at(at);
        let from = here.partition_point(|m| m.name < name);
        let to = here.partition_point(|m| m.name <= name);
        &here[from..to]
    }
}

/// Finds every mention of `entries` in `text`. `noise` names the list of words that names can do without.
pub(crate) fn find<T>(text: &Text<'_>, lang: &Lang, entries: &[Entry<T>], noise: List) -> Vec<Mention> {
    if entries.is_empty() {
        return Vec::new();
    }
    let names = names(entries, lang.is_plain());
    let matches = Matches::new(text, lang, &names);
    let mut found = Vec::new();
    if matches.all.is_empty() {
        return found;
    }
    let mut at = 0;
    while at < text.len() {
        if matches.at(at).is_empty() {
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
            noise: OnceCell::new(),
        }));
    }
    names
}

fn matches(spoken: &Spoken<'_>, lang: &Lang, names: &[Name<'_>], out: &mut Vec<Match>) {
    for (n, name) in names.iter().enumerate() {
        let mut put = |word, exact, whole| {
            out.push(Match {
                name: n,
                word,
                exact,
                whole,
            });
        };
        if name.words.len() > 1 && glued(name.words, spoken.stem) {
            put(0, true, true);
            continue;
        }
        for (w, word) in name.words.iter().enumerate() {
            let written = name.written.and_then(|words| words.get(w));
            if let Some(exact) = spoken.says(word, written, lang) {
                put(w, exact, false);
            }
        }
    }
}

/// "gels" for "gel"; `common` words must be longer ("pie" is not "pies").
fn plural(a: &str, b: &str, common: bool) -> bool {
    let stem = if common { 4 } else { 3 };
    a.len().min(b.len()) >= stem && (a.strip_suffix('s') == Some(b) || b.strip_suffix('s') == Some(a))
}

/// Whether the words stand in one ("nailart", "gelnails").
fn glued(words: &[NameWord], said: &str) -> bool {
    let rest = words
        .iter()
        .try_fold(said, |rest, word| rest.strip_prefix(word.text.as_str()));
    rest.is_some_and(str::is_empty)
}

/// Whether a word of a name has the accents with which somebody wrote it.
fn accented(word: &str, raw: &str) -> bool {
    let said = raw.to_lowercase();
    composed(word) == composed(&said) || plural(word, &said, false)
}

/// A typing error away. `apart`: how many letters only one of the two has.
fn near(word: &str, said: &str, apart: u32) -> bool {
    let (a, b) = (word.len(), said.len());
    // "mani" for "manicure"
    if b >= 4 && 2 * b >= a && word.starts_with(said) {
        return true;
    }
    if a.abs_diff(b) > 2 || a < 3 || b < 3 {
        return false;
    }
    let (allowed, letters) = match a.min(b) {
        3..=7 => (1, 2),
        _ => (2, 4),
    };
    apart <= letters && is_within(word, said, allowed)
}

/// The best mention that begins at `at`: the names most of whose words follow one another.
fn longest(
    text: &Text<'_>,
    lang: &Lang,
    names: &[Name<'_>],
    matches: &Matches,
    at: usize,
    noise: List,
) -> (Option<Mention>, usize) {
    // (name, words said, exact, whole, end)
    let mut best: Vec<(usize, usize, bool, bool, usize)> = Vec::new();
    let mut said: Vec<usize> = Vec::new();
    for first in matches.at(at).chunk_by(|a, b| a.name == b.name) {
        let n = first[0].name;
        let name = &names[n];
        let (noise, needed) = name.noise(lang, noise);
        if first.iter().any(|m| m.whole) {
            best.push((n, *needed, true, true, at + 1));
            continue;
        }
        // A mention begins with a word that tells something: the "add" of "add nail art" is not "add-on".
        if first.iter().all(|m| noise[m.word]) {
            continue;
        }
        said.clear();
        let mut exact = true;
        let (mut next, mut end, mut gap) = (at, at + 1, 0);
        while next < text.len() && gap <= 2 {
            let token = &text.tokens[next];
            let fit = matches.of(n, next).iter();
            let fit = fit.filter(|m| !said.contains(&m.word)).max_by_key(|m| m.exact);
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
        let short = said.len() == 1 && !exact && name.words[said[0]].text.len() < 4;
        if short {
            continue;
        }
        best.push((n, loud, exact, loud >= *needed, end));
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
