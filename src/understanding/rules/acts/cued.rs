//! What the cues of a message mean: acts, and what happens to appointments that exist.

use super::super::cues::Hit;
use super::super::lang::{Lang, List, Role};
use super::super::roles::Motion;
use super::super::token::{Kind, Text};
use crate::understanding::Heard;
use crate::understanding::act::{Act, GoalKind, HandoffReason, SlotKind, SmallTalk, Topic};

/// The cues of the message, those that depend on what was asked decided.
pub(super) fn cues(lang: &'static Lang, heard: &Heard<'_>, text: &Text<'_>) -> Vec<Hit<'static>> {
    let mut hits = lang.cues.find(text);
    // "I can't make it" takes back what was offered, and when nothing was, an appointment.
    let offered = heard.expecting.is_some() || !heard.options.is_empty();
    // "I need a pedicure, I can't make it before 5" calls nothing off.
    let wish = hits.iter().find(|hit| hit.act == "start.book").map(|hit| hit.from);
    hits.retain(|hit| hit.act != "cannot_come" || wish.is_none_or(|wish| wish > hit.from));
    for hit in hits.iter_mut().filter(|hit| hit.act == "cannot_come") {
        hit.act = if offered { "deny" } else { "start.cancel" };
    }
    // "later" asks for another time where one was offered, and takes leave where none was.
    let later = |hit: &Hit<'_>| hit.act == "bye" && (hit.from..hit.to).all(|i| text.is(i, Role::Later));
    hits.retain(|hit| !(offered && later(hit)));
    // "evening" greets, unless a time was asked for.
    let part = |i: usize| text.get(i).and_then(|t| t.word).is_some_and(|w| w.part.is_some());
    let evening = |hit: &Hit<'_>| hit.act == "greet" && (hit.from..hit.to).all(part);
    hits.retain(|hit| !(offered && evening(hit)));
    hits
}

/// What the cues say about appointments that exist.
pub(super) fn motion(hits: &[Hit<'_>], text: &Text<'_>) -> Motion {
    let at = |act: &str| hits.iter().find(|h| h.act == act).map(|h| h.from);
    if at("start.reschedule").is_some() {
        return Motion::Move;
    }
    // "cancel Friday. Is there anything on Saturday?" asks for the next one, and so replaces too.
    let next = at("start.book").or_else(|| at("ask.availability"));
    match (at("start.cancel"), next) {
        (Some(cancel), Some(book)) if book > cancel => {
            let anew =
                (cancel..book).any(|i| text.listed(List::AndThen, i) || text.tokens[i].kind == Kind::Sign);
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

/// Whether the cue is a plain answer or courtesy.
pub(super) fn answers(hit: &Hit<'_>) -> bool {
    matches!(
        hit.act,
        "confirm" | "deny" | "greet" | "thanks" | "bye" | "handoff" | "stop" | "overreach" | "undo" | "abuse"
    )
}

/// The act that a cue of the data file stands for.
pub(super) fn act_of(act: &str) -> Option<Act> {
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
        "set_aside" => Act::SetAside,
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
        "small_talk" | "wait" => talk(SmallTalk::Other),
        "clear.when" => Act::Clear { slot: SlotKind::When },
        // "elsewhere" has no act: it only keeps others away.
        _ => return None,
    })
}
