//! Who: a person's first and last name.

use super::super::lang::{List, Role, Word};
use super::super::time::Piece;
use super::super::token::{Kind, Text, Token};
use crate::understanding::act::{Expecting, Said, SlotValue};

/// So many tokens may stand between a cue and the name.
const MOST_FILLER: usize = 8;

/// A name with the tokens it covers.
type Found = (SlotValue, usize, usize);

/// Whether a time is a person or told of one: "April" to "your name?", "this is Rachel from yesterday".
pub(crate) fn is_somebody(t: &Text<'_>, asked: bool, piece: &Piece) -> bool {
    let single = piece.to == piece.from + 1;
    let capital = t.get(piece.from).is_some_and(Token::capital);
    let month = t
        .get(piece.from)
        .is_some_and(|w| w.word.is_some_and(|w| w.month.is_some()));
    if asked && single && capital && (month || t.is(piece.from, Role::NameToo)) {
        return true;
    }
    let past = t
        .get(piece.from)
        .is_some_and(|w| w.word.is_some_and(|w| w.day.is_some_and(|d| d < 0)));
    let of_then = t.is(piece.from.wrapping_sub(1), Role::From);
    single && past && of_then && (0..piece.from).any(|at| t.phrase(List::NameCues, at).is_some())
}

/// A message in which a name is looked for.
struct Page<'a> {
    t: &'a Text<'a>,
    taken: &'a [bool],
}

/// A person's name with the tokens it covers.
pub(crate) fn name(t: &Text<'_>, expecting: Option<Expecting>, taken: &[bool]) -> Option<Found> {
    let page = Page { t, taken };
    let asked = expecting == Some(Expecting::Name);
    page.cued()
        .or_else(|| page.introduced())
        .or_else(|| page.at_the_beginning())
        .or_else(|| if asked { page.answer() } else { None })
}

impl Page<'_> {
    /// Whether the token is a word that nothing else has claimed.
    fn word(&self, at: usize) -> bool {
        self.t
            .get(at)
            .is_some_and(|w| w.kind == Kind::Word && w.low.chars().count() > 1)
            && !self.taken.get(at).copied().unwrap_or(true)
    }

    /// Whether the token may be part of a name.
    fn nameable(&self, at: usize) -> bool {
        let timely = |w: &Word| {
            w.day.is_some()
                || w.part.is_some()
                || w.number.is_some()
                || w.unit.is_some()
                || w.weekday.is_some()
        };
        // April and May are people too, when they are written like people.
        let known = |w: &Token<'_>| {
            let named = w.capital() && w.is(Role::NameToo);
            w.word
                .is_some_and(|word| timely(word) && !named || word.month.is_some() && !w.capital())
        };
        // "I'm Mai's friend"
        let possessive = self.t.low(at).ends_with("'s");
        self.word(at) && !possessive && !self.t.listed(List::NoName, at) && !self.t.get(at).is_some_and(known)
    }

    /// Whether the token is written like a name and is no word that the language knows.
    fn stranger(&self, at: usize) -> bool {
        let strange = |w: &Token<'_>| w.capital() && w.word.is_none();
        self.nameable(at) && self.t.get(at).is_some_and(strange) && !self.t.listed(List::Common, at)
    }

    /// After "my name is", "this is", "under"; the surest cue counts, and of equals the first.
    fn cued(&self) -> Option<Found> {
        let t = self.t;
        let all_lower = !t.text.chars().any(char::is_uppercase);
        let mut best: Option<(bool, Found)> = None;
        let mut at = 0;
        while at < t.len() {
            let Some(cue) = t.phrase(List::NameCues, at) else {
                at += 1;
                continue;
            };
            let sure = t.phrase(List::SureNameCues, at).is_some();
            let last_only = t.phrase(List::LastNameCues, at).is_some();
            let start = self.after_filler(cue, at + MOST_FILLER);
            let capital = t.get(start).is_some_and(Token::capital);
            // "It's" introduces much else: there the name must look like one.
            let loose = t.listed(List::LooseNameCues, at);
            let plain =
                all_lower && (t.listed(List::PlainNameCues, at) || t.is(at, Role::This) && t.len() <= 5);
            let fits = self.nameable(start)
                && (sure || !loose || self.stranger(start))
                && (sure || capital || plain);
            if fits && best.as_ref().is_none_or(|(old, _)| sure && !old) {
                let (value, to) = self.person(start, capital, last_only);
                best = Some((sure, (value, start, to)));
            }
            at = start.max(at + 1);
        }
        let (_, (value, from, to)) = best?;
        Some(self.with_family(value, from, to))
    }

    /// "first name Leo last name Park" says both apart.
    fn with_family(&self, mut value: SlotValue, from: usize, to: usize) -> Found {
        let end = to.saturating_add(MOST_FILLER).min(self.t.len());
        let cue = (to..end).find_map(|at| self.t.phrase(List::LastNameCues, at));
        let start = cue.map(|cue| self.after_filler(cue, cue + MOST_FILLER));
        let Some(start) = start.filter(|at| self.nameable(*at)) else {
            return (value, from, to);
        };
        if let SlotValue::Name {
            last: last @ None, ..
        } = &mut value
            && let (SlotValue::Name { last: family, .. }, _) = self.person(start, true, true)
        {
            *last = family;
        }
        (value, from, to)
    }

    /// The token after words that may stand between a cue and the name ("I think", "Mrs.").
    fn after_filler(&self, from: usize, end: usize) -> usize {
        let t = self.t;
        let mut at = from;
        while at < end {
            let sign = t
                .get(at)
                .is_some_and(|w| matches!(w.raw, "," | "\"" | ":" | "\u{201c}" | "."));
            // "under the name of my mother, Carmen Soto"
            let kin = t.listed(List::My, at) && t.listed(List::Kin, at + 1);
            at = match t.phrase(List::NameFiller, at) {
                Some(to) => to,
                None if kin => at + 2,
                None if sign => at + 1,
                None => break,
            };
        }
        at
    }

    /// Two capitalised words after "for", or before "has a booking", "party of" or a comma at the beginning.
    fn introduced(&self) -> Option<Found> {
        let t = self.t;
        (0..t.len()).find_map(|at| {
            let pair = self.stranger(at)
                && self.stranger(at + 1)
                && !self.stranger(at + 2)
                && t.get(at + 1).is_some_and(|w| w.spaced);
            let first = at == 0 && (t.listed(List::NameHas, 2) || t.sign(2, ","));
            (pair && (first || t.listed_before(List::NameFor, at))).then(|| {
                let (value, to) = self.person(at, true, false);
                (value, at, to)
            })
        })
    }

    /// "Anna here", "Marcelo Higgens here", "Boxton is my last name", "Ben Niehoff is my name".
    fn at_the_beginning(&self) -> Option<Found> {
        let t = self.t;
        let at = (0..t.len().min(6)).find(|at| self.nameable(*at))?;
        let end = if self.nameable(at + 1) { at + 2 } else { at + 1 };
        let last_only = t.phrase(List::LastNameAfter, end).is_some();
        if !last_only && t.phrase(List::NameAfter, end).is_none() {
            return None;
        }
        let (value, to) = self.person(at, false, last_only);
        Some((value, at, to))
    }

    /// A message that is nothing but a name, when one was asked for.
    fn answer(&self) -> Option<Found> {
        let t = self.t;
        let mine =
            |i: usize| t.listed(List::My, i) || t.listed(List::Kin, i) || t.listed(List::NameFiller, i);
        // "Jo-Ann", and "R-o-b" to spell it: what a dash joins belongs to the word before.
        let joined = |i: usize| i > 1 && t.sign(i - 1, "-") && !t.tokens[i].spaced;
        let spelt = |i: usize| t.sign(i + 1, "-") && t.low(i).chars().count() == 1;
        let words: Vec<usize> = (0..t.len())
            .filter(|&i| t.tokens[i].kind == Kind::Word && !t.listed(List::NameCourtesy, i) && !joined(i))
            .filter(|&i| !mine(i) && !spelt(i))
            .collect();
        let plain = |i: &usize| {
            let word = &t.tokens[*i];
            self.nameable(*i) && (word.is(Role::NameToo) || word.word.is_none_or(|w| w.month.is_some()))
        };
        let first = words
            .first()
            .filter(|_| words.len() <= 3 && words.iter().all(plain))?;
        let titled = t.listed_before(List::Titles, *first) || *first > 0 && t.sign(first - 1, ".");
        let (value, to) = self.person(*first, false, titled && words.len() == 1);
        Some((value, *first, to))
    }

    /// One or two (or a hyphened) names from `at` on.
    fn person(&self, at: usize, capital: bool, last_only: bool) -> (SlotValue, usize) {
        let t = self.t;
        let said = |from: usize, to: usize| {
            let span = t.span(from, to);
            let text = t.slice(span);
            Some(Said {
                value: text.clone(),
                text,
                span,
            })
        };
        // "Smith-Jones"; "O'Neil" is one token already.
        let whole = |at: usize| {
            let dash = t.sign(at + 1, "-") && !t.tokens[at + 1].spaced;
            let goes_on = t.get(at + 2).is_some_and(|w| !w.spaced) && self.word(at + 2);
            if dash && goes_on { at + 3 } else { at + 1 }
        };
        let mut more = whole(at);
        let follows = |at: usize, capital: bool| {
            let apart = |w: &Token<'_>| w.spaced && !w.new_line && (!capital || w.capital());
            self.nameable(at) && t.get(at).is_some_and(apart)
        };
        let second = follows(more, capital);
        if !second {
            let (first, last) = if last_only {
                (None, said(at, more))
            } else {
                (said(at, more), None)
            };
            return (SlotValue::Name { first, last }, more);
        }
        let mut to = whole(more);
        // "Ana María Ruiz": of three the last is the family's, or whatever a customer puts there.
        if follows(to, true) && self.stranger(to) && t.tokens[at].capital() && t.tokens[more].capital() {
            (more, to) = (to, whole(to));
        }
        let (first, last) = (said(at, more), said(more, to));
        (SlotValue::Name { first, last }, to)
    }
}
