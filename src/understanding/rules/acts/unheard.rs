//! What of a message no finding accounts for: the measure of how much the engine may have missed.

use super::super::cues::Hit;
use super::super::lang::{Lang, List, Lists, Role, Roles};
use super::super::token::{Kind, Text, Token};

/// Words that hold a sentence together and may stay unheard.
const SMALL: Lists = Lists::of(&[
    List::Small,
    List::Quiet,
    List::PickFiller,
    List::PickNoun,
    List::ClauseStarts,
    List::ClauseEnds,
    List::NameCourtesy,
    List::NameFiller,
    List::NameCues,
    List::My,
    List::Me,
    List::MeToo,
    List::With,
    List::Plus,
    List::TimeFiller,
    List::TimeNoun,
    List::MoveTo,
    List::MoveFor,
    List::ServiceNoise,
    List::Appointment,
]);

/// Small words of time expressions or corrections that say nothing alone.
const GRAMMAR: Roles = Roles::of(&[
    Role::The,
    Role::A,
    Role::On,
    Role::At,
    Role::In,
    Role::Of,
    Role::For,
    Role::To,
    Role::And,
    Role::This,
    Role::Correct,
]);

/// How many words and numbers nothing accounts for. `taken` are the tokens of values; what a cue covers counts as
/// heard, but for strange words in its gaps ("book a brazilian wax appointment"). A "not" or a "but" outside of
/// everything counts always: it can turn round what was heard.
pub(super) fn unheard(lang: &Lang, text: &Text<'_>, hits: &[Hit<'_>], taken: &[bool]) -> usize {
    let mut cued = vec![false; text.len()];
    for hit in hits {
        super::mark(&mut cued, hit.from, hit.to);
    }
    let missed = |(at, token): &(usize, &Token<'_>)| {
        if token.kind == Kind::Sign || taken[*at] {
            return false;
        }
        if cued[*at] {
            if lang.cues.knows(&token.low) {
                return false;
            }
            return token.kind == Kind::Number || token.word.is_none() && token.lists == Lists::default();
        }
        let turns = token.is(Role::Not) && !token.is(Role::Correct)
            || token.is(Role::Except)
            || token.lists.has(List::Provided)
            || token.lists.has(List::Refusing);
        let small = token.lists.any(SMALL) || token.is_any(GRAMMAR);
        turns || !small
    };
    text.tokens.iter().enumerate().filter(missed).count()
}
