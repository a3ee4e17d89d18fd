//! From findings to acts.

use std::cell::LazyCell;
use std::collections::HashSet;

mod cued;
mod named;
mod rest;
mod sense;
mod settle;
mod shown;
mod unheard;
mod wishes;

use cued::{act_of, answers, cues, motion};
use named::{Here, Named, exact, named};
use rest::{faq, indifferent, say_when, silent};
use sense::either;
use settle::{courteous, elsewhere, not_an_answer, provided, refused, settle};
use shown::Surroundings;
use unheard::unheard;
use wishes::{services_said, staff_said, who};

use super::choice::chosen;
use super::cues::Hit;
use super::intent::salient;
use super::lang::Lang;
use super::people::{self, Party};
use super::roles::{Motion, split};
use super::time::day::Days;
use super::time::piece::{Bound, Context};
use super::time::{Piece, fold, pieces};
use super::token::Text;
use super::{Analysis, ENGINE};
use crate::understanding::act::{Act, Expecting, SlotValue};
use crate::understanding::{Heard, Understood};

/// Acts with the token at which each begins.
type Placed = Vec<(usize, Act)>;

pub(crate) fn analyse(lang: &'static Lang, heard: &Heard<'_>) -> Analysis {
    let mut text = Text::new(heard.text, lang);
    let here = Here::read(lang, heard, &mut text);
    let mut hits = cues(lang, heard, &text);
    let mut taken = vec![false; text.len()];
    let mut placed: Placed = Vec::new();

    contacts(&text, &mut taken, &mut placed);
    // "j.k@example.com" has a "k" in it, and says nothing with it.
    hits.retain(|hit| !taken[hit.from..hit.to].contains(&true));
    let choice = chosen(&text, lang, heard);
    if let Some((option, from, to)) = choice {
        mark(&mut taken, from, to);
        placed.push((from, Act::Choose { option }));
    }

    let motion = motion(&hits, &text);
    let context = context(lang, heard, &text, motion);
    let mut times = times(&context, &hits, &taken);
    let either = either(heard, &text, &mut times);
    let perhaps: Option<Act> = either.and_then(|at| {
        let somebody = here.staff.iter().find(|m| m.from == at && m.to == at + 1)?;
        let said = who(heard.lexicon, &text, somebody);
        Some(Act::Set {
            value: SlotValue::Staff { said },
        })
    });
    let named = named(lang, heard, &text, here, &taken);
    // A name of several words hides the time words in it ("Twelve Oaks").
    let mut hidden = vec![false; text.len()];
    for name in named.staff.iter().chain(&named.services) {
        if name.to - name.from > 1 && exact(name) {
            mark(&mut hidden, name.from, name.to);
        }
    }
    times.retain(|p| !hidden[p.from..p.to].contains(&true));
    for piece in &times {
        mark(&mut taken, piece.from, piece.to);
    }
    let service_acts = services_said(heard.lexicon, &text, &named, &mut taken);
    let staff_acts = staff_said(heard, &text, &named.staff, &hits, &mut taken);

    let party = if choice.is_some() {
        None
    } else {
        people::party(&text, heard.expecting, &taken)
    };
    if let Some(party) = party {
        mark(&mut taken, party.at.0, party.at.1);
    }
    for hit in hits.iter().filter(|h| h.to - h.from <= 2 && answers(h)) {
        // "call me Anna" and "it's for Anna" may share words with a cue; plain answers do not name anybody.
        mark(&mut taken, hit.from, hit.to);
    }
    let name = people::name(&text, heard.expecting, &taken);

    let mut unsaid: HashSet<usize> = times
        .iter()
        .filter(|p| p.bound == Bound::Not)
        .map(|p| p.outer)
        .collect();
    unsaid.extend(corrections(&hits, &times));
    if let Some((_, from, to)) = &name {
        mark(&mut taken, *from, *to);
    }
    for piece in &times {
        // With the words that bound it ("after", "not"); nothing is looked for any more.
        mark(&mut taken, piece.outer.min(piece.from), piece.to);
    }
    let (which, when) = split(&text, motion, times);
    let which = fold(&context, &heard.lexicon.hours, &which).map(|e| (e, first(&which)));
    let when = fold(&context, &heard.lexicon.hours, &when).map(|e| (e, first(&when)));

    placed.extend(meant(
        &text,
        &hits,
        &unsaid,
        &service_acts,
        &staff_acts,
        name.as_ref(),
    ));
    placed.extend(service_acts);
    placed.extend(staff_acts);
    if let Some(Party {
        people: Some(people),
        at,
    }) = party
    {
        let span = text.span(at.0, at.1);
        placed.push(set(at.0, SlotValue::PartySize { people, span }));
    }
    if let Some((value, from, _)) = name {
        placed.push(set(from, value));
    }
    if let Some((expression, at)) = &which {
        let when = expression.when.clone();
        placed.push(set(*at, SlotValue::Which { when }));
    }
    let when = when.map(|(mut expression, at)| {
        expression.when.ambiguous |= perhaps.is_some();
        (expression, at)
    });
    placed.extend(either.zip(perhaps));
    if let Some((expression, at)) = &when
        && !(choice.is_some() && expression.when.says().1)
    {
        say_when(&mut placed, *at, expression);
    }
    faq(lang, heard.lexicon, &text, &mut placed);
    indifferent(heard.expecting, &text, &mut placed);

    let at_home = named.any() || heard.expecting.is_some();
    if !at_home && hits.iter().any(|h| h.act == "elsewhere") {
        elsewhere(&mut placed);
    }
    placed.sort_by_key(|(at, _)| *at);
    let courteous = courteous(&text, &hits, heard.expecting, when.is_some());
    let mut acts = settle(placed, motion);
    if provided(&text, &hits)
        && acts
            .iter()
            .all(|act| matches!(act, Act::Confirm | Act::SmallTalk { .. }))
    {
        // "yes but can I bring a friend": what was not understood may matter more than the yes.
        acts.retain(|act| *act != Act::Confirm);
    }
    if acts.is_empty() {
        acts = silent(heard, &text);
    }
    let intent = salient(&acts, courteous);
    Analysis {
        unheard: unheard(lang, &text, &hits, &taken),
        when: when.or(which).map(|(expression, _)| expression),
        people: party.map(|p| (p.people, text.span(p.at.0, p.at.1))),
        understood: Understood {
            acts,
            intent,
            language: lang.language,
            engine: ENGINE.into(),
            model: None,
        },
    }
}

/// Every "no" between two times of one breath: it is not said to what was asked.
fn corrections<'a>(hits: &'a [Hit<'_>], times: &'a [Piece]) -> impl Iterator<Item = usize> + 'a {
    /// So near the times stand to it ("Friday. No sorry, Saturday").
    const NEAR: usize = 3;
    let corrects = |hit: &&Hit<'_>| {
        let next = times.partition_point(|p| p.from < hit.from);
        let before = next.checked_sub(1).and_then(|last| times.get(last));
        let after = times.get(next);
        before.is_some_and(|p| hit.from.saturating_sub(p.to) < NEAR)
            && after.is_some_and(|p| p.outer.min(p.from).saturating_sub(hit.to) < NEAR)
    };
    hits.iter()
        .filter(|hit| hit.act == "deny")
        .filter(corrects)
        .map(|hit| hit.from)
}

/// The acts of the cues, but not of those that other words have made theirs.
fn meant(
    text: &Text<'_>,
    hits: &[Hit<'_>],
    unsaid: &HashSet<usize>,
    services: &Placed,
    staff: &Placed,
    name: Option<&(SlotValue, usize, usize)>,
) -> Placed {
    let around = LazyCell::new(|| Surroundings::new(text));
    // "ok ... wait, how much is it?": whoever asks for a moment has not said yes before it.
    let waits = hits.iter().rfind(|hit| matches!(hit.act, "wait" | "pause"));
    let waits = waits.map_or(0, |hit| hit.from);
    let in_name = |hit: &Hit<'_>| name.is_some_and(|(_, from, to)| hit.from < *to && hit.to > *from);
    let stands = |hit: &&Hit<'_>| match hit.act {
        // "not this week" excludes, "Friday, no, Saturday" corrects, and neither answers.
        "deny" => !unsaid.contains(&hit.from) && !not_an_answer(text, hit, services, staff),
        "confirm" => !around.show(hit) && !around.speak_of(hit) && !in_name(hit) && hit.to > waits,
        "start.cancel" | "start.reschedule" | "stop" => !around.show(hit) && !in_name(hit),
        "start.book" => !refused(text, hit.from) && !in_name(hit),
        _ => !in_name(hit),
    };
    hits.iter()
        .filter(stands)
        .filter_map(|hit| Some((hit.from, act_of(hit.act)?)))
        .collect()
}

fn set(at: usize, value: SlotValue) -> (usize, Act) {
    (at, Act::Set { value })
}

/// Mail addresses and phone numbers.
fn contacts(text: &Text<'_>, taken: &mut [bool], placed: &mut Placed) {
    if let Some((value, from, to)) = people::email(text) {
        mark(taken, from, to);
        placed.push(set(from, SlotValue::Email { value }));
    }
    if let Some((value, from, to)) = people::phone(text) {
        mark(taken, from, to);
        placed.push(set(from, SlotValue::Phone { value }));
    }
}

fn context<'a>(lang: &'static Lang, heard: &Heard<'_>, text: &'a Text<'a>, motion: Motion) -> Context<'a> {
    Context {
        days: Days {
            text,
            lang,
            now: heard.now,
            day_before_month: lang.day_first || heard.lexicon.day_before_month,
            date_asked: heard.expecting == Some(Expecting::Date),
        },
        time_asked: heard.expecting == Some(Expecting::Time),
        date_asked: heard.expecting == Some(Expecting::Date),
        offered: heard.expecting.is_some() || !heard.options.is_empty(),
        people_asked: heard.expecting == Some(Expecting::PartySize),
        name_asked: heard.expecting == Some(Expecting::Name),
        half_means_past: heard.lexicon.half_means_past,
        moving: motion == Motion::Move,
    }
}

/// The time expressions, but not those of "good morning", "see you Friday", "15 minutes late".
fn times(context: &Context<'_>, hits: &[Hit<'_>], taken: &[bool]) -> Vec<Piece> {
    let asks_nothing = |act: &str| matches!(act, "greet" | "cancel_goal" | "set_aside" | "ask.policy");
    // Hits are in order and do not overlap.
    let inside = |p: &Piece| {
        let before = &hits[..hits.partition_point(|h| h.from <= p.from)];
        // "I'll let you know tomorrow"
        let told = |h: &Hit<'_>| h.act == "set_aside" && p.from == h.to;
        before
            .last()
            .is_some_and(|h| asks_nothing(h.act) && p.to <= h.to || told(h))
    };
    let starts = hits.iter().any(|h| h.act.starts_with("start"));
    let leaves = hits.iter().find(|h| h.act == "bye" && !starts).map(|h| h.from);
    let parting = |p: &Piece| leaves.is_some_and(|from| p.from + 1 >= from);
    let is_free = |p: &Piece| !taken[p.from..p.to].iter().any(|t| *t);
    let text = context.days.text;
    let mut times = pieces(context);
    let told = context.name_asked || times.len() == 1;
    times.retain(|p| {
        let somebody = told && people::is_somebody(text, context.name_asked, p);
        is_free(p) && !inside(p) && !parting(p) && !somebody
    });
    times
}

fn mark(taken: &mut [bool], from: usize, to: usize) {
    let to = to.min(taken.len());
    if from < to {
        taken[from..to].fill(true);
    }
}

fn first(pieces: &[Piece]) -> usize {
    pieces.iter().map(|p| p.outer.min(p.from)).min().unwrap_or(0)
}
