//! Words before and after a piece that say on which side of it the suitable time lies.

use super::super::super::lang::{List, Role};
use super::super::super::token::{Kind, Text};
use super::{Bound, Context, Piece, What};

/// Attaches "after", "before", "not" and their like.
pub(super) fn bounds(c: &Context<'_>, pieces: &mut [Piece]) {
    let t = c.days.text;
    // Words that belong to the piece before bound nothing: the "sau" of "tuần sau 9h" is no "after".
    let mut taken = 0..0;
    for piece in pieces.iter_mut() {
        let before = std::mem::replace(&mut taken, piece.from..piece.to);
        if matches!(piece.what, What::Moment(_) | What::Order(_)) {
            continue;
        }
        let at = before_small_words(t, piece);
        let is_free = at.checked_sub(1).is_none_or(|last| !before.contains(&last));
        if is_free && let Some((bound, outer)) = bound_before(t, piece, at) {
            (piece.bound, piece.outer) = (bound, outer);
        }
        if piece.bound == Bound::On {
            suffix(t, piece);
        }
    }
}

/// The first of the small words before a piece ("on the"); one of them may make the time a rough one.
fn before_small_words(t: &Text<'_>, piece: &mut Piece) -> usize {
    let mut at = piece.outer.min(piece.from);
    while at > 0 {
        let i = at - 1;
        let small = t.is(i, Role::The)
            || t.is(i, Role::On)
            || t.is(i, Role::In)
            || t.is(i, Role::At)
            || t.is(i, Role::Around)
            || t.is(i, Role::During)
            || t.listed(List::TimeNoun, i);
        if !small {
            break;
        }
        if t.is(i, Role::Around)
            && !t.listed_before(List::HowWhat, i)
            && let What::Clock(clock) = &mut piece.what
        {
            clock.about = true;
        }
        at = i;
    }
    at
}

/// What the words that end before `at` say, and where they begin.
fn bound_before(t: &Text<'_>, piece: &Piece, at: usize) -> Option<(Bound, usize)> {
    let last = at.checked_sub(1)?;
    // "no later than" before "later than", and "not before" before "before", which are the ends of them.
    for (list, bound) in [
        (List::NoLaterThan, Bound::Before),
        (List::NoEarlierThan, Bound::After),
        (List::LaterThan, Bound::After),
        (List::EarlierThan, Bound::Before),
        (List::NotOn, Bound::Not),
    ] {
        if let Some(from) = t.phrase_before(list, at)
            && t.phrase_before(List::Why, from).is_none()
        {
            return Some((bound, from));
        }
    }
    if t.is(last, Role::Except) {
        return Some((Bound::Not, last));
    }
    if t.listed(List::CannotDo, last) && cannot(t, last) {
        return Some((Bound::Not, last - 1));
    }
    if matches!(piece.what, What::Clocks(..)) {
        // The range has said its ends itself.
        let opens = t.is(last, Role::Between) || t.is(last, Role::From);
        return opens.then_some((piece.bound, last));
    }
    // "can't make it before 5" is from five on.
    let refused = last.checked_sub(1).filter(|&verb| t.listed(List::CannotDo, verb) && cannot(t, verb));
    if t.is(last, Role::After) && !t.is(last, Role::Starting) && !t.is(last, Role::Following) {
        let meal = matches!(piece.what, What::Part(part) if part.meal);
        return Some(match refused {
            Some(verb) => (Bound::Before, verb),
            None if meal => (piece.bound, last),
            None => (Bound::After, last),
        });
    }
    if (t.is(last, Role::From) || t.is(last, Role::Starting)) && !piece.is_day() {
        return Some((Bound::After, last));
    }
    let by = t.is(last, Role::By) && !matches!(piece.what, What::Part(_));
    let before = t.is(last, Role::Before) && !t.is(last, Role::Of) && !t.listed(List::MoveTo, last);
    let side = refused.map_or((Bound::Before, last), |verb| (Bound::After, verb));
    (by || before).then_some(side)
}

/// "can't make it on", "cannot do": the words that end before `at`.
pub(super) fn cannot(t: &Text<'_>, at: usize) -> bool {
    (at.saturating_sub(3)..at).any(|i| t.listed(List::Cannot, i))
}

/// "Tuesday doesn't work", "4 or later", "3 onwards".
pub(super) fn suffix(t: &Text<'_>, piece: &mut Piece) {
    let to = piece.to;
    if t.phrase(List::Impossible, to).is_some() {
        piece.bound = Bound::Not;
    } else if let Some(end) = t.phrase(List::OrLater, to).filter(|_| piece.is_time()) {
        (piece.bound, piece.to) = (Bound::After, end);
    } else if let Some(end) = t.phrase(List::OrEarlier, to).filter(|_| piece.is_time()) {
        (piece.bound, piece.to) = (Bound::Before, end);
    } else if t.listed(List::Onwards, to) {
        (piece.bound, piece.to) = (Bound::After, to + 1);
    } else if piece.bound == Bound::After
        && t.is(to, Role::On)
        && t.get(to + 1).is_none_or(|w| w.kind == Kind::Sign)
    {
        // "from 3 on"
        piece.to += 1;
    }
}
