//! Who: a person's first and last name.

use super::super::lang::Lang;
use super::super::token::{self, Kind, Text};
use super::{low, phrase};
use crate::understanding::act::{Expecting, Said, SlotValue};

/// A person's name with the tokens it covers.
pub(crate) fn name(
    t: &Text<'_>,
    lang: &Lang,
    expecting: Option<Expecting>,
    taken: &[bool],
) -> Option<(SlotValue, usize, usize)> {
    let asked = expecting == Some(Expecting::Name);
    let word = |at: usize| {
        t.get(at)
            .is_some_and(|w| w.kind == Kind::Word && w.low.chars().count() > 1)
            && !taken.get(at).copied().unwrap_or(true)
    };
    let never = |at: usize| {
        let low = low(t, at);
        lang.listed("no_name", low)
            || t.get(at).is_some_and(|w| {
                w.word.is_some_and(|w| {
                    w.day.is_some()
                        || w.part.is_some()
                        || w.number.is_some()
                        || w.unit.is_some()
                        || w.weekday.is_some()
                }) || w.word.is_some_and(|w| w.month.is_some()) && !w.capital()
            })
    };
    let all_lower = !t.text.chars().any(char::is_uppercase);
    let mut best: Option<(u8, SlotValue, usize, usize)> = None;
    let mut at = 0;
    while at < t.len() {
        let Some(mut start) = phrase(t, lang, "name_cues", at) else {
            at += 1;
            continue;
        };
        let sure = phrase(t, lang, "sure_name_cues", at).is_some();
        let last_only = phrase(t, lang, "last_name_cues", at).is_some();
        while matches!(
            low(t, start),
            "," | "\""
                | ":"
                | "\u{201c}"
                | "is"
                | "of"
                | "mr"
                | "mrs"
                | "ms"
                | "miss"
                | "."
                | "i"
                | "think"
                | "believe"
                | "guess"
                | "probably"
                | "a"
                | "for"
        ) && start < at + 8
        {
            if low(t, start) == "i" && !matches!(low(t, start + 1), "think" | "believe" | "guess") {
                break;
            }
            start += 1;
        }
        let capital = t.get(start).is_some_and(token::Token::capital);
        // "It's" introduces much else: there the name must look like one.
        let loose = matches!(low(t, at), "it's" | "its" | "it");
        let stranger = t
            .get(start)
            .is_some_and(|w| w.capital() && w.word.is_none() && !lang.listed("common", &w.low));
        let fits = word(start)
            && !never(start)
            && (stranger || !loose || sure)
            && (capital
                || sure
                || all_lower && (low(t, at) == "under" || low(t, at) == "this" && t.len() <= 5));
        if fits {
            let (value, to) = person(t, &word, &never, start, capital, last_only);
            let rank = if sure { 2 } else { 1 };
            if best.as_ref().is_none_or(|b| rank > b.0) {
                best = Some((rank, value, start, to));
            }
        }
        at = start.max(at + 1);
    }
    if best.is_none() {
        best = introduced(t, lang, &word, &never);
    }
    if best.is_none() {
        // "Anna here", "Marcelo Higgens here", "Boxton is my last name", "Ben Niehoff is my name"
        for at in 0..t.len().min(6) {
            let tail = |i: usize| {
                low(t, i) == "here"
                    || low(t, i) == "speaking"
                    || low(t, i) == "is"
                        && matches!(low(t, i + 1), "my" | "the")
                        && matches!(low(t, i + 2), "name" | "family" | "last" | "surname" | "first")
            };
            if !word(at) || never(at) {
                continue;
            }
            let two = word(at + 1) && !never(at + 1);
            let end = if two { at + 2 } else { at + 1 };
            if tail(end) {
                let last_only = matches!(low(t, end + 2), "family" | "last" | "surname");
                let (value, to) = person(t, &word, &never, at, false, last_only);
                return Some((value, at, to));
            }
            break;
        }
    }
    if best.is_none() && asked {
        let words: Vec<usize> = (0..t.len())
            .filter(|i| {
                t.tokens[*i].kind == Kind::Word
                    && !matches!(
                        low(t, *i),
                        "please" | "it's" | "its" | "miss" | "mr" | "mrs" | "ms" | "thanks" | "yes" | "sure"
                    )
            })
            .collect();
        let plain = words.len() <= 3
            && words
                .iter()
                .all(|i| word(*i) && !never(*i) && t.tokens[*i].word.is_none_or(|w| w.month.is_some()));
        if plain && let Some(first) = words.first() {
            let titled = *first > 0 && matches!(low(t, first - 1), "miss" | "mr" | "mrs" | "ms" | ".");
            let (value, to) = person(t, &word, &never, *first, false, titled && words.len() == 1);
            return Some((value, *first, to));
        }
    }
    best.map(|(_, value, from, to)| (value, from, to))
}

/// Two capitalised words after "for", or before "has a booking", "party of" or a comma at the beginning.
pub(super) fn introduced(
    t: &Text<'_>,
    lang: &Lang,
    word: &dyn Fn(usize) -> bool,
    never: &dyn Fn(usize) -> bool,
) -> Option<(u8, SlotValue, usize, usize)> {
    let stranger = |i: usize| {
        word(i)
            && !never(i)
            && t.get(i)
                .is_some_and(|w| w.capital() && w.word.is_none() && !lang.listed("common", &w.low))
    };
    (0..t.len()).find_map(|at| {
        let pair =
            stranger(at) && stranger(at + 1) && !stranger(at + 2) && t.get(at + 1).is_some_and(|w| w.spaced);
        let after_for = at > 0 && matches!(low(t, at - 1), "for" | "by" | "under" | "probably" | "called");
        let first = at == 0 && (matches!(low(t, 2), "has" | "party" | "here") || t.sign(2, ","));
        (pair && (after_for || first)).then(|| {
            let (value, to) = person(t, word, never, at, true, false);
            (0, value, at, to)
        })
    })
}

/// One or two (or a hyphened) names from `at` on.
pub(super) fn person(
    t: &Text<'_>,
    word: &dyn Fn(usize) -> bool,
    never: &dyn Fn(usize) -> bool,
    at: usize,
    capital: bool,
    last_only: bool,
) -> (SlotValue, usize) {
    let said = |from: usize, to: usize| {
        let span = t.span(from, to);
        let text = t.slice(span);
        Said {
            value: text.clone(),
            text,
            span,
        }
    };
    let more = at + 1;
    let second = word(more)
        && !never(more)
        && t.get(more)
            .is_some_and(|w| w.spaced && !w.new_line && (!capital || w.capital()));
    if last_only && !second {
        return (
            SlotValue::Name {
                first: None,
                last: Some(said(at, more)),
            },
            more,
        );
    }
    if !second {
        return (
            SlotValue::Name {
                first: Some(said(at, more)),
                last: None,
            },
            more,
        );
    }
    let mut to = more + 1;
    // "Smith-Jones", "O'Neil" is one token already
    if t.sign(to, "-") && t.get(to + 1).is_some_and(|w| !w.spaced) && word(to + 1) {
        to += 2;
    }
    (
        SlotValue::Name {
            first: Some(said(at, more)),
            last: Some(said(more, to)),
        },
        to,
    )
}
