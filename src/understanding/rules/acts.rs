//! From findings to acts.

mod settle;
mod wishes;

use settle::{courteous, elsewhere, not_an_answer, refused, settle};
use wishes::{services_said, staff_said};

use super::choice::chosen;
use super::cues::Hit;
use super::intent::salient;
use super::lang::{Lang, List, Role};
use super::names::{Mention, find};
use super::people::{self, Party};
use super::roles::{Motion, split};
use super::time::day::Days;
use super::time::piece::Context;
use super::time::{Expression, Piece, fold, pieces};
use super::token::{Kind, Text, Token};
use super::{Analysis, ENGINE};
use crate::understanding::act::{
    Act, Certainty, Expecting, GoalKind, HandoffReason, Mode, ServiceMention, SlotKind, SlotValue, SmallTalk,
    StaffSaid, Topic,
};
use crate::understanding::{Heard, Lexicon, Understood};

/// Acts with the token at which each begins.
type Placed = Vec<(usize, Act)>;

pub(crate) fn analyse(lang: &'static Lang, heard: &Heard<'_>) -> Analysis {
    let (text, people_here) = read(lang, heard);
    let hits = cues(lang, heard, &text);
    let mut taken = vec![false; text.len()];
    let mut placed: Placed = Vec::new();

    let choice = chosen(&text, lang, heard);
    if let Some((option, from, to)) = choice {
        mark(&mut taken, from, to);
        placed.push((from, Act::Choose { option }));
    }
    contacts(&text, &mut taken, &mut placed);

    let motion = motion(&hits, &text);
    let context = context(lang, heard, &text, motion);
    let mut times = times(&context, &hits, &taken);
    let named = named(lang, heard, &text, people_here, &taken);
    // A name of several words hides the time words in it ("Twelve Oaks").
    for name in named
        .staff
        .iter()
        .chain(&named.services)
        .filter(|m| m.to - m.from > 1 && exact(m))
    {
        times.retain(|p| p.to <= name.from || p.from >= name.to);
    }
    for piece in &times {
        mark(&mut taken, piece.from, piece.to);
    }
    let service_acts = services_said(lang, heard.lexicon, &text, &named, &mut taken);
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

    let (which, when) = split(&text, motion, times);
    let which = fold(&context, &heard.lexicon.hours, &which).map(|e| (e, first(&which)));
    let when = fold(&context, &heard.lexicon.hours, &when).map(|e| (e, first(&when)));

    for hit in &hits {
        if hit.act == "deny" && not_an_answer(&text, hit, &service_acts, &staff_acts) {
            continue;
        }
        if hit.act == "start.book" && refused(&text, hit.from) {
            continue;
        }
        let is_name = |(_, from, to): &(SlotValue, usize, usize)| hit.from < *to && hit.to > *from;
        if hit.act != "deny" && name.as_ref().is_some_and(is_name) {
            continue;
        }
        placed.extend(act_of(hit.act).map(|act| (hit.from, act)));
    }
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
    if acts.is_empty() {
        acts = silent(heard, &text);
    }
    let intent = salient(&acts, courteous);
    Analysis {
        when: when.or(which).map(|(expression, _)| expression),
        people: party.map(|p| (p.people, text.span(p.at.0, p.at.1))),
        understood: Understood {
            acts,
            intent,
            engine: ENGINE,
        },
    }
}

/// The message in tokens, with the staff that it names: cues ask for them.
fn read<'a>(lang: &'static Lang, heard: &Heard<'a>) -> (Text<'a>, Vec<Mention>) {
    let mut text = Text::new(heard.text, lang);
    let people_here = find(&text, lang, &heard.lexicon.staff, List::StaffNoise);
    for mention in &people_here {
        for token in &mut text.tokens[mention.from..mention.to] {
            token.staff = true;
        }
    }
    (text, people_here)
}

fn cues(lang: &'static Lang, heard: &Heard<'_>, text: &Text<'_>) -> Vec<Hit<'static>> {
    let mut hits = lang.cues.find(text);
    // "I can't make it" takes back what was offered, and when nothing was, an appointment.
    let offered = heard.expecting.is_some() || !heard.options.is_empty();
    for hit in hits.iter_mut().filter(|hit| hit.act == "cannot_come") {
        hit.act = if offered { "deny" } else { "start.cancel" };
    }
    // "later" asks for another time where one was offered, and takes leave where none was.
    let later = |hit: &Hit<'_>| hit.act == "bye" && (hit.from..hit.to).all(|i| text.is(i, Role::Later));
    hits.retain(|hit| !(offered && later(hit)));
    hits
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
            day_before_month: heard.lexicon.day_before_month,
            date_asked: heard.expecting == Some(Expecting::Date),
        },
        time_asked: heard.expecting == Some(Expecting::Time),
        date_asked: heard.expecting == Some(Expecting::Date),
        offered: heard.expecting.is_some() || !heard.options.is_empty(),
        people_asked: heard.expecting == Some(Expecting::PartySize),
        half_means_past: heard.lexicon.half_means_past,
        moving: motion == Motion::Move,
    }
}

/// The time expressions, but not those of "good morning", "see you Friday", "15 minutes late".
fn times(context: &Context<'_>, hits: &[Hit<'_>], taken: &[bool]) -> Vec<Piece> {
    let asks_nothing = |act: &str| matches!(act, "greet" | "cancel_goal" | "ask.policy");
    let inside = |p: &Piece| {
        hits.iter()
            .any(|h| asks_nothing(h.act) && p.from >= h.from && p.to <= h.to)
    };
    let starts = hits.iter().any(|h| h.act.starts_with("start"));
    let parting = |p: &Piece| !starts && hits.iter().any(|h| h.act == "bye" && p.from + 1 >= h.from);
    let mut times = pieces(context);
    times.retain(|p| !taken[p.from..p.to].iter().any(|t| *t) && !inside(p) && !parting(p));
    times
}

/// What of the catalogue a message names.
struct Named {
    services: Vec<Mention>,
    bundles: Vec<Mention>,
    staff: Vec<Mention>,
}

impl Named {
    fn any(&self) -> bool {
        !self.services.is_empty() || !self.staff.is_empty()
    }
}

fn exact(mention: &Mention) -> bool {
    mention.entries.iter().any(|(_, c)| *c == Certainty::Exact)
}

fn named(lang: &Lang, heard: &Heard<'_>, text: &Text<'_>, mut staff: Vec<Mention>, taken: &[bool]) -> Named {
    let free = |m: &Mention| !taken[m.from..m.to].iter().any(|t| *t);
    let asked = heard.expecting == Some(Expecting::Service);
    staff.retain(free);
    let mut services = find(text, lang, &heard.lexicon.services, List::ServiceNoise);
    // A word that half the catalogue shares ("nails") names nothing, unless a service was asked for.
    services.retain(|m| free(m) && (asked || m.entries.len() < 3 || exact(m)));
    // Somebody's very name is not a service with a typing error in it ("Mai" is not "mani").
    let is_somebody = |m: &Mention| staff.iter().any(|s| exact(s) && s.from < m.to && m.from < s.to);
    services.retain(|m| exact(m) || !is_somebody(m));
    let mut bundles = find(text, lang, &heard.lexicon.bundles, List::ServiceNoise);
    bundles.retain(free);
    Named {
        services,
        bundles,
        staff,
    }
}

/// Whether the cue is a plain answer or courtesy.
fn answers(hit: &Hit<'_>) -> bool {
    matches!(
        hit.act,
        "confirm" | "deny" | "greet" | "thanks" | "bye" | "handoff" | "stop" | "overreach" | "undo" | "abuse"
    )
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

/// What the cues say about appointments that exist.
fn motion(hits: &[Hit<'_>], text: &Text<'_>) -> Motion {
    let at = |act: &str| hits.iter().find(|h| h.act == act).map(|h| h.from);
    if at("start.reschedule").is_some() {
        return Motion::Move;
    }
    match (at("start.cancel"), at("start.book")) {
        (Some(cancel), Some(book)) if book > cancel => {
            let anew = (cancel..book)
                .any(|i| text.listed(List::AndThen, i) || text.sign(i, ",") || text.sign(i, "."));
            if anew {
                Motion::Replace(book)
            } else {
                Motion::Cancel
            }
        }
        (Some(_), _) => Motion::Cancel,
        _ => Motion::None,
    }
}

/// A time said with a question about hours belongs to the question.
fn say_when(placed: &mut Placed, at: usize, expression: &Expression) {
    let starts = placed.iter().any(|(_, a)| matches!(a, Act::Start { .. }));
    let hours = placed.iter_mut().find_map(|(_, act)| match act {
        Act::Ask {
            topic: Topic::Hours { when },
        } if !starts => Some(when),
        _ => None,
    });
    match hours {
        Some(when) => *when = Some(expression.when.clone()),
        None => placed.push((
            at,
            Act::Set {
                value: SlotValue::When {
                    when: expression.when.clone(),
                },
            },
        )),
    }
}

fn act_of(act: &str) -> Option<Act> {
    let start = |goal| Act::Start { goal };
    let ask = |topic| Act::Ask { topic };
    let talk = |kind| Act::SmallTalk { kind };
    Some(match act {
        "start.book" => start(GoalKind::Book),
        "start.cancel" => start(GoalKind::Cancel),
        "start.reschedule" => start(GoalKind::Reschedule),
        "start.waitlist" => start(GoalKind::Waitlist),
        "start.profile" => start(GoalKind::Profile),
        "ask.my_appointments" => ask(Topic::MyAppointments),
        "ask.price" => ask(Topic::Price),
        "ask.location" => ask(Topic::Location),
        "ask.parking" => ask(Topic::Parking),
        "ask.payment" => ask(Topic::Payment),
        "ask.hours" => ask(Topic::Hours { when: None }),
        "ask.duration" => ask(Topic::Duration),
        "ask.services" => ask(Topic::Services),
        "ask.staff" => ask(Topic::Staff),
        "ask.availability" => ask(Topic::Availability),
        "ask.why_not" => ask(Topic::WhyNot),
        "ask.policy" => ask(Topic::Policy),
        "ask.help" => ask(Topic::Help),
        "ask.are_you_a_bot" => ask(Topic::AreYouABot),
        "confirm" => Act::Confirm,
        "deny" => Act::Deny,
        "cancel_goal" => Act::CancelGoal,
        "undo" => Act::Undo,
        "handoff" => Act::Handoff {
            reason: HandoffReason::Asked,
        },
        "complaint" => Act::Handoff {
            reason: HandoffReason::Complaint,
        },
        "emergency" => Act::Handoff {
            reason: HandoffReason::Emergency,
        },
        "stop" => Act::StopContact,
        "abuse" => Act::Abuse,
        "overreach" => Act::Overreach,
        "greet" => talk(SmallTalk::Greet),
        "how_are_you" => talk(SmallTalk::HowAreYou),
        "thanks" => talk(SmallTalk::Thanks),
        "compliment" => talk(SmallTalk::Compliment),
        "bye" => talk(SmallTalk::Bye),
        "small_talk" => talk(SmallTalk::Other),
        "clear.when" => Act::Clear { slot: SlotKind::When },
        // "elsewhere" has no act: it only keeps others away.
        _ => return None,
    })
}

/// "any day", "doesn't matter": an answer that leaves the asked piece open.
fn indifferent(expecting: Option<Expecting>, text: &Text<'_>, placed: &mut Placed) {
    let said = |act: &Act| matches!(act, Act::Set { .. } | Act::Choose { .. });
    if placed.iter().any(|(_, act)| said(act)) {
        return;
    }
    let Some(at) = (0..text.len()).find(|at| text.phrase(List::Indifferent, *at).is_some()) else {
        return;
    };
    let act = match expecting {
        Some(Expecting::Staff) => Act::Set {
            value: SlotValue::Staff {
                said: StaffSaid::Anyone,
            },
        },
        Some(Expecting::Date | Expecting::Time) => Act::Clear { slot: SlotKind::When },
        _ => return,
    };
    placed.retain(|(_, act)| !matches!(act, Act::Deny | Act::Confirm));
    placed.push((at, act));
}

/// Other FAQ entries by their keywords.
fn faq(lang: &Lang, lexicon: &Lexicon, text: &Text<'_>, placed: &mut Placed) {
    let asks = text.tokens.iter().any(|t| t.raw == "?") || text.listed(List::Questions, 0);
    if !asks || placed.iter().any(|(_, a)| matches!(a, Act::Ask { .. })) {
        return;
    }
    let mentions = find(text, lang, &lexicon.faq, List::Quiet);
    for mention in mentions {
        if let Some((entry, Certainty::Exact)) = mention.entries.first() {
            let key = lexicon.faq[*entry].id.clone();
            placed.push((
                mention.from,
                Act::Ask {
                    topic: Topic::Faq { key },
                },
            ));
        }
    }
}

/// What a message means that has no act in it.
fn silent(heard: &Heard<'_>, text: &Text<'_>) -> Vec<Act> {
    let words = text.tokens.iter().filter(|t| t.kind == Kind::Word).count();
    let digits = text.tokens.iter().any(|t| t.kind == Kind::Number);
    if words == 0 && !digits && text.len() > 0 && text.tokens.iter().any(|t| !t.raw.is_ascii()) {
        return vec![Act::SmallTalk {
            kind: SmallTalk::Other,
        }];
    }
    // An answer to "which service?" that fits none is a service that is not offered.
    let strange = |(i, t): (usize, &Token<'_>)| {
        t.kind == Kind::Word && t.word.is_none() && !text.listed(List::Common, i)
    };
    let plain = text.tokens.iter().enumerate().all(strange);
    if heard.expecting == Some(Expecting::Service) && plain && (1..=3).contains(&words) {
        let span = text.span(0, text.len());
        let it = ServiceMention {
            candidates: Vec::new(),
            text: text.slice(span),
            span,
        };
        let value = SlotValue::Service {
            mentions: vec![it],
            mode: Mode::Replace,
        };
        return vec![Act::Set { value }];
    }
    if heard.expecting == Some(Expecting::Staff)
        && plain
        && (1..=2).contains(&words)
        && !heard.lexicon.staff.is_empty()
    {
        let span = text.span(0, text.len());
        let said = StaffSaid::Named {
            candidates: Vec::new(),
            text: text.slice(span),
            span,
        };
        return vec![Act::Set {
            value: SlotValue::Staff { said },
        }];
    }
    vec![Act::Unclear]
}
