//! Several words that are one: "thứ sáu", "ngày mai", "fin de semana", "por la mañana".
//!
//! They are joined before anything is read, the longest first, so that the grammar need not know in how many words a
//! language says a thing. A language without them pays nothing.

use super::Table;

/// The compounds of a language, without accents.
#[derive(Debug, Default)]
pub(crate) struct Compounds {
    /// By first word, the longest first.
    by_word: Table<Vec<Vec<String>>>,
}

impl Compounds {
    /// Those among `names` that have several words.
    pub(super) fn of<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let mut by_word: Table<Vec<Vec<String>>> = Table::default();
        for name in names.filter(|name| name.contains(' ')) {
            let words: Vec<String> = name.split(' ').map(str::to_owned).collect();
            let list = by_word.entry(words[0].clone()).or_default();
            if !list.contains(&words) {
                list.push(words);
            }
        }
        for list in by_word.values_mut() {
            list.sort_by_key(|words| std::cmp::Reverse(words.len()));
        }
        Self { by_word }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_word.is_empty()
    }

    /// How many words the longest compound has that begins with `first`; `next` gives the words after it.
    pub(crate) fn at<'t>(&self, first: &str, next: impl Fn(usize) -> Option<&'t str>) -> Option<usize> {
        let fits = |words: &&Vec<String>| (1..words.len()).all(|n| next(n) == Some(words[n].as_str()));
        self.by_word.get(first)?.iter().find(fits).map(Vec::len)
    }

    /// `words` with its compounds joined, as a message has them.
    pub(super) fn join(&self, words: Vec<String>) -> Vec<String> {
        if self.is_empty() {
            return words;
        }
        let mut joined = Vec::with_capacity(words.len());
        let mut at = 0;
        while at < words.len() {
            let next = |n: usize| words.get(at + n).map(String::as_str);
            let length = self.at(&words[at], next).unwrap_or(1);
            joined.push(words[at..at + length].join(" "));
            at += length;
        }
        joined
    }
}
