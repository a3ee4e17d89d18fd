//! How long a decision takes: the turns of real conversations with the demo salon, each decided again and again.
//!
//! `mix` is the figure per message, over whole conversations on a calendar that is half full; the rest shows what it
//! is made of. The slowest are those that find nothing and look for alternatives.

#![allow(clippy::unwrap_used, missing_docs)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use frontdesk::app;
use frontdesk::booking::appointment::{Appointment, Status};
use frontdesk::booking::availability::{Question, search};
use frontdesk::booking::visit::{NewAppointment, StaffWish, wish_for};
use frontdesk::booking::{Calendar, Catalogue};
use frontdesk::conversation::lexicon;
use frontdesk::dialogue::{Context, Effect, Heard, Input, View, decide};
use frontdesk::ids::Seed;
use frontdesk::types::{AppointmentId, Channel, MessageId, ParticipantId, ServiceId};
use frontdesk::understanding::rules::Rules;
use frontdesk::understanding::{self, Lexicon};
use jiff::Timestamp;
use jiff::civil::{Date, date};
use uuid::Uuid;

/// Wednesday morning.
const NOW: &str = "2026-11-18T15:00:00Z";

/// A salon in memory: what the shell does around a decision, without a store.
struct Desk {
    catalogue: Catalogue,
    lexicon: Lexicon,
    calendar: Calendar,
    now: Timestamp,
}

/// One decision, ready to be taken.
struct Turn {
    context: Context,
    heard: Vec<Heard>,
    /// The calendar as it was then.
    calendar: Calendar,
    version: u64,
}

impl Desk {
    fn open() -> Self {
        let catalogue = app::demo().unwrap();
        Self {
            lexicon: lexicon(&catalogue),
            catalogue,
            calendar: Calendar::default(),
            now: NOW.parse().unwrap(),
        }
    }

    /// Books the service here and there until only `keep` in a hundred of its free starts are left.
    fn fill(mut self, service: &str, from: Date, to: Date, keep: usize) -> Self {
        let wish = wish_for(
            &self.catalogue,
            &[ServiceId::new(service).unwrap()],
            &StaffWish::Anyone,
            1,
        );
        let mut first = None;
        for number in 0_u128.. {
            let question = Question {
                catalogue: &self.catalogue,
                calendar: &self.calendar,
                wish: &wish,
                now: self.now,
                ignoring: &[],
            };
            let free = search(question, from, to).free;
            let enough = *first.get_or_insert(free.len()) * keep / 100;
            if free.len() <= enough {
                break;
            }
            // A large odd stride, so that neighbours in number are strangers in time.
            let plan = &free[usize::try_from(number * 7_919).unwrap() % free.len()];
            let new = NewAppointment {
                id: AppointmentId(Uuid::from_u128(number + 1)),
                participant: ParticipantId::new(format!("somebody-{number}")).unwrap(),
                hold_expires_at: None,
                goal: None,
            };
            let booked = plan.new_appointment(&self.catalogue, &wish, new);
            self.calendar.apply(booked);
        }
        self
    }

    /// The turns of a conversation.
    fn talk(&self, texts: &[&str]) -> Vec<Turn> {
        let mut calendar = self.calendar.clone();
        let mut context = Context::default();
        let mut turns = Vec::new();
        for (version, text) in (0_u64..).zip(texts) {
            let turn = Turn {
                heard: vec![self.hear(&context, text, version)],
                context,
                calendar: calendar.clone(),
                version,
            };
            let outcome = self.decide(&turn);
            assert!(!outcome.replies.is_empty(), "{text}");
            for effect in outcome.effects {
                carry_out(&mut calendar, effect);
            }
            context = outcome.context;
            context.last_seq += 2;
            turns.push(turn);
        }
        turns
    }

    /// The last turn of a conversation.
    fn last(&self, texts: &[&str]) -> Turn {
        self.talk(texts).pop().unwrap()
    }

    fn hear(&self, context: &Context, text: &str, version: u64) -> Heard {
        let options = context.option_labels();
        let understood = Rules::new().hear(understanding::Heard {
            text,
            now: self.catalogue.time_zone.to_datetime(self.now),
            expecting: context.question.as_ref().map(|q| q.expecting),
            options: &options,
            language: frontdesk::types::Language::English,
            lexicon: &self.lexicon,
            scene: None,
        });
        Heard {
            id: MessageId::new(format!("m{version}")).unwrap(),
            channel: Channel::Api,
            text: text.to_owned(),
            acts: understood.acts,
            language: None,
            wording: None,
        }
    }

    fn decide(&self, turn: &Turn) -> frontdesk::dialogue::Outcome {
        let participant = ParticipantId::new("anna").unwrap();
        let view = View {
            catalogue: &self.catalogue,
            calendar: &turn.calendar,
            participant: &participant,
            now: self.now,
            seed: Seed::of_turn(Uuid::from_u128(7), turn.version),
            lost: None,
        };
        decide(black_box(&turn.context), Input::Messages(&turn.heard), &view)
    }
}

/// What the store makes of an effect, as far as the calendar shows it.
fn carry_out(calendar: &mut Calendar, effect: Effect) {
    let with = |a: Appointment, status| Appointment {
        status,
        hold_expires_at: None,
        version: a.version + 1,
        ..a
    };
    match effect {
        Effect::Hold { appointment } | Effect::Book { appointment } => calendar.apply(appointment),
        Effect::Confirm { appointment, .. } => calendar.apply(with(appointment, Status::Confirmed)),
        Effect::Cancel { appointment } => calendar.apply(with(appointment, Status::Cancelled)),
        Effect::Release { appointment } => calendar.remove(appointment),
        Effect::Move { to, hold, .. } => {
            if let Some(hold) = hold {
                calendar.remove(hold);
            }
            calendar.apply(to);
        }
        _ => {}
    }
}

const SLOT_BY_SLOT: [&str; 7] = [
    "hi",
    "I'd like to book",
    "gel manicure",
    "next Tuesday",
    "11am",
    "yes please",
    "thanks, bye",
];
const CHANGES: [&str; 6] = [
    "pedicure with Sofia on Saturday at noon, I'm Anna",
    "yes",
    "can I move it to next Friday at 2pm?",
    "yes",
    "cancel my appointment",
    "yes",
];
const QUESTIONS: [&str; 5] = [
    "do you have parking?",
    "how much is a pedicure?",
    "when are you open on Friday?",
    "what's free on Saturday for a pedicure?",
    "the second one",
];

fn decisions(c: &mut Criterion) {
    let friday = date(2026, 11, 20);
    let half = Desk::open().fill("gel-manicure", date(2026, 11, 18), date(2026, 12, 1), 50);
    let full = Desk::open().fill("basic-manicure", friday, friday, 0);
    let booked_out = Desk::open().fill("basic-manicure", date(2026, 11, 18), date(2027, 1, 17), 0);

    let mut group = c.benchmark_group("decide");
    let mix: Vec<Turn> = [&SLOT_BY_SLOT[..], &CHANGES, &QUESTIONS]
        .iter()
        .flat_map(|texts| half.talk(texts))
        .collect();
    group.bench_function("mix", |b| {
        let mut turns = mix.iter().cycle();
        b.iter(|| half.decide(turns.next().unwrap()));
    });
    for (name, desk, texts) in [
        ("greeting", &half, &SLOT_BY_SLOT[..1]),
        ("a service", &half, &SLOT_BY_SLOT[..3]),
        ("a day, offers times", &half, &SLOT_BY_SLOT[..4]),
        ("a time, holds", &half, &SLOT_BY_SLOT[..5]),
        ("yes, confirms", &half, &SLOT_BY_SLOT[..6]),
        ("booking in one sentence", &half, &CHANGES[..1]),
        ("reschedule", &half, &CHANGES[..3]),
        ("cancel", &half, &CHANGES[..5]),
        ("a FAQ", &half, &QUESTIONS[..1]),
        ("what is free on a day", &half, &QUESTIONS[..4]),
        (
            "a full Friday, alternatives",
            &full,
            &["gel manicure on Friday at 2pm"],
        ),
        (
            "a full Friday, in the afternoon",
            &full,
            &["gel manicure on Friday afternoon with Linh"],
        ),
        ("any day, everybody", &half, &["gel manicure, whenever"]),
        (
            "two months booked out",
            &booked_out,
            &["gel manicure on Friday at 2pm"],
        ),
        (
            "two months booked out, any day",
            &booked_out,
            &["gel manicure, as soon as possible"],
        ),
    ] {
        let turn = desk.last(texts);
        group.bench_function(name, |b| b.iter(|| desk.decide(&turn)));
    }
    group.finish();
}

criterion_group!(benches, decisions);
criterion_main!(benches);
