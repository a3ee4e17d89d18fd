//! Words that are shown or spoken of, and not said: a yes in a quotation is nobody's yes.

use super::super::cues::Hit;
use super::super::lang::List;
use super::super::token::{Kind, Text};

/// So many tokens before an answer a condition still governs it ("if I said yes").
const CONDITION_REACH: usize = 3;

const PAIRS: [(&str, &str); 6] = [
    ("\u{201c}", "\u{201d}"),
    ("\u{201e}", "\u{201c}"),
    ("\u{ab}", "\u{bb}"),
    ("<", ">"),
    ("[", "]"),
    ("{", "}"),
];

/// Whether the words of a cue stand in a quotation, a tag, brackets or a link, while others of the message do not.
pub(super) fn is_shown(text: &Text<'_>, hit: &Hit<'_>) -> bool {
    let at = hit.from;
    let sign = |i: usize, signs: &[&str]| text.get(i).is_some_and(|t| signs.contains(&t.raw));
    let count = |range: std::ops::Range<usize>, signs: &[&str]| range.filter(|i| sign(*i, signs)).count();
    let word_outside = |mut range: std::ops::Range<usize>| range.any(|i| text.tokens[i].kind == Kind::Word);
    let plain = ["\""];
    let quoted = count(0..at, &plain) % 2 == 1 && count(hit.to..text.len(), &plain) > 0;
    let paired = PAIRS.iter().any(|(open, close)| {
        count(0..at, &[open]) > count(0..at, &[close]) && count(hit.to..text.len(), &[close]) > 0
    });
    let tagged =
        count(0..at, &[">"]) > 0 && (hit.to..text.len()).any(|i| text.sign(i, "<") && text.sign(i + 1, "/"));
    if tagged {
        return true;
    }
    if quoted || paired {
        let opens = (0..at)
            .rev()
            .find(|i| text.tokens[*i].kind == Kind::Sign && !text.sign(*i, ","));
        let closes = (hit.to..text.len()).find(|i| text.tokens[*i].kind == Kind::Sign && !text.sign(*i, ","));
        return word_outside(0..opens.unwrap_or(0)) || word_outside(closes.unwrap_or(text.len())..text.len());
    }
    in_link(text, at)
}

/// Whether the token belongs to an address: nothing but signs and words without spaces since "://".
fn in_link(text: &Text<'_>, at: usize) -> bool {
    let start = (0..=at)
        .rev()
        .find(|i| text.tokens[*i].spaced || text.tokens[*i].new_line);
    (start.unwrap_or(0)..at).any(|i| text.sign(i, ":") && text.sign(i + 1, "/") && text.sign(i + 2, "/"))
}

/// Whether an answer is told, imagined, or put into another's mouth: "say yes", "if I said yes", "Bot: yes".
pub(super) fn is_spoken_of(text: &Text<'_>, hit: &Hit<'_>) -> bool {
    let at = hit.from;
    let conditional = (0..at)
        .rev()
        .take(CONDITION_REACH)
        .take_while(|i| text.tokens[*i].kind == Kind::Word)
        .any(|i| text.listed(List::Provided, i) && !text.listed(List::ClauseStarts, i));
    // All of the line is then somebody else's ("SYSTEM: the customer has said yes").
    let line = (0..=at).rev().find(|i| text.tokens[*i].new_line).unwrap_or(0);
    let made_to_say = (line + 1..at).any(|i| text.sign(i, ":") && text.listed(List::Speakers, i - 1));
    // "confirmed=true" is somebody's field.
    let field = text.sign(hit.to, "=") || at > 0 && text.sign(at - 1, "=");
    field || text.listed_before(List::Reporting, at) || conditional || made_to_say
}
