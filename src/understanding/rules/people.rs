//! How many people, and who: party size, names, phone numbers, mail addresses.

use super::lang::Lang;
use super::time::number::cardinal;
use super::token::{Kind, Text};
use crate::understanding::act::{Expecting, Said, SlotValue};
use crate::understanding::when::Span;

/// A number of people; `None` when only the words are certain ("my parents and I").
#[derive(Debug, Clone, Copy)]
pub(crate) struct Party {
    pub(crate) people: Option<u32>,
    /// First token and the token after the last.
    pub(crate) at: (usize, usize),
}

fn low<'a>(t: &'a Text<'_>, at: usize) -> &'a str {
    t.get(at).map_or("", |t| t.low.as_ref())
}

/// Tokens of a phrase list at `at`: the token after the longest phrase that fits.
pub(crate) fn phrase(t: &Text<'_>, lang: &Lang, list: &str, at: usize) -> Option<usize> {
    let mut best = None;
    for words in lang.phrases(list, low(t, at)) {
        let mut next = at;
        let fits = words.iter().all(|word| {
            let mut rest = word.as_str();
            // "it's" is one token, "w/" two.
            while !rest.is_empty() {
                let Some(token) = t.get(next) else { return false };
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

/// How many people come. Numbers in `taken` belong to something else.
pub(crate) fn party(
    t: &Text<'_>,
    lang: &Lang,
    expecting: Option<Expecting>,
    taken: &[bool],
) -> Option<Party> {
    let asked = expecting == Some(Expecting::PartySize);
    let mut best: Option<(u8, Party)> = None;
    let mut offer = |rank: u8, party: Party| {
        if best.is_none_or(|(r, _)| rank >= r) {
            best = Some((rank, party));
        }
    };
    let mut at = 0;
    while at < t.len() {
        if let Some(party) = ourselves(t, lang, at) {
            let to = party.at.1;
            offer(3, party);
            at = to;
            continue;
        }
        let Some((n, to)) = cardinal(t, at).filter(|(n, _)| *n < 1000) else {
            at += 1;
            continue;
        };
        let free = |from: usize, to: usize| !taken[from..to.min(taken.len())].iter().any(|t| *t);
        let one_article = low(t, at) == "one" && low(t, at + 1) != "person" && low(t, at + 1) != "adult";
        if let Some(after) = phrase(t, lang, "people", to).filter(|_| !one_article || low(t, to) == "adult") {
            let of_us = low(t, to) == "of";
            let mut people = n;
            let mut end = if of_us { to } else { after };
            let start = if of_us && at > 0 && low(t, at - 1) == "the" {
                at - 1
            } else {
                at
            };
            // "2 adults and 3 kids", "two adults, one child"
            let mut next = after;
            while matches!(low(t, next), "and" | "," | "&" | "plus" | "+") {
                let Some((more, to)) = cardinal(t, next + 1) else {
                    break;
                };
                let Some(after) = phrase(t, lang, "people", to) else {
                    break;
                };
                people = people.saturating_add(more);
                (end, next) = (after, after);
            }
            if matches!((low(t, next), low(t, next + 1)), ("and", "me" | "i" | "myself")) {
                people = people.saturating_add(1);
                end = next + 2;
            }
            offer(
                4,
                Party {
                    people: Some(people),
                    at: (start, end),
                },
            );
            at = end.max(at + 1);
            continue;
        }
        if free(at, to) {
            let before = at.checked_sub(1).map_or("", |i| low(t, i));
            let before2 = at.checked_sub(2).map_or("", |i| low(t, i));
            let suffixed = t.get(to).is_some_and(|n| {
                !n.spaced && n.kind != Kind::Sign
                    || n.word.is_some_and(|w| w.unit.is_some())
                    || matches!(n.raw, ":" | "/" | "%" | "$")
            });
            let counted = matches!(
                low(t, to),
                "" | "please"
                    | ","
                    | "."
                    | "?"
                    | "!"
                    | "at"
                    | "on"
                    | "in"
                    | "under"
                    | "tomorrow"
                    | "today"
                    | "tonight"
                    | "this"
                    | "next"
                    | "with"
                    | "and"
                    | "for"
                    | "instead"
                    | "available"
                    | "outside"
                    | "inside"
                    | "now"
                    | "thanks"
                    | "not"
                    | "total"
                    | "by"
                    | "-"
                    | "because"
                    | "i"
                    | "or"
                    | "to"
                    | "from"
            );
            if !suffixed && n > 0 {
                if before == "of"
                    && matches!(
                        before2,
                        "party" | "group" | "table" | "reservation" | "booking" | "family" | "total"
                    )
                    || before == "for" && counted && !(n > 30 && !asked)
                {
                    offer(
                        2,
                        Party {
                            people: Some(n),
                            at: (at, to),
                        },
                    );
                } else if before == "just" && counted
                    || asked && (counted || t.len() <= 3)
                    || before == "are" && low(t, to) == "total"
                    || at == 0 && low(t, to) == "will"
                {
                    offer(
                        1,
                        Party {
                            people: Some(n),
                            at: (at, to),
                        },
                    );
                }
            }
        }
        at = to;
    }
    best.map(|(_, party)| party)
}

/// "me and my mother", "my wife and I", "myself and 3 others".
fn ourselves(t: &Text<'_>, lang: &Lang, at: usize) -> Option<Party> {
    let me = |at: usize| matches!(low(t, at), "me" | "i" | "myself" | "us");
    let kin = |at: usize| lang.listed("kin", low(t, at)) || lang.listed("people", low(t, at));
    if at > 0 && matches!(low(t, at - 1), "with" | "and") && !me(at) {
        return None;
    }
    if me(at) && low(t, at) != "i" && low(t, at) != "us" {
        let mut next = at + 1;
        if !matches!(low(t, next), "and" | "plus" | "," | "&" | "+") {
            // "just me", "only myself"
            let only = at > 0 && matches!(low(t, at - 1), "just" | "only");
            return (only && !lang.listed("no_party", low(t, next)) && next <= t.len())
                .then_some(Party {
                    people: Some(1),
                    at: (at, next),
                })
                .filter(|_| t.get(next).is_none_or(|n| n.kind == Kind::Sign));
        }
        let (mut people, mut end) = (Some(1u32), None);
        while matches!(low(t, next), "and" | "plus" | "," | "&" | "+") {
            let Some((more, after)) = others(t, &kin, next + 1) else {
                break;
            };
            people = people.zip(more).map(|(a, b)| a.saturating_add(b));
            (next, end) = (after, Some(after));
        }
        return end.map(|end| Party {
            people,
            at: (at, end),
        });
    }
    // "my wife and I", "my two parents and five siblings"
    if low(t, at) == "my" {
        let (more, after) = others(t, &kin, at)?;
        let mut people = more.map(|n| n.saturating_add(1));
        let mut next = after;
        let mut end = None;
        while matches!(low(t, next), "and" | "plus" | "," | "&") {
            if me(next + 1) {
                end = Some(next + 2);
                break;
            }
            let Some((more, after)) = others(t, &kin, next + 1) else {
                break;
            };
            people = people.zip(more).map(|(a, b)| a.saturating_add(b));
            (next, end) = (after, Some(after));
        }
        return end.map(|end| Party {
            people,
            at: (at, end),
        });
    }
    None
}

/// "my mother", "two girlfriends", "a friend", "3 others", "my five colleagues".
fn others(t: &Text<'_>, kin: &dyn Fn(usize) -> bool, at: usize) -> Option<(Option<u32>, usize)> {
    let mut next = at;
    let mut n = Some(1);
    if matches!(low(t, next), "my" | "the" | "a" | "an" | "our" | "his" | "her") {
        next += 1;
    }
    if let Some((count, to)) = cardinal(t, next) {
        (n, next) = (Some(count), to);
    }
    if matches!(
        low(t, next),
        "other" | "more" | "best" | "little" | "older" | "young" | "good" | "close"
    ) {
        next += 1;
    }
    if !kin(next) {
        return None;
    }
    if n == Some(1) && low(t, next).ends_with('s') && low(t, next) != "boss" {
        n = None;
    }
    Some((n, next + 1))
}

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
        let capital = t.get(start).is_some_and(super::token::Token::capital);
        let all_lower = !t.text.chars().any(char::is_uppercase);
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
            if !(word(at) && !never(at)) {
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
fn introduced(
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
fn person(
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

/// A phone number: seven to fifteen digits with the usual signs between them.
pub(crate) fn phone(t: &Text<'_>) -> Option<(Said, usize, usize)> {
    let mut at = 0;
    while at < t.len() {
        let plus = t.sign(at, "+");
        let start = at;
        let mut digits = String::new();
        let mut next = at + usize::from(plus);
        let mut end = next;
        let mut groups = 0;
        while let Some(token) = t.get(next) {
            if token.kind == Kind::Number {
                digits.push_str(token.raw);
                groups += 1;
                end = next + 1;
            } else if !(matches!(token.raw, "-" | "(" | ")" | ".") && next - end < 2)
                || digits.is_empty() && token.raw != "("
            {
                break;
            }
            next += 1;
        }
        // Dates and times have fewer digits, or slashes and colons.
        let whole = (7..=15).contains(&digits.len())
            && (plus || groups > 1 && digits.len() >= 9 || groups == 1 || digits.len() == 7);
        let dated = t.sign(end, "/") || t.sign(end, ":") || groups == 3 && digits.len() == 8;
        if whole && !dated {
            let from = if start > 0 && t.sign(start - 1, "(") {
                start - 1
            } else {
                start
            };
            let span = t.span(from, end);
            let value = if plus { format!("+{digits}") } else { digits };
            return Some((
                Said {
                    value,
                    text: t.slice(span),
                    span,
                },
                from,
                end,
            ));
        }
        at = end.max(at + 1);
    }
    None
}

/// A mail address: what stands around an "@" without white space.
pub(crate) fn email(t: &Text<'_>) -> Option<(Said, usize, usize)> {
    let at = (1..t.len()).find(|&i| {
        t.sign(i, "@")
            && t.get(i).is_some_and(|s| !s.spaced)
            && t.get(i + 1).is_some_and(|s| !s.spaced && s.kind != Kind::Sign)
    })?;
    let glued = |i: usize| t.get(i).is_some_and(|s| !s.spaced && !s.new_line);
    let inside = |i: usize| {
        t.get(i)
            .is_some_and(|s| s.kind != Kind::Sign || matches!(s.raw, "." | "-" | "_" | "+"))
    };
    let mut from = at - 1;
    while from > 0 && glued(from) && inside(from - 1) {
        from -= 1;
    }
    let mut to = at + 1;
    let mut dot = false;
    while to < t.len() && (to == at + 1 || glued(to)) && inside(to) {
        dot |= t.sign(to, ".") && glued(to + 1) && inside(to + 1);
        to += 1;
    }
    while to > at + 1 && t.tokens[to - 1].kind == Kind::Sign {
        to -= 1;
    }
    if !dot {
        return None;
    }
    let span: Span = t.span(from, to);
    let text = t.slice(span);
    Some((
        Said {
            value: text.to_lowercase(),
            text,
            span,
        },
        from,
        to,
    ))
}
