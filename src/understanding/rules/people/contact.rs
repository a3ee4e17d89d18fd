//! Phone numbers and mail addresses.

use super::super::lang::Role;
use super::super::token::{Kind, Text};
use crate::understanding::act::Said;
use crate::understanding::when::Span;

/// A phone number: seven to fifteen digits with the usual signs between them. Of several the last that is not taken
/// back counts ("the old one was ..., the new one is ...").
pub(crate) fn phone(t: &Text<'_>) -> Option<(Said, usize, usize)> {
    let mut best = None;
    let mut at = 0;
    while let Some(found) = next_phone(t, at) {
        at = found.2;
        if best.is_none() || !t.is(found.1.wrapping_sub(1), Role::Not) {
            best = Some(found);
        }
    }
    best
}

fn next_phone(t: &Text<'_>, mut at: usize) -> Option<(Said, usize, usize)> {
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
