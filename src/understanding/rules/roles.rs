//! Which time expression names an existing appointment, and which one the wish.
//!
//! "move my Friday appointment to Saturday at 3": Friday says which, Saturday at 3 says when.

use super::lang::Role;
use super::time::Piece;
use super::time::piece::{Bound, linked};
use super::token::Text;

/// What happens to existing appointments in this message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Motion {
    /// None is touched.
    None,
    /// One is moved.
    Move,
    /// One is cancelled, and nothing else is wanted.
    Cancel,
    /// One is cancelled for another, whose wish begins at this token.
    Replace(usize),
}

/// The pieces that say which appointment, and those that say when.
pub(crate) fn split(t: &Text<'_>, motion: Motion, pieces: Vec<Piece>) -> (Vec<Piece>, Vec<Piece>) {
    match motion {
        Motion::None => (Vec::new(), pieces),
        Motion::Cancel => (pieces.into_iter().map(on_the_day).collect(), Vec::new()),
        Motion::Replace(at) => pieces.into_iter().partition(|p| p.from < at),
        Motion::Move => {
            let low = |i: usize| t.get(i).map_or("", |t| t.low.as_ref());
            // "Saturday instead of Friday"
            if let Some(of) = (1..t.len()).find(|&i| low(i - 1) == "instead" && low(i) == "of") {
                return pieces.into_iter().partition(|p| p.from > of);
            }
            // "... to Saturday at 3": the word before the first piece of the wish.
            let target = pieces.iter().position(|p| {
                let mut at = p.outer.min(p.from);
                while at > 0
                    && (t.is(at - 1, Role::The)
                        || t.is(at - 1, Role::At)
                        || t.is(at - 1, Role::On)
                        || t.is(at - 1, Role::Around))
                {
                    at -= 1;
                }
                at > 0
                    && (matches!(low(at - 1), "to" | "for" | "until" | "till" | "it")
                        || matches!(low(at), "for") && p.from > at)
                    && !existing(t, p)
                    && low(at - 1) != "for"
                    || at > 0 && low(at - 1) == "to"
            });
            match target {
                Some(at) => {
                    let mut pieces = pieces;
                    let wish = pieces.split_off(at);
                    (pieces, wish)
                }
                None => by_cluster(t, pieces),
            }
        }
    }
}

/// "I can't make it on Friday" says which appointment, not that Friday is excluded.
fn on_the_day(mut piece: Piece) -> Piece {
    if piece.bound == Bound::Not {
        piece.bound = Bound::On;
    }
    piece
}

/// Parts the pieces, but not those that stand together: "my booking tomorrow at 9".
fn by_cluster(t: &Text<'_>, pieces: Vec<Piece>) -> (Vec<Piece>, Vec<Piece>) {
    let (mut which, mut when) = (Vec::new(), Vec::new());
    let mut cluster: Vec<Piece> = Vec::new();
    let mut put = |cluster: &mut Vec<Piece>| {
        let old = cluster.iter().any(|p| existing(t, p));
        if old {
            which.append(cluster);
        } else {
            when.append(cluster);
        }
    };
    for piece in pieces {
        if cluster
            .last()
            .is_some_and(|last| !linked(t, last.to, piece.outer.min(piece.from).max(last.to)))
        {
            put(&mut cluster);
        }
        cluster.push(piece);
    }
    put(&mut cluster);
    (which, when)
}

/// Whether the piece belongs to an appointment that exists: "my Friday appointment", "the booking on Friday".
fn existing(t: &Text<'_>, piece: &Piece) -> bool {
    let appointment = |i: usize| {
        t.get(i).is_some_and(|t| {
            matches!(
                t.low.as_ref(),
                "appointment"
                    | "appt"
                    | "booking"
                    | "reservation"
                    | "visit"
                    | "slot"
                    | "meeting"
                    | "session"
                    | "table"
                    | "one"
                    | "class"
            )
        })
    };
    let from = piece.outer.min(piece.from);
    let after = (piece.to..piece.to + 3).any(appointment);
    let owned = from > 0
        && t.get(from - 1)
            .is_some_and(|w| matches!(w.low.as_ref(), "my" | "our" | "the" | "from"));
    let before = (from.saturating_sub(4)..from).any(appointment)
        || t.get(from.wrapping_sub(1)).is_some_and(|w| w.low == "from");
    after && owned || before || owned && t.get(from - 1).is_some_and(|w| w.low == "from" || w.low == "my")
}
