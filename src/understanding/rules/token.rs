//! Words, numbers and signs of a message, each with its place.
//!
//! Everything behind this module counts in tokens; places in the text are looked up here, so nothing else ever
//! slices a string by a guessed offset. Numbers are split from letters ("2pm", "20th", "9h30"), because people
//! write them both ways.

use std::borrow::Cow;

use super::lang::accents::{composed, fold};
use super::lang::{Lang, List, Lists, Role, Roles, Word};
use crate::understanding::when::Span;

/// What a token is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Letters, with apostrophes inside.
    Word,
    /// ASCII digits.
    Number,
    /// Anything else: punctuation, symbols, emoji.
    Sign,
}

/// One word, number or sign.
#[derive(Debug, Clone)]
pub(crate) struct Token<'a> {
    /// The text as given.
    pub(crate) raw: &'a str,
    /// In lower case, with typographic apostrophes made plain, and without accents where the language leaves them out.
    pub(crate) low: Cow<'a, str>,
    /// What it is made of.
    pub(crate) kind: Kind,
    /// Its first byte.
    byte: usize,
    /// First character (Unicode scalar values).
    pub(crate) start: usize,
    /// The character after the last one.
    pub(crate) end: usize,
    /// Whether white space stands before it.
    pub(crate) spaced: bool,
    /// Whether a line break stands before it.
    pub(crate) new_line: bool,
    /// The value of a number of at most nine digits.
    pub(crate) number: Option<u32>,
    /// Whether it names somebody who works here; known once the catalogue's names are found.
    pub(crate) staff: bool,
    /// Whether it names something that is offered; likewise.
    pub(crate) service: bool,
    /// What the language knows about the word.
    pub(crate) word: Option<&'a Word>,
    /// The lists on which the word stands.
    pub(crate) lists: Lists,
    /// The lists with a phrase that may begin with it.
    begins: Lists,
}

impl Token<'_> {
    /// Whether the word can play this part.
    pub(crate) fn is(&self, role: Role) -> bool {
        self.word.is_some_and(|word| word.roles.has(role))
    }

    /// Whether the word can play one of these parts.
    pub(crate) fn is_any(&self, roles: Roles) -> bool {
        self.word.is_some_and(|word| word.roles.any(roles))
    }

    /// Whether it begins with a capital letter.
    pub(crate) fn capital(&self) -> bool {
        self.raw.chars().next().is_some_and(char::is_uppercase)
    }
}

/// A message in tokens.
#[derive(Debug)]
pub(crate) struct Text<'a> {
    /// The message.
    pub(crate) text: &'a str,
    /// Its tokens, in order.
    pub(crate) tokens: Vec<Token<'a>>,
    /// The token after the last that is no sign.
    said_until: usize,
    /// The language in which it is read.
    lang: &'a Lang,
}

impl<'a> Text<'a> {
    /// Splits `text`.
    pub(crate) fn new(text: &'a str, lang: &'a Lang) -> Self {
        let mut tokens: Vec<Token<'a>> = Vec::with_capacity(text.len() / 4 + 4);
        let accented = lang.is_plain() && text.chars().any(|c| !c.is_ascii() && c.is_alphabetic());
        let mut chars = text.char_indices().peekable();
        let (mut at, mut spaced, mut new_line) = (0, false, true);
        while let Some((from, first)) = chars.next() {
            let start = at;
            at += 1;
            if first.is_whitespace() {
                spaced = true;
                new_line |= first == '\n';
                continue;
            }
            let shorthand = shorthand(&text[from..], lang).or_else(|| slashed(&text[from..], lang));
            let shorthand = shorthand.map(|len| from + len);
            let kind = shorthand.map_or(kind_of(first), |_| Kind::Word);
            let mut to = from + first.len_utf8();
            while let Some(&(next, c)) = chars.peek() {
                let goes_on = match kind {
                    _ if shorthand.is_some() => shorthand.is_some_and(|end| next < end),
                    Kind::Number => c.is_ascii_digit(),
                    Kind::Word => {
                        kind_of(c) == Kind::Word
                            || is_mark(c)
                            || (is_apostrophe(c)
                                && text[next + c.len_utf8()..]
                                    .starts_with(|n: char| kind_of(n) == Kind::Word))
                    }
                    // Skin tones, joiners and variation selectors belong to the emoji before them.
                    Kind::Sign => is_mark(c),
                };
                if !goes_on {
                    break;
                }
                chars.next();
                at += 1;
                to = next + c.len_utf8();
            }
            let raw = &text[from..to];
            let (low, word) = known(lang, raw, accented);
            let listed = lang.listed(&low);
            let number = (kind == Kind::Number && raw.len() <= 9)
                .then(|| raw.parse().ok())
                .flatten();
            tokens.push(Token {
                raw,
                low,
                kind,
                byte: from,
                start,
                end: at,
                spaced,
                new_line,
                number,
                staff: false,
                service: false,
                word,
                lists: listed.on,
                begins: listed.begins,
            });
            (spaced, new_line) = (false, false);
        }
        if let Some(first) = (0..tokens.len()).find(|at| compound(lang, &tokens, *at) > 1) {
            tokens = joined(text, lang, &tokens, first);
        }
        let said_until = tokens.iter().rposition(|t| t.kind != Kind::Sign);
        let said_until = said_until.map_or(0, |last| last + 1);
        Self {
            text,
            tokens,
            said_until,
            lang,
        }
    }

    /// Where the tokens `from..to` stand in the text.
    pub(crate) fn span(&self, from: usize, to: usize) -> Span {
        let start = self.tokens.get(from).map_or(0, |t| t.start);
        let end = to
            .checked_sub(1)
            .and_then(|last| self.tokens.get(last))
            .map_or(start, |t| t.end);
        (start, end.max(start))
    }

    /// The characters of `span`, as given.
    pub(crate) fn slice(&self, span: Span) -> String {
        // Spans begin and end with tokens, so the bytes are known; a walk over all characters for every span
        // would make a long message slow.
        let first = self.tokens.partition_point(|t| t.start < span.0);
        let last = self.tokens.partition_point(|t| t.end < span.1);
        if let (Some(first), Some(last)) = (self.tokens.get(first), self.tokens.get(last))
            && (first.start, last.end) == span
            && let Some(words) = self.text.get(first.byte..last.byte + last.raw.len())
        {
            return words.to_owned();
        }
        self.text
            .chars()
            .skip(span.0)
            .take(span.1.saturating_sub(span.0))
            .collect()
    }

    /// The token at `at`, if there is one.
    pub(crate) fn get(&self, at: usize) -> Option<&Token<'a>> {
        self.tokens.get(at)
    }

    /// The token at `at` in lower case; nothing, which is no word, past the end.
    pub(crate) fn low(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |t| t.low.as_ref())
    }

    /// Whether the token at `at` is a word of the list.
    pub(crate) fn listed(&self, list: List, at: usize) -> bool {
        self.tokens.get(at).is_some_and(|t| t.lists.has(list))
    }

    /// Whether the token before `at` is a word of the list.
    pub(crate) fn listed_before(&self, list: List, at: usize) -> bool {
        at.checked_sub(1).is_some_and(|before| self.listed(list, before))
    }

    /// The token after the longest phrase of the list that begins at `at`.
    pub(crate) fn phrase(&self, list: List, at: usize) -> Option<usize> {
        if !self.get(at)?.begins.has(list) {
            return None;
        }
        let mut best = None;
        for words in self.lang.phrases(list, self.low(at)) {
            let mut next = at;
            let fits = words.iter().all(|word| {
                let mut rest = word.as_str();
                // "it's" is one token, "w/" two.
                while !rest.is_empty() {
                    let Some(token) = self.get(next) else { return false };
                    let Some(left) = rest.strip_prefix(token.low.as_ref()) else {
                        return false;
                    };
                    rest = left;
                    next += 1;
                }
                true
            });
            if fits && best.is_none_or(|b| next > b) {
                best = Some(next);
            }
        }
        best
    }

    /// The first token of a phrase of the list that ends directly before `at`.
    pub(crate) fn phrase_before(&self, list: List, at: usize) -> Option<usize> {
        /// No phrase that is looked for backwards has more tokens.
        const LONGEST: usize = 3;
        (1..=LONGEST.min(at))
            .map(|n| at - n)
            .find(|&from| self.phrase(list, from) == Some(at))
    }

    /// Whether the token at `at` exists and can play `role`.
    pub(crate) fn is(&self, at: usize, role: Role) -> bool {
        self.tokens.get(at).is_some_and(|t| t.is(role))
    }

    /// Whether the token at `at` is this sign.
    pub(crate) fn sign(&self, at: usize, sign: &str) -> bool {
        self.tokens
            .get(at)
            .is_some_and(|t| t.kind == Kind::Sign && t.raw == sign)
    }

    /// Whether the language says minutes after the hour that they belong to ("las 5 y media").
    pub(crate) const fn says_minutes_after(&self) -> bool {
        self.lang.minutes_after
    }

    /// The token after the last word or number; what follows are signs.
    pub(crate) const fn said_until(&self) -> usize {
        self.said_until
    }

    /// How many tokens there are.
    pub(crate) fn len(&self) -> usize {
        self.tokens.len()
    }
}

/// A word as it is compared, with what the language knows of it.
fn known<'a>(lang: &'a Lang, raw: &'a str, accented: bool) -> (Cow<'a, str>, Option<&'a Word>) {
    let low = lower(raw);
    if !lang.is_plain() {
        let word = lang.word(&low);
        return (low, word);
    }
    if low.is_ascii() {
        let word = lang.written(&low, &low, accented);
        return (low, word);
    }
    let plain = fold(&low).into_owned();
    let word = lang.written(&composed(&low), &plain, accented);
    (Cow::Owned(plain), word)
}

/// How many tokens from `at` on are one word to the language ("thứ sáu").
fn compound(lang: &Lang, tokens: &[Token<'_>], at: usize) -> usize {
    let next = |n: usize| {
        let token = tokens.get(at + n)?;
        (!token.new_line).then_some(token.low.as_ref())
    };
    lang.compounds.at(&tokens[at].low, next).unwrap_or(1)
}

/// Joins what the language counts as one word; before `at` there is nothing of the kind.
fn joined<'a>(text: &'a str, lang: &'a Lang, tokens: &[Token<'a>], mut at: usize) -> Vec<Token<'a>> {
    let mut joined: Vec<Token<'a>> = Vec::with_capacity(tokens.len());
    joined.extend_from_slice(&tokens[..at]);
    while at < tokens.len() {
        let length = compound(lang, tokens, at);
        let mut token = tokens[at].clone();
        if length > 1 {
            let last = &tokens[at + length - 1];
            let words: Vec<&str> = tokens[at..at + length].iter().map(|t| t.low.as_ref()).collect();
            let low = words.join(" ");
            token.raw = &text[token.byte..last.byte + last.raw.len()];
            token.end = last.end;
            token.kind = Kind::Word;
            token.number = None;
            token.word = lang.written(&low, &low, false);
            let listed = lang.listed(&low);
            (token.lists, token.begins) = (listed.on, listed.begins);
            token.low = Cow::Owned(low);
        }
        joined.push(token);
        at += length;
    }
    joined
}

/// How many bytes a word with digits in it takes that the language knows as one ("2moro", "b4").
fn shorthand(rest: &str, lang: &Lang) -> Option<usize> {
    /// No word of this kind is longer, and a long message must not be looked through once per letter.
    const LONGEST: usize = 10;
    let end = rest
        .bytes()
        .take(LONGEST + 1)
        .position(|b| !b.is_ascii_alphanumeric())
        .unwrap_or(rest.len().min(LONGEST + 1));
    if end > LONGEST || !rest.is_char_boundary(end) {
        return None;
    }
    let word = &rest[..end];
    let mixed = word.bytes().any(|b| b.is_ascii_digit()) && word.bytes().any(|b| b.is_ascii_alphabetic());
    (mixed && lang.knows(&lower(word))).then_some(end)
}

/// How many bytes a word takes that is written with a slash at its end and that the language knows ("w/").
fn slashed(rest: &str, lang: &Lang) -> Option<usize> {
    /// "w/o" is the longest of this kind.
    const LONGEST: usize = 3;
    let slash = rest
        .bytes()
        .take(LONGEST)
        .position(|b| b == b'/')
        .filter(|at| *at > 0)?;
    let word = rest.get(..=slash)?;
    let known = lang.lists_of(&lower(word)) != Lists::default();
    known.then_some(word.len())
}

fn kind_of(c: char) -> Kind {
    if c.is_ascii_digit() {
        Kind::Number
    } else if c.is_alphabetic() || is_mark(c) && c < '\u{fe00}' && c > '\u{2ff}' && c < '\u{2000}' {
        Kind::Word
    } else {
        Kind::Sign
    }
}

/// Characters that only change the one before: combining accents, emoji modifiers, joiners.
fn is_mark(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{200d}' | '\u{20e3}' | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}')
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{2018}' | '`' | '\u{b4}')
}

fn lower(raw: &str) -> Cow<'_, str> {
    if raw
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'\'')
    {
        return Cow::Borrowed(raw);
    }
    let plain = |c: char| if is_apostrophe(c) { '\'' } else { c };
    Cow::Owned(raw.chars().flat_map(char::to_lowercase).map(plain).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Language;

    fn check(text: &str, expected: &[&str]) {
        let text = Text::new(text, Lang::of(Language::English));
        let raw: Vec<&str> = text.tokens.iter().map(|t| t.raw).collect();
        assert_eq!(raw, expected);
        for token in &text.tokens {
            assert_eq!(text.slice((token.start, token.end)), token.raw);
        }
    }

    #[test]
    fn numbers_part_from_letters_but_not_in_words_that_are_written_with_them() {
        check(
            "2pm, 5 o\u{2019}clock!",
            &["2", "pm", ",", "5", "o\u{2019}clock", "!"],
        );
        check("gel 2moro b4 3pm", &["gel", "2moro", "b4", "3", "pm"]);
        check("20th 9h30 14:30", &["20", "th", "9", "h", "30", "14", ":", "30"]);
        check("caf\u{e9} 👍🏽 ok", &["caf\u{e9}", "👍🏽", "ok"]);
        check("", &[]);
    }
}
