//! Time expressions: from tokens to [`When`](crate::understanding::When), by a grammar.
//!
//! Three steps, each in its module: [`day`] and [`clock`] read the smallest pieces ("next Friday", "half past
//! five") where they stand, [`piece`] walks the message and joins pieces into ranges with their bounds ("from
//! ... to", "after", "not"), [`mod@fold`] makes one expression of what belongs together.
//!
//! Nothing here knows what is open or free. Hours are consulted for one thing only: whether "at 4" is more
//! likely the afternoon.

pub(crate) mod clock;
pub(crate) mod day;
pub(crate) mod fold;
pub(crate) mod number;
pub(crate) mod piece;

pub(crate) use fold::{Expression, fold};
pub(crate) use piece::{Piece, pieces};
