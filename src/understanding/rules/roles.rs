//! Which time expression names an existing appointment, and which one the wish.
//!
//! "move my Friday appointment to Saturday at 3": Friday says which, Saturday at 3 says when.

use super::lang::{List, Role};
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
        Motion::Replace(at) => {
            let (which, when): (Vec<Piece>, Vec<Piece>) = pieces.into_iter().partition(|p| p.from < at);
            (which.into_iter().map(on_the_day).collect(), when)
        }
        Motion::Move => moved(t, pieces),
    }
}

fn moved(t: &Text<'_>, mut pieces: Vec<Piece>) -> (Vec<Piece>, Vec<Piece>) {
    // "Saturday instead of Friday"
    if let Some(of) = (0..t.len()).find_map(|at| t.phrase(List::InsteadOf, at)) {
        return pieces.into_iter().partition(|p| p.from >= of);
    }
    // "... to Saturday at 3": the word before the first piece of the wish.
    let wished = |p: &Piece| {
        let mut at = p.outer.min(p.from);
        let small = |i: usize| {
            t.is(i, Role::The)
                || t.is(i, Role::Around)
                || t.is(i, Role::At) && !t.is(i, Role::For)
                || t.is(i, Role::On)
        };
        // "al viernes": an article and the word for "to" may be one.
        while at > 0 && small(at - 1) && !t.listed_before(List::MoveTo, at) {
            at -= 1;
        }
        t.listed_before(List::MoveTo, at) || t.listed_before(List::MoveFor, at) && !existing(t, p)
    };
    match pieces.iter().position(wished) {
        Some(at) => {
            let wish = pieces.split_off(at);
            (pieces, wish)
        }
        None => by_cluster(t, pieces),
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
    let appointment = |i: usize| t.listed(List::Appointment, i);
    let from = piece.outer.min(piece.from);
    let after = (piece.to..piece.to + 3).any(appointment);
    let before = (from.saturating_sub(4)..from).any(appointment);
    let preceded = |role: Role| from > 0 && t.is(from - 1, role);
    let surely = t.listed_before(List::My, from) || preceded(Role::From);
    before || surely || after && preceded(Role::The)
}
