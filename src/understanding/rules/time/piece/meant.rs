//! Which bare numbers are times: those that a word before, a day beside or the question asked makes one.

use super::super::super::lang::{List, Role};
use super::super::super::token::{Kind, Text};
use super::super::clock::Form;
use super::{Bound, Context, Piece, What, linked};

/// So far back what is changed is looked for ("change the number of people ... to 8").
const CLAUSE: usize = 24;

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

/// Whether something makes the number a time.
fn meant(c: &Context<'_>, all: &[Piece], at: usize, piece: &Piece, t: &Text<'_>) -> bool {
    if counts_something(t, piece) {
        return false;
    }
    if piece.from > 0 && t.is(piece.from - 1, Role::TheHour) {
        return true;
    }
    // Over "the" and "around", which themselves decide: "around 8", but not "how about 8".
    let mut b = piece.from;
    while b > 0 && (t.is(b - 1, Role::The) || t.is(b - 1, Role::Around)) {
        b -= 1;
        if t.is(b, Role::Around) && !t.listed_before(List::HowWhat, b) {
            return true;
        }
    }
    if led(c, t, piece, b) || !c.people_asked && proposed(t, piece, b) {
        return true;
    }
    // "the Saturday one", "one for Monday"
    if t.is(piece.from, Role::A) && !c.time_asked {
        return false;
    }
    let wide = wide(t, piece);
    if c.time_asked && (!wide || t.len() <= 4) {
        return true;
    }
    let before = at.checked_sub(1).and_then(|i| all.get(i));
    let after = all.get(at + 1);
    let day_before = before.is_some_and(|p| follows(t, p, piece));
    let day_after = after.is_some_and(|p| precedes(t, piece, p));
    if piece.form == Form::Likely {
        let led = b > 0 && (t.is(b - 1, Role::To) || t.is(b - 1, Role::At));
        return led || t.len() <= piece.to - piece.from + 2 || day_before || day_after;
    }
    let free = !c.date_asked && before.is_some_and(|p| p.bound == Bound::On);
    let of_people = b > 0 && (t.is(b - 1, Role::For) || t.listed(List::Group, b - 1));
    !wide && (day_before && free || day_after && !of_people)
}

/// What a counted thing follows is no hour: "4 people", "2 bedrooms", "20 %", "$45", "a party of 5".
fn counts_something(t: &Text<'_>, piece: &Piece) -> bool {
    let after = t.get(piece.to);
    let heads = t.listed(List::People, piece.to)
        && after.is_some_and(|n| n.kind == Kind::Word && n.word.is_none_or(|w| w.part.is_none()));
    let things = t.is(piece.to, Role::Of)
        || t.sign(piece.to, "%")
        || t.listed(List::Counted, piece.to)
        || after.is_some_and(|n| n.word.is_some_and(|w| w.unit.is_some()));
    let signed = piece.from > 0 && matches!(t.tokens[piece.from - 1].raw, "$" | "£" | "€" | "#" | "+" | ".");
    let glued_before =
        piece.from > 0 && !t.tokens[piece.from].spaced && t.tokens[piece.from - 1].kind != Kind::Sign;
    let glued_after = after.is_some_and(|n| {
        let dashed = n.raw == "-" && t.get(piece.to + 1).is_some_and(|n| !n.spaced);
        !n.spaced && (n.kind != Kind::Sign || matches!(n.raw, "%" | "/") || dashed)
    });
    let group = piece.from > 1 && t.is(piece.from - 1, Role::Of) && t.listed(List::Group, piece.from - 2);
    let we_are = t.phrase_before(List::WeAre, piece.from).is_some();
    we_are || heads || things || signed || glued_before || glued_after || group
}

/// "930", "1030": more likely a price or a house number than a time.
fn wide(t: &Text<'_>, piece: &Piece) -> bool {
    t.get(piece.from)
        .is_some_and(|w| w.number.is_some() && w.raw.len() > 2)
}

/// After a word that only a time follows: "at 4", "after 4", "by 4", "move it to 4".
fn led(c: &Context<'_>, t: &Text<'_>, piece: &Piece, b: usize) -> bool {
    let Some(last) = b.checked_sub(1) else {
        return false;
    };
    let onwards = t.is(piece.to, Role::On) || t.listed(List::Onwards, piece.to);
    // Dates and heads are changed to numbers, too: those of the clock are small, and nothing else is counted.
    let hour = t.get(piece.from).and_then(|w| w.number).is_none_or(|n| n <= 12);
    let moved = c.moving
        && t.listed(List::MoveTo, last)
        && hour
        && !wide(t, piece)
        && !(last.saturating_sub(CLAUSE)..last).any(|i| t.listed(List::People, i));
    t.is(last, Role::At) && !t.is(last, Role::For)
        || t.is(last, Role::Except) && t.get(piece.to).is_none_or(|n| n.kind == Kind::Sign)
        || t.is(last, Role::After) && !t.is(last, Role::Last)
        || t.is(last, Role::Before) && !t.is(last, Role::Of) && !t.listed(List::MoveTo, last)
        || t.is(last, Role::By)
        || t.is(last, Role::From) && onwards
        || moved
}

/// "can you do 4?", "make it 3 instead", "how about 5?"
fn proposed(t: &Text<'_>, piece: &Piece, b: usize) -> bool {
    let how_about = t.is(b, Role::About) && t.listed_before(List::HowWhat, b);
    let ends =
        t.get(piece.to).is_none_or(|n| n.kind == Kind::Sign) || t.listed(List::ProposedAfter, piece.to);
    ends && (how_about || t.phrase_before(List::Proposing, b).is_some())
}

/// Whether the number stands right behind a day or a part of one.
fn follows(t: &Text<'_>, day: &Piece, piece: &Piece) -> bool {
    (day.is_day() || matches!(day.what, What::Part(_)))
        && piece.from >= day.to
        && piece.from - day.to <= 2
        && linked(t, day.to, piece.from)
        && (day.to..piece.from).all(|i| !t.is(i, Role::For))
}

/// Whether the number stands right before a day or a part of one.
fn precedes(t: &Text<'_>, piece: &Piece, day: &Piece) -> bool {
    (day.is_day() || matches!(day.what, What::Part(_)))
        && day.from >= piece.to
        && day.from - piece.to <= 1
        && linked(t, piece.to, day.from)
}
