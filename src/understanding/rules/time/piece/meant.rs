//! Which bare numbers are times: those that a word before, a day beside or the question asked makes one.

use super::super::super::lang::Role;
use super::super::super::token::{Kind, Text};
use super::super::clock::Form;
use super::{Bound, Context, Piece, What, linked};

/// Drops numbers that nothing makes a time.
pub(super) fn keep_meant(c: &Context<'_>, pieces: &mut Vec<Piece>) {
    let t = c.days.text;
    let all = pieces.clone();
    let mut index = 0;
    pieces.retain(|piece| {
        let at = index;
        index += 1;
        if piece.form == Form::Sure {
            return true;
        }
        let (What::Clock(_) | What::Clocks(..)) = piece.what else {
            return true;
        };
        meant(c, &all, at, piece, t)
    });
}

pub(super) fn meant(c: &Context<'_>, all: &[Piece], at: usize, piece: &Piece, t: &Text<'_>) -> bool {
    let low = |i: usize| t.get(i).map_or("", |t| t.low.as_ref());
    let after = t.get(piece.to);
    // What a counted thing follows is no hour: "4 people", "2 bedrooms", "20 %", "$45", "5 star".
    let counted = after.is_some_and(|n| {
        n.kind == Kind::Word
            && n.word.is_none_or(|w| w.part.is_none())
            && c.days.lang.listed("people", &n.low)
            || matches!(
                n.low.as_ref(),
                "of" | "%"
                    | "percent"
                    | "star"
                    | "stars"
                    | "bedroom"
                    | "bedrooms"
                    | "bed"
                    | "beds"
                    | "bathroom"
                    | "bathrooms"
                    | "bath"
                    | "rooms"
                    | "room"
                    | "single"
                    | "double"
                    | "dollars"
                    | "bucks"
                    | "euros"
                    | "pounds"
                    | "nights"
                    | "more"
                    | "times"
                    | "total"
                    | "th"
            )
            || n.word.is_some_and(|w| w.unit.is_some())
    });
    let before_sign =
        piece.from > 0 && matches!(t.tokens[piece.from - 1].raw, "$" | "£" | "€" | "#" | "+" | ".");
    let glued = piece.from > 0 && !t.tokens[piece.from].spaced && t.tokens[piece.from - 1].kind != Kind::Sign
        || after.is_some_and(|n| {
            !n.spaced
                && (n.kind != Kind::Sign
                    || n.raw == "%"
                    || n.raw == "/"
                    || n.raw == "-" && t.get(piece.to + 1).is_some_and(|n| !n.spaced))
        });
    let group = piece.from > 1
        && low(piece.from - 1) == "of"
        && matches!(
            low(piece.from - 2),
            "party" | "group" | "table" | "total" | "reservation"
        );
    if counted || before_sign || glued || group {
        return false;
    }
    let neighbour_day = |i: Option<usize>, forward: bool| {
        i.and_then(|i| all.get(i)).is_some_and(|p| {
            (p.is_day() || matches!(p.what, What::Part(_)))
                && if forward {
                    p.from >= piece.to && p.from - piece.to <= 1 && linked(t, piece.to, p.from)
                } else {
                    piece.from >= p.to
                        && piece.from - p.to <= 2
                        && linked(t, p.to, piece.from)
                        && (p.to..piece.from).all(|i| low(i) != "for")
                }
        })
    };
    let mut b = piece.from;
    while b > 0 && (t.is(b - 1, Role::The) || t.is(b - 1, Role::Around)) {
        b -= 1;
        if t.is(b, Role::Around) && !(b > 0 && matches!(low(b - 1), "how" | "what")) {
            // "around 8", but "about 20 people" was sorted out above.
            return true;
        }
    }
    let led = b > 0 && {
        let w = &t.tokens[b - 1];
        w.is(Role::At) && w.low != "for"
            || w.is(Role::After) && w.low != "past"
            || w.is(Role::Before) && !matches!(w.low.as_ref(), "of" | "to")
            || w.is(Role::By)
            // "move it to 3"
            || c.moving && w.is(Role::To)
            || w.is(Role::From)
                && (t.is(piece.to, Role::On) || low(piece.to) == "onwards" || low(piece.to) == "onward")
    };
    let wide = t
        .get(piece.from)
        .is_some_and(|w| w.number.is_some() && w.raw.len() > 2);
    // "can you do 4?", "make it 3 instead", "how about 5?"
    let proposed = b > 0
        && !c.people_asked
        && (low(b) == "about" && matches!(low(b - 1), "how" | "what")
            || low(b - 1) == "do"
            || b > 1 && (low(b - 2), low(b - 1)) == ("make", "it"))
        && after
            .is_none_or(|n| n.kind == Kind::Sign || matches!(n.low.as_ref(), "instead" | "then" | "please"));
    if led || proposed {
        return true;
    }
    // "the Saturday one", "one for Monday"
    if low(piece.from) == "one" && !c.time_asked {
        return false;
    }
    if c.time_asked && (!wide || t.len() <= 4) {
        return true;
    }
    if piece.form == Form::Likely {
        return (b > 0 && (t.is(b - 1, Role::To) || t.is(b - 1, Role::At)))
            || t.len() <= piece.to - piece.from + 2
            || neighbour_day(at.checked_sub(1), false)
            || neighbour_day(Some(at + 1), true);
    }
    !wide
        && !c.date_asked
        && neighbour_day(at.checked_sub(1), false)
        && all
            .get(at.wrapping_sub(1))
            .is_some_and(|p| matches!(p.bound, Bound::On))
        || !wide
            && neighbour_day(Some(at + 1), true)
            && b.checked_sub(1)
                .is_none_or(|i| !matches!(low(i), "table" | "for" | "party"))
}
