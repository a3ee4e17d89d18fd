//! Numbers in digits and words, as far as dates and times need them.

use super::super::lang::Role;
use super::super::token::{Kind, Text};

/// A whole number at `at` ("5", "five", "twenty two", "twenty-two") and the token after it.
pub(crate) fn cardinal(text: &Text<'_>, at: usize) -> Option<(u32, usize)> {
    let token = text.get(at)?;
    if let Some(number) = token.number {
        return Some((number, at + 1));
    }
    let tens = token.word?.number?;
    if (20..=50).contains(&tens) {
        let dashed = text.sign(at + 1, "-") && !text.get(at + 1)?.spaced;
        let next = if dashed || text.is(at + 1, Role::TensAnd) {
            at + 2
        } else {
            at + 1
        };
        if let Some(ones) = text.get(next).and_then(|t| t.word).and_then(|w| w.number)
            && (1..=9).contains(&ones)
        {
            return Some((tens + ones, next + 1));
        }
    }
    Some((tens, at + 1))
}

/// A number in words or digits, or "a", "a couple of", "a few": how many of something.
pub(crate) fn count(text: &Text<'_>, at: usize) -> Option<(u32, usize)> {
    let after_of = |to: usize| if text.is(to, Role::Of) { to + 1 } else { to };
    let next = if text.is(at, Role::A) { at + 1 } else { at };
    for (role, value) in [(Role::Couple, 2), (Role::Few, 3), (Role::Several, 7)] {
        if text.is(next, role) {
            return Some((value, after_of(next + 1)));
        }
    }
    if let Some(found) = cardinal(text, at) {
        return Some(found);
    }
    text.is(at, Role::A).then_some((1, at + 1))
}

/// A place in a row ("20th", "twentieth", "twenty first", "5 th") and the token after it.
pub(crate) fn ordinal(text: &Text<'_>, at: usize) -> Option<(u32, usize)> {
    let token = text.get(at)?;
    if let Some(number) = token.number {
        let suffixed = text.get(at + 1).is_some_and(|t| t.is(Role::Suffix) && !t.spaced);
        return suffixed.then_some((number, at + 2));
    }
    let word = token.word?;
    if let Some(place) = word.ordinal {
        return Some((place, at + 1));
    }
    let tens = word.number.filter(|n| matches!(n, 20 | 30))?;
    let next = if text.sign(at + 1, "-") { at + 2 } else { at + 1 };
    let ones = text.get(next)?.word?.ordinal.filter(|n| (1..=9).contains(n))?;
    Some((tens + ones, next + 1))
}

/// A day of the month: an ordinal, or a plain number from 1 to 31. Says whether it was an ordinal.
pub(crate) fn day_of_month(text: &Text<'_>, at: usize) -> Option<(i8, bool, usize)> {
    let (day, sure, to) = match ordinal(text, at) {
        Some((day, to)) => (day, true, to),
        None => cardinal(text, at).map(|(day, to)| (day, false, to))?,
    };
    let day = i8::try_from(day).ok().filter(|d| (1..=31).contains(d))?;
    Some((day, sure, to))
}

/// A year: four digits, "'26" or two digits after an apostrophe, or "two thousand and eighteen".
pub(crate) fn year(text: &Text<'_>, at: usize) -> Option<(i16, usize)> {
    let token = text.get(at)?;
    if let Some(number) = token.number {
        let fits = token.raw.len() == 4 && (1900..2200).contains(&number);
        // "2000 people" or "20:15" are no years; what follows a year is never a colon.
        return (fits && !text.sign(at + 1, ":")).then_some((i16::try_from(number).ok()?, at + 1));
    }
    if token.word?.number == Some(2) && text.is(at + 1, Role::Thousand) {
        let next = if text.is(at + 2, Role::And) {
            at + 3
        } else {
            at + 2
        };
        return match cardinal(text, next) {
            Some((rest, to)) if rest < 100 && text.get(next)?.kind == Kind::Word => {
                Some((2000 + i16::try_from(rest).ok()?, to))
            }
            _ => Some((2000, at + 2)),
        };
    }
    None
}
