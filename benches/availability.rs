//! How long it takes to find what is free: a week of a business with 10 resources and 1,000 appointments, and a year
//! with 40,000.

#[path = "availability/year.rs"]
mod year;

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use frontdesk::booking::availability::{Question, check, search};
use frontdesk::booking::visit::{NewAppointment, StaffWish, wish_for};
use frontdesk::booking::{Calendar, Catalogue, Wish};
use frontdesk::types::{AppointmentId, ParticipantId, ServiceId};
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

pub(crate) const RESOURCES: usize = 10;
const APPOINTMENTS: usize = 1_000;

/// Everybody does everything. `policies` is put into its document.
pub(crate) fn business(policies: &str) -> Catalogue {
    let people: Vec<String> = (1..=RESOURCES).map(|i| format!("p{i}")).collect();
    let staff: Vec<String> = people
        .iter()
        .map(|id| format!("[[staff]]\nid = \"{id}\"\nname = \"{id}\"\n"))
        .collect();
    let by = people
        .iter()
        .map(|id| format!("\"{id}\""))
        .collect::<Vec<_>>()
        .join(", ");
    let text = format!(
        r#"
id = "big"
name = "Big"
time_zone = "America/New_York"
currency = "USD"
opening = {{ mon-sat = ["09:00-19:00"] }}
{policies}
{}
[[services]]
id = "cut"
name = "Cut"
duration_min = 30
buffer_after_min = 5
by = [{by}]
[[services]]
id = "wash"
name = "Wash"
duration_min = 15
by = [{by}]
"#,
        staff.concat()
    );
    Catalogue::from_toml(&text).expect("the document is sound")
}

pub(crate) fn wish(catalogue: &Catalogue, services: &[&str], people: u32) -> Wish {
    let services: Vec<ServiceId> = services
        .iter()
        .map(|id| ServiceId::new(id).expect("an id"))
        .collect();
    wish_for(catalogue, &services, &StaffWish::Anyone, people)
}

/// A calendar in which the next weeks are mostly full.
fn calendar(catalogue: &Catalogue, now: Timestamp) -> Calendar {
    let mut calendar = Calendar::default();
    let wish = wish(catalogue, &["cut"], 1);
    let mut booked = 0;
    for quarter in 0.. {
        let start = now + SignedDuration::from_mins(120 + quarter * 15);
        for _ in 0..RESOURCES - 1 {
            let question = Question {
                catalogue,
                calendar: &calendar,
                wish: &wish,
                now,
                ignoring: &[],
            };
            let Ok(plan) = check(question, start) else { break };
            let new = NewAppointment {
                id: AppointmentId(Uuid::from_u128(booked)),
                participant: ParticipantId::new(format!("customer {booked}")).expect("a name"),
                hold_expires_at: None,
                goal: None,
            };
            calendar.apply(plan.new_appointment(catalogue, &wish, new));
            booked += 1;
            if booked == APPOINTMENTS as u128 {
                return calendar;
            }
        }
    }
    calendar
}

fn availability(c: &mut Criterion) {
    let catalogue = business("");
    let now: Timestamp = "2026-11-16T11:00:00Z".parse().expect("a time");
    let calendar = calendar(&catalogue, now);
    let mut group = c.benchmark_group("a week, 10 resources, 1000 appointments");
    for (name, services, people) in [
        ("one service", &["cut"][..], 1),
        ("two services", &["cut", "wash"], 1),
        ("three people", &["cut"], 3),
    ] {
        let wish = wish(&catalogue, services, people);
        let question = Question {
            catalogue: &catalogue,
            calendar: &calendar,
            wish: &wish,
            now,
            ignoring: &[],
        };
        group.bench_function(name, |b| {
            b.iter(|| search(black_box(question), date(2026, 11, 16), date(2026, 11, 22)));
        });
    }
    let one = wish(&catalogue, &["cut"], 1);
    let question = Question {
        catalogue: &catalogue,
        calendar: &calendar,
        wish: &one,
        now,
        ignoring: &[],
    };
    group.bench_function("one start", |b| {
        let start: Timestamp = "2026-11-20T20:00:00Z".parse().expect("a time");
        b.iter(|| check(black_box(question), start));
    });
    group.bench_function("a change while a reader holds the calendar", |b| {
        let mut shared = Arc::new(calendar.clone());
        let moved = calendar
            .appointments()
            .next()
            .expect("there are some")
            .as_ref()
            .clone();
        b.iter(|| {
            let reader = Arc::clone(&shared);
            Arc::make_mut(&mut shared).apply(moved.clone());
            reader
        });
    });
    group.finish();
}

criterion_group!(benches, availability, year::benches);
criterion_main!(benches);
