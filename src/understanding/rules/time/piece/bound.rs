//! Words before and after a piece that say on which side of it the suitable time lies.

use super::super::super::lang::Role;
use super::super::super::token::{Kind, Text};
use super::{Bound, Context, Piece, What};

/// Attaches "after", "before", "not" and their like.
pub(super) fn bounds(c: &Context<'_>, pieces: &mut [Piece]) {
    let t = c.days.text;
    let low = |i: usize| t.get(i).map_or("", |t| t.low.as_ref());
    for piece in pieces.iter_mut() {
        if matches!(piece.what, What::Moment(_) | What::Order(_)) {
            continue;
        }
        let mut at = piece.outer.min(piece.from);
        while at > 0 {
            let w = &t.tokens[at - 1];
            let small = w.is(Role::The) && w.low == "the"
                || w.is(Role::On)
                || w.is(Role::In)
                || w.is(Role::At)
                || w.is(Role::Around)
                || w.is(Role::During)
                || matches!(w.low.as_ref(), "any" | "time" | "anytime");
            if !small {
                break;
            }
            if w.is(Role::Around)
                && !(at > 1 && matches!(low(at - 2), "how" | "what"))
                && let What::Clock(clock) = &mut piece.what
            {
                clock.about = true;
            }
            at -= 1;
        }
        if at == 0 {
            suffix(t, piece);
            continue;
        }
        let w = &t.tokens[at - 1];
        let range = matches!(piece.what, What::Clocks(..));
        let than = at >= 2 && w.low == "than";
        if than && matches!(low(at - 2), "later" | "more") {
            (piece.bound, piece.outer) = (Bound::After, at - 2);
            if at >= 3 && matches!(low(at - 3), "no" | "not") {
                (piece.bound, piece.outer) = (Bound::Before, at - 3);
            }
        } else if than && matches!(low(at - 2), "earlier" | "sooner" | "less") {
            (piece.bound, piece.outer) = (Bound::Before, at - 2);
        } else if w.low == "not" && low(at.wrapping_sub(2)) != "why"
            || w.is(Role::Except)
            || w.low == "but" && at >= 2 && matches!(low(at - 2), "any" | "anything" | "anytime" | "day")
        {
            (piece.bound, piece.outer) = (Bound::Not, at - 1);
        } else if matches!(w.low.as_ref(), "it" | "make" | "go" | "do" | "come")
            && at >= 2
            && cannot(t, at - 1)
        {
            (piece.bound, piece.outer) = (Bound::Not, at - 2);
        } else if range {
            if w.is(Role::Between) || w.is(Role::From) {
                piece.outer = at - 1;
            }
        } else if matches!(w.low.as_ref(), "after" | "past" | "post") {
            let meal = matches!(piece.what, What::Part(part) if part.meal);
            if !meal {
                piece.bound = Bound::After;
            }
            piece.outer = at - 1;
        } else if matches!(w.low.as_ref(), "from" | "since" | "starting") && !piece.is_day() {
            (piece.bound, piece.outer) = (Bound::After, at - 1);
        } else if w.is(Role::By) && !matches!(piece.what, What::Part(_))
            || w.is(Role::Before) && !matches!(w.low.as_ref(), "of" | "to")
        {
            (piece.bound, piece.outer) = (Bound::Before, at - 1);
        }
        if piece.bound == Bound::On {
            suffix(t, piece);
        }
    }
}

/// "can't make it on", "cannot do": the words that end before `at`.
pub(super) fn cannot(t: &Text<'_>, at: usize) -> bool {
    (1..=3).any(|n| {
        at.checked_sub(n).and_then(|i| t.get(i)).is_some_and(|w| {
            matches!(
                w.low.as_ref(),
                "can't" | "cannot" | "cant" | "couldn't" | "won't" | "unable"
            )
        })
    })
}

/// "Tuesday doesn't work", "4 or later", "3 onwards".
pub(super) fn suffix(t: &Text<'_>, piece: &mut Piece) {
    let low = |i: usize| t.get(i).map_or("", |t| t.low.as_ref());
    let to = piece.to;
    match (low(to), low(to + 1)) {
        ("doesn't" | "won't" | "doesnt" | "wont" | "don't", "work" | "suit") => piece.bound = Bound::Not,
        ("is" | "are", "not" | "no") | ("isn't", "good" | "possible" | "ok") | ("will", "not") => {
            piece.bound = Bound::Not;
        }
        ("or", "later" | "after") | ("and", "later" | "after") if piece.is_time() => {
            piece.bound = Bound::After;
            piece.to += 2;
        }
        ("or", "earlier" | "before") if piece.is_time() => {
            piece.bound = Bound::Before;
            piece.to += 2;
        }
        ("onwards" | "onward", _) => {
            piece.bound = Bound::After;
            piece.to += 1;
        }
        ("on", next)
            if piece.bound == Bound::After
                && !matches!(next, "the")
                && t.get(to + 1).is_none_or(|w| w.kind == Kind::Sign) =>
        {
            piece.to += 1;
        }
        _ => {}
    }
}
