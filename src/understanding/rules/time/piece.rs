//! From tokens to pieces: every day, time and part of a day in a message, ranges joined, bounds attached.
//!
//! A bare number becomes an hour only where something makes it one: a word before it ("at 4"), a day beside it
//! ("tomorrow 9"), the other end of a range ("2-4pm"), or the question that was asked.

mod bound;
mod join;
mod meant;
mod part;
mod range;

use bound::bounds;
use join::{join, lead, lengths, overnight, qualify, stays};
use meant::keep_meant;
use part::{next_part, order, part};

use jiff::civil::DateTime;

use super::super::lang::{List, Part, Role, Roles};
use super::super::token::Text;
use super::clock::{Clock, Form, clock};
use super::day::{Day, Days, Found, Said};
use crate::understanding::when::Order;

/// One thing said about time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum What {
    /// A day or several.
    Days(Day),
    /// A time.
    Clock(Clock),
    /// A stretch between two times.
    Clocks(Clock, Clock),
    /// A part of the day, and whether it is today's.
    Part(Part),
    /// A moment counted from now.
    Moment(DateTime),
    /// A wish for one end of what is free.
    Order(Order),
}

/// On which side of a piece the suitable time lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    /// There.
    On,
    /// From there on.
    After,
    /// Until there.
    Before,
    /// Anywhere but there.
    Not,
}

/// A piece with its place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Piece {
    /// What was said.
    pub(crate) what: What,
    /// On which side of it.
    pub(crate) bound: Bound,
    /// First token of the piece itself.
    pub(crate) from: usize,
    /// The token after it.
    pub(crate) to: usize,
    /// The token after its own words, without a part of the day that was drawn in ("11:30 | in the morning").
    pub(crate) core: usize,
    /// First token with the words before it that belong to it ("after", "not").
    pub(crate) outer: usize,
    /// A range of days whose last day was named ("Monday to Wednesday").
    pub(crate) named_end: bool,
    /// How sure a time is one.
    pub(crate) form: Form,
    /// Begins another window: the end of "from 4pm today to 5pm tomorrow".
    pub(crate) apart: bool,
}

impl Piece {
    fn new(what: What, form: Form, from: usize, to: usize) -> Self {
        Self {
            what,
            bound: Bound::On,
            from,
            to,
            core: to,
            outer: from,
            named_end: false,
            form,
            apart: false,
        }
    }

    pub(crate) fn is_day(&self) -> bool {
        matches!(self.what, What::Days(_))
    }

    pub(crate) fn is_time(&self) -> bool {
        matches!(self.what, What::Clock(_) | What::Clocks(..) | What::Part(_))
    }
}

/// What pieces are read with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    /// How days are read.
    pub(crate) days: Days<'a>,
    /// A time was asked for, so a bare number is one.
    pub(crate) time_asked: bool,
    /// A day was asked for.
    pub(crate) date_asked: bool,
    /// Something was asked or offered, so a bare "later" compares with it.
    pub(crate) offered: bool,
    /// A number of people was asked for.
    pub(crate) people_asked: bool,
    /// The customer's name was asked for.
    pub(crate) name_asked: bool,
    /// See `Lexicon::half_means_past`.
    pub(crate) half_means_past: Option<bool>,
    /// An appointment is moved: "from Friday to Saturday" are two days then, not a range.
    pub(crate) moving: bool,
}

/// Every piece of the message, in order.
pub(crate) fn pieces(c: &Context<'_>) -> Vec<Piece> {
    let mut pieces = atoms(c);
    qualify(c, &mut pieces);
    join(c, &mut pieces);
    stays(c, &mut pieces);
    lengths(c, &mut pieces);
    lead(c, &mut pieces);
    keep_meant(c, &mut pieces);
    bounds(c, &mut pieces);
    overnight(c, &mut pieces);
    pieces
}

/// The smallest pieces, left to right, each as long as it can be.
fn atoms(c: &Context<'_>) -> Vec<Piece> {
    let t = c.days.text;
    let mut found = Vec::new();
    let mut at = 0;
    while at < t.len() {
        if !c.days.may_begin(at) {
            at += 1;
        } else if let Some((day, to)) = c.days.read(at) {
            let what = match day {
                Found::Day(day) => What::Days(day),
                Found::Moment(moment) => What::Moment(moment),
            };
            let mut piece = Piece::new(what, Form::Sure, at, to);
            piece.named_end = matches!(day, Found::Day(day) if day.last_meant);
            found.push(piece);
            at = to;
        } else if let Some((clock, form, to)) = clock(t, at, c.half_means_past) {
            found.push(Piece::new(What::Clock(clock), form, at, to));
            at = to;
        } else if let Some((part, to)) = next_part(c, at) {
            if let Ok(tomorrow) = c.days.now.date().tomorrow() {
                found.push(Piece::new(
                    What::Days(Day::on(tomorrow, Said::Other)),
                    Form::Sure,
                    at,
                    to,
                ));
            }
            found.push(Piece::new(What::Part(part), Form::Sure, at, to));
            at = to;
        } else if let Some((part, from, to)) = part(c, at) {
            if part.today {
                let today = Day::on(c.days.now.date(), Said::Other);
                found.push(Piece::new(What::Days(today), Form::Sure, from, to));
            }
            found.push(Piece::new(What::Part(part), Form::Sure, from, to));
            at = to;
        } else if let Some((order, to)) = order(c, at) {
            found.push(Piece::new(What::Order(order), Form::Sure, at, to));
            at = to;
        } else {
            at += 1;
        }
    }
    found
}

/// Words that hold an expression together.
const LINKS: Roles = Roles::of(&[
    Role::On,
    Role::At,
    Role::In,
    Role::Of,
    Role::The,
    Role::From,
    Role::Between,
    Role::Around,
    Role::This,
    Role::During,
    Role::By,
    Role::After,
    Role::Before,
    Role::Starting,
]);

/// Whether only words that hold an expression together stand between two tokens.
pub(crate) fn linked(t: &Text<'_>, from: usize, to: usize) -> bool {
    to >= from
        && to - from <= 3
        && (from..to).all(|i| {
            t.get(i).is_some_and(|w| {
                w.is_any(LINKS)
                    || matches!(w.raw, "," | "@" | "(" | ")" | "-" | "–")
                    || t.listed(List::TimeFiller, i)
            })
        })
}
