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

/// What stands around each token, found in one walk: a message may hold thousands of answers.
pub(super) struct Surroundings<'t> {
    text: &'t Text<'t>,
    /// Before each token.
    before: Vec<Before>,
    /// The next sign, from each token on; the end of the text where there is none.
    closes: Vec<usize>,
    first_word: usize,
    last_word: usize,
    /// Where the last sign that closes each of [`PAIRS`] stands, the last straight quote, and the last "</".
    last_closing: [Option<usize>; PAIRS.len()],
    last_quote: Option<usize>,
    last_end_tag: Option<usize>,
}

/// What there was before a token.
#[derive(Debug, Clone, Copy, Default)]
struct Before {
    /// A straight quote that is still open.
    quoted: bool,
    /// Which of [`PAIRS`] are open, a bit each.
    paired: u8,
    /// A ">".
    tagged: bool,
    /// Nothing but signs and words without spaces since "://".
    in_link: bool,
    /// Somebody, and a colon, on the same line: all of the line is then somebody else's ("SYSTEM: she said yes").
    made_to_say: bool,
    /// The last sign.
    opens: usize,
}

impl<'t> Surroundings<'t> {
    pub(super) fn new(text: &'t Text<'t>) -> Self {
        let len = text.len();
        let is_border = |i: usize| text.tokens[i].kind == Kind::Sign && !text.sign(i, ",");
        let is_word = |i: &usize| text.tokens[*i].kind == Kind::Word;
        let last = |found: &dyn Fn(usize) -> bool| (0..len).rev().find(|i| found(*i));
        let mut closes = vec![len; len + 1];
        for i in (0..len).rev() {
            closes[i] = if is_border(i) { i } else { closes[i + 1] };
        }
        Self {
            text,
            before: before(text),
            closes,
            first_word: (0..len).find(is_word).unwrap_or(len),
            last_word: (0..len).rev().find(is_word).unwrap_or(0),
            last_closing: PAIRS.map(|(_, close)| last(&|i| text.sign(i, close))),
            last_quote: last(&|i| text.sign(i, "\"")),
            last_end_tag: last(&|i| text.sign(i, "<") && text.sign(i + 1, "/")),
        }
    }

    /// Whether the words of a cue stand in a quotation, a tag, brackets or a link, while others of the message do not.
    pub(super) fn show(&self, hit: &Hit<'_>) -> bool {
        let before = self.before[hit.from];
        let follows = |at: Option<usize>| at.is_some_and(|at| at >= hit.to);
        if before.tagged && follows(self.last_end_tag) {
            return true;
        }
        let quoted = before.quoted && follows(self.last_quote);
        let paired = self
            .last_closing
            .iter()
            .enumerate()
            .any(|(pair, closing)| before.paired & (1 << pair) != 0 && follows(*closing));
        if quoted || paired {
            let is_in_front = self.first_word < before.opens;
            let closes = self.closes[hit.to];
            return is_in_front || closes < self.text.len() && self.last_word >= closes;
        }
        before.in_link
    }

    /// Whether an answer is told, imagined, or put into another's mouth: "say yes", "if I said yes", "Bot: yes".
    pub(super) fn speak_of(&self, hit: &Hit<'_>) -> bool {
        let (text, at) = (self.text, hit.from);
        let conditional = (0..at)
            .rev()
            .take(CONDITION_REACH)
            .take_while(|i| text.tokens[*i].kind == Kind::Word)
            .any(|i| text.listed(List::Provided, i) && !text.listed(List::ClauseStarts, i));
        // "confirmed=true" is somebody's field.
        let field = text.sign(hit.to, "=") || at > 0 && text.sign(at - 1, "=");
        field || text.listed_before(List::Reporting, at) || conditional || self.before[at].made_to_say
    }
}

fn before(text: &Text<'_>) -> Vec<Before> {
    let mut balance = [0_i32; PAIRS.len()];
    let mut line = 0;
    let mut here = Before::default();
    let mut all = Vec::with_capacity(text.len());
    for (at, token) in text.tokens.iter().enumerate() {
        if token.new_line {
            (line, here.made_to_say) = (at, false);
        }
        if token.new_line || token.spaced {
            here.in_link = false;
        }
        all.push(here);
        if token.kind == Kind::Sign {
            here.quoted ^= token.raw == "\"";
            here.tagged |= token.raw == ">";
            here.in_link |= token.raw == ":" && text.sign(at + 1, "/") && text.sign(at + 2, "/");
            here.made_to_say |= token.raw == ":" && at > line && text.listed(List::Speakers, at - 1);
            if token.raw != "," {
                here.opens = at;
            }
            for (pair, (open, close)) in PAIRS.iter().enumerate() {
                balance[pair] += i32::from(token.raw == *open) - i32::from(token.raw == *close);
                let bit = 1 << pair;
                here.paired = if balance[pair] > 0 {
                    here.paired | bit
                } else {
                    here.paired & !bit
                };
            }
        }
    }
    all
}
