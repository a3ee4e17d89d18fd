//! Tables of words, quick to look into: every word of a message is looked up in several.
//!
//! The hash is no secret and need not be one. A table holds the words of a language's files and nothing that a customer
//! wrote, so nobody can fill it with words that collide.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// Something about each of many words.
pub(crate) type Table<V> = HashMap<String, V, BuildHasherDefault<WordHasher>>;

/// Many words.
pub(crate) type WordSet = HashSet<String, BuildHasherDefault<WordHasher>>;

/// Eight bytes at a time; most words have no more.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct WordHasher(u64);

impl WordHasher {
    fn add(&mut self, piece: u64) {
        /// Odd, with its bits well spread: the digits of the golden ratio.
        const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
        self.0 = (self.0.rotate_left(5) ^ piece).wrapping_mul(SPREAD);
    }
}

impl Hasher for WordHasher {
    fn write(&mut self, bytes: &[u8]) {
        let mut pieces = bytes.chunks_exact(8);
        for piece in &mut pieces {
            let mut whole = [0; 8];
            whole.copy_from_slice(piece);
            self.add(u64::from_le_bytes(whole));
        }
        let rest = pieces.remainder();
        if !rest.is_empty() {
            let rest = rest.iter().rev();
            self.add(rest.fold(0, |all, byte| all << 8 | u64::from(*byte)));
        }
    }

    fn write_u8(&mut self, byte: u8) {
        self.add(u64::from(byte));
    }

    /// The upper bits are those that all letters have a share in, and a table takes the lower ones.
    fn finish(&self) -> u64 {
        self.0.rotate_left(26)
    }
}

#[cfg(test)]
mod tests {
    use std::hash::Hash as _;

    use super::*;
    use crate::types::Language;
    use crate::understanding::rules::lang::Lang;

    #[test]
    fn the_words_of_a_language_are_spread_over_a_table() {
        const PLACES: usize = 4096;
        for language in Language::ALL {
            let words: HashSet<&str> = Lang::of(language).vocabulary().collect();
            let mut places = vec![0_usize; PLACES];
            for word in &words {
                let mut hasher = WordHasher::default();
                word.hash(&mut hasher);
                places[usize::try_from(hasher.finish()).unwrap() % PLACES] += 1;
            }
            let most = places.iter().max().unwrap();
            assert!(
                *most <= 8,
                "{language:?}: {most} of {} words in one place",
                words.len()
            );
        }
    }
}
