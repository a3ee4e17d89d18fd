//! How many people, and who: party size, names, phone numbers, mail addresses.

mod contact;
mod name;

pub(crate) use contact::{email, phone};
pub(crate) use name::name;

use super::lang::{Lang, Role};
use super::time::number::cardinal;
use super::token::{Kind, Text};
use crate::understanding::act::Expecting;

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
        if let Some(to) = seat_for_one(t, lang, at) {
            offer(
                1,
                Party {
                    people: Some(1),
                    at: (at, to),
                },
            );
            at = to;
            continue;
        }
        let Some((n, to)) = cardinal(t, at).filter(|(n, _)| *n < 1000) else {
            at += 1;
            continue;
        };
        let free = |from: usize, to: usize| !taken[from..to.min(taken.len())].iter().any(|t| *t);
        // "one" is mostly somebody; it counts before words that only heads are counted with.
        let counts = low(t, at) != "one" || lang.listed("one_head", low(t, to));
        if let Some(after) = phrase(t, lang, "people", to).filter(|_| counts) {
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
                    | "pls"
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
                    || before == "for" && counted && (n <= 30 || asked)
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

/// "a seat in the workshop", "a place for me": one of what only heads are counted with.
fn seat_for_one(t: &Text<'_>, lang: &Lang, at: usize) -> Option<usize> {
    let article = t.is(at, Role::A) && t.get(at).is_some_and(|w| w.number.is_none());
    if !article || !lang.listed("places", low(t, at + 1)) {
        return None;
    }
    let mine = (at + 2..t.len()).any(|i| t.is(i, Role::For) && lang.listed("me", low(t, i + 1)));
    (mine || lang.listed("seats", low(t, at + 1))).then_some(at + 2)
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
