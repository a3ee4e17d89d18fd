//! Messages as customers write them, and what they do. The fixture is a small salon on Wednesday 18 November
//! 2026, 10:00.

use jiff::civil::{DateTime, Weekday, date, datetime, time};

use super::*;
use crate::types::{ResourceId, ServiceId};
use crate::understanding::act::*;
use crate::understanding::lexicon::{Entry, Lexicon};
use crate::understanding::when::*;

mod answers;
mod contacts;
mod houses;
mod languages;
mod manifold;
mod openings;
mod replies;
mod scenarios;
mod slang;
mod soup;
mod spanish;
mod spoken;
mod times;
mod vietnamese;

pub(super) const NOW: DateTime = datetime(2026, 11, 18, 10, 0, 0, 0);

pub(super) fn salon() -> Lexicon {
    let service = |id: &str, names: &[&str]| {
        Entry::new(
            ServiceId::new(id).unwrap(),
            names.iter().map(|n| (*n).to_owned()).collect(),
        )
    };
    let person = |name: &str| {
        Entry::new(
            ResourceId::new(name.to_lowercase()).unwrap(),
            vec![name.to_owned()],
        )
    };
    let faq = |key: &str, words: &[&str]| {
        Entry::new(key.to_owned(), words.iter().map(|n| (*n).to_owned()).collect())
    };
    let mut hours = vec![(Weekday::Saturday, time(10, 0, 0, 0), time(17, 0, 0, 0))];
    for day in [
        Weekday::Tuesday,
        Weekday::Wednesday,
        Weekday::Thursday,
        Weekday::Friday,
    ] {
        hours.push((day, time(9, 0, 0, 0), time(19, 0, 0, 0)));
    }
    Lexicon {
        language: Language::English,
        services: vec![
            service("basic-manicure", &["Basic Manicure"]),
            service("gel-manicure", &["Gel Manicure", "gel", "gel nails"]),
            service("pedicure", &["Pedicure", "pedi"]),
            service("nail-art", &["Nail Art add-on", "nail art"]),
            service("nail-art-workshop", &["Nail Art Workshop", "workshop", "class"]),
        ],
        bundles: vec![Entry::new(
            vec![
                ServiceId::new("basic-manicure").unwrap(),
                ServiceId::new("pedicure").unwrap(),
            ],
            vec![
                "mani-pedi".to_owned(),
                "mani pedi".to_owned(),
                "mani and pedi".to_owned(),
            ],
        )],
        staff: vec![person("Mai"), person("Linh"), person("Sofia")],
        faq: vec![faq("wifi", &["wifi", "wi-fi"])],
        hours,
        half_means_past: Some(true),
        day_before_month: false,
    }
}

/// What is heard when nothing was asked.
pub(super) fn hear(text: &str) -> Vec<Act> {
    hear_after(text, None, &[])
}

pub(super) fn hear_after(text: &str, expecting: Option<Expecting>, options: &[&str]) -> Vec<Act> {
    understood_in(Language::English, text, expecting, options).acts
}

/// What is understood in a conversation that is in `language`.
pub(super) fn understood_in(
    language: Language,
    text: &str,
    expecting: Option<Expecting>,
    options: &[&str],
) -> Understood {
    understood_at(&salon(), language, text, expecting, options)
}

/// What is understood by a business that has these names and hours.
pub(super) fn understood_at(
    lexicon: &Lexicon,
    language: Language,
    text: &str,
    expecting: Option<Expecting>,
    options: &[&str],
) -> Understood {
    let options: Vec<String> = options.iter().map(|o| (*o).to_owned()).collect();
    let heard = Heard {
        text,
        now: NOW,
        expecting,
        options: &options,
        language,
        lexicon,
        scene: None,
    };
    Rules::new().hear(heard)
}

/// An act in few words, so that a list of them reads like the message.
pub(super) fn short(act: &Act) -> String {
    let name = |id: &str, c: Certainty| match c {
        Certainty::Exact => id.to_owned(),
        Certainty::Close => format!("{id}~"),
        Certainty::Guess => format!("{id}??"),
    };
    match act {
        Act::Start { goal } => format!("start {goal:?}").to_lowercase(),
        Act::Choose { option } => format!("choose {option}"),
        Act::Ask {
            topic: Topic::Hours { when: Some(when) },
        } => format!("ask hours {}", short_when(when)),
        Act::Ask {
            topic: Topic::Hours { when: None },
        } => "ask hours".to_owned(),
        Act::Ask {
            topic: Topic::Faq { key },
        } => format!("ask faq {key}"),
        Act::Ask { topic } => format!("ask {topic:?}").to_lowercase(),
        Act::SmallTalk { kind } => format!("{kind:?}").to_lowercase(),
        Act::Handoff { reason } => format!("handoff {reason:?}").to_lowercase(),
        Act::Set { value } => match value {
            SlotValue::Service { mentions, mode } => {
                let said: Vec<String> = mentions
                    .iter()
                    .map(|m| {
                        let names: Vec<String> = m
                            .candidates
                            .iter()
                            .map(|c| name(c.id.as_str(), c.certainty))
                            .collect();
                        if names.is_empty() {
                            format!("?{}", m.text)
                        } else {
                            names.join("|")
                        }
                    })
                    .collect();
                let sign = match mode {
                    Mode::Replace => "",
                    Mode::Add => "+",
                    Mode::Remove => "-",
                };
                format!("service {sign}{}", said.join(", "))
            }
            SlotValue::Staff { said } => match said {
                StaffSaid::Anyone => "staff anyone".to_owned(),
                StaffSaid::Named { candidates, text, .. } => {
                    let names: Vec<String> = candidates
                        .iter()
                        .map(|c| name(c.id.as_str(), c.certainty))
                        .collect();
                    if names.is_empty() {
                        format!("staff ?{text}")
                    } else {
                        format!("staff {}", names.join("|"))
                    }
                }
                StaffSaid::Not { ids } => {
                    format!(
                        "staff not {}",
                        ids.iter().map(ResourceId::as_str).collect::<Vec<_>>().join("|")
                    )
                }
            },
            SlotValue::When { when } => format!("when {}", short_when(when)),
            SlotValue::Which { when } => format!("which {}", short_when(when)),
            SlotValue::PartySize { people, .. } => format!("people {people}"),
            SlotValue::Name { first, last } => {
                let said = |s: &Option<Said>| s.as_ref().map_or("-".to_owned(), |s| s.value.clone());
                format!("name {} {}", said(first), said(last))
            }
            SlotValue::Phone { value } => format!("phone {}", value.value),
            SlotValue::Email { value } => format!("email {}", value.value),
        },
        other => format!("{other:?}").to_lowercase(),
    }
}

pub(super) fn short_when(when: &When) -> String {
    let day = |d: jiff::civil::Date| {
        d.strftime("%a %-d %b").to_string()
            + &if d.year() == 2026 {
                String::new()
            } else {
                format!(" {}", d.year())
            }
    };
    let clock = |t: jiff::civil::Time| t.strftime("%H:%M").to_string();
    let days = |d: DateRange| match (d.single(), d.from, d.until) {
        (Some(one), ..) => day(one),
        (_, from, until) => format!(
            "{}..{}",
            from.map(day).unwrap_or_default(),
            until.map(day).unwrap_or_default()
        ),
    };
    let times = |t: TimeRange| match t {
        TimeRange::At(t) => clock(t),
        TimeRange::About(t) => format!("~{}", clock(t)),
        TimeRange::Between { from, until } => format!(
            "{}-{}",
            from.map(clock).unwrap_or_default(),
            until.map(clock).unwrap_or_default()
        ),
    };
    let mut parts: Vec<String> = when
        .windows
        .iter()
        .map(|w| {
            [w.dates.map(days), w.times.map(times)]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    if !parts.is_empty() {
        parts = vec![parts.join(" or ")];
    }
    for except in &when.except {
        parts.push(match except {
            Except::Weekday(d) => format!("not {}", crate::types::weekday::name(*d)),
            Except::Dates(d) => format!("not {}", days(*d)),
            Except::Times(t) => format!("not {}", times(*t)),
        });
    }
    if let Some(order) = when.order {
        parts.push(format!("{order:?}").to_lowercase());
    }
    for inferred in &when.inferred {
        match inferred {
            Inferred::WeekdayContradicts(d) => {
                parts.push(format!("contradicts {}", crate::types::weekday::name(*d)));
            }
            Inferred::HalfHourStyle => parts.push("half?".to_owned()),
            Inferred::HalfOfDay | Inferred::Year | Inferred::Month => {}
        }
    }
    parts.join(", ")
}

/// `text` does `expected`, one act after another.
pub(super) fn check(text: &str, expected: &[&str]) {
    check_after(text, None, &[], expected);
}

pub(super) fn check_after(text: &str, expecting: Option<Expecting>, options: &[&str], expected: &[&str]) {
    let acts: Vec<String> = hear_after(text, expecting, options).iter().map(short).collect();
    assert_eq!(acts, expected, "{text:?} after {expecting:?}");
}

#[test]
fn spans_count_characters() {
    let acts = hear("h\u{e9} \u{1F485} gel ma\u{f1}ana friday");
    let Some(Act::Set {
        value: SlotValue::When { when },
    }) = acts.last()
    else {
        panic!("{acts:?}")
    };
    assert_eq!((when.text.as_str(), when.span), ("friday", (16, 22)));
    assert_eq!(when.windows[0].dates, Some(DateRange::day(date(2026, 11, 20))));
}
