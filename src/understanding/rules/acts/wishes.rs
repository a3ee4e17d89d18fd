//! Services and staff that a message names, and those that nobody here offers.

use super::super::cues::Hit;
use super::super::lang::List;
use super::super::names::Mention;
use super::super::token::{Kind, Text, Token};
use super::settle::ACTS_MAX;
use super::{Named, Placed, mark, set};
use crate::types::ServiceId;
use crate::understanding::act::{
    Act, Candidate, Certainty, Expecting, Mode, ServiceMention, SlotValue, StaffSaid,
};
use crate::understanding::{Heard, Lexicon};

/// A service, or several under one name, with the token at which it is named and how it is wanted.
type Wanted = (usize, Mode, Vec<ServiceMention>);

pub(super) fn services_said(lexicon: &Lexicon, text: &Text<'_>, named: &Named, taken: &mut [bool]) -> Placed {
    let mut said = bundles_said(lexicon, text, &named.bundles, taken);
    for mention in &named.services {
        if taken[mention.from..mention.to].iter().any(|t| *t) {
            continue;
        }
        let candidates = mention
            .entries
            .iter()
            .map(|(entry, certainty)| Candidate {
                id: lexicon.services[*entry].id.clone(),
                certainty: *certainty,
            })
            .collect();
        let it = called(text, mention.from, mention.to, candidates);
        said.push((mention.from, mode(text, mention.from, mention.to), vec![it]));
        mark(taken, mention.from, mention.to);
    }
    if !lexicon.services.is_empty() {
        said.extend(not_offered(text, taken));
    }
    said.sort_by_key(|(from, ..)| *from);
    lists(said)
}

/// "mani-pedi": several services under one name.
fn bundles_said(lexicon: &Lexicon, text: &Text<'_>, bundles: &[Mention], taken: &mut [bool]) -> Vec<Wanted> {
    let mut said = Vec::new();
    for bundle in bundles {
        let Some((entry, certainty)) = bundle.entries.first().filter(|(_, c)| *c == Certainty::Exact) else {
            continue;
        };
        let mentions = lexicon.bundles[*entry]
            .id
            .iter()
            .map(|id| {
                let candidate = Candidate {
                    id: id.clone(),
                    certainty: *certainty,
                };
                called(text, bundle.from, bundle.to, vec![candidate])
            })
            .collect();
        said.push((bundle.from, mode(text, bundle.from, bundle.to), mentions));
        mark(taken, bundle.from, bundle.to);
    }
    said
}

/// A trade that the business does not have: "brazilian wax".
fn not_offered(text: &Text<'_>, taken: &mut [bool]) -> Vec<Wanted> {
    let mut said = Vec::new();
    for at in 0..text.len() {
        if taken[at] || !text.listed(List::Trades, at) {
            continue;
        }
        let describes = |t: &Token<'_>| {
            let says_little = t.lists.has(List::Common) || t.lists.has(List::Small);
            t.kind == Kind::Word && t.word.is_none() && !says_little
        };
        let from = match at.checked_sub(1) {
            Some(before) if !taken[before] && describes(&text.tokens[before]) => before,
            _ => at,
        };
        said.push((from, Mode::Replace, vec![called(text, from, at + 1, Vec::new())]));
        mark(taken, from, at + 1);
    }
    said
}

fn called(text: &Text<'_>, from: usize, to: usize, candidates: Vec<Candidate<ServiceId>>) -> ServiceMention {
    let span = text.span(from, to);
    ServiceMention {
        candidates,
        text: text.slice(span),
        span,
    }
}

/// Mentions of one mode in a row are one list.
fn lists(said: Vec<Wanted>) -> Placed {
    let mut placed: Placed = Vec::new();
    for (from, mode, mentions) in said {
        if let Some((
            _,
            Act::Set {
                value:
                    SlotValue::Service {
                        mentions: list,
                        mode: same,
                    },
            },
        )) = placed.last_mut()
            && *same == mode
        {
            for mention in mentions {
                let again = |m: &ServiceMention| m.candidates == mention.candidates && m.span != mention.span;
                if mention.candidates.is_empty() || !list.iter().any(again) {
                    list.push(mention);
                }
            }
            continue;
        }
        placed.push(set(from, SlotValue::Service { mentions, mode }));
    }
    placed
}

/// Whether the service named at `from..to` comes on top of others ("add", "too") or is not wanted ("without the").
fn mode(text: &Text<'_>, from: usize, to: usize) -> Mode {
    /// So many articles and possessives may stand between the word that says it and the name.
    const SMALL_WORDS: usize = 3;
    let small = |i: usize| text.listed(List::Quiet, i) || text.listed(List::My, i);
    let mut at = from;
    while at > 0 && small(at - 1) && from - at < SMALL_WORDS {
        at -= 1;
    }
    // "also want a": one word may stand between.
    let word_before = text.get(at.wrapping_sub(1)).is_some_and(|t| t.kind == Kind::Word);
    let before = |list: List| {
        text.phrase_before(list, at).is_some() || word_before && text.phrase_before(list, at - 1).is_some()
    };
    // "instead of the" ends in a small word.
    let instead = (at..=from).any(|i| text.phrase_before(List::InsteadOf, i).is_some());
    if text.listed_before(List::Without, at) || before(List::TakenOff) || instead {
        Mode::Remove
    } else if before(List::OnTopBefore) || text.phrase(List::OnTopAfter, to).is_some() {
        Mode::Add
    } else {
        Mode::Replace
    }
}

pub(super) fn staff_said(
    heard: &Heard<'_>,
    text: &Text<'_>,
    staff: &[Mention],
    hits: &[Hit<'_>],
    taken: &mut [bool],
) -> Placed {
    let mut placed: Placed = Vec::new();
    let mut named = 0;
    for mention in staff {
        if taken[mention.from..mention.to].iter().any(|t| *t) || !is_meant(heard, text, mention) {
            continue;
        }
        mark(taken, mention.from, mention.to);
        // No two of them are alike, so that whatever follows so many is cut.
        if named < ACTS_MAX {
            let said = who(heard.lexicon, text, mention);
            named += usize::from(matches!(said, StaffSaid::Named { .. }));
            placed.push(set(mention.from, SlotValue::Staff { said }));
        }
    }
    if !placed.is_empty() || hits.iter().any(|h| h.act == "handoff") {
        return placed;
    }
    if let Some((from, to)) = anyone(text, taken) {
        mark(taken, from, to);
        let said = StaffSaid::Anyone;
        placed.push(set(from, SlotValue::Staff { said }));
    } else if !heard.lexicon.staff.is_empty()
        && let Some(at) = stranger(text, taken)
    {
        mark(taken, at, at + 1);
        let span = text.span(at, at + 1);
        let said = StaffSaid::Named {
            candidates: Vec::new(),
            text: text.slice(span),
            span,
        };
        placed.push(set(at, SlotValue::Staff { said }));
    }
    placed
}

/// Whether the name is said as that of somebody who works here.
fn is_meant(heard: &Heard<'_>, text: &Text<'_>, mention: &Mention) -> bool {
    let with = text.listed_before(List::With, mention.from);
    // "Mai Nguyen" in answer to "your name?" is the customer's.
    if heard.expecting == Some(Expecting::Name) && !with {
        return false;
    }
    // "Mai's friend" is somebody else.
    let possessive = text.get(mention.to - 1).is_some_and(|t| t.low.ends_with("'s"));
    if possessive && text.listed(List::Kin, mention.to) {
        return false;
    }
    let led = with || heard.expecting == Some(Expecting::Staff);
    let guess = mention.entries.iter().all(|(_, c)| *c == Certainty::Guess);
    let part = mention.entries.iter().all(|(_, c)| *c < Certainty::Exact);
    let capital = text.get(mention.from).is_some_and(Token::capital);
    let single = mention.to - mention.from == 1;
    led || !(guess || single && part && !capital)
}

/// Who is wished for, or not.
pub(super) fn who(lexicon: &Lexicon, text: &Text<'_>, mention: &Mention) -> StaffSaid {
    // "not Dr. Patel"
    let mut from = mention.from;
    while from > 0 && (text.listed_before(List::StaffNoise, from) || text.sign(from - 1, ".")) {
        from -= 1;
    }
    let before = from - usize::from(text.listed_before(List::With, from));
    let refused = text.phrase_before(List::NotWith, from).is_some()
        || text.phrase_before(List::NotWith, before).is_some();
    let id = |entry: usize| lexicon.staff[entry].id.clone();
    if refused {
        let ids = mention.entries.iter().map(|(entry, _)| id(*entry)).collect();
        return StaffSaid::Not { ids };
    }
    let span = text.span(mention.from, mention.to);
    let candidates = mention
        .entries
        .iter()
        .map(|(entry, certainty)| Candidate {
            id: id(*entry),
            certainty: *certainty,
        })
        .collect();
    StaffSaid::Named {
        candidates,
        text: text.slice(span),
        span,
    }
}

/// "anyone", but not "anyone else".
fn anyone(text: &Text<'_>, taken: &[bool]) -> Option<(usize, usize)> {
    (0..text.len())
        .find_map(|at| text.phrase(List::Anyone, at).map(|to| (at, to)))
        .filter(|(from, to)| !taken[*from..*to].iter().any(|t| *t) && !text.listed(List::Else, *to))
}

/// "with Kelly", who does not work here.
fn stranger(text: &Text<'_>, taken: &[bool]) -> Option<usize> {
    (1..text.len()).find(|&at| {
        let token = &text.tokens[at];
        let known = taken[at]
            || token.word.is_some()
            || text.listed(List::Common, at)
            || text.listed(List::NoName, at);
        text.listed(List::WithWhom, at - 1) && token.capital() && !known
    })
}
