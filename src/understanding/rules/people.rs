//! How many people, and who: party size, names, phone numbers, mail addresses.

mod contact;
mod name;

pub(crate) use contact::{email, phone};
pub(crate) use name::{is_somebody, name};

use super::lang::{List, Role};
use super::time::number::cardinal;
use super::token::{Kind, Text};
use crate::understanding::act::Expecting;

/// More than this "for 40" is no party, unless one was asked for.
const PARTY_MAX: u32 = 30;

/// "a place ... for me": so near, because a long message must not be read once per word.
const NEAR: usize = 12;

/// A number of people; `None` when only the words are certain ("my parents and I").
#[derive(Debug, Clone, Copy)]
pub(crate) struct Party {
    pub(crate) people: Option<u32>,
    /// First token and the token after the last.
    pub(crate) at: (usize, usize),
}

/// How sure a number is one of people; the surest counts, and of equals the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sure {
    /// "a seat", a number after the question.
    Perhaps,
    /// "for 4".
    Likely,
    /// "me and my mother".
    Named,
    /// "4 people".
    Counted,
}

/// How many people come. Numbers in `taken` belong to something else.
pub(crate) fn party(t: &Text<'_>, expecting: Option<Expecting>, taken: &[bool]) -> Option<Party> {
    let asked = expecting == Some(Expecting::PartySize);
    let mut best: Option<(Sure, Party)> = None;
    let mut at = 0;
    while at < t.len() {
        let found = ourselves(t, at)
            .map(|party| (Sure::Named, party))
            .or_else(|| heads(t, at).map(|party| (Sure::Counted, party)))
            .or_else(|| seat_for_one(t, at).map(|party| (Sure::Perhaps, party)))
            .or_else(|| number(t, at, asked, taken));
        let Some((sure, party)) = found else {
            at = cardinal(t, at).map_or(at + 1, |(_, to)| to);
            continue;
        };
        at = party.at.1.max(at + 1);
        if best.is_none_or(|(old, _)| sure >= old) {
            best = Some((sure, party));
        }
    }
    best.map(|(_, party)| party)
}

/// A number before what counts heads: "3 people", "2 adults and 3 kids", "the four of us".
fn heads(t: &Text<'_>, at: usize) -> Option<Party> {
    let (n, to) = cardinal(t, at).filter(|(n, _)| (1..1000).contains(n))?;
    let after = t.phrase(List::People, to)?;
    // "one" is mostly somebody; it counts before words that only heads are counted with.
    if t.is(at, Role::A) && !t.listed(List::OneHead, to) {
        return None;
    }
    // "from 2 people to 3"
    if t.is(at.wrapping_sub(1), Role::From)
        && t.is(after, Role::To)
        && let Some((people, end)) = cardinal(t, after + 1).filter(|(n, _)| (1..1000).contains(n))
    {
        let people = Some(people);
        return Some(Party {
            people,
            at: (at, end),
        });
    }
    let of_us = t.is(to, Role::Of);
    let from = if of_us && at > 0 && t.is(at - 1, Role::The) {
        at - 1
    } else {
        at
    };
    // "I come with two friends": the friends and the customer.
    let company = t.listed(List::Kin, to) || t.listed(List::KinSeveral, to);
    let n = n + u32::from(company && t.listed_before(List::WithWhom, at));
    let (mut people, mut end) = (n, if of_us { to } else { after });
    let mut next = after;
    while t.listed(List::Plus, next) {
        let more = cardinal(t, next + 1).and_then(|(more, to)| Some((more, t.phrase(List::People, to)?)));
        let Some((more, after)) = more else { break };
        people = people.saturating_add(more);
        (end, next) = (after, after);
    }
    if t.is(next, Role::And) && t.listed(List::MeToo, next + 1) {
        people = people.saturating_add(1);
        end = next + 2;
    }
    Some(Party {
        people: Some(people),
        at: (from, end),
    })
}

/// A number that the words around it, or the question asked, make one of people: "for 4", "a party of 4".
fn number(t: &Text<'_>, at: usize, asked: bool, taken: &[bool]) -> Option<(Sure, Party)> {
    let (n, to) = cardinal(t, at).filter(|(n, _)| (1..1000).contains(n))?;
    let free = !taken[at..to.min(taken.len())].iter().any(|t| *t);
    let suffixed = t.get(to).is_some_and(|n| {
        !n.spaced && n.kind != Kind::Sign
            || n.word.is_some_and(|w| w.unit.is_some())
            || matches!(n.raw, ":" | "/" | "%" | "$")
    });
    if !free || suffixed {
        return None;
    }
    let party = Party {
        people: Some(n),
        at: (at, to),
    };
    let counted = t
        .get(to)
        .is_none_or(|w| matches!(w.raw, "," | "." | "?" | "!" | "-"))
        || t.listed(List::PeopleAfter, to);
    let group = at > 1 && t.is(at - 1, Role::Of) && t.listed(List::Group, at - 2);
    let for_them = at > 0 && t.is(at - 1, Role::For) && counted && (n <= PARTY_MAX || asked);
    if group || for_them {
        return Some((Sure::Likely, party));
    }
    let only = t.listed_before(List::Only, at) && counted;
    let answer = asked && (counted || t.len() <= 3);
    let are_we = (counted || t.listed(List::Total, to)) && t.phrase_before(List::WeAre, at).is_some();
    let will_come = at == 0 && t.listed(List::WillCome, to);
    (only || answer || are_we || will_come).then_some((Sure::Perhaps, party))
}

/// "a seat in the workshop", "a place for me": one of what only heads are counted with.
fn seat_for_one(t: &Text<'_>, at: usize) -> Option<Party> {
    let article = t.is(at, Role::A)
        && t.get(at)
            .is_some_and(|w| w.word.is_some_and(|w| w.number.is_none()));
    if !article || !t.listed(List::Place, at + 1) {
        return None;
    }
    let mine = (at + 2..at + 2 + NEAR).any(|i| t.is(i, Role::For) && t.listed(List::Me, i + 1));
    (mine || t.listed(List::Seat, at + 1)).then_some(Party {
        people: Some(1),
        at: (at, at + 2),
    })
}

/// "me and my mother", "my wife and I", "myself and 3 others", "just me".
fn ourselves(t: &Text<'_>, at: usize) -> Option<Party> {
    // "with my mother and me" has begun before.
    if at > 0 && (t.listed(List::With, at - 1) || t.is(at - 1, Role::And)) && !t.listed(List::Me, at) {
        return None;
    }
    if t.listed(List::Me, at) {
        if t.listed(List::Plus, at + 1) {
            return company(t, at, at + 1, Some(1));
        }
        let alone = t.listed_before(List::Only, at) && t.get(at + 1).is_none_or(|n| n.kind == Kind::Sign);
        return alone.then_some(Party {
            people: Some(1),
            at: (at, at + 1),
        });
    }
    if t.listed(List::My, at) {
        let (more, after) = others(t, at)?;
        return company(t, at, after, more.map(|n| n.saturating_add(1)));
    }
    None
}

/// The rest of "my wife | and my two kids and I"; `people` counts the customer and those before `next`.
fn company(t: &Text<'_>, from: usize, mut next: usize, mut people: Option<u32>) -> Option<Party> {
    let mut end = None;
    while t.listed(List::Plus, next) {
        if t.listed(List::MeToo, next + 1) {
            end = Some(next + 2);
            break;
        }
        let Some((more, after)) = others(t, next + 1) else {
            break;
        };
        people = people.zip(more).map(|(a, b)| a.saturating_add(b));
        (next, end) = (after, Some(after));
    }
    end.map(|end| Party {
        people,
        at: (from, end),
    })
}

/// "my mother", "two girlfriends", "a friend", "3 others", "my five colleagues".
fn others(t: &Text<'_>, at: usize) -> Option<(Option<u32>, usize)> {
    let mut next = at;
    let mut n = None;
    if t.listed(List::KinBefore, next) {
        next += 1;
    }
    if let Some((count, to)) = cardinal(t, next) {
        (n, next) = (Some(count), to);
    }
    if t.listed(List::KinKind, next) {
        next += 1;
    }
    let several = t.listed(List::KinSeveral, next);
    if !several && !t.listed(List::Kin, next) && t.phrase(List::People, next) != Some(next + 1) {
        return None;
    }
    // "my parents" are several, but nobody said how many.
    let n = n.or(if several { None } else { Some(1) });
    Some((n, next + 1))
}
