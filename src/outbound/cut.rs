//! Long texts in pieces that a channel takes.

use unicode_segmentation::UnicodeSegmentation as _;

/// The longest message of a channel, in the units that it counts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Longest {
    /// Unicode characters (scalar values).
    Chars(usize),
    /// UTF-16 code units.
    Utf16(usize),
    /// Bytes of UTF-8.
    Bytes(usize),
}

impl Longest {
    const fn units(self) -> usize {
        match self {
            Self::Chars(units) | Self::Utf16(units) | Self::Bytes(units) => units,
        }
    }

    fn of(self, text: &str) -> usize {
        match self {
            Self::Chars(_) => text.chars().count(),
            Self::Utf16(_) => text.encode_utf16().count(),
            Self::Bytes(_) => text.len(),
        }
    }
}

/// The text in pieces of at most this length, in order: cut between lines, else sentences, else words, else what a
/// reader sees as characters. Nothing but white space at the cuts is left out. An empty text has no pieces.
///
/// One character that is longer than all of it (a family of emoji on a short channel) is cut between code points,
/// because it must leave somehow.
#[must_use]
pub fn cut(text: &str, longest: Longest) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let at = first_cut(rest, longest);
        let (piece, after) = rest.split_at(at);
        pieces.push(piece.trim_end());
        rest = after.trim_start();
    }
    pieces
}

/// Where the first piece ends: as late as it can, on the best border that leaves it at least half full.
fn first_cut(text: &str, longest: Longest) -> usize {
    let max = longest.units().max(1);
    // How far the text fits, in bytes, on borders of what a reader sees as characters.
    let mut fits = 0;
    let mut units = 0;
    for grapheme in text.graphemes(true) {
        units += longest.of(grapheme);
        if units > max {
            break;
        }
        fits += grapheme.len();
    }
    if fits == text.len() {
        return fits;
    }
    if fits == 0 {
        return code_points(text, longest, max);
    }
    let head = &text[..fits];
    let worthwhile = |at: &usize| longest.of(&text[..*at]) * 2 >= max;
    let ends_line = head.rfind('\n').filter(worthwhile);
    let ends_sentence = || {
        let ends = head.split_sentence_bound_indices().map(|(at, _)| at);
        ends.filter(|at| *at > 0).last().filter(worthwhile)
    };
    let ends_word = || head.rfind(char::is_whitespace).filter(|at| *at > 0);
    ends_line
        .or_else(ends_sentence)
        .or_else(ends_word)
        .unwrap_or(fits)
}

/// Where the text must be cut when not even one whole character fits; at least one code point leaves.
fn code_points(text: &str, longest: Longest, max: usize) -> usize {
    let mut at = 0;
    for (start, c) in text.char_indices() {
        let end = start + c.len_utf8();
        if start > 0 && longest.of(&text[..end]) > max {
            break;
        }
        at = end;
    }
    at
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_fits_stays_whole() {
        assert_eq!(cut("Booked.", Longest::Chars(7)), ["Booked."]);
        assert!(cut("  ", Longest::Chars(7)).is_empty());
    }

    #[test]
    fn lines_are_kept_together_before_sentences_and_sentences_before_words() {
        let lines = "1) 10:00 with Mai\n2) 10:30 with Linh";
        assert_eq!(
            cut(lines, Longest::Chars(30)),
            ["1) 10:00 with Mai", "2) 10:30 with Linh"]
        );
        let sentences = "We are open. Come at ten or eleven.";
        assert_eq!(
            cut(sentences, Longest::Chars(24)),
            ["We are open.", "Come at ten or eleven."]
        );
        assert_eq!(cut("one two three", Longest::Chars(8)), ["one two", "three"]);
    }

    #[test]
    fn a_character_that_readers_see_as_one_is_not_cut() {
        // A flag is two code points of four bytes each.
        assert_eq!(cut("🇻🇳🇻🇳🇻🇳", Longest::Bytes(20)), ["🇻🇳🇻🇳", "🇻🇳"]);
        assert_eq!(cut("ééé", Longest::Bytes(3)), ["é", "é", "é"]);
        assert_eq!(cut("👍👍", Longest::Utf16(3)), ["👍", "👍"]);
    }

    proptest! {
        #[test]
        fn nothing_but_white_space_is_lost_and_no_piece_is_too_long(text in "\\PC{0,200}", max in 4_usize..60) {
            for longest in [Longest::Chars(max), Longest::Utf16(max), Longest::Bytes(max)] {
                let pieces = cut(&text, longest);
                for piece in &pieces {
                    prop_assert!(longest.of(piece) <= max, "{piece:?}");
                    prop_assert!(!piece.is_empty());
                }
                let bare = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
                prop_assert_eq!(bare(&pieces.concat()), bare(&text));
            }
        }
    }
}
