//! Picking from the options that were listed: "2", "the second one", "option 3", "the last one", "the 10:30".

use jiff::civil::Date;

use super::lang::accents::fold;
use super::lang::{Lang, List, Role};
use super::time::clock::{Clock, Form, clock};
use super::time::day::{Days, Found};
use super::time::number::{cardinal, ordinal};
use super::token::{Kind, Text, Token};
use crate::understanding::Heard;
use crate::understanding::act::Expecting;

/// The option picked, counted from 1, with the tokens that pick it.
pub(crate) fn chosen(t: &Text<'_>, lang: &Lang, heard: &Heard<'_>) -> Option<(usize, usize, usize)> {
    let options = heard.options;
    // Without a list in view, a number still answers "which one?".
    let listed = match (options.len(), heard.expecting) {
        (0, Some(Expecting::Choice)) => 9,
        (listed, _) => listed,
    };
    if listed == 0 {
        return None;
    }
    let pick = |n: u32, from: usize, to: usize| {
        let n = usize::try_from(n).ok()?;
        (1..=listed).contains(&n).then_some((n, from, to))
    };
    // A label is the surest: "the 10:30", "Gel Manicure".
    let around = |i: usize| t.tokens[i].kind == Kind::Sign || t.listed(List::PickFiller, i);
    if let Some(found) = labelled(t, lang, options)
        && (0..t.len()).all(|i| (found.1..found.2).contains(&i) || around(i))
    {
        return Some(found);
    }
    for at in 0..t.len() {
        if let Some((n, to)) = numbered(t, at) {
            return pick(n, at, to);
        }
        if let Some((n, from, to)) = placed(t, at) {
            return pick(n, from, to);
        }
        let ends_the_message = at > 0 && t.is(at - 1, Role::The) && at + 1 == t.len();
        if t.listed(List::PickLast, at) && (t.listed(List::PickNoun, at + 1) || ends_the_message) {
            return Some((listed, at, (at + 2).min(t.len())));
        }
        if t.listed(List::PickMiddle, at) && t.listed(List::PickNoun, at + 1) && listed == 3 {
            return Some((2, at, at + 2));
        }
    }
    timed(t, lang, heard).or_else(|| {
        let (n, at, to) = bare(t)?;
        pick(n, at, to)
    })
}

/// "option 3", "number 2", "#1", "no. 2"; never "no 2", which is a refusal and a number.
fn numbered(t: &Text<'_>, at: usize) -> Option<(u32, usize)> {
    if !t.listed(List::PickNumber, at) && !t.sign(at, "#") {
        return None;
    }
    let dotted = t.sign(at + 1, ".") || t.sign(at + 1, "#");
    if t.listed(List::No, at) && !dotted {
        return None;
    }
    cardinal(t, if dotted { at + 2 } else { at + 1 })
}

/// "the second one", "first option", "the 2nd": the number with the tokens that say it.
fn placed(t: &Text<'_>, at: usize) -> Option<(u32, usize, usize)> {
    let (n, to) = ordinal(t, at)?;
    let the = at > 0 && t.is(at - 1, Role::The);
    let from = if the { at - 1 } else { at };
    if t.listed(List::PickNoun, to) {
        return Some((n, from, to + 1));
    }
    let ends = t.get(to).is_none_or(|w| w.kind == Kind::Sign) || t.listed(List::PickAfter, to);
    let word = t.get(at).is_some_and(|w| w.kind == Kind::Word);
    (ends && (the && word || t.len() <= 2)).then_some((n, from, to))
}

/// "2", "2 please", "2.", "2)", "i'll take 2": a small number and nothing else that says anything.
fn bare(t: &Text<'_>) -> Option<(u32, usize, usize)> {
    let says_more = |i: &usize| t.tokens[*i].kind != Kind::Sign && !t.listed(List::PickFiller, *i);
    let mut content = (0..t.len()).filter(says_more);
    // "one" says something when it stands alone.
    let alone = (t.len() == 1).then_some(0);
    let (only, None) = (content.next().or(alone)?, content.next()) else {
        return None;
    };
    let (n, to) = cardinal(t, only)?;
    let small = t
        .get(only)
        .is_some_and(|w| w.raw.len() <= 2 || w.kind == Kind::Word);
    (to == only + 1 && small).then_some((n, only, to))
}

/// The option on the day or at the time that a short message says ("11", "half past ten", "the Saturday one").
fn timed(t: &Text<'_>, lang: &Lang, heard: &Heard<'_>) -> Option<(usize, usize, usize)> {
    let options = heard.options;
    // "later than 10:30", "not Saturday" and questions are no picks.
    let wary = |w: &Token<'_>| {
        // "half past ten", "quarter to three"
        let of_the_clock = w.lists.has(List::OfTheClock);
        w.raw == "?"
            || !of_the_clock
                && [
                    Role::After,
                    Role::Before,
                    Role::Not,
                    Role::Later,
                    Role::Next,
                    Role::Around,
                    Role::Or,
                ]
                .iter()
                .any(|role| w.is(*role))
    };
    if options.is_empty() || t.len() > 8 || t.tokens.iter().any(wary) {
        return None;
    }
    let said = moment(t, lang, heard);
    let (day, time) = (said.day, said.time);
    if day.is_none() && time.is_none() {
        return None;
    }
    // A small number is the option's number sooner than an hour.
    if let (None, Some((clock, Form::Bare))) = (day, time)
        && usize::try_from(clock.hour).is_ok_and(|h| (1..=options.len()).contains(&h))
    {
        return None;
    }
    let mut found = None;
    for (place, label) in options.iter().enumerate() {
        let label = Text::new(label, lang);
        let offered = moment(&label, lang, heard);
        let same_day = day.is_none() || day == offered.day;
        let same_time = time.is_none_or(|(said, _)| {
            offered
                .time
                .is_some_and(|(offered, form)| form != Form::Bare && same(&said, &offered))
        });
        if same_day && same_time && found.replace((place + 1, said.from, said.to)).is_some() {
            return None;
        }
    }
    found
}

/// The first day and the surest time in a text.
struct Moment {
    day: Option<Date>,
    time: Option<(Clock, Form)>,
    from: usize,
    to: usize,
}

fn moment(t: &Text<'_>, lang: &Lang, heard: &Heard<'_>) -> Moment {
    let days = Days {
        text: t,
        lang,
        now: heard.now,
        day_before_month: lang.day_first || heard.lexicon.day_before_month,
        date_asked: false,
    };
    let mut moment = Moment {
        day: None,
        time: None,
        from: t.len(),
        to: 0,
    };
    let mut at = 0;
    while at < t.len() {
        let to = if let Some((Found::Day(day), to)) = days.read(at) {
            moment.day = moment.day.or(day.range.single());
            to
        } else if let Some((clock, form, to)) = clock(t, at, heard.lexicon.half_means_past) {
            // "the Saturday one"
            let word_one = t.is(at, Role::A);
            if !word_one
                && moment
                    .time
                    .is_none_or(|(_, old)| old == Form::Bare && form != Form::Bare)
            {
                moment.time = Some((clock, form));
            }
            to
        } else {
            at += 1;
            continue;
        };
        moment.from = moment.from.min(at);
        moment.to = moment.to.max(to);
        at = to;
    }
    moment
}

/// Whether two times can be the same one, as far as their halves of the day were said.
fn same(a: &Clock, b: &Clock) -> bool {
    let half = |c: &Clock| c.time().map(|t| t.hour() >= 12).filter(|_| !c.open());
    a.hour % 12 == b.hour % 12 && a.minute == b.minute && half(a).zip(half(b)).is_none_or(|(a, b)| a == b)
}

/// The option whose label the message says, when it says only one.
fn labelled(t: &Text<'_>, lang: &Lang, options: &[String]) -> Option<(usize, usize, usize)> {
    let mut found = None;
    for (place, label) in options.iter().enumerate() {
        let words: Vec<String> = if lang.is_plain() {
            words_of(&fold(&label.to_lowercase()))
        } else {
            words_of(label)
        };
        let numeric = words.iter().any(|w| w.chars().all(|c| c.is_ascii_digit()));
        if words.is_empty() || words.len() == 1 && numeric {
            continue;
        }
        let Some((from, to)) = run(t, &words) else {
            continue;
        };
        // A longer label that contains a shorter one wins: "Gel Manicure" over "Manicure".
        match found {
            Some((_, f, e)) if e - f > to - from => {}
            Some((_, f, e)) if e - f == to - from => return None,
            _ => found = Some((place + 1, from, to)),
        }
    }
    found
}

fn words_of(label: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    for c in label.chars() {
        let same = word
            .chars()
            .next_back()
            .is_some_and(|last| last.is_ascii_digit() == c.is_ascii_digit());
        if c.is_alphanumeric() {
            if !word.is_empty() && !same {
                words.push(std::mem::take(&mut word));
            }
            word.extend(c.to_lowercase());
        } else if !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// Where all the words stand, one after the other (signs between them do not matter).
fn run(t: &Text<'_>, words: &[String]) -> Option<(usize, usize)> {
    (0..t.len()).find_map(|from| {
        let mut at = from;
        for word in words {
            while at > from && t.get(at).is_some_and(|w| w.kind == Kind::Sign) {
                at += 1;
            }
            if t.get(at)?.low != *word {
                return None;
            }
            at += 1;
        }
        Some((from, at))
    })
}
