//! How long it takes to understand a message: what people write to a salon, against its real catalogue.
//!
//! `mix` is the figure per message; the rest shows what it is made of, and `the longest there can be` shows the worst.
//! The table of `flat` shows that the time per character does not grow with the message, whatever it is made of.

#![allow(clippy::unwrap_used, missing_docs)]
#![expect(clippy::print_stdout, reason = "the table is the result")]

#[path = "understand/flat.rs"]
mod flat;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use frontdesk::app;
use frontdesk::conversation::lexicon;
use frontdesk::understanding::rules::Rules;
use frontdesk::understanding::{Expecting, Heard, Lexicon};
use jiff::civil::{DateTime, date};

/// A message, and what was asked before it.
type Message = (&'static str, Option<Expecting>);

const GREETING: Message = ("hi there", None);
const IN_ONE: Message = ("gel manicure with Linh on Friday at 2pm, I'm Anna", None);
const SLOT: Message = ("3pm", Some(Expecting::Time));
const CHOICE: Message = ("the second one", Some(Expecting::Choice));
const CORRECTION: Message = (
    "yes but 3:30 instead, and with Mai please",
    Some(Expecting::Confirm),
);
const QUESTIONS: Message = ("do you have parking? and how much is a pedicure?", None);
const MOVE: Message = (
    "can I move my appointment on Friday to next Tuesday after 4?",
    None,
);
const TYPOS: Message = ("padicure tomorow aftrnoon wth sofie plz", None);
const RANGE: Message = (
    "any day next week except Tuesday, in the morning, not before 10",
    None,
);
const NOTHING: Message = ("my cousin told me her boss painted the fence purple", None);

const MIX: [Message; 20] = [
    GREETING,
    ("hello, I'd like to book", None),
    ("a manicure", Some(Expecting::Service)),
    ("gel", Some(Expecting::Choice)),
    ("anyone", Some(Expecting::Staff)),
    ("this Saturday", Some(Expecting::Date)),
    SLOT,
    CHOICE,
    ("yes please", Some(Expecting::Confirm)),
    ("no thanks", Some(Expecting::Confirm)),
    IN_ONE,
    CORRECTION,
    QUESTIONS,
    ("when are you open on Thanksgiving?", None),
    MOVE,
    ("cancel my appointment", None),
    TYPOS,
    RANGE,
    NOTHING,
    ("thanks, see you then!", None),
];

fn now() -> DateTime {
    date(2026, 11, 18).at(10, 0, 0, 0)
}

fn understand(c: &mut Criterion) {
    let catalogue = app::demo().unwrap();
    let lexicon = lexicon(&catalogue);
    let engine = Rules::new();
    let options = ["10:00 am", "11:15 am", "2:00 pm"].map(str::to_owned);
    let heard =
        |(text, expecting): (&'static str, Option<Expecting>)| heard(text, expecting, &options, &lexicon);

    let mut group = c.benchmark_group("understand");
    group.bench_function("mix", |b| {
        let mut messages = MIX.into_iter().cycle();
        b.iter(|| engine.hear(black_box(heard(messages.next().unwrap()))));
    });
    for (name, message) in [
        ("greeting", GREETING),
        ("booking in one sentence", IN_ONE),
        ("one slot", SLOT),
        ("a choice", CHOICE),
        ("a correction", CORRECTION),
        ("two questions", QUESTIONS),
        ("reschedule", MOVE),
        ("typos", TYPOS),
        ("a range", RANGE),
        ("nothing to understand", NOTHING),
    ] {
        group.bench_function(name, |b| b.iter(|| engine.hear(black_box(heard(message)))));
    }
    group.finish();

    // Not a message that anybody writes, and without a target: only that it stays bounded counts.
    let endless = "could I come on Friday at three with Linh for a pedicure, or else ".repeat(310);
    let endless: String = endless.chars().take(20_000).collect();
    c.bench_function("the longest message there can be", |b| {
        b.iter(|| {
            engine.hear(black_box(Heard {
                text: &endless,
                now: now(),
                expecting: None,
                options: &[],
                language: frontdesk::types::Language::English,
                lexicon: &lexicon,
                scene: None,
            }))
        });
    });
}

fn heard<'a>(
    text: &'a str,
    expecting: Option<Expecting>,
    options: &'a [String],
    lexicon: &'a Lexicon,
) -> Heard<'a> {
    Heard {
        text,
        now: now(),
        expecting,
        // Options are listed only when a choice is asked for.
        options: if expecting == Some(Expecting::Choice) {
            options
        } else {
            &[]
        },
        language: frontdesk::types::Language::English,
        lexicon,
        scene: None,
    }
}

fn time_per_character(_: &mut Criterion) {
    let catalogue = app::demo().unwrap();
    flat::report(&lexicon(&catalogue), now());
}

criterion_group!(benches, understand, time_per_character);
criterion_main!(benches);
