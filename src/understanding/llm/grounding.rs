//! Where the words that a model quotes stand in the message, and how they stand there.
//!
//! A model may propose only what the customer's own words carry. Words are compared without regard to case, white
//! space, typographic quote marks and invisible characters, and always whole: the "no" of "know" is no "no".

use super::quoted::shown;
use crate::understanding::when::Span;

/// A message, folded for comparison, with the way back to its characters.
#[derive(Debug)]
pub(super) struct Ground {
    /// The characters as given.
    chars: Vec<char>,
    /// The folded ones, each with the place of the character that it came from.
    folded: Vec<(char, usize)>,
    /// Which of the characters are shown and not said.
    shown: Vec<bool>,
}

impl Ground {
    pub(super) fn new(text: &str) -> Self {
        let chars: Vec<char> = text.chars().collect();
        Self {
            folded: fold(&chars),
            shown: shown_only(&chars),
            chars,
        }
    }

    /// Where `quote` stands, if it does: the first place where it is not a part of longer words.
    pub(super) fn find(&self, quote: &str) -> Option<Span> {
        let quote: Vec<char> = quote.chars().collect();
        let quote: Vec<char> = fold(&quote).into_iter().map(|(c, _)| c).collect();
        // A quotation of signs alone grounds nothing; an emoji is an answer.
        if quote.is_empty() || quote.iter().all(|c| c.is_ascii() && !c.is_ascii_alphanumeric()) {
            return None;
        }
        let last = self.folded.len().checked_sub(quote.len())?;
        let fits = |at: &usize| {
            self.folded[*at..*at + quote.len()]
                .iter()
                .map(|(c, _)| c)
                .eq(&quote)
        };
        let part_of_a_word = |at: usize| {
            let before = at.checked_sub(1).map(|before| self.folded[before].0);
            let after = self.folded.get(at + quote.len()).map(|(c, _)| *c);
            before.is_some_and(glued) && glued(quote[0])
                || after.is_some_and(glued) && glued(quote[quote.len() - 1])
        };
        let at = (0..=last).filter(fits).find(|at| !part_of_a_word(*at))?;
        Some((self.folded[at].1, self.folded[at + quote.len() - 1].1 + 1))
    }

    /// The characters of `span`, as given.
    pub(super) fn slice(&self, span: Span) -> String {
        self.chars[span.0.min(self.chars.len())..span.1.min(self.chars.len())]
            .iter()
            .collect()
    }

    /// The clause around `span`: as far as the next sign that ends one, to both sides.
    pub(super) fn clause(&self, span: Span) -> String {
        let ends = |c: &char| {
            matches!(
                c,
                '.' | ','
                    | ';'
                    | ':'
                    | '!'
                    | '?'
                    | '\n'
                    | '\u{3002}'
                    | '\u{ff0c}'
                    | '\u{ff01}'
                    | '\u{ff1f}'
                    | '\u{60c}'
                    | '\u{61f}'
                    | '('
                    | ')'
                    | '\u{2014}'
            )
        };
        let from = (0..span.0)
            .rev()
            .find(|at| ends(&self.chars[*at]))
            .map_or(0, |at| at + 1);
        let to = (span.1..self.chars.len())
            .find(|at| ends(&self.chars[*at]))
            .unwrap_or(self.chars.len());
        self.slice((from, to))
    }

    /// Whether the words stand inside a quotation, code, a link or a tag: words that are shown, not said.
    pub(super) fn is_shown_only(&self, span: Span) -> bool {
        words(&self.said(span)).is_empty() && !words(&self.slice(span)).is_empty()
    }

    /// The characters of `span` without those that are only shown.
    pub(super) fn said(&self, span: Span) -> String {
        let said = |at: usize| if self.shown[at] { ' ' } else { self.chars[at] };
        (span.0..span.1.min(self.chars.len())).map(said).collect()
    }
}

/// Which characters are shown and not said. A sign that is opened and never closed shows nothing.
fn shown_only(chars: &[char]) -> Vec<bool> {
    const PAIRS: [(char, char); 9] = [
        ('"', '"'),
        ('\u{201c}', '\u{201d}'),
        ('\u{201e}', '\u{201c}'),
        ('\u{ab}', '\u{bb}'),
        ('`', '`'),
        ('<', '>'),
        ('[', ']'),
        ('{', '}'),
        ('\u{300c}', '\u{300d}'),
    ];
    let mut shown = vec![false; chars.len()];
    for (open, close) in PAIRS {
        let mut opened: Option<usize> = None;
        for (at, c) in chars.iter().enumerate() {
            match opened {
                Some(from) if *c == close => {
                    shown[from..=at].fill(true);
                    opened = None;
                }
                None if *c == open => opened = Some(at),
                _ => {}
            }
        }
    }
    let mut from = 0;
    while from < chars.len() {
        let to = (from..chars.len())
            .find(|at| chars[*at].is_whitespace())
            .unwrap_or(chars.len());
        if chars[from..to].windows(3).any(|w| w == [':', '/', '/'])
            || chars[from..to].windows(2).any(|w| w == [']', '('])
        {
            shown[from..to].fill(true);
        }
        from = to + 1;
    }
    shown
}

/// The words of a text, folded.
pub(super) fn words(text: &str) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let folded: String = fold(&chars).into_iter().map(|(c, _)| c).collect();
    folded
        .split(|c: char| !c.is_alphanumeric() && c != '\'')
        .map(|word| word.trim_matches('\''))
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// How many words a text has; where words are written without spaces, two characters count as one.
pub(super) fn length(text: &str) -> usize {
    let unspaced = text
        .chars()
        .filter(|c| c.is_alphanumeric() && !is_spaced(*c))
        .count();
    words(text).len() + unspaced / 2
}

fn fold(chars: &[char]) -> Vec<(char, usize)> {
    let mut folded: Vec<(char, usize)> = Vec::with_capacity(chars.len());
    for (at, &c) in chars.iter().enumerate() {
        // Shown characters fold to what the prompt made of them, and both to plain ones.
        let Some(c) = shown(c) else { continue };
        if c.is_whitespace() {
            if folded.last().is_some_and(|(last, _)| *last != ' ') {
                folded.push((' ', at));
            }
            continue;
        }
        let plain = match c {
            '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{2032}' | '`' | '\u{b4}' => '\'',
            '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{ab}' | '\u{bb}' => '"',
            '\u{2010}'..='\u{2015}' => '-',
            other => other,
        };
        folded.extend(plain.to_lowercase().map(|low| (low, at)));
    }
    while folded.last().is_some_and(|(last, _)| *last == ' ') {
        folded.pop();
    }
    folded
}

/// Whether a neighbour of the same kind makes it a part of a longer word.
fn glued(c: char) -> bool {
    c.is_alphanumeric() && is_spaced(c)
}

/// Whether the character's script puts spaces between words.
const fn is_spaced(c: char) -> bool {
    !matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{2e80}'..='\u{a4cf}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, quote: &str, expected: Option<&str>) {
        let ground = Ground::new(text);
        let found = ground.find(quote).map(|span| ground.slice(span));
        assert_eq!(found.as_deref(), expected, "{quote:?} in {text:?}");
    }

    #[test]
    fn words_are_found_however_they_are_written_and_only_whole() {
        check(
            "I\u{2019}d  love\nFRIDAY",
            "i'd love friday",
            Some("I\u{2019}d  love\nFRIDAY"),
        );
        check("fri\u{200b}day please", "friday", Some("fri\u{200b}day"));
        check("I know", "no", None);
        check("know? no", "no", Some("no"));
        check(
            "\u{6211}\u{8981}\u{53d6}\u{6d88}",
            "\u{53d6}\u{6d88}",
            Some("\u{53d6}\u{6d88}"),
        );
        check("\u{1F44D}", "\u{1F44D}", Some("\u{1F44D}"));
        check("a <b>", "\u{2039}b\u{203a}", Some("<b>"));
        check("ok <bold> then", "\u{2039}bold\u{203a} then", Some("<bold> then"));
        check("hello", "", None);
        check("hello ...", "...", None);
        check("hi", "hi there, and more", None);
    }

    #[test]
    fn words_that_are_shown_are_told_from_words_that_are_said() {
        let shown = |text: &str, quote: &str| {
            let ground = Ground::new(text);
            ground.is_shown_only(ground.find(quote).expect(quote))
        };
        assert!(shown("he wrote \"yes\" to me", "yes"));
        assert!(shown("[yes](http://x.example)", "yes"));
        assert!(shown("http://x.example/yes", "yes"));
        assert!(shown("{\"act\": \"confirm\"}", "confirm"));
        assert!(!shown("\"hm\" yes", "yes"));
        assert!(!shown("yes please", "yes"));
    }
}
