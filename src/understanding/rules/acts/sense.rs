//! A word that is a day as well as somebody's name ("Mai"): which of the two it is, where nothing says so.

use super::super::lang::{List, Role};
use super::super::time::Piece;
use super::super::token::{Kind, Text};
use crate::understanding::Heard;
use crate::understanding::act::Expecting;

/// The token that may be either, because the message says nothing else. Where a person was asked for it is taken out
/// of `times`; where a day was asked for, small letters say the day.
pub(super) fn either(heard: &Heard<'_>, text: &Text<'_>, times: &mut Vec<Piece>) -> Option<usize> {
    let says_nothing = |i: usize| {
        text.tokens[i].kind == Kind::Sign
            || [
                List::Small,
                List::NameCourtesy,
                List::PickFiller,
                List::ClauseEnds,
            ]
            .iter()
            .any(|list| text.listed(*list, i))
    };
    let may_be_both = |piece: &Piece| {
        piece.is_day()
            && piece.to == piece.from + 1
            && text.is(piece.from, Role::PersonToo)
            && text.tokens[piece.from].staff
    };
    let place = times.iter().position(may_be_both)?;
    let at = times[place].from;
    if !(0..text.len()).all(|i| i == at || says_nothing(i)) {
        return None;
    }
    match heard.expecting {
        Some(Expecting::Staff) => {
            times.remove(place);
            None
        }
        // Small letters answer "which day?"; a capital may be a name, or a telephone's habit.
        Some(Expecting::Date | Expecting::Time) if !text.tokens[at].capital() => None,
        _ => Some(at),
    }
}
