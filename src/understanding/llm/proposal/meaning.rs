//! From a proposed act with its value to an act, by the catalogue, the listed options and the rules' date engine.

use super::super::grounding::{Ground, words};
use crate::telemetry::metrics::LlmDropped;
use crate::understanding::act::{
    Candidate, Certainty, HandoffReason, Mode, Said, ServiceMention, SmallTalk, StaffSaid, Topic,
};
use crate::understanding::lexicon::Entry;
use crate::understanding::rules::Rules;
use crate::understanding::when::{Span, When};
use crate::understanding::{Act, Expecting, GoalKind, Heard, SlotKind, SlotValue};

/// More people than anybody brings; dialogue has its own, lower bound.
const PEOPLE_MAX: u32 = 100;

/// Words and characters of a name.
const NAME_WORDS_MAX: usize = 5;
const NAME_CHARS_MAX: usize = 60;

/// The act that `act` stands for. `words` are those quoted, as given, and stand at `span`.
pub(super) fn of(
    act: &str,
    value: Option<&str>,
    words: &str,
    span: Span,
    heard: &Heard<'_>,
) -> Result<Act, LlmDropped> {
    let start = |goal| Act::Start { goal };
    let talk = |kind| Act::SmallTalk { kind };
    let handoff = |reason| Act::Handoff { reason };
    let staff = |said| set(SlotValue::Staff { said });
    Ok(match act {
        "book" => start(GoalKind::Book),
        "move" => start(GoalKind::Reschedule),
        "cancel" => start(GoalKind::Cancel),
        "waitlist" => start(GoalKind::Waitlist),
        "service" => service(value, Mode::Replace, words, span, heard)?,
        "add_service" => service(value, Mode::Add, words, span, heard)?,
        "remove_service" => service(value, Mode::Remove, words, span, heard)?,
        "staff" => staff(person(value, words, span, heard)?),
        "not_staff" => {
            let ids = vec![known(&heard.lexicon.staff, value)?.id.clone()];
            staff(StaffSaid::Not { ids })
        }
        "any_staff" => staff(StaffSaid::Anyone),
        "time" => set(SlotValue::When {
            when: time(words, span, heard).ok_or(LlmDropped::UnresolvedTime)?,
        }),
        "which_appointment" => set(SlotValue::Which {
            when: time(words, span, heard).ok_or(LlmDropped::UnresolvedTime)?,
        }),
        "people" => {
            let people = value.and_then(|value| value.parse().ok());
            let people = people.filter(|people| (1..=PEOPLE_MAX).contains(people));
            set(SlotValue::PartySize {
                people: people.ok_or(LlmDropped::BadOption)?,
                span,
            })
        }
        "name" => set(name(value, words, span).ok_or(LlmDropped::Ungrounded)?),
        "clear" => Act::Clear {
            slot: slot(value).ok_or(LlmDropped::UnknownName)?,
        },
        "option" => {
            let option = value.and_then(|value| value.parse().ok());
            let option = option.filter(|option| (1..=heard.options.len()).contains(option));
            Act::Choose {
                option: option.ok_or(LlmDropped::BadOption)?,
            }
        }
        "yes" => Act::Confirm,
        "no" => Act::Deny,
        "drop" => Act::CancelGoal,
        "ask" => Act::Ask {
            topic: topic(value, words, span, heard)?,
        },
        "greet" => talk(SmallTalk::Greet),
        "thanks" => talk(SmallTalk::Thanks),
        "bye" => talk(SmallTalk::Bye),
        "small_talk" => talk(SmallTalk::Other),
        "human" => handoff(HandoffReason::Asked),
        "complaint" => handoff(HandoffReason::Complaint),
        "emergency" => handoff(HandoffReason::Emergency),
        "stop" => Act::StopContact,
        "insult" => Act::Abuse,
        "overreach" => Act::Overreach,
        _ => return Err(LlmDropped::UnknownAct),
    })
}

fn set(value: SlotValue) -> Act {
    Act::Set { value }
}

/// A service, or a bundle of them. The words are the customer's own, so the model's reading of them is never exact:
/// it is read back as inferred.
fn service(
    value: Option<&str>,
    mode: Mode,
    text: &str,
    span: Span,
    heard: &Heard<'_>,
) -> Result<Act, LlmDropped> {
    let lexicon = heard.lexicon;
    let ids = match known(&lexicon.services, value) {
        Ok(entry) => vec![entry.id.clone()],
        Err(_) => known(&lexicon.bundles, value)?.id.clone(),
    };
    let mentions = ids
        .into_iter()
        .map(|id| ServiceMention {
            candidates: vec![close(id)],
            text: text.to_owned(),
            span,
        })
        .collect();
    Ok(set(SlotValue::Service { mentions, mode }))
}

fn person(value: Option<&str>, text: &str, span: Span, heard: &Heard<'_>) -> Result<StaffSaid, LlmDropped> {
    let entry = known(&heard.lexicon.staff, value)?;
    Ok(StaffSaid::Named {
        candidates: vec![close(entry.id.clone())],
        text: text.to_owned(),
        span,
    })
}

fn close<T>(id: T) -> Candidate<T> {
    Candidate {
        id,
        certainty: Certainty::Close,
    }
}

/// The one entry that is called so.
fn known<'a, T>(entries: &'a [Entry<T>], name: Option<&str>) -> Result<&'a Entry<T>, LlmDropped> {
    let name = words(name.ok_or(LlmDropped::UnknownName)?);
    let called = |entry: &&Entry<T>| entry.names.iter().any(|own| words(own) == name);
    let mut found = entries.iter().filter(called);
    match (found.next(), found.next()) {
        (Some(entry), None) if !name.is_empty() => Ok(entry),
        _ => Err(LlmDropped::UnknownName),
    }
}

/// The time that `text` names, as the rules read it in the same setting; its places are those in the whole message.
fn time(text: &str, span: Span, heard: &Heard<'_>) -> Option<When> {
    let setting = Heard {
        text,
        // A bare "10:30" is a time here, and no option of a list.
        expecting: match heard.expecting {
            Some(Expecting::Choice) => Some(Expecting::Time),
            other => other,
        },
        options: &[],
        scene: None,
        ..*heard
    };
    let mut when = Rules::new().analyse(setting).when?.when;
    when.span = (when.span.0 + span.0, when.span.1 + span.0);
    Some(when)
}

/// A name that is written in the quoted words themselves.
fn name(value: Option<&str>, text: &str, span: Span) -> Option<SlotValue> {
    let value = value?;
    let ground = Ground::new(text);
    let at = ground.find(value)?;
    let said = ground.slice(at);
    let plain = |c: char| c.is_alphabetic() || matches!(c, ' ' | '\'' | '\u{2019}' | '-' | '.');
    if !said.chars().all(plain) || said.chars().count() > NAME_CHARS_MAX {
        return None;
    }
    let parts: Vec<&str> = said.split_whitespace().collect();
    let (first, rest) = parts.split_first()?;
    if parts.len() > NAME_WORDS_MAX {
        return None;
    }
    let from = span.0 + at.0;
    let place = |text: &str, from: usize| Said {
        value: text.to_owned(),
        text: text.to_owned(),
        span: (from, from + text.chars().count()),
    };
    let last = rest.join(" ");
    let last_from = from + said.chars().count() - last.chars().count();
    Some(SlotValue::Name {
        first: Some(place(first, from)),
        last: (!last.is_empty()).then(|| place(&last, last_from)),
    })
}

fn slot(value: Option<&str>) -> Option<SlotKind> {
    Some(match value? {
        "time" => SlotKind::When,
        "service" => SlotKind::Service,
        "staff" => SlotKind::Staff,
        "people" => SlotKind::PartySize,
        _ => return None,
    })
}

fn topic(value: Option<&str>, text: &str, span: Span, heard: &Heard<'_>) -> Result<Topic, LlmDropped> {
    let value = value.ok_or(LlmDropped::UnknownName)?;
    Ok(match value {
        "hours" => Topic::Hours {
            when: time(text, span, heard),
        },
        "price" => Topic::Price,
        "duration" => Topic::Duration,
        "location" => Topic::Location,
        "parking" => Topic::Parking,
        "payment" => Topic::Payment,
        "services" => Topic::Services,
        "staff" => Topic::Staff,
        "my_appointments" => Topic::MyAppointments,
        "availability" => Topic::Availability,
        "why_not" => Topic::WhyNot,
        "policy" => Topic::Policy,
        "help" => Topic::Help,
        "are_you_a_bot" => Topic::AreYouABot,
        key => {
            let entry = heard.lexicon.faq.iter().find(|entry| entry.id == key);
            let key = entry.ok_or(LlmDropped::UnknownName)?.id.clone();
            Topic::Faq { key }
        }
    })
}
