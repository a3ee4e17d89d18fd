//! What is left when cues, names and times are known: times of questions, open answers, the FAQ, silence.

use super::super::lang::{Lang, List};
use super::super::names::find;
use super::super::time::Expression;
use super::super::token::{Kind, Text, Token};
use super::Placed;
use crate::understanding::act::{
    Act, Certainty, Expecting, Mode, ServiceMention, SlotKind, SlotValue, SmallTalk, StaffSaid, Topic,
};
use crate::understanding::{Heard, Lexicon};

/// A time said with a question about hours belongs to the question.
pub(super) fn say_when(placed: &mut Placed, at: usize, expression: &Expression) {
    let starts = placed.iter().any(|(_, a)| matches!(a, Act::Start { .. }));
    let hours = placed.iter_mut().find_map(|(_, act)| match act {
        Act::Ask {
            topic: Topic::Hours { when },
        } if !starts => Some(when),
        _ => None,
    });
    match hours {
        Some(when) => *when = Some(expression.when.clone()),
        None => placed.push((
            at,
            Act::Set {
                value: SlotValue::When {
                    when: expression.when.clone(),
                },
            },
        )),
    }
}

/// "any day", "doesn't matter": an answer that leaves the asked piece open.
pub(super) fn indifferent(expecting: Option<Expecting>, text: &Text<'_>, placed: &mut Placed) {
    let said = |act: &Act| matches!(act, Act::Set { .. } | Act::Choose { .. });
    if placed.iter().any(|(_, act)| said(act)) {
        return;
    }
    let Some(at) = (0..text.len()).find(|at| text.phrase(List::Indifferent, *at).is_some()) else {
        return;
    };
    let act = match expecting {
        Some(Expecting::Staff) => Act::Set {
            value: SlotValue::Staff {
                said: StaffSaid::Anyone,
            },
        },
        Some(Expecting::Date | Expecting::Time) => Act::Clear { slot: SlotKind::When },
        _ => return,
    };
    placed.retain(|(_, act)| !matches!(act, Act::Deny | Act::Confirm));
    placed.push((at, act));
}

/// Other FAQ entries by their keywords.
pub(super) fn faq(lang: &Lang, lexicon: &Lexicon, text: &Text<'_>, placed: &mut Placed) {
    let asks = text.tokens.iter().any(|t| t.raw == "?") || text.listed(List::Questions, 0);
    if !asks || placed.iter().any(|(_, a)| matches!(a, Act::Ask { .. })) {
        return;
    }
    let mentions = find(text, lang, &lexicon.faq, List::Quiet);
    for mention in mentions {
        if let Some((entry, Certainty::Exact)) = mention.entries.first() {
            let key = lexicon.faq[*entry].id.clone();
            placed.push((
                mention.from,
                Act::Ask {
                    topic: Topic::Faq { key },
                },
            ));
        }
    }
}

/// What a message means that has no act in it.
pub(super) fn silent(heard: &Heard<'_>, text: &Text<'_>) -> Vec<Act> {
    let words = text.tokens.iter().filter(|t| t.kind == Kind::Word).count();
    let digits = text.tokens.iter().any(|t| t.kind == Kind::Number);
    if words == 0 && !digits && text.len() > 0 && text.tokens.iter().any(|t| !t.raw.is_ascii()) {
        return vec![Act::SmallTalk {
            kind: SmallTalk::Other,
        }];
    }
    // An answer to "which service?" that fits none is a service that is not offered.
    let strange = |(i, t): (usize, &Token<'_>)| {
        t.kind == Kind::Word && t.word.is_none() && !text.listed(List::Common, i)
    };
    let plain = text.tokens.iter().enumerate().all(strange);
    if heard.expecting == Some(Expecting::Service) && plain && (1..=3).contains(&words) {
        let span = text.span(0, text.len());
        let it = ServiceMention {
            candidates: Vec::new(),
            text: text.slice(span),
            span,
        };
        let value = SlotValue::Service {
            mentions: vec![it],
            mode: Mode::Replace,
        };
        return vec![Act::Set { value }];
    }
    if heard.expecting == Some(Expecting::Staff)
        && plain
        && (1..=2).contains(&words)
        && !heard.lexicon.staff.is_empty()
    {
        let span = text.span(0, text.len());
        let said = StaffSaid::Named {
            candidates: Vec::new(),
            text: text.slice(span),
            span,
        };
        return vec![Act::Set {
            value: SlotValue::Staff { said },
        }];
    }
    vec![Act::Unclear]
}
