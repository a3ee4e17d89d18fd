//! Picking from the options that were listed: "2", "the second one", "option 3", "the last one", "the 10:30".

use super::time::number::{cardinal, ordinal};
use super::token::{Kind, Text};

/// The option picked, counted from 1, with the tokens that pick it.
pub(crate) fn chosen(
    t: &Text<'_>,
    options: &[String],
    choice_asked: bool,
    time_asked: bool,
) -> Option<(usize, usize, usize)> {
    let listed = if options.is_empty() && choice_asked {
        9
    } else {
        options.len()
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
    if let Some(found) = labelled(t, options) {
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
    // "2", "2 please", "2.", "2)", "i'll take 2", "1️⃣"
    let content: Vec<usize> = (0..t.len())
        .filter(|&i| {
            t.tokens[i].kind != Kind::Sign
                && !matches!(
                    low(i),
                    "please"
                        | "pls"
                        | "i'll"
                        | "take"
                        | "go"
                        | "with"
                        | "the"
                        | "thanks"
                        | "ok"
                        | "yes"
                        | "i"
                        | "want"
                        | "let's"
                        | "do"
                        | "would"
                        | "like"
                )
        })
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
