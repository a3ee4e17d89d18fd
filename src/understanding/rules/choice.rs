//! Picking from the options that were listed: "2", "the second one", "option 3", "the last one", "the 10:30".

use jiff::civil::Date;

use super::lang::{Lang, Role};
use super::time::clock::{Clock, Form, clock};
use super::time::day::{Days, Found};
use super::time::number::{cardinal, ordinal};
use super::token::{Kind, Text, Token};
use crate::understanding::Heard;
use crate::understanding::act::Expecting;

/// The option picked, counted from 1, with the tokens that pick it.
pub(crate) fn chosen(t: &Text<'_>, lang: &Lang, heard: &Heard<'_>) -> Option<(usize, usize, usize)> {
    let options = heard.options;
    let time_asked = heard.expecting == Some(Expecting::Time);
    // Without a list in view, a number still answers "which one?".
    let listed = match (options.len(), heard.expecting) {
        (0, Some(Expecting::Choice)) => 9,
        (listed, _) => listed,
    };
    if listed == 0 {
        return None;
    }
    let low = |i: usize| t.get(i).map_or("", |t| t.low.as_ref());
    let pick = |n: u32, from: usize, to: usize| {
        let n = usize::try_from(n).ok()?;
        (1..=listed).contains(&n).then_some((n, from, to))
    };
    let noun = |i: usize| {
        matches!(
            low(i),
            "one" | "option" | "choice" | "slot" | "time" | "ones" | "possibility"
        )
    };
    // A label is the surest: "the 10:30", "Gel Manicure".
    if let Some(found) = labelled(t, options)
        && (0..t.len())
            .all(|i| (found.1..found.2).contains(&i) || t.tokens[i].kind == Kind::Sign || filler(low(i)))
    {
        return Some(found);
    }
    for at in 0..t.len() {
        // "option 3", "number 2", "#1", "no. 2"
        if matches!(
            low(at),
            "option" | "number" | "choice" | "#" | "no" | "nr" | "num"
        ) {
            let next = if t.sign(at + 1, ".") || t.sign(at + 1, "#") {
                at + 2
            } else {
                at + 1
            };
            if let Some((n, to)) = cardinal(t, next)
                && !(low(at) == "no" && next == at + 1)
            {
                return pick(n, at, to);
            }
        }
        // "the second one", "first option", "the 2nd"
        let spoken = ordinal(t, at);
        if let Some((n, to)) = spoken {
            let the = at > 0 && low(at - 1) == "the";
            let ends = t.get(to).is_none_or(|w| w.kind == Kind::Sign)
                || matches!(low(to), "please" | "works" | "is" | "then" | "thanks" | "sounds");
            let word = t.get(at).is_some_and(|w| w.kind == Kind::Word);
            if noun(to) || (the && word || t.len() <= 2) && ends {
                let from = if the { at - 1 } else { at };
                return pick(n, from, if noun(to) { to + 1 } else { to });
            }
        }
        if low(at) == "last" && (noun(at + 1) || at > 0 && low(at - 1) == "the" && at + 1 == t.len()) {
            return Some((listed, at, (at + 2).min(t.len())));
        }
        if low(at) == "middle" && noun(at + 1) && listed == 3 {
            return Some((2, at, at + 2));
        }
    }
    if let Some(found) = timed(t, lang, heard) {
        return Some(found);
    }
    // "2", "2 please", "2.", "2)", "i'll take 2", "1️⃣"
    let content: Vec<usize> = (0..t.len())
        .filter(|&i| t.tokens[i].kind != Kind::Sign && !filler(low(i)))
        .collect();
    if let [only] = content.as_slice()
        && let Some((n, to)) = cardinal(t, *only)
        && to == only + 1
        && t.get(*only)
            .is_some_and(|w| w.raw.len() <= 2 || w.kind == Kind::Word)
        && !(low(*only) == "one" && t.len() > 1 && low(only.wrapping_sub(1)) == "the")
    {
        let asked_hour = time_asked && !(1..=listed).contains(&usize::try_from(n).unwrap_or(usize::MAX));
        return if asked_hour { None } else { pick(n, *only, to) };
    }
    None
}

/// Words that may stand around a pick without saying more.
fn filler(word: &str) -> bool {
    matches!(
        word,
        "please"
            | "pls"
            | "i'll"
            | "ill"
            | "take"
            | "go"
            | "with"
            | "the"
            | "thanks"
            | "ok"
            | "okay"
            | "yes"
            | "i"
            | "want"
            | "let's"
            | "lets"
            | "do"
            | "would"
            | "like"
            | "one"
            | "works"
            | "is"
            | "good"
            | "fine"
            | "great"
            | "for"
            | "me"
            | "sounds"
            | "a"
            | "at"
            | "on"
            | "book"
    )
}

/// The option on the day or at the time that a short message says ("11", "half past ten", "the Saturday one").
fn timed(t: &Text<'_>, lang: &Lang, heard: &Heard<'_>) -> Option<(usize, usize, usize)> {
    let options = heard.options;
    // "later than 10:30", "not Saturday" and questions are no picks.
    let wary = |w: &Token<'_>| {
        // "half past ten", "quarter to three"
        let of_the_clock = matches!(w.low.as_ref(), "past" | "to");
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
        day_before_month: heard.lexicon.day_before_month,
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
            let word_one = t.get(at).is_some_and(|w| w.low == "one");
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
fn labelled(t: &Text<'_>, options: &[String]) -> Option<(usize, usize, usize)> {
    let mut found = None;
    for (place, label) in options.iter().enumerate() {
        let words: Vec<String> = words_of(label);
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
