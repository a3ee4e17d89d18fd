//! From findings to acts.

mod settle;
mod wishes;

use settle::{courteous, elsewhere, not_an_answer, refused, settle};
use wishes::{services_said, staff_said};

use super::choice::chosen;
use super::cues::Hit;
use super::intent::salient;
use super::lang::Lang;
use super::names::{Mention, find};
use super::people::{self, Party};
use super::roles::{Motion, split};
use super::time::day::Days;
use super::time::piece::Context;
use super::time::{Expression, Piece, fold, pieces};
use super::token::{Kind, Text};
use super::{Analysis, ENGINE};
use crate::understanding::act::{
    Act, Certainty, Expecting, GoalKind, HandoffReason, Mode, ServiceMention, SlotKind, SlotValue, SmallTalk,
    StaffSaid, Topic,
};
use crate::understanding::{Heard, Lexicon, Understood};

/// Acts with the token at which each begins.
type Placed = Vec<(usize, Act)>;

pub(crate) fn analyse(lang: &'static Lang, heard: &Heard<'_>) -> Analysis {
    let mut text = Text::new(heard.text, lang);
    let people_here = find(&text, lang, &heard.lexicon.staff, "staff_noise");
    for mention in &people_here {
        for token in &mut text.tokens[mention.from..mention.to] {
            token.staff = true;
        }
    }
    let text = text;
    let mut hits = lang.cues.find(&text);
    // "I can't make it" takes back what was offered, and when nothing was, an appointment.
    for hit in hits.iter_mut().filter(|hit| hit.act == "cannot_come") {
        hit.act = if heard.expecting.is_none() && heard.options.is_empty() {
            "start.cancel"
        } else {
            "deny"
        };
    }
    let hits = hits;
    let mut taken = vec![false; text.len()];
    let mut placed: Placed = Vec::new();

    let time_asked = heard.expecting == Some(Expecting::Time);
    let choice = chosen(&text, lang, heard);
    if let Some((option, from, to)) = choice {
        mark(&mut taken, from, to);
        placed.push((from, Act::Choose { option }));
    }

    let email = people::email(&text);
    if let Some((value, from, to)) = email {
        mark(&mut taken, from, to);
        placed.push((
            from,
            Act::Set {
                value: SlotValue::Email { value },
            },
        ));
    }
    let phone = people::phone(&text);
    if let Some((value, from, to)) = phone {
        mark(&mut taken, from, to);
        placed.push((
            from,
            Act::Set {
                value: SlotValue::Phone { value },
            },
        ));
    }

    let motion = motion(&hits, &text);
    let context = Context {
        days: Days {
            text: &text,
            lang,
            now: heard.now,
            day_before_month: heard.lexicon.day_before_month,
            date_asked: heard.expecting == Some(Expecting::Date),
        },
        time_asked,
        date_asked: heard.expecting == Some(Expecting::Date),
        people_asked: heard.expecting == Some(Expecting::PartySize),
        half_means_past: heard.lexicon.half_means_past,
        moving: motion == Motion::Move,
    };
    let mut times = pieces(&context);
    times.retain(|p| !taken[p.from..p.to].iter().any(|t| *t));
    // "Good morning" and "see you Friday" ask for nothing.
    let courtesy = |p: &Piece| {
        hits.iter()
            .any(|h| h.act == "greet" && p.from >= h.from && p.to <= h.to)
            || hits.iter().any(|h| h.act == "bye" && p.from + 1 >= h.from)
                && hits.iter().all(|h| !h.act.starts_with("start"))
    };
    let dropped = |p: &Piece| {
        hits.iter()
            .any(|h| matches!(h.act, "cancel_goal" | "ask.policy") && p.from >= h.from && p.to <= h.to)
    };
    times.retain(|p| !courtesy(p) && !dropped(p));

    let free_of = |mentions: Vec<Mention>, taken: &[bool]| -> Vec<Mention> {
        mentions
            .into_iter()
            .filter(|m| !taken[m.from..m.to].iter().any(|t| *t))
            .collect()
    };
    let asked = heard.expecting == Some(Expecting::Service);
    let staff = free_of(people_here, &taken);
    let mut services = free_of(
        find(&text, lang, &heard.lexicon.services, "service_noise"),
        &taken,
    );
    // A word that half the catalogue shares ("nails") names nothing, unless a service was asked for.
    services
        .retain(|m| asked || m.entries.len() < 3 || m.entries.iter().any(|(_, c)| *c == Certainty::Exact));
    // Somebody's very name is not a service with a typing error in it ("Mai" is not "mani").
    let is_exact = |m: &Mention| m.entries.iter().any(|(_, c)| *c == Certainty::Exact);
    let is_somebody = |m: &Mention| {
        staff
            .iter()
            .any(|s| is_exact(s) && s.from < m.to && m.from < s.to)
    };
    services.retain(|m| is_exact(m) || !is_somebody(m));
    let bundles = free_of(find(&text, lang, &heard.lexicon.bundles, "service_noise"), &taken);
    // A name of several words hides the time words in it ("Twelve Oaks").
    let sure = |m: &&Mention| m.to - m.from > 1 && m.entries.iter().any(|(_, c)| *c == Certainty::Exact);
    for name in staff.iter().chain(&services).filter(sure) {
        times.retain(|p| p.to <= name.from || p.from >= name.to);
    }
    for piece in &times {
        mark(&mut taken, piece.from, piece.to);
    }
    let service_acts = services_said(lang, heard.lexicon, &text, &services, &bundles, &mut taken);
    let staff_acts = staff_said(lang, heard, &text, &staff, &hits, &mut taken);

    let party = if choice.is_some() {
        None
    } else {
        people::party(&text, lang, heard.expecting, &taken)
    };
    if let Some(party) = party {
        mark(&mut taken, party.at.0, party.at.1);
    }
    for hit in hits.iter().filter(|h| {
        matches!(
            h.act,
            "confirm"
                | "deny"
                | "greet"
                | "thanks"
                | "bye"
                | "handoff"
                | "stop"
                | "overreach"
                | "undo"
                | "abuse"
        )
    }) {
        // "call me Anna" and "it's for Anna" may share words with a cue; plain answers do not name anybody.
        if hit.to - hit.from <= 2 {
            mark(&mut taken, hit.from, hit.to);
        }
    }
    let name = people::name(&text, lang, heard.expecting, &taken);

    let (which, when) = split(&text, motion, times);
    let which = fold(&context, &heard.lexicon.hours, &which).map(|e| (e, first(&which)));
    let when = fold(&context, &heard.lexicon.hours, &when).map(|e| (e, first(&when)));

    for hit in &hits {
        // "I don't want to book" starts nothing.
        if hit.act == "deny" && not_an_answer(&text, hit, &services, &staff_acts) {
            continue;
        }
        if hit.act == "start.book" && refused(&text, hit.from) {
            continue;
        }
        if name
            .as_ref()
            .is_some_and(|(_, from, to)| hit.from < *to && hit.to > *from && hit.act != "deny")
        {
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
        placed.push((
            at.0,
            Act::Set {
                value: SlotValue::PartySize { people, span },
            },
        ));
    }
    if let Some((value, from, _)) = name {
        placed.push((from, Act::Set { value }));
    }
    if let Some((expression, at)) = &which {
        let when = expression.when.clone();
        placed.push((
            *at,
            Act::Set {
                value: SlotValue::Which { when },
            },
        ));
    }
    if let Some((expression, at)) = &when {
        let chosen_time = choice.is_some() && expression.when.says().1;
        if !chosen_time {
            say_when(&mut placed, *at, expression);
        }
    }
    faq(lang, heard.lexicon, &text, &mut placed);
    indifferent(lang, heard.expecting, &text, &mut placed);

    let named = !services.is_empty() || !staff.is_empty() || heard.expecting.is_some();
    if !named && hits.iter().any(|h| h.act == "elsewhere") {
        elsewhere(&mut placed);
    }
    placed.sort_by_key(|(at, _)| *at);
    let courteous = courteous(&text, &hits, heard.expecting, when.is_some());
    let mut acts = settle(placed, motion);
    if acts.is_empty() {
        acts = silent(lang, heard, &text);
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
            let anew = text.tokens[cancel..book]
                .iter()
                .any(|t| matches!(t.low.as_ref(), "and" | "then" | "," | "."));
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
fn indifferent(lang: &Lang, expecting: Option<Expecting>, text: &Text<'_>, placed: &mut Placed) {
    let said = |act: &Act| matches!(act, Act::Set { .. } | Act::Choose { .. });
    if placed.iter().any(|(_, act)| said(act)) {
        return;
    }
    let Some(at) = (0..text.len()).find(|at| people::phrase(text, lang, "indifferent", *at).is_some()) else {
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
    let asks = text.tokens.iter().any(|t| t.raw == "?")
        || text.get(0).is_some_and(|t| {
            matches!(
                t.low.as_ref(),
                "do" | "is" | "are" | "can" | "what" | "where" | "how" | "when" | "which" | "have"
            )
        });
    if !asks || placed.iter().any(|(_, a)| matches!(a, Act::Ask { .. })) {
        return;
    }
    let mentions = find(text, lang, &lexicon.faq, "quiet");
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
fn silent(lang: &Lang, heard: &Heard<'_>, text: &Text<'_>) -> Vec<Act> {
    let words = text.tokens.iter().filter(|t| t.kind == Kind::Word).count();
    let digits = text.tokens.iter().any(|t| t.kind == Kind::Number);
    if words == 0 && !digits && text.len() > 0 && text.tokens.iter().any(|t| !t.raw.is_ascii()) {
        return vec![Act::SmallTalk {
            kind: SmallTalk::Other,
        }];
    }
    // An answer to "which service?" that fits none is a service that is not offered.
    let plain = text
        .tokens
        .iter()
        .all(|t| t.kind == Kind::Word && t.word.is_none() && !lang.listed("common", &t.low));
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
