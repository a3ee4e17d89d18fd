//! Services and staff that a message names, and those that nobody here offers.

use super::super::cues::Hit;
use super::super::lang::Lang;
use super::super::names::Mention;
use super::super::people;
use super::super::token::{self, Kind, Text};
use super::{Placed, mark};
use crate::understanding::act::{
    Act, Candidate, Certainty, Expecting, Mode, ServiceMention, SlotValue, StaffSaid,
};
use crate::understanding::{Heard, Lexicon};

pub(super) fn services_said(
    lang: &Lang,
    lexicon: &Lexicon,
    text: &Text<'_>,
    services: &[Mention],
    bundles: &[Mention],
    taken: &mut [bool],
) -> Placed {
    let low = |i: usize| text.get(i).map_or("", |t| t.low.as_ref());
    let mut said: Vec<(usize, usize, Mode, Vec<ServiceMention>)> = Vec::new();
    let mode_at = |from: usize, to: usize| mode(lang, text, from, to);
    let words = |from: usize, to: usize| {
        let span = text.span(from, to);
        (text.slice(span), span)
    };
    for bundle in bundles {
        let Some((entry, certainty)) = bundle.entries.first().filter(|(_, c)| *c == Certainty::Exact) else {
            continue;
        };
        let (said_text, span) = words(bundle.from, bundle.to);
        let mentions = lexicon.bundles[*entry]
            .id
            .iter()
            .map(|id| ServiceMention {
                candidates: vec![Candidate {
                    id: id.clone(),
                    certainty: *certainty,
                }],
                text: said_text.clone(),
                span,
            })
            .collect();
        said.push((bundle.from, bundle.to, mode_at(bundle.from, bundle.to), mentions));
        mark(taken, bundle.from, bundle.to);
    }
    for mention in services {
        if taken[mention.from..mention.to].iter().any(|t| *t) {
            continue;
        }
        let (said_text, span) = words(mention.from, mention.to);
        let candidates = mention
            .entries
            .iter()
            .map(|(entry, certainty)| Candidate {
                id: lexicon.services[*entry].id.clone(),
                certainty: *certainty,
            })
            .collect();
        let it = ServiceMention {
            candidates,
            text: said_text,
            span,
        };
        said.push((
            mention.from,
            mention.to,
            mode_at(mention.from, mention.to),
            vec![it],
        ));
        mark(taken, mention.from, mention.to);
    }
    // A trade that the business does not have: "brazilian wax".
    if !lexicon.services.is_empty() {
        for at in 0..text.len() {
            if taken[at] || !lang.listed("trades", low(at)) {
                continue;
            }
            let described = at > 0
                && !taken[at - 1]
                && text.tokens[at - 1].kind == Kind::Word
                && text.tokens[at - 1].word.is_none()
                && !lang.listed("common", low(at - 1));
            let from = if described { at - 1 } else { at };
            let (said_text, span) = words(from, at + 1);
            let it = ServiceMention {
                candidates: Vec::new(),
                text: said_text,
                span,
            };
            said.push((from, at + 1, Mode::Replace, vec![it]));
            mark(taken, from, at + 1);
        }
    }
    said.sort_by_key(|(from, ..)| *from);
    // Mentions of one mode in a row are one list.
    let mut placed: Placed = Vec::new();
    for (from, _, mode, mentions) in said {
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
                if list.iter().all(|m| {
                    m.candidates.is_empty() || m.candidates != mention.candidates || m.span == mention.span
                }) {
                    list.push(mention);
                }
            }
            continue;
        }
        placed.push((
            from,
            Act::Set {
                value: SlotValue::Service { mentions, mode },
            },
        ));
    }
    placed
}

/// Whether the service named at `from..to` comes on top of others ("add", "too") or is not wanted ("without the").
fn mode(lang: &Lang, text: &Text<'_>, from: usize, to: usize) -> Mode {
    let low = |i: usize| text.get(i).map_or("", |t| t.low.as_ref());
    let small = |i: usize| lang.listed("quiet", low(i)) || lang.listed("my", low(i));
    let mut next = from;
    while next > 0 && small(next - 1) && !lang.listed("without", low(next - 1)) && from - next < 3 {
        next -= 1;
    }
    let before = |list: &str| {
        (1..=2).any(|n| {
            next.checked_sub(n).is_some_and(|i| {
                lang.listed(list, low(i)) && text.tokens[i..next].iter().all(|t| t.kind == Kind::Word)
            })
        })
    };
    if next > 0 && lang.listed("without", low(next - 1)) || before("taken_off") {
        Mode::Remove
    } else if before("on_top_before") || people::phrase(text, lang, "on_top_after", to).is_some() {
        Mode::Add
    } else {
        Mode::Replace
    }
}

pub(super) fn staff_said(
    lang: &Lang,
    heard: &Heard<'_>,
    text: &Text<'_>,
    staff: &[Mention],
    hits: &[Hit<'_>],
    taken: &mut [bool],
) -> Placed {
    let low = |i: usize| text.get(i).map_or("", |t| t.low.as_ref());
    let mut placed: Placed = Vec::new();
    for mention in staff {
        if taken[mention.from..mention.to].iter().any(|t| *t) {
            continue;
        }
        // "Mai Nguyen" in answer to "your name?" is the customer's.
        if heard.expecting == Some(Expecting::Name)
            && !(mention.from > 0 && lang.listed("with", low(mention.from - 1)))
        {
            continue;
        }
        let guess = mention.entries.iter().all(|(_, c)| *c == Certainty::Guess);
        let led = mention.from > 0 && lang.listed("with", low(mention.from - 1))
            || heard.expecting == Some(Expecting::Staff);
        let single = mention.to - mention.from == 1;
        let capital = text.get(mention.from).is_some_and(token::Token::capital);
        let part = mention.entries.iter().all(|(_, c)| *c < Certainty::Exact);
        if guess && !led || single && part && !led && !capital {
            continue;
        }
        let before = |n: usize| mention.from.checked_sub(n).map_or("", |i| low(i));
        let refused = matches!(before(1), "not" | "except")
            || before(2) == "not" && matches!(before(1), "with" | "by")
            || matches!(before(2), "anyone" | "anybody") && before(1) == "but";
        mark(taken, mention.from, mention.to);
        let ids = |e: &(usize, Certainty)| heard.lexicon.staff[e.0].id.clone();
        let said = if refused {
            StaffSaid::Not {
                ids: mention.entries.iter().map(ids).collect(),
            }
        } else {
            let span = text.span(mention.from, mention.to);
            let candidates = mention
                .entries
                .iter()
                .map(|e| Candidate {
                    id: ids(e),
                    certainty: e.1,
                })
                .collect();
            StaffSaid::Named {
                candidates,
                text: text.slice(span),
                span,
            }
        };
        placed.push((
            mention.from,
            Act::Set {
                value: SlotValue::Staff { said },
            },
        ));
    }
    let wants_person = hits.iter().any(|h| h.act == "handoff");
    if placed.is_empty() && !wants_person {
        let any = (0..text.len())
            .find_map(|at| people::phrase(text, lang, "anyone", at).map(|to| (at, to)))
            .filter(|(from, to)| !taken[*from..*to].iter().any(|t| *t) && low(*to) != "else");
        if let Some((from, to)) = any {
            mark(taken, from, to);
            placed.push((
                from,
                Act::Set {
                    value: SlotValue::Staff {
                        said: StaffSaid::Anyone,
                    },
                },
            ));
        }
    }
    // "with Kelly", who does not work here.
    if placed.is_empty() && !wants_person && !heard.lexicon.staff.is_empty() {
        for at in 1..text.len() {
            let capital = text.get(at).is_some_and(token::Token::capital);
            let known = taken[at]
                || text.tokens[at].word.is_some()
                || lang.listed("common", low(at))
                || lang.listed("no_name", low(at));
            if low(at - 1) == "with" && capital && !known {
                let span = text.span(at, at + 1);
                let said = StaffSaid::Named {
                    candidates: Vec::new(),
                    text: text.slice(span),
                    span,
                };
                mark(taken, at, at + 1);
                placed.push((
                    at,
                    Act::Set {
                        value: SlotValue::Staff { said },
                    },
                ));
                break;
            }
        }
    }
    placed
}
