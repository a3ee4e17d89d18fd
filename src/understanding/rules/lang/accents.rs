//! Letters without their accents, for languages whose writers often leave them out.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// `word` (in lower case) without accents: "mañana" as "manana", "thứ" as "thu", "đặt" as "dat".
pub(crate) fn fold(word: &str) -> Cow<'_, str> {
    if word.is_ascii() {
        return Cow::Borrowed(word);
    }
    let plain = |c: char| if c == 'đ' { 'd' } else { c };
    Cow::Owned(word.nfd().filter(|c| !is_combining_mark(*c)).map(plain).collect())
}

/// Whether it only changes the letter before it.
pub(crate) fn is_mark(c: char) -> bool {
    is_combining_mark(c)
}

/// `word` with each letter in one piece, as the data files have them; keyboards differ in how they compose accents.
pub(crate) fn composed(word: &str) -> Cow<'_, str> {
    if word.is_ascii() {
        Cow::Borrowed(word)
    } else {
        Cow::Owned(word.nfc().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_go_and_letters_stay() {
        for (word, plain) in [
            ("mañana", "manana"),
            ("thứ", "thu"),
            ("đặt", "dat"),
            ("gel", "gel"),
            ("日", "日"),
        ] {
            assert_eq!(fold(word), plain);
            assert_eq!(fold(&word.nfd().collect::<String>()), plain);
        }
    }
}
