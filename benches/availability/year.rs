//! A calendar that is full for a year: what a long one costs whoever asks about a week of it, whoever finds nothing for
//! as far as one search looks, and whoever changes it.

use std::hint::black_box;
use std::sync::Arc;

use criterion::Criterion;
use frontdesk::booking::availability::{Question, SEARCH_DAYS_MAX, check, nearest, search};
use frontdesk::booking::visit::{NewAppointment, Plan, StaffWish, wish_for};
use frontdesk::booking::{Calendar, Catalogue};
use frontdesk::types::{AppointmentId, ParticipantId, ResourceId, ServiceId};
use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan as _};
use uuid::Uuid;

use super::{RESOURCES, business, wish};

/// Its first day, on which everything is asked.
const FIRST: Date = date(2026, 11, 16);
/// The first day that is not booked out, in a calendar of which eleven months are.
const AFTER_ELEVEN_MONTHS: Date = date(2027, 10, 16);
const LAST: Date = date(2027, 11, 15);
/// With its buffer, on the grid.
const VISIT_MIN: i64 = 45;
/// Visits of one person a day, from 9 to 19; there is no room for one more.
const VISITS_A_DAY: i64 = 13;

pub(crate) fn benches(c: &mut Criterion) {
    let catalogue = business("[policies]\nhorizon_days = 366");
    let now: Timestamp = "2026-11-16T11:00:00Z".parse().expect("a time");
    let one = wish(&catalogue, &["cut"], 1);
    // One visit in sixty is still to be had.
    let full = calendar(&catalogue, now, |number, _| number % 60 != 0);
    let booked_out = calendar(&catalogue, now, |_, day| day < AFTER_ELEVEN_MONTHS);
    let (from, to) = (date(2027, 5, 17), date(2027, 5, 23));
    let of_week = full.appointments().filter(|one| {
        let day = catalogue.time_zone.to_datetime(one.starts_at).date();
        (from..=to).contains(&day)
    });
    let week = Calendar::new(1, of_week.map(|one| one.as_ref().clone()));
    // What a catalogue remembers of days is for those that are asked for often; making the calendars has asked for all.
    let fresh = catalogue.clone();
    let ask = |catalogue, calendar| Question {
        catalogue,
        calendar,
        wish: &one,
        now,
        ignoring: &[],
    };
    assert_eq!(full.len() / 1_000, 40, "{} appointments", full.len());
    let (mostly, alone) = (ask(&fresh, &full), ask(&fresh, &week));
    let not_at_all = ask(&catalogue, &booked_out);

    let mut group = c.benchmark_group("a year, 10 resources, 40000 appointments");
    group.bench_function("a week in the middle", |b| {
        assert!(!search(mostly, from, to).free.is_empty());
        b.iter(|| search(black_box(mostly), from, to));
    });
    group.bench_function("the same week in a calendar of its own", |b| {
        b.iter(|| search(black_box(alone), from, to));
    });
    group.bench_function("one start", |b| {
        let start: Timestamp = "2027-05-20T20:00:00Z".parse().expect("a time");
        b.iter(|| check(black_box(mostly), start));
    });
    group.bench_function("nothing for as far as one search looks", |b| {
        let to = later(FIRST, SEARCH_DAYS_MAX - 1);
        assert!(search(not_at_all, FIRST, to).free.is_empty());
        b.iter(|| search(black_box(not_at_all), FIRST, to));
    });
    group.bench_function("nothing in the fortnights around", |b| {
        let around: Timestamp = "2027-05-20T20:00:00Z".parse().expect("a time");
        assert!(nearest(not_at_all, around, 3).is_empty());
        b.iter(|| nearest(black_box(not_at_all), around, 3));
    });
    group.bench_function(
        "the first free start after eleven months, search by search",
        |b| {
            let found = first_free(not_at_all).expect("there is one");
            let day = catalogue.time_zone.to_datetime(found.starts_at).date();
            assert_eq!(day, AFTER_ELEVEN_MONTHS);
            b.iter(|| first_free(black_box(not_at_all)));
        },
    );
    let sunday = later(FIRST, 6);
    group.bench_function("this week", |b| {
        b.iter(|| search(black_box(mostly), FIRST, sunday));
    });
    group.bench_function("this week, after the whole year was looked through", |b| {
        let _ = first_free(not_at_all);
        b.iter(|| search(black_box(ask(&catalogue, &full)), FIRST, sunday));
    });
    group.bench_function("a change while a reader holds the calendar", |b| {
        let moved = full
            .appointments()
            .next()
            .expect("there are some")
            .as_ref()
            .clone();
        let mut shared = Arc::new(full.clone());
        b.iter(|| {
            let reader = Arc::clone(&shared);
            Arc::make_mut(&mut shared).apply(moved.clone());
            reader
        });
    });
    // As a process does for the first turn that looks at it: the database gives them in no order.
    group.sample_size(10);
    group.bench_function("taking it in", |b| {
        let appointments = || {
            full.appointments()
                .map(|appointment| appointment.as_ref().clone())
        };
        b.iter(|| Calendar::new(1, appointments()));
    });
    group.finish();
}

/// A year in which every visit is booked that `is_booked` names, by its number and its day.
fn calendar(catalogue: &Catalogue, now: Timestamp, is_booked: impl Fn(u128, Date) -> bool) -> Calendar {
    let mut calendar = Calendar::default();
    let cut = [ServiceId::new("cut").expect("an id")];
    let wishes: Vec<_> = (1..=RESOURCES)
        .map(|person| ResourceId::new(format!("p{person}")).expect("an id"))
        .map(|person| wish_for(catalogue, &cut, &StaffWish::Only(person), 1))
        .collect();
    let mut number = 0;
    let days = FIRST.series(1.day()).take_while(|day| *day <= LAST);
    for day in days.filter(|day| day.weekday() != jiff::civil::Weekday::Sunday) {
        let opening = day.at(9, 0, 0, 0).to_zoned(catalogue.time_zone.clone());
        let opening = opening.expect("a local time").timestamp();
        for visit in 0..VISITS_A_DAY {
            for wish in &wishes {
                number += 1;
                if !is_booked(number, day) {
                    continue;
                }
                let question = Question {
                    catalogue,
                    calendar: &calendar,
                    wish,
                    now,
                    ignoring: &[],
                };
                let plan = check(question, opening + (visit * VISIT_MIN).minutes()).expect("it is free");
                let new = NewAppointment {
                    id: AppointmentId(Uuid::from_u128(number)),
                    participant: ParticipantId::new(format!("customer {}", number % 5_000)).expect("a name"),
                    hold_expires_at: None,
                    goal: None,
                };
                calendar.apply(plan.new_appointment(catalogue, wish, new));
            }
        }
    }
    calendar
}

/// As a program does that wants the first free start at any cost: one search after another.
fn first_free(question: Question<'_>) -> Option<Plan> {
    let mut from = FIRST;
    while from <= LAST {
        let found = search(question, from, LAST);
        if let Some(first) = found.free.into_iter().next() {
            return Some(first);
        }
        from = later(from, SEARCH_DAYS_MAX);
    }
    None
}

fn later(day: Date, days: usize) -> Date {
    day.saturating_add(i64::try_from(days).expect("a few").days())
}
