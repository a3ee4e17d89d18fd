//! Words with typing errors in them: how far two words are apart.
//!
//! Every word of a message is compared with every word of every name, so what is surely no error is told from a few
//! bits, and one error without a table of distances.

/// Which of the letters a to z a word has, a bit each; the others are left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Letters(u32);

impl Letters {
    /// Those of `word`, in lower case.
    pub(crate) fn of(word: &str) -> Self {
        let letters = word.bytes().filter(u8::is_ascii_lowercase);
        Self(letters.fold(0, |set, c| set | 1 << (c - b'a')))
    }

    /// How many letters only one of two words has; an error adds two at most.
    pub(crate) const fn apart(self, other: Self) -> u32 {
        (self.0 ^ other.0).count_ones()
    }
}

/// Whether so many errors make the one word of the other: a letter wrong, missing, too many, or in the place of its
/// neighbour.
pub(crate) fn is_within(a: &str, b: &str, errors: usize) -> bool {
    if errors == 1 && a.is_ascii() && b.is_ascii() {
        return is_one_off(a.as_bytes(), b.as_bytes());
    }
    strsim::osa_distance(a, b) <= errors
}

/// Whether one error at most lies between what the words begin and end with alike.
fn is_one_off(a: &[u8], b: &[u8]) -> bool {
    let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[same..], &b[same..]);
    let same = a.iter().rev().zip(b.iter().rev());
    let same = same.take_while(|(a, b)| a == b).count();
    match (&a[..a.len() - same], &b[..b.len() - same]) {
        ([] | [_], [] | [_]) => true,
        ([a, b], [c, d]) => a == d && b == c,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_error_is_a_letter_wrong_missing_too_many_or_swapped() {
        for (a, b, is_error) in [
            ("pedicure", "padicure", true),
            ("manicure", "manicur", true),
            ("friday", "fridday", true),
            ("monday", "mnoday", true),
            ("gel", "gel", true),
            ("mai", "mani", true),
            ("mai", "im", false),
            ("linh", "lhni", false),
            ("ngày", "ngay", true),
            ("thứ", "thu7", false),
        ] {
            assert_eq!(is_within(a, b, 1), is_error, "{a} {b}");
        }
    }

    proptest! {
        #[test]
        fn the_short_way_says_what_the_table_of_distances_says(a in "[abc]{0,7}", b in "[abc]{0,7}") {
            prop_assert_eq!(is_within(&a, &b, 1), strsim::osa_distance(&a, &b) <= 1);
        }

        #[test]
        fn words_that_are_near_have_nearly_the_same_letters(a in "[a-e]{0,9}", b in "[a-e]{0,9}") {
            let letters = Letters::of(&a).apart(Letters::of(&b)) as usize;
            prop_assert!(letters <= 2 * strsim::osa_distance(&a, &b));
        }
    }
}
